// Forewarn's console: what its pages gain from a script. Everything works without it.
(function () {
  "use strict";
  var page = document, keep = { get: function () { return null; }, set: function () {} };
  try {
    var box = window.localStorage;
    keep = { get: function (name) { return box.getItem(name); }, set: function (name, value) { box.setItem(name, value); } };
  } catch (refused) { /* A browser may keep nothing: then each page begins anew. */ }

  function made(name, text, kind) {
    var it = page.createElement(name);
    if (text) it.textContent = text;
    if (kind) it.className = kind;
    return it;
  }
  function said(link) { return (link.getAttribute("aria-label") || link.textContent).replace(/\s+/g, " ").trim(); }
  function all(what) { return Array.prototype.slice.call(page.querySelectorAll(what)); }
  // Entries of the navigation stand twice in a page, for wide and for narrow windows.
  function places() { return all(".side nav a"); }
  function acts() { return all("main [data-key]"); }

  /* The palette: everywhere one can go, what this page can do, and what a search finds. */
  var palette, field, list, pause, turn = 0;
  function entry(link, under, act) {
    var item = made("li"), go = made("a");
    go.href = link.getAttribute("href") || "#";
    go.append(made("span", said(link)));
    if (under) go.append(made("span", under, "quiet"));
    if (act) go.addEventListener("click", function (event) { event.preventDefault(); palette.close(); link.click(); });
    item.append(go);
    return item;
  }
  function show(found) {
    var words = field.value.trim().toLowerCase();
    var fits = function (link) { return said(link).toLowerCase().indexOf(words) >= 0; };
    var items = acts().filter(fits).map(function (link) { return entry(link, "on this page", true); });
    items = items.concat(places().filter(fits).map(function (link) { return entry(link, "go to", false); }));
    list.replaceChildren.apply(list, items.concat(found || []));
    if (!list.firstChild) list.append(made("li", "Nothing fits", "quiet"));
  }
  function search() {
    var words = field.value.trim(), mine = ++turn;
    show();
    clearTimeout(pause);
    if (words.length < 2 || !window.fetch || !window.DOMParser) return;
    pause = setTimeout(function () {
      fetch("/console/search?q=" + encodeURIComponent(words)).then(function (answer) { return answer.text(); }).then(function (text) {
        if (mine !== turn) return;
        var answer = new DOMParser().parseFromString(text, "text/html");
        show(Array.prototype.map.call(answer.querySelectorAll("#found li a"), function (link) {
          var under = link.parentNode.querySelector(".quiet");
          return entry(link, under ? said(under) : "", false);
        }));
      }).catch(function () {});
    }, 200);
  }
  function step(event) {
    var links = Array.prototype.slice.call(list.querySelectorAll("a")), at = links.indexOf(page.activeElement);
    if (event.key === "Enter" && at < 0 && links[0]) { event.preventDefault(); links[0].click(); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      var next = at + (event.key === "ArrowDown" ? 1 : -1);
      (links[next] || field).focus();
    }
  }
  function dialog(name) {
    var it = made("dialog", "", "over");
    it.setAttribute("aria-label", name);
    // A press beside it closes it, as people expect.
    it.addEventListener("click", function (event) { if (event.target === it) it.close(); });
    page.body.append(it);
    return it;
  }
  function open() {
    if (!palette) {
      palette = dialog("Go to, do or find");
      field = made("input");
      field.type = "search";
      field.placeholder = "Go to, do or find";
      field.setAttribute("aria-label", "Go to, do or find");
      list = made("ul");
      palette.append(field, list);
      field.addEventListener("input", search);
      palette.addEventListener("keydown", step);
    }
    field.value = "";
    show();
    palette.showModal();
    field.focus();
  }

  /* Single keys, which can be turned off (WCAG 2.2, 2.1.4): voice and trembling hands press them unmeant. */
  var help, waits = false;
  function on() { return keep.get("forewarn-keys") !== "off"; }
  function row(keys, words) {
    var line = made("div"), term = made("dt"), meaning = made("dd", words);
    keys.split(" ").forEach(function (key) { term.append(made("kbd", key)); });
    line.append(term, meaning);
    return line;
  }
  function explain() {
    if (help) help.remove();
    help = dialog("Keys");
    var keys = made("dl", "", "keys"), choice = made("label", "", "choice"), box = made("input"), close = made("button", "Close", "button");
    keys.append(row("Ctrl K", "Go to, do or find anything"), row("/", "Search"), row("?", "This list"));
    acts().forEach(function (link) { keys.append(row(link.getAttribute("data-key"), said(link))); });
    places().forEach(function (link) { if (link.hasAttribute("data-go")) keys.append(row("g " + link.getAttribute("data-go"), said(link))); });
    box.type = "checkbox";
    box.checked = on();
    box.addEventListener("change", function () { keep.set("forewarn-keys", box.checked ? "on" : "off"); });
    choice.append(box, made("span", "Single keys work. Ctrl K always does."));
    close.addEventListener("click", function () { help.close(); });
    help.append(made("h2", "Keys"), choice, keys, close);
    help.showModal();
  }
  page.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette && palette.open) palette.close(); else open();
      return;
    }
    var writes = event.target.closest && event.target.closest("input, textarea, select, [contenteditable], dialog");
    if (writes || event.ctrlKey || event.metaKey || event.altKey || !on()) return;
    var goes = waits;
    waits = false;
    if (event.key === "?") { event.preventDefault(); explain(); return; }
    if (event.key === "/") { event.preventDefault(); open(); return; }
    if (!goes && event.key === "g") { waits = true; return; }
    var name = goes ? "data-go" : "data-key";
    var link = (goes ? places() : acts()).filter(function (one) { return one.getAttribute(name) === event.key; })[0];
    if (link) { event.preventDefault(); link.click(); }
  });
  all("[data-open=palette]").forEach(function (button) { button.hidden = false; button.addEventListener("click", open); });
  all("[data-open=keys]").forEach(function (button) { button.hidden = false; button.addEventListener("click", explain); });

  /* What changes while one looks. The server only says that something did; the page asks for itself again, so everybody sees what they may. */
  var parts = all("[data-fresh]"), stream, known = null, busy = false, again = false;
  function shapes(of) {
    var found = {};
    Array.prototype.forEach.call(of.querySelectorAll("[data-fresh]"), function (part) { found[part.id] = part.innerHTML; });
    return found;
  }
  var shape = shapes(page);
  function isUsed(part) {
    var at = page.activeElement;
    return part.querySelector("details[open]") || (part.contains(at) && at.matches("input, textarea, select"));
  }
  function place(part, fresh) {
    var at = part.contains(page.activeElement) ? page.activeElement.getAttribute("href") : null;
    part.innerHTML = "";
    part.append.apply(part, Array.prototype.slice.call(page.importNode(fresh, true).childNodes));
    var same = at && Array.prototype.filter.call(part.querySelectorAll("a[href]"), function (link) { return link.getAttribute("href") === at; })[0];
    if (same) same.focus();
  }
  function look() {
    if (busy) { again = true; return; }
    busy = true;
    fetch(location.href, { headers: { accept: "text/html" } }).then(function (answer) { return answer.ok && !answer.redirected ? answer.text() : ""; }).then(function (text) {
      if (!text) return;
      var answer = new DOMParser().parseFromString(text, "text/html"), news = shapes(answer);
      all("[data-fresh]").forEach(function (part) {
        var fresh = answer.getElementById(part.id);
        if (!fresh || news[part.id] === shape[part.id] || isUsed(part)) return;
        shape[part.id] = news[part.id];
        place(part, fresh);
      });
      page.documentElement.setAttribute("data-seen", String(known));
      page.dispatchEvent(new Event("forewarn:fresh"));
    }).catch(function () {}).then(function () {
      busy = false;
      if (again) { again = false; look(); }
    });
  }
  function listen() {
    if (page.hidden || stream) return;
    stream = new EventSource("/console/live");
    stream.addEventListener("changed", function (event) {
      var first = known === null;
      if (known !== event.data) { known = event.data; if (!first) look(); }
    });
  }
  if (parts.length && window.EventSource && window.fetch && window.DOMParser) {
    listen();
    // A browser has few connections to one server: pages that nobody sees give theirs back, and look once when they are seen again.
    page.addEventListener("visibilitychange", function () {
      if (!page.hidden) { look(); listen(); return; }
      if (stream) stream.close();
      stream = null;
    });
  }

  /* How many people hear, while services are still being chosen. */
  var form = page.querySelector("form[data-people]"), told = page.querySelector("[data-told]"), asked = 0;
  function count() {
    var chosen = new FormData(form).getAll("services"), mine = ++asked;
    var query = chosen.map(function (id) { return "services=" + encodeURIComponent(id); }).join("&");
    fetch(form.getAttribute("data-people") + "?" + query).then(function (answer) { return answer.ok ? answer.json() : null; }).then(function (answer) {
      if (answer && mine === asked) told.textContent = answer.said;
    }).catch(function () {});
  }
  if (form && told && window.fetch) {
    form.addEventListener("change", function (event) { if (event.target.name === "services") count(); });
    if (form.querySelector("[name=services]:checked")) count();
  }

  /* The text of each level follows what is typed, until somebody edits it. */
  function begun(area) { return area.form.elements[area.name.replace("texts.", "made.")]; }
  function isEdited(area) { return area.value.trim() !== begun(area).value.trim(); }
  page.addEventListener("forewarn:shown", function () {
    all("[data-preview] [data-made]").forEach(function (made) {
      var level = made.getAttribute("data-made"), area = page.getElementById("f-texts." + level), shown = page.querySelector("[data-shown=" + level + "]");
      if (!area || !shown) return;
      if (!isEdited(area)) area.value = begun(area).value = made.getAttribute("data-text");
      shown.replaceChildren.apply(shown, Array.prototype.slice.call(made.cloneNode(true).childNodes));
      page.querySelector("[data-readers=" + level + "]").textContent = made.getAttribute("data-who");
    });
  });

  /* What is typed into a form is kept as it is typed, until the form is sent: a crash here or there takes nothing. Who else writes in it is seen. */
  function guarded(form) {
    // An incident's update is kept as its draft, which others help with; here only what was made of the texts of its levels.
    var draft = form.hasAttribute("data-draft");
    if (!form.querySelector(draft ? "textarea[name^='texts.']" : "textarea")) return;
    var at = "/console/kept", place = new URL(form.getAttribute("action") || "", location.href).pathname, token = form.elements.csrf;
    if (!token) return;
    var others = made("ul", "", "writing quiet"), state = made("p", "", "quiet"), seen = made("div");
    seen.setAttribute("role", "status");
    seen.append(others);
    // Not form.before(): a field of that name would hide it.
    form.insertAdjacentElement("beforebegin", seen);
    form.insertAdjacentElement("afterend", state);
    function fields() {
      return Array.prototype.filter.call(form.elements, function (field) {
        // What is made by itself is made again.
        if (/^texts\./.test(field.name)) return isEdited(field);
        return !draft && field.name && field.type !== "hidden" && field.type !== "file" && field.type !== "password" && !field.matches("button, fieldset");
      });
    }
    function typed() {
      var found = [];
      fields().forEach(function (field) {
        if ((field.type === "checkbox" || field.type === "radio") && !field.checked) return;
        found.push([field.name, field.value]);
      });
      return JSON.stringify(found);
    }
    function fill(values) {
      var left = values.slice();
      // An edited text comes back into a field that holds what was made.
      values.forEach(function (one) {
        if (/^texts\./.test(one[0]) && form.elements[one[0]]) form.elements[one[0]].value = one[1];
      });
      fields().forEach(function (field) {
        var ticks = field.type === "checkbox" || field.type === "radio";
        var which = left.findIndex(function (one) { return one[0] === field.name && (!ticks || one[1] === field.value); });
        if (ticks) field.checked = which >= 0;
        if (which < 0) return;
        if (!ticks) field.value = left[which][1];
        left.splice(which, 1);
        for (var fold = field.closest("details"); fold; fold = fold.parentNode.closest("details")) fold.open = true;
      });
      form.dispatchEvent(new Event("input", { bubbles: true }));
      form.dispatchEvent(new Event("change", { bubbles: true }));
    }
    // A page that says what is wrong holds what was typed: going back to that is not giving it up.
    var began = typed(), safe = began, refused = !!page.querySelector("main [role=alert]"), touched = false, gone = false, pause, under, offer;
    function ask(options) {
      under = new AbortController();
      options.signal = under.signal;
      return fetch(options.method ? at : at + "?place=" + encodeURIComponent(place), options).then(function (answer) {
        if (!answer.ok || answer.redirected) throw new Error("refused");
        return answer.json();
      }).then(function (answer) {
        if (!draft) others.replaceChildren.apply(others, answer.writing.map(function (who) { return made("li", who); }));
        return answer;
      });
    }
    function keepIt(last) {
      clearTimeout(pause);
      var now = typed();
      if (gone || now === safe) return;
      var body = new URLSearchParams({ csrf: token.value, place: place, fields: now === began && !refused && !draft ? "[]" : now });
      ask({ method: "POST", body: body, keepalive: last === true }).then(function (answer) {
        safe = now;
        state.textContent = answer.kept ? "What you type here is kept until you send it." : "";
      }).catch(function () { if (!gone) state.textContent = "What you type cannot be kept just now. It is tried again."; });
    }
    function take(away) {
      offer.remove();
      offer = null;
      if (away) { safe = ""; keepIt(); }
    }
    function show(kept) {
      // A draft comes with the page.
      if (draft || !kept || JSON.stringify(kept.fields) === began || touched) return;
      var back = made("button", "Put it back", "button primary"), away = made("button", "Forget it", "button"), both = made("div", "", "buttons");
      offer = made("div", "", "card tone-info");
      back.type = away.type = "button";
      back.addEventListener("click", function () { take(false); touched = true; fill(kept.fields); });
      away.addEventListener("click", function () { take(true); });
      both.append(back, away);
      offer.append(made("p", "What you typed here until " + kept.at + " was not sent. It is kept. What you type now takes its place."), both);
      form.insertAdjacentElement("beforebegin", offer);
    }
    form.addEventListener("input", function () { touched = true; clearTimeout(pause); pause = setTimeout(keepIt, 700); });
    form.addEventListener("change", function () { touched = true; clearTimeout(pause); pause = setTimeout(keepIt, 700); });
    form.addEventListener("submit", function () { gone = true; clearTimeout(pause); if (under) under.abort(); });
    page.addEventListener("visibilitychange", function () { if (page.hidden && touched) keepIt(true); });
    window.addEventListener("pageshow", function (event) { if (event.persisted) gone = false; });
    setInterval(function () {
      if (gone || page.hidden || !touched) return;
      if (typed() !== safe) keepIt(); else ask({}).catch(function () {});
    }, 5000);
    ask({}).then(function (answer) { show(answer.kept); }).catch(function () {});
  }
  if (window.fetch && window.AbortController) all("main form").forEach(guarded);
})();
