/* Scores and ranks, by the same formulas as geo.scoring: every method that looks at one site at a
   time, what stands for an unknown, and the share of each criterion in the score. */
function scaled(weights) {
  const total = weights.reduce((a, b) => a + b, 0);
  return total > 0 ? weights.map((w) => w / total) : weights.slice();
}
/* Weights of the study, or of the conditions that are looked at. */
function recipeWeights(th) {
  const s = scenarioOf(th);
  return s && s.weights ? s.weights : th.cells.map((c) => c.weight);
}
function ownWeights(th) { return state.decided.weights.get(th.id) || null; }
function shares(th) { return scaled(ownWeights(th) || recipeWeights(th)); }

function product(v) { return v.reduce((a, b) => a * b, 1); }
function fuzzySum(v) { return Math.max(1 - product(v.map((x) => 1 - x)), Math.max(...v)); }
const METHODS = {
  "weighted-sum": (v, w) => v.reduce((sum, x, k) => sum + w[k] * x, 0),
  "weighted-product": (v, w) => v.reduce((found, x, k) => found * Math.pow(x, w[k]), 1),
  "owa": ordered,
  "fuzzy-and": (v) => Math.min(...v),
  "fuzzy-or": (v) => Math.max(...v),
  "fuzzy-product": product,
  "fuzzy-sum": fuzzySum,
  "fuzzy-gamma": (v, w, options) => {
    const gamma = options.gamma === undefined ? 0.9 : options.gamma, low = product(v), high = fuzzySum(v);
    return Math.min(Math.max(Math.pow(high, gamma) * Math.pow(low, 1 - gamma), low), high);
  }
};
/* The ordered weighted average: the largest value first. */
function ordered(v, w, options) {
  const order = v.map((_, k) => k).sort((a, b) => v[b] - v[a] || a - b);
  let places;
  if (options.order_weights) {
    const given = order.map((k, place) => w[k] * options.order_weights[place]);
    const total = given.reduce((a, b) => a + b, 0);
    if (!(total > 0)) { return null; }
    places = given.map((x) => x / total);
  } else {
    const alpha = options.alpha === undefined ? 1 : Number(options.alpha);
    const sums = [];
    order.reduce((sum, k, n) => (sums[n] = sum + w[k]), 0);
    const total = sums[sums.length - 1];
    const at = sums.map((s) => {
      const p = s / total;
      return p <= 0 ? 0 : p >= 1 ? 1 : alpha === Infinity ? 0 : Math.pow(p, alpha);
    });
    places = at.map((q, n) => q - (n ? at[n - 1] : 0));
  }
  const found = order.reduce((sum, k, n) => sum + places[n] * v[k], 0);
  return Math.min(Math.max(found, v[order[order.length - 1]]), v[order[0]]);
}
function combined(th, v, w) {
  const found = METHODS[th.method.name](v, w, th.method.options);
  return found === null ? null : Math.min(Math.max(found, 0), 1);
}
/* Score of a site whose value scores are `v`, null where unknown, and its worst and best case. */
function scoreOf(th, v, w) {
  const worst = combined(th, v.map((x) => (x === null ? 0 : x)), w);
  if (v.indexOf(null) < 0) { return {score: worst, worst: worst, best: worst}; }
  const best = combined(th, v.map((x) => (x === null ? 1 : x)), w);
  if (th.method.unknown === "middle") { return {score: (worst + best) / 2, worst: worst, best: best}; }
  if (th.method.unknown !== "reweight") { return {score: worst, worst: worst, best: best}; }
  const kept = v.map((x, k) => k).filter((k) => v[k] !== null), weights = kept.map((k) => w[k]);
  if (th.method.weighted && !weights.some((x) => x > 0)) { return {score: 0, worst: worst, best: best}; }
  return {score: combined(th, kept.map((k) => v[k]), th.method.weighted ? scaled(weights) : weights),
    worst: worst, best: best};
}

/* ---------- conditions ---------- */
function scenarioOf(th) {
  return th.scenarios.find((s) => s.id === state.decided.scenario) || null;
}
function valueScore(th, k, i) {
  const s = scenarioOf(th);
  return s && s.cells[k] ? s.cells[k].score[i] : th.cells[k].score[i];
}
function valueOf(th, k, i) {
  const s = scenarioOf(th);
  return s && s.cells[k] ? s.cells[k].value[i] : th.cells[k].value[i];
}
function statusOf(th, i) {
  const s = scenarioOf(th);
  return s ? s.status[i] : th.sites[i].status;
}
/* Whether the ranking is the reader's, not the study's own. */
function isChanged(th) { return Boolean(ownWeights(th)) || Boolean(scenarioOf(th)); }

