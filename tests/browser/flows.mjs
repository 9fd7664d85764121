// What people do with Forewarn, from beginning to end: declare, update, resolve; plan, approve, send; subscribe, confirm, unsubscribe; edit a
// template. Once by keyboard alone, once without script on a telephone, once by pointing on a tablet.
//
//   node flows.mjs --base URL --token TOKEN --out DIR [--chromium PATH] [--no-pictures]
//
// --base is a demo that takes TOKEN as FOREWARN_ADMIN_TOKEN. Exit code 1 when something cannot be done, or the focus cannot be seen.
import { Keyboard, Pointer } from "./hand.mjs";
import { walk } from "./walk.mjs";

const WAYS = [
  { name: "keyboard", options: { viewport: { width: 1440, height: 900 } } },
  { name: "plain", options: { viewport: { width: 360, height: 740 }, javaScriptEnabled: false } },
  { name: "pointer", options: { viewport: { width: 768, height: 900 }, colorScheme: "dark" } },
];

const SOON = 20_000; // milliseconds, until a mail is caught
const MOST_HOURS = 12;

/// Somebody at the console: their tab, how they work it, and what they check.
class Somebody {
  constructor(it, way, tab) {
    const fault = (words) => it.faults.push(`${way.name}: ${words}`);
    Object.assign(this, { it, way, tab, base: it.base, waits: [], hand: way.name === "keyboard" ? new Keyboard(tab, fault) : new Pointer(tab) });
  }

  check(is, words) { this.it.check(is, `${this.way.name}: ${words}`); }

  async go(path) { await this.tab.goto(new URL(path, this.base).href); }

  button(name) { return this.tab.getByRole("button", { name, exact: true }).first(); }

  async press(name) { await this.hand.press(this.button(name)); }

  /// The end of a page: it fits, and its picture is kept.
  async done(stage) {
    await this.it.fits(this.tab, `${this.way.name}: ${stage}`);
    await this.it.picture(this.tab, `flow-${stage}-${this.way.name}`);
  }

  async signIn() {
    await this.go("/console/sign-in");
    await this.hand.fill(this.tab.getByLabel("Name"), "demo");
    await this.hand.fill(this.tab.getByLabel("Password"), "demo");
    await this.press("Sign in");
    this.check(new URL(this.tab.url()).pathname === "/console", `signing in led to ${this.tab.url()}`);
  }

  /// Something that will be so once the demo's clock has gone on, which is everybody's.
  later(is, words) { this.waits.push({ is, words: `${this.way.name}: ${words}` }); }

  async page(path) { return (await fetch(new URL(path, this.base))).text(); }
}

async function incident(who) {
  const { tab, hand } = who;
  await who.go("/console/incidents/new");
  await hand.pick(tab.locator("main fieldset fieldset").first().locator("input").last());
  await hand.pick(tab.locator("#f-severity input").first());
  await hand.fill(tab.getByLabel("What do people see?"), `The portal is gone, says ${who.way.name}.`);
  await who.done("declare");
  await who.press("Declare and tell people");
  const at = new URL(tab.url()).pathname;
  who.check(/^\/console\/incidents\/INC-\d+$/.test(at), `declaring led to ${at}`);
  const update = async (status, text) => {
    if (status) await hand.pick(tab.locator("#f-status").getByRole("radio", { name: status }));
    await hand.fill(tab.getByLabel("What people should know now"), text);
    await who.press("Publish now");
    who.check((await who.it.said(tab)).includes("The update is ready"), `"${text}" was not published: ${await who.it.said(tab)}`);
  };
  await update("Cause known", `A disk is full, says ${who.way.name}.`);
  await who.done("update");
  // A word that can still be taken back is in the way of the next.
  await who.press("Undo");
  who.check((await who.it.said(tab)).includes("undone"), `it is not undone: ${await who.it.said(tab)}`);
  await update("Resolved", `It works again, says ${who.way.name}.`);
  await who.done("resolve");
  who.later(async () => (await who.page(at.replace("/console/incidents", "/events"))).includes(`It works again, says ${who.way.name}.`), "the end was never told");
}

async function maintenance(who) {
  const { tab, hand } = who;
  const title = `Faster disks, by ${who.way.name}`;
  await who.go("/console/maintenances/new");
  await hand.fill(tab.getByLabel("Title", { exact: true }), title);
  await hand.select(tab.getByLabel("Kind"), "careful");
  await hand.check(tab.getByRole("checkbox", { name: "Lecture recordings" }));
  const year = String(new Date().getUTCFullYear() + 1);
  await hand.fillTime(tab.getByLabel("Start", { exact: true }), { month: "03", day: "09", year, hour: "10", minute: "00", half: "PM" });
  await hand.fillTime(tab.getByLabel("End", { exact: true }), { month: "03", day: "09", year, hour: "11", minute: "30", half: "PM" });
  await hand.fill(tab.getByLabel("What people notice"), "You cannot watch lectures.");
  await who.press("See who hears, when and what");
  const told = tab.locator("[data-told]");
  who.check(/^[\d,]+ people\b/.test(await told.innerText()), `the count says "${await told.innerText()}"`);
  await tab.locator("#messages").scrollIntoViewIfNeeded();
  who.check(await told.isVisible() && (await inWindow(told)), "the count of people is out of sight while the messages are read");
  await who.done("plan");
  await who.press("Plan it like this");
  const at = new URL(tab.url()).pathname;
  who.check(/^\/console\/maintenances\/MNT-\d+$/.test(at), `planning led to ${at}`);
  // Once those who must agree have been asked, the way there is over and its page shows neither steps nor count.
  const isOnTheWay = (await tab.locator(".path").count()) > 0;
  who.check(!isOnTheWay || (await inWindow(tab.locator(".in-sight p"))), "the count of people is out of sight on the page of the work");
  await hand.press(tab.locator(".acts").getByRole("link", { name: "Approve" }));
  who.check(await inWindow(tab.locator(".in-sight p")), "the count of people is out of sight while one approves");
  await hand.unfold(tab.getByText("Nobody who must agree can be asked"));
  await hand.fill(tab.getByLabel("Why it cannot wait"), "Both owners are on a plane.");
  await who.done("approve");
  await who.press("Approve");
  who.later(async () => (await who.page("/")).includes(title), "the status page never told of it");
  await who.go(at);
  who.check((await tab.locator("main").innerText()).includes("Planned"), "it is not planned");
  await who.done("planned");
}

