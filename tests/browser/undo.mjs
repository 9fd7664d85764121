// Publishes an update on a phone and takes it back, with script and without: nobody outside reads it, and the text is not lost.
//
//   node undo.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when it cannot be undone, is told all the same, or its text is gone.
import { chromium } from "playwright-core";
import { mkdir } from "node:fs/promises";
import { lookAll } from "./look.mjs";

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
const check = (is, words) => { looks++; if (!is) faults.push(words); };

async function signedIn(options) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, ...options });
  const tab = await context.newPage();
  tab.setDefaultTimeout(20_000);
  tab.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  await tab.goto(`${found.base}/console/sign-in`);
  await tab.getByLabel("Name").fill("demo");
  await tab.getByLabel("Password").fill("demo");
  await Promise.all([tab.waitForURL(`${found.base}/console`), tab.getByRole("button", { name: "Sign in" }).click()]);
  return { context, tab };
}

async function declared(tab) {
  await tab.goto(`${found.base}/console/incidents/new`);
  await tab.locator("main fieldset fieldset").first().locator("label", { hasText: "Down" }).click();
  await Promise.all([tab.waitForURL(/\/console\/incidents\/INC-\d+$/), tab.getByRole("button", { name: "Declare and tell people" }).click()]);
  return tab.url();
}

async function lookAt(context, stage, paths) {
  const cookies = await context.cookies(found.base);
  const session = cookies.find((cookie) => cookie.name === "forewarn_session") ?? cookies[0];
  const pages = paths.map((path, n) => ({ name: `${stage}-${n + 1}`, url: path }));
  const seen = await lookAll(browser, { ...found, cookie: `${session.name}=${session.value}` }, pages);
  looks += seen.looks;
  faults.push(...seen.faults);
}

const SAID = "It is over in Newark.";
const SOON = 30_000; // the ten seconds, and time to send

async function published(tab, page) {
  await tab.goto(page);
  await tab.getByLabel("What people should know now").fill(SAID);
  await Promise.all([tab.waitForURL(page), tab.getByRole("button", { name: "Publish now" }).click()]);
}

async function outside(page) {
  const answer = await fetch(`${found.base}/events/${page.split("/").pop()}`);
  return (await answer.text()).includes(SAID);
}

try {
  const { context, tab } = await signedIn({ isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  const page = await declared(tab);
  await published(tab, page);
  const card = tab.locator("[data-undo]");
  check(await card.isVisible(), "nothing says that it can be undone");
  const counts = (await card.locator(".countdown").innerText()).trim();
  check(/^in \d+ s$/.test(counts), `it counts "${counts}"`);
  check(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is wider than the phone");
  if (found.pictures) await tab.screenshot({ path: `${found.out}/undo-phone.png` });
  check(!(await outside(page)), "it is read outside before it can no longer be undone");
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Undo" }).click()]);
  check((await tab.getByRole("status").allInnerTexts()).join(" ").includes("It is undone"), "it does not say that it is undone");
  check((await tab.getByLabel("What people should know now").inputValue()) === SAID, "the text is gone");
  check((await tab.locator("[data-undo]").count()) === 0, "it can be undone twice");

  // Without script the same button does it.
  const plain = await signedIn({ javaScriptEnabled: false });
  await published(plain.tab, page);
  await Promise.all([plain.tab.waitForNavigation(), plain.tab.getByRole("button", { name: "Undo" }).click()]);
  check((await plain.tab.locator("[data-undo]").count()) === 0, "it is not undone without script");
  check(!(await outside(page)), "it was told although it was undone");

  // Left alone it goes out, and the button with it.
  await published(tab, page);
  await tab.locator("[data-undo]", { hasText: "It goes out now." }).waitFor({ timeout: SOON });
  check((await tab.getByRole("button", { name: "Undo" }).count()) === 0, "a button is left that does nothing");
  // The demo's clock stands until somebody moves it.
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Next notice" }).click()]);
  const until = Date.now() + SOON;
  let told = false;
  while (!told && Date.now() < until) told = await outside(page);
  check(told, "it was never told");
  await lookAt(context, "undone", [page]);
} catch (error) {
  faults.push(String(error));
} finally {
  await browser.close();
}
faults.forEach((fault) => console.log(fault));
console.log(`${looks} looks, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
