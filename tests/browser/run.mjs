// Looks at pages in a real browser, with pictures of each at every width, light and dark.
//
//   node run.mjs --out DIR [--chromium PATH] [--only NAME] [--no-pictures] [--seen FILE] URL... | --list FILE --base URL
//
// --list names a file with one page a line, put between --base and .html as `examples/screens` writes them.
// --seen names a file of pages that were without fault; those of them that are the same to the byte are not looked at again.
import { readFile } from "node:fs/promises";
import { lookAll } from "./look.mjs";
import { Seen } from "./seen.mjs";
import { walk } from "./walk.mjs";

async function pages(found) {
  const named = found.list ? (await readFile(found.list, "utf8")).split("\n").filter(Boolean) : [];
  const listed = named.map((name) => ({ name, url: `${found.base}/${name}.html` }));
  const given = found.urls.map((url) => ({ name: url.replace(/^https?:\/\/[^/]+/, "").replace(/\W+/g, "-").replace(/^-|-$/g, "") || "index", url }));
  return [...listed, ...given].filter((page) => !found.only || new RegExp(found.only).test(page.name));
}

await walk(async (it) => {
  const before = it.found.seen && (await Seen.read(it.found.seen, it.browser));
  const seen = await lookAll(it.browser, it.found, await pages(it.found), { before });
  it.looks += seen.looks;
  it.faults.push(...seen.faults);
  await before?.write();
  if (before?.skipped) console.log(`${before.skipped} looks are the same as before`);
});
