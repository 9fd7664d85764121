// Looks at every mail of the library in a real browser, many beside each other: at 360 and 800 pixels, in light and dark, from left to
// right and from right to left, and as programs show them that keep nothing but what stands on the tags (no <style>, no <head>, the body
// in a <div>). Nothing may stick out, all text must stand out from its ground (WCAG 2.2, 1.4.3), without <style> a mail must
// look as it does with it, nothing may be fetched, and none may be so long that Gmail cuts it off.
//
//   node mails.mjs --base URL --out DIR [--chromium PATH] [--seen FILE] [--no-pictures]
//
// URL is where the site of `examples/screens` is served. Exit code 1 when something does not hold.
import { availableParallelism } from "node:os";
import { Seen } from "./seen.mjs";
import { walk } from "./walk.mjs";

const CLIPPED = 102 * 1024; // bytes from which Gmail shows a mail in part
const WIDTHS = [360, 800];

/// Runs in the page: puts the mails beside each other, each in a frame of this width, and waits until all are drawn.
async function show({ mails, width, bare }) {
  const bared = (html) => {
    const mail = new DOMParser().parseFromString(html, "text/html");
    return `<!DOCTYPE html><html><body style="margin:0"><div style="${mail.body.getAttribute("style").replaceAll('"', "&quot;")}">${mail.body.innerHTML}</div></body></html>`;
  };
  document.documentElement.style.colorScheme = "light dark";
  document.body.style.cssText = "margin:8px;display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start;font:12px sans-serif";
  document.body.replaceChildren();
  const drawn = mails.map(({ name, html }) => new Promise((ready) => {
    const figure = document.createElement("figure");
    figure.style.margin = "0";
    const frame = document.createElement("iframe");
    frame.title = name;
    frame.style.cssText = `width:${width}px;border:0;display:block;color-scheme:light dark`;
    frame.addEventListener("load", () => {
      frame.style.height = `${frame.contentDocument.documentElement.scrollHeight}px`;
      ready();
    });
    frame.srcdoc = bare ? bared(html) : html;
    const caption = document.createElement("figcaption");
    caption.textContent = name;
    figure.append(caption, frame);
    document.body.append(figure);
  }));
  await Promise.all(drawn);
}

/// Runs in the page: what is wrong with the mails as they are drawn now.
function faultsOf({ dark, rtl, width }) {
  const rgba = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ratio = (one, other) => {
    const [dim, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dim + 0.05);
  };
  const faults = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const view = frame.contentWindow;
    const page = frame.contentDocument;
    const fault = (text) => faults.push(`${frame.title}: ${text}`);
    if (dark !== null && view.matchMedia("(prefers-color-scheme:dark)").matches !== dark) fault(`is not shown ${dark ? "dark" : "light"}`);
    const wide = page.documentElement.scrollWidth;
    if (wide > width) fault(`${wide - width} px too wide`);
    for (const el of page.querySelectorAll("img,link,script,iframe,object,video,form")) fault(`has a ${el.tagName}`);
    if (/url\(|@import|@font-face/.test(page.documentElement.innerHTML)) fault("fetches something for its style");
    const ground = (el) => {
      for (let up = el; up; up = up.parentElement) {
        const colour = rgba(view.getComputedStyle(up).backgroundColor);
        if (colour.length === 3 || colour[3] === 1) return colour;
      }
      return dark ? [0, 0, 0] : [255, 255, 255];
    };
    for (const el of page.body.querySelectorAll("*")) {
      const text = [...el.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()).join(" ").trim();
      if (!text || !el.checkVisibility()) continue;
      const style = view.getComputedStyle(el);
      const size = parseFloat(style.fontSize);
      const wanted = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
      const has = ratio(rgba(style.color), ground(el));
      if (has < wanted) fault(`${has.toFixed(2)} to 1 where ${wanted} are wanted: "${text.slice(0, 40)}"`);
      if (size < 13) fault(`${size} px are too small: "${text.slice(0, 40)}"`);
      if (!/Segoe UI/.test(style.fontFamily) && !el.closest("pre,code")) fault(`in ${style.fontFamily}: "${text.slice(0, 40)}"`);
    }
    const card = page.querySelector(".card");
    if (!card) fault("has no card");
    else if (view.getComputedStyle(card).direction !== (rtl ? "rtl" : "ltr")) fault("runs in the wrong direction");
    const heading = page.querySelector("h1");
    const box = heading && card && [heading.getBoundingClientRect(), card.getBoundingClientRect()];
    if (box && Math.abs(rtl ? box[0].right - box[1].right : box[0].left - box[1].left) > 60) fault("its heading stands on the wrong side");
  }
  return faults;
}

