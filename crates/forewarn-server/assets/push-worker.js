// Shows what the status page sends to this browser (Web Push). It stores nothing and reads no page.
"use strict";

self.addEventListener("push", (event) => {
  let said = {};
  try { said = event.data.json(); } catch { /* what cannot be read is still a sign that there is something */ }
  event.waitUntil(self.registration.showNotification(said.title || "There is news", {
    body: said.body || "",
    lang: said.lang || "",
    // A newer one of the same event takes the older one's place, and makes itself heard.
    tag: said.tag || "news",
    renotify: true,
    data: { url: said.url || "/" },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const home = self.location.origin;
  let to = new URL(event.notification.data.url, home);
  if (to.origin !== home) to = new URL("/", home);
  event.waitUntil(self.clients.openWindow(to));
});
