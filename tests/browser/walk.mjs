// What every walk has in common: the browser, what is checked, signing in, and the last line that says how many looks there were.
import { chromium } from "playwright-core";
import { mkdir } from "node:fs/promises";
import { lookAll } from "./look.mjs";

/// A telephone in somebody's hand.
export const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

/// `--base URL --out DIR [--chromium PATH] [--no-pictures]`, and what else a walk is told.
export function options(words) {
  const found = { out: "pictures", chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", pictures: true, urls: [] };
  for (let n = 0; n < words.length; n++) {
    const word = words[n];
    if (word === "--no-pictures") found.pictures = false;
    else if (word.startsWith("--")) found[word.slice(2)] = words[++n];
    else found.urls.push(word);
  }
  return found;
}

/// One walk: a browser, and what was found on the way.
export class Walk {
  faults = [];
  looks = 0;

  constructor(found, browser) {
    Object.assign(this, { found, browser, base: found.base });
  }

  check(is, words) {
    this.looks++;
    if (!is) this.faults.push(words);
  }

  /// A tab of its own, from which scripts that fail are told.
  async open(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...options });
    const tab = await context.newPage();
    tab.setDefaultTimeout(40_000);
    tab.on("pageerror", (error) => this.faults.push(`script: ${error.message}`));
    return { context, tab };
  }

  /// The same, signed in to the demo.
  async signedIn(options = {}, base = this.base) {
    const { context, tab } = await this.open(options);
    await tab.goto(`${base}/console/sign-in`);
    await tab.getByLabel("Name").fill("demo");
    await tab.getByLabel("Password").fill("demo");
    await Promise.all([tab.waitForURL(`${base}/console`), tab.getByRole("button", { name: "Sign in" }).click()]);
    return { context, tab };
  }

  /// Declares an incident and answers with where it stands.
  async declared(tab) {
    await tab.goto(`${this.base}/console/incidents/new`);
    await tab.locator("main fieldset fieldset").first().locator("label", { hasText: "Down" }).click();
    await Promise.all([tab.waitForURL(/\/console\/incidents\/INC-\d+$/), tab.getByRole("button", { name: "Declare and tell people" }).click()]);
    return tab.url();
  }

  /// Presses a button that leads on.
  async press(tab, name) {
    await Promise.all([tab.waitForNavigation(), tab.getByRole("button", { name }).first().click()]);
  }

  /// What the page says of what was just done.
  async said(tab) {
    return (await tab.getByRole("status").allInnerTexts()).join(" ").trim();
  }

  async fits(tab, what) {
    this.check(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} is wider than the window`);
  }

  async picture(tab, name, fullPage = true) {
    if (this.found.pictures) await tab.screenshot({ path: `${this.found.out}/${name}.jpg`, type: "jpeg", quality: 80, fullPage });
  }

  /// Looks at pages of the server as somebody who is signed in there.
  async lookAt(context, stage, urls) {
    const pages = urls.map((url) => {
      const whole = new URL(url, this.base);
      return { name: `live-${stage}${whole.pathname.replace(/\W+/g, "-").replace(/-$/, "")}`, url: whole.href };
    });
    const seen = await lookAll(this.browser, this.found, pages, { cookies: await context.cookies(this.base) });
    this.looks += seen.looks;
    this.faults.push(...seen.faults);
  }
}

/// Runs a walk to its end. Exit code 1 when it finds a fault, looks at nothing, or stops.
export async function walk(story) {
  const found = options(process.argv.slice(2));
  await mkdir(found.out, { recursive: true });
  const browser = await chromium.launch({ executablePath: found.chromium, args: ["--no-sandbox"] });
  const it = new Walk(found, browser);
  try {
    await story(it);
  } catch (problem) {
    it.faults.push(`it stopped: ${problem}`);
  } finally {
    await browser.close();
  }
  it.faults.forEach((fault) => console.log(fault));
  console.log(`${it.looks} looks, ${it.faults.length} faults`);
  process.exit(it.looks === 0 || it.faults.length > 0 ? 1 : 0);
}
