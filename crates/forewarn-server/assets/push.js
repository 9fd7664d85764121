// The part of the subscribe page that asks this browser to show notices. Without a script, or in a browser that cannot, it stays
// hidden, and people subscribe by mail. Nothing is asked before somebody presses the button.
(() => {
  "use strict";
  const part = document.getElementById("push");
  if (!part || !("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
  const [on, off, said] = ["on", "off", "said"].map((name) => part.querySelector(`[data-push="${name}"]`));
  const form = document.querySelector("form");
  const { at, worker, lang } = part.dataset;
  const [show_it, keep_it, refused, begun, ended, failed] = part.dataset.words.split("|");
  const say = (text) => { said.textContent = text; };

  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const bytes = (key) => Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const post = async (path, body) => {
    const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (answer.ok) return;
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail || problem.title || `the server answers ${answer.status}`);
  };

  // What is chosen above, as the form would send it.
  const chosen = () => {
    const fields = new FormData(form);
    const body = { services: fields.getAll("services"), kinds: fields.getAll("kinds") };
    if (lang) body.language = lang;
    const zone = (fields.get("time_zone") || "").trim();
    return zone ? { ...body, time_zone: zone } : body;
  };

  const known = async () => (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription();

  async function show() {
    const subscribed = Boolean(await known());
    on.textContent = subscribed ? keep_it : show_it;
    off.hidden = !subscribed;
    part.hidden = false;
  }

  async function begin() {
    if (await Notification.requestPermission() !== "granted") {
      say(refused);
      return;
    }
    const { key } = await (await fetch(at)).json();
    const registration = await navigator.serviceWorker.register(worker);
    await navigator.serviceWorker.ready;
    const wanted = { userVisibleOnly: true, applicationServerKey: bytes(key) };
    const before = await registration.pushManager.getSubscription();
    // A page that was set up anew has another key; what was subscribed with the old one is no use.
    if (before && text(before.options.applicationServerKey) !== key) await before.unsubscribe();
    const subscription = await registration.pushManager.subscribe(wanted);
    const [p256dh, auth] = ["p256dh", "auth"].map((name) => text(subscription.getKey(name)));
    try {
      await post(at, { endpoint: subscription.endpoint, p256dh, auth, ...chosen() });
    } catch (problem) {
      await subscription.unsubscribe();
      throw problem;
    }
    say(begun);
  }

  async function end() {
    const subscription = await known();
    if (subscription) {
      await post(`${at}/end`, { endpoint: subscription.endpoint });
      await subscription.unsubscribe();
    }
    say(ended);
  }

  const press = (button, act) => button.addEventListener("click", async () => {
    on.disabled = off.disabled = true;
    say("");
    // Browsers and programs say what went wrong in a language of their own: that is for whoever looks into it.
    try { await act(); } catch (problem) { console.warn(problem); say(failed); }
    on.disabled = off.disabled = false;
    await show();
  });
  press(on, begin);
  press(off, end);
  show().catch(() => { /* it stays hidden */ });
})();
