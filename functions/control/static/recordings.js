// Recordings and voicemails, the newest calls' first.
import { asJson, follow } from "./api.js";
import { filterForm, select } from "./calls.js";
import { badge, h, show, table } from "./dom.js";
import { duration, filtersOf, moment, query, tone, withheld } from "./words.js";

const NAMES = ["number", "since", "until", "flow", "status"];
const STATUSES = ["expected", "saved", "copied", "verified", "doubtful", "failed", "erased"];

const lasted = (each) => (each.started_at && each.ended_at ? duration((Date.parse(each.ended_at) - Date.parse(each.started_at)) / 1000) : "");

export function recordingTable(recordings, now, isSaved = false) {
  return table("Recordings", ["Recorded", "From", "In the step", "Lasted", "Custody", "Heard"], recordings.map((each) => [
    isSaved ? moment(each.started_at ?? each.requested_at, now) : h("a", { href: `/recordings/${encodeURIComponent(each.id)}` }, moment(each.started_at ?? each.requested_at, now)),
    each.from ?? withheld,
    [each.flow ?? "no flow", each.step && h("small", {}, ` · ${each.step}`)],
    lasted(each),
    [badge(each.status, tone(each.status, ["expected", "saved", "copied"].includes(each.status))), each.reason && h("small", {}, ` ${each.reason}`)],
    each.heard_at ? moment(each.heard_at, now) : badge("new", "live"),
  ]), "No such recordings.");
}

export function open(place) {
  const filters = filtersOf(location.search, NAMES);
  const asked = query({ ...filters, limit: "100" });
  const list = h("section");
  const field = (name, label, hint) => h("label", {}, label, h("input", { name, id: `filter-${name}`, value: filters[name], placeholder: hint, autocomplete: "off" }));
  place.replaceChildren(
    h("h1", {}, "Recordings and voicemails"),
    filterForm("/recordings", filters, [
      field("number", "Number", "+15550142"), field("since", "Since", "2h, 1d"), field("until", "Before", "2026-11-30"),
      field("flow", "Flow", "main-menu"),
      select("status", "Custody", filters.status || "any", [["any", "any"], ...STATUSES.map((each) => [each, each])]),
    ]),
    list,
    h("p", {}, asJson(`/recordings${asked}`)),
  );
  follow(`/recordings${asked}`, (page) => show(list,
    recordingTable(page.recordings, new Date()),
    page.next_until && h("p", {}, h("a", { href: `/recordings${query({ ...filters, until: page.next_until })}` }, "Earlier recordings"))), list);
}
