// Asks for help with a text on a phone, suggests another, and takes it: the difference is seen, and nobody outside reads any of it.
// Then types a long form, lets the browser die, and finds what was typed again; somebody else in the same form is told of it.
//
//   node editing.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when a step fails, or when a page has a fault.
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

const OWN = "Sign-in is broke because a disk died in Newark.";
const BETTER = "Some of you cannot sign in. A disk failed in Newark, and we are replacing it.";

try {
  const { context, tab } = await signedIn({ isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  const page = await declared(tab);
  await tab.getByLabel("What people should know now").fill(OWN);
  await tab.getByText("Ask the communications team").click();
  await Promise.all([tab.waitForURL(/\/console\/editing\/EDIT-\d+$/), tab.getByRole("button", { name: "Support my draft" }).click()]);
  const request = tab.url();
  // It waits on the first page.
  await tab.goto(`${found.base}/console`);
  const path = new URL(request).pathname;
  check((await tab.locator(`a[href="${path}"]`).count()) === 1, "the request is not on the first page");
  await tab.goto(request);
  await tab.getByLabel("Comment").fill("Is any data lost?");
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Comment" }).click()]);
  const whole = tab.getByLabel("The whole text");
  check((await whole.inputValue()) === OWN, "whoever suggests does not begin with the author's text");
  await whole.fill(BETTER);
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Suggest it" }).click()]);
  check((await tab.locator("del").count()) > 0 && (await tab.locator("ins").count()) > 0, "the difference is not marked");
  const struck = await tab.locator("del").first().evaluate((del) => getComputedStyle(del).textDecorationLine);
  const under = await tab.locator("ins").first().evaluate((ins) => getComputedStyle(ins).textDecorationLine);
  check(struck === "line-through" && under === "underline", `the difference needs colour: ${struck}, ${under}`);
  check(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is wider than the phone");
  if (found.pictures) await tab.screenshot({ path: `${found.out}/editing-phone.png`, fullPage: true });
  await lookAt(context, "editing", [request, `${found.base}/console`]);
  await Promise.all([tab.waitForURL(`${page}#update`), tab.getByRole("button", { name: "Take it as my draft" }).click()]);
  check((await tab.getByLabel("What people should know now").inputValue()) === BETTER, "the suggestion is not in the form");
  const outside = await (await fetch(`${found.base}/events/${new URL(page).pathname.split("/").pop()}`)).text();
  check(!outside.includes("Newark"), "it is read outside");
  // Two versions side by side.
  const versions = `${found.base}/console/events/${new URL(page).pathname.split("/").pop()}/versions`;
  await tab.goto(versions);
  await Promise.all([tab.waitForURL(/before=/), tab.getByRole("button", { name: "Compare the two" }).click()]);
  check((await tab.locator(".beside").count()) === 1, "two versions are not side by side");
  await lookAt(context, "versions", [tab.url(), `${versions.replace("versions", "editing")}`]);
  // What is typed is kept: the page is gone without a word to anybody.
  const form = `${found.base}/console/maintenances/new`;
  const keeps = (page) => page.waitForResponse((answer) => answer.url().endsWith("/console/kept") && answer.request().method() === "POST");
  const first = await context.newPage();
  await first.goto(form);
  const typed = [keeps(first), first.getByLabel("What people notice").fill("You cannot sign in.\nAt all.")];
  check((await Promise.all(typed))[0].ok(), "what was typed into a form was not kept");
  await first.getByText("What you type here is kept").waitFor();
  await first.close({ runBeforeUnload: false });
  const again = await context.newPage();
  await again.goto(form);
  await again.getByText("was not sent. It is kept.").waitFor();
  if (found.pictures) await again.screenshot({ path: `${found.out}/kept-phone.png` });
  await lookAt(context, "kept", [form]);
  await again.getByRole("button", { name: "Put it back" }).click();
  check((await again.getByLabel("What people notice").inputValue()) === "You cannot sign in.\nAt all.", "what was kept is not put back");
  // While the server cannot be reached it stays in the page, and is kept as soon as it can.
  await context.setOffline(true);
  await again.getByLabel("What people notice").fill("You cannot sign in today.");
  await again.getByText("cannot be kept just now").waitFor();
  const later = keeps(again);
  await context.setOffline(false);
  check((await later).request().postData().includes("today"), "what was typed meanwhile is lost");
  await again.close();
  const third = await context.newPage();
  await third.goto(form);
  await Promise.all([keeps(third), third.getByRole("button", { name: "Forget it" }).click()]);
  await third.reload();
  await third.getByLabel("What people notice").waitFor();
  check((await third.getByRole("button", { name: "Forget it" }).count()) === 0, "what was thrown away is still there");
} catch (error) {
  faults.push(String(error));
} finally {
  await browser.close();
}
faults.forEach((fault) => console.log(fault));
console.log(`${looks} looks, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
