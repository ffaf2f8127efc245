/* What is not known: by criterion, by cell, and what was left out. */
function fillGaps() {
  const th = theme(), box = el("div", "pad"), total = th.sites.length;
  ui.body.appendChild(box);
  section(box, t("gaps.known", {theme: label(th.title)}));
  if (planesOf(th)) {
    add(box, link(t(surfaceOf(th) === "known" ? "gaps.hide-map" : "gaps.show-map"), () => {
      setSurface(th, surfaceOf(th) === "known" ? "off" : "known");
      fill();
      ui.body.querySelector(".link").focus();
    }));
  }
  th.criteria.forEach((criterion, k) => {
    const known = th.cells[k].score.filter((v) => v !== null).length;
    const line = el("div", "cover"), meter = el("div", "bar"), part = el("span");
    part.style.width = (total ? known / total * 100 : 0) + "%";
    part.style.background = accent(th);
    add(line, iso(label(criterion.title), "any"), add(meter, part),
      el("span", "soft small num", t("gaps.count", {n: String(known), all: String(total)})));
    box.appendChild(line);
  });
  if (th.omitted.length) {
    section(box, t("gaps.omitted"));
    items(box, th.omitted.map((o) => [label(o[0]), label(o[1])]));
  }
  if (th.exclusions.length) {
    section(box, t("gaps.rules"));
    items(box, th.exclusions.map((r) => [label(r.title), t(r.effect === "exclude" ? "gaps.excludes" : "gaps.warns") +
      taken(r) + " · " + r.source]));
  }
  if (data.notes.length) {
    section(box, t("gaps.limits"));
    items(box, data.notes.map((n) => [null, label(n)]));
  }
  const limits = data.layers.filter((l) => l.limits);
  if (limits.length) {
    section(box, t("gaps.layer-limits"));
    items(box, limits.map((l) => [label(l.title), label(l.limits)]));
  }
}
/* What a rule takes: alone, after the rules before it, and what lifting it would bring back. */
function taken(r) {
  if (r.area === null) { return ""; }
  return " · " + t("gaps.alone", {area: num(r.area)}) +
    (r.only === null ? "" : ", " + t("gaps.in-order", {area: num(r.inOrder), only: num(r.only)})) +
    (r.sites ? "; " + t("gaps.sites", {n: r.sites, only: num(r.onlySites)}) : "");
}
