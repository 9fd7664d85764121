// Declares an incident on a phone: from the opened page it takes at most three taps, and each of them hits something that is
// large enough for a thumb. Then resolves it.
//
//   node declare.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when it takes more, when a tap hits nothing, or when nobody would be told.
import { chromium } from "playwright-core";
import { mkdir } from "node:fs/promises";

const found = { out: "pictures", chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", pictures: true };
const words = process.argv.slice(2);
for (let n = 0; n < words.length; n++) {
  if (words[n] === "--no-pictures") found.pictures = false;
  else found[words[n].slice(2)] = words[++n];
}

const MOST_TAPS = 3;
const THUMB = 24; // WCAG 2.2, 2.5.8: a target has at least 24 by 24 pixels

await mkdir(found.out, { recursive: true });
const browser = await chromium.launch({ executablePath: found.chromium, args: ["--no-sandbox"] });
const faults = [];
let looks = 0;
const check = (is, words) => { looks++; if (!is) faults.push(words); };

const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
const tab = await context.newPage();
tab.setDefaultTimeout(20_000);
tab.on("pageerror", (error) => faults.push(`script: ${error.message}`));
let taps = 0;
async function tap(what, target) {
  const box = await target.boundingBox();
  check(box && box.width >= THUMB && box.height >= THUMB, `${what} is too small for a thumb: ${JSON.stringify(box)}`);
  await target.tap();
  taps++;
}
try {
  await tab.goto(`${found.base}/console/sign-in`);
  await tab.getByLabel("Name").fill("demo");
  await tab.getByLabel("Password").fill("demo");
  await tab.getByRole("button", { name: "Sign in" }).tap();
  await tab.waitForURL(`${found.base}/console`);
  // The page is open from here on.
  await tab.goto(`${found.base}/console/incidents/new`);
  check(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is wider than the phone");
  await tap("the impact", tab.locator("main fieldset fieldset").first().locator("label", { hasText: "Down" }));
  await tap("the severity", tab.locator("#f-severity label", { hasText: "P1" }));
  if (found.pictures) await tab.screenshot({ path: `${found.out}/declare-phone.png`, fullPage: true });
  await Promise.all([tab.waitForURL(/\/console\/incidents\/INC-\d+$/), tap("the button", tab.getByRole("button", { name: "Declare and tell people" }))]);
  check(taps <= MOST_TAPS, `it took ${taps} taps`);
  const said = (await tab.getByRole("status").allInnerTexts()).join(" ");
  check(said.includes("the first word goes out now"), `it said "${said}"`);
  check(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the incident's page is wider than the phone");
  // What surrounds it can be reached by thumb too.
  await tab.getByText("Hand over", { exact: true }).first().tap();
  await tab.getByLabel("To whom").fill("lee@example.edu");
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Hand over" }).tap()]);
  const over = (await tab.getByRole("status").allInnerTexts()).join(" ");
  check(over.includes("the team is told"), `handing over said "${over}"`);
  if (found.pictures) await tab.screenshot({ path: `${found.out}/incident-phone.png`, fullPage: true });
  // What is typed is kept, so that others see who is writing.
  const text = tab.getByLabel("What people should know now");
  await text.fill("We found it");
  const kept = tab.waitForResponse((answer) => answer.url().endsWith("/writing") && answer.request().method() === "POST");
  check((await kept).ok(), "what was typed was not kept");
  // What would go out appears under the form, with what the review finds.
  await text.fill("We found it: db-07.int.example.edu is full.");
  // A mail stands in a frame of its own, as its reader gets it.
  const preview = tab.locator("[data-preview] iframe").first().contentFrame();
  await preview.locator("p", { hasText: "db-07.int.example.edu is full" }).first().waitFor();
  check((await tab.locator("[data-preview] .findings q", { hasText: "db-07" }).count()) > 0, "the review did not find the host name");
  check(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "what would go out is wider than the phone");
  if (found.pictures) await tab.screenshot({ path: `${found.out}/preview-phone.png`, fullPage: true });
  // It is over: the form sends the impact too, as it was, and that stands in nobody's way.
  await text.fill("It works again.");
  await tab.locator("#f-status label", { hasText: "Resolved" }).tap();
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Publish now" }).tap()]);
  const end = (await tab.getByRole("status").allInnerTexts()).join(" ");
  check(end.includes("The update is ready"), `resolving said "${end}"`);
} catch (error) {
  faults.push(String(error));
} finally {
  await browser.close();
}
faults.forEach((fault) => console.log(fault));
console.log(`${looks} looks, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
