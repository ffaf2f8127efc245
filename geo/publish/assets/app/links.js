/* New links that would shorten ways, with what they cost and save; and how much goes where. */
function linksBlock() {
  const found = data.newLinks;
  if (!found || !found.links.length) { return null; }
  const list = el("ul", "list pad");
  found.links.forEach((one) => { list.appendChild(linkItem(one)); });
  return details("new-links", t("links.head", {n: found.links.length}),
    ...(found.says || []).map((text) => el("p", "any pad small soft", label(text))), list);
}
function linkItem(one) {
  const item = el("li"), ends = [label(one.from), label(one.to)].join(" – ");
  add(item, add(el("b"), iso(cut(label(one.title), 80))), one.chosen ? words(" · " + t("links.chosen")) : null,
    el("div", "soft small any", ends + (one.gauge ? " · " + label(one.gauge) : "")),
    el("div", "small any", t("links.cost", {low: num(one.usdLow / 1e6), high: num(one.usdHigh / 1e6), km: num(one.builtKm)})),
    one.savedUsd === null || one.savedUsd === undefined ? null
      : el("div", "small any", t("links.saves", {money: num(one.savedUsd / 1e6), n: one.sites})),
    one.even === null || one.even === undefined ? null : el("div", "small any", t("links.even", {tonnes: num(one.even / 1e6)})),
    one.grade ? el("div", "soft small any", label(one.grade)) : null,
    link(t("links.draw"), () => drawLink(one)));
  return item;
}
function drawLink(one) {
  if (layers.further) { layers.further.remove(); }
  layers.further = L.layerGroup().addTo(map);
  const corridors = (data.newLinks.corridors || []).filter((c) => c[0] === one.id);
  const turned = (line) => line.map((p) => [p[1], p[0]]);
  corridors.forEach((c) => layers.further.addLayer(L.polygon(c[2].map((rings) => rings.map(turned)), {pane: "routes",
    interactive: false, stroke: false, fillColor: lineColour("rail"), fillOpacity: 0.18})));
  layers.further.addLayer(L.polyline(turned(one.line), {pane: "routes", interactive: false, color: lineColour("rail"),
    weight: 3, dashArray: "7 5"}));
}
/* Tonnes a year by leg: as wide as they are many, thin and dashed where unknown. */
function flowsLink() {
  const found = data.flows;
  if (!found || !found.rows.length) { return null; }
  return add(el("div", "pad"), link(t("links.flows"), () => {
    if (layers.further) { layers.further.remove(); }
    layers.further = L.layerGroup().addTo(map);
    const most = Math.max(...found.rows.map((row) => row[5] || 0), 1);
    found.rows.forEach((row) => {
      const line = found.lines[row[8]];
      if (!line) { return; }
      layers.further.addLayer(L.polyline(line.map((p) => [p[1], p[0]]), {pane: "routes", interactive: false,
        color: lineColour(kind(row[2])), opacity: 0.75, weight: row[5] === null ? 1.2 : 1.5 + 9 * Math.sqrt(row[5] / most),
        dashArray: row[5] === null ? "3 5" : null}));
    });
  }));
}
