/* The legend: symbols, the surface with its units, scale and north. */
function key(drawing, text) {
  const box = svg("svg", {width: drawing.w || 26, height: 14, viewBox: "0 0 " + (drawing.w || 26) + " 14", "aria-hidden": "true"});
  drawing.parts.forEach((p) => { box.appendChild(svg(p[0], p[1])); });
  return add(el("span", "key"), box, words(text));
}
function lineKey(group) {
  const dash = {truck: "0.5 6", sea: "7 4"}[group];
  const attributes = {x1: 2, x2: 24, y1: 7, y2: 7, stroke: lineColour(group), "stroke-width": 3,
    "stroke-linecap": group === "sea" ? "butt" : "round"};
  if (dash) { attributes["stroke-dasharray"] = dash; }
  return key({parts: [["line", attributes]]}, t("mode." + group));
}
function legend() {
  const th = theme(), keys = el("div", "keys"), second = el("div", "keys"), rest = el("div", "rest");
  ["rail", "truck", "sea"].forEach((mode) => { if (state.modes && state.modes.has(mode)) { keys.appendChild(lineKey(mode)); } });
  stopKeys(keys);
  siteKeys(th, second);
  const slot = el("span", "scale-slot");
  add(slot, north(), ui.scale.getContainer());
  (keys.children.length || phone.matches ? keys : second).appendChild(slot);
  add(rest, th.surface ? ramp(th) : null, second);
  if (phone.matches) {
    const more = link(t(state.legendOpen ? "legend.less" : "legend.more"), () => {
      state.legendOpen = !state.legendOpen;
      legend();
      ui.legend.querySelector(".link").focus();
    });
    more.setAttribute("aria-expanded", String(Boolean(state.legendOpen)));
    keys.appendChild(more);
    rest.classList.toggle("hidden", !state.legendOpen);
  }
  ui.legend.replaceChildren();
  if (phone.matches) { add(ui.legend, keys, rest); } else { add(ui.legend, rest, keys); }
}
function north() {
  const arrow = svg("svg", {width: 12, height: 16, viewBox: "0 0 12 16", role: "img", "aria-label": t("legend.north")},
    svg("path", {d: "M6 0L10.5 15L6 12L1.5 15Z", fill: token("ink")}));
  arrow.classList.add("north");
  return arrow;
}
function stopKeys(keys) {
  const kinds = (state.stops || []).map((s) => s.kind), bars = ["border", "gauge"].filter((k) => kinds.indexOf(k) >= 0);
  if (bars.length) {
    keys.appendChild(key({w: 8, parts: [["rect", {x: 2, y: 0, width: 4, height: 14, rx: 2, fill: token("ink")}]]},
      t(bars.length > 1 ? "legend.border-or-gauge" : bars[0] === "gauge" ? "mode.gauge-change" : "legend.border")));
  }
  if (kinds.indexOf("port") >= 0) {
    keys.appendChild(key({w: 14, parts: [["rect", {x: 3, y: 3, width: 8, height: 8,
      transform: "rotate(45 7 7)", fill: lineColour("sea")}]]}, t("mode.port")));
  }
}
function siteKeys(th, box) {
  const colour = filled(th), dot = (fill, opacity) => ({w: 10, parts: [["circle", {cx: 5, cy: 7, r: 3.5, fill: fill,
    "fill-opacity": opacity}]]});
  box.appendChild(key({w: 18, parts: [["circle", {cx: 9, cy: 7, r: 7, fill: colour}], ["text", {x: 9,
    y: 10.5, "text-anchor": "middle", "font-size": 10, "font-weight": 700, fill: inkOn(colour)}]]}, t("legend.rank")));
  box.querySelector("text").textContent = "1";
  if (th.sites.length > NUMBERED) { box.appendChild(key(dot(accent(th), 1), t("legend.other-site"))); }
  if (th.sites.some((s) => s.status !== "ranked")) { box.appendChild(key(dot(token("network"), 0.6), t("not-ranked"))); }
}
/* Which surface is drawn, where there is more than the score. */
function surfaceChoice(th, name) {
  const options = [["score", label(th.scoreLabel) || t("score")]];
  planesOf(th).criteria.forEach((c) => { options.push([th.criteria[c[0]].id, label(th.criteria[c[0]].title)]); });
  options.push(["known", t("surface.known")]);
  const node = choice(t("surface.name"), options, name, (wanted) => {
    setSurface(th, wanted);
    document.getElementById("surface").focus();
  });
  node.id = "surface";
  return node;
}
function ramp(th) {
  const box = el("div", "ramp"), name = surfaceOf(th), caption = el("label"), check = el("input");
  check.type = "checkbox";
  check.id = "surface-on";
  check.checked = name !== "off";
  check.addEventListener("change", () => {
    setSurface(th, check.checked ? "score" : "off");
    document.getElementById("surface-on").focus();
  });
  caption.title = label(th.scoreNote);
  add(box, add(caption, check, iso(cut(label(th.scoreLabel) || t("score"), 60))));
  if (name === "off") { return box; }
  if (planesOf(th)) {
    caption.replaceChildren(check, words(t("surface.name")));
    add(box, surfaceChoice(th, name));
  }
  const s = name === "score" ? th.surface : classesOf(th, name), criterion = th.criteria.find((c) => c.id === name);
  const steps = el("div", "steps"), cells = el("div", "cells"), ends = el("div", "marks");
  s.colours.forEach((c) => {
    const cell = el("i");
    cell.style.background = c;
    cells.appendChild(cell);
  });
  const said = criterion ? [label(criterion.worst) || "0", label(criterion.best) || "1"]
    : name === "known" ? [t("surface.little"), t("surface.all", {n: planesOf(th).criteria.length})] : null;
  if (said) {
    ends.classList.add("ends");
    said.forEach((text) => ends.appendChild(el("span", null, text)));
  } else { s.breaks.forEach((b) => ends.appendChild(el("span", null, num(b)))); }
  if (s.colours.length) { box.appendChild(add(steps, cells, ends)); }
  if (th.surface.excluded) {
    box.appendChild(key({w: 18, parts: [["rect", {x: 0, y: 1, width: 18, height: 12, fill: data.tokens.light.excluded}]]}, t("excluded")));
  }
  if (th.surface.unknown) {
    box.appendChild(key({w: 18, parts: [["rect", {x: 0, y: 1, width: 18, height: 12, fill: data.tokens.light.panel}],
      ["path", {d: "M-2 14L12 0M4 14L18 0M10 14L22 2M-6 12L6 0", stroke: data.tokens.light.unknown, "stroke-width": 2}]]}, t("unknown")));
  }
  return add(box, opacity());
}
function opacity() {
  const slider = el("input"), box = el("label");
  slider.type = "range";
  slider.min = "0.2";
  slider.max = "1";
  slider.step = "0.05";
  slider.value = String(state.opacity);
  slider.setAttribute("aria-label", t("surface.opacity-name"));
  slider.addEventListener("input", () => {
    state.opacity = Number(slider.value);
    if (layers.surface) { layers.surface.setOpacity(state.opacity); }
  });
  return add(box, el("span", "soft", t("surface.opacity")), slider);
}
