/* Surfaces: the picture that the study drew, or one painted here from the criteria's value scores,
   which are stored as bytes (255 is unknown). */
const frame = data.planes;
const unpacked = new Map();
const CanvasOverlay = L.ImageOverlay.extend({
  _initImage: function () {
    this._image = this._url;
    this._image.classList.add("leaflet-image-layer");
    if (this._zoomAnimated) { this._image.classList.add("leaflet-zoom-animated"); }
  }
});

/* Which surface a theme shows: "off", "score", "known" or a criterion's id. */
function surfaceOf(th) {
  const own = state.surface.get(th.id), criteria = th.criteria.map((c) => c.id);
  if (!th.surface) { return "off"; }
  if (own !== undefined && (own === "off" || own === "score" || (planesOf(th) && (own === "known" || criteria.indexOf(own) >= 0)))) {
    return own;
  }
  return th.kind === "deposits" ? "off" : "score";
}
function planesOf(th) {
  return th.surface && th.surface.planes && frame ? th.surface.planes : null;
}
/* Whether the score's weights are others than those that its picture was drawn with. */
function isReweighted(th) {
  const s = scenarioOf(th);
  return ownWeights(th) !== null || Boolean(s && s.weights && planesOf(th));
}
function setSurface(th, name) {
  state.surface.set(th.id, name);
  drawSurface();
  legend();
  remember();
}
function plane(number) {
  if (!unpacked.has(number)) {
    const found = window.lodemapInflate(frame.packed[number]);
    // Each row was written as its difference from the row above.
    for (let i = frame.width; i < found.length; i += 1) { found[i] += found[i - frame.width]; }
    unpacked.set(number, found);
  }
  return unpacked.get(number);
}
/* The planes of a theme once they are ready, else null while they are being unpacked, one a turn
   so that the page answers meanwhile. */
const ready = new Map(), underway = new Set();
function planesReady(th) {
  const held = ready.get(th.id), wanted = planesOf(th);
  if (held || !wanted || underway.has(th.id)) { return held || null; }
  underway.add(th.id);
  const numbers = [wanted.mask].concat(wanted.criteria.map((c) => c[1]));
  const next = () => {
    const missing = numbers.find((n) => !unpacked.has(n));
    if (missing !== undefined) {
      plane(missing);
      setTimeout(next);
      return;
    }
    ready.set(th.id, gathered(numbers.map(plane), wanted.criteria.map((c) => c[0])));
    if (theme() === th) {
      drawSurface();
      legend();
    }
  };
  setTimeout(next);
  return null;
}
/* The cells that are scored stand side by side, so that a repaint walks over them alone; `gaps` are
   those among them that lack a criterion. */
