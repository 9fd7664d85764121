// A look at one page in a real browser, at one width in one colour scheme: nothing overflows, no text is cut off,
// axe-core finds nothing, no script fails and nothing foreign is loaded.
import { AxeBuilder } from "@axe-core/playwright";
import { availableParallelism } from "node:os";

export const WIDTHS = [360, 1280];
export const SCHEMES = ["light", "dark"];
/// Pages with a picture or a grid are looked at between the two as well, in light: there the navigation is folded away, and the grid is not.
const MIDDLE = /^console-(calendar|contact|new-maintenance|policies|search|services|settings)/;

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

function picture(found, page, width, scheme) {
  return `${found.out}/${page.name}-${width}-${scheme}.png`;
}

/// `found`: `{out, pictures, cookie}`; `page`: `{name, url}`. Answers with the faults, in words.
export async function look(browser, found, page, width, scheme) {
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
  // Legacy mode opens no page of its own for each look, which the full browser takes a second for; frames are left out anyway.
  const axe = await new AxeBuilder({ page: tab }).setLegacyMode(true).exclude("iframe").analyze();
  for (const violation of axe.violations) {
    for (const node of violation.nodes.slice(0, 3)) faults.push(`axe ${violation.id}: ${node.target.join(" ")} (${node.failureSummary?.split("\n")[1]?.trim() ?? ""})`);
  }
  if (found.pictures) await tab.screenshot({ path: picture(found, page, width, scheme), fullPage: true });
  await context.close();
  return [...new Set(faults)].map((fault) => `${page.name} at ${width} ${scheme}: ${fault}`);
}

/// At every width, in every scheme, as many at once as there are processors. Answers with `{looks, faults}`. What was `before` without
/// fault and is the same counts as looked at.
export async function lookAll(browser, found, pages, before) {
  const waiting = pages.flatMap((page) => WIDTHS.flatMap((width) => SCHEMES.map((scheme) => ({ page, width, scheme }))));
  waiting.push(...pages.filter((page) => MIDDLE.test(page.name)).map((page) => ({ page, width: 768, scheme: "light" })));
  const seen = { looks: waiting.length, faults: [] };
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const key = await before?.key(next.page.url, next.width, next.scheme);
      if (key && (await before.has(key, picture(found, next.page, next.width, next.scheme)))) continue;
      const faults = await look(browser, found, next.page, next.width, next.scheme);
      if (key && faults.length === 0) before.add(key);
      seen.faults.push(...faults);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return seen;
}
