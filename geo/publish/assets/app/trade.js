/* More of the ways to market: how sure the charge is, what closes them, and the second and third way. */
BLOCKS.push((th, site) => {
  const found = data.trade && ((data.trade.sites[th.id] || {})[site.id]);
  if (!found) { return null; }
  const box = el("div");
  Object.keys(found).forEach((code) => { add(box, ...tradeBlock(found[code], code)); });
  return add(box, furtherWays(site));
});
function tradeBlock(one, code) {
  const head = el("h3", "any"), table = el("table", "legtable");
  const row = (name, value) => {
    if (value) { table.appendChild(add(el("tr"), el("td", "any", name), el("td", "r", value))); }
  };
  const usd = (value) => (value === null || value === undefined ? "" : t("usd-per-tonne", {money: money(value)}));
  head.appendChild(iso(t("trade.title", {country: country(code)})));
  if (one.missing) { return [head, el("p", "warn any", label(one.missing))]; }
  if (one.range && one.range.every((v) => v !== null)) {
    row(t("trade.range"), usd(one.range[1]) + " (" + moneySpan(one.range[0], one.range[2]) + ")");
  }
  row(t("trade.dry"), usd(one.dry));
  row(t("trade.payable"), usd(one.payable));
  row(t("trade.share"), one.share === null ? "" : num(one.share) + " %");
  row(t("trade.near", {place: label(data.trade.reference)}), usd(one.near));
  row(t("trade.premium"), one.premium === null ? "" : usd(one.premium) +
    (one.premiumShare === null ? "" : " (" + num(one.premiumShare) + " %)"));
  row(t("trade.co2"), one.kg === null ? "" : num(one.kg) + " kg CO₂e/t");
  if (one.borders) { add(table, wideRow(t("trade.borders"), one.borders)); }
  if (one.ports) { add(table, wideRow(t("trade.ports"), one.ports)); }
  return [head, table, closers(one)];
}
function wideRow(name, text) {
  const cell = el("td", "any");
  cell.colSpan = 2;
  return add(el("tr"), add(cell, words(name + ": "), iso(cut(text, 200), "soft")));
}
/* What closes the way: each place or line alone, the worst first. */
function closers(one) {
  if (!one.closed || !one.closed.length) { return null; }
  const list = el("ul", "list");
  one.closed.slice(0, 5).forEach(([number, what, change]) => {
    list.appendChild(add(el("li"), iso(cut(label(data.trade.words[number]), 80)), el("div", "soft small", t("trade." + what) + " · " + (change === null
      ? t("trade.no-way-left") : t("trade.dearer", {money: (change > 0 ? "+" : "") + money(change)})))));
  });
  return add(el("div"), el("p", "any", t("trade.closes")), list);
}
/* The second and third way, drawn beside the first when they are asked for. */
function furtherWays(site) {
  const further = (data.trade || {}).further || {}, ranks = Object.keys(further).filter((n) => (further[n].ways || {})[site.id]);
  if (!ranks.length) { return null; }
  const box = el("div");
  ranks.forEach((n) => {
    const lines = new Map();
    further[n].ways[site.id].forEach((way) => {
      const legs = way[2].map((k) => further[n].legs[k]), usd = legs.reduce((sum, one) => sum + (one[5] || 0), 0);
      legs.forEach((one) => { if (typeof one[8] === "number") { lines.set(one[8], kind(further[n].words[one[0]])); } });
      add(box, el("p", "any small", t("trade.way", {place: ordinal(Number(n)), country: country(way[0]), money: money(usd)})));
    });
    add(box, link(t("trade.draw", {place: ordinal(Number(n))}), () => drawFurther(further[n], lines)));
  });
  return box;
}
function drawFurther(source, lines) {
  if (layers.further) { layers.further.remove(); }
  layers.further = L.layerGroup().addTo(map);
  lines.forEach((mode, number) => {
    layers.further.addLayer(L.polyline(window.lodemapDecode(source.lines[number]), {pane: "routes", interactive: false,
      color: lineColour(mode), weight: 1.8, opacity: 0.85, dashArray: "2 5"}));
  });
}
