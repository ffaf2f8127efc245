/* What leaves the page: the table as the reader re-ranked it, sites for a GIS, a picture, a print. */
function save(ending, text, type) {
  const node = el("a"), blob = text instanceof Blob ? text : new Blob([text], {type: type + ";charset=utf-8"});
  const address = URL.createObjectURL(blob);
  node.href = address;
  node.download = [data.id, theme().id, ending].join(".").replace(/[^\w.-]+/g, "-");
  node.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
/* A map across 180 degrees counts on eastward; outside it longitudes end there. */
function onGlobe(lon) { return lon > 180 ? Number((lon - 360).toFixed(7)) : lon; }
/* One row a site: as ranked here, as ranked in the study, and every criterion. */
function tableRows() {
  const th = theme(), weights = shares(th), places = new Map(ranking(th).map((r) => [r.index, r]));
  const order = ranking(th).map((r) => r.index);
  th.sites.forEach((_, i) => { if (!places.has(i)) { order.push(i); } });
  return order.map((i) => {
    const site = th.sites[i], entry = places.get(i), own = parts(th, i, weights);
    const row = {rank: entry ? entry.rank : null, site_id: site.id, name: site.name, province: site.province, lon: onGlobe(site.lon),
      lat: site.lat, status: statusOf(th, i), score: entry ? entry.score : null, study_rank: site.rank,
      study_score: site.score, passes_limits: passes(th, i)};
    Object.keys(site.freight).forEach((code) => { row["freight_" + code] = site.freight[code][1]; });
    th.criteria.forEach((c, k) => {
      row[c.id + "_value"] = valueOf(th, k, i);
      row[c.id + "_value_score"] = valueScore(th, k, i);
      row[c.id + "_weight"] = th.method.weighted ? weights[k] : null;
      row[c.id + "_contribution"] = own[k];
    });
    return row;
  });
}
/* A text that a spreadsheet would run as a formula is led by an apostrophe. */
function csvCell(value) {
  if (value === null || value === undefined) { return ""; }
  if (typeof value !== "string") { return String(value); }
  const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}
function tableCsv() {
  const rows = tableRows(), names = Array.from(new Set(rows.flatMap((r) => Object.keys(r))));
  return [names].concat(rows.map((r) => names.map((n) => r[n]))).map((line) => line.map(csvCell).join(",")).join("\r\n") + "\r\n";
}
function sitesGeoJson() {
  return JSON.stringify({type: "FeatureCollection", name: data.id + " " + theme().id, features: tableRows().map((row) => {
    return {type: "Feature", id: row.site_id, geometry: {type: "Point", coordinates: [row.lon, row.lat]}, properties: row};
  })}) + "\n";
}

/* ---------- picture and print ---------- */
/* The part of the map that nothing covers, with title, legend and credits, on a canvas twice as fine. */
function picture() {
  const whole_ = map.getSize(), panel = ui.panel.getBoundingClientRect(), left = phone.matches ? 0 : panel.right + 8;
  const size = {x: whole_.x - left, y: phone.matches ? panel.top : whole_.y};
  const fine = 2, head = 46, foot = 52, canvas = el("canvas"), origin = map.getContainer().getBoundingClientRect();
  canvas.width = size.x * fine;
  canvas.height = (size.y + head + foot) * fine;
  const c = canvas.getContext("2d");
  c.scale(fine, fine);
  c.fillStyle = token("panel");
  c.fillRect(0, 0, size.x, size.y + head + foot);
  c.save();
  c.translate(0, head);
  c.beginPath();
  c.rect(0, 0, size.x, size.y);
  c.clip();
  c.fillStyle = token("water");
  c.fillRect(0, 0, size.x, size.y);
  c.translate(-left, 0);
  ["base", "relief", "surface", "net"].forEach((pane) => {
    map.getPane(pane).querySelectorAll("canvas,img").forEach((node) => {
      const box = node.getBoundingClientRect();
      c.globalAlpha = Number(window.getComputedStyle(node).opacity) * Number(window.getComputedStyle(map.getPane(pane)).opacity);
      c.drawImage(node, box.left - origin.left, box.top - origin.top, box.width, box.height);
    });
  });
  c.globalAlpha = 1;
  pictureRoutes(c);
  map.getPane("dots").querySelectorAll("canvas").forEach((node) => {
    const box = node.getBoundingClientRect();
    c.drawImage(node, box.left - origin.left, box.top - origin.top, box.width, box.height);
  });
  pictureMarks(c);
  c.restore();
  pictureFrame(c, size, head, foot);
  return canvas;
}
function pictureRoutes(c) {
  layers.routes.eachLayer((layer) => {
    if (!layer.getLatLngs) { return; }
    const rows = layer.getLatLngs(), o = layer.options;
    c.strokeStyle = o.color;
    c.lineWidth = o.weight;
    c.globalAlpha = o.opacity;
    c.lineCap = o.lineCap;
    c.setLineDash(o.dashArray ? o.dashArray.split(" ").map(Number) : []);
    (Array.isArray(rows[0]) ? rows : [rows]).forEach((line) => {
      c.beginPath();
      line.forEach((ll) => {
        const p = map.latLngToContainerPoint(ll);
        c.lineTo(p.x, p.y);
      });
      c.stroke();
    });
  });
  c.setLineDash([]);
  c.globalAlpha = 1;
}
function pictureMarks(c) {
  const th = theme(), disc = (p, r, fill) => {
    c.beginPath();
    c.arc(p.x, p.y, r, 0, 2 * Math.PI);
    c.fillStyle = fill;
    c.fill();
  };
  c.textAlign = "center";
  (state.stops || []).forEach((one) => {
    const p = map.latLngToContainerPoint(one.at);
    c.fillStyle = one.kind === "port" ? lineColour("sea") : token("ink");
    c.save();
    c.translate(p.x, p.y);
    c.rotate(Math.PI / 4);
    c.fillRect(-4.5, -4.5, 9, 9);
    c.restore();
  });
  ranking(th).filter((r) => state.numbered.has(r.index)).reverse().forEach((entry) => {
    const site = th.sites[entry.index], p = map.latLngToContainerPoint([site.lat, site.lon]), r = sizes["site-radius"];
    disc(p, r + 2, token("halo"));
    disc(p, r, filled(th));
    c.fillStyle = inkOn(filled(th));
    c.font = "700 12px system-ui, sans-serif";
    c.fillText(entry.rank, p.x, p.y + 4);
  });
  c.textAlign = "left";
  (state.named || []).forEach((n) => {
    const p = map.layerPointToContainerPoint([n.x, n.y]);
    c.font = (n.cls === "site" ? "650 " : "400 ") + n.size + "px system-ui, sans-serif";
    c.strokeStyle = token("halo");
    c.lineWidth = 3.5;
    c.lineJoin = "round";
    c.strokeText(n.text, p.x, p.y);
    c.fillStyle = token(n.cls === "town" ? "town" : "ink");
    c.fillText(n.text, p.x, p.y);
  });
}
function pictureFrame(c, size, head, foot) {
  const th = theme(), s = scenarioOf(th), wide = size.x - 24;
  const write = (text, y, font, ink) => {
    c.font = font + " system-ui, sans-serif";
    c.fillStyle = token(ink);
    c.fillText(text, 12, y, wide);
  };
  write(cut(label(data.title), 140) + " · " + label(th.title), 20, "700 16px", "ink");
  write([ownWeights(th) ? t("list.own") : t("list.recipe"), s ? label(s.title) : "", label(data.disclaimer.split(":")[0])]
    .filter(Boolean).join(" · "), 38, "400 12px", "ink-soft");
  const keys = [...state.modes || []].map((m) => t("mode." + m)).concat(surfaceOf(th) === "off" ? [] : [surfaceName(th)]);
  c.textAlign = "left";
  write(t("legend.rank") + (keys.length ? " · " + keys.join(" · ") : ""), size.y + head + 18, "400 12px", "ink");
  write(ui.credit.textContent, size.y + head + 38, "400 10px", "ink-soft");
}
function surfaceName(th) {
  const name = surfaceOf(th), criterion = th.criteria.find((c) => c.id === name);
  return criterion ? label(criterion.title) : name === "known" ? t("surface.known") : label(th.scoreLabel);
}
function savePicture() {
  picture().toBlob((blob) => save("png", blob), "image/png");
}
/* One page: title, map, the first sites, what was decided, disclaimer and credits. */
function printSheet() {
  const th = theme(), box = el("section"), weights = shares(th), table = el("table");
  if (ui.sheet) { ui.sheet.remove(); }
  box.id = "print";
  box.setAttribute("aria-hidden", "true");
  const image = picture();
  image.className = "print-map";
  add(box, image);
  const head = el("tr");
  [t("rank"), t("site"), t("score")].concat(th.criteria.map((c) => label(c.title))).forEach((text) => head.appendChild(el("th", null, text)));
  table.appendChild(head);
  listed(th).slice(0, 10).forEach((entry) => {
    const row = el("tr"), name = el("td");
    name.appendChild(iso(cut(siteName(th.sites[entry.index]), 60)));
    add(row, el("td", null, entry.rank), name, el("td", null, fixed(entry.score, 2)));
    th.criteria.forEach((c, k) => row.appendChild(el("td", null, withUnit(shortValue(valueOf(th, k, entry.index)), c.unit))));
    table.appendChild(row);
  });
  const used = el("tr");
  add(used, el("td"), el("td", null, t("print.weights")), el("td"));
  weights.forEach((w) => used.appendChild(el("td", null, th.method.weighted ? fixed(w, 2) : "–")));
  table.appendChild(used);
  add(box, table, el("p", null, label(data.disclaimer)));
  app.appendChild(box);
  ui.sheet = box;
}
function printPage() { window.print(); }
window.addEventListener("beforeprint", () => { if (state.ready) { printSheet(); } });
window.addEventListener("afterprint", () => { if (ui.sheet) { ui.sheet.remove(); } });
