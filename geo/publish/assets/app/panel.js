/* The panel: head, themes, tabs, body and foot. */
const TABS = ["ranking", "site", "compare", "gaps", "sources"];
const app = document.getElementById("app");
const ui = {};

function buildPanel() {
  ui.panel = el("main");
  ui.panel.id = "panel";
  ui.panel.setAttribute("aria-label", t("panel.results"));
  const grip = button("grip", null, () => sheet());
  grip.setAttribute("aria-label", t("panel.grip"));
  const head = el("header"), title = el("h1", "any");
  title.appendChild(iso(cut(label(data.title), 140)));
  if (data.house.logo) {
    const logo = el("img", "logo");
    logo.src = data.house.logo;
    logo.alt = data.house.name;
    head.appendChild(logo);
  }
  /* What kind of document this is stands on every view; its whole text under Sources. */
  const sort = el("p", "kind soft small");
  sort.appendChild(iso(cut(label(data.disclaimer.split(":")[0]), 120)));
  const under = el("p", "soft any");
  under.appendChild(iso(cut(label(data.subtitle), 240)));
  add(head, title, under, sort);
  ui.chips = el("div", "chips");
  ui.chips.setAttribute("role", "radiogroup");
  ui.chips.setAttribute("aria-label", t("panel.theme"));
  ui.tabs = el("div", "tabs");
  ui.tabs.setAttribute("role", "tablist");
  ui.tabs.setAttribute("aria-label", t("panel.results"));
  ui.body = el("div", "body");
  ui.body.id = "body";
  ui.body.setAttribute("role", "tabpanel");
  ui.body.tabIndex = 0;
  ui.foot = el("div", "foot");
  ui.live = el("div", "sr");
  ui.live.setAttribute("aria-live", "polite");
  ui.live.setAttribute("role", "status");
  add(ui.panel, grip, head, ui.chips, ui.tabs, ui.body, ui.foot, ui.live);
  app.appendChild(ui.panel);
  TABS.forEach((name) => {
    const tab = button("tab", t("tab." + name), () => openTab(name));
    tab.setAttribute("role", "tab");
    tab.dataset.tab = name;
    tab.id = "tab-" + name;
    tab.setAttribute("aria-controls", "body");
    ui.tabs.appendChild(tab);
  });
  data.themes.forEach((th, i) => {
    const chip = button("chip", null, () => openTheme(i));
    chip.setAttribute("role", "radio");
    add(chip, el("i"), iso(cut(label(th.title), 40)));
    ui.chips.appendChild(chip);
  });
  arrows(ui.tabs);
  arrows(ui.chips);
}
/* The phone's sheet has three heights. */
function sheet(to) {
  const order = ["low", "", "tall"];
  const now = order.findIndex((c) => c && ui.panel.classList.contains(c));
  const next = to !== undefined ? to : order[((now < 0 ? 1 : now) + 1) % 3];
  ui.panel.classList.remove("low", "tall");
  if (next) { ui.panel.classList.add(next); }
}
function marks() {
  Array.from(ui.chips.children).forEach((chip, i) => {
    const chosen = i === state.theme;
    chip.setAttribute("aria-checked", String(chosen));
    chip.tabIndex = chosen ? 0 : -1;
    chip.style.setProperty("--dot", accent(data.themes[i]));
  });
  Array.from(ui.tabs.children).forEach((tab) => {
    const chosen = tab.dataset.tab === state.tab;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  });
  ui.body.setAttribute("aria-labelledby", "tab-" + state.tab);
}
function openTab(name) {
  state.tab = name;
  marks();
  fill();
  ui.body.scrollTop = 0;
  remember();
}
function fill() {
  ui.body.replaceChildren();
  ui.foot.replaceChildren();
  ui.list = null;
  if (state.tab !== "site") { ui.body.appendChild(el("h2", "sr", t("tab." + state.tab))); }
  ({ranking: fillRanking, site: fillSite, compare: fillCompare, gaps: fillGaps, sources: fillSources})[state.tab]();
}
/* Say a thing to those who listen to the page. */
function announce(text) { ui.live.textContent = text; }
/* Say a thing to everyone, for a moment. */
function notice(text) {
  if (ui.notice) { ui.notice.remove(); }
  ui.notice = el("div", "notice any", text);
  ui.panel.appendChild(ui.notice);
  announce(text);
  setTimeout(() => { if (ui.notice) { ui.notice.remove(); } }, 5000);
}
