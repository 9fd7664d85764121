// Reads the cards for an outage in a browser whose server cannot be reached any more, and finds nothing once it signed out.
//
//   node cards.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Between browser and server stands a door on a port of its own; the server is away when that is shut.
// Exit code 1 when a card is missing, when a copy does not say that it is one, or when anything is left.
import { connect, createServer } from "node:net";
import { PHONE, walk } from "./walk.mjs";

const guests = new Set();
let door;
function open(server, port) {
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

await walk(async (it) => {
  const server = new URL(it.base);
  const port = await open(server, 0);
  const base = `http://127.0.0.1:${port}`;
  const { tab } = await it.signedIn(PHONE, base);
  const COPY = "the server cannot be reached";
  const said = async () => (await tab.locator("p.copy").allInnerTexts()).join(" ");
  const kept = () => tab.evaluate(async () => {
    if (!(await caches.has("forewarn-cards"))) return [];
    return (await (await caches.open("forewarn-cards")).keys()).map((request) => new URL(request.url).pathname).sort();
  });
  await tab.evaluate(async () => { await navigator.serviceWorker.ready; });
  await tab.goto(`${base}/console/cards`);
  const cards = await tab.locator(".cards a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  it.check(cards.length > 1, `there are ${cards.length} cards`);
  it.check((await said()) === "", "a page of the server calls itself a copy");
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
  it.check((await tab.locator("h1").innerText()) === heading, "the card that was open is another one");
  it.check(/^Copy of \d+ \w+ \d{4}, \d\d:\d\d \S+; the server cannot be reached\.$/.test(await said()), `it says "${await said()}"`);
  await it.picture(tab, "card-away");
  for (const path of cards.slice(1)) {
    await tab.goto(base + path);
    it.check((await said()).includes(COPY), `${path}, which was never opened, says "${await said()}"`);
  }
  for (const path of ["/console/cards", "/console", "/console/incidents"]) {
    await tab.goto(base + path);
    it.check((await tab.locator(".cards a").count()) === cards.length, `${path} does not lead to the cards`);
    it.check((await said()).includes(COPY), `${path} says "${await said()}"`);
  }
  await it.fits(tab, "the list");
  await it.picture(tab, "cards-away");

  await open(server, port);
  await tab.goto(base + cards[0]);
  it.check((await said()) === "", "the server is back, and the card calls itself a copy");
  await tab.goto(`${base}/console`);
  await tab.getByText("Menu", { exact: true }).click();
  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.waitForURL(/sign-in/);
  it.check(JSON.stringify(await kept()) === "[]", `after signing out there is ${JSON.stringify(await kept())}`);
  await shut();
  for (const path of [cards[0], "/console/cards"]) {
    const shown = await tab.goto(base + path).then(() => tab.content(), () => "");
    it.check(!shown.includes(heading) && !shown.includes("cards"), `${path} is still there`);
  }
  door.close();
  guests.forEach((side) => side.destroy());
});
