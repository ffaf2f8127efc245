/* A site: four figures, then reasons, how firm the rank is, what would change it, and sources. */
function fig(title, value, lines) {
  const node = el("div", "fig");
  add(node, el("span", null, title), el("b", null, value));
  lines.filter(Boolean).forEach((text) => { node.appendChild(el("span", null, text)); });
  return node;
}
function sizeFig(site) {
  const mt = site.resource_mt, grade = site.grade, name = t("card.size");
  const basis = !site.category || site.category === "not stated" ? t("card.no-category") : label(site.category);
  const when = [basis, site.code, site.year].filter(Boolean).join(" · ");
  if (mt === undefined && grade === undefined && site.contained_kt === undefined) {
    return fig(name, t("unknown"), [t("card.no-size")]);
  }
  const g = grade === undefined ? t("card.grade-unknown") : withUnit(grade, site.grade_unit || "");
  if (mt !== undefined) { return fig(name, num(mt) + " Mt", [g, when]); }
  if (site.contained_kt !== undefined) { return fig(t("card.contained"), num(site.contained_kt) + " kt", [g, when]); }
  return fig(name, g, [t("card.tonnage-unknown"), when]);
}
function figures(th, site, index) {
  const box = el("div", "figs"), s = scenarioOf(th);
  if (th.kind === "deposits") { box.appendChild(sizeFig(site)); }
  Object.keys(site.freight).forEach((code) => {
    const f = site.freight[code], way = waysOf(site.id).find((r) => r.country === code);
    const name = t("card.freight-to", {place: (way ? port(way.to) + ", " : "") + country(code)});
    const other = s && s.freight[code] ? s.freight[code][index] : undefined;
    if (other === null) {
      box.appendChild(fig(name, t("card.no-way"), [t("card.else", {money: money(f[1])})]));
    } else if (other !== undefined && Math.abs(other - f[1]) > 0.05) {
      box.appendChild(fig(name, t("usd-per-tonne", {money: money(other)}), [t("card.else", {money: money(f[1])}), t("card.freight-basis")]));
    } else {
      box.appendChild(fig(name, t("usd-per-tonne", {money: money(f[1])}), [f[0] === null ? ""
        : t("usd-per-tonne", {money: moneySpan(f[0], f[2])}), t("card.freight-basis")]));
    }
  });
  if (site.power_usd_mwh !== undefined) {
    box.appendChild(fig(t("card.power"), num(site.power_usd_mwh) + " USD/MWh",
      [site.power_low === undefined ? "" : span(site.power_low, site.power_high) + " USD/MWh",
        label(site.power_source || site.technology || "")]));
  }
  if (th.kind !== "deposits") {
    th.criteria.map((_, k) => k).sort((a, b) => th.cells[b].weight - th.cells[a].weight)
      .slice(0, Math.max(0, 4 - box.children.length)).forEach((k) => {
        box.appendChild(fig(label(th.criteria[k].title), withUnit(valueOf(th, k, index), th.criteria[k].unit),
          [mark(th, k, index)]));
      });
  }
  return box;
}
function mark(th, k, index) { return label(th.qualities[th.cells[k].quality[index]] || ""); }

/* ---------- why ---------- */
function whyTable(th, index) {
  const weights = shares(th), colours = tints(th), own = parts(th, index, weights), table = el("table", "why");
  th.criteria.map((_, k) => k).sort((a, b) => (own[b] || 0) - (own[a] || 0)).forEach((k) => {
    const criterion = th.criteria[k], v = valueScore(th, k, index), row = el("tr"), left = el("td"), right = el("td", "r");
    const name = el("span", "name"), swatch = el("span", "sw"), mini = el("div", "mini"), filling = el("i");
    swatch.style.background = colours[k];
    add(name, swatch, iso(label(criterion.title), "any"));
    add(left, name, el("span", "calc any", withUnit(shortValue(valueOf(th, k, index)), criterion.unit) +
      calculation(th, v, weights[k]) + swing(th, criterion)));
    const known = th.cells[k].ifKnown && th.cells[k].ifKnown[index];
    if (known) { left.appendChild(el("span", "calc any", t("card.if-known", {ranks: label(known)}))); }
    if (mark(th, k, index)) {
      left.title = mark(th, k, index) + (criterion.note ? ". " + label(criterion.note) : "");
    }
    filling.style.width = (v || 0) * 100 + "%";
    filling.style.background = colours[k];
    add(right, words(own[k] === null ? (v === null ? t("unknown") : "–") : fixed(own[k], 3)), add(mini, filling));
    table.appendChild(add(row, left, right));
  });
  const sum = own.reduce((total, x) => total + (x || 0), 0);
  if (th.adds && own.some((x) => x !== null)) {
    table.appendChild(add(el("tr", "sum"), el("td", null, t("card.sum")), el("td", "r", fixed(sum, 3))));
  }
  return table;
}
function calculation(th, v, weight) {
  const plain = th.method.name === "weighted-sum";
  if (v === null) {
    return plain && th.method.unknown === "lower" ? t("card.counts-nothing", {weight: fixed(weight, 2)})
      : ": " + label(th.method.unknownSays);
  }
  if (!th.method.weighted) { return " → " + fixed(v, 2); }
  return " → " + fixed(v, 2) + (plain ? t("card.times-weight", {weight: fixed(weight, 2)})
    : t("card.of-weight", {weight: fixed(weight, 2)}));
}
/* A weight means nothing without the range that it is worth. */
function swing(th, criterion) {
  return th.method.weighted && criterion.worst && criterion.best
    ? t("card.swing", {worst: label(criterion.worst), best: label(criterion.best)}) : "";
}
function shortValue(value) { return typeof value === "string" ? label(cut(value, 80)) : value; }

