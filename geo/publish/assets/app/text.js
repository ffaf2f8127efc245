/* Words and numbers in the reader's language. Every word of the page comes from data.texts. */
const embedded = (name) => JSON.parse(document.getElementById("lodemap-" + name).textContent);
const data = JSON.parse(new TextDecoder().decode(window.lodemapInflate(embedded("data"))));
data.planes = embedded("planes");
const spoken = {language: data.languages[0] || "en"};

/* Text of a key; {name} is replaced. A text with plural forms is chosen by `n`. */
function t(key, values) {
  const own = data.texts[spoken.language] || {};
  let found = own[key] === undefined ? data.texts.en[key] : own[key];
  if (found === undefined) { return key; }
  if (typeof found === "object") {
    const form = new Intl.PluralRules(spoken.language).select(values.n);
    found = found[form] === undefined ? found.other : found[form];
  }
  return found.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values && values[name];
    return value === undefined || value === null ? "" : typeof value === "number" ? num(value) : value;
  });
}
/* A word of the study itself (a theme's or a criterion's title, a country) where its translation is known. */
function label(text) {
  const known = data.labels[spoken.language];
  return known && Object.prototype.hasOwnProperty.call(known, text) ? known[text] : text;
}
function cut(text, most) {
  const letters = Array.from(text);
  return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : text;
}
/* Making a format costs far more than using it: one is kept for each kind. */
const formats = new Map();
function locale(value, options) {
  const kind = spoken.language + " " + (options.minimumFractionDigits || 0) + " " + options.maximumFractionDigits;
  if (!formats.has(kind)) { formats.set(kind, new Intl.NumberFormat(spoken.language, options)); }
  return formats.get(kind).format(value).replace(/^-/, "−");
}
/* Two digits below 100, three above: no more is known. */
function num(value) {
  if (value === null || value === undefined) { return t("unknown"); }
  if (typeof value === "string") { return value; }
  const size = Math.abs(value);
  if (size === 0) { return "0"; }
  if (size < 0.001) { return value.toExponential(0).replace("e-", " × 10⁻"); }
  return locale(Number(value.toPrecision(size >= 100 ? 3 : 2)), {maximumFractionDigits: 6});
}
function whole(value) { return locale(value, {maximumFractionDigits: 0}); }
/* Money a tonne: never finer than a tenth of a dollar. */
function money(value) {
  if (typeof value !== "number" || Math.abs(value) >= 10) { return num(value); }
  if (value > 0 && value < 0.05) { return t("under-a-tenth"); }
  return locale(Math.round(value * 10) / 10, {maximumFractionDigits: 1});
}
function between(a, b) { return a === b ? a : a + "–" + b; }
function moneySpan(low, high) { return between(money(low), money(high)); }
function span(low, high) { return between(num(low), num(high)); }
/* Scores have few digits: each is put into the reader's own form once. */
const spelled = new Map();
function fixed(value, digits) {
  if (value === null || value === undefined) { return "–"; }
  const text = value.toFixed(digits), key = spoken.language + text;
  if (!spelled.has(key)) {
    spelled.set(key, locale(Number(text), {minimumFractionDigits: digits, maximumFractionDigits: digits}));
  }
  return spelled.get(key);
}
/* Certain and impossible are said only of certain and impossible. */
function percent(share) {
  if (share === null || share === undefined) { return ""; }
  let p = Math.round(share * 100);
  if (p === 100 && share < 1) { p = 99; }
  if (p === 0 && share > 0) { return t("under-one-percent"); }
  return t("percent", {n: String(p)});
}
function likely(share) {
  const found = [[0.95, "certain"], [0.75, "likely"], [0.45, "even"], [0.15, "unlikely"]]
    .find((step) => share >= step[0]);
  return t("likely." + (found ? found[1] : "very-unlikely"));
}
function withUnit(value, unit) {
  const text = num(value);
  return value === null || value === undefined || !unit || unit === "1" ? text : text + " " + unit;
}
function ordinal(n) {
  const forms = data.texts[spoken.language] || {};
  if (n <= 3 && (forms["place." + n] || spoken.language === "en")) { return t("place." + n); }
  const rule = new Intl.PluralRules(spoken.language, {type: "ordinal"}).select(n);
  return t("place.rule-" + rule, {n: String(n)});
}
function date(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)/.exec(text);
  if (!found) { return text; }
  const day = new Date(Date.UTC(Number(found[1]), Number(found[2]) - 1, Number(found[3])));
  return day.toLocaleDateString(spoken.language, {timeZone: "UTC", dateStyle: "medium"});
}
