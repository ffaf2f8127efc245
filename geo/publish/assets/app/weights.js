/* Weights to the reader's own view: sliders with the swing that they are worth, locks, presets. */
function weightBlock(th) {
  const box = el("details", "weights"), grid = el("div", "wgrid");
  box.id = "weights";
  box.open = state.weightsOpen === undefined ? !phone.matches && window.innerHeight > 700 : state.weightsOpen;
  box.addEventListener("toggle", () => { state.weightsOpen = box.open; });
  add(box, el("summary", null, t("weights.title")), grid);
  if (!th.live) {
    add(grid, el("p", "soft small any", t(th.method.weighted ? "weights.not-live" : "weights.none",
      {method: label(th.method.title)})));
    return add(box);
  }
  const colours = tints(th), lines = th.criteria.map((c, k) => weightLine(th, k, colours[k]));
  add(grid, presetLine(th), ...lines.map((line) => line.node));
  add(grid, el("p", "soft small any", t("weights.note")));
  ui.weights = () => lines.forEach((line) => line.show());
  ui.weights();
  return box;
}
function weightLine(th, k, colour) {
  const criterion = th.criteria[k], node = el("div", "wrow"), swatch = el("span", "sw"), name = el("label");
  const slider = el("input"), output = el("output", "num"), title = label(criterion.title);
  swatch.style.background = colour;
  name.appendChild(iso(title));
  slider.type = "range";
  slider.min = "0";
  slider.max = "1";
  slider.step = "0.01";
  slider.id = "weight-" + k;
  name.htmlFor = output.htmlFor = slider.id;
  const worth = criterion.worst && criterion.best
    ? t("weights.swing", {worst: label(criterion.worst), best: label(criterion.best)}) : "";
  name.title = title + (worth ? ": " + worth : "");
  slider.addEventListener("input", () => {
    decide((d) => { d.weights.set(th.id, withShare(th, k, Number(slider.value))); }, true);
    refresh();
  });
  slider.addEventListener("change", () => { state.gesture = false; });
  const lock = button("lock", null, () => {
    decide((d) => {
      const locks = (d.locks.get(th.id) || th.criteria.map(() => false)).slice();
      locks[k] = !locks[k];
      d.locks.set(th.id, locks);
    });
    ui.weights();
  });
  lock.setAttribute("aria-label", t("weights.lock", {name: title}));
  lock.appendChild(svg("svg", {viewBox: "0 0 14 14", width: 14, height: 14, "aria-hidden": "true"},
    svg("rect", {x: 2, y: 6, width: 10, height: 7, rx: 1.5, fill: "currentColor"}),
    svg("path", {d: "M4.2 6V4.2a2.8 2.8 0 0 1 5.6 0V6", fill: "none", stroke: "currentColor", "stroke-width": 1.5})));
  const swing = el("span", "swing soft", worth ? criterion.worst + " → " + criterion.best : "");
  let said = "";
  const show = () => {
    const share = shares(th)[k], locked = Boolean((state.decided.locks.get(th.id) || [])[k]);
    slider.value = String(share);
    if (said === fixed(share, 2) + locked) { return; }
    said = fixed(share, 2) + locked;
    slider.disabled = locked;
    slider.setAttribute("aria-valuetext", fixed(share, 2) + (worth ? ", " + worth : ""));
    output.textContent = fixed(share, 2);
    lock.setAttribute("aria-pressed", String(locked));
  };
  return {node: add(node, swatch, name, slider, output, lock, swing), show: show};
}
function presetLine(th) {
  const line = el("div", "wfoot");
  const options = [["", t("preset.own")], ["recipe", t("preset.recipe")], ["equal", t("preset.equal")]]
    .concat(th.presets.map((p, n) => ["p" + n, cut(label(p.title), 60)]));
  const near = (a, b) => a.every((w, k) => Math.abs(w - b[k]) < 1e-9);
  const sets = new Map([["recipe", scaled(recipeWeights(th))], ["equal", scaled(th.criteria.map(() => 1))]]);
  th.presets.forEach((p, n) => sets.set("p" + n, scaled(p.weights)));
  const held = () => Array.from(sets.keys()).find((key) => near(shares(th), sets.get(key))) || "";
  const node = choice(t("preset.name"), options, held(), (key) => {
    if (!sets.has(key)) { return; }
    decide((d) => {
      d.locks.delete(th.id);
      if (key === "recipe") { d.weights.delete(th.id); } else { d.weights.set(th.id, sets.get(key).slice()); }
    });
    show();
    announceFirst();
  });
  node.id = "preset";
  const step = (sign, name, act, ready) => {
    const found = button("icon", sign, act);
    found.setAttribute("aria-label", t(name));
    found.title = t(name);
    found.disabled = !ready;
    return found;
  };
  const reset = button("link", t("weights.reset"), () => {
    decide((d) => {
      d.weights.delete(th.id);
      d.locks.delete(th.id);
      d.filters.delete(th.id);
      d.scenario = "";
    });
    show();
    announce(t("weights.restored"));
  });
  ui.preset = () => { node.value = held(); };
  ui.undo = step("↶", "undo", undo, state.past.length);
  ui.redo = step("↷", "redo", redo, state.future.length);
  return add(line, node, ui.undo, ui.redo, reset);
}
function announceFirst() {
  const first = ranking(theme())[0];
  if (first) { announce(t("first-is", {name: cut(siteName(theme().sites[first.index]), 60)})); }
}
/* After a moved slider: list, marks and surface in one frame; what has to look for room, or is
   only heard, waits until the hand rests. */
let waiting = 0, resting = 0;
function refresh() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => {
    const view = ui.list ? placesInView() : null;
    ui.weights();
    ui.preset();
    ui.undo.disabled = !state.past.length;
    ui.redo.disabled = !state.future.length;
    if (ui.list) { paintRows(view); }
    drawSites();
    paintSurface();
  });
  clearTimeout(resting);
  resting = setTimeout(() => {
    if (ui.list) { paintList(); }
    followRoutes();
    labels();
    legend();
    announceFirst();
  }, 150);
}
