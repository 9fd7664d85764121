// The console by keyboard alone, and as it follows along: the palette, keys and how they are turned off, what a service carries without
// script, a page that changes while one looks at it. Over the sample screens, with the server's part played.
//
//   node desk.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when something cannot be reached, or reaches the wrong place.
import { AXE_LOOKS, SCHEMES, WIDTHS, axeFaults } from "./look.mjs";
import { walk } from "./walk.mjs";

const at = (path) => (url) => url.pathname === path;

async function opened(it, screen, options) {
  const { context, tab } = await it.open(options);
  await tab.goto(`${it.base}/${screen}.html`);
  return { context, tab };
}

/// Presses keys and says where they led.
async function led(tab, path, ...keys) {
  await Promise.all([tab.waitForURL(at(path)), (async () => { for (const key of keys) await tab.keyboard.press(key); })()]);
  await tab.goBack();
}

async function clean(it, tab, name) {
  const faults = await axeFaults(tab);
  it.check(faults.length === 0, `${name}: ${faults.join(", ")}`);
  await it.picture(tab, name, false);
}

async function keys(it) {
  for (const colorScheme of ["light", "dark"]) {
    const { context, tab } = await opened(it, "console-now", { colorScheme });
    await led(tab, "/console/calendar", "g", "c");
    await led(tab, "/console/incidents/new", "i");
    await tab.keyboard.press("Control+k");
    const palette = tab.getByRole("dialog", { name: "Go to, do or find" });
    await palette.waitFor();
    await tab.keyboard.type("calen");
    it.check((await palette.getByRole("link").count()) === 1, "the palette shows other things than were asked for");
    await clean(it, tab, `desk-palette-${colorScheme}`);
    await led(tab, "/console/calendar", "ArrowDown", "Enter");
    await tab.keyboard.press("?");
    const help = tab.getByRole("dialog", { name: "Keys" });
    await help.waitFor();
    await clean(it, tab, `desk-keys-${colorScheme}`);
    await help.getByLabel("Single keys work").uncheck();
    await tab.keyboard.press("Escape");
    await tab.keyboard.press("?");
    it.check(!(await help.isVisible()), "keys work although they are turned off");
    await tab.keyboard.press("Control+k");
    await palette.waitFor();
    await context.close();
  }
  const { context, tab } = await opened(it, "console-now", {});
  // What is typed is no command.
  await tab.getByLabel("Search").first().focus();
  await tab.keyboard.type("g c");
  it.check(tab.url().endsWith("/console-now.html"), "typing into the search led away");
  await context.close();
}

async function carried(it) {
  const { context, tab } = await opened(it, "console-services", { javaScriptEnabled: false });
  const database = tab.locator(".graph .spot", { has: tab.locator("a[href*='of=database']") });
  const shown = () => database.locator(".spread rect").first().isVisible();
  it.check(!(await shown()), "outlines are shown before anybody points");
  await database.locator("a").focus();
  it.check(await shown(), "the focus does not show what a service carries");
  await it.picture(tab, "desk-carried", false);
  await context.close();
}

async function followed(it) {
  const { context, tab } = await opened(it, "console-error", {});
  let asked = 0;
  const beats = "event: changed\ndata: 0\n\nevent: changed\ndata: 1\n\n";
  await tab.route("**/console/live", (route) => route.fulfill({ contentType: "text/event-stream", body: beats }));
  await tab.route("**/console-now.html", async (route) => {
    const answer = await route.fetch();
    const text = (await answer.text()).replaceAll("Due next", asked++ ? "Due soon" : "Due next");
    await route.fulfill({ response: answer, body: text });
  });
  await tab.goto(`${it.base}/console-now.html`);
  await tab.getByRole("heading", { name: "Due soon" }).waitFor();
  it.check((await tab.getByRole("heading", { name: "Due next" }).count()) === 0, "what was shown before is still there");
  await context.close();
}

/// A form that waits for its answer says so, and is not sent twice.
async function waiting(it) {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const { context, tab } = await opened(it, "console-declare", { viewport: { width, height: 740 }, colorScheme });
      // What is sent is counted and goes no further: the page waits for ever.
      await tab.evaluate(() => {
        window.sent = 0;
        addEventListener("submit", (event) => { if (!event.defaultPrevented) window.sent++; event.preventDefault(); });
      });
      await tab.getByLabel("What do people see?").fill("Nothing works.");
      await tab.getByRole("button", { name: "Declare and tell people" }).click();
      const busy = tab.locator("form[aria-busy=true] button.busy");
      it.check((await busy.innerText()) === "One moment…", `while it waits the button says "${await busy.innerText()}"`);
      await busy.click();
      it.check((await tab.evaluate(() => window.sent)) === 1, `it was sent ${await tab.evaluate(() => window.sent)} times`);
      const name = `desk-waiting-${width}-${colorScheme}`;
      if (AXE_LOOKS.includes(`${width} ${colorScheme}`)) await clean(it, tab, name); else await it.picture(tab, name, false);
      await context.close();
    }
  }
}

await walk(async (it) => {
  await Promise.all([keys(it), carried(it).then(() => followed(it)), waiting(it)]);
});