/* ---------- neighbours and other conditions ---------- */
/* The sites just above and below, and what parts them most. */
function neighbours(th, index) {
  const rows = ranking(th), place = rows.findIndex((r) => r.index === index), list = el("ul", "list");
  if (place < 0) { return null; }
  const weights = shares(th), mine = parts(th, index, weights);
  [place - 1, place + 1, place + 2].filter((n) => n >= 0 && n < rows.length).slice(0, 3).forEach((n) => {
    const other = rows[n], site = th.sites[other.index], theirs = parts(th, other.index, weights);
    const gap = rows[place].score - other.score, most = largest(mine, theirs, 2);
    const item = el("li"), said = most.map((k) => signed((mine[k] || 0) - (theirs[k] || 0)) + " " + label(th.criteria[k].title));
    add(item, nameButton(site), el("div", "soft small any", t(gap >= 0 ? "card.behind" : "card.ahead",
      {gap: fixed(Math.abs(gap), 3), rank: String(other.rank)}) + (said.length ? " (" + said.join(", ") + ")" : "")));
    list.appendChild(item);
  });
  return list.children.length ? add(el("div", "near"), el("h3", null, t("card.near")), list) : null;
}
function signed(value) { return (value > 0 ? "+" : "") + fixed(value, 3); }
/* Criteria by how far apart two sites are in them, the most first. */
function largest(a, b, most) {
  return a.map((_, k) => k).filter((k) => a[k] !== null || b[k] !== null)
    .sort((x, y) => Math.abs((a[y] || 0) - (b[y] || 0)) - Math.abs((a[x] || 0) - (b[x] || 0)))
    .filter((k) => Math.abs((a[k] || 0) - (b[k] || 0)) > 5e-4).slice(0, most);
}
/* What would have to change for the site above to be passed, by one weight alone. */
function turning(th, a, b) {
  const weights = shares(th), said = [];
  th.criteria.forEach((criterion, k) => {
    const at = turningShare(th, a, b, k, weights);
    if (at !== null) { said.push({k: k, at: at, far: Math.abs(at - weights[k])}); }
  });
  return said.sort((x, y) => x.far - y.far).slice(0, 2).map((s) => t(s.at > weights[s.k] ? "card.turns-above" : "card.turns-below",
    {name: label(th.criteria[s.k].title), at: fixed(s.at, 2), now: fixed(weights[s.k], 2)}));
}
function whatChanges(th, index) {
  const rows = ranking(th), place = rows.findIndex((r) => r.index === index), said = [];
  const name = (i) => cut(siteName(th.sites[i]), 60);
  if (place > 0) {
    const up = turning(th, index, rows[place - 1].index);
    if (up.length) { said.push(t("card.would-pass", {name: name(rows[place - 1].index), how: up.join("; ")})); }
  }
  if (place >= 0 && place < rows.length - 1) {
    const down = turning(th, index, rows[place + 1].index);
    if (down.length) { said.push(t("card.would-be-passed", {name: name(rows[place + 1].index), how: down.join("; ")})); }
  }
  return said.length ? add(el("div"), el("h3", null, t("card.changes")), ...said.map((text) => el("p", "any", text))) : null;
}
/* The site's rank, score and freight under each scenario. */
function scenarioTable(th, site, index) {
  if (!th.scenarios.length) { return null; }
  const table = el("table", "legtable"), head = el("tr"), codes = Object.keys(site.freight);
  [t("conditions.column"), t("rank"), t("score")].concat(codes).forEach((text, k) => {
    head.appendChild(el("th", k ? "r" : null, text));
  });
  table.appendChild(head);
  const line = (title, note, rank, step, score, freight) => {
    const row = el("tr"), what = el("td", "any");
    what.appendChild(iso(cut(title, 120)));
    what.title = cut(note, 300);
    add(row, what, el("td", "r", rank === null ? "–" : rank + (step ? (step > 0 ? " ▲" : " ▼") + Math.abs(step) : "")),
      el("td", "r", fixed(score, 2)));
    freight.forEach((f) => { row.appendChild(el("td", "r", f === null ? t("card.no-way") : money(f))); });
    table.appendChild(row);
  };
  line(t("scenario.none"), "", site.rank, 0, site.score, codes.map((c) => site.freight[c][1]));
  th.scenarios.forEach((s) => {
    line(label(s.title), s.note, s.rank[index], s.step[index], s.score[index],
      codes.map((c) => (s.freight[c] ? s.freight[c][index] : null)));
  });
  return add(el("div"), el("h3", null, t("conditions.head")), table, codes.length
    ? el("p", "soft small any", t("conditions.freight", {countries: codes.map((c) => country(c) + " (" + c + ")").join(", ")})) : null);
}

