/* Sites, routes, frame and view of the map. */
const map = window.map_lodemap;
const layers = {sites: L.layerGroup(), marks: L.layerGroup(), rings: L.layerGroup(), routes: L.layerGroup(), grid: L.layerGroup(),
  surface: null, canvas: null, dots: null};

/* Leaflet lifts every mark onto a plane of its own, each of which a browser composes anew in every
   frame; theirs lie on one. */
L.Marker.include({_setPos: function (p) {
  if (!this._icon) { return; }
  this._icon._leaflet_pos = p;
  this._icon.style.transform = "translate(" + p.x + "px," + p.y + "px)";
  this._zIndex = p.y + this.options.zIndexOffset;
  this._resetZIndex();
}});

/* ---------- sites ---------- */
/* All sites as dots; made anew when theme, filters, conditions or colours change. */
function drawDots() {
  const th = theme(), colour = accent(th), ranked = new Map(ranking(th).map((r) => [r.index, r]));
  layers.sites.clearLayers();
  if (!layers.dots) { layers.dots = L.canvas({pane: "dots", padding: 0.2}); }
  // All rings lie under all dots; where a ring is smaller than its dot nothing more is known.
  th.sites.filter((site) => site.precision_km).forEach((site) => {
    layers.sites.addLayer(L.circle([site.lat, site.lon], {renderer: layers.dots, radius: site.precision_km * 1000,
      interactive: false, color: colour, weight: 0.6, opacity: 0.45, fillColor: colour, fillOpacity: 0.06}));
  });
  th.sites.forEach((site, i) => {
    const entry = ranked.get(i), on = entry && passes(th, i);
    const mark_ = L.circleMarker([site.lat, site.lon], {
      renderer: layers.dots, radius: sizes["dot-radius"] * (phone.matches ? 0.75 : 1),
      weight: phone.matches ? 0.6 : 1, color: token("halo"), fillColor: on ? colour : token("network"),
      fillOpacity: on ? 0.85 : entry ? 0.3 : 0.55, opacity: on ? 0.9 : 0.5
    });
    mark_.on("click", () => choose(site.id, true));
    layers.sites.addLayer(mark_.bindTooltip(() => tip(th, i), {className: "tip", direction: "top"}));
  });
}
/* The first of the ranking with their numbers, the chosen and the compared ones. Marks stay where
   they are while only their numbers change. */
