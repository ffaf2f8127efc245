/* Colours from the shared tokens, light and dark, and the tints of a theme's parts. */
const darkened = window.matchMedia("(prefers-color-scheme: dark)");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const phone = window.matchMedia("(max-width: 720px)");
const sizes = data.tokens.sizes;

function isDark() { return state.scheme ? state.scheme === "dark" : darkened.matches; }
function token(name) {
  return (isDark() ? data.tokens.dark : data.tokens.light)[name] || data.tokens.light[name];
}
function rgb(hex) { return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)); }
function mix(a, b, share) {
  const x = rgb(a), y = rgb(b);
  return "#" + x.map((v, k) => Math.round(v + (y[k] - v) * share).toString(16).padStart(2, "0")).join("");
}
function luminance(hex) {
  const c = rgb(hex).map((v) => {
    const s = v / 255;
    return s <= 0.03928 ? s / 12.92 : Math.pow((s + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}
function contrast(a, b) {
  const x = luminance(a), y = luminance(b);
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
function inkOn(colour) { return contrast(colour, "#ffffff") >= 4.5 ? "#ffffff" : "#1c1a17"; }
/* The colour, brought towards the ink until it can be read on both grounds of the panel. */
function readable(colour, ground) {
  const tinted = mix(ground, colour, 0.12);
  for (let share = 0; share <= 1; share += 0.05) {
    const tried = mix(colour, token("ink"), share);
    if (contrast(tried, ground) >= 4.6 && contrast(tried, tinted) >= 4.6) { return tried; }
  }
  return token("ink");
}
function accent(th) { return isDark() ? th.accentDark : th.accent; }
/* A hue that nearly carries white text is darkened until it does; a bright one gets dark text. */
function filled(th) {
  const colour = accent(th);
  for (let share = 0; share <= 0.2; share += 0.02) {
    const tried = mix(colour, "#1c1408", share);
    if (contrast(tried, "#ffffff") >= 4.6) { return tried; }
  }
  return colour;
}
function tints(th) {
  const n = th.criteria.length, base = accent(th);
  return th.criteria.map((_, i) => {
    const at = n > 1 ? i / (n - 1) : 0.4;
    return at < 0.4 ? mix(mix(base, "#1d1206", 0.42), base, at / 0.4)
      : mix(base, isDark() ? "#4a4a48" : "#f6efe2", (at - 0.4) / 0.6 * 0.74);
  });
}