/* ---------- ranks ---------- */
function rerank(th, weights) {
  const w = scaled(weights), found = [];
  th.sites.forEach((site, i) => {
    if (statusOf(th, i) !== "ranked") { return; }
    const said = scoreOf(th, th.cells.map((_, k) => valueScore(th, k, i)), w);
    if (said.score !== null) { found.push({index: i, score: said.score, worst: said.worst, best: said.best, rank: 0}); }
  });
  const before = (i) => (th.sites[i].rank === null ? Infinity : th.sites[i].rank);
  found.sort((a, b) => b.score - a.score || before(a.index) - before(b.index));
  if (th.method.unknown === "interval") { return certain(found); }
  let shared = 0;
  found.forEach((entry, k) => {
    if (k === 0 || entry.score < found[k - 1].score - 1e-12) { shared = k + 1; }
    entry.rank = shared;
  });
  return found;
}
/* One more than the sites whose worst case beats a site's best. */
function certain(found) {
  const worst = found.map((e) => e.worst).sort((a, b) => b - a);
  found.forEach((entry) => {
    const beaten = worst.findIndex((x) => x <= entry.best);
    entry.rank = 1 + (beaten < 0 ? worst.length : beaten);
  });
  return found.sort((a, b) => a.rank - b.rank || b.score - a.score);
}
const kept = {version: -1, theme: -1, rows: []};
/* Ranked sites in order: the study's own result as it is, or the reader's. */
function ranking(th) {
  const asked = data.themes.indexOf(th);
  if (kept.version === state.version && kept.theme === asked) { return kept.rows; }
  kept.version = state.version;
  kept.theme = asked;
  const s = scenarioOf(th);
  if (th.live && (ownWeights(th) || (s && s.live))) {
    kept.rows = rerank(th, ownWeights(th) || recipeWeights(th));
  } else {
    kept.rows = th.sites.map((site, i) => ({index: i, score: s ? s.score[i] : site.score,
      rank: s ? s.rank[i] : site.rank})).filter((r) => r.rank !== null && statusOf(th, r.index) === "ranked")
      .sort((a, b) => a.rank - b.rank || b.score - a.score);
  }
  return kept.rows;
}
function entryOf(th, index) { return ranking(th).find((r) => r.index === index) || null; }
function siteById(id) { return theme().sites.findIndex((s) => s.id === id); }

/* ---------- what a criterion adds ---------- */
/* Parts of a site's score by criterion, in order; null where nothing can be said. */
function parts(th, index, weights) {
  const m = th.criteria.length, v = th.cells.map((_, k) => valueScore(th, k, index));
  if (th.cells[0] && th.cells[0].part && !isChanged(th)) { return th.cells.map((c) => c.part[index]); }
  if (!METHODS[th.method.name] || m > 12) { return v.map(() => null); }
  if (th.method.unknown !== "reweight") { return partsOf(th, v, weights); }
  const known = v.map((_, k) => k).filter((k) => v[k] !== null), some = v.map(() => null);
  partsOf(th, known.map((k) => v[k]), scaled(known.map((k) => weights[k]))).forEach((part, n) => { some[known[n]] = part; });
  return some;
}
function partsOf(th, v, weights) {
  if (th.method.name !== "weighted-sum" || th.method.unknown === "middle") { return shapley(th, v, weights); }
  return v.map((x, k) => (x === null ? null : x * weights[k]));
}
/* Weight less the points that the criterion loses, over all orders in which criteria could fall. */
function shapley(th, v, weights) {
  const m = v.length, w = th.method.weighted ? weights : weights.map(() => 1 / m);
  const fact = [1];
  for (let k = 1; k <= m; k += 1) { fact[k] = fact[k - 1] * k; }
  const table = new Float64Array(1 << m);
  for (let set = 0; set < table.length; set += 1) {
    table[set] = scoreOf(th, v.map((x, k) => (set >> k & 1 ? x : 1)), weights).score;
  }
  return v.map((_, k) => {
    let sum = w[k];
    for (let set = 0; set < table.length; set += 1) {
      if (set >> k & 1) { continue; }
      let size = 0;
      for (let rest = set; rest; rest >>= 1) { size += rest & 1; }
      sum += fact[size] * fact[m - size - 1] / fact[m] * (table[set | 1 << k] - table[set]);
    }
    return sum;
  });
}
/* Share of criterion k at which two sites of a weighted sum change places, the others scaled. */
function turningShare(th, a, b, k, weights) {
  if (th.method.name !== "weighted-sum" || weights[k] >= 1) { return null; }
  const pa = parts(th, a, weights), pb = parts(th, b, weights);
  const rest = pa.reduce((sum, x, j) => sum + (j === k ? 0 : (x || 0) - (pb[j] || 0)), 0) / (1 - weights[k]);
  const own = (valueScore(th, k, a) || 0) - (valueScore(th, k, b) || 0);
  const at = rest / (rest - own);
  return rest === own || !(at >= 0 && at <= 1) ? null : at;
}

/* ---------- weights and filters ---------- */
/* Give criterion k a share; locked ones keep theirs, the others make room in proportion. */
function withShare(th, k, share) {
  const now = shares(th), locks = state.decided.locks.get(th.id) || [];
  const free = now.map((_, j) => j).filter((j) => j !== k && !locks[j]);
  const held = now.reduce((sum, w, j) => sum + (j !== k && locks[j] ? w : 0), 0);
  if (!free.length) { return now; }
  const own = Math.min(Math.max(share, 0), Math.max(1 - held, 0)), rest = 1 - held - own;
  const sum = free.reduce((total, j) => total + now[j], 0);
  return now.map((w, j) => (j === k ? own : locks[j] ? w : sum > 0 ? w / sum * rest : rest / free.length));
}
function filtersOf(th) { return state.decided.filters.get(th.id) || []; }
function passes(th, i) {
  return filtersOf(th).every((f) => {
    const value = valueOf(th, f.k, i);
    if (typeof value !== "number") { return f.unknown; }
    return (f.low === null || value >= f.low) && (f.high === null || value <= f.high);
  });
}