const numbers = new Map();
function drawSites() {
  const th = theme(), rows = ranking(th).filter((r) => passes(th, r.index)), best = rows.length ? rows[0].score : 1;
  const isChosen = (entry) => th.sites[entry.index].id === state.site, wanted_ = new Set();
  layers.rings.clearLayers();
  state.placed = [];
  state.numbered = new Set();
  rows.filter((r, n) => n < NUMBERED || isChosen(r)).sort((a, b) => isChosen(b) - isChosen(a)).forEach((entry) => {
    const site = th.sites[entry.index], p = map.latLngToLayerPoint([site.lat, site.lon]);
    const r = sizes["site-radius"] * (0.82 + 0.36 * (best > 0 ? entry.score / best : 0));
    // A finger's tip must find one mark at a time: what has no room stays a dot.
    if (state.placed.some((q) => Math.max(Math.abs(q.p.x - p.x), Math.abs(q.p.y - p.y)) < 25)) { return; }
    state.placed.push({p: p, r: r});
    state.numbered.add(entry.index);
    wanted_.add(site);
    if (!numbers.has(site)) {
      numbers.set(site, numbered(th, site, entry.index));
      layers.marks.addLayer(numbers.get(site).marker);
    }
    numbers.get(site).paint(entry, r);
  });
  numbers.forEach((mark_, site) => {
    if (!wanted_.has(site)) {
      layers.marks.removeLayer(mark_.marker);
      numbers.delete(site);
    }
  });
  const chosen = state.site === null ? -1 : siteById(state.site);
  if (chosen >= 0) {
    if (!state.numbered.has(chosen)) { highlight(th.sites[chosen]); }
    ring(th.sites[chosen], accent(th));
  }
}
function numbered(th, site, index) {
  const mark_ = el("div", "site-mark"), target = add(el("div", "target"), mark_);
  const icon = L.divIcon({className: "", html: target, iconSize: [44, 44]});
  const marker = L.marker([site.lat, site.lon], {icon: icon, riseOnHover: true, keyboard: true});
  marker.on("click", () => choose(site.id, true));
  marker.on("add", () => { marker.getElement().setAttribute("role", "button"); });
  marker.bindTooltip(() => tip(th, index), {className: "tip", direction: "top", offset: [0, -sizes["site-radius"]]});
  let before = "";
  const paint = (entry, r) => {
    const node = marker.getElement(), chosen = site.id === state.site, wide = Math.max(2 * r, 24);
    const now = [entry.rank, r.toFixed(1), chosen, spoken.language].join(" ");
    if (!node || now === before) { return; }
    before = now;
    say(mark_, String(entry.rank));
    mark_.classList.toggle("chosen", chosen);
    mark_.style.width = mark_.style.height = 2 * r + "px";
    node.style.width = node.style.height = wide + "px";
    node.style.marginLeft = node.style.marginTop = -wide / 2 + "px";
    marker.setZIndexOffset(1000 - 10 * entry.rank);
    node.setAttribute("aria-label", t("map.site", {rank: String(entry.rank), name: cut(siteName(site), 80)}));
  };
  return {marker: marker, paint: paint};
}
function tip(th, index) {
  const site = th.sites[index], entry = entryOf(th, index), node = el("div");
  return add(node, add(el("b"), iso(cut(siteName(site), 60))), el("div", "soft", entry
    ? t("map.tip", {rank: String(entry.rank), score: fixed(entry.score, 2)})
    : t(statusOf(th, index) === "excluded" ? "excluded" : "not-ranked")));
}
function highlight(site) {
  layers.rings.addLayer(L.circleMarker([site.lat, site.lon], {pane: "routes", interactive: false,
    radius: 7, weight: 2, color: token("ink"), fill: false}));
}
/* A point is drawn with the radius within which it is known. */
function ring(site, colour) {
  if (!site.precision_km) { return; }
  layers.rings.addLayer(L.circle([site.lat, site.lon], {
    radius: site.precision_km * 1000, pane: "routes", interactive: false, color: colour,
    weight: 1.2, dashArray: "3 3", fillColor: colour, fillOpacity: 0.12
  }));
}

