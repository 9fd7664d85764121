// Forewarn: what pages gain from a script. Everything works without it.
(function () {
  "use strict";
  // A page may say what time it is (the demo's clock can be moved); otherwise the reader's clock counts.
  var said = Date.parse(document.documentElement.getAttribute("data-now") || "");
  var shift = isNaN(said) ? 0 : said - Date.now();
  function now() { return Date.now() + shift; }

  function length(ms) {
    var s = Math.round(Math.abs(ms) / 1000), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
    if (d > 1) return d + " days" + (h % 24 && d < 10 ? " " + (h % 24) + " h" : "");
    if (h > 0) return h + " h" + (m % 60 ? " " + (m % 60) + " min" : "");
    if (m > 4) return m + " min";
    if (m > 0) return m + " min " + (s % 60) + " s";
    return s + " s";
  }

  function tick() {
    document.querySelectorAll("[data-until]").forEach(function (clock) {
      var left = Date.parse(clock.getAttribute("data-until")) - now();
      clock.textContent = left >= 0 ? "in " + length(left) : length(left) + " ago";
      clock.classList.toggle("soon", left >= 0 && left < 15 * 60000);
      clock.classList.toggle("late", left < 0);
    });
  }
  tick();
  if (document.querySelector("[data-until], [data-fresh]")) setInterval(tick, 1000);
  document.addEventListener("forewarn:fresh", tick);

  // Public pages are made again every hour at least. An old one is a copy that nobody renews: whoever reads it is told.
  var made = document.querySelector(".colophon time"), main = document.getElementById("content");
  var age = made && main ? now() - Date.parse(made.getAttribute("datetime")) : 0;
  if (age > 2 * 3600000) {
    var old = document.createElement("p");
    old.className = "note";
    old.textContent = "This page was made " + length(age) + " ago. What it says may have changed since.";
    main.prepend(old);
  }

  // What can be undone, until it cannot.
  document.querySelectorAll("[data-undo]").forEach(function (card) {
    setTimeout(function () {
      var said = document.createElement("p");
      said.setAttribute("role", "status");
      said.textContent = "It goes out now.";
      card.replaceChildren(said);
    }, Math.max(0, Date.parse(card.getAttribute("data-undo")) - now()));
  });

  // Two who write see each other: what is typed is kept for a while, and who else is writing is shown.
  var form = document.querySelector("form[data-draft]");
  if (form && window.fetch) {
    var field = form.elements.text, list = form.querySelector("[data-writing]"), kept = field.value, away = false;
    function look() {
      if (away || document.hidden) return;
      var at = form.getAttribute("data-draft"), options = {};
      var typed = field.value;
      if (typed !== kept) options = { method: "POST", body: new URLSearchParams({ csrf: form.elements.csrf.value, text: typed }) };
      fetch(at, options).then(function (answer) { return answer.ok ? answer.json() : Promise.reject(answer.status); }).then(function (said) {
        // Only what the server has is kept: while it is away, it is tried again.
        kept = typed;
        list.replaceChildren.apply(list, said.writing.map(function (who) {
          var line = document.createElement("li");
          line.textContent = who;
          return line;
        }));
      }).catch(function () {});
    }
    form.addEventListener("submit", function () { away = true; });
    setInterval(look, 5000);
  }

  // What would go out is shown while it is written, a moment after the last key.
  var writer = form || document.querySelector("form[data-live]");
  var shown = document.querySelector("[data-preview]"), button = writer && writer.querySelector("[formaction$='/preview']"), pause, turn = 0;
  if (shown && button && window.fetch && window.DOMParser) {
    var show = function () {
      var mine = ++turn;
      fetch(button.formAction, { method: "POST", body: new URLSearchParams(new FormData(writer)) }).then(function (answer) { return answer.text(); }).then(function (text) {
        var found = new DOMParser().parseFromString(text, "text/html").getElementById("preview");
        // An answer that was overtaken by a newer one is old news.
        if (found && mine === turn) shown.replaceChildren(document.importNode(found, true));
      }).catch(function () {});
    };
    writer.addEventListener("input", function () { clearTimeout(pause); pause = setTimeout(show, 600); });
  }

  // The cards for an outage are kept by this browser, for the hour in which the server cannot be reached.
  var keeper = document.documentElement.getAttribute("data-keeper");
  if (keeper && "serviceWorker" in navigator) {
    navigator.serviceWorker.register(keeper, { scope: "/console" }).then(function () {
      return navigator.serviceWorker.ready;
    }).then(function (registered) { registered.active.postMessage("keep"); }).catch(function () {});
  }

  // The reader's own clock, where it differs from the ones that the page shows.
  var whole = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  document.querySelectorAll("[data-own]").forEach(function (clocks) {
    // Without a second time the first stands alone: an empty text is no date, while null would be 1970.
    var from = new Date(clocks.getAttribute("data-own")), to = new Date(clocks.getAttribute("data-end") || "");
    var offset = -from.getTimezoneOffset();
    if (isNaN(from) || offset === 0 || offset === Number(clocks.getAttribute("data-shown"))) return;
    var own = document.createElement("span");
    own.textContent = from.toLocaleString([], whole) + (isNaN(to) ? "" : " to " + to.toLocaleString([], whole)) + " on your clock";
    clocks.append(own);
  });
})();
