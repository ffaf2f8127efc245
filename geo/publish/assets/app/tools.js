/* The row of tools over the map: share, download, measure, print, language and light. */
function buildTools() {
  const bar_ = el("nav");
  bar_.id = "tools";
  bar_.setAttribute("aria-label", t("tools.name"));
  const list = el("div", "tools-list"), toggle = button("tool tools-toggle", "⋯", () => {
    toggle.setAttribute("aria-expanded", String(bar_.classList.toggle("open")));
  });
  toggle.setAttribute("aria-label", t("tools.name"));
  toggle.setAttribute("aria-expanded", "false");
  add(list,
    group(t("tools.share"), [[t("tools.copy-link"), copyLink], [t("tools.save-view"), saveView], [t("tools.open-view"), askView]]),
    group(t("tools.download"), [[t("tools.csv"), () => save("csv", tableCsv(), "text/csv")],
      [t("tools.geojson"), () => save("geojson", sitesGeoJson(), "application/geo+json")], [t("tools.png"), savePicture]]));
  ui.measure = button("tool", t("tools.measure"), () => measure(!state.measuring));
  ui.measure.setAttribute("aria-pressed", "false");
  add(list, ui.measure, button("tool", t("tools.print"), printPage));
  if (data.languages.length > 1) {
    const node = choice(t("tools.language"), data.languages.map((code) => [code, data.texts[code].language || code]),
      spoken.language, speak);
    node.className = "tool";
    node.id = "language";
    list.appendChild(node);
  }
  const light = button("tool", "◐", () => {
    state.scheme = isDark() ? "light" : "dark";
    recolour();
    remember();
  });
  light.setAttribute("aria-label", t("tools.scheme"));
  light.title = t("tools.scheme");
  add(list, light);
  app.appendChild(add(bar_, toggle, list));
  document.addEventListener("keydown", shortcut);
  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.closest(".tool-group")) { closeGroups(); }
  });
}
function group(name, acts) {
  const box = el("div", "tool-group"), menu = el("div", "menu"), opener = button("tool", name + " ▾", () => {
    const open = opener.getAttribute("aria-expanded") !== "true";
    closeGroups();
    opener.setAttribute("aria-expanded", String(open));
  });
  opener.setAttribute("aria-expanded", "false");
  acts.forEach(([text, act]) => {
    menu.appendChild(button("", text, () => {
      closeGroups();
      act();
    }));
  });
  return add(box, opener, menu);
}
function closeGroups() {
  document.querySelectorAll(".tool-group > [aria-expanded=true]").forEach((node) => {
    node.setAttribute("aria-expanded", "false");
    if (node.parentNode.contains(document.activeElement)) { node.focus(); }
  });
}
function shortcut(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "range";
  if (event.key === "Escape") {
    closeGroups();
    if (state.measuring) { measure(false); }
  }
  if ((event.ctrlKey || event.metaKey) && !typing && event.key.toLowerCase() === "z") {
    event.preventDefault();
    if (event.shiftKey) { redo(); } else { undo(); }
  }
}
function copyLink() {
  const text = window.location.href.split("#")[0] + "#" + fragment();
  const done = () => notice(t("tools.copied"));
  const byHand = () => {
    const area = el("textarea", "sr", text);
    ui.panel.appendChild(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (copied) { done(); } else { notice(text); }
  };
  if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(text).then(done, byHand); } else { byHand(); }
}
function saveView() { save("view.json", viewFile(), "application/json"); }
function askView() {
  const input = el("input");
  input.type = "file";
  input.accept = ".json,application/json";
  input.addEventListener("change", () => {
    if (!input.files.length) { return; }
    input.files[0].text().then((text) => {
      const wrong = openView(text);
      rebuild();
      notice(wrong || t("view.opened"));
    });
  });
  input.click();
}

