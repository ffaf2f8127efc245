/* The one state of the page: what is looked at, and what the reader decided. Decisions can be
   undone; state and decisions travel in the address' fragment and in a small file. */
const NUMBERED = 12, ROWS = 40, FIRST_ROWS = 40;
const state = {
  theme: 0, site: null, tab: "ranking", rows: ROWS, search: "", compare: [], scheme: "",
  surface: new Map(), opacity: 0.8, moved: false, ready: false, opened: new Set(), measuring: null,
  decided: {weights: new Map(), locks: new Map(), filters: new Map(), scenario: ""},
  past: [], future: [], version: 0
};

function theme() { return data.themes[state.theme]; }
function copied(decided) {
  const copy = (map) => new Map(Array.from(map, ([k, v]) => [k, v.map((x) => (typeof x === "object" ? {...x} : x))]));
  return {weights: copy(decided.weights), locks: copy(decided.locks), filters: copy(decided.filters),
    scenario: decided.scenario};
}
/* Change a decision so that it can be undone; `within` is a step of one longer gesture. */
function decide(change, within) {
  if (!within || !state.gesture) {
    state.past.push(copied(state.decided));
    if (state.past.length > 200) { state.past.shift(); }
    state.future = [];
  }
  state.gesture = Boolean(within);
  change(state.decided);
  changed();
}
function changed() {
  state.version += 1;
  remember();
}
function undo() { turn(state.past, state.future, "undone"); }
function redo() { turn(state.future, state.past, "redone"); }
function turn(from, to, said) {
  if (!from.length) { return; }
  to.push(copied(state.decided));
  state.decided = from.pop();
  state.gesture = false;
  changed();
  show();
  announce(t(said));
}

/* ---------- the fragment ---------- */
const enc = encodeURIComponent;
function fragment() {
  const parts = [];
  const put = (name, value) => { if (value !== "" && value !== null) { parts.push(name + "=" + value); } };
  put("theme", data.themes.length ? enc(theme().id) : "");
  put("site", state.site === null ? "" : enc(state.site));
  put("tab", state.tab === "ranking" ? "" : state.tab);
  put("compare", state.compare.map(enc).join(","));
  put("scenario", enc(state.decided.scenario));
  put("language", spoken.language === data.languages[0] ? "" : spoken.language);
  put("scheme", state.scheme);
  data.themes.forEach((th) => {
    const named = (values) => values.map((v, k) => enc(th.criteria[k].id) + ":" + v).join(",");
    const own = state.decided.weights.get(th.id), locks = state.decided.locks.get(th.id);
    const filters = state.decided.filters.get(th.id), surface = state.surface.get(th.id);
    if (own) { put("w." + enc(th.id), named(own.map((w) => Number(w.toPrecision(9))))); }
    if (locks && locks.some(Boolean)) { put("l." + enc(th.id), named(locks.map((x) => (x ? 1 : 0)))); }
    if (filters && filters.length) {
      put("f." + enc(th.id), filters.map((f) => [enc(th.criteria[f.k].id), f.low === null ? "" : f.low,
        f.high === null ? "" : f.high, f.unknown ? 1 : 0].join(":")).join(","));
    }
    if (surface !== undefined) { put("s." + enc(th.id), enc(surface)); }
  });
  if (state.moved && state.ready) {
    const c = map.getCenter();
    put("at", [c.lat.toFixed(4), c.lng.toFixed(4), map.getZoom()].join(","));
  }
  return parts.join("&");
}
let remembering = 0;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    try {
      window.history.replaceState(null, "", "#" + fragment());
    } catch (error) {
      // In a notebook's frame the address belongs to the notebook: the view file still works.
    }
  }, 250);
}
function plainText(text) {
  try { return decodeURIComponent(text); } catch (error) { return ""; }
}
/* Take over what a fragment says; what it names and this study has not is left out. */
function restore(text) {
  const said = new Map();
  text.replace(/^#/, "").split("&").forEach((part) => {
    const at = part.indexOf("=");
    if (at > 0) { said.set(part.slice(0, at), part.slice(at + 1)); }
  });
  if (!said.size) { return false; }
  const found = data.themes.findIndex((th) => th.id === plainText(said.get("theme") || ""));
  state.theme = Math.max(found, 0);
  const known = (id) => theme().sites.some((s) => s.id === id);
  const site = plainText(said.get("site") || "");
  state.site = said.has("site") && known(site) ? site : null;
  state.compare = (said.get("compare") || "").split(",").filter(Boolean).map(plainText).filter(known).slice(0, 4);
  state.tab = TABS.indexOf(said.get("tab")) >= 0 ? said.get("tab") : "ranking";
  state.scheme = ["light", "dark"].find((s) => s === said.get("scheme")) || "";
  if (data.languages.indexOf(said.get("language")) >= 0) { spoken.language = said.get("language"); }
  const scenario = plainText(said.get("scenario") || "");
  const decided = {weights: new Map(), locks: new Map(), filters: new Map(), scenario:
    data.themes.some((th) => th.scenarios.some((s) => s.id === scenario)) ? scenario : ""};
  data.themes.forEach((th) => { restoreTheme(th, said, decided); });
  state.decided = decided;
  state.past = [];
  state.future = [];
  state.version += 1;
  const at = (said.get("at") || "").split(",").map(Number);
  state.at = at.length === 3 && at.every(Number.isFinite) ? at : null;
  return true;
}
function restoreTheme(th, said, decided) {
  const of = (kind) => (said.get(kind + "." + enc(th.id)) || "").split(",").filter(Boolean)
    .map((item) => item.split(":"));
  const place = (name) => th.criteria.findIndex((c) => c.id === plainText(name));
  const full = (pairs) => {
    const values = new Array(th.criteria.length).fill(0);
    pairs.forEach(([name, v]) => { if (place(name) >= 0) { values[place(name)] = Number(v); } });
    return values;
  };
  const weights = full(of("w"));
  if (weights.every((w) => Number.isFinite(w) && w >= 0) && weights.some((w) => w > 0)) {
    decided.weights.set(th.id, scaled(weights));
  }
  const locks = full(of("l")).map((v) => v === 1);
  if (locks.some(Boolean)) { decided.locks.set(th.id, locks); }
  const limit = (text) => (text === "" || !Number.isFinite(Number(text)) ? null : Number(text));
  const filters = of("f").filter((f) => f.length === 4 && place(f[0]) >= 0)
    .map((f) => ({k: place(f[0]), low: limit(f[1]), high: limit(f[2]), unknown: f[3] === "1"}));
  if (filters.length) { decided.filters.set(th.id, filters); }
  const surface = said.get("s." + enc(th.id));
  if (surface !== undefined) { state.surface.set(th.id, plainText(surface)); }
}
function viewFile() {
  return JSON.stringify({kind: "lodemap view", title: data.title, recipe: data.recipe, view: fragment()},
    null, 1) + "\n";
}
/* What is wrong with a view file, or null once it was taken over. */
function openView(text) {
  let read;
  try { read = JSON.parse(text); } catch (error) { return t("view.unreadable"); }
  if (!read || read.kind !== "lodemap view" || typeof read.view !== "string") { return t("view.unreadable"); }
  restore(read.view);
  return read.recipe === data.recipe ? null : t("view.other-recipe");
}
