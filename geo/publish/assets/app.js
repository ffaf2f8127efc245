/* The page's panel, markers, routes, labels and legend. All text enters through textContent. */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("lodemap-data").textContent);
  var map = window.map_lodemap;
  var app = document.getElementById("app");
  var phone = window.matchMedia("(max-width: 720px)");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  var sizes = data.tokens.sizes;
  var NUMBERED = 12, ROWS = 40;
  var state = {theme: 0, site: null, tab: "ranking", rows: ROWS, surface: Object.create(null),
    opacity: 0.8, weights: Object.create(null), moved: false};
  var ui = {};

  /* ---------- small helpers ---------- */
  function el(tag, cls, text) {
    var node = document.createElement(tag);
    if (cls) { node.className = cls; }
    if (text !== undefined && text !== null) { node.textContent = text; }
    return node;
  }
  function add(parent) {
    for (var i = 1; i < arguments.length; i += 1) {
      if (arguments[i]) { parent.appendChild(arguments[i]); }
    }
    return parent;
  }
  function iso(text, cls) { return el("bdi", cls, text); }
  function svg(tag, attributes) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.keys(attributes).forEach(function (k) { node.setAttribute(k, attributes[k]); });
    return node;
  }
  function token(name) {
    return (dark.matches ? data.tokens.dark : data.tokens.light)[name] || data.tokens.light[name];
  }
  function cut(text, most) {
    var letters = Array.from(text);
    return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : text;
  }
  /* Two digits below 100, three above: no more is known. */
  function num(value) {
    if (value === null || value === undefined) { return "unknown"; }
    if (typeof value === "string") { return value; }
    var size = Math.abs(value);
    if (size === 0) { return "0"; }
    if (size < 0.001) { return value.toExponential(0).replace("e-", " × 10⁻"); }
    var digits = size >= 100 ? 3 : 2;
    var short = Number(value.toPrecision(digits));
    return short.toLocaleString("en-US", {maximumFractionDigits: 6}).replace(/-/, "−");
  }
  /* Money a tonne: never finer than a tenth of a dollar. */
  function money(value) {
    if (typeof value !== "number" || Math.abs(value) >= 10) { return num(value); }
    if (value > 0 && value < 0.05) { return "under 0.1"; }
    return String(Math.round(value * 10) / 10).replace(/-/, "−");
  }
  function moneySpan(low, high) {
    var a = money(low), b = money(high);
    return a === b ? a : a + "–" + b;
  }
  function span(low, high) {
    var a = num(low), b = num(high);
    return a === b ? a : a + "–" + b;
  }
  function fixed(value, digits) {
    return value === null || value === undefined ? "–" : value.toFixed(digits);
  }
  function percent(share) {
    if (share === null || share === undefined) { return ""; }
    var p = Math.round(share * 100);
    if (p === 100 && share < 1) { p = 99; }
    if (p === 0 && share > 0) { return "under 1 %"; }
    return p + " %";
  }
  function likely(share) {
    if (share >= 0.95) { return "almost certain"; }
    if (share >= 0.75) { return "likely"; }
    if (share >= 0.45) { return "about even"; }
    if (share >= 0.15) { return "unlikely"; }
    return "very unlikely";
  }
  function withUnit(value, unit) {
    var text = num(value);
    return text === "unknown" || !unit || unit === "1" ? text : text + " " + unit;
  }

  /* ---------- colours ---------- */
  function rgb(hex) {
    return [1, 3, 5].map(function (k) { return parseInt(hex.slice(k, k + 2), 16); });
  }
  function mix(a, b, share) {
    var x = rgb(a), y = rgb(b);
    return "#" + x.map(function (v, k) {
      return Math.round(v + (y[k] - v) * share).toString(16).padStart(2, "0");
    }).join("");
  }
  function light(hex) {
    var c = rgb(hex).map(function (v) {
      var s = v / 255;
      return s <= 0.03928 ? s / 12.92 : Math.pow((s + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  }
  function contrast(a, b) {
    var x = light(a), y = light(b);
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  }
  function on(colour) { return contrast(colour, "#ffffff") >= 4.5 ? "#ffffff" : "#1c1a17"; }
  function readable(colour, ground) {
    for (var share = 0; share <= 1; share += 0.05) {
      var tried = mix(colour, token("ink"), share);
      if (contrast(tried, ground) >= 4.7) { return tried; }
    }
    return token("ink");
  }
  function accent(theme) { return dark.matches ? theme.accentDark : theme.accent; }
  /* A hue that nearly carries white text is darkened until it does; a bright one gets dark text. */
  function filled(theme) {
    var colour = accent(theme);
    for (var share = 0; share <= 0.2; share += 0.02) {
      var tried = mix(colour, "#1c1408", share);
      if (contrast(tried, "#ffffff") >= 4.6) { return tried; }
    }
    return colour;
  }
  function tints(theme) {
    var n = theme.criteria.length, base = accent(theme);
    return theme.criteria.map(function (_, i) {
      var t = n > 1 ? i / (n - 1) : 0.4;
      return t < 0.4 ? mix(mix(base, "#1d1206", 0.42), base, t / 0.4)
        : mix(base, dark.matches ? "#4a4a48" : "#f6efe2", (t - 0.4) / 0.6 * 0.74);
    });
  }

  /* ---------- ranking: the same weighted sum as in the tables ---------- */
  function recipeWeights(theme) { return theme.cells.map(function (c) { return c.weight; }); }
  function rerank(theme, weights) {
    var total = weights.reduce(function (a, b) { return a + b; }, 0);
    var ranked = [];
    theme.sites.forEach(function (site, i) {
      if (site.status !== "ranked") { return; }
      var sum = 0;
      theme.cells.forEach(function (cell, k) {
        if (cell.score[i] !== null && total > 0) { sum += weights[k] / total * cell.score[i]; }
      });
      ranked.push({index: i, score: sum, rank: site.rank});
    });
    ranked.sort(function (a, b) { return b.score - a.score || a.rank - b.rank; });
    ranked.forEach(function (r, k) { r.rank = k + 1; });
    return ranked;
  }
  function ranking(theme) {
    var own = state.weights[theme.id];
    if (own) { return rerank(theme, own); }
    var rows = [];
    theme.sites.forEach(function (site, i) {
      if (site.status === "ranked") { rows.push({index: i, score: site.score, rank: site.rank}); }
    });
    return rows.sort(function (a, b) { return a.rank - b.rank; });
  }
  function shares(theme) {
    var own = state.weights[theme.id] || recipeWeights(theme);
    var total = own.reduce(function (a, b) { return a + b; }, 0) || 1;
    return own.map(function (w) { return w / total; });
  }

  /* Legs are stored once and shared; a way lists their numbers. */
  var routes = data.routes;
  var wayTable = new Map(Object.entries(routes.ways));
  function leg(number) {
    var raw = routes.legs[number], place_ = raw[8];
    return {mode: routes.words[raw[0]], from: routes.words[raw[1]], to: routes.words[raw[2]], km: raw[3],
      usd: [raw[4], raw[5], raw[6]], source: routes.words[raw[7]],
      line: typeof place_ === "number" ? place_ : null, at: Array.isArray(place_) ? place_ : null};
  }
  function waysOf(id) {
    return (wayTable.get(id) || []).map(function (way) {
      var legs = way[2].map(leg), last = legs[legs.length - 1];
      return {country: way[0], to: (last && last.to) || routes.words[way[1]], legs: legs};
    });
  }
  var countryTable = new Map(Object.entries(data.countries));

  function theme() { return data.themes[state.theme]; }
  function siteById(id) {
    return theme().sites.findIndex(function (s) { return s.id === id; });
  }
  function country(code) { return countryTable.get(code) || code; }
  function port(text) { return cut(text.replace(/\s*\(.*$/, ""), 26); }

  /* ---------- panel ---------- */
  function button(cls, text, act) {
    var node = el("button", cls, text);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  }
  function buildPanel() {
    var panel = el("aside");
    panel.id = "panel";
    panel.setAttribute("aria-label", "Results");
    var grip = button("grip", null, function () { sheet(); });
    grip.setAttribute("aria-label", "Make the panel taller or lower");
    var head = el("header");
    add(head, el("h1", "any", null), el("p", "soft any"), el("p", "kind soft small"));
    head.firstChild.appendChild(iso(cut(data.title, 140)));
    head.children[1].appendChild(iso(cut(data.subtitle, 240)));
    /* What kind of document this is stands on every view; its whole text under Sources. */
    head.lastChild.appendChild(iso(cut(data.disclaimer.split(":")[0], 120)));
    ui.chips = el("div", "chips");
    ui.chips.setAttribute("role", "radiogroup");
    ui.chips.setAttribute("aria-label", "Theme");
    ui.tabs = el("div", "tabs");
    ui.tabs.setAttribute("role", "tablist");
    ui.body = el("div", "body");
    ui.body.id = "body";
    ui.body.setAttribute("role", "tabpanel");
    ui.body.tabIndex = 0;
    ui.foot = el("div", "foot");
    ui.live = el("div", "sr");
    ui.live.setAttribute("aria-live", "polite");
    ui.panel = panel;
    add(panel, grip, head, ui.chips, ui.tabs, ui.body, ui.foot, ui.live);
    app.appendChild(panel);
    [["ranking", "Ranking"], ["site", "Site"], ["gaps", "Data gaps"], ["sources", "Sources"]]
      .forEach(function (t) {
        var tab = button("tab", t[1], function () { openTab(t[0]); });
        tab.setAttribute("role", "tab");
        tab.dataset.tab = t[0];
        tab.id = "tab-" + t[0];
        tab.setAttribute("aria-controls", "body");
        ui.tabs.appendChild(tab);
      });
    data.themes.forEach(function (t, i) {
      var chip = button("chip", null, function () { openTheme(i); });
      chip.setAttribute("role", "radio");
      add(chip, el("i"), iso(cut(t.title, 40)));
      ui.chips.appendChild(chip);
    });
    arrows(ui.tabs);
    arrows(ui.chips);
  }
  function arrows(group) {
    group.addEventListener("keydown", function (event) {
      var step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
      if (!step) { return; }
      var all = Array.from(group.children);
      var next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
      event.preventDefault();
      next.focus();
      next.click();
    });
  }
  function sheet(to) {
    var order = ["low", "", "tall"];
    var now = order.findIndex(function (c) { return c && ui.panel.classList.contains(c); });
    var next = to !== undefined ? to : order[((now < 0 ? 1 : now) + 1) % 3];
    ui.panel.classList.remove("low", "tall");
    if (next) { ui.panel.classList.add(next); }
  }
  function marks() {
    Array.from(ui.chips.children).forEach(function (chip, i) {
      var on_ = i === state.theme;
      chip.setAttribute("aria-checked", String(on_));
      chip.tabIndex = on_ ? 0 : -1;
      chip.style.setProperty("--dot", accent(data.themes[i]));
    });
    Array.from(ui.tabs.children).forEach(function (tab) {
      var on_ = tab.dataset.tab === state.tab;
      tab.setAttribute("aria-selected", String(on_));
      tab.tabIndex = on_ ? 0 : -1;
    });
    ui.body.setAttribute("aria-labelledby", "tab-" + state.tab);
  }
  function openTab(name) {
    state.tab = name;
    marks();
    fill();
    ui.body.scrollTop = 0;
  }
  function fill() {
    ui.body.replaceChildren();
    ui.foot.replaceChildren();
    ({ranking: fillRanking, site: fillSite, gaps: fillGaps, sources: fillSources})[state.tab]();
  }
  /* What a criterion adds: weight times value score, or what the method says it adds. */
  function share(t, k, index, weights) {
    var cell = t.cells[k], v = cell.score[index];
    if (cell.part) { return cell.part[index]; }
    return v === null ? null : v * weights[k];
  }
  function bar(t, index, weights, colours) {
    var node = el("div", "bar");
    t.criteria.forEach(function (criterion, k) {
      var adds = share(t, k, index, weights);
      if (adds === null || adds <= 0) { return; }
      var part = el("span");
      part.style.width = (adds * 100) + "%";
      part.style.background = colours[k];
      part.title = criterion.title + ": " + fixed(adds, 2);
      node.appendChild(part);
    });
    return node;
  }
  function whisker(site, score) {
    var node = el("div", "whisker");
    if (site.low === null || site.high === null) { return node; }
    var line = el("i"), dot = el("b");
    line.style.left = site.low * 100 + "%";
    line.style.width = Math.max(0, site.high - site.low) * 100 + "%";
    dot.style.left = score * 100 + "%";
    node.title = "Score " + fixed(score, 2) + ", 5–95 % of draws " + fixed(site.low, 2) + "–" +
      fixed(site.high, 2);
    return add(node, line, dot);
  }
  function row(t, entry, weights, colours, own) {
    var site = t.sites[entry.index];
    var node = button("row" + (site.id === state.site ? " on" : ""), null, function () {
      choose(site.id, true);
    });
    var who = el("span", "who");
    add(who, el("b"), document.createTextNode(" "), iso(site.province, "soft"));
    who.firstChild.appendChild(iso(site.name));
    who.title = cut(site.name, 300);
    if (chosen(t, site)) {
      who.insertBefore(el("span", "chosen", "chosen"), who.firstChild);
    }
    var meter = el("span", "meter");
    add(meter, bar(t, entry.index, weights, colours), own ? null : whisker(site, entry.score));
    var sure = own || site.sure === null ? (own ? moved(site, entry) : "")
      : "top 5 in " + percent(site.sure);
    add(node, el("span", "rank", entry.rank), who, el("span", "score", fixed(entry.score, 2)),
      meter, el("span", "sure", sure));
    node.setAttribute("aria-label", entry.rank + ". " + cut(site.name, 120) + ", " +
      cut(site.province, 60) + ", score " + fixed(entry.score, 2) +
      (own || site.sure === null ? "" : ", in the top five in " + percent(site.sure) +
        " of draws (" + likely(site.sure) + ")"));
    return add(el("li"), node);
  }
  function moved(site, entry) {
    var step = site.rank - entry.rank;
    return step === 0 ? "no change" : (step > 0 ? "▲ " : "▼ ") + Math.abs(step) + " from " + site.rank;
  }
  function fillRanking() {
    var t = theme(), rows = ranking(t), weights = shares(t), colours = tints(t);
    var own = Boolean(state.weights[t.id]);
    var count = el("div", "count soft small");
    add(count, el("span", null, rows.length ? rows.length + " ranked of " + t.sites.length +
      " sites" : "No site is ranked: see the reasons below"),
      el("span", null, own ? "your weights" : "score 0–1, range of draws"));
    var list = el("ol");
    rows.slice(0, state.rows).forEach(function (entry) {
      list.appendChild(row(t, entry, weights, colours, own));
    });
    add(ui.body, count, list);
    if (rows.length > state.rows) {
      ui.body.appendChild(button("more", "Show all " + rows.length, function () {
        state.rows = Infinity;
        fill();
      }));
    }
    together(t);
    conditions(t);
    leftOut(t, "excluded", "Excluded by a rule");
    leftOut(t, "unknown", "Not ranked: too little is known");
    if (t.method.live && t.adds && rows.length > 1) { ui.foot.appendChild(weightBlock(t, colours)); }
  }
  /* Sites that are best together within the recipe's limits. */
  function chosen(t, site) {
    return Boolean(t.together) && t.together.chosen.indexOf(site.id) >= 0;
  }
  function together(t) {
    if (!t.together) { return; }
    var box = el("details"), list = el("ul", "out");
    box.id = "together";
    t.together.chosen.forEach(function (id) {
      var index = siteById(id), item = el("li", "any");
      if (index < 0) { return; }
      var name = button("", null, function () { choose(id, true); });
      name.appendChild(iso(cut(t.sites[index].name, 80)));
      list.appendChild(add(item, name));
    });
    add(ui.body, add(box, el("summary", null, "Chosen together (" + t.together.chosen.length + ")"),
      el("p", "soft small any pad", cut(t.together.says, 600)), list));
  }
  /* What each scenario does to the order: its first site and the moves nearest to the top. */
  function conditions(t) {
    if (!t.scenarios.length) { return; }
    var box = el("details"), list = el("ul", "out");
    box.id = "conditions";
    t.scenarios.forEach(function (s) {
      var item = el("li", "any");
      add(item, add(el("b"), iso(cut(s.title, 120))), el("div", "soft small any", moves(t, s)));
      item.title = cut(s.note, 300);
      list.appendChild(item);
    });
    add(ui.body, add(box, el("summary", null, "Under other conditions (" + t.scenarios.length + ")"),
      list));
  }
  function moves(t, s) {
    var all = t.sites.map(function (site, i) { return i; });
    var first = all.filter(function (i) { return s.rank[i] === 1; }).map(function (i) {
      return cut(t.sites[i].name, 60);
    });
    var gone = all.filter(function (i) { return t.sites[i].status === "ranked" && s.rank[i] === null; });
    function best(i) { return Math.min(t.sites[i].rank, s.rank[i]); }
    var steps = all.filter(function (i) { return s.step[i]; }).sort(function (a, b) {
      return best(a) - best(b) || s.rank[a] - s.rank[b];
    });
    var said = steps.slice(0, 3).map(function (i) {
      return (s.step[i] > 0 ? "▲ " : "▼ ") + cut(t.sites[i].name, 60) + " " + t.sites[i].rank + " → " +
        s.rank[i];
    });
    return [first.length ? "First: " + first.join(", ") : "No site is ranked",
      steps.length ? said.join("; ") + (steps.length > 3 ? "; " + (steps.length - 3) + " more move" : "")
        : "no rank changes",
      gone.length ? gone.length + " no longer ranked" : ""].filter(Boolean).join(" · ");
  }
  /* The site's rank, score and freight under each scenario. */
  function scenarioTable(t, site, index) {
    if (!t.scenarios.length) { return null; }
    var box = el("div"), table = el("table", "legtable"), head = el("tr");
    var codes = Object.keys(site.freight);
    ["Conditions", "rank", "score"].concat(codes).forEach(function (text, k) {
      head.appendChild(el("th", k ? "r" : null, text));
    });
    table.appendChild(head);
    function line(title, note, rank, step, score, freight) {
      var tr = el("tr"), what = el("td", "any");
      what.appendChild(iso(cut(title, 120)));
      what.title = cut(note, 300);
      add(tr, what, el("td", "r", rank === null ? "–" : rank +
        (step ? (step > 0 ? " ▲" : " ▼") + Math.abs(step) : "")), el("td", "r", fixed(score, 2)));
      freight.forEach(function (f) { tr.appendChild(el("td", "r", f === null ? "no way" : money(f))); });
      table.appendChild(tr);
    }
    line("as in this study", "", site.rank, 0, site.score, codes.map(function (c) {
      return site.freight[c][1];
    }));
    t.scenarios.forEach(function (s) {
      line(s.title, s.note, s.rank[index], s.step[index], s.score[index], codes.map(function (c) {
        return s.freight[c] ? s.freight[c][index] : null;
      }));
    });
    return add(box, el("h3", null, "Under other conditions"), table, codes.length
      ? el("p", "soft small any", "Freight in USD/t to " + codes.map(function (c) {
        return country(c) + " (" + c + ")";
      }).join(", ") + ", per wet tonne.") : null);
  }
  function ruleTitle(t, id) {
    var rule = t.exclusions.find(function (r) { return r.id === id; });
    return rule ? rule.title : id;
  }
  function reason(t, site) {
    if (site.status === "excluded") {
      return site.excludedBy.map(function (id) { return ruleTitle(t, id); }).join("; ") ||
        "an exclusion rule";
    }
    return "known for " + site.known + " of " + site.of + " criteria" +
      (site.note ? ": " + site.note : "");
  }
  function leftOut(t, status, title) {
    var sites = t.sites.filter(function (s) { return s.status === status; });
    if (!sites.length) { return; }
    var box = el("details");
    var list = el("ul", "out");
    sites.slice(0, 200).forEach(function (site) {
      var item = el("li", "any");
      var name = button("", null, function () { choose(site.id, true); });
      name.appendChild(iso(cut(site.name, 80)));
      add(item, name, el("div", "soft small any", cut(reason(t, site), 300)));
      list.appendChild(item);
    });
    add(ui.body, add(box, el("summary", null, title + " (" + sites.length + ")"), list));
  }

  /* ---------- weights ---------- */
  function weightBlock(t, colours) {
    var box = el("details", "weights");
    box.open = state.weightsOpen === undefined ? !phone.matches && window.innerHeight > 700
      : state.weightsOpen;
    box.addEventListener("toggle", function () { state.weightsOpen = box.open; });
    var grid = el("div", "wgrid");
    var outputs = [];
    var most = Math.max.apply(null, recipeWeights(t)) * 2;
    function show() {
      shares(t).forEach(function (w, k) { outputs[k].textContent = fixed(w, 2); });
    }
    t.criteria.forEach(function (criterion, k) {
      var line = el("div", "wrow");
      var swatch = el("span", "sw");
      swatch.style.background = colours[k];
      var label = el("label");
      label.appendChild(iso(criterion.title));
      label.title = criterion.title + (criterion.worst && criterion.best
        ? ": from " + criterion.worst + " (0) to " + criterion.best + " (1)" : "");
      var slider = el("input");
      slider.type = "range";
      slider.min = "0";
      slider.max = String(most);
      slider.step = "any";
      slider.value = String((state.weights[t.id] || recipeWeights(t))[k]);
      slider.id = "weight-" + k;
      label.htmlFor = slider.id;
      slider.addEventListener("input", function () {
        var own = (state.weights[t.id] || recipeWeights(t)).slice();
        own[k] = Number(slider.value);
        if (own.some(function (w) { return w > 0; })) { state.weights[t.id] = own; }
        show();
        refresh();
      });
      outputs[k] = el("output", "num");
      add(grid, add(line, swatch, label, slider, outputs[k]));
    });
    var foot = el("div", "wfoot small");
    var reset = button("link", "Reset", function () {
      delete state.weights[t.id];
      fill();
      drawSites();
      ui.live.textContent = "Recipe weights restored";
    });
    add(foot, el("span", "soft", "Ranges and draws hold for the recipe’s weights."), reset);
    show();
    return add(box, el("summary", null, "Your weights"), add(grid, foot));
  }
  var waiting = 0;
  function refresh() {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(function () {
      var kept = ui.foot.firstChild, top = ui.body.scrollTop;
      ui.body.replaceChildren();
      var foot = ui.foot;
      ui.foot = el("div", "foot");
      fillRanking();
      ui.foot = foot;
      if (kept !== foot.firstChild) { foot.replaceChildren(kept); }
      ui.body.scrollTop = top;
      drawSites();
      var first = ranking(theme())[0];
      if (first) {
        ui.live.textContent = "First: " + cut(theme().sites[first.index].name, 60);
      }
    });
  }

  /* ---------- site card ---------- */
  function fig(title, value, lines) {
    var node = el("div", "fig");
    add(node, el("span", null, title), el("b", null, value));
    lines.filter(Boolean).forEach(function (text) { node.appendChild(el("span", null, text)); });
    return node;
  }
  function sizeFig(site) {
    var mt = site.resource_mt, grade = site.grade;
    var basis = (site.category || "category not stated").replace(/^not stated$/, "category not stated");
    var when = [basis, site.code, site.year].filter(Boolean).join(" · ");
    var name = "Tonnage and grade";
    if (mt === undefined && grade === undefined && site.contained_kt === undefined) {
      return fig(name, "unknown", ["no tonnage or grade in the sources used"]);
    }
    var g = grade === undefined ? "grade unknown" : withUnit(grade, site.grade_unit || "");
    if (mt !== undefined) { return fig(name, num(mt) + " Mt", [g, when]); }
    if (site.contained_kt !== undefined) {
      return fig("Contained", num(site.contained_kt) + " kt", [g, when]);
    }
    return fig(name, g, ["tonnage unknown", when]);
  }
  function figures(t, site, index) {
    var box = el("div", "figs");
    if (t.kind === "deposits") { box.appendChild(sizeFig(site)); }
    Object.keys(site.freight).forEach(function (code) {
      var f = site.freight[code];
      var way = waysOf(site.id).find(function (r) { return r.country === code; });
      box.appendChild(fig("Freight to " + (way ? port(way.to) + ", " : "") + country(code),
        money(f[1]) + " USD/t", [f[0] === null ? "" : moneySpan(f[0], f[2]) + " USD/t",
          "per wet tonne, mine gate to port"]));
    });
    if (site.power_usd_mwh !== undefined) {
      box.appendChild(fig("Clean power on site", num(site.power_usd_mwh) + " USD/MWh",
        [site.power_low === undefined ? "" : span(site.power_low, site.power_high) + " USD/MWh",
          site.power_source || site.technology]));
    }
    if (t.kind !== "deposits") {
      t.criteria.map(function (c, k) { return k; }).sort(function (a, b) {
        return t.cells[b].weight - t.cells[a].weight;
      }).slice(0, Math.max(0, 4 - box.children.length)).forEach(function (k) {
        box.appendChild(fig(t.criteria[k].title,
          withUnit(t.cells[k].value[index], t.criteria[k].unit), [mark(t, k, index)]));
      });
    }
    return box;
  }
  function mark(t, k, index) { return t.qualities[t.cells[k].quality[index]] || ""; }
  function kind(mode) {
    var text = mode.toLowerCase();
    if (/gauge/.test(text)) { return "gauge"; }
    if (/sea|ship|ferry/.test(text)) { return "sea"; }
    if (/border|crossing|customs/.test(text)) { return "border"; }
    if (/port|terminal|handling/.test(text)) { return "port"; }
    if (/transfer|lift|load/.test(text)) { return "transfer"; }
    if (/rail/.test(text)) { return "rail"; }
    return "truck";
  }
  function routeColour(group) {
    var hues = data.tokens.routes;
    return {truck: hues.truck, rail: hues.rail, sea: hues.sea,
      gauge: mix(hues.rail, "#000000", 0.35), border: mix(hues.truck, "#000000", 0.3),
      port: mix(hues.sea, "#000000", 0.25), transfer: mix(hues.truck, "#000000", 0.15)}[group];
  }
  function lineColour(group) {
    var hue = routeColour(group);
    return dark.matches ? mix(hue, "#ffffff", 0.38) : hue;
  }
  function wayBlock(way) {
    var box = el("div");
    var total = way.legs.reduce(function (s, leg) { return s + (leg.usd[1] || 0); }, 0);
    var groups = [];
    way.legs.forEach(function (leg) {
      var g = kind(leg.mode), last = groups[groups.length - 1];
      if (last && last.kind === g) {
        last.usd += leg.usd[1] || 0;
        last.km += leg.km || 0;
      } else { groups.push({kind: g, usd: leg.usd[1] || 0, km: leg.km || 0}); }
    });
    var line = el("div", "legs");
    line.setAttribute("role", "img");
    line.setAttribute("aria-label", groups.map(function (g) {
      return g.kind + " " + money(g.usd) + " USD/t";
    }).join(", "));
    groups.forEach(function (g) {
      var part = el("span");
      var share = total > 0 ? g.usd / total : 0;
      part.style.width = share * 100 + "%";
      part.style.background = routeColour(g.kind);
      part.title = g.kind + ": " + money(g.usd) + " USD/t" + (g.km ? ", " + num(g.km) + " km" : "");
      if (share > 0.11) {
        add(part, el("b", null, g.kind), document.createTextNode(money(g.usd) + (share > 0.2 ? " USD/t" : "")));
      }
      line.appendChild(part);
    });
    var table = el("table", "legtable");
    way.legs.forEach(function (leg) {
      var tr = el("tr"), what = el("td", "any"), km = el("td", "r"), usd = el("td", "r");
      add(what, el("b", null, leg.mode + " "), iso(leg.from + (leg.to && leg.to !== leg.from ? " → " + leg.to : "")));
      km.textContent = leg.km ? num(leg.km) + " km" : "";
      usd.textContent = money(leg.usd[1]) + " USD/t";
      usd.title = leg.usd[0] === null ? "" : "range " + moneySpan(leg.usd[0], leg.usd[2]);
      table.appendChild(add(tr, what, km, usd));
    });
    var more = add(el("details"), el("summary", null, way.legs.length + " legs"), table);
    var head = el("h3");
    add(head, document.createTextNode("Where the money goes: to "), iso(port(way.to)), document.createTextNode(", "),
      iso(country(way.country)));
    return add(box, head, line, more);
  }
  function whyTable(t, site, index) {
    var weights = shares(t), colours = tints(t);
    var table = el("table", "why"), sum = 0;
    t.criteria.map(function (c, k) { return k; }).sort(function (a, b) {
      return (share(t, b, index, weights) || 0) - (share(t, a, index, weights) || 0);
    }).forEach(function (k) {
      var criterion = t.criteria[k], v = t.cells[k].score[index];
      var part = share(t, k, index, weights);
      sum += part || 0;
      var tr = el("tr"), left = el("td"), right = el("td", "r");
      var name = el("span", "name"), swatch = el("span", "sw");
      swatch.style.background = colours[k];
      add(name, swatch, iso(criterion.title, "any"));
      add(left, name, el("span", "calc any", withUnit(cutText(t.cells[k].value[index]), criterion.unit) +
        calculation(t, v, weights[k]) + swing(t, criterion)));
      if (mark(t, k, index)) { left.title = mark(t, k, index) + (criterion.note ? ". " + criterion.note : ""); }
      var mini = el("div", "mini"), fillBar = el("i");
      fillBar.style.width = (v || 0) * 100 + "%";
      fillBar.style.background = colours[k];
      add(right, document.createTextNode(part === null ? "unknown" : fixed(part, 3)), add(mini, fillBar));
      table.appendChild(add(tr, left, right));
    });
    if (t.adds) {
      table.appendChild(add(el("tr", "sum"), el("td", null, "Sum = score"), el("td", "r", fixed(sum, 3))));
    }
    return table;
  }
  function calculation(t, v, weight) {
    if (v === null) {
      return t.method.live ? ", counts nothing (worth up to " + fixed(weight, 2) + ")"
        : ": " + t.method.unknown;
    }
    if (!t.method.weighted) { return " → " + fixed(v, 2); }
    return " → " + fixed(v, 2) + (t.method.live ? " × weight " : ", weight ") + fixed(weight, 2);
  }
  /* A weight means nothing without the range that it is worth. */
  function swing(t, criterion) {
    return t.method.weighted && criterion.worst && criterion.best
      ? " for " + criterion.worst + " to " + criterion.best : "";
  }
  function cutText(value) { return typeof value === "string" ? cut(value, 80) : value; }
  function fillSite() {
    var t = theme(), index = state.site === null ? -1 : siteById(state.site);
    var box = el("div", "pad");
    ui.body.appendChild(box);
    if (index < 0) {
      add(box, el("p", "soft", "Choose a site in the ranking or on the map."));
      return;
    }
    var site = t.sites[index], rows = ranking(t), own = Boolean(state.weights[t.id]);
    var entry = rows.find(function (r) { return r.index === index; });
    var head = el("div", "card-head"), left = el("div"), right = el("div", "place");
    var title = el("h2");
    title.appendChild(iso(site.name));
    add(left, title, el("p", "soft small any", [site.deposit_type, site.province, site.stage,
      site.precision_km ? "point ±" + num(site.precision_km) + " km" : "",
      site.operator].filter(Boolean).map(function (x) { return cut(x, 90); }).join(" · ")));
    if (entry) {
      add(right, el("b", null, entry.rank), el("span", "soft small", " of " + rows.length));
    } else {
      add(right, el("span", "soft", site.status === "excluded" ? "excluded" : "not ranked"));
    }
    add(box, add(head, left, right));
    if (!entry) { box.appendChild(el("p", "warn", cut(reason(t, site), 400))); }
    if (!entry && site.toQualify) {
      box.appendChild(el("p", "any", "To qualify, this would have to change: " + cut(site.toQualify, 600) + "."));
    }
    if (chosen(t, site)) { box.appendChild(el("p", "soft small any", "One of the " +
      t.together.chosen.length + " sites that are best together.")); }
    box.appendChild(figures(t, site, index));
    site.warnings.forEach(function (text) { box.appendChild(el("p", "warn", cut(text, 400))); });
    if (site.flags) { box.appendChild(el("p", "warn", cut(site.flags, 400))); }
    var order = Object.keys(site.freight);
    waysOf(site.id).sort(function (a, b) {
      return order.indexOf(a.country) - order.indexOf(b.country);
    }).forEach(function (way) { box.appendChild(wayBlock(way)); });
    add(box, el("h3", null, entry ? "Why it ranks " + ordinal(entry.rank) : "What is known"),
      whyTable(t, site, index));
    if (entry && site.low !== null && !own) {
      box.appendChild(el("p", "any", "Score " + fixed(site.score, 2) + ", range " + fixed(site.low, 2) +
        "–" + fixed(site.high, 2) + " (5–95 % of draws)" +
        (site.best === null ? "" : "; rank " + span(site.best, site.worst)) +
        (site.sure === null ? "" : "; top five in " + percent(site.sure) + " of draws: " +
          likely(site.sure)) + "."));
    }
    if (entry && !own) { firmness(box, site); }
    if (site.known !== null && site.of !== null) {
      box.appendChild(el("p", "soft small", "Known for " + site.known + " of " + site.of +
        " criteria" + (site.known < site.of ? "; " + t.method.unknown + between(site) + "." : ".")));
    }
    if (site.note) { box.appendChild(el("p", "soft small any", cut(site.note, 600))); }
    add(box, scenarioTable(t, site, index));
    var sources = [site.source].concat(t.criteria.map(function (c) { return c.source; }))
      .filter(Boolean);
    box.appendChild(el("h3", null, "Sources"));
    var list = el("ul", "list small soft");
    Array.from(new Set(sources)).forEach(function (text) {
      list.appendChild(add(el("li"), iso(cut(text, 300))));
    });
    add(box, list, el("p", "soft small", data.disclaimer));
  }
  /* How firm the rank is: draws, other methods, and the weights that a first place bears. */
  function firmness(box, site) {
    var said = [];
    if (site.first) { said.push("First in " + percent(site.first) + " of draws."); }
    if (site.methods) {
      said.push(site.methods[0] === site.methods[1]
        ? "Every method tried ranks it " + ordinal(site.methods[0]) + "."
        : "Other methods rank it from " + ordinal(site.methods[0]) + " to " + ordinal(site.methods[1]) + ".");
    }
    var bears = (site.stable || []).map(function (s) {
      return s[0] + " weighs " + fixed(s[2], 2) + " to " + fixed(s[3], 2) + " (now " + fixed(s[1], 2) + ")";
    });
    if (bears.length) {
      said.push("It stays first as long as " + bears.slice(0, 3).join("; ") + ", each alone.");
    }
    if (said.length) { box.appendChild(el("p", "any", said.join(" "))); }
  }
  function between(site) {
    return site.floor === null || site.floor === site.ceiling ? ""
      : ": the score lies between " + fixed(site.floor, 2) + " and " + fixed(site.ceiling, 2);
  }
  function ordinal(n) {
    var tail = n % 100 > 10 && n % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][n % 10] || "th";
    return n === 1 ? "first" : n === 2 ? "second" : n === 3 ? "third" : n + tail;
  }

  /* ---------- gaps and sources ---------- */
  function section(box, title) { box.appendChild(el("h3", null, title)); }
  function fillGaps() {
    var t = theme(), box = el("div", "pad");
    ui.body.appendChild(box);
    var ranked = t.sites.length;
    section(box, "How much is known: " + t.title);
    t.criteria.forEach(function (criterion, k) {
      var known = t.cells[k].score.filter(function (v) { return v !== null; }).length;
      var line = el("div", "cover"), meter = el("div", "bar"), part = el("span");
      part.style.width = (ranked ? known / ranked * 100 : 0) + "%";
      part.style.background = accent(t);
      add(line, iso(criterion.title, "any"), add(meter, part),
        el("span", "soft small num", known + " of " + ranked));
      box.appendChild(line);
    });
    if (t.omitted.length) {
      section(box, "Left out");
      items(box, t.omitted.map(function (o) { return [o[0], o[1]]; }));
    }
    if (t.exclusions.length) {
      section(box, "Rules on the ground");
      items(box, t.exclusions.map(function (r) {
        return [r.title, (r.effect === "exclude" ? "excludes" : "warns") +
          taken(r) + " · " + r.source];
      }));
    }
    if (data.notes.length) {
      section(box, "Limits");
      items(box, data.notes.map(function (n) { return [null, n]; }));
    }
    var limits = data.layers.filter(function (l) { return l.limits; });
    if (limits.length) {
      section(box, "Limits of layers");
      items(box, limits.map(function (l) { return [l.title, l.limits]; }));
    }
  }
  /* What a rule takes: alone, after the rules before it, and what lifting it would bring back. */
  function taken(r) {
    if (r.area === null) { return ""; }
    var said = " · " + num(r.area) + " km² alone";
    if (r.only !== null) {
      said += ", " + num(r.inOrder) + " km² more than the rules before it, " + num(r.only) +
        " km² by it only";
    }
    return said + (r.sites ? "; " + r.sites + " sites, " + r.onlySites + " by it only" : "");
  }
  function items(box, pairs) {
    var list = el("ul", "list");
    pairs.forEach(function (pair) {
      var item = el("li");
      if (pair[0]) { add(item, add(el("b"), iso(cut(pair[0], 120)))); }
      add(item, el("div", pair[0] ? "soft small any" : "any", cut(pair[1], 700)));
      list.appendChild(item);
    });
    box.appendChild(list);
  }
  function fillSources() {
    var t = theme(), box = el("div", "pad");
    ui.body.appendChild(box);
    add(box, el("p", "warn", data.disclaimer));
    section(box, "Method: " + t.title);
    box.appendChild(el("p", "any", t.scoreNote));
    box.appendChild(el("p", "any", t.method.title + (t.method.says ? ": " + t.method.says : ".")));
    box.appendChild(el("p", "any soft small", [t.method.weights, t.method.unknown].filter(Boolean)
      .map(function (text) { return text.charAt(0).toUpperCase() + text.slice(1) + "."; }).join(" ")));
    t.method.cautions.forEach(function (text) { box.appendChild(el("p", "warn any", cut(text, 500))); });
    items(box, t.criteria.map(function (c) {
      return [c.title + (t.method.weighted ? " · weight " + fixed(c.weight, 2) + " (" + fixed(c.low, 2) + "–" +
        fixed(c.high, 2) + ")" : ""), [c.worst && c.best ? "0 at " + c.worst + ", 1 at " + c.best : "",
        c.note, c.source].filter(Boolean).join(" · ")];
    }));
    section(box, "Layers");
    items(box, data.records.map(function (r) {
      return [r.title, [r.quality, r.licence, r.attribution, r.source,
        r.retrieved ? "retrieved " + r.retrieved : "",
        r.sha256 ? "sha256 " + r.sha256.slice(0, 12) + "…" : ""].filter(Boolean).join(" · ")];
    }));
    section(box, "Data quality");
    if (data.findings.length) {
      items(box, data.findings.map(function (f) { return [f.title + " · " + f.level, f.text]; }));
    } else {
      box.appendChild(el("p", "any soft small", "No layer had to be repaired or warned of."));
    }
    section(box, "This page");
    box.appendChild(el("p", "any soft small", "Made with Lodemap " + data.version + ", recipe sha256 " +
      data.recipe + ". Map library: Leaflet 1.9.4 (BSD-2-Clause)."));
  }

  /* ---------- map: sites ---------- */
  var layers = {sites: L.layerGroup(), routes: L.layerGroup(), surface: null, dots: null};
  function drawSites() {
    var t = theme(), rows = ranking(t), colour = accent(t);
    layers.sites.clearLayers();
    state.dotsAt = [];
    if (!layers.dots) { layers.dots = L.canvas({pane: "dots", padding: 0.3}); }
    var best = rows.length ? rows[0].score : 1, placed = [];
    var seen = new Set();
    rows.slice(0, NUMBERED).forEach(function (entry) {
      var site = t.sites[entry.index];
      var r = sizes["site-radius"] * (0.82 + 0.36 * (best > 0 ? entry.score / best : 0));
      var p = map.latLngToLayerPoint([site.lat, site.lon]);
      var hidden = placed.some(function (q) { return q.p.distanceTo(p) < 0.8 * (q.r + r); });
      if (hidden && site.id !== state.site) { return; }
      placed.push({p: p, r: r});
      seen.add(entry.index);
      layers.sites.addLayer(numbered(site, entry, r));
    });
    var chosen = state.site === null ? -1 : siteById(state.site);
    rows.forEach(function (entry) {
      if (!seen.has(entry.index)) { layers.sites.addLayer(dot(t, entry.index, colour, 0.85, entry)); }
    });
    t.sites.forEach(function (site, i) {
      if (site.status !== "ranked") { layers.sites.addLayer(dot(t, i, token("network"), 0.55, null)); }
    });
    if (chosen >= 0) { ring(t.sites[chosen], colour); }
    state.placed = placed;
    state.numbered = seen;
    labels();
  }
  function numbered(site, entry, r) {
    var mark_ = el("div", "site-mark" + (site.id === state.site ? " chosen" : ""), entry.rank);
    mark_.style.width = mark_.style.height = 2 * r + "px";
    var marker = L.marker([site.lat, site.lon], {
      icon: L.divIcon({className: "", html: mark_, iconSize: [2 * r, 2 * r]}),
      zIndexOffset: 1000 - 10 * entry.rank, riseOnHover: true, keyboard: true
    });
    marker.on("click", function () { choose(site.id, true); });
    marker.on("add", function () {
      var node = marker.getElement();
      node.setAttribute("role", "button");
      node.setAttribute("aria-label", "Rank " + entry.rank + ": " + cut(site.name, 80));
    });
    return marker.bindTooltip(tip(site, entry), {className: "tip", direction: "top", offset: [0, -r]});
  }
  function tip(site, entry) {
    var node = el("div");
    add(node, add(el("b"), iso(cut(site.name, 60))), el("div", "soft", entry
      ? "rank " + entry.rank + ", score " + fixed(entry.score, 2)
      : site.status === "excluded" ? "excluded" : "not ranked"));
    return node;
  }
  function dot(t, index, colour, opacity, entry) {
    var site = t.sites[index];
    state.dotsAt.push(map.latLngToLayerPoint([site.lat, site.lon]));
    var mark_ = L.circleMarker([site.lat, site.lon], {
      renderer: layers.dots, radius: sizes["dot-radius"] * (phone.matches ? 0.75 : 1),
      weight: phone.matches ? 0.6 : 1, color: token("halo"),
      fillColor: colour, fillOpacity: opacity, opacity: 0.9
    });
    mark_.on("click", function () { choose(site.id, true); });
    return mark_.bindTooltip(function () { return tip(site, entry); }, {className: "tip", direction: "top"});
  }
  function ring(site, colour) {
    if (!site.precision_km) { return; }
    layers.sites.addLayer(L.circle([site.lat, site.lon], {
      radius: site.precision_km * 1000, pane: "routes", interactive: false, color: colour,
      weight: 1.2, dashArray: "3 3", fillColor: colour, fillOpacity: 0.12
    }));
  }

  /* ---------- map: routes ---------- */
  function shownSite() {
    if (state.site !== null) { return state.site; }
    var first = ranking(theme())[0];
    return first ? theme().sites[first.index].id : null;
  }
  function decoded(way) {
    return way.legs.map(function (leg) {
      return {leg: leg, kind: kind(leg.mode),
        parts: leg.line === null ? [] : window.lodemapDecode(routes.lines[leg.line])};
    });
  }
  function drawRoutes() {
    layers.routes.clearLayers();
    state.stops = [];
    state.modes = new Set();
    var ways = waysOf(shownSite());
    var lines = new Map();
    ways.forEach(function (way) {
      var legs = decoded(way);
      legs.forEach(function (item) {
        if (item.parts.length) {
          lines.set(item.kind + item.leg.line, item);
          state.modes.add(item.kind);
        }
      });
      stops(legs);
    });
    state.track = [];
    lines.forEach(function (item) { state.track = state.track.concat(item.parts); });
    lines.forEach(function (item) { casing(item); });
    lines.forEach(function (item) { stroke(item); });
    state.stops.forEach(function (stop) {
      layers.routes.addLayer(L.marker(stop.at, {
        icon: L.divIcon({className: "", html: stopMark(stop),
          iconSize: stop.kind === "port" ? [11, 11] : [4, 16]}),
        interactive: false, keyboard: false, zIndexOffset: -500
      }));
    });
  }
  /* A bar stands across the line: its long side at a right angle to the way. */
  function stopMark(stop_) {
    var node = el("div", stop_.kind === "port" ? "port-mark" : "gauge-mark");
    if (stop_.kind !== "port" && stop_.from) {
      var a = map.latLngToLayerPoint(stop_.from), b = map.latLngToLayerPoint(stop_.at);
      node.style.transform = "rotate(" + Math.round(Math.atan2(b.y - a.y, b.x - a.x) * 180 / Math.PI) + "deg)";
    }
    return node;
  }
  function casing(item) {
    layers.routes.addLayer(L.polyline(item.parts, {pane: "routes", interactive: false,
      color: token("halo"), weight: sizes.casing, opacity: 0.85, smoothFactor: 0.8}));
  }
  function stroke(item) {
    var style = {truck: "0.5 6", sea: "9 6"}[item.kind];
    layers.routes.addLayer(L.polyline(item.parts, {pane: "routes", interactive: false,
      color: lineColour(item.kind), weight: item.kind === "truck" ? sizes.route + 0.6 : sizes.route,
      dashArray: style || null, lineCap: item.kind === "sea" ? "butt" : "round",
      lineJoin: "round", smoothFactor: 0.8}));
  }
  /* Ports where a sea leg begins or ends; crossings where the gauge or the country changes. */
  function stops(legs) {
    var here = null, before = null;
    legs.forEach(function (item) {
      var first = item.parts.length ? item.parts[0][0] : item.leg.at || here;
      if (item.kind === "sea" && item.parts.length) {
        var last = item.parts[item.parts.length - 1];
        stop("port", item.leg.from, first);
        stop("port", item.leg.to, last[last.length - 1]);
      }
      if ((item.kind === "gauge" || item.kind === "border") && first) {
        stop(item.kind, item.leg.from, first, before);
      }
      if (item.parts.length) {
        var end = item.parts[item.parts.length - 1];
        here = end[end.length - 1];
        before = end[Math.max(0, end.length - 2)];
      }
    });
  }
  function stop(what, name, at, from) {
    var same = state.stops.find(function (s) {
      return Math.abs(s.at[0] - at[0]) + Math.abs(s.at[1] - at[1]) < 0.15;
    });
    if (!same) { state.stops.push({kind: what, name: name, at: at, from: from}); }
    if (same && what === "gauge") { same.kind = what; }
  }

  /* ---------- map: labels that do not collide ---------- */
  var pen = document.createElement("canvas").getContext("2d");
  function labels() {
    if (!ui.labels) {
      ui.labels = el("div", "labels leaflet-zoom-hide");
      ui.labels.setAttribute("aria-hidden", "true");
      map.getPane("labels").appendChild(ui.labels);
    }
    var taken = (state.placed || []).map(function (m) {
      return [m.p.x - m.r, m.p.y - m.r, m.p.x + m.r, m.p.y + m.r];
    });
    var nodes = [], track = trackBoxes();
    (state.stops || []).forEach(function (stop_) {
      var q = map.latLngToLayerPoint(stop_.at);
      taken.push([q.x - 7, q.y - 7, q.x + 7, q.y + 7]);
    });
    wanted().forEach(function (want) {
      if (!place(want, taken, track, nodes) && !want.dot) { place(want, taken, [], nodes); }
    });
    ui.labels.replaceChildren.apply(ui.labels, nodes);
  }
  function wanted() {
    var t = theme(), list = [], rows = ranking(t), z = map.getZoom();
    var few = phone.matches ? 3 : 5;
    rows.slice(0, z > 6.6 ? 40 : z > 5.9 ? 12 : few).forEach(function (entry) {
      if (z <= 6.6 && !state.numbered.has(entry.index)) { return; }
      var s = t.sites[entry.index];
      list.push({text: port(s.name), at: [s.lat, s.lon], cls: "site", size: 13, gap: 12});
    });
    if (state.site !== null) {
      var k = siteById(state.site);
      if (k >= 0) {
        var c = t.sites[k];
        list.unshift({text: port(c.name), at: [c.lat, c.lon], cls: "site", size: 13, gap: 12});
      }
    }
    (state.stops || []).forEach(function (stop_) {
      var text = port(stop_.name) + (stop_.kind === "gauge" ? " · gauge change" : "");
      list.push({text: text, at: stop_.at, cls: stop_.kind === "port" ? "port" : "way",
        size: 12, gap: 9});
    });
    data.towns.slice(0, z > 6.5 ? 60 : z > 5 ? 24 : z > 4 ? 9 : 3).forEach(function (p) {
      list.push({text: cut(p[0], 26), at: [p[2], p[1]], cls: "town", size: 12, gap: 6, dot: true});
    });
    var seen = new Set();
    return list.filter(function (l) {
      var fresh = !seen.has(l.text);
      seen.add(l.text);
      return fresh;
    });
  }
  /* Small boxes along the shown route, which labels avoid where they can. */
  function trackBoxes() {
    var boxes = [];
    (state.track || []).forEach(function (part) {
      for (var i = 1; i < part.length; i += 1) {
        var a = map.latLngToLayerPoint(part[i - 1]), b = map.latLngToLayerPoint(part[i]);
        var steps = Math.min(60, Math.ceil(a.distanceTo(b) / 8)) || 1;
        for (var k = 0; k <= steps; k += 1) {
          var x = a.x + (b.x - a.x) * k / steps, y = a.y + (b.y - a.y) * k / steps;
          boxes.push([x - 3, y - 3, x + 3, y + 3]);
        }
      }
    });
    return boxes;
  }
  function place(want, taken, track, nodes) {
    pen.font = (want.cls === "site" ? "650 " : "400 ") + want.size + "px system-ui, sans-serif";
    var w = pen.measureText(want.text).width + 4, h = want.size * 1.2;
    var p = map.latLngToLayerPoint(want.at), g = want.gap;
    var spots = [[g, -h / 2], [-g - w, -h / 2], [-w / 2, -g - h], [-w / 2, g],
      [g * 0.7, -g * 0.7 - h], [g * 0.7, g * 0.7], [-g * 0.7 - w, -g * 0.7 - h], [-g * 0.7 - w, g * 0.7]];
    var free = freePart();
    if (p.x > free[0] && p.x < free[2] && p.y > free[1] && p.y < free[3]) {
      spots = spots.filter(function (s) {
        return p.x + s[0] > free[0] && p.x + s[0] + w < free[2] && p.y + s[1] > free[1] &&
          p.y + s[1] + h < free[3];
      });
    }
    for (var i = 0; i < spots.length; i += 1) {
      var x = p.x + spots[i][0], y = p.y + spots[i][1];
      var box = [x, y, x + w, y + h];
      var covered = want.dot && state.dotsAt.some(function (q) {
        return hit([q.x - 4, q.y - 4, q.x + 4, q.y + 4], box);
      });
      var clash = function (o) { return hit(o, box); };
      if (!covered && !taken.some(clash) && !track.some(clash)) {
        taken.push(box);
        if (want.dot) { nodes.push(at(el("div", "town-dot"), p.x, p.y)); }
        nodes.push(at(iso(want.text, "label " + want.cls), x + 2, y));
        return true;
      }
    }
    return false;
  }
  /* The part of the map that no panel covers, in layer coordinates. */
  function freePart() {
    var size = map.getSize(), panel = ui.panel.getBoundingClientRect();
    var a = map.containerPointToLayerPoint(phone.matches ? [2, 2] : [panel.right + 4, 2]);
    var b = map.containerPointToLayerPoint(phone.matches ? [size.x - 2, panel.top - 16]
      : [size.x - 4, size.y - 20]);
    return [a.x, a.y, b.x, b.y];
  }
  function at(node, x, y) {
    node.style.left = Math.round(x) + "px";
    node.style.top = Math.round(y) + "px";
    return node;
  }
  function hit(a, b) { return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]; }

  /* ---------- surface and legend ---------- */
  function surfaceOn(t) {
    var own = state.surface[t.id];
    return Boolean(t.surface) && (own === undefined ? t.kind !== "deposits" : own);
  }
  function drawSurface() {
    var t = theme();
    if (layers.surface) { layers.surface.remove(); }
    layers.surface = null;
    if (surfaceOn(t)) {
      layers.surface = L.imageOverlay(t.surface.image, t.surface.bounds, {
        pane: "surface", opacity: state.opacity, interactive: false, alt: ""
      }).addTo(map);
    }
  }
  function key(drawing, text) {
    var node = el("span", "key");
    var box = svg("svg", {width: drawing.w || 26, height: 14, viewBox: "0 0 " + (drawing.w || 26) + " 14",
      "aria-hidden": "true"});
    drawing.parts.forEach(function (p) { box.appendChild(svg(p[0], p[1])); });
    return add(node, box, document.createTextNode(text));
  }
  function lineKey(group, text) {
    var dash = {truck: "0.5 6", sea: "7 4"}[group];
    var attributes = {x1: 2, x2: 24, y1: 7, y2: 7, stroke: lineColour(group), "stroke-width": 3,
      "stroke-linecap": group === "sea" ? "butt" : "round"};
    if (dash) { attributes["stroke-dasharray"] = dash; }
    return key({parts: [["line", attributes]]}, text);
  }
  function legend() {
    var t = theme(), colour = accent(t);
    var keys = el("div", "keys"), second = el("div", "keys");
    [["rail", "rail"], ["truck", "truck"], ["sea", "sea"]].forEach(function (m) {
      if (state.modes && state.modes.has(m[0])) { keys.appendChild(lineKey(m[0], m[1])); }
    });
    var bars = ["border", "gauge"].filter(function (k) {
      return (state.stops || []).some(function (s) { return s.kind === k; });
    });
    if (bars.length) {
      keys.appendChild(key({w: 8, parts: [["rect", {x: 2, y: 0, width: 4, height: 14, rx: 2,
        fill: token("ink")}]]}, bars.length > 1 ? "border or gauge change"
        : bars[0] === "gauge" ? "gauge change" : "border crossing"));
    }
    if ((state.stops || []).some(function (s) { return s.kind === "port"; })) {
      keys.appendChild(key({w: 14, parts: [["rect", {x: 3, y: 3, width: 8, height: 8,
        transform: "rotate(45 7 7)", fill: lineColour("sea")}]]}, "port"));
    }
    second.appendChild(key({w: 18, parts: [["circle", {cx: 9, cy: 7, r: 7, fill: filled(t)}], ["text", {x: 9,
      y: 10.5, "text-anchor": "middle", "font-size": 10, "font-weight": 700, fill: on(filled(t))}]]},
      "rank (size: score)"));
    second.querySelector("text").textContent = "1";
    if (t.sites.length > NUMBERED) {
      second.appendChild(key({w: 10, parts: [["circle", {cx: 5, cy: 7, r: 3.5, fill: colour}]]}, "other site"));
    }
    if (t.sites.some(function (s) { return s.status !== "ranked"; })) {
      second.appendChild(key({w: 10, parts: [["circle", {cx: 5, cy: 7, r: 3.5, fill: token("network"),
        "fill-opacity": 0.6}]]}, "not ranked"));
    }
    var slot = el("span", "scale-slot");
    slot.appendChild(ui.scale.getContainer());
    (keys.children.length || phone.matches ? keys : second).appendChild(slot);
    var rest = el("div", "rest");
    add(rest, t.surface ? ramp(t) : null, second);
    if (phone.matches) {
      var more = button("link", state.legendOpen ? "less" : "more", function () {
        state.legendOpen = !state.legendOpen;
        legend();
      });
      more.setAttribute("aria-expanded", String(Boolean(state.legendOpen)));
      keys.appendChild(more);
      rest.classList.toggle("hidden", !state.legendOpen);
    }
    ui.legend.replaceChildren();
    if (phone.matches) { add(ui.legend, keys, rest); } else { add(ui.legend, rest, keys); }
  }
  function ramp(t) {
    var box = el("div", "ramp"), label = el("label"), check = el("input");
    check.type = "checkbox";
    check.id = "surface-on";
    check.checked = surfaceOn(t);
    check.addEventListener("change", function () {
      state.surface[t.id] = check.checked;
      drawSurface();
      legend();
      document.getElementById("surface-on").focus();
    });
    add(label, check, iso(cut(t.scoreLabel || "Score", 60)));
    label.title = t.scoreNote;
    box.appendChild(label);
    if (!surfaceOn(t)) { return box; }
    var s = t.surface;
    var steps = el("div", "steps"), cells = el("div", "cells"), marks_ = el("div", "marks");
    s.colours.forEach(function (c, k) {
      var cell = el("i");
      cell.style.background = c;
      cells.appendChild(cell);
      marks_.appendChild(el("span", null, num(s.breaks[k])));
    });
    if (s.breaks.length) { marks_.appendChild(el("span", null, num(s.breaks[s.breaks.length - 1]))); }
    if (s.colours.length) { box.appendChild(add(steps, cells, marks_)); }
    if (s.excluded) {
      box.appendChild(key({w: 18, parts: [["rect", {x: 0, y: 1, width: 18, height: 12,
        fill: token("excluded")}]]}, "excluded"));
    }
    if (s.unknown) {
      box.appendChild(key({w: 18, parts: [["rect", {x: 0, y: 1, width: 18, height: 12,
        fill: token("panel")}], ["path", {d: "M-2 14L12 0M4 14L18 0M10 14L22 2M-6 12L6 0",
        stroke: token("unknown"), "stroke-width": 2}]]}, "unknown"));
    }
    var slider = el("input");
    slider.type = "range";
    slider.min = "0.2";
    slider.max = "1";
    slider.step = "0.05";
    slider.value = String(state.opacity);
    slider.setAttribute("aria-label", "Opacity of the surface");
    slider.addEventListener("input", function () {
      state.opacity = Number(slider.value);
      if (layers.surface) { layers.surface.setOpacity(state.opacity); }
    });
    return add(box, add(el("label"), el("span", "soft", "opacity"), slider));
  }

  /* ---------- choosing, themes, view ---------- */
  function choose(id, open) {
    state.site = id;
    drawRoutes();
    drawSites();
    legend();
    if (open) {
      openTab("site");
      if (phone.matches && ui.panel.classList.contains("low")) { sheet(""); }
    }
  }
  function openTheme(index) {
    state.theme = index;
    state.site = null;
    state.rows = ROWS;
    if (state.tab === "site") { state.tab = "ranking"; }
    colours();
    marks();
    fill();
    ui.body.scrollTop = 0;
    drawRoutes();
    drawSurface();
    legend();
    if (!state.moved) { home(false); }
    drawSites();
    var chip = ui.chips.children[index];
    if (chip && chip.scrollIntoView) { chip.scrollIntoView({block: "nearest", inline: "nearest"}); }
  }
  function colours() {
    var t = theme(), root = document.documentElement.style, colour = accent(t);
    root.setProperty("--accent", colour);
    root.setProperty("--accent-fill", filled(t));
    root.setProperty("--on-accent", on(filled(t)));
    root.setProperty("--accent-ink", readable(colour, token("panel")));
    root.setProperty("--sea", lineColour("sea"));
    root.setProperty("--route-rail", readable(data.tokens.routes.rail, token("land")));
  }
  function restyle() {
    var fills = {land: "veil", region: "land-focus", water: "water"};
    var dashes = {protected: "2 3", provinces: "1 3", disputed: "4 4"};
    var strokes = {border: "boundary", disputed: "boundary", provinces: "boundary", rivers: "water-line", rail: "network",
      roads: "network", outline: "outline", protected: "network", land: "water-line"};
    var shares_ = {rail: 0.3, roads: 0.2, rivers: 0.55, provinces: 0.5, border: 0.9, protected: 0.5,
      land: 0.8};
    var widths = {rail: 1, roads: 0.7, rivers: 0.8, provinces: 0.6, border: 1, protected: 0.8,
      outline: sizes.outline, land: 0.6};
    map.lodemapShapes.forEach(function (layer) {
      var role = layer.lodemap.role;
      layer.setStyle({
        fillColor: token(fills[role] || "land"),
        stroke: Boolean(strokes[role]), color: token(strokes[role] || "network"),
        opacity: (shares_[role] === undefined ? 1 : shares_[role]) * layer.lodemap.fade,
        weight: widths[role] || 1, dashArray: dashes[role] || null,
        lineCap: "round"
      });
    });
  }
  function box() {
    var r = data.region, bounds = L.latLngBounds([r[1], r[0]], [r[3], r[2]]);
    var ways = waysOf(shownSite());
    ways.forEach(function (way) {
      decoded(way).forEach(function (item) {
        item.parts.forEach(function (part) { bounds.extend(part); });
      });
    });
    return bounds;
  }
  function home(animate) {
    var panel = ui.panel.getBoundingClientRect(), legend_ = ui.legend.getBoundingClientRect();
    var size = map.getSize();
    var options = phone.matches
      ? {paddingTopLeft: [14, legend_.bottom + 14], paddingBottomRight: [30, size.y - panel.top + 34]}
      : {paddingTopLeft: [panel.right + 26, 26], paddingBottomRight: [70, size.y - legend_.top + 10]};
    options.animate = animate && !calm.matches;
    map.options.maxBounds = null;
    map.options.minZoom = 0;
    map.fitBounds(box(), options);
    var e = data.extent;
    var whole = L.latLngBounds([e[1], e[0]], [e[3], e[2]]);
    map.options.maxBounds = whole;
    map.options.maxBoundsViscosity = 1;
    map.setMinZoom(Math.min(map.getZoom(), map.getBoundsZoom(whole, true)));
    document.documentElement.style.setProperty("--legend-end", legend_.bottom + "px");
  }
  function buildMap() {
    map.invalidateSize({animate: false});
    map.getContainer().setAttribute("role", "region");
    map.getContainer().setAttribute("aria-label", "Map");
    layers.routes.addTo(map);
    layers.sites.addTo(map);
    L.control.zoom({position: "topright"}).addTo(map);
    ui.scale = L.control.scale({imperial: false, maxWidth: 90}).addTo(map);
    ui.legend = el("section");
    ui.legend.id = "legend";
    ui.legend.setAttribute("aria-label", "Legend");
    var words = data.attribution.map(function (a) { return cut(a, 120); });
    words.unshift("Lodemap " + data.version + ", recipe " + data.recipe.slice(0, 8));
    ui.credit = button("", null, function () { ui.credit.classList.toggle("open"); });
    ui.credit.id = "credit";
    ui.credit.title = words.join("\n");
    words.forEach(function (text, k) {
      add(ui.credit, k ? document.createTextNode(" · ") : null, iso(text));
    });
    add(app, ui.legend, ui.credit);
    map.on("dragstart", function () { state.moved = true; });
    map.getContainer().addEventListener("wheel", function () { state.moved = true; }, {passive: true});
    map.on("zoomend", function () {
      map.getContainer().classList.toggle("near", map.getZoom() > 6.5);
      if (state.ready) {
        drawRoutes();
        drawSites();
      }
    });
    map.on("moveend", function () { if (state.ready) { labels(); } });
    window.addEventListener("resize", function () {
      if (!state.moved) { home(false); }
    });
    dark.addEventListener("change", function () {
      restyle();
      colours();
      marks();
      fill();
      drawRoutes();
      drawSites();
      legend();
    });
  }

  if (!data.themes.length) {
    app.appendChild(el("p", "pad", "This study has no theme."));
    return;
  }
  buildPanel();
  buildMap();
  restyle();
  openTheme(0);
  state.ready = true;
  window.lodemap = {
    data: data,
    ranking: function (id, weights) {
      var t = data.themes.find(function (x) { return x.id === id; });
      return rerank(t, weights || recipeWeights(t)).map(function (r) {
        return {id: t.sites[r.index].id, rank: r.rank, score: r.score};
      });
    }
  };
})();
