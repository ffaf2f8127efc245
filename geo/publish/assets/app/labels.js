/* Labels that do not collide: sites first, then stops of the way, then towns. */
const pen = document.createElement("canvas").getContext("2d");
function labels() {
  if (!ui.labels) {
    ui.labels = el("div", "labels leaflet-zoom-hide");
    ui.labels.setAttribute("aria-hidden", "true");
    map.getPane("labels").appendChild(ui.labels);
  }
  const th = theme(), taken = (state.placed || []).map((m) => [m.p.x - m.r, m.p.y - m.r, m.p.x + m.r, m.p.y + m.r]);
  const nodes = [], track = trackBoxes(), free = freePart();
  const dots = th.sites.length > 1500 ? [] : th.sites.map((s) => map.latLngToLayerPoint([s.lat, s.lon]));
  (state.stops || []).forEach((one) => {
    const q = map.latLngToLayerPoint(one.at);
    taken.push([q.x - 7, q.y - 7, q.x + 7, q.y + 7]);
  });
  state.named = [];
  wanted().forEach((want) => {
    if (!place(want, taken, track, nodes, dots, free) && !want.dot) { place(want, taken, [], nodes, dots, free); }
  });
  (state.grid || []).forEach((g) => { nodes.push(at(el("div", "label degree", g.text), g.at.x, g.at.y)); });
  ui.labels.replaceChildren(...nodes);
}
function wanted() {
  const th = theme(), list = [], rows = ranking(th).filter((r) => passes(th, r.index)), z = map.getZoom();
  const few = phone.matches ? 3 : 5;
  const named = (s) => ({text: cut(siteName(s).replace(/\s*\(.*$/, ""), 26), at: [s.lat, s.lon], cls: "site", size: 13, gap: 12});
  rows.slice(0, z > 6.6 ? 40 : z > 5.9 ? 12 : few).forEach((entry) => {
    if (z > 6.6 || state.numbered.has(entry.index)) { list.push(named(th.sites[entry.index])); }
  });
  const chosen = state.site === null ? -1 : siteById(state.site);
  if (chosen >= 0) { list.unshift(named(th.sites[chosen])); }
  (state.stops || []).forEach((one) => {
    list.push({text: port(one.name) + (one.kind === "gauge" ? " · " + t("mode.gauge-change") : ""), at: one.at,
      cls: one.kind === "port" ? "port" : "way", size: 12, gap: 9});
  });
  data.towns.slice(0, z > 6.5 ? 60 : z > 5 ? 24 : z > 4 ? 9 : 3).forEach((p) => {
    list.push({text: cut(label(p[0]), 26), at: [p[2], p[1]], cls: "town", size: 12, gap: 6, dot: true});
  });
  const seen = new Set();
  return list.filter((l) => !seen.has(l.text) && seen.add(l.text));
}
/* Small boxes along the shown route, which labels avoid where they can. */
function trackBoxes() {
  const boxes = [];
  (state.track || []).forEach((part) => {
    for (let i = 1; i < part.length; i += 1) {
      const a = map.latLngToLayerPoint(part[i - 1]), b = map.latLngToLayerPoint(part[i]);
      const steps = Math.min(60, Math.ceil(a.distanceTo(b) / 8)) || 1;
      for (let k = 0; k <= steps; k += 1) {
        const x = a.x + (b.x - a.x) * k / steps, y = a.y + (b.y - a.y) * k / steps;
        boxes.push([x - 3, y - 3, x + 3, y + 3]);
      }
    }
  });
  return boxes;
}
function place(want, taken, track, nodes, dots, free) {
  pen.font = (want.cls === "site" ? "650 " : "400 ") + want.size + "px system-ui, sans-serif";
  const w = pen.measureText(want.text).width + 4, h = want.size * 1.2, p = map.latLngToLayerPoint(want.at), g = want.gap;
  let spots = [[g, -h / 2], [-g - w, -h / 2], [-w / 2, -g - h], [-w / 2, g],
    [g * 0.7, -g * 0.7 - h], [g * 0.7, g * 0.7], [-g * 0.7 - w, -g * 0.7 - h], [-g * 0.7 - w, g * 0.7]];
  if (p.x > free[0] && p.x < free[2] && p.y > free[1] && p.y < free[3]) {
    spots = spots.filter((s) => p.x + s[0] > free[0] && p.x + s[0] + w < free[2] && p.y + s[1] > free[1] &&
      p.y + s[1] + h < free[3]);
  }
  for (let i = 0; i < spots.length; i += 1) {
    const x = p.x + spots[i][0], y = p.y + spots[i][1], box = [x, y, x + w, y + h];
    const covered = want.dot && dots.some((q) => hit([q.x - 4, q.y - 4, q.x + 4, q.y + 4], box));
    const clash = (o) => hit(o, box);
    if (!covered && !taken.some(clash) && !track.some(clash)) {
      taken.push(box);
      if (want.dot) { nodes.push(at(el("div", "town-dot"), p.x, p.y)); }
      nodes.push(at(iso(want.text, "label " + want.cls), x + 2, y));
      state.named.push({text: want.text, cls: want.cls, size: want.size, x: x + 2, y: y + want.size});
      return true;
    }
  }
  return false;
}
/* The part of the map that no panel covers, in layer coordinates. */
function freePart() {
  const size = map.getSize(), panel = ui.panel.getBoundingClientRect();
  const a = map.containerPointToLayerPoint(phone.matches ? [2, 2] : [panel.right + 4, 2]);
  const b = map.containerPointToLayerPoint(phone.matches ? [size.x - 2, panel.top - 16] : [size.x - 4, size.y - 20]);
  return [a.x, a.y, b.x, b.y];
}
function at(node, x, y) {
  node.style.left = Math.round(x) + "px";
  node.style.top = Math.round(y) + "px";
  return node;
}
function hit(a, b) { return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]; }
