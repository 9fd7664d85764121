// Presses the button by which a browser is to show notices, keeps other choices, and ends it again; over the sample screens, with the server's part
// played. Chromium's own push service is Google's, which a test does not ask: in its place stands a subscription made in the page, with keys of the right
// kind. Pressed once without that stand-in, the page says that it did not work, and why.
//
//   node push.mjs --base URL --out DIR [--chromium PATH] [--no-pictures]
//
// Exit code 1 when the button does not do what it says.
import { generateKeyPairSync } from "node:crypto";
import { PHONE, walk } from "./walk.mjs";

/// Runs in the page before its scripts: a push service that is only there.
function standIn() {
  let kept = null;
  const made = async (options) => {
    const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
    const keys = { p256dh: await crypto.subtle.exportKey("raw", pair.publicKey), auth: crypto.getRandomValues(new Uint8Array(16)).buffer };
    return {
      endpoint: `https://fcm.googleapis.com/fcm/send/${crypto.randomUUID()}`, options: { applicationServerKey: options.applicationServerKey.buffer },
      getKey: (name) => keys[name], unsubscribe: async () => { kept = null; return true; },
    };
  };
  PushManager.prototype.subscribe = async (options) => (kept = await made(options));
  PushManager.prototype.getSubscription = async () => kept;
}

/// The server's key, as it gives it out: a point on the curve, which the browser checks.
function serverKey() {
  const { x, y } = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]).toString("base64url");
}

/// The subscribe page on a telephone, and what its script sends to the server.
async function opened(it, stub) {
  const { context, tab } = await it.open({ ...PHONE, permissions: ["notifications"] });
  const sent = [], key = serverKey();
  if (stub) await context.addInitScript(standIn);
  await context.route("**/subscribe/push**", async (route) => {
    const request = route.request();
    if (request.method() === "GET") return route.fulfill({ json: { key } });
    sent.push({ path: new URL(request.url()).pathname, body: request.postDataJSON() });
    return route.fulfill({ status: 204 });
  });
  await tab.goto(`${it.base}/status-subscribe.html`);
  const button = (name) => tab.locator(`[data-push=${name}]`);
  await button("on").waitFor();
  const says = (words) => tab.waitForFunction((words) => document.querySelector("[data-push=said]").textContent.includes(words), words);
  return { context, tab, sent, says, on: button("on"), off: button("off") };
}

await walk(async (it) => {
  const { context, tab, sent, says, on, off } = await opened(it, true);
  it.check((await on.innerText()) === "Show notices on this device" && !(await off.isVisible()), "the button does not say what it will do");
  await tab.locator("label.choice", { hasText: "Planned work" }).tap();
  await on.tap();
  await says("From now on this device shows what you chose.");
  const { path, body } = sent.pop();
  it.check(path === "/subscribe/push" && body.endpoint.startsWith("https://fcm.googleapis.com/"), `it sent ${JSON.stringify(body)} to ${path}`);
  it.check(Buffer.from(body.p256dh, "base64url").length === 65 && Buffer.from(body.auth, "base64url").length === 16, `its keys are ${body.p256dh} and ${body.auth}`);
  it.check(JSON.stringify(body.kinds) === '["maintenance"]', `it chose ${JSON.stringify(body.kinds)}`);
  it.check((await on.innerText()) === "Keep these choices for this device" && (await off.isVisible()), "it cannot be ended");
  await it.fits(tab, "the page");
  await it.picture(tab, "push-on");
  await off.tap();
  await says("This device shows no more notices.");
  it.check(JSON.stringify(sent.pop()) === JSON.stringify({ path: "/subscribe/push/end", body: { endpoint: body.endpoint } }), "the server was not told");
  it.check(!(await off.isVisible()), "it can be ended twice");
  await context.close();

  const real = await opened(it, false);
  await real.on.tap();
  await real.says(".");
  const refusal = await real.tab.locator("[data-push=said]").innerText();
  console.log(`without the stand-in: ${refusal}`);
  it.check(/^(That did not work\. |Your browser does not let )/.test(refusal) && real.sent.length === 0, `a refusal is told as "${refusal}"`);
  await it.picture(real.tab, "push-refused");
  await real.context.close();
});
