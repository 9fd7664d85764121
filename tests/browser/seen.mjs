// Looks that were without fault before. A page that is the same to the byte, looked at by the same program in the same browser, looks the
// same: it needs no second look. Assets have their content in their names, so a page names what it is drawn with.
import { createHash } from "node:crypto";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

export class Seen {
  constructor(file, before, program) {
    Object.assign(this, { file, before, program, now: [], skipped: 0 });
  }

  /// What was without fault by the list in this file, which need not exist, where these programs look.
  static async read(file, browser, programs = ["look.mjs"]) {
    const before = await readFile(file, "utf8").catch(() => "");
    const sources = await Promise.all([...programs, "package-lock.json"].map((name) => readFile(join(here, name))));
    const program = createHash("sha256").update(browser.version());
    sources.forEach((source) => program.update(source));
    return new Seen(file, new Set(before.split("\n")), program.digest("hex"));
  }

  /// By what a page is known again, or a look at it that `how` tells apart from others.
  async key(url, how = "") {
    const page = await fetch(url);
    if (!page.ok) throw new Error(`${url}: ${page.status}`);
    return createHash("sha256").update(`${this.program} ${how}\n`).update(await page.text()).digest("hex");
  }

  /// Whether these looks were without fault, and their pictures are there.
  async has(key, pictures, looks = 1) {
    if (!this.before.has(key)) return false;
    const there = await Promise.all(pictures.map((picture) => access(picture).then(() => true, () => false)));
    if (there.includes(false)) return false;
    this.now.push(key);
    this.skipped += looks;
    return true;
  }

  add(key) { this.now.push(key); }

  async write() {
    await mkdir(dirname(this.file), { recursive: true });
    await writeFile(this.file, this.now.join("\n"));
  }
}
