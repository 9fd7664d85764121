// A look at one page in a real browser, at every width in both colour schemes: nothing overflows, no text is cut off, text stands out from
// its ground and is written for people, the focus is seen, axe-core finds nothing, the HTML is valid, no script fails, nothing foreign is loaded.
import axe from "axe-core";
import { HtmlValidate } from "html-validate";
import { availableParallelism } from "node:os";

export const WIDTHS = [360, 768, 1440];
export const SCHEMES = ["light", "dark"];
/// axe-core takes longer than all else together. Its rules see the page narrow and wide, light and dark once; the own checks see the rest.
export const AXE_LOOKS = ["360 light", "1440 dark"];
const AXE = { rules: { "target-size": { enabled: true } }, resultTypes: ["violations"] }; // WCAG 2.2, 2.5.8
const MOST_HEIGHT = 16_000; // pixels, of a picture
const CONTRAST = 4.5; // WCAG 2.2, 1.4.3, for large text too

const html = new HtmlValidate({ root: true, extends: ["html-validate:standard"] });

/// Runs in the page: what sticks out of the window, text that its own box hides, and text that does not stand out from its ground.
function drawnFaults(wanted) {
  const faults = [];
  const name = (el) => `${el.tagName.toLowerCase()}${el.id ? "#" + el.id : ""}.${el.getAttribute("class") ?? ""} "${(el.textContent ?? "").trim().slice(0, 40)}"`;
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > room) faults.push(`the page is ${document.documentElement.scrollWidth - room} px too wide`);
  for (const el of document.querySelectorAll(".side .who")) {
    if (el.checkVisibility() && el.getBoundingClientRect().bottom > innerHeight + 1) faults.push("who is signed in, and the way out, are below the window");
  }
  const rgba = (colour) => {
    const parts = (colour.match(/[\d.]+(e-?\d+)?/g) ?? []).map(Number);
    const scale = colour.startsWith("color(srgb") ? 255 : 1; // that is how color-mix() is told
    return [...parts.slice(0, 3).map((part) => part * scale), parts[3] ?? 1];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const grounds = new Map();
  const ground = (el) => {
    if (!el) return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0, 1] : [255, 255, 255, 1];
    if (!grounds.has(el)) {
      const own = rgba(getComputedStyle(el).backgroundColor);
      grounds.set(el, own[3] === 1 ? own : over(own, ground(el.parentElement)));
    }
    return grounds.get(el);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const hiddenBy = (el) => {
    for (let up = el; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (["auto", "scroll"].includes(style.overflowX) || style.clipPath !== "none" || style.position === "fixed") return true;
    }
    return false;
  };
  for (const el of document.querySelectorAll("body *")) {
    const hasText = [...el.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!hasText || !el.checkVisibility({ opacityProperty: true })) continue;
    const style = getComputedStyle(el);
    const drawn = el.closest("svg");
    if (!el.closest(":disabled") && !["OPTION", "TITLE"].includes(el.tagName)) {
      const back = ground(drawn ? drawn.parentElement : el);
      const [dim, bright] = [light(over(rgba(drawn ? style.fill : style.color), back)), light(back)].sort((a, b) => a - b);
      const has = (bright + 0.05) / (dim + 0.05);
      if (has < wanted) faults.push(`contrast ${has.toFixed(2)}: ${name(el)}`);
    }
    if (drawn || style.display === "inline" || hiddenBy(el)) continue;
    if (el.scrollWidth > el.clientWidth + 1) faults.push(`cut off sideways: ${name(el)}`);
    if (style.overflowY === "hidden" && style.webkitLineClamp === "none" && el.scrollHeight > el.clientHeight + 1) faults.push(`cut off below: ${name(el)}`);
  }
  return faults;
}

/// Runs in the page: instants and names that stand there as programs write them, but where that is what is shown.
function rawFaults() {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest("script, style, pre, code, textarea, .mono, .diff, [hidden]") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const faults = [];
  while (texts.nextNode()) {
    const raw = texts.currentNode.textContent.match(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*|(?<![\w/@.{])[a-z]+_[a-z_]+(?![\w/@.])/);
    if (raw) faults.push(`written as programs do: ${raw[0]}`);
  }
  return faults;
}

/// Runs in the page, after a key has been pressed: what does not show that it has the focus.
function focusFaults() {
  const faults = [];
  const outlined = (el) => {
    const style = el && getComputedStyle(el);
    // The browser's own, "auto", is drawn thicker than it says.
    return style && (style.outlineStyle === "auto" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2));
  };
  for (const el of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")) {
    if (el.disabled || el.closest("iframe") || !el.checkVisibility()) continue;
    el.focus({ preventScroll: true });
    if (document.activeElement !== el) continue;
    // A choice is drawn by what stands after it, a box of a picture by its line.
    const seen = outlined(el) || outlined(el.nextElementSibling) || [...el.querySelectorAll(".box")].some((box) => parseFloat(getComputedStyle(box).strokeWidth) >= 3);
    if (!seen) faults.push(`the focus is not seen: ${el.tagName.toLowerCase()}.${el.getAttribute("class") ?? ""} "${(el.getAttribute("name") ?? el.textContent ?? "").trim().slice(0, 40)}"`);
  }
  document.activeElement?.blur();
  return faults;
}

