// Publishes an update on a phone and takes it back, with script and without: nobody outside reads it, and the text is not lost.
//
//   node undo.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when it cannot be undone, is told all the same, or its text is gone.
import { PHONE, walk } from "./walk.mjs";

const SAID = "It is over in Newark.";
const SOON = 30_000; // the ten seconds, and time to send

async function published(tab, page) {
  await tab.goto(page);
  await tab.getByLabel("What people should know now").fill(SAID);
  await Promise.all([tab.waitForURL(page), tab.getByRole("button", { name: "Publish now" }).click()]);
}

async function outside(it, page) {
  const answer = await fetch(`${it.base}/events/${page.split("/").pop()}`);
  return (await answer.text()).includes(SAID);
}

await walk(async (it) => {
  const { context, tab } = await it.signedIn(PHONE);
  const page = await it.declared(tab);
  await published(tab, page);
  const card = tab.locator("[data-undo]");
  it.check(await card.isVisible(), "nothing says that it can be undone");
  const counts = (await card.locator(".countdown").innerText()).trim();
  it.check(/^in \d+ s$/.test(counts), `it counts "${counts}"`);
  await it.fits(tab, "the page");
  await it.picture(tab, "undo-phone", false);
  it.check(!(await outside(it, page)), "it is read outside before it can no longer be undone");
  await it.press(tab, "Undo");
  it.check((await it.said(tab)).includes("It is undone"), "it does not say that it is undone");
  it.check((await tab.getByLabel("What people should know now").inputValue()) === SAID, "the text is gone");
  it.check((await tab.locator("[data-undo]").count()) === 0, "it can be undone twice");

  // Without script the same button does it.
  const plain = await it.signedIn({ ...PHONE, javaScriptEnabled: false });
  await published(plain.tab, page);
  await it.press(plain.tab, "Undo");
  it.check((await plain.tab.locator("[data-undo]").count()) === 0, "it is not undone without script");
  it.check(!(await outside(it, page)), "it was told although it was undone");

  // Left alone it goes out, and the button with it.
  await published(tab, page);
  await tab.locator("[data-undo]", { hasText: "It goes out now." }).waitFor({ timeout: SOON });
  it.check((await tab.getByRole("button", { name: "Undo" }).count()) === 0, "a button is left that does nothing");
  // The demo's clock stands until somebody moves it.
  await it.press(tab, "Next notice");
  const until = Date.now() + SOON;
  let told = false;
  while (!told && Date.now() < until) told = await outside(it, page);
  it.check(told, "it was never told");
  await it.lookAt(context, "undone", [page]);
});
