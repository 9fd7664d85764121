// How somebody works a page. By keyboard alone: Tab to get there, Space, Enter, arrows and letters to do it, and at every stop it is seen where
// the focus is. Or by pointing, which also works where scripts are off.

/// Runs in the page: where the focus is, and whether that can be seen.
function stop(wanted) {
  const at = document.activeElement;
  const outlined = (el) => {
    const style = el && getComputedStyle(el);
    return Boolean(style) && (style.outlineStyle === "auto" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2));
  };
  const drawn = at.matches(".segments input") ? at.nextElementSibling : at;
  const box = drawn.getBoundingClientRect();
  const inside = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]].map(([x, y]) => document.elementFromPoint(box.x + box.width * x, box.y + box.height * y));
  const isShown = inside.some((el) => el && (el === drawn || el === at || drawn.contains(el) || el.contains(drawn)));
  const shape = at.querySelector(".box");
  return {
    there: at === wanted || (at.type === "radio" && at.name === wanted.name && at.form === wanted.form),
    lost: at === document.body,
    // Inside a frame the browser says where the focus is: a page is not told.
    marked: at.tagName === "IFRAME" || outlined(drawn) || Boolean(shape && parseFloat(getComputedStyle(shape).strokeWidth) >= 3),
    shown: isShown,
    name: `${at.tagName.toLowerCase()} "${(at.getAttribute("aria-label") ?? at.getAttribute("name") ?? at.textContent ?? "").trim().slice(0, 40)}"`,
  };
}

const MOST_STOPS = 250;

export class Keyboard {
  stops = 0;

  constructor(tab, fault) {
    Object.assign(this, { tab, fault });
  }

  /// Tabs on until the focus is there.
  async to(target) {
    const wanted = await target.elementHandle();
    for (let n = 0; n < MOST_STOPS; n++) {
      await this.tab.keyboard.press("Tab");
      const at = await this.tab.evaluate(stop, wanted);
      if (at.lost) continue; // past the end of the page, and on from its beginning
      this.stops++;
      const where = new URL(this.tab.url()).pathname;
      if (!at.marked) this.fault(`${where}: the focus on ${at.name} is not seen`);
      if (!at.shown) this.fault(`${where}: something lies over ${at.name}, which has the focus`);
      if (at.there) return;
    }
    throw new Error(`${await target.evaluate((el) => el.outerHTML.slice(0, 120))} cannot be reached by Tab at ${this.tab.url()}`);
  }

  async fill(target, text) {
    await this.to(target);
    await this.tab.keyboard.press("Control+a");
    await this.tab.keyboard.type(text);
  }

  /// A date and time, as its parts: the field goes from one to the next by itself, but after the year.
  async fillTime(target, { month, day, year, hour, minute, half }) {
    await this.to(target);
    await this.tab.keyboard.type(`${month}${day}${year}`);
    await this.tab.keyboard.press("ArrowRight");
    await this.tab.keyboard.type(`${hour}${minute}${half}`);
  }

  async check(target) {
    await this.to(target);
    await this.tab.keyboard.press("Space");
  }

  /// One of several, by arrows.
  async pick(target) {
    await this.to(target);
    for (let n = 0; n < 12 && !(await target.isChecked()); n++) await this.tab.keyboard.press("ArrowRight");
  }

  async select(target, value) {
    await this.to(target);
    await this.tab.keyboard.press("Home");
    for (let n = 0; n < 60 && (await target.inputValue()) !== value; n++) await this.tab.keyboard.press("ArrowDown");
  }

  /// Opens what is folded.
  async unfold(target) {
    await this.to(target);
    await this.tab.keyboard.press("Enter");
  }

  /// A button or a link that leads on.
  async press(target) {
    await this.to(target);
    await Promise.all([this.tab.waitForNavigation(), this.tab.keyboard.press("Enter")]);
  }
}

export class Pointer {
  stops = 0;

  constructor(tab) {
    this.tab = tab;
  }

  async fill(target, text) { await target.fill(text); }

  async fillTime(target, { month, day, year, hour, minute, half }) {
    const hours = (Number(hour) % 12) + (half === "PM" ? 12 : 0);
    await target.fill(`${year}-${month}-${day}T${String(hours).padStart(2, "0")}:${minute}`);
  }

  async check(target) { await target.locator("xpath=ancestor::label").click(); }

  async pick(target) { await target.locator("xpath=ancestor::label").click(); }

  async select(target, value) { await target.selectOption(value); }

  async unfold(target) { await target.click(); }

  async press(target) { await Promise.all([this.tab.waitForNavigation(), target.click()]); }
}
