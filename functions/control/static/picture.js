// Pictures of flows. They come as text and are read as SVG, never as the page's own markup.
import { ask } from "./api.js";
import { h } from "./dom.js";
import { query } from "./words.js";

export function parsed(text) {
  const picture = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (picture.namespaceURI !== "http://www.w3.org/2000/svg") throw new Error("this is not a picture");
  return document.importNode(picture, true);
}

// A flow's picture, with the steps marked that a call came to, and the last of them.
export function figureOf(text, flow, steps) {
  const svg = parsed(text);
  for (const node of svg.querySelectorAll("[data-node]")) {
    const step = node.dataset.node.replace(/^step:/, "");
    node.toggleAttribute("data-taken", steps.includes(step));
    node.toggleAttribute("data-current", steps.at(-1) === step);
  }
  return h("figure", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Picture of the flow ${flow}` }, svg);
}

// That of the version that a call began with; null where nobody draws it.
export async function pictureOf(flow, version) {
  const { picture } = await ask(`/flows/${encodeURIComponent(flow)}${query({ version: version ?? "" })}`);
  return picture;
}