function gathered(planes_, places) {
  const mask = planes_[0], cells = new Uint32Array(mask.reduce((n, m) => n + (m === 1), 0)), gaps = [];
  let n = 0;
  mask.forEach((m, i) => {
    if (m === 1) {
      cells[n] = i;
      n += 1;
    }
  });
  const values = planes_.slice(1).map((p) => Uint8Array.from(cells, (i) => p[i]));
  for (let i = 0; i < n; i += 1) { if (values.some((p) => p[i] === 255)) { gaps.push(i); } }
  return {mask: mask, planes: planes_.slice(1), cells: cells, values: values, places: places, gaps: gaps,
    scores: new Float32Array(n)};
}
function drawSurface() {
  const th = theme(), name = surfaceOf(th);
  if (layers.surface) { layers.surface.remove(); }
  layers.surface = null;
  if (name === "off") { return; }
  const live = name !== "score" || isReweighted(th), options = {pane: "surface", opacity: state.opacity,
    interactive: false, alt: ""};
  if (!live) {
    layers.surface = L.imageOverlay(th.surface.image, th.surface.bounds, options).addTo(map);
    if (planesOf(th)) { planesReady(th); }
    return;
  }
  if (!planesReady(th)) { return; }
  if (!layers.canvas) {
    layers.canvas = el("canvas");
    layers.canvas.width = frame.width;
    layers.canvas.height = frame.height;
  }
  layers.surface = new CanvasOverlay(layers.canvas, frame.bounds, options).addTo(map);
  paint(th, name);
}
/* Recolour after a changed weight. */
function paintSurface() {
  const th = theme(), name = surfaceOf(th);
  if (name !== "score" || !planesReady(th)) { return; }
  if (!isReweighted(th) || !layers.surface || layers.surface._image !== layers.canvas) {
    drawSurface();
    legend();
    return;
  }
  paint(th, name);
}
function rgba(hex, alpha) {
  const c = rgb(hex);
  return ((alpha << 24) | (c[2] << 16) | (c[1] << 8) | c[0]) >>> 0;
}
function paint(th, name) {
  const held = ready.get(th.id), context = layers.canvas.getContext("2d"), {cells, scores} = held;
  const image = layers.image || (layers.image = context.createImageData(frame.width, frame.height));
  const pixels = new Uint32Array(image.data.buffer), wide = frame.width;
  if (layers.masked !== held.mask) {
    const grey = rgba(data.tokens.light.excluded, 235);
    held.mask.forEach((m, i) => { pixels[i] = m === 2 ? grey : 0; });
    layers.masked = held.mask;
  }
  scoreCells(th, name, held, scores);
  const table = new Uint32Array(1025), stops = name === "score" ? th.surface : classesOf(th, name);
  const inner = stops.breaks.slice(1, -1), colours = stops.colours.map((c) => rgba(c, 255));
  for (let k = 0; k <= 1024; k += 1) {
    const at = (k + 0.5) / 1024;
    table[k] = colours[inner.filter((b) => at >= b).length] || 0;
  }
  const hatch = rgba(data.tokens.light.unknown, 255), ground = rgba(data.tokens.light.panel, 150);
  for (let n = 0; n < cells.length; n += 1) {
    const i = cells[n];
    pixels[i] = scores[n] >= 0 ? table[scores[n] * 1024 | 0] : (i % wide + (i / wide | 0)) % 9 < 3 ? hatch : ground;
  }
  context.putImageData(image, 0, 0);
}
/* Classes of a criterion's value score, or of how much of the weight is known. */
function classesOf(th, name) {
  const ramp = data.tokens.ramp, n = ramp.length;
  return {breaks: Array.from({length: n + 1}, (_, k) => k / n), colours: ramp};
}
/* Score of every scored cell, -1 where it is unknown; the formulas are those of a site. */
function scoreCells(th, name, held, out) {
  const values = held.values, m = values.length, all = shares(th), levels = frame.levels;
  const w = scaled(held.places.map((k) => all[k])), n = out.length;
  if (name === "known") {
    for (let i = 0; i < n; i += 1) {
      let sum = 0;
      for (let j = 0; j < m; j += 1) { if (values[j][i] !== 255) { sum += 1; } }
      out[i] = sum ? sum / m : -1;
    }
    return;
  }
  if (name !== "score") {
    const one = values[held.places.findIndex((k) => th.criteria[k].id === name)];
    for (let i = 0; i < n; i += 1) { out[i] = one[i] === 255 ? -1 : one[i] / levels; }
    return;
  }
  if (th.surface.method.name === "owa") { orderedCells(th, held, w, out); } else { summedCells(th, held, w, out); }
}
function summedCells(th, held, w, out) {
  const {values, gaps} = held, m = values.length, n = out.length, levels = frame.levels;
  const powers = th.surface.method.name === "weighted-product", unknown = th.method.unknown;
  const tables = w.map((share) => {
    const table = new Float32Array(256);
    for (let q = 0; q <= levels; q += 1) {
      table[q] = powers ? (share > 0 ? share * Math.log(q / levels) : 0) : share * q / levels;
    }
    return table;
  });
  out.fill(0);
  for (let j = 0; j < m; j += 1) {
    const table = tables[j], from = values[j];
    for (let i = 0; i < n; i += 1) { out[i] += table[from[i]]; }
  }
  if (gaps.length) { fillGapsOf(th, held, w, out, powers, unknown); }
  if (powers) { for (let i = 0; i < n; i += 1) { if (out[i] !== -1) { out[i] = Math.exp(out[i]); } } }
}
/* What stands for the unknown criteria of a cell; of a product `out` holds logarithms. */
function fillGapsOf(th, held, w, out, powers, unknown) {
  const {values, gaps, places} = held, m = values.length, needed = places.map((k) => th.criteria[k].required);
  for (const i of gaps) {
    let known = 0, count = 0, missing = false;
    for (let j = 0; j < m; j += 1) {
      if (values[j][i] === 255) { missing = missing || needed[j]; } else {
        known += w[j];
        count += 1;
      }
    }
    if (missing || !count || unknown === "refuse") { out[i] = -1; } else if (unknown === "reweight") {
      out[i] = known > 0 ? out[i] / known : (powers ? -Infinity : 0);
    } else if (unknown === "middle") {
      out[i] = powers ? out[i] + Math.log(0.5) : out[i] + (1 - known) / 2;
    } else if (powers && known < 1 - 1e-9) { out[i] = -Infinity; }
  }
}
function orderedCells(th, held, w, out) {
  const values = held.values, m = values.length, levels = frame.levels, v = new Array(m);
  const asked = {method: {...th.method, name: "owa", options: th.surface.method.options}}, seen = new Map();
  const needed = held.places.map((k) => th.criteria[k].required);
  for (let i = 0; i < out.length; i += 1) {
    let key = 0, count = 0, missing = false;
    for (let j = 0; j < m; j += 1) {
      const q = values[j][i];
      v[j] = q === 255 ? null : q / levels;
      count += q === 255 ? 0 : 1;
      missing = missing || (q === 255 && needed[j]);
      key = (key * 31 + (q === 255 ? 30 : Math.round(q / levels * 29))) % 9007199254740881;
    }
    if (missing || !count || (count < m && th.method.unknown === "refuse")) {
      out[i] = -1;
      continue;
    }
    // Cells that are alike to a thirtieth share one average: classes are far wider.
    let found = seen.get(key);
    if (found === undefined) {
      const said = scoreOf(asked, v, w).score;
      found = said === null ? -1 : said;
      seen.set(key, found);
    }
    out[i] = found;
  }
}
/* What stands at a place, for the box that a click opens. */
function cellAt(latlng) {
  const th = theme(), held = ready.get(th.id);
  if (!held) { return null; }
  const [[south, west], [north, east]] = frame.bounds, y = (lat) => L.Projection.SphericalMercator.project(L.latLng(lat, 0)).y;
  const column = Math.floor((latlng.lng - west) / (east - west) * frame.width);
  const row = Math.floor((y(north) - y(latlng.lat)) / (y(north) - y(south)) * frame.height);
  if (column < 0 || row < 0 || column >= frame.width || row >= frame.height) { return null; }
  const i = row * frame.width + column;
  return {mask: held.mask[i], values: held.places.map((k, j) => [k, held.planes[j][i]])};
}
