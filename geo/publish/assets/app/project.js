/* Whether a plant at the site pays: its cost beside the price, what moves it, what would have to
   change. Its words are the report's own. */
BLOCKS.push((th, site) => {
  const box = el("div");
  (data.projects || []).forEach((one) => {
    const own = one.sites.find((s) => s.theme === th.id && s.site_id === site.id);
    if (own) { add(box, ...projectParts(th, one, own)); }
  });
  return box.children.length ? box : null;
});
const perCent = (share) => (share === null || share === undefined ? t("unknown") : num(share * 100));
function projectParts(th, one, own) {
  const head = el("h3", "any"), table = el("table", "legtable");
  head.appendChild(iso(t("project.project", {title: label(one.title)})));
  const row = (key, value) => { table.appendChild(add(el("tr"), el("td", "any", t("project." + key)), el("td", "r", value))); };
  const [low, mid, high] = own.cost;
  row("lcoe", mid === null ? t("unknown") : num(mid) + (low === null || high === null ? "" : " (" + span(low, high) + ")"));
  if (one.price !== null) { row("price", num(one.price)); }
  if (own.npv !== null) { row("npv", num(own.npv / 1e6)); }
  if (own.irr !== null) { row("irr", perCent(own.irr)); }
  if (own.equity_irr !== null) { row("equity-irr", perCent(own.equity_irr)); }
  if (own.payback !== null) { row("payback", num(own.payback)); }
  if (own.dscr_min !== null) { row("dscr", fixed(own.dscr_min, 2)); }
  const about = t("project.project-about", {mw: num(one.mw), year: String(one.year)}) + " " + t("project." + one.basis) +
    (one.source ? " · " + one.source : "");
  return [head, table, tornado(th, own), termsOf(one, own), el("p", "soft small any", about)];
}
/* What moves the cost: a bar a factor from the cost at its low to that at its high end. */
function tornado(th, own) {
  if (!own.tornado.length || own.cost[1] === null) { return null; }
  const ends = own.tornado.flatMap((r) => [r[3], r[4]]).concat(own.cost[1]).filter((v) => v !== null);
  const from = Math.min(...ends), room = Math.max(...ends) - from || 1, at = (v) => (v - from) / room * 100;
  const list = el("ul", "tornado"), spread = (r) => Math.abs((r[4] || 0) - (r[3] || 0));
  own.tornado.slice().sort((a, b) => spread(b) - spread(a)).forEach((r) => {
    const share = r[0] === "rate" || r[0] === "capacity_factor", said = (v) => num(share && v !== null ? v * 100 : v);
    const line = el("li"), track = el("span", "track"), bar_ = el("i"), mid = el("b");
    bar_.style.left = Math.min(at(r[3]), at(r[4])) + "%";
    bar_.style.width = Math.abs(at(r[4]) - at(r[3])) + "%";
    bar_.style.background = readable(accent(th), token("panel"));
    mid.style.left = at(own.cost[1]) + "%";
    list.appendChild(add(line, el("span", "any", t("project.term-" + r[0])), el("span", "soft num", said(r[1]) + " → " + said(r[2])),
      add(track, bar_, mid), el("span", "num", num(r[3]) + " → " + num(r[4]))));
  });
  const box = add(el("div"), el("h4", null, t("project.moves") + ", " + t("project.cost-from-to")), list);
  return box;
}
/* What each term alone would have to be for the price that is aimed at. */
function termsOf(one, own) {
  if (!own.terms.length || one.target === null) { return null; }
  const table = el("table", "legtable"), share = ["rate", "capacity_factor", "grant"];
  const said = (name, v) => num(share.indexOf(name) >= 0 ? v * 100 : v);
  table.appendChild(add(el("tr"), el("th", null, t("project.needed-for", {price: num(one.target)})),
    el("th", "r", t("project.now")), el("th", "r", t("project.needed"))));
  own.terms.forEach(([name, now, needed]) => {
    table.appendChild(add(el("tr"), el("td", "any", t("project.term-" + name)), el("td", "r", now === null ? "–" : said(name, now)),
      el("td", "r", needed === null ? t("project.none-reaches") : said(name, needed))));
  });
  return table;
}
