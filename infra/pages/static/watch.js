// Shows what `dialtone flow draw --watch` sends: pictures, and what is wrong with the files.
import { parsed } from "./picture.js";

const state = document.getElementById("state");
const errors = document.getElementById("errors");
const pictures = document.getElementById("pictures");
const warnings = document.getElementById("warnings");

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function figure(drawn) {
  const made = document.createElement("figure");
  made.tabIndex = 0; // it scrolls sideways, with the arrow keys too
  made.toggleAttribute("data-old", !drawn.is_current);
  made.append(parsed(drawn.svg));
  if (!drawn.is_current) made.prepend(element("figcaption", `${drawn.name} as it was when it could be read last`));
  return made;
}

function show(shown) {
  errors.replaceChildren(...shown.errors.map((sentence) => element("p", sentence)));
  const places = [...pictures.children].map((each) => each.scrollLeft);
  pictures.replaceChildren(...shown.pictures.map(figure));
  places.forEach((left, index) => pictures.children[index]?.scrollTo({ left }));
  warnings.hidden = shown.warnings.length === 0;
  warnings.querySelector("ul").replaceChildren(...shown.warnings.map((sentence) => element("li", sentence)));
  const names = shown.pictures.map((each) => each.name);
  document.title = `${shown.errors.length ? "⚠ " : ""}${names.join(", ") || "flows"}`;
  const at = new Date().toLocaleTimeString();
  state.textContent = shown.errors.length ? `Something is wrong, as of ${at}.` : `As saved; drawn at ${at}.`;
}

const events = new EventSource("events");
events.onmessage = (event) => show(JSON.parse(event.data));
events.onerror = () => {
  state.textContent = "dialtone flow draw --watch has ended: run it again, and this page goes on.";
};
