// A banner for other people's pages: what is wrong now and what is planned soon, from the status page that this script comes from.
//
//   <script src="https://status.example.org/banner.js" async></script>
//
//   data-services="portal,mail"   only what touches one of these services
//   data-ahead="24"               planned work from so many hours before its start; 0: only while it goes on
//   data-into="#notices"          at the beginning of this element; else of the page
//   data-lang="de"                in this language; else in that of the page
//
// It sets no cookie, sends nothing, and writes text only. Its style stays its own (shadow root), and asks for no exception from the
// page's Content-Security-Policy but this host in script-src and connect-src.
(() => {
  "use strict";
  const me = document.currentScript;
  if (!me || !("attachShadow" in Element.prototype)) return;
  const home = new URL(".", me.src);
  const wanted = (me.dataset.services || "").split(",").map((s) => s.trim()).filter(Boolean);
  const ahead = (Number.parseFloat(me.dataset.ahead ?? "24") || 0) * 3_600_000;
  const lang = me.dataset.lang || document.documentElement.lang;
  const EVERY = 60_000;
  const STYLE = `
    :host { all: initial; display: block; font: 400 1rem/1.45 system-ui, sans-serif; }
    [hidden] { display: none; }
    ul { list-style: none; margin: 0; padding: 0; }
    li { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; padding: .6rem 1rem; color: #1d2433; background: #e8ecfb; border-inline-start: 6px solid #3544a5; }
    li.down { background: #fde8e6; border-color: #b3261e; }
    li.slow { background: #fdf1d8; border-color: #8a5a00; }
    li + li { border-block-start: 1px solid #0003; }
    p { margin: 0; flex: 1 1 18rem; overflow-wrap: anywhere; }
    b { font-weight: 650; }
    span { display: block; }
    a { color: inherit; font-weight: 600; }
    button { font: inherit; color: inherit; background: none; border: 1px solid currentColor; border-radius: .4rem; min-width: 2.75rem; min-height: 2.75rem; cursor: pointer; }
    a:focus-visible, button:focus-visible { outline: 3px solid #3544a5; outline-offset: 2px; }
    @media (prefers-color-scheme: dark) {
      li { color: #eef0f6; background: #232a4a; border-color: #9aa8ff; }
      li.down { background: #4a1f1c; border-color: #ff8a80; }
      li.slow { background: #43330f; border-color: #ffc85c; }
      a:focus-visible, button:focus-visible { outline-color: #9aa8ff; }
    }`;

  const host = document.createElement("forewarn-banner");
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
  root.adoptedStyleSheets = [style];
  const status = document.createElement("div");
  status.setAttribute("role", "status");
  const list = document.createElement("ul");
  status.append(list);
  root.append(status);

  const put = (tag, text, into) => {
    const element = document.createElement(tag);
    element.textContent = text;
    into.append(element);
    return element;
  };

  // What somebody has put away stays away until something new is said of it.
  const KEY = "forewarn-banner";
  const away = () => {
    try { return JSON.parse(sessionStorage.getItem(KEY)) || {}; } catch { return {}; }
  };
  const putAway = (item) => {
    try { sessionStorage.setItem(KEY, JSON.stringify({ ...away(), [item.id]: item.said_at })); } catch { /* it comes back */ }
  };

  const moment = (text) => new Date(text).toLocaleString(last.language && `${last.language}-u-nu-latn`, { weekday: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

  const isMeant = (item, now) => {
    const touches = wanted.length === 0 || item.services.some((id) => wanted.includes(id));
    const soon = !item.starts || Date.parse(item.starts) - now <= ahead;
    const over = item.ends && item.kind === "maintenance" && !item.started && Date.parse(item.ends) < now;
    return touches && soon && !over && away()[item.id] !== item.said_at;
  };

  function show({ items = [], words = {}, events, direction }) {
    const now = Date.now();
    list.dir = direction;
    list.replaceChildren();
    for (const item of items.filter((item) => isMeant(item, now))) {
      const row = put("li", "", list);
      row.className = item.tone;
      const said = put("p", "", row);
      put("b", item.title, said);
      if (item.text) put("span", item.text, said);
      if (item.starts && item.ends) put("span", `${moment(item.starts)} – ${moment(item.ends)}`, said);
      if (item.next_update) put("span", `${words.next} ${moment(item.next_update)}`, said);
      const link = put("a", words.more, row);
      link.href = new URL(events + encodeURIComponent(item.id), home).href;
      link.setAttribute("aria-label", `${words.more_about} ${item.title}`);
      const close = put("button", "✕", row);
      close.type = "button";
      close.setAttribute("aria-label", `${words.put_away} ${item.title}`);
      close.addEventListener("click", () => { putAway(item); show(last); });
    }
    list.hidden = list.childElementCount === 0;
  }

  let last = {};
  async function look() {
    if (document.visibilityState === "hidden") return;
    try {
      const answer = await fetch(new URL(`banner.json?lang=${encodeURIComponent(lang)}`, home), { credentials: "omit", referrerPolicy: "no-referrer" });
      if (answer.ok) last = await answer.json();
    } catch { /* what was last heard stays */ }
    show(last);
  }

  const place = me.dataset.into && document.querySelector(me.dataset.into);
  (place || document.body).prepend(host);
  list.hidden = true;
  look();
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
