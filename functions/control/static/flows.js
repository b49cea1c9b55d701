// The flows: their numbers, calls and what came of them.
import { asJson, follow } from "./api.js";
import { badge, h, show, table } from "./dom.js";
import { tone } from "./words.js";

export const outcomes = (counts) => Object.entries(counts).sort(([, one], [, other]) => other - one)
  .map(([word, count]) => [badge(`${word} ${count}`, tone(word)), " "]);

export function open(place) {
  const list = h("section");
  place.replaceChildren(h("h1", {}, "Flows"), list, h("p", {}, asJson("/flows")));
  follow("/flows", (page) => show(list,
    table("Flows", ["Flow", "Numbers", "Calls in a week", "Outcomes", "Version"], page.flows.map((flow) => [
      h("a", { href: `/flows/${encodeURIComponent(flow.name)}` }, flow.name), flow.numbers.join(", "),
      `${flow.calls}${page.is_whole ? "" : " or more"}`, outcomes(flow.outcomes), flow.version && h("code", {}, flow.version),
    ]), "There are no flows."),
    h("p", { class: "empty" }, page.published ? `Published version ${page.published} takes calls.` : "The flows that were deployed with the code take calls.")), list);
}
