// One flow: its picture, how far callers come, its versions, and what changed between two of them.
import { ask, asJson } from "./api.js";
import { h, show, table } from "./dom.js";
import { changes } from "./changes.js";
import { outcomes } from "./flows.js";
import { figureOf } from "./picture.js";
import { filtersOf, moment, query } from "./words.js";

const CONTEXT = { same: " ", gone: "−", new: "+" };

function difference(older, newer) {
  const files = [...new Set([...Object.keys(older), ...Object.keys(newer)])].sort();
  return files.filter((file) => older[file] !== newer[file]).map((file) => h("section", {}, h("h2", {}, `Changed: ${file}`),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Changes of ${file}` },
      h("pre", { class: "diff" }, changes(older[file] ?? "", newer[file] ?? "").map(({ kind, text }) =>
        h(kind === "gone" ? "del" : kind === "new" ? "ins" : "span", {}, `${CONTEXT[kind]} ${text}\n`))))));
}

function funnel(flow) {
  const most = Math.max(1, ...flow.steps.map((each) => each.reached));
  return table("Steps", ["Step", "Calls that came to it", "Share", "Ended there"], flow.steps.map((each) => [
    each.step, String(each.reached), h("meter", { min: 0, max: most, value: each.reached, "aria-label": `${each.reached} of ${most} calls` }), outcomes(each.ended),
  ]), "No calls yet.");
}

export async function open(place, name) {
  const { version, against } = filtersOf(location.search, ["version", "against"]);
  const path = `/flows/${encodeURIComponent(name)}`;
  const flow = await ask(path + query({ version }));
  const other = against ? await ask(path + query({ version: against })) : null;
  const now = new Date();
  show(place,
    h("h1", {}, flow.name),
    h("p", { class: "sentence" }, `${flow.calls}${flow.is_whole ? "" : " or more"} calls in a week`, flow.numbers.length ? `; reached at ${flow.numbers.join(", ")}.` : "; no number leads to it."),
    flow.picture && h("section", {}, figureOf(flow.picture, flow.name, [])),
    other && other.texts && flow.texts && [h("h2", {}, `What changed from ${against} to ${flow.version}`), difference(other.texts, flow.texts)],
    h("section", {}, h("h2", {}, `How far callers come, of the last ${flow.steps_of_calls} calls`), funnel(flow)),
    h("section", {}, h("h2", {}, "Versions"), table("Versions", ["Version", "Calls", "First", "Last", "Changes"], flow.versions.map((each) => [
      h("a", { href: `${path}${query({ version: each.version })}` }, h("code", {}, each.version)), String(each.calls), moment(each.first_at, now), moment(each.last_at, now),
      each.version === flow.version ? "shown" : h("a", { href: `${path}${query({ version: flow.version ?? "", against: each.version })}` }, "what changed since"),
    ]), "No calls yet.")),
    flow.texts && Object.entries(flow.texts).map(([file, text]) => h("details", {}, h("summary", {}, file), h("pre", { tabindex: 0 }, text))),
    h("p", {}, asJson(`${path}${query({ version })}`)));
}