export function picture(found, page, width, scheme) {
  return `${found.out}/${page.name}-${width}-${scheme}.jpg`;
}

/// The whole page in a window that is as high: mails in frames are drawn only where they are in sight, and what stays in sight stands at the end.
async function pictures(tab, found, page, width) {
  await tab.setViewportSize({ width, height: Math.min(MOST_HEIGHT, await tab.evaluate(() => document.documentElement.scrollHeight)) });
  for (const scheme of [...SCHEMES].reverse()) {
    await tab.emulateMedia({ colorScheme: scheme });
    await tab.screenshot({ path: picture(found, page, width, scheme), type: "jpeg", quality: 80 });
  }
}

/// The HTML, held against the standard.
async function validFaults(text) {
  const report = await html.validateString(text);
  return report.results.flatMap((result) => result.messages).map((message) => `html ${message.ruleId}, line ${message.line}: ${message.message}`);
}

/// Axe-core's findings in the page as it stands. Frames hold mails, which have looks of their own.
export async function axeFaults(tab) {
  if (!(await tab.evaluate(() => "axe" in window))) await tab.evaluate(axe.source);
  const violations = await tab.evaluate(async (options) => {
    const found = await window.axe.run({ exclude: [["iframe"]] }, options);
    // Of a text that is cut after two lines the rest lies in nobody's way, though axe-core takes it to be seen.
    const isCut = (part) => getComputedStyle(document.querySelector(part.target[0]).parentElement).webkitLineClamp !== "none";
    const isFree = (node) => node.any.every((check) => check.relatedNodes.length > 0 && check.relatedNodes.every(isCut));
    found.violations.forEach((violation) => { if (violation.id === "target-size") violation.nodes = violation.nodes.filter((node) => !isFree(node)); });
    return found.violations;
  }, AXE);
  return violations.flatMap((violation) => violation.nodes.slice(0, 3).map((node) => `axe ${violation.id}: ${node.target.join(" ")} (${node.failureSummary?.split("\n")[1]?.trim() ?? ""})`));
}

/// Looks at one page in every width and scheme, in a tab that is used for one page after the other. `found`: `{out, pictures}`; `page`: `{name, url}`.
/// Answers with the faults, in words.
export async function look(tab, found, page) {
  const faults = [];
  const home = new URL(page.url).origin;
  const foreign = (request) => request.url().startsWith(home) || /^(about|data|blob):/.test(request.url()) || faults.push(`foreign request: ${request.url()}`);
  const failed = (error) => faults.push(`script: ${error.message}`);
  tab.on("request", foreign).on("pageerror", failed);
  await tab.setViewportSize({ width: WIDTHS[0], height: 740 });
  await tab.emulateMedia({ colorScheme: SCHEMES[0], reducedMotion: "reduce" });
  const answer = await tab.goto(page.url, { waitUntil: "load" });
  faults.push(...(await validFaults(await answer.text())));
  // Live pages quote the record, which keeps the words of programs.
  if (!page.name.startsWith("live-")) faults.push(...(await tab.evaluate(rawFaults)));
  for (const width of WIDTHS) {
    await tab.setViewportSize({ width, height: width < 500 ? 740 : 900 });
    for (const scheme of SCHEMES) {
      await tab.emulateMedia({ colorScheme: scheme });
      const seen = await tab.evaluate(drawnFaults, CONTRAST);
      if (AXE_LOOKS.includes(`${width} ${scheme}`)) seen.push(...(await axeFaults(tab)));
      faults.push(...seen.map((fault) => `at ${width} ${scheme}: ${fault}`));
    }
    if (found.pictures) await pictures(tab, found, page, width);
  }
  await tab.keyboard.press("Tab");
  faults.push(...(await tab.evaluate(focusFaults)));
  tab.off("request", foreign).off("pageerror", failed);
  return [...new Set(faults)].map((fault) => `${page.name} ${fault}`);
}

/// A context that looks: the reader sits in Berlin, and has what `cookies` say.
async function looker(browser, cookies) {
  const context = await browser.newContext({ timezoneId: "Europe/Berlin", reducedMotion: "reduce" });
  await context.addCookies(cookies);
  return context.newPage();
}

/// Looks at all pages, as many at once as there are processors. Answers with `{looks, faults}`. What was `before` without fault and is the same
/// counts as looked at.
export async function lookAll(browser, found, pages, { before, cookies = [] } = {}) {
  const waiting = [...pages];
  const each = WIDTHS.length * SCHEMES.length;
  const seen = { looks: waiting.length * each, faults: [] };
  const worker = async () => {
    let tab;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const pictures = WIDTHS.flatMap((width) => SCHEMES.map((scheme) => picture(found, next, width, scheme)));
      const key = await before?.key(next.url);
      if (key && (await before.has(key, pictures, each))) continue;
      tab ??= await looker(browser, cookies);
      const faults = await look(tab, found, next);
      if (key && faults.length === 0) before.add(key);
      seen.faults.push(...faults);
    }
    await tab?.context().close();
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), pages.length) }, worker));
  return seen;
}
