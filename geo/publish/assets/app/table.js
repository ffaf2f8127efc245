/* The ranked list: name and place, a bar of contributions, a whisker, the rank's confidence. */
/* A bar of contributions; `paint` writes the widths anew. What a part says is made when it is
   pointed at. */
function makeBar(th, index) {
  const node = el("div", "bar"), spans = th.criteria.map(() => el("span"));
  const paint = (weights, colours) => {
    parts(th, index, weights).forEach((adds, k) => {
      style(spans[k], "display", adds !== null && adds > 0 ? "" : "none");
      style(spans[k], "width", Math.max(adds * 100, 0).toFixed(1) + "%");
      style(spans[k], "background", colours[k]);
    });
  };
  node.addEventListener("pointerover", (event) => {
    const k = spans.indexOf(event.target);
    if (k >= 0) { spans[k].title = label(th.criteria[k].title) + ": " + fixed(parts(th, index, shares(th))[k], 2); }
  });
  return {node: add(node, ...spans), paint: paint};
}
function whisker(site, score) {
  const node = el("div", "whisker");
  if (site.low === null || site.high === null) { return node; }
  const line = el("i"), dot = el("b");
  line.style.left = site.low * 100 + "%";
  line.style.width = Math.max(0, site.high - site.low) * 100 + "%";
  dot.style.left = score * 100 + "%";
  node.title = t("row.range", {score: fixed(score, 2), low: fixed(site.low, 2), high: fixed(site.high, 2)});
  return add(node, line, dot);
}
function siteName(site) { return label(site.name); }
function moved(site, entry) {
  if (site.rank === null) { return t("row.new"); }
  const step = site.rank - entry.rank;
  return step === 0 ? t("row.same")
    : (step > 0 ? "▲ " : "▼ ") + t("row.moved", {n: Math.abs(step), rank: String(site.rank)});
}
/* One row, kept while ranks change: `paint` writes what may have changed. */
function makeRow(th, index) {
  const site = th.sites[index], item = el("li"), node = button("row", null, () => choose(site.id, true));
  const who = el("span", "who"), name = el("b"), rank = el("span", "rank"), score = el("span", "score");
  const meter = el("span", "meter"), filling = makeBar(th, index), sure = el("span", "sure"), box = el("input", "pick");
  name.appendChild(iso(siteName(site)));
  add(who, name, words(" "), iso(label(site.province), "soft"));
  who.title = cut(site.name, 300);
  if (chosenTogether(th, site)) { who.insertBefore(el("span", "chosen", t("row.chosen")), who.firstChild); }
  add(node, rank, who, score, add(meter, filling.node), sure);
  box.type = "checkbox";
  box.setAttribute("aria-label", t("compare.add-named", {name: cut(siteName(site), 80)}));
  box.addEventListener("change", () => { box.checked = pick(site.id, box.checked); });
  add(item, node, box);
  const isKnown = () => !isChanged(th) && site.sure !== null;
  const paint = (entry, weights, colours) => {
    const own = isChanged(th);
    say(rank, String(entry.rank));
    say(score, fixed(entry.score, 2));
    filling.paint(weights, colours);
    if (meter.children.length > 1) { meter.lastChild.remove(); }
    if (!own) { meter.appendChild(whisker(site, entry.score)); }
    say(sure, own ? moved(site, entry) : isKnown() ? t("row.top-five", {share: percent(site.sure)}) : "");
    node.classList.toggle("on", site.id === state.site);
    box.checked = state.compare.indexOf(site.id) >= 0;
  };
  const name_ = (entry) => {
    node.setAttribute("aria-label", t("row.said", {rank: String(entry.rank), name: cut(siteName(site), 120),
      province: cut(label(site.province), 60), score: fixed(entry.score, 2)}) +
      (isKnown() ? ", " + t("row.said-sure", {share: percent(site.sure), likely: likely(site.sure)}) : ""));
  };
  return {item: item, paint: paint, name: name_};
}
function searched(th, i) {
  const wanted = state.search.trim().toLocaleLowerCase();
  if (!wanted) { return true; }
  const site = th.sites[i];
  return [site.name, siteName(site), site.province, site.other_names].some((text) =>
    text && text.toLocaleLowerCase().indexOf(wanted) >= 0);
}
function listed(th) {
  return ranking(th).filter((entry) => passes(th, entry.index) && searched(th, entry.index));
}
/* Write the list anew in place: rows move, they are not made again. */
function paintList() {
  paintRows();
  nameRows();
}
/* What a screen reader says of each row, and how tall rows are, for the next move. */
function nameRows() {
  const entries = new Map(ranking(theme()).map((entry) => [entry.index, entry])), first = ui.list.node.firstChild;
  ui.list.order.forEach((index) => ui.list.rows.get(index).name(entries.get(index)));
  ui.list.height = first ? first.offsetHeight : 0;
  ui.list.top = ui.list.node.offsetTop;
}
/* Places of the rows that can be seen; ask before anything is written. */
function placesInView() {
  const list = ui.list, tall = list.height || 1, from = (ui.body.scrollTop - list.top) / tall;
  return [Math.floor(from) - 1, Math.ceil(from + ui.body.clientHeight / tall) + 1];
}
/* Rows out of view wait when only those in view are asked for. */
function paintRows(view) {
  const th = theme(), rows = listed(th), weights = shares(th), colours = tints(th), shown = rows.slice(0, state.rows);
  const list = ui.list, before = new Map(list.order.map((index, place) => [index, place]));
  shown.forEach((entry, place) => {
    const made = list.rows.has(entry.index);
    if (!made) { list.rows.set(entry.index, makeRow(th, entry.index)); }
    if (!made || !view || (place >= view[0] && place <= view[1])) { list.rows.get(entry.index).paint(entry, weights, colours); }
  });
  const order = shown.map((entry) => entry.index);
  if (order.length !== list.order.length || order.some((index, place) => list.order[place] !== index)) {
    const focused = document.activeElement;
    arrange(list.node, order.map((index) => list.rows.get(index).item));
    if (focused && list.node.contains(focused)) { focused.focus({preventScroll: true}); }
    if (!calm.matches && before.size) { glide(list, order, before); }
    list.order = order;
  }
  const all = ranking(th).length;
  say(list.count, !all ? t("list.none")
    : rows.length < all ? t("list.some", {n: rows.length, all: whole(all)})
      : t("list.all", {n: all, all: whole(th.sites.length)}));
  say(list.basis, scenarioOf(th) ? t(ownWeights(th) ? "list.scenario-own" : "list.scenario")
    : ownWeights(th) ? t("list.own") : t("list.recipe"));
  list.more.classList.toggle("hidden", rows.length <= state.rows);
  say(list.more, t("list.more", {n: rows.length - state.rows}));
}
/* Put items into their order with few moves: each costs the browser a new look at its row. */
function arrange(node, items_) {
  const kept_ = new Set(items_);
  Array.from(node.children).forEach((child) => { if (!kept_.has(child)) { child.remove(); } });
  let here = node.firstChild;
  items_.forEach((item) => {
    if (here !== item && here && here.nextSibling === item) {
      node.appendChild(here);
      here = item;
    }
    if (here === item) { here = here.nextSibling; } else { node.insertBefore(item, here); }
  });
}
function glide(list, order, before) {
  // More rows than a screen holds are not seen to move.
  order.slice(0, 16).forEach((index, place) => {
    const from = before.get(index);
    if (from === undefined || from === place || Math.abs(from - place) > 12) { return; }
    list.rows.get(index).item.animate([{transform: "translateY(" + (from - place) * list.height + "px)"},
      {transform: "none"}], {duration: 150, easing: "ease-out"});
  });
}
function fillRanking() {
  const th = theme();
  ui.list = {node: el("ol"), rows: new Map(), order: [], height: 0, top: 0, count: el("span"), basis: el("span"),
    more: button("more", "", () => {
      state.rows += 200;
      paintList();
    })};
  ui.list.node.setAttribute("aria-label", t("list.name"));
  add(ui.body, finder(th), filterBlock(th), add(el("div", "count soft small"), ui.list.count, ui.list.basis),
    ui.list.node, ui.list.more);
  paintList();
  add(ui.body, supplyBlock(th), linksBlock(), flowsLink());
  together(th);
  conditions(th);
  leftOut(th, "excluded", t("left.excluded"));
  leftOut(th, "unknown", t("left.unknown"));
  add(ui.foot, weightBlock(th));
}
/* Search by name, the conditions that hold, and a way to the limits. */
function finder(th) {
  const box = el("div", "finder"), find = el("input");
  find.type = "search";
  find.id = "find";
  find.placeholder = t("find.placeholder");
  find.setAttribute("aria-label", t("find.name"));
  find.value = state.search;
  find.addEventListener("input", () => {
    state.search = find.value;
    paintList();
    announce(ui.list.count.textContent);
  });
  add(box, find, filterChoice(th));
  if (th.scenarios.length) {
    const options = [["", t("scenario.none")]].concat(th.scenarios.map((s) => [s.id, cut(label(s.title), 80)]));
    const node = choice(t("scenario.name"), options, scenarioOf(th) ? state.decided.scenario : "", (value) => {
      decide((d) => { d.scenario = value; });
      show();
      const s = scenarioOf(theme());
      announce(s ? label(s.title) + ": " + moves(theme(), s) : t("scenario.none"));
    });
    node.id = "scenario";
    add(box, node);
  }
  return box;
}
/* Sites that are best together within the recipe's limits. */
function chosenTogether(th, site) { return Boolean(th.together) && th.together.chosen.indexOf(site.id) >= 0; }
function together(th) {
  if (!th.together) { return; }
  const list = el("ul", "out");
  th.together.chosen.forEach((id) => {
    const index = siteById(id);
    if (index >= 0) { list.appendChild(add(el("li", "any"), nameButton(th.sites[index]))); }
  });
  add(ui.body, details("together", t("together.title", {n: th.together.chosen.length}),
    el("p", "soft small any pad", cut(label(th.together.says), 600)), list));
}
function nameButton(site) {
  const node = button("", null, () => choose(site.id, true));
  node.appendChild(iso(cut(siteName(site), 80)));
  return node;
}
/* What each scenario does to the order: its first site and the moves nearest to the top. */
function conditions(th) {
  if (!th.scenarios.length) { return; }
  const list = el("ul", "out");
  th.scenarios.forEach((s) => {
    const item = el("li", "any");
    add(item, add(el("b"), iso(cut(label(s.title), 120))), el("div", "soft small any", moves(th, s)));
    item.title = cut(s.note, 300);
    list.appendChild(item);
  });
  add(ui.body, details("conditions", t("conditions.title", {n: th.scenarios.length}), list));
}
function moves(th, s) {
  const all = th.sites.map((_, i) => i), name = (i) => cut(siteName(th.sites[i]), 60);
  const first = all.filter((i) => s.rank[i] === 1).map(name);
  const gone = all.filter((i) => th.sites[i].status === "ranked" && s.rank[i] === null).length;
  const best = (i) => Math.min(th.sites[i].rank, s.rank[i]);
  const steps = all.filter((i) => s.step[i]).sort((a, b) => best(a) - best(b) || s.rank[a] - s.rank[b]);
  const said = steps.slice(0, 3).map((i) => (s.step[i] > 0 ? "▲ " : "▼ ") + name(i) + " " +
    th.sites[i].rank + " → " + s.rank[i]).join("; ");
  return [first.length ? t("conditions.first", {names: first.join(", ")}) : t("conditions.nobody"),
    steps.length ? said + (steps.length > 3 ? "; " + t("conditions.more", {n: steps.length - 3}) : "")
      : t("conditions.same"),
    gone ? t("conditions.gone", {n: gone}) : ""].filter(Boolean).join(" · ");
}
function ruleTitle(th, id) {
  const rule = th.exclusions.find((r) => r.id === id);
  return label(rule ? rule.title : id);
}
function reason(th, site) {
  if (site.status === "excluded") {
    return site.excludedBy.map((id) => ruleTitle(th, id)).join("; ") || t("left.a-rule");
  }
  return t("left.known", {n: site.known, of: site.of}) + (site.note ? ": " + label(site.note) : "");
}
function leftOut(th, status, title) {
  const sites = th.sites.filter((s) => s.status === status);
  if (!sites.length) { return; }
  const list = el("ul", "out");
  sites.slice(0, 200).forEach((site) => {
    list.appendChild(add(el("li", "any"), nameButton(site), el("div", "soft small any", cut(reason(th, site), 300))));
  });
  add(ui.body, details("left-" + status, title + " (" + whole(sites.length) + ")", list));
}
