/* How much power can be had at what cost: a curve of steps, dearer to the right. */
function supplyBlock(th) {
  const found = (data.supply || []).filter((s) => s.theme === th.id && s.curve.length);
  if (!found.length) { return null; }
  const box = el("div", "pad");
  found.forEach((s) => {
    add(box, add(el("h3", "any"), iso(t("supply.title", {technology: label(s.technology)}))), supplyChart(th, s),
      el("p", "soft small any", t("supply.note", {area: num(s.eligible_km2), unknown: num(s.unknown_km2), density: num(s.density)}) +
        " " + [label(s.basis) + " USD " + (s.currency_year || ""), s.source].filter(Boolean).join(" · ")), supplyTable(s));
  });
  return details("supply", t("supply.head"), box);
}
function supplyChart(th, s) {
  const wide = 320, tall = 150, left = 34, low = 24, last = s.curve[s.curve.length - 1][0] || 1;
  const costs = s.curve.map((p) => p[1]), from = Math.min(...costs), to = Math.max(...costs), room = (to - from) * 0.08 || 1;
  const x = (gw) => left + gw / last * (wide - left - 6);
  const y = (usd) => tall - low - (usd - from + room) / (to - from + 2 * room) * (tall - low - 8);
  let path = "M" + x(0) + " " + y(costs[0]), before = 0;
  s.curve.forEach(([gw, usd]) => {
    path += "L" + x(before).toFixed(1) + " " + y(usd).toFixed(1) + "L" + x(gw).toFixed(1) + " " + y(usd).toFixed(1);
    before = gw;
  });
  const text = (at, up, anchor, said) => {
    const node = svg("text", {x: at, y: up, "text-anchor": anchor, "font-size": 10.5, fill: token("ink-soft")});
    node.textContent = said;
    return node;
  };
  return svg("svg", {viewBox: "0 0 " + wide + " " + tall, role: "img", class: "chart", "aria-label": t("supply.said", {gw: num(last),
    low: num(from), high: num(to)})},
  svg("path", {d: path, fill: "none", stroke: readable(accent(th), token("panel")), "stroke-width": 2}),
  svg("path", {d: "M" + left + " 4V" + (tall - low) + "H" + (wide - 4), fill: "none", stroke: token("boundary")}),
  text(left - 4, y(from) + 3, "end", num(from)), text(left - 4, y(to) + 3, "end", num(to)),
  text(left, tall - 10, "middle", "0"), text(wide - 6, tall - 10, "end", num(last) + " GW"),
  text(left + 4, 12, "start", "USD/MWh"));
}
function supplyTable(s) {
  const rows = ((s.groups || {}).province || []).slice(0, 8), table = el("table", "legtable");
  if (!rows.length) { return null; }
  table.appendChild(add(el("tr"), el("th", null, t("supply.province")), el("th", "r", "GW"), el("th", "r", "TWh/a"), el("th", "r", "USD/MWh")));
  rows.forEach(([name, gw, twh, usd]) => {
    table.appendChild(add(el("tr"), add(el("td", "any"), iso(label(name))), el("td", "r", num(gw)), el("td", "r", num(twh)), el("td", "r", num(usd))));
  });
  return table;
}
