// Looks at pages in a real browser: pictures at 360 and 1280 pixels (some at 768 too), light and dark, and checks that nothing
// overflows, no text is cut off, axe-core finds nothing, the console is silent and nothing foreign is loaded.
//
//   node run.mjs --out DIR [--chromium PATH] [--cookie NAME=VALUE] [--only NAME] [--no-pictures] [--seen FILE] URL... | --list FILE --base URL
//
// --list names a file with one page a line, put between --base and .html as `examples/screens` writes them.
// --seen names a file of looks that were without fault; those of them that are the same to the byte are not looked at again.
// Exit code 1 when a check fails.
import { chromium } from "playwright-core";
import { mkdir, readFile } from "node:fs/promises";
import { lookAll } from "./look.mjs";
import { Seen } from "./seen.mjs";

function options(words) {
  const found = { out: "pictures", chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", pictures: true, urls: [] };
  for (let n = 0; n < words.length; n++) {
    const word = words[n];
    if (word === "--no-pictures") found.pictures = false;
    else if (word.startsWith("--")) found[word.slice(2)] = words[++n];
    else found.urls.push(word);
  }
  return found;
}

async function pages(found) {
  const named = found.list ? (await readFile(found.list, "utf8")).split("\n").filter(Boolean) : [];
  const listed = named.map((name) => ({ name, url: `${found.base}/${name}.html` }));
  const given = found.urls.map((url) => ({ name: url.replace(/^https?:\/\/[^/]+/, "").replace(/\W+/g, "-").replace(/^-|-$/g, "") || "index", url }));
  return [...listed, ...given].filter((page) => !found.only || page.name === found.only);
}

const found = options(process.argv.slice(2));
await mkdir(found.out, { recursive: true });
const browser = await chromium.launch({ executablePath: found.chromium, args: ["--no-sandbox"] });
let seen;
try {
  const before = found.seen && (await Seen.read(found.seen, browser));
  seen = await lookAll(browser, found, await pages(found), before);
  await before?.write();
  if (before?.skipped) console.log(`${before.skipped} looks are the same as before`);
} finally {
  await browser.close();
}
seen.faults.forEach((fault) => console.log(fault));
console.log(`${seen.looks} looks, ${seen.faults.length} faults`);
process.exit(seen.looks === 0 || seen.faults.length > 0 ? 1 : 0);
