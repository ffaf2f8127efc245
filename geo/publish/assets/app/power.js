/* Power for a load at a site: what it is made of, how large, what it costs. */
const POWER_HUES = {solar: "#d99a00", wind: "#2f7fc1"};
BLOCKS.push((th, site) => {
  const found = (data.loads || []).map((load) => [load, load.sites.find((s) => s.theme === th.id && s.site_id === site.id)])
    .filter((pair) => pair[1]);
  if (!found.length) { return null; }
  const box = el("div");
  found.forEach(([load, own]) => { add(box, ...powerBlock(load, own)); });
  return box;
});
function powerBlock(load, own) {
  const head = el("h3", "any"), shares_ = powerShares(load, own), line = el("div", "legs");
  head.appendChild(iso(t("power.title", {load: label(load.title), mw: num(load.mean_mw)})));
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", shares_.map((s) => s.name + " " + percent(s.share)).join(", "));
  const total = shares_.reduce((sum, s) => sum + s.share, 0);
  shares_.forEach((s) => {
    const part = el("span");
    part.style.width = s.share / total * 100 + "%";
    part.style.background = s.colour;
    part.style.color = inkOn(s.colour);
    part.title = s.name + ": " + percent(s.share);
    if (s.share > 0.11) { add(part, el("b", null, s.name), words(percent(s.share))); }
    line.appendChild(part);
  });
  const table = el("table", "legtable"), row = (name, value) => {
    table.appendChild(add(el("tr"), el("td", "any", name), el("td", "r", value)));
  };
  row(t("power.cost"), own.cost === null ? t("unknown") : num(own.cost) + " USD/MWh (" + span(own.cost_low, own.cost_high) + ")");
  row(t("power.sun"), own.solar_mw === null ? t("unknown") : num(own.solar_mw) + " MW");
  row(t("power.wind"), own.wind_mw === null ? t("unknown") : num(own.wind_mw) + " MW");
  if (own.storage_mw) { row(t("power.storage"), num(own.storage_mw) + " MW, " + num(own.storage_mwh) + " MWh"); }
  backups(load, own).forEach((b) => { if (own[b.id + "_mw"]) { row(b.name, num(own[b.id + "_mw"]) + " MW"); } });
  row(t("power.met"), percent(own.met));
  row(t("power.curtailed"), percent(own.curtailed));
  row(t("power.co2"), own.co2_t_mwh === null ? t("unknown") : num(own.co2_t_mwh) + " t/MWh");
  return [head, line, table, el("p", "soft small any", t("power.note", {seeds: num(load.seeds)}) + " " +
    [label(load.basis), load.source].filter(Boolean).join(" · "))];
}
/* Plants that stand in, in the load's order: their ids are the keys that end as sizes do. */
function backups(load, own) {
  const ids = Object.keys(own).filter((k) => k.endsWith("_mw") && ["solar_mw", "wind_mw", "storage_mw"].indexOf(k) < 0)
    .map((k) => k.slice(0, -3));
  return ids.map((id, n) => ({id: id, name: label((load.backup || [])[n] || id)}));
}
function powerShares(load, own) {
  const greys = ["#6e5a44", "#8a8379", "#5b5a55"];
  return [{name: t("power.sun"), share: own.solar_share, colour: POWER_HUES.solar},
    {name: t("power.wind"), share: own.wind_share, colour: POWER_HUES.wind}]
    .concat(backups(load, own).map((b, n) => ({name: b.name, share: own[b.id + "_share"], colour: greys[n % 3]})))
    .filter((s) => s.share > 0);
}