/* ---------- routes ---------- */
function shownSite() {
  if (state.site !== null) { return state.site; }
  const first = ranking(theme())[0];
  return first ? theme().sites[first.index].id : null;
}
function followRoutes() { if (shownSite() !== state.routed) { drawRoutes(); } }
function drawRoutes() {
  const lines = new Map();
  layers.routes.clearLayers();
  if (layers.further) { layers.further.remove(); }
  state.stops = [];
  state.modes = new Set();
  state.routed = shownSite();
  waysOf(state.routed).forEach((way) => {
    const legs = decoded(way);
    legs.forEach((item) => {
      if (item.parts.length) {
        lines.set(item.kind + item.leg.line, item);
        state.modes.add(item.kind);
      }
    });
    stops(legs);
  });
  state.track = Array.from(lines.values()).flatMap((item) => item.parts);
  lines.forEach(casing);
  lines.forEach(stroke);
  state.stops.forEach((one) => {
    layers.routes.addLayer(L.marker(one.at, {
      icon: L.divIcon({className: "", html: stopMark(one), iconSize: one.kind === "port" ? [11, 11] : [4, 16]}),
      interactive: false, keyboard: false, zIndexOffset: -500
    }));
  });
}
/* A bar stands across the line: its long side at a right angle to the way. */
function stopMark(one) {
  const node = el("div", one.kind === "port" ? "port-mark" : "gauge-mark");
  if (one.kind !== "port" && one.from) {
    const a = map.latLngToLayerPoint(one.from), b = map.latLngToLayerPoint(one.at);
    node.style.transform = "rotate(" + Math.round(Math.atan2(b.y - a.y, b.x - a.x) * 180 / Math.PI) + "deg)";
  }
  return node;
}
function casing(item) {
  layers.routes.addLayer(L.polyline(item.parts, {pane: "routes", interactive: false,
    color: token("halo"), weight: sizes.casing, opacity: 0.85, smoothFactor: 0.8}));
}
const DASHES = {truck: "0.5 6", sea: "9 6"};
function stroke(item) {
  layers.routes.addLayer(L.polyline(item.parts, {pane: "routes", interactive: false,
    color: lineColour(item.kind), weight: item.kind === "truck" ? sizes.route + 0.6 : sizes.route,
    dashArray: DASHES[item.kind] || null, lineCap: item.kind === "sea" ? "butt" : "round",
    lineJoin: "round", smoothFactor: 0.8}));
}
/* Ports where a sea leg begins or ends; crossings where the gauge or the country changes. */
function stops(legs) {
  let here = null, before = null;
  legs.forEach((item) => {
    const first = item.parts.length ? item.parts[0][0] : item.leg.at || here;
    if (item.kind === "sea" && item.parts.length) {
      const last = item.parts[item.parts.length - 1];
      stop("port", item.leg.from, first);
      stop("port", item.leg.to, last[last.length - 1]);
    }
    if ((item.kind === "gauge" || item.kind === "border") && first) { stop(item.kind, item.leg.from, first, before); }
    if (item.parts.length) {
      const end = item.parts[item.parts.length - 1];
      here = end[end.length - 1];
      before = end[Math.max(0, end.length - 2)];
    }
  });
}
function stop(what, name, at, from) {
  const same = state.stops.find((s) => Math.abs(s.at[0] - at[0]) + Math.abs(s.at[1] - at[1]) < 0.15);
  if (!same) { state.stops.push({kind: what, name: name, at: at, from: from}); }
  if (same && what === "gauge") { same.kind = what; }
}

/* ---------- graticule ---------- */
function drawGrid() {
  const b = map.getBounds(), wide = b.getEast() - b.getWest();
  const step = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30].find((s) => wide / s <= 9) || 45;
  layers.grid.clearLayers();
  const line = (points) => layers.grid.addLayer(L.polyline(points, {renderer: map.lodemapNet, interactive: false,
    color: token("boundary"), weight: 0.6, opacity: 0.38, noClip: true}));
  const size = map.getSize(), marks_ = [];
  for (let lon = Math.ceil(b.getWest() / step) * step; lon <= b.getEast(); lon += step) {
    line([[b.getSouth(), lon], [b.getNorth(), lon]]);
    marks_.push({text: degrees(lon, "E", "W"), at: map.containerPointToLayerPoint([map.latLngToContainerPoint([0, lon]).x + 3, 2])});
  }
  for (let lat = Math.ceil(b.getSouth() / step) * step; lat <= b.getNorth(); lat += step) {
    line([[lat, b.getWest()], [lat, b.getEast()]]);
    const p = map.latLngToContainerPoint([lat, b.getEast()]);
    marks_.push({text: degrees(lat, "N", "S"), at: map.containerPointToLayerPoint([size.x - (phone.matches ? 44 : 36), p.y - 14])});
  }
  state.grid = marks_;
}
function degrees(value, plus, minus) {
  const turned = plus === "E" && value > 180 ? value - 360 : value, size = Math.abs(Number(turned.toFixed(2)));
  return size + "°" + (size === 0 ? "" : " " + t("compass." + (turned > 0 ? plus : minus)));
}