/* ---------- places and distances ---------- */
function position(latlng) {
  const lon = ((latlng.lng + 540) % 360) - 180;
  return Math.abs(latlng.lat).toFixed(4) + "° " + t("compass." + (latlng.lat < 0 ? "S" : "N")) + ", " +
    Math.abs(lon).toFixed(4) + "° " + t("compass." + (lon < 0 ? "W" : "E"));
}
function clicked(event) {
  if (state.measuring) {
    addMeasured(event.latlng);
    return;
  }
  const box = el("div", "probe"), th = theme(), cell = cellAt(event.latlng);
  add(box, el("b", "num", position(event.latlng)));
  if (cell && cell.mask === 2) { add(box, el("div", "soft", t("excluded"))); }
  if (cell && cell.mask) {
    cell.values.forEach(([k, q]) => {
      add(box, el("div", "soft", label(th.criteria[k].title) + ": " + (q === 255 ? t("unknown") : fixed(q / frame.levels, 2))));
    });
  }
  L.popup({className: "tip", closeButton: true, autoPan: false, maxWidth: 260}).setLatLng(event.latlng).setContent(box).openOn(map);
  announce(position(event.latlng));
}
/* Length of the shortest way on the WGS84 ellipsoid [m] (Vincenty 1975, Survey Review 23, 88-93). */
function geodesic(a, b) {
  const rad = Math.PI / 180, f = 1 / 298.257223563, major = 6378137, minor = major * (1 - f);
  const u1 = Math.atan((1 - f) * Math.tan(a.lat * rad)), u2 = Math.atan((1 - f) * Math.tan(b.lat * rad));
  const s1 = Math.sin(u1), c1 = Math.cos(u1), s2 = Math.sin(u2), c2 = Math.cos(u2), l = (b.lng - a.lng) * rad;
  let lambda = l;
  for (let n = 0; n < 200; n += 1) {
    const sl = Math.sin(lambda), cl = Math.cos(lambda);
    const ss = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl), cs = s1 * s2 + c1 * c2 * cl;
    if (ss === 0) { return 0; }
    const sigma = Math.atan2(ss, cs), sa = c1 * c2 * sl / ss, ca = 1 - sa * sa, cm = ca ? cs - 2 * s1 * s2 / ca : 0;
    const c = f / 16 * ca * (4 + f * (4 - 3 * ca)), before = lambda;
    lambda = l + (1 - c) * f * sa * (sigma + c * ss * (cm + c * cs * (2 * cm * cm - 1)));
    if (Math.abs(lambda - before) < 1e-12) {
      const uu = ca * (major * major - minor * minor) / (minor * minor);
      const A = 1 + uu / 16384 * (4096 + uu * (-768 + uu * (320 - 175 * uu)));
      const B = uu / 1024 * (256 + uu * (-128 + uu * (74 - 47 * uu)));
      return minor * A * (sigma - B * ss * (cm + B / 4 * (cs * (2 * cm * cm - 1) -
        B / 6 * cm * (4 * ss * ss - 3) * (4 * cm * cm - 3))));
    }
  }
  return map.distance(a, b);
}
function measure(on) {
  if (layers.measured) { layers.measured.remove(); }
  if (ui.ruler) { ui.ruler.remove(); }
  layers.measured = ui.ruler = null;
  state.measuring = on ? [] : null;
  ui.measure.setAttribute("aria-pressed", String(on));
  map.getContainer().classList.toggle("measuring", on);
  if (!on) { return; }
  layers.measured = L.layerGroup().addTo(map);
  ui.ruler = el("div", "ruler");
  ui.measured = el("output", "num", t("measure.how"));
  add(ui.ruler, ui.measured, link(t("measure.centre"), () => addMeasured(map.getCenter())), link(t("measure.end"), () => {
    measure(false);
    ui.measure.focus();
  }));
  app.appendChild(ui.ruler);
}
function addMeasured(latlng) {
  const points = state.measuring.concat([latlng]);
  state.measuring = points;
  layers.measured.clearLayers();
  layers.measured.addLayer(L.polyline(points, {pane: "routes", interactive: false, color: token("focus"), weight: 2.5, dashArray: "6 4"}));
  points.forEach((p) => layers.measured.addLayer(L.circleMarker(p, {pane: "routes", interactive: false, radius: 4,
    color: token("focus"), weight: 2, fillColor: token("halo"), fillOpacity: 1})));
  const metres = points.slice(1).reduce((sum, p, n) => sum + geodesic(points[n], p), 0);
  ui.measured.textContent = points.length < 2 ? t("measure.next", {place: position(latlng)})
    : t("measure.length", {km: locale(metres / 1000, {maximumFractionDigits: metres < 1e5 ? 1 : 0})});
  announce(ui.measured.textContent);
}
