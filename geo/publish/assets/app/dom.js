/* Small makers of elements. All text enters through textContent. */
function el(tag, cls, text) {
  const node = document.createElement(tag);
  if (cls) { node.className = cls; }
  if (text !== undefined && text !== null) { node.textContent = text; }
  return node;
}
function add(parent, ...children) {
  children.forEach((child) => { if (child) { parent.appendChild(child); } });
  return parent;
}
/* Write only what is new: each write costs the browser a look at all that follows. */
function say(node, text) {
  if (node.said !== text) {
    node.textContent = text;
    node.said = text;
  }
}
function style(node, name, value) {
  const known = node.styled || (node.styled = {});
  if (known[name] !== value) {
    node.style[name] = value;
    known[name] = value;
  }
}
function words(text) { return document.createTextNode(text); }
/* Text of a layer or a recipe, whose direction must not turn the words around it. */
function iso(text, cls) { return el("bdi", cls, text); }
function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([k, v]) => node.setAttribute(k, v));
  return add(node, ...children);
}
function button(cls, text, act) {
  const node = el("button", cls, text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}
function link(text, act) { return button("link", text, act); }
function details(id, title, ...children) {
  const box = el("details");
  box.id = id;
  box.open = state.opened.has(id);
  box.addEventListener("toggle", () => { state.opened[box.open ? "add" : "delete"](id); });
  return add(box, el("summary", null, title), ...children);
}
function choice(name, options, value, act) {
  const node = el("select");
  node.setAttribute("aria-label", name);
  options.forEach(([key, text]) => {
    const item = el("option", null, text);
    item.value = key;
    node.appendChild(item);
  });
  node.value = value;
  node.addEventListener("change", () => act(node.value));
  return node;
}
function section(box, title) { add(box, el("h3", null, title)); }
/* Pairs of a title and a text, either may be missing. */
function items(box, pairs) {
  const list = el("ul", "list");
  pairs.forEach(([title, text]) => {
    const item = el("li");
    if (title) { add(item, add(el("b"), iso(cut(title, 120)))); }
    add(item, el("div", title ? "soft small any" : "any", cut(text, 700)));
    list.appendChild(item);
  });
  return add(box, list);
}
/* Arrow keys walk a row of tabs or chips. */
function arrows(group) {
  group.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    if (!step) { return; }
    const all = Array.from(group.children);
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    event.preventDefault();
    next.focus();
    next.click();
  });
}
