// Looks at pages in a real browser: pictures at 360 and 1280 pixels, light and dark, and checks that nothing
// overflows, no text is cut off, axe-core finds nothing, the console is silent and nothing foreign is loaded.
//
//   node run.mjs --out DIR [--chromium PATH] [--cookie NAME=VALUE] [--only NAME] [--no-pictures] URL... | --list FILE --base URL
//
// --list names a file with one page a line, put between --base and .html as `examples/screens` writes them.
// Exit code 1 when a check fails.
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { mkdir, readFile } from "node:fs/promises";

const WIDTHS = [360, 1280];
const SCHEMES = ["light", "dark"];

function options(words) {
  const found = { out: "pictures", chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", pictures: true, urls: [] };
  for (let n = 0; n < words.length; n++) {
    const word = words[n];
    if (word === "--no-pictures") found.pictures = false;
    else if (word.startsWith("--")) found[word.slice(2)] = words[++n];
    else found.urls.push(word);
  }
  return found;
}

async function pages(found) {
  const named = found.list ? (await readFile(found.list, "utf8")).split("\n").filter(Boolean) : [];
  const listed = named.map((name) => ({ name, url: `${found.base}/${name}.html` }));
  const given = found.urls.map((url) => ({ name: url.replace(/^https?:\/\/[^/]+/, "").replace(/\W+/g, "-").replace(/^-|-$/g, "") || "index", url }));
  return [...listed, ...given].filter((page) => !found.only || page.name === found.only);
}

/// Runs in the page: what sticks out of the window, and text that its own box hides.
function layoutFaults() {
  const faults = [];
  const name = (el) => `${el.tagName.toLowerCase()}${el.id ? "#" + el.id : ""}.${el.getAttribute("class") ?? ""} "${(el.textContent ?? "").trim().slice(0, 40)}"`;
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > room) faults.push(`the page is ${document.documentElement.scrollWidth - room} px too wide`);
  const hiddenBy = (el) => {
    for (let up = el; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (["auto", "scroll"].includes(style.overflowX) || style.clipPath !== "none" || style.position === "fixed") return true;
    }
    return false;
  };
  for (const el of document.querySelectorAll("body *")) {
    if (el.closest("svg") || !el.checkVisibility() || hiddenBy(el)) continue;
    const style = getComputedStyle(el);
    const hasText = [...el.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!hasText || style.display === "inline") continue;
    if (el.scrollWidth > el.clientWidth + 1) faults.push(`cut off sideways: ${name(el)}`);
    if (style.overflowY === "hidden" && el.scrollHeight > el.clientHeight + 1) faults.push(`cut off below: ${name(el)}`);
  }
  return faults;
}

async function look(browser, found, page, width, scheme) {
  const context = await browser.newContext({ viewport: { width, height: width < 500 ? 740 : 900 }, colorScheme: scheme, deviceScaleFactor: width < 500 ? 2 : 1, reducedMotion: "reduce", timezoneId: "Europe/Berlin" });
  if (found.cookie) {
    const [name, value] = found.cookie.split(/=(.*)/s);
    await context.addCookies([{ name, value, url: page.url }]);
  }
  const tab = await context.newPage();
  const faults = [];
  const home = new URL(page.url).origin;
  tab.on("request", (request) => !request.url().startsWith(home) && faults.push(`foreign request: ${request.url()}`));
  tab.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  await tab.goto(page.url, { waitUntil: "load" });
  faults.push(...(await tab.evaluate(layoutFaults)));
  const axe = await new AxeBuilder({ page: tab }).exclude("iframe").analyze();
  for (const violation of axe.violations) {
    for (const node of violation.nodes.slice(0, 3)) faults.push(`axe ${violation.id}: ${node.target.join(" ")} (${node.failureSummary?.split("\n")[1]?.trim() ?? ""})`);
  }
  if (found.pictures) await tab.screenshot({ path: `${found.out}/${page.name}-${width}-${scheme}.png`, fullPage: true });
  await context.close();
  return [...new Set(faults)].map((fault) => `${page.name} at ${width} ${scheme}: ${fault}`);
}

const found = options(process.argv.slice(2));
await mkdir(found.out, { recursive: true });
const browser = await chromium.launch({ executablePath: found.chromium, args: ["--no-sandbox"] });
let faults = [];
let looks = 0;
try {
  for (const page of await pages(found)) {
    for (const width of WIDTHS) {
      for (const scheme of SCHEMES) {
        faults.push(...(await look(browser, found, page, width, scheme)));
        looks += 1;
      }
    }
  }
} finally {
  await browser.close();
}
faults.forEach((fault) => console.log(fault));
console.log(`${looks} looks, ${faults.length} faults`);
process.exit(looks === 0 || faults.length > 0 ? 1 : 0);
