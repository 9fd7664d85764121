// Forewarn: what pages gain from a script. Everything works without it.
(function () {
  "use strict";
  // A page may say what time it is (the demo's clock can be moved); otherwise the reader's clock counts.
  var said = Date.parse(document.documentElement.getAttribute("data-now") || "");
  var shift = isNaN(said) ? 0 : said - Date.now();
  function now() { return Date.now() + shift; }

  // A page in another language than English says what the script is to say, and the browser knows that language's units.
  var root = document.documentElement, own = root.getAttribute("data-words"), tongue = own ? [root.lang + "-u-nu-latn"] : [];
  var words = (own || "in {}|{} ago|This page was made {} ago. What it says may have changed since.| to |{} on your clock").split("|");
  var names = { day: " days", hour: " h", minute: " min", second: " s" };
  function unit(n, name) {
    return own ? new Intl.NumberFormat(tongue, { style: "unit", unit: name, unitDisplay: "short" }).format(n) : n + names[name];
  }

  function length(ms) {
    var s = Math.round(Math.abs(ms) / 1000), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
    if (d > 1) return unit(d, "day") + (h % 24 && d < 10 ? " " + unit(h % 24, "hour") : "");
    if (h > 0) return unit(h, "hour") + (m % 60 ? " " + unit(m % 60, "minute") : "");
    if (m > 4) return unit(m, "minute");
    if (m > 0) return unit(m, "minute") + " " + unit(s % 60, "second");
    return unit(s, "second");
  }

  function tick() {
    document.querySelectorAll("[data-until]").forEach(function (clock) {
      var left = Date.parse(clock.getAttribute("data-until")) - now();
      clock.textContent = words[left >= 0 ? 0 : 1].replace("{}", length(left));
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
    old.textContent = words[2].replace("{}", length(age));
    main.prepend(old);
  }

  // A form that was sent says so until the answer comes, and is not sent twice. What no answer came to can be sent again.
  var WAITS = 20000;
  function rest(form) {
    form.removeAttribute("aria-busy");
    form.querySelectorAll(".busy").forEach(free);
    if (form.id) document.querySelectorAll(".busy[form='" + form.id + "']").forEach(free);
  }
  function free(button) {
    button.classList.remove("busy");
    if (button.hasAttribute("data-rest")) button.textContent = button.getAttribute("data-rest");
  }
  document.addEventListener("submit", function (event) {
    var form = event.target, button = event.submitter, word;
    if (event.defaultPrevented || form.hasAttribute("data-download")) return;
    if (form.getAttribute("aria-busy")) { event.preventDefault(); return; }
    form.setAttribute("aria-busy", "true");
    setTimeout(rest, WAITS, form);
    if (!button || !button.classList.contains("button")) return;
    button.classList.add("busy");
    word = button.getAttribute("data-busy") || document.documentElement.getAttribute("data-busy");
    if (!word) return;
    button.setAttribute("data-rest", button.textContent);
    button.textContent = word;
  });
  // Whoever comes back finds the page as the browser kept it.
  window.addEventListener("pageshow", function () { document.querySelectorAll("form[aria-busy]").forEach(rest); });

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
  var shown = document.querySelector("[data-preview]"), button = writer && Array.prototype.filter.call(writer.elements, function (one) { return /\/preview$/.test(one.getAttribute("formaction")); })[0], pause, turn = 0;
  if (shown && button && window.fetch && window.DOMParser) {
    var show = function () {
      var mine = ++turn;
      fetch(button.formAction, { method: "POST", body: new URLSearchParams(new FormData(writer)) }).then(function (answer) { return answer.text(); }).then(function (text) {
        var found = new DOMParser().parseFromString(text, "text/html").getElementById("preview");
        // An answer that was overtaken by a newer one is old news.
        if (!found || mine !== turn) return;
        shown.replaceChildren(document.importNode(found, true));
        document.dispatchEvent(new Event("forewarn:shown"));
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
    var line = document.createElement("span");
    line.textContent = words[4].replace("{}", from.toLocaleString(tongue, whole) + (isNaN(to) ? "" : words[3] + to.toLocaleString(tongue, whole)));
    clocks.append(line);
  });
})();
