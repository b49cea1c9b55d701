// The calls: live ones on top, the others below, as the address filters them.
import { asJson, follow } from "./api.js";
import { badge, h, show, table } from "./dom.js";
import { began, duration, filtersOf, moment, outcome, parties, query, tone } from "./words.js";

const NAMES = ["number", "since", "until", "flow", "outcome", "recorded"];

const field = (name, label, value, hint, list) => h("label", {}, label,
  h("input", { name, id: `filter-${name}`, value, placeholder: hint, autocomplete: "off", list }));

export const select = (name, label, value, options) => h("label", {}, label,
  h("select", { name, id: `filter-${name}` }, options.map(([option, text]) => h("option", { value: option, selected: option === value }, text))));

export function filterForm(path, filters, fields) {
  const submit = (event) => {
    event.preventDefault();
    location.assign(path + query(Object.fromEntries(new FormData(event.currentTarget))));
  };
  return h("form", { class: "filters", submit, role: "search", "aria-label": "Filters" }, fields,
    h("button", {}, "Show"), Object.values(filters).some((each) => each && each !== "any") && h("a", { href: path }, "Clear"));
}

export const pathOf = (leg) => `/calls/${encodeURIComponent(leg.call_session_id)}`;

export function callTable(caption, calls, now, empty) {
  const heads = ["Began", "From → to", "Flow", "Lasted", "Outcome", "Recorded"];
  return table(caption, heads, calls.map((leg) => [
    h("a", { href: pathOf(leg) }, moment(began(leg), now)),
    parties(leg),
    [leg.flow ?? "none", leg.step && h("small", {}, ` · ${leg.step}`)],
    leg.ended_at ? duration(leg.seconds) : "in progress",
    badge(outcome(leg), tone(outcome(leg), !leg.ended_at)),
    leg.recordings ? `${leg.recordings} ×` : "",
  ]), empty);
}

export function open(place) {
  const filters = filtersOf(location.search, NAMES);
  const asked = query({ ...filters, limit: "100" });
  const live = h("section"), rest = h("section");
  place.replaceChildren(
    h("h1", {}, "Calls"),
    filterForm("/calls", filters, [
      field("number", "Number", filters.number, "+15550142"),
      field("since", "Since", filters.since, "2h, 1d"),
      field("until", "Before", filters.until, "2026-11-30"),
      field("flow", "Flow", filters.flow, "main-menu"),
      field("outcome", "Outcome", filters.outcome, "failed"),
      select("recorded", "Recorded", filters.recorded, [["any", "either"], ["yes", "yes"], ["no", "no"]]),
    ]),
    live, rest,
    h("p", {}, asJson(`/calls${asked}`), " · ", h("a", { href: "/calls/open" }, "Open a saved call")),
  );
  follow(`/calls${asked}`, (page) => {
    const now = new Date();
    const going = page.calls.filter((leg) => !leg.ended_at), over = page.calls.filter((leg) => leg.ended_at);
    show(live, h("h2", {}, `Live now (${going.length})`), callTable("Live calls", going, now, "Nobody is on the line."));
    show(rest, h("h2", {}, "Ended calls"),
      callTable("Ended calls", over, now, "No such calls."),
      page.next_until && h("p", {}, h("a", { href: `/calls${query({ ...filters, until: page.next_until })}` }, "Earlier calls")));
  }, rest);
}
