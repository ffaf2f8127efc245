/* Who says so: the method in plain words, every layer with its licence, date, quality and checksum. */
function fillSources() {
  const th = theme(), box = el("div", "pad"), m = th.method;
  ui.body.appendChild(box);
  add(box, el("p", "warn", label(data.disclaimer)));
  section(box, t("sources.method", {theme: label(th.title)}));
  add(box, el("p", "any", label(th.scoreNote)), el("p", "any", label(m.title) + (m.says ? ": " + label(m.says) : ".")));
  add(box, el("p", "any soft small", [m.weights, m.unknownSays].filter(Boolean).map(label)
    .map((text) => text.charAt(0).toUpperCase() + text.slice(1) + ".").join(" ")));
  m.cautions.forEach((text) => { box.appendChild(el("p", "warn any", cut(label(text), 500))); });
  ["how-score", "how-range", "how-freight", "how-unknown"].forEach((key) => { add(box, el("p", "any", t("sources." + key))); });
  items(box, th.criteria.map((c) => [label(c.title) + (m.weighted ? " · " + t("sources.weight",
    {weight: fixed(c.weight, 2), span: between(fixed(c.low, 2), fixed(c.high, 2))}) : ""),
  [c.worst && c.best ? t("weights.swing", {worst: label(c.worst), best: label(c.best)}) : "", label(c.note), c.source]
    .filter(Boolean).join(" · ")]));
  data.models.forEach((model) => { fillModel(box, model); });
  section(box, t("sources.layers"));
  add(box, recordList());
  section(box, t("sources.quality"));
  if (data.findings.length) {
    items(box, data.findings.map((f) => [label(f.title) + " · " + t("level." + f.level), label(f.text)]));
  } else {
    box.appendChild(el("p", "any soft small", t("sources.no-finding")));
  }
  section(box, t("sources.page"));
  add(box, el("p", "any soft small", t("sources.made-with", {version: data.version, recipe: data.recipe})),
    el("p", "any soft small", t("sources.provenance")));
}
/* How much each evidence of a model of prospectivity tells; what was left out says why. */
function fillModel(box, model) {
  const table = el("table", "legtable"), row = (tag, title, cells) => {
    const line = el("tr"), name = el(tag, "any");
    name.appendChild(iso(title));
    table.appendChild(add(line, name, ...cells.map((text) => el(tag, "r", text))));
  };
  section(box, t("sources.model", {title: cut(label(model.title), 120)}));
  row("th", t("sources.evidence"), ["w-plus", "w-minus", "contrast"].map((key) => t("sources." + key)));
  model.evidence.filter((one) => one.left_out === undefined).forEach((one) => {
    row("td", cut(label(one.title), 120), [one.w_plus, one.w_minus, one.contrast].map((w) => fixed(w, 2)));
  });
  add(box, table, el("p", "any soft small", t("sources.weights-say")));
  items(box, model.evidence.filter((one) => one.left_out !== undefined)
    .map((one) => [label(one.title), t("sources.left-out", {why: one.left_out})]));
}
function recordList() {
  const list = el("ul", "list");
  data.records.forEach((r) => {
    const item = el("li"), grade = el("span", "grade", t(r.quality === "screening" ? "sources.screening" : "sources.grade",
      {quality: label(r.quality || t("unknown"))}));
    add(item, add(el("b"), iso(cut(label(r.title), 120))), words(" "), grade, el("div", "soft small any",
      cut([r.attribution, r.licence + (r.licence_url ? " (" + r.licence_url + ")" : ""), r.source,
        r.retrieved ? t("sources.retrieved", {date: date(r.retrieved)}) : ""].filter(Boolean).join(" · "), 700)),
    r.sha256 ? el("div", "sum soft any", "sha256 " + r.sha256) : null);
    list.appendChild(item);
  });
  return list;
}
