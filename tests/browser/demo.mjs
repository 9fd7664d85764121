// Walks through the demo's whole story in a real browser, as a newcomer would, and looks at the live pages on the way.
//
//   node demo.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when the story does not come to its end or a look finds a fault.
import { chromium } from "playwright-core";
import { mkdir } from "node:fs/promises";
import { lookAll } from "./look.mjs";

const found = { out: "pictures", chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", pictures: true };
const words = process.argv.slice(2);
for (let n = 0; n < words.length; n++) {
  if (words[n] === "--no-pictures") found.pictures = false;
  else found[words[n].slice(2)] = words[++n];
}

// What the story must have shown on the console's first page by its end.
const STATIONS = ["extends the work", "completes the work", "declares an incident", "The cause is found", "fix is in place", "is resolved", "finds a fault", "fix is out"];
const MOST_PRESSES = 80;

await mkdir(found.out, { recursive: true });
const browser = await chromium.launch({ executablePath: found.chromium, args: ["--no-sandbox"] });
const faults = [];
let looks = 0;

async function lookAt(context, stage, paths) {
  const cookies = await context.cookies(found.base);
  const session = cookies.find((cookie) => cookie.name === "forewarn_session") ?? cookies[0];
  const pages = paths.map((path) => ({ name: `live-${stage}${path.replace(/\W+/g, "-").replace(/-$/, "")}`, url: found.base + path }));
  const seen = await lookAll(browser, { ...found, cookie: `${session.name}=${session.value}` }, pages);
  looks += seen.looks;
  faults.push(...seen.faults);
}

const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const tab = await context.newPage();
tab.setDefaultTimeout(20_000);
tab.on("pageerror", (error) => faults.push(`script: ${error.message}`));
try {
  await tab.goto(`${found.base}/console`);
  await tab.getByLabel("Name").fill("demo");
  await tab.getByLabel("Password").fill("demo");
  await tab.getByRole("button", { name: "Sign in" }).click();
  await tab.waitForURL(`${found.base}/console`);
  await lookAt(context, "planned", ["/", "/console", "/console/maintenances", "/console/maintenances/MNT-1", "/console/notices", "/console/services", "/console/audiences"]);
  const reached = new Set();
  let told = "";
  for (let press = 0; press < MOST_PRESSES && reached.size < STATIONS.length; press++) {
    await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name: "Next notice" }).click()]);
    told = (await tab.getByRole("status").allInnerTexts()).join(" ").trim();
    console.log(`press ${press + 1}: ${told}`);
    for (const station of STATIONS.filter((s) => told.includes(s) && !reached.has(s))) {
      reached.add(station);
      if (station === "extends the work") await lookAt(context, "extended", ["/", "/console/maintenances/MNT-1"]);
      if (station === "The cause is found") await lookAt(context, "incident", ["/", "/console", "/console/incidents/INC-1", "/console/caught"]);
      if (station === "finds a fault") await lookAt(context, "fault", ["/", "/events/ADV-1", "/console/advisories/ADV-1"]);
    }
  }
  STATIONS.filter((s) => !reached.has(s)).forEach((s) => faults.push(`the story never came to "${s}"; the last word was "${told}"`));
  await tab.goto(`${found.base}/console/caught`);
  const first = await tab.locator("main a[href*='/console/caught/']").first().getAttribute("href");
  await lookAt(context, "end", ["/", "/history", "/calendar", "/console", "/console/incidents/INC-1", "/console/deliveries", "/console/journal", "/console/caught", first]);
} finally {
  await browser.close();
}
faults.forEach((fault) => console.log(fault));
console.log(`${looks} looks, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
