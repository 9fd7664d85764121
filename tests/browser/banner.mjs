// The banner on somebody else's page, from another origin and under a strict Content-Security-Policy: it says what is wrong, leads
// to the status page, can be put away and comes back with news, keeps to the services that the page names, and asks for no exception.
//
//   node banner.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// An incident must be open there (declare.mjs leaves one). Exit code 1 when something does not hold.
import { createServer } from "node:http";
import { AXE_LOOKS, SCHEMES, WIDTHS, axeFaults } from "./look.mjs";
import { walk } from "./walk.mjs";

await walk(async (it) => {
  // The script asks in the language of the page on which it stands.
  const isBanner = (answer) => answer.url().startsWith(`${it.base}/banner.json`);
  const policy = `default-src 'none'; script-src ${it.base}; connect-src ${it.base}`;
  const elsewhere = createServer((request, response) => {
    const query = new URL(request.url, "http://x").searchParams;
    const services = query.get("services");
    const only = services ? ` data-services="${services}"` : "";
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
    response.end(`<!doctype html><html lang="en"><head><title>Library</title><meta name="viewport" content="width=device-width"></head>
      <body><main><h1>The library</h1><p>Open today.</p></main><script src="${it.base}/banner.js"${only} async></script></body></html>`);
  });
  await new Promise((ready) => elsewhere.listen(0, "127.0.0.1", ready));
  const home = `http://127.0.0.1:${elsewhere.address().port}`;
  const opened = async (width, scheme, path = "/") => {
    const { context, tab } = await it.open({ viewport: { width, height: 740 }, colorScheme: scheme });
    tab.on("console", (message) => message.type() === "error" && it.faults.push(`console: ${message.text()}`));
    const heard = tab.waitForResponse(isBanner);
    await tab.goto(`${home}${path}`);
    const items = (await (await heard).json()).items;
    return { context, tab, items };
  };
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const { context, tab, items } = await opened(width, scheme);
      const title = items.find((item) => item.kind === "incident")?.title;
      it.check(title, "nothing is wrong in the demo: there is nothing to show");
      await tab.getByRole("status").getByText(title, { exact: true }).first().waitFor();
      await it.fits(tab, `the page at ${width}`);
      if (AXE_LOOKS.includes(`${width} ${scheme}`)) (await axeFaults(tab)).forEach((fault) => it.faults.push(`at ${width} ${scheme}: ${fault}`));
      await it.picture(tab, `banner-${width}-${scheme}`, false);
      await context.close();
    }
  }
  const { context, tab, items } = await opened(360, "light");
  const first = items.find((item) => item.kind === "incident");
  const link = tab.getByRole("link", { name: `More about: ${first.title}` }).first();
  const event = new URL(await link.getAttribute("href"));
  it.check(event.origin === it.base && event.pathname.endsWith(`/events/${first.id}`), "the link leads elsewhere");
  const before = await tab.getByRole("listitem").count();
  await tab.getByRole("button", { name: `Put away: ${first.title}` }).first().click();
  it.check((await tab.getByRole("listitem").count()) === before - 1, "it cannot be put away");
  const again = tab.waitForResponse(isBanner);
  await tab.reload();
  await again;
  await tab.waitForFunction(() => document.querySelector("forewarn-banner"));
  it.check((await tab.locator("forewarn-banner").getByRole("listitem").count()) <= before - 1, "it comes back though nothing was said");
  await context.close();
  const other = await opened(1440, "light", "/?services=no-such-service");
  it.check(await other.tab.locator("forewarn-banner").locator("ul").isHidden(), "it shows what touches no service of the page");
  await other.context.close();
  elsewhere.close();
});