/* ---------- the card ---------- */
function fillSite() {
  const th = theme(), index = state.site === null ? -1 : siteById(state.site), box = el("div", "pad");
  ui.body.appendChild(box);
  if (index < 0) {
    add(box, el("p", "soft", t("card.choose")));
    return;
  }
  const site = th.sites[index], entry = entryOf(th, index), own = isChanged(th);
  add(box, cardHead(th, site, entry, index));
  if (!entry) { box.appendChild(el("p", "warn", cut(reason(th, site), 400))); }
  if (!entry && site.toQualify) { box.appendChild(el("p", "any", t("card.to-qualify", {what: cut(label(site.toQualify), 600)}))); }
  if (chosenTogether(th, site)) {
    box.appendChild(el("p", "soft small any", t("card.together", {n: th.together.chosen.length})));
  }
  box.appendChild(figures(th, site, index));
  site.warnings.forEach((text) => { box.appendChild(el("p", "warn", cut(label(text), 400))); });
  if (site.flags) { box.appendChild(el("p", "warn", cut(label(site.flags), 400))); }
  const order = Object.keys(site.freight);
  waysOf(site.id).sort((a, b) => order.indexOf(a.country) - order.indexOf(b.country))
    .forEach((way) => { box.appendChild(wayBlock(way)); });
  add(box, el("h3", null, entry ? t("card.why", {place: ordinal(entry.rank)}) : t("card.known")), whyTable(th, index));
  if (entry && site.low !== null && !own) { box.appendChild(el("p", "any", rangeSaid(site))); }
  if (entry && !own) { firmness(box, site); }
  if (site.known !== null && site.of !== null) { box.appendChild(el("p", "soft small", knownSaid(th, site))); }
  if (site.note) { box.appendChild(el("p", "soft small any", cut(label(site.note), 600))); }
  add(box, neighbours(th, index), whatChanges(th, index), scenarioTable(th, site, index), ...blocksOf(th, site, index));
  cardSources(box, th, site);
}
function cardHead(th, site, entry, index) {
  const head = el("div", "card-head"), left = el("div"), right = el("div", "place"), title = el("h2");
  title.appendChild(iso(siteName(site)));
  add(left, title, el("p", "soft small any", [site.deposit_type, site.province, site.stage].filter(Boolean).map(label).concat([
    site.precision_km ? t("card.point", {km: num(site.precision_km)}) : "", site.operator || ""]).filter(Boolean)
    .map((x) => cut(x, 90)).join(" · ")));
  add(left, compareLink(site));
  if (entry) {
    add(right, el("b", null, entry.rank), el("span", "soft small", " " + t("card.of", {n: ranking(th).length})));
  } else {
    add(right, el("span", "soft", t(statusOf(th, index) === "excluded" ? "excluded" : "not-ranked")));
  }
  return add(head, left, right);
}
function rangeSaid(site) {
  return [t("card.range", {score: fixed(site.score, 2), low: fixed(site.low, 2), high: fixed(site.high, 2)}),
    site.best === null ? "" : t("card.rank-range", {span: span(site.best, site.worst)}),
    site.sure === null ? "" : t("card.top-five", {share: percent(site.sure), likely: likely(site.sure)})]
    .filter(Boolean).join("; ") + ".";
}
function knownSaid(th, site) {
  const lies = site.floor === null || site.floor === site.ceiling ? ""
    : t("card.lies", {low: fixed(site.floor, 2), high: fixed(site.ceiling, 2)});
  return t("card.known-for", {n: site.known, of: site.of}) +
    (site.known < site.of ? "; " + label(th.method.unknownSays) + lies : "") + ".";
}
/* How firm the rank is: draws, other methods, and the weights that a first place bears. */
function firmness(box, site) {
  const said = [];
  if (site.first) { said.push(t("firm.first", {share: percent(site.first)})); }
  if (site.methods) {
    said.push(site.methods[0] === site.methods[1] ? t("firm.every", {place: ordinal(site.methods[0])})
      : t("firm.others", {low: ordinal(site.methods[0]), high: ordinal(site.methods[1])}));
  }
  const bears = (site.stable || []).map((s) => t("firm.weighs", {name: label(s[0]), low: fixed(s[2], 2),
    high: fixed(s[3], 2), now: fixed(s[1], 2)}));
  if (bears.length) { said.push(t("firm.stays", {weights: bears.slice(0, 3).join("; ")})); }
  if (said.length) { box.appendChild(el("p", "any", said.join(" "))); }
}
function cardSources(box, th, site) {
  const found = [site.source].concat(th.criteria.map((c) => c.source)).filter(Boolean), list = el("ul", "list small soft");
  section(box, t("tab.sources"));
  Array.from(new Set(found)).forEach((text) => { list.appendChild(add(el("li"), iso(cut(text, 300)))); });
  add(box, list, el("p", "soft small", label(data.disclaimer)));
}
