/* Two to four sites side by side, and why one stands above another. */
const COMPARED = 4;
/* Add or remove a site; says whether it is in now. */
function pick(id, on) {
  const at = state.compare.indexOf(id);
  if (on && at < 0) {
    if (state.compare.length >= COMPARED) {
      notice(t("compare.full", {n: COMPARED}));
      return false;
    }
    state.compare.push(id);
  } else if (!on && at >= 0) { state.compare.splice(at, 1); }
  const site = theme().sites[siteById(id)];
  if (site) { announce(t(on ? "compare.added" : "compare.removed", {name: cut(siteName(site), 60), n: state.compare.length})); }
  remember();
  return on;
}
function compareLink(site) {
  const chosen = state.compare.indexOf(site.id) >= 0;
  return link(t(chosen ? "compare.remove" : "compare.add"), () => {
    pick(site.id, !chosen);
    fill();
    const again = ui.body.querySelector(".card-head .link");
    if (again) { again.focus(); }
  });
}
function fillCompare() {
  const th = theme(), box = el("div", "pad");
  ui.body.appendChild(box);
  const found = state.compare.map(siteById).filter((i) => i >= 0);
  add(box, pickLine(th, found));
  if (found.length < 2) {
    add(box, el("p", "soft any", t("compare.how")));
    if (!found.length) { return; }
  }
  add(box, add(el("div", "wide"), compareTable(th, found)));
  const ranked = found.filter((i) => entryOf(th, i)).sort((a, b) => entryOf(th, a).rank - entryOf(th, b).rank);
  for (let n = 1; n < ranked.length; n += 1) { add(box, whyAbove(th, ranked[n - 1], ranked[n])); }
}
function pickLine(th, found) {
  const rest = ranking(th).filter((r) => found.indexOf(r.index) < 0).slice(0, 200);
  if (found.length >= COMPARED || !rest.length) { return null; }
  const options = [["", t("compare.choose")]].concat(rest.map((r) => [th.sites[r.index].id,
    r.rank + ". " + cut(siteName(th.sites[r.index]), 60)]));
  const node = choice(t("compare.choose"), options, "", (id) => {
    if (!id) { return; }
    pick(id, true);
    fill();
    const again = document.getElementById("compare-add");
    if (again) { again.focus(); }
  });
  node.id = "compare-add";
  return node;
}
function compareTable(th, found) {
  const table = el("table", "compare"), head = el("tr"), weights = shares(th);
  head.appendChild(el("td"));
  found.forEach((i) => {
    const cell = el("th"), gone = button("icon", "×", () => {
      pick(th.sites[i].id, false);
      fill();
    });
    cell.scope = "col";
    gone.setAttribute("aria-label", t("compare.remove-named", {name: cut(siteName(th.sites[i]), 60)}));
    head.appendChild(add(cell, nameButton(th.sites[i]), gone));
  });
  table.appendChild(head);
  const row = (title, cells, cls) => {
    const line = el("tr", cls), name = el("th");
    name.scope = "row";
    name.appendChild(iso(title));
    table.appendChild(add(line, name, ...cells));
  };
  const cell = (text, note) => add(el("td"), words(text), note ? el("span", "calc", note) : null);
  row(t("rank"), found.map((i) => cell(entryOf(th, i) ? String(entryOf(th, i).rank) : t("not-ranked"))), "sum");
  row(t("score"), found.map((i) => cell(entryOf(th, i) ? fixed(entryOf(th, i).score, 3) : "–",
    !isChanged(th) && th.sites[i].low !== null ? between(fixed(th.sites[i].low, 2), fixed(th.sites[i].high, 2)) : "")));
  if (!isChanged(th)) {
    row(t("compare.top-five"), found.map((i) => cell(percent(th.sites[i].sure) || "–")));
  }
  const adds = found.map((i) => parts(th, i, weights));
  th.criteria.forEach((criterion, k) => {
    const best = Math.max(...adds.map((a) => (a[k] === null ? -1 : a[k])));
    row(label(criterion.title), found.map((i, n) => {
      const node = cell(withUnit(shortValue(valueOf(th, k, i)), criterion.unit),
        adds[n][k] === null ? "" : t("compare.adds", {part: fixed(adds[n][k], 3)}));
      node.classList.toggle("best", found.length > 1 && adds[n][k] === best && best >= 0);
      return node;
    }));
  });
  const codes = Array.from(new Set(found.flatMap((i) => Object.keys(th.sites[i].freight))));
  codes.forEach((code) => {
    row(t("card.freight-to", {place: country(code)}), found.map((i) => {
      const f = th.sites[i].freight[code];
      return cell(f ? t("usd-per-tonne", {money: money(f[1])}) : "–", f && f[0] !== null ? moneySpan(f[0], f[2]) : "");
    }));
  });
  if (found.some((i) => th.sites[i].power_usd_mwh !== undefined)) {
    row(t("card.power"), found.map((i) => cell(th.sites[i].power_usd_mwh === undefined ? t("unknown")
      : num(th.sites[i].power_usd_mwh) + " USD/MWh")));
  }
  if (th.kind === "deposits") {
    row(t("card.size"), found.map((i) => {
      const s = th.sites[i];
      return cell(s.resource_mt === undefined ? t("unknown") : num(s.resource_mt) + " Mt",
        s.grade === undefined ? "" : withUnit(s.grade, s.grade_unit || ""));
    }));
  }
  return table;
}
/* Difference of contributions, the largest first, and the weight at which the order turns. */
function whyAbove(th, a, b) {
  const weights = shares(th), mine = parts(th, a, weights), theirs = parts(th, b, weights), box = el("div", "above");
  const gap = entryOf(th, a).score - entryOf(th, b).score, list = el("ul", "diff");
  const name = (i) => cut(siteName(th.sites[i]), 60);
  const head = el("h3", "any");
  head.appendChild(iso(t("compare.why", {a: name(a), b: name(b)})));
  add(box, head, el("p", "any", t(gap > 1e-12 ? "compare.leads" : "compare.tie", {a: name(a), b: name(b), gap: fixed(gap, 3)})));
  const most = Math.max(...mine.map((x, k) => Math.abs((x || 0) - (theirs[k] || 0))), 1e-9);
  largest(mine, theirs, th.criteria.length).forEach((k) => {
    const d = (mine[k] || 0) - (theirs[k] || 0), item = el("li"), meter = el("span", "both"), part = el("i", d < 0 ? "less" : "");
    part.style.width = Math.abs(d) / most * 50 + "%";
    add(item, iso(label(th.criteria[k].title), "any"), add(meter, part), el("span", "num", signed(d)));
    list.appendChild(item);
  });
  const turns = turning(th, a, b);
  return add(box, list, turns.length ? el("p", "soft small any", t("compare.turns", {b: name(b), how: turns.join("; ")})) : null);
}
