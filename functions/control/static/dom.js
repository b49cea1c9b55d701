// Elements from values. Text is only ever text: nothing that a caller said or is called can become markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

// An element; an attribute that is a function listens to the event of its name.
export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

// An element of a picture.
export function s(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

// Replaces what a place shows, and keeps the focus on the same link, button or field.
export function show(place, ...children) {
  const active = document.activeElement;
  const key = place.contains(active) ? active.getAttribute("href") ?? active.id : "";
  place.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (key) [...place.querySelectorAll("a, button, input, select")].find((each) => (each.getAttribute("href") ?? each.id) === key)?.focus({ preventScroll: true });
}

export function table(caption, heads, rows, empty) {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {},
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, place) =>
        h(place ? "td" : "th", place ? { "data-head": heads[place] } : { scope: "row" }, cell)))))));
}

export function facts(pairs) {
  return h("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export const badge = (text, tone) => h("span", { class: "badge", "data-tone": tone }, text);
