// Declares an incident on a phone: from the opened page it takes at most three taps, and each of them hits something that is
// large enough for a thumb. Then resolves it, and looks at what a delay of planned work would tell.
//
//   node declare.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when it takes more, when a tap hits nothing, or when nobody would be told.
import { PHONE, walk } from "./walk.mjs";

const MOST_TAPS = 3;
const THUMB = 24; // WCAG 2.2, 2.5.8: a target has at least 24 by 24 pixels

await walk(async (it) => {
  const { tab } = await it.signedIn(PHONE);
  let taps = 0;
  async function tap(what, target) {
    const box = await target.boundingBox();
    it.check(box && box.width >= THUMB && box.height >= THUMB, `${what} is too small for a thumb: ${JSON.stringify(box)}`);
    await target.tap();
    taps++;
  }
  // The page is open from here on.
  await tab.goto(`${it.base}/console/incidents/new`);
  await it.fits(tab, "the page");
  await tap("the impact", tab.locator("main fieldset fieldset").first().locator("label", { hasText: "Down" }));
  await tap("the severity", tab.locator("#f-severity label", { hasText: "P1" }));
  await it.picture(tab, "declare-phone");
  await Promise.all([tab.waitForURL(/\/console\/incidents\/INC-\d+$/), tap("the button", tab.getByRole("button", { name: "Declare and tell people" }))]);
  it.check(taps <= MOST_TAPS, `it took ${taps} taps`);
  const said = await it.said(tab);
  it.check(said.includes("the first word goes out now"), `it said "${said}"`);
  await it.fits(tab, "the incident's page");
  // What surrounds it can be reached by thumb too.
  await tab.getByText("Hand over", { exact: true }).first().tap();
  await tab.getByLabel("To whom").fill("lee@example.edu");
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Hand over" }).tap()]);
  const over = await it.said(tab);
  it.check(over.includes("the team is told"), `handing over said "${over}"`);
  await it.picture(tab, "incident-phone");
  // What is typed is kept, so that others see who is writing.
  const text = tab.getByLabel("What people should know now");
  await text.fill("We found it");
  const kept = tab.waitForResponse((answer) => answer.url().endsWith("/writing") && answer.request().method() === "POST");
  it.check((await kept).ok(), "what was typed was not kept");
  // What would go out appears under the form, with what the review finds.
  await text.fill("We found it: db-07.int.example.edu is full.");
  // A mail stands in a frame of its own, as its reader gets it.
  const preview = tab.locator("[data-preview] iframe").first().contentFrame();
  await preview.locator("p", { hasText: "db-07.int.example.edu is full" }).first().waitFor();
  it.check((await tab.locator("[data-preview] .findings q", { hasText: "db-07" }).count()) > 0, "the review did not find the host name");
  await it.fits(tab, "what would go out");
  await it.picture(tab, "preview-phone");
  // It is over: the form sends the impact too, as it was, and that stands in nobody's way.
  await text.fill("It works again.");
  await tab.locator("#f-status label", { hasText: "Resolved" }).tap();
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Publish now" }).tap()]);
  const end = await it.said(tab);
  it.check(end.includes("The update is ready"), `resolving said "${end}"`);
  // What planned work tells is seen while it is typed, and the text of one level is edited.
  // It is planned here: by now the demo's own work is over.
  await tab.goto(`${it.base}/console/maintenances/new`);
  await tab.getByLabel("Title", { exact: true }).fill("New disks for the lectures");
  await tab.getByRole("checkbox", { name: "Lecture recordings" }).check();
  const year = new Date().getUTCFullYear() + 1;
  await tab.getByLabel("Start", { exact: true }).fill(`${year}-03-09T22:00`);
  await tab.getByLabel("End", { exact: true }).fill(`${year}-03-09T23:30`);
  await tab.getByLabel("What people notice").fill("You cannot watch lectures.");
  await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "See who hears, when and what" }).tap()]);
  await Promise.all([tab.waitForURL(/MNT-\d+$/), tab.getByRole("button", { name: "Plan it like this" }).tap()]);
  await tab.getByText("Delay", { exact: true }).first().tap();
  const act = tab.locator("form[action$='/delay']");
  await Promise.all([tab.waitForURL(/\/delay\/preview$/), act.getByRole("button", { name: "See and edit what people read" }).tap()]);
  const aYearLater = (time) => time.replace(/^\d+/, (year) => Number(year) + 1);
  for (const name of ["New start", "New end"]) await tab.getByLabel(name).fill(aYearLater(await tab.getByLabel(name).inputValue()));
  await tab.getByText("Edit this text").first().tap();
  await tab.locator("textarea[name='texts.non_technical']").fill("It takes place one year later.");
  await tab.getByLabel("Reason, as people will read it").fill("The new disks have not come.");
  await preview.locator("p", { hasText: "It takes place one year later." }).first().waitFor();
  const made = await tab.locator("textarea[name='texts.technical']").inputValue();
  it.check(made.includes("The new disks have not come."), `the text of another level does not follow: ${made}`);
  it.check((await tab.locator("textarea[name='texts.non_technical']").inputValue()) === "It takes place one year later.", "an edited text is gone");
  await it.fits(tab, "what a delay would tell");
  await it.picture(tab, "tell-phone");
});
