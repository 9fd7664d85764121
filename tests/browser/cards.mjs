// Reads the cards for an outage in a browser whose server cannot be reached any more, and finds nothing once it signed out.
//
//   node cards.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Between browser and server stands a door on a port of its own; the server is away when that is shut.
// Exit code 1 when a card is missing, when a copy does not say that it is one, or when anything is left.
import { chromium } from "playwright-core";
import { mkdir } from "node:fs/promises";
import { connect, createServer } from "node:net";

const found = { out: "pictures", chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", pictures: true };
const words = process.argv.slice(2);
for (let n = 0; n < words.length; n++) {
  if (words[n] === "--no-pictures") found.pictures = false;
  else found[words[n].slice(2)] = words[++n];
}

const server = new URL(found.base);
const guests = new Set();
let door;
function open(port) {
  return new Promise((resolve) => {
    door = createServer((guest) => {
      const host = connect(Number(server.port), server.hostname);
      for (const side of [guest, host]) {
        guests.add(side);
        side.on("error", () => {}).on("close", () => { guests.delete(side); guest.destroy(); host.destroy(); });
      }
      guest.pipe(host).pipe(guest);
    });
    door.listen(port, "127.0.0.1", () => resolve(door.address().port));
  });
}
function shut() {
  guests.forEach((side) => side.destroy());
  return new Promise((resolve) => door.close(resolve));
}

await mkdir(found.out, { recursive: true });
const port = await open(0);
const base = `http://127.0.0.1:${port}`;
const browser = await chromium.launch({ executablePath: found.chromium, args: ["--no-sandbox"] });
const faults = [];
let looks = 0;
const check = (is, said) => { looks++; if (!is) faults.push(said); };

const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 });
const tab = await context.newPage();
tab.setDefaultTimeout(20_000);
tab.on("pageerror", (error) => faults.push(`script: ${error.message}`));
const COPY = "the server cannot be reached";
const said = async () => (await tab.locator("p.copy").allInnerTexts()).join(" ");
const kept = () => tab.evaluate(async () => {
  if (!(await caches.has("forewarn-cards"))) return [];
  return (await (await caches.open("forewarn-cards")).keys()).map((request) => new URL(request.url).pathname).sort();
});
try {
  await tab.goto(`${base}/console/sign-in`);
  await tab.getByLabel("Name").fill("demo");
  await tab.getByLabel("Password").fill("demo");
  await tab.getByRole("button", { name: "Sign in" }).click();
  await tab.waitForURL(`${base}/console`);
  await tab.evaluate(async () => { await navigator.serviceWorker.ready; });
  await tab.goto(`${base}/console/cards`);
  const cards = await tab.locator(".cards a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  check(cards.length > 1, `there are ${cards.length} cards`);
  check((await said()) === "", "a page of the server calls itself a copy");
  const wanted = JSON.stringify([...cards, "/console/cards"].sort());
  await tab.waitForFunction(async (wanted) => {
    if (!(await caches.has("forewarn-cards"))) return false;
    const all = await (await caches.open("forewarn-cards")).keys();
    return JSON.stringify(all.map((request) => new URL(request.url).pathname).sort()) === wanted;
  }, wanted);
  await tab.goto(base + cards[0]);
  const heading = await tab.locator("h1").innerText();

  await shut();
  await tab.reload();
  check((await tab.locator("h1").innerText()) === heading, "the card that was open is another one");
  check(/^Copy of \d+ \w+ \d{4}, \d\d:\d\d \S+; the server cannot be reached\.$/.test(await said()), `it says "${await said()}"`);
  if (found.pictures) await tab.screenshot({ path: `${found.out}/card-away.png`, fullPage: true });
  for (const path of cards.slice(1)) {
    await tab.goto(base + path);
    check((await said()).includes(COPY), `${path}, which was never opened, says "${await said()}"`);
  }
  for (const path of ["/console/cards", "/console", "/console/incidents"]) {
    await tab.goto(base + path);
    check((await tab.locator(".cards a").count()) === cards.length, `${path} does not lead to the cards`);
    check((await said()).includes(COPY), `${path} says "${await said()}"`);
  }
  check(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the list is wider than the phone");
  if (found.pictures) await tab.screenshot({ path: `${found.out}/cards-away.png`, fullPage: true });

  await open(port);
  await tab.goto(base + cards[0]);
  check((await said()) === "", "the server is back, and the card calls itself a copy");
  await tab.goto(`${base}/console`);
  await tab.getByText("Menu", { exact: true }).click();
  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.waitForURL(/sign-in/);
  check(JSON.stringify(await kept()) === "[]", `after signing out there is ${JSON.stringify(await kept())}`);
  await shut();
  for (const path of [cards[0], "/console/cards"]) {
    const shown = await tab.goto(base + path).then(() => tab.content(), () => "");
    check(!shown.includes(heading) && !shown.includes("cards"), `${path} is still there`);
  }
} catch (error) {
  faults.push(String(error));
} finally {
  await browser.close();
  door.close();
  guests.forEach((side) => side.destroy());
}
faults.forEach((fault) => console.log(fault));
console.log(`${looks} looks, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
