// A call that was downloaded from a console, opened without one.
import { problem } from "./api.js";
import { view } from "./call.js";
import { h } from "./dom.js";

const LARGEST_BYTES = 20_000_000;
const LISTS = ["legs", "timeline", "recordings", "costs", "audit"];

// The call in a file's text. Throws for anything else.
export function readCall(text) {
  const call = JSON.parse(text);
  if (typeof call?.call_session_id !== "string" || !LISTS.every((name) => Array.isArray(call[name]))) {
    throw new Error("the file is not a call that a console saved");
  }
  return call;
}

export function open(place) {
  const shown = h("div", { "aria-live": "polite" });
  const choose = async (event) => {
    const [file] = event.currentTarget.files;
    if (!file) return;
    try {
      if (file.size > LARGEST_BYTES) throw new Error("the file is too large for a call");
      shown.replaceChildren(...view(readCall(await file.text()), new Date(), true).flat().filter(Boolean));
    } catch (error) {
      shown.replaceChildren(problem(error));
    }
  };
  place.replaceChildren(h("h1", {}, "Open a saved call"),
    h("p", {}, "A call's page has a button that downloads it as JSON. The file is read here and sent nowhere."),
    h("label", {}, "File ", h("input", { type: "file", accept: "application/json,.json", change: choose })), shown);
}
