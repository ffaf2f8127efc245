/* Limits on criteria, in their own units: sites beyond them leave the list and fade on the map. */
/* The limits that hold now. */
function filterBlock(th) {
  const list = el("ul", "filters");
  filtersOf(th).forEach((f, n) => { list.appendChild(filterLine(th, f, n)); });
  return list.children.length ? list : null;
}
/* The choice of a criterion to put a limit on; nothing where no criterion is a number. */
function filterChoice(th) {
  const usable = th.criteria.map((_, k) => k).filter((k) => th.cells[k].value.some((v) => typeof v === "number"));
  if (!usable.length) { return null; }
  const options = [["", t("filter.add")]].concat(usable.map((k) => [String(k), label(th.criteria[k].title)]));
  const node = choice(t("filter.name"), options, "", (value) => {
    if (value === "") { return; }
    setFilters(th, filtersOf(th).concat([{k: Number(value), low: null, high: null, unknown: true}]));
    const last = ui.body.querySelector(".filters li:last-child input");
    if (last) { last.focus(); }
  });
  node.id = "filter-add";
  return node;
}
function setFilters(th, filters) {
  decide((d) => { d.filters.set(th.id, filters); });
  show();
  announce(ui.list.count.textContent);
}
function filterLine(th, f, n) {
  const item = el("li"), criterion = th.criteria[f.k], title = label(criterion.title);
  const known = th.cells[f.k].value.filter((v) => typeof v === "number");
  const change = (values) => setFilters(th, filtersOf(th).map((g, m) => (m === n ? {...g, ...values} : g)));
  const limit = (side) => {
    const input = el("input");
    input.type = "number";
    input.step = "any";
    input.value = f[side] === null ? "" : String(f[side]);
    input.placeholder = num(side === "low" ? Math.min(...known) : Math.max(...known));
    input.setAttribute("aria-label", t("filter." + side, {name: title}) + (criterion.unit ? " [" + criterion.unit + "]" : ""));
    input.addEventListener("change", () => change({[side]: input.value === "" ? null : Number(input.value)}));
    return input;
  };
  const keep = el("input"), keepName = el("label", "small");
  keep.type = "checkbox";
  keep.checked = f.unknown;
  keep.addEventListener("change", () => change({unknown: keep.checked}));
  const gone = button("icon", "×", () => setFilters(th, filtersOf(th).filter((g, m) => m !== n)));
  gone.setAttribute("aria-label", t("filter.remove", {name: title}));
  return add(item, add(el("span", "any"), iso(title), words(criterion.unit ? " [" + criterion.unit + "]" : "")), gone,
    add(el("div", "limits"), limit("low"), words("–"), limit("high"),
      add(keepName, keep, words(t("filter.unknown")))));
}
