/* Ways to market: legs are stored once and shared, a way lists their numbers. */
const routes = data.routes;
const wayTable = new Map(Object.entries(routes.ways));
const countryTable = new Map(Object.entries(data.countries));

function leg(number) {
  const raw = routes.legs[number], place = raw[8], word = (k) => routes.words[k];
  return {mode: word(raw[0]), from: word(raw[1]), to: word(raw[2]), km: raw[3], usd: [raw[4], raw[5], raw[6]],
    source: word(raw[7]), line: typeof place === "number" ? place : null, at: Array.isArray(place) ? place : null};
}
function waysOf(id) {
  return (wayTable.get(id) || []).map((way) => {
    const legs = way[2].map(leg), last = legs[legs.length - 1];
    return {country: way[0], to: (last && last.to) || routes.words[way[1]], legs: legs};
  });
}
function country(code) { return label(countryTable.get(code) || code); }
function port(text) { return label(cut(text.replace(/\s*\(.*$/, ""), 26)); }
/* Which of seven kinds a leg's mode is; its words stay the study's own. */
function kind(mode) {
  const text = mode.toLowerCase();
  return [["gauge", /gauge/], ["sea", /sea|ship|ferry/], ["border", /border|crossing|customs/],
    ["port", /port|terminal|handling/], ["transfer", /transfer|lift|load/], ["rail", /rail/]]
    .reduce((found, [name, sign]) => found || (sign.test(text) ? name : ""), "") || "truck";
}
function routeColour(group) {
  const hues = data.tokens.routes;
  return {truck: hues.truck, rail: hues.rail, sea: hues.sea,
    gauge: mix(hues.rail, "#000000", 0.35), border: mix(hues.truck, "#000000", 0.3),
    port: mix(hues.sea, "#000000", 0.25), transfer: mix(hues.truck, "#000000", 0.15)}[group];
}
function lineColour(group) {
  const hue = routeColour(group);
  return isDark() ? mix(hue, "#ffffff", 0.38) : hue;
}
function decoded(way) {
  return way.legs.map((one) => ({leg: one, kind: kind(one.mode),
    parts: one.line === null ? [] : window.lodemapDecode(routes.lines[one.line])}));
}
/* Where the money goes: a bar by kind of leg, its legs under it. */
function wayBlock(way) {
  const total = way.legs.reduce((sum, one) => sum + (one.usd[1] || 0), 0), groups = [];
  way.legs.forEach((one) => {
    const g = kind(one.mode), last = groups[groups.length - 1];
    if (last && last.kind === g) {
      last.usd += one.usd[1] || 0;
      last.km += one.km || 0;
    } else { groups.push({kind: g, usd: one.usd[1] || 0, km: one.km || 0}); }
  });
  const perTonne = (usd) => t("usd-per-tonne", {money: money(usd)});
  const line = el("div", "legs");
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", groups.map((g) => t("mode." + g.kind) + " " + perTonne(g.usd)).join(", "));
  groups.forEach((g) => {
    const part = el("span"), share = total > 0 ? g.usd / total : 0, colour = routeColour(g.kind);
    part.style.width = share * 100 + "%";
    part.style.background = colour;
    part.style.color = inkOn(colour);
    part.title = t("mode." + g.kind) + ": " + perTonne(g.usd) + (g.km ? ", " + num(g.km) + " km" : "");
    if (share > 0.11) {
      add(part, el("b", null, t("mode." + g.kind)), words(share > 0.2 ? perTonne(g.usd) : money(g.usd)));
    }
    line.appendChild(part);
  });
  const table = el("table", "legtable");
  way.legs.forEach((one) => {
    const row = el("tr"), what = el("td", "any"), usd = el("td", "r", perTonne(one.usd[1]));
    add(what, el("b", null, label(one.mode) + " "),
      iso(label(one.from) + (one.to && one.to !== one.from ? " → " + label(one.to) : "")));
    if (one.usd[0] !== null) { usd.title = t("range", {span: moneySpan(one.usd[0], one.usd[2])}); }
    table.appendChild(add(row, what, el("td", "r", one.km ? num(one.km) + " km" : ""), usd));
  });
  const head = el("h3", "any");
  head.appendChild(iso(t("card.money-goes", {port: port(way.to), country: country(way.country)})));
  return add(el("div"), head, line, add(el("details"), el("summary", null, t("card.legs", {n: way.legs.length})), table));
}
