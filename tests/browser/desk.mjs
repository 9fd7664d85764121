// The console by keyboard alone, and as it follows along: the palette, keys and how they are turned off, what a service carries without
// script, a page that changes while one looks at it. Over the sample screens, with the server's part played.
//
//   node desk.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when something cannot be reached, or reaches the wrong place.
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { mkdir } from "node:fs/promises";

const found = { out: "pictures", chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", pictures: true };
const words = process.argv.slice(2);
for (let n = 0; n < words.length; n++) {
  if (words[n] === "--no-pictures") found.pictures = false;
  else found[words[n].slice(2)] = words[++n];
}

await mkdir(found.out, { recursive: true });
const browser = await chromium.launch({ executablePath: found.chromium, args: ["--no-sandbox"] });
const faults = [];
let looks = 0;
const check = (is, said) => { looks++; if (!is) faults.push(said); };
const at = (path) => (url) => url.pathname === path;

async function opened(screen, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  const tab = await context.newPage();
  tab.setDefaultTimeout(20_000);
  tab.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  await tab.goto(`${found.base}/${screen}.html`);
  return { context, tab };
}

/// Presses keys and says where they led.
async function led(tab, path, ...keys) {
  await Promise.all([tab.waitForURL(at(path)), (async () => { for (const key of keys) await tab.keyboard.press(key); })()]);
  await tab.goBack();
}

async function clean(tab, name) {
  const axe = await new AxeBuilder({ page: tab }).setLegacyMode(true).analyze();
  check(axe.violations.length === 0, `${name}: ${axe.violations.map((violation) => violation.id).join(", ")}`);
  if (found.pictures) await tab.screenshot({ path: `${found.out}/${name}.png` });
}

async function keys() {
  for (const colorScheme of ["light", "dark"]) {
    const { context, tab } = await opened("console-now", { colorScheme });
    await led(tab, "/console/calendar", "g", "c");
    await led(tab, "/console/incidents/new", "i");
    await tab.keyboard.press("Control+k");
    const palette = tab.getByRole("dialog", { name: "Go to, do or find" });
    await palette.waitFor();
    await tab.keyboard.type("calen");
    check((await palette.getByRole("link").count()) === 1, "the palette shows other things than were asked for");
    await clean(tab, `desk-palette-${colorScheme}`);
    await led(tab, "/console/calendar", "ArrowDown", "Enter");
    await tab.keyboard.press("?");
    const help = tab.getByRole("dialog", { name: "Keys" });
    await help.waitFor();
    await clean(tab, `desk-keys-${colorScheme}`);
    await help.getByLabel("Single keys work").uncheck();
    await tab.keyboard.press("Escape");
    await tab.keyboard.press("?");
    check(!(await help.isVisible()), "keys work although they are turned off");
    await tab.keyboard.press("Control+k");
    await palette.waitFor();
    await context.close();
  }
  const { context, tab } = await opened("console-now", {});
  // What is typed is no command.
  await tab.getByLabel("Search").first().focus();
  await tab.keyboard.type("g c");
  check(tab.url().endsWith("/console-now.html"), "typing into the search led away");
  await context.close();
}

async function carried() {
  const { context, tab } = await opened("console-services", { javaScriptEnabled: false });
  const database = tab.locator(".graph .spot", { has: tab.locator("a[href*='of=database']") });
  const shown = () => database.locator(".spread rect").first().isVisible();
  check(!(await shown()), "outlines are shown before anybody points");
  await database.locator("a").focus();
  check(await shown(), "the focus does not show what a service carries");
  if (found.pictures) await tab.screenshot({ path: `${found.out}/desk-carried.png` });
  await context.close();
}

async function followed() {
  const { context, tab } = await opened("console-error", {});
  let asked = 0;
  const beats = "event: changed\ndata: 0\n\nevent: changed\ndata: 1\n\n";
  await tab.route("**/console/live", (route) => route.fulfill({ contentType: "text/event-stream", body: beats }));
  await tab.route("**/console-now.html", async (route) => {
    const answer = await route.fetch();
    const text = (await answer.text()).replaceAll("Due next", asked++ ? "Due soon" : "Due next");
    await route.fulfill({ response: answer, body: text });
  });
  await tab.goto(`${found.base}/console-now.html`);
  await tab.getByRole("heading", { name: "Due soon" }).waitFor();
  check((await tab.getByRole("heading", { name: "Due next" }).count()) === 0, "what was shown before is still there");
  await context.close();
}

try {
  await keys();
  await carried();
  await followed();
} catch (problem) {
  faults.push(String(problem));
} finally {
  await browser.close();
}
faults.forEach((fault) => console.log(fault));
console.log(`${looks} looks, ${faults.length} faults`);
process.exit(looks === 0 || faults.length > 0 ? 1 : 0);