/// Runs in the page: how everything in each mail is drawn, to be compared.
function drawing() {
  const names = ["color", "backgroundColor", "fontSize", "fontWeight", "lineHeight", "fontFamily", "padding", "margin", "textAlign", "direction", "borderTop", "borderLeft", "borderRight", "display", "listStyleType", "textDecorationLine"];
  return [...document.querySelectorAll("iframe")].map((frame) => {
    const inside = [...frame.contentDocument.body.querySelectorAll("*")].filter((el) => el.closest("table.page"));
    const drawn = inside.map((el) => {
      const style = frame.contentWindow.getComputedStyle(el);
      return `${el.tagName} ${names.map((name) => `${name}: ${style[name]}`).join("; ")}`;
    });
    return { name: frame.title, drawn };
  });
}

async function look({ browser, found }, mails, { of, width, scheme }) {
  const across = Math.max(1, Math.floor(2400 / (width + 8)));
  const context = await browser.newContext({ viewport: { width: across * (width + 8) + 16, height: 900 }, colorScheme: scheme === "dark" ? "dark" : "light", reducedMotion: "reduce" });
  const tab = await context.newPage();
  const faults = [];
  await tab.goto(`${found.base}/mails/index.html`);
  tab.on("request", (request) => /^(about|data|blob):/.test(request.url()) || faults.push(`fetches ${request.url()}`));
  const bare = scheme === "bare";
  await tab.evaluate(show, { mails, width, bare });
  faults.push(...(await tab.evaluate(faultsOf, { dark: bare ? null : scheme === "dark", rtl: of === "ar", width })));
  if (found.pictures) await tab.screenshot({ path: `${found.out}/mails-${of}-${width}-${scheme}.jpg`, type: "jpeg", quality: 80, fullPage: true });
  // The rule for narrow windows is all that a program without <style> may miss.
  if (bare && width > 480) {
    const without = await tab.evaluate(drawing);
    await tab.evaluate(show, { mails, width, bare: false });
    const whole = await tab.evaluate(drawing);
    whole.forEach(({ name, drawn }, n) => {
      const other = drawn.findIndex((line, at) => line !== without[n].drawn[at]);
      if (drawn.length === 0 || drawn.length !== without[n].drawn.length) faults.push(`${name}: has other parts without its <style>`);
      else if (other >= 0) faults.push(`${name}: looks different without its <style>: ${drawn[other]} / ${without[n].drawn[other]}`);
    });
  }
  await context.close();
  return [...new Set(faults)].map((fault) => `mails ${of} at ${width} ${scheme}: ${fault}`);
}

await walk(async (it) => {
  const { found } = it;
  const before = found.seen && (await Seen.read(found.seen, it.browser, ["mails.mjs"]));
  const every = (of) => WIDTHS.flatMap((width) => ["light", "dark", "bare"].map((scheme) => ({ of, width, scheme })));
  const narrow = ["de", "fr", "es"].map((of) => ({ of, width: 360, scheme: "light" }));
  const waiting = [...every("en"), ...every("ar"), ...narrow, ...every("unbroken").filter((one) => one.scheme !== "dark")];
  const mails = {};
  for (const of of new Set(waiting.map((one) => one.of))) {
    mails[of] = await (await fetch(`${found.base}/mails/${of}.json`)).json();
    it.looks++;
    if (mails[of].length === 0) it.faults.push(`mails ${of}: there are none`);
    for (const { name, html } of mails[of]) {
      if (Buffer.byteLength(html) >= CLIPPED) it.faults.push(`mails ${of}: ${name} has ${Buffer.byteLength(html)} bytes, and Gmail cuts it off`);
    }
  }
  it.looks += waiting.length;
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const key = await before?.key(`${found.base}/mails/${next.of}.json`, `${next.width} ${next.scheme}`);
      if (key && (await before.has(key, [`${found.out}/mails-${next.of}-${next.width}-${next.scheme}.jpg`]))) continue;
      const faults = await look(it, mails[next.of], next);
      if (key && faults.length === 0) before.add(key);
      it.faults.push(...faults);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  await before?.write();
  if (before?.skipped) console.log(`${before.skipped} looks are the same as before`);
});
