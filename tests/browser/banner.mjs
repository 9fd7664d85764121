// The banner on somebody else's page, from another origin and under a strict Content-Security-Policy: it says what is wrong, leads
// to the status page, can be put away and comes back with news, keeps to the services that the page names, and asks for no exception.
//
//   node banner.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// An incident must be open there (declare.mjs leaves one). Exit code 1 when something does not hold.
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { createServer } from "node:http";
import { mkdir } from "node:fs/promises";

const found = { out: "pictures", chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", pictures: true };
const words = process.argv.slice(2);
for (let n = 0; n < words.length; n++) {
  if (words[n] === "--no-pictures") found.pictures = false;
  else found[words[n].slice(2)] = words[++n];
}

await mkdir(found.out, { recursive: true });
const faults = [];
let looks = 0;
const check = (is, words) => { looks++; if (!is) faults.push(words); };

const policy = `default-src 'none'; script-src ${found.base}; connect-src ${found.base}`;
const elsewhere = createServer((request, response) => {
  const query = new URL(request.url, "http://x").searchParams;
  const services = query.get("services");
  const only = services ? ` data-services="${services}"` : "";
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
  response.end(`<!doctype html><html lang="en"><head><title>Library</title><meta name="viewport" content="width=device-width"></head>
    <body><main><h1>The library</h1><p>Open today.</p></main><script src="${found.base}/banner.js"${only} async></script></body></html>`);
});
await new Promise((ready) => elsewhere.listen(0, "127.0.0.1", ready));
const home = `http://127.0.0.1:${elsewhere.address().port}`;
const browser = await chromium.launch({ executablePath: found.chromium, args: ["--no-sandbox"] });

// The script asks in the language of the page on which it stands.
const isBanner = (answer) => answer.url().startsWith(`${found.base}/banner.json`);

async function opened(width, scheme, path = "/") {
  const context = await browser.newContext({ viewport: { width, height: 740 }, colorScheme: scheme });
  const tab = await context.newPage();
  tab.setDefaultTimeout(20_000);
  tab.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  tab.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  const heard = tab.waitForResponse(isBanner);
  await tab.goto(`${home}${path}`);
  const items = (await (await heard).json()).items;
  return { context, tab, items };
}

try {
  for (const width of [360, 1280]) {
    for (const scheme of ["light", "dark"]) {
      const { context, tab, items } = await opened(width, scheme);
      const title = items.find((item) => item.kind === "incident")?.title;
      check(title, "nothing is wrong in the demo: there is nothing to show");
      await tab.getByRole("status").getByText(title, { exact: true }).first().waitFor();
      check(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `the page is too wide at ${width}`);
      const axe = await new AxeBuilder({ page: tab }).setLegacyMode(true).analyze();
      check(axe.violations.length === 0, `axe at ${width} ${scheme}: ${axe.violations.map((v) => v.id).join(", ")}`);
      if (found.pictures) await tab.screenshot({ path: `${found.out}/banner-${width}-${scheme}.png` });
      await context.close();
    }
  }
  const { context, tab, items } = await opened(360, "light");
  const first = items.find((item) => item.kind === "incident");
  const link = tab.getByRole("link", { name: `More about: ${first.title}` }).first();
  const event = new URL(await link.getAttribute("href"));
  check(event.origin === found.base && event.pathname.endsWith(`/events/${first.id}`), "the link leads elsewhere");
  const before = await tab.getByRole("listitem").count();
  await tab.getByRole("button", { name: `Put away: ${first.title}` }).first().click();
  check((await tab.getByRole("listitem").count()) === before - 1, "it cannot be put away");
  const again = tab.waitForResponse(isBanner);
  await tab.reload();
  await again;
  await tab.waitForFunction(() => document.querySelector("forewarn-banner"));
  check((await tab.locator("forewarn-banner").getByRole("listitem").count()) <= before - 1, "it comes back though nothing was said");
  await context.close();
  const other = await opened(1280, "light", "/?services=no-such-service");
  check(await other.tab.locator("forewarn-banner").locator("ul").isHidden(), "it shows what touches no service of the page");
  await other.context.close();
} catch (error) {
  faults.push(`it stopped: ${error.message}`);
} finally {
  await browser.close();
  elsewhere.close();
}
faults.forEach((fault) => console.log(fault));
console.log(`${looks} looks, ${faults.length} faults`);
process.exit(looks === 0 || faults.length > 0 ? 1 : 0);
