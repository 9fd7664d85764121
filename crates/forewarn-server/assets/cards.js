// Forewarn: keeps the cards for an outage in the browser, for the hour in which the server cannot be reached. It runs beside the
// console's pages, answers only when the server does not, and forgets all of it when somebody signs out.
"use strict";
const KEPT = "forewarn-cards";
const LIST = "/console/cards";
const ALL = "/console/cards.json";
const SIGN_OUT = "/console/sign-out";
// A server that takes longer is away, for whoever needs a card now.
const PATIENCE = 5000;
// All cards are fetched again at most this often; the one that is opened, every time.
const REST = 10 * 60 * 1000;
let keptAt = 0;
// Grows when somebody signs out: what was on its way then is not kept.
let epoch = 0;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(keepAll());
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.method === "POST" && pathname === SIGN_OUT) {
    event.respondWith(forget().then(() => fetch(request)));
    return;
  }
  if (request.method !== "GET" || request.destination !== "document") return;
  const isCard = pathname === LIST || /^\/console\/services\/[^/]+\/card$/.test(pathname);
  event.respondWith(isCard ? card(event, pathname) : page(event));
});

async function forget() {
  epoch++;
  keptAt = 0;
  await caches.delete(KEPT);
}

// A card or their list: as the server has it, else as it was kept.
async function card(event, path) {
  const now = epoch, kept = await find(path);
  try {
    const answer = await within(fetch(event.request), kept ? PATIENCE : 60000);
    if (answer.status >= 502 && answer.status <= 504 && kept) return copy(kept);
    if (answer.ok) {
      const own = answer.clone();
      event.waitUntil(keep(path, own, now).then(keepAll));
    }
    return answer;
  } catch (problem) {
    if (kept) return copy(kept);
    throw problem;
  }
}

// Any other page of the console: without the server, the list of cards is what there is.
async function page(event) {
  try {
    return await fetch(event.request);
  } catch (problem) {
    const kept = await find(LIST);
    if (kept) return copy(kept);
    throw problem;
  }
}

async function find(path) {
  return (await caches.has(KEPT)) ? (await caches.open(KEPT)).match(path) : undefined;
}

function within(answer, patience) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the server does not answer")), patience);
    answer.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

async function keep(path, answer, then) {
  if (answer.redirected || !answer.headers.has("forewarn-made")) return;
  const text = await answer.text();
  if (then === epoch) await put(await caches.open(KEPT), path, text, answer.headers, then);
}

async function put(cache, path, text, headers, then) {
  const kept = {};
  for (const name of ["content-type", "content-security-policy", "forewarn-made"]) kept[name] = headers.get(name) ?? "";
  await cache.put(path, new Response(text, { headers: kept }));
  if (then !== epoch) await caches.delete(KEPT);
}

// Every card that whoever is signed in may see, and no other.
async function keepAll() {
  if (Date.now() - keptAt < REST) return;
  const then = epoch, before = keptAt;
  keptAt = Date.now();
  try {
    const answer = await fetch(ALL);
    if (!answer.ok || answer.redirected) throw new Error("not signed in");
    const { made, policy, cards } = await answer.json();
    const headers = new Headers({ "content-type": "text/html; charset=utf-8", "content-security-policy": policy, "forewarn-made": made });
    if (then !== epoch) return;
    const cache = await caches.open(KEPT);
    const paths = new Set(cards.map((card) => card.path));
    for (const { path, html } of cards) await put(cache, path, html, headers, then);
    for (const request of await cache.keys()) {
      if (!paths.has(new URL(request.url).pathname)) await cache.delete(request);
    }
    if (then !== epoch) await caches.delete(KEPT);
  } catch {
    if (then === epoch) keptAt = before;
  }
}

// What was kept, and that it is no more than that.
async function copy(kept) {
  const safe = (text) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const said = `<p class="copy" role="status">Copy of ${safe(kept.headers.get("forewarn-made") ?? "")}; the server cannot be reached.</p>`;
  const text = await kept.text();
  return new Response(text.replace("<main>", () => `<main>\n${said}`), { headers: kept.headers });
}
