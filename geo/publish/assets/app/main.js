/* Themes and sites are opened here, and the page is built. */
function choose(id, open) {
  state.site = id;
  drawRoutes();
  drawSites();
  labels();
  legend();
  remember();
  if (open) {
    openTab("site");
    if (phone.matches && ui.panel.classList.contains("low")) { sheet(""); }
  } else if (state.tab === "ranking") { paintList(); }
}
function openTheme(index) {
  state.theme = index;
  state.site = null;
  state.compare = [];
  state.search = "";
  state.rows = ROWS;
  state.gesture = false;
  if (state.tab === "site") { state.tab = "ranking"; }
  show();
  ui.body.scrollTop = 0;
  if (!state.moved) { home(false); }
  const chip = ui.chips.children[index];
  if (chip && chip.scrollIntoView) { chip.scrollIntoView({block: "nearest", inline: "nearest"}); }
  remember();
}
/* Everything that depends on the state, from the colours to the labels. */
function show() {
  colours();
  marks();
  const inside = ui.body.contains(document.activeElement) || ui.foot.contains(document.activeElement);
  const focused = inside && document.activeElement.id, top = ui.body.scrollTop;
  fill();
  ui.body.scrollTop = top;
  if (focused && document.getElementById(focused)) { document.getElementById(focused).focus({preventScroll: true}); }
  drawRoutes();
  drawSurface();
  drawDots();
  drawGrid();
  drawSites();
  labels();
  legend();
}
function colours() {
  const th = theme(), root = document.documentElement.style, colour = accent(th);
  root.setProperty("--accent", colour);
  root.setProperty("--accent-fill", filled(th));
  root.setProperty("--on-accent", inkOn(filled(th)));
  root.setProperty("--accent-ink", readable(colour, token("panel")));
  root.setProperty("--sea", lineColour("sea"));
  root.setProperty("--route-rail", readable(data.tokens.routes.rail, token("land")));
}
function recolour() {
  if (state.scheme) { document.documentElement.dataset.scheme = state.scheme; } else { delete document.documentElement.dataset.scheme; }
  restyle();
  show();
}
function speak(language) {
  spoken.language = language;
  rebuild();
  const again = document.getElementById("language");
  if (again) { again.focus(); }
  remember();
}
/* All that holds words is made anew; the map stays. */
function rebuild() {
  document.documentElement.lang = spoken.language;
  if (ui.scale) { ui.scale.remove(); }
  if (ui.zoom) { ui.zoom.remove(); }
  app.replaceChildren();
  buildPanel();
  buildTools();
  buildFrame();
  ui.zoom = L.control.zoom({position: "topright", zoomInTitle: t("map.in"), zoomOutTitle: t("map.out")}).addTo(map);
  ui.scale = L.control.scale({imperial: false, maxWidth: 90}).addTo(map);
  recolour();
}
function start() {
  if (!data.themes.length) {
    app.appendChild(el("p", "pad", t("no-theme")));
    return;
  }
  restore(window.location.hash);
  document.documentElement.lang = spoken.language;
  buildPanel();
  buildTools();
  buildFrame();
  buildMap();
  recolour();
  home(false);
  map.lodemapShapes.forEach((layer) => { layer.addTo(map); });
  state.ready = true;
  drawRoutes();
  drawGrid();
  drawSites();
  labels();
  legend();
  window.addEventListener("hashchange", () => {
    if (window.location.hash.slice(1) !== fragment() && restore(window.location.hash)) { rebuild(); }
  });
}
start();
window.lodemap = {
  data: data,
  ranking: (id, weights) => {
    const th = data.themes.find((x) => x.id === id);
    return rerank(th, weights || recipeWeights(th)).map((r) => ({id: th.sites[r.index].id, rank: r.rank, score: r.score}));
  },
  csv: tableCsv, geojson: sitesGeoJson, fragment: fragment, geodesic: geodesic, view: viewFile, open: openView
};
