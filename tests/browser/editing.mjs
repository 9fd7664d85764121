// Asks for help with a text on a phone, suggests another, and takes it: the difference is seen, and nobody outside reads any of it.
// Then types a long form, lets the browser die, and finds what was typed again; somebody else in the same form is told of it.
//
//   node editing.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when a step fails, or when a page has a fault.
import { PHONE, walk } from "./walk.mjs";

const OWN = "Sign-in is broke because a disk died in Newark.";
const BETTER = "Some of you cannot sign in. A disk failed in Newark, and we are replacing it.";

await walk(async (it) => {
  const { context, tab } = await it.signedIn(PHONE);
  const page = await it.declared(tab);
  await tab.getByLabel("What people should know now").fill(OWN);
  await tab.getByText("Ask the communications team").click();
  await Promise.all([tab.waitForURL(/\/console\/editing\/EDIT-\d+$/), tab.getByRole("button", { name: "Support my draft" }).click()]);
  const request = tab.url();
  // It waits on the first page.
  await tab.goto(`${it.base}/console`);
  const path = new URL(request).pathname;
  it.check((await tab.locator(`a[href="${path}"]`).count()) === 1, "the request is not on the first page");
  await tab.goto(request);
  await tab.getByLabel("Comment").fill("Is any data lost?");
  await it.press(tab, "Comment");
  const whole = tab.getByLabel("The whole text");
  it.check((await whole.inputValue()) === OWN, "whoever suggests does not begin with the author's text");
  await whole.fill(BETTER);
  await it.press(tab, "Suggest it");
  it.check((await tab.locator("del").count()) > 0 && (await tab.locator("ins").count()) > 0, "the difference is not marked");
  const struck = await tab.locator("del").first().evaluate((del) => getComputedStyle(del).textDecorationLine);
  const under = await tab.locator("ins").first().evaluate((ins) => getComputedStyle(ins).textDecorationLine);
  it.check(struck === "line-through" && under === "underline", `the difference needs colour: ${struck}, ${under}`);
  await it.fits(tab, "the page");
  await it.picture(tab, "editing-phone");
  await it.lookAt(context, "editing", [request, `${it.base}/console`]);
  await Promise.all([tab.waitForURL(`${page}#update`), tab.getByRole("button", { name: "Take it as my draft" }).click()]);
  it.check((await tab.getByLabel("What people should know now").inputValue()) === BETTER, "the suggestion is not in the form");
  const outside = await (await fetch(`${it.base}/events/${new URL(page).pathname.split("/").pop()}`)).text();
  it.check(!outside.includes("Newark"), "it is read outside");
  // Two versions side by side.
  const versions = `${it.base}/console/events/${new URL(page).pathname.split("/").pop()}/versions`;
  await tab.goto(versions);
  await Promise.all([tab.waitForURL(/before=/), tab.getByRole("button", { name: "Compare the two" }).click()]);
  it.check((await tab.locator(".beside").count()) === 1, "two versions are not side by side");
  await it.lookAt(context, "versions", [tab.url(), `${versions.replace("versions", "editing")}`]);
  // What is typed is kept: the page is gone without a word to anybody.
  const form = `${it.base}/console/maintenances/new`;
  const keeps = (page) => page.waitForResponse((answer) => answer.url().endsWith("/console/kept") && answer.request().method() === "POST");
  const first = await context.newPage();
  await first.goto(form);
  const typed = [keeps(first), first.getByLabel("What people notice").fill("You cannot sign in.\nAt all.")];
  it.check((await Promise.all(typed))[0].ok(), "what was typed into a form was not kept");
  await first.getByText("What you type here is kept").waitFor();
  await first.close({ runBeforeUnload: false });
  const again = await context.newPage();
  await again.goto(form);
  await again.getByText("was not sent. It is kept.").waitFor();
  await it.picture(again, "kept-phone", false);
  await it.lookAt(context, "kept", [form]);
  await again.getByRole("button", { name: "Put it back" }).click();
  it.check((await again.getByLabel("What people notice").inputValue()) === "You cannot sign in.\nAt all.", "what was kept is not put back");
  // While the server cannot be reached it stays in the page, and is kept as soon as it can.
  await context.setOffline(true);
  await again.getByLabel("What people notice").fill("You cannot sign in today.");
  await again.getByText("cannot be kept just now").waitFor();
  const later = keeps(again);
  await context.setOffline(false);
  it.check((await later).request().postData().includes("today"), "what was typed meanwhile is lost");
  await again.close();
  const third = await context.newPage();
  await third.goto(form);
  await Promise.all([keeps(third), third.getByRole("button", { name: "Forget it" }).click()]);
  await third.reload();
  await third.getByLabel("What people notice").waitFor();
  it.check((await third.getByRole("button", { name: "Forget it" }).count()) === 0, "what was thrown away is still there");
});