/* ---------- the view ---------- */
function restyle() {
  const fills = {land: "veil", region: "land-focus", water: "water"};
  const dashes = {protected: "2 3", provinces: "1 3", disputed: "4 4"};
  const strokes = {border: "boundary", disputed: "boundary", provinces: "boundary", rivers: "water-line", rail: "network",
    roads: "network", outline: "outline", protected: "network", land: "water-line"};
  const strengths = {rail: 0.3, roads: 0.2, rivers: 0.55, provinces: 0.5, border: 0.9, protected: 0.5, land: 0.8};
  const widths = {rail: 1, roads: 0.7, rivers: 0.8, provinces: 0.6, border: 1, protected: 0.8,
    outline: sizes.outline, land: 0.6};
  map.lodemapShapes.forEach((layer) => {
    const role = layer.lodemap.role;
    layer.setStyle({
      fillColor: token(fills[role] || "land"), stroke: Boolean(strokes[role]), color: token(strokes[role] || "network"),
      opacity: (strengths[role] === undefined ? 1 : strengths[role]) * layer.lodemap.fade,
      weight: widths[role] || 1, dashArray: dashes[role] || null, lineCap: "round"
    });
  });
}
function boundsShown() {
  const r = data.region, bounds = L.latLngBounds([r[1], r[0]], [r[3], r[2]]);
  waysOf(shownSite()).forEach((way) => {
    decoded(way).forEach((item) => { item.parts.forEach((part) => bounds.extend(part)); });
  });
  return bounds;
}
/* Sites and their ways into the part of the map that nothing covers. */
function home(animate) {
  const panel = ui.panel.getBoundingClientRect(), key = ui.legend.getBoundingClientRect(), size = map.getSize();
  const options = phone.matches
    ? {paddingTopLeft: [14, key.bottom + 14], paddingBottomRight: [30, size.y - panel.top + 34]}
    : {paddingTopLeft: [panel.right + 26, 60], paddingBottomRight: [70, size.y - key.top + 10]};
  options.animate = animate && !calm.matches;
  map.options.maxBounds = null;
  map.options.minZoom = 0;
  if (state.at) { map.setView([state.at[0], state.at[1]], state.at[2], {animate: false}); } else { map.fitBounds(boundsShown(), options); }
  const e = data.extent, all = L.latLngBounds([e[1], e[0]], [e[3], e[2]]);
  map.options.maxBounds = all;
  map.options.maxBoundsViscosity = 1;
  map.setMinZoom(Math.min(map.getZoom(), map.getBoundsZoom(all, true)));
  document.documentElement.style.setProperty("--legend-end", key.bottom + "px");
}
function buildMap() {
  map.invalidateSize({animate: false});
  const node = map.getContainer();
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", t("map.name"));
  [layers.grid, layers.routes, layers.sites, layers.rings, layers.marks].forEach((layer) => layer.addTo(map));
  ui.zoom = L.control.zoom({position: "topright", zoomInTitle: t("map.in"), zoomOutTitle: t("map.out")}).addTo(map);
  ui.scale = L.control.scale({imperial: false, maxWidth: 90}).addTo(map);
  map.on("dragstart", () => { state.moved = true; });
  node.addEventListener("wheel", () => { state.moved = true; }, {passive: true});
  node.addEventListener("keydown", () => { state.moved = true; });
  map.on("zoomend", () => {
    node.classList.toggle("near", map.getZoom() > 6.5);
    if (state.ready) {
      drawRoutes();
      drawSites();
      labels();
    }
  });
  map.on("moveend", () => {
    if (!state.ready) { return; }
    drawGrid();
    labels();
    remember();
  });
  map.on("click", clicked);
  window.addEventListener("resize", () => { if (!state.moved) { home(false); } });
  const recoloured = () => { if (state.ready) { recolour(); } };
  darkened.addEventListener("change", recoloured);
}
function buildFrame() {
  ui.legend = el("section");
  ui.legend.id = "legend";
  ui.legend.setAttribute("aria-label", t("legend.name"));
  const said = data.attribution.map((a) => cut(a, 120));
  said.unshift(t("credit", {version: data.version, recipe: data.recipe.slice(0, 8)}));
  ui.credit = button("", null, () => {
    ui.credit.setAttribute("aria-expanded", String(ui.credit.classList.toggle("open")));
  });
  ui.credit.id = "credit";
  ui.credit.setAttribute("aria-expanded", "false");
  said.forEach((text, k) => { add(ui.credit, k ? words(" · ") : null, iso(text)); });
  const foot = el("footer");
  foot.id = "foot";
  add(app, ui.legend, add(foot, ui.credit));
}