const inWindow = (target) => target.evaluate((el) => {
  const box = el.getBoundingClientRect();
  return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
});

/// The link in the caught mail to somebody, which comes within moments.
async function linkIn(who, reader, address) {
  const row = reader.locator("tr", { hasText: address }).locator("a").first();
  for (const until = Date.now() + SOON; Date.now() < until;) {
    await reader.goto(`${who.base}/console/caught`);
    if ((await row.count()) === 0) continue;
    await reader.goto(new URL(await row.getAttribute("href"), who.base).href);
    return (await reader.locator("main pre").first().innerText()).match(/http:\/\/\S+/)[0];
  }
  throw new Error(`no mail came to ${address}`);
}

async function subscription(who, reader) {
  const { tab, hand } = who;
  const address = `${who.way.name}@example.org`;
  await who.go("/subscribe");
  await hand.fill(tab.getByLabel("Mail address"), address);
  await hand.check(tab.getByRole("checkbox", { name: "Planned work" }));
  await who.done("subscribe");
  await who.press("Subscribe");
  const link = await linkIn(who, reader, address);
  await who.go(link);
  await who.done("confirm");
  await hand.press(tab.getByRole("button").first());
  await who.done("subscribed");
  who.check((await tab.getByRole("button", { name: "Unsubscribe and delete it all" }).count()) === 1, `confirming led to "${(await tab.locator("main").innerText()).slice(0, 80)}"`);
  await who.press("Unsubscribe and delete it all");
  await who.done("unsubscribed");
  await who.go(link);
  who.check((await tab.getByRole("button", { name: "Unsubscribe and delete it all" }).count()) === 0, "it is still subscribed");
}

async function template(who) {
  const { tab, hand } = who;
  await who.go("/console/templates");
  await hand.press(tab.locator("tr", { hasText: "Final reminder" }).locator("a", { hasText: "Text message" }).first());
  const words = `{{service}} is away soon, says ${who.way.name}. {{url}}`;
  await hand.fill(tab.getByLabel("Text", { exact: true }), words);
  await who.press("Preview");
  who.check((await tab.locator("#preview").innerText()).includes(`is away soon, says ${who.way.name}`), "the preview says something else");
  await who.done("template");
  await who.press("Save");
  who.check((await tab.locator("main").innerText()).includes("yours, version"), "it was not saved");
  await who.done("template-saved");
}

/// Writes into the demo what the walks need: a policy whose texts owners must agree to.
async function prepared(it) {
  const policy = { id: "careful", for: { event: "maintenance", kind: "careful" }, before: ["5bd", "1bd"], approval: { default: ["service_owner"] } };
  const answer = await fetch(`${it.base}/api/v1/policies/careful`, {
    method: "PUT", body: JSON.stringify(policy), headers: { "content-type": "application/json", authorization: `Bearer ${it.found.token}` },
  });
  if (!answer.ok) throw new Error(`the policy was refused: ${await answer.text()}`);
}

/// What only the demo's clock brings about: it goes on by hours until all of it is so.
async function awaited(it, helper, waits) {
  for (let n = 0; ; n++) {
    const open = [];
    for (const wait of waits) if (!(await wait.is())) open.push(wait);
    if (open.length === 0 || n === MOST_HOURS) return open.forEach((wait) => it.check(false, wait.words));
    await it.press(helper, "+1 hour");
  }
}

await walk(async (it) => {
  await prepared(it);
  const helper = await it.signedIn();
  const waits = [];
  await Promise.all(WAYS.map(async (way) => {
    const { context, tab } = await it.open(way.options);
    const who = new Somebody(it, way, tab);
    const reader = await helper.context.newPage();
    const began = Date.now();
    try {
      await who.signIn();
      for (const story of [incident, maintenance, subscription, template]) await story(who, reader);
    } catch (problem) {
      it.faults.push(`${way.name}: it stopped at ${tab.url()}: ${problem}`);
      await it.picture(tab, `flow-stopped-${way.name}`);
    }
    waits.push(...who.waits);
    console.log(`${way.name}: ${who.hand.stops} stops of the focus, ${Math.round((Date.now() - began) / 1000)} s`);
    await context.close();
  }));
  await awaited(it, helper.tab, waits);
});
