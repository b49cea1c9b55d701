// A campaign over time, its outcomes in plain words, and its table of results. Pure: no document, no clock.

const MOVING = 30; // seconds without a dial, after which no time left can be said

export const OUTCOMES = {
  acknowledged: "acknowledged", person: "heard by a person", machine: "answering machine", fax: "fax machine", busy: "busy", no_answer: "no answer",
  rejected: "rejected", invalid: "invalid number", cut_off: "cut off", failed: "the flow failed", unknown: "unknown", cancelled: "cancelled",
};
export const RULES = {
  suppressed: "on the suppression list", weekly_limit: "called too often this week", quiet_hours: "quiet hours", no_common_window: "no time within the window",
};
const REACHED = ["acknowledged", "person", "machine"], FAILED = ["rejected", "invalid", "cut_off", "failed", "unknown"];

const spaced = (word) => word.replaceAll("_", " ");
export const outcomeWords = (word) => (Object.hasOwn(OUTCOMES, word) ? OUTCOMES[word] : spaced(word));
export const ruleWords = (rule) => (Object.hasOwn(RULES, rule) ? RULES[rule] : spaced(rule));
export const toneOf = (word) => (REACHED.includes(word) ? "good" : FAILED.includes(word) ? "bad" : "plain");

// Outcomes of recipients and of calls, in the order in which people read them: `{outcome, recipients, calls}`.
export function outcomesOf({ outcomes, calls }) {
  const there = new Set([...Object.keys(outcomes), ...Object.keys(calls)]);
  const listed = [...Object.keys(OUTCOMES).filter((each) => there.has(each)), ...[...there].filter((each) => !Object.hasOwn(OUTCOMES, each)).sort()];
  return listed.map((outcome) => ({ outcome, recipients: outcomes[outcome] ?? 0, calls: calls[outcome] ?? 0 }));
}

// One of the last failures, which are written as row, round and outcome.
export function failureOf(written) {
  const [row, round, ...outcome] = written.split(" ");
  return { row, round, outcome: outcome.join(" ") };
}

const seconds = (written) => (written ? Date.parse(written) / 1000 : 0);

// Dials a second of late, and the seconds until the list is dialled once; null for what is not known. `before` is an earlier look.
export function pace(campaign, before = null) {
  const at = seconds(campaign.at), dialled = seconds(campaign.dialled_at), since = seconds(campaign.dialling_since);
  const moving = campaign.status === "running" && dialled > 0 && at - dialled < MOVING;
  if (!moving) return { rate: null, left: null };
  const between = before ? at - seconds(before.at) : 0;
  const isFirst = since === seconds(campaign.began_at) && dialled > since;
  const rate = between > 0 ? (campaign.dials - before.dials) / between : isFirst ? campaign.dials / (dialled - since) : 0;
  const left = campaign.recipients - campaign.taken;
  return { rate: rate > 0 ? rate : null, left: rate > 0 && left > 0 ? left / rate : null };
}

// The least of 1, 2, 5, 10, … that is no less.
export function nice(most) {
  const step = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return step * [1, 2, 5, 10].find((each) => each * step >= most);
}

export const SERIES = [["dials", "dials"], ["answered", "answered"], ["failed", "failed"]];

// A chart of what happened in each minute, in so many pixels: lines as steps, grid and times.
export function chart({ begins_at: begins, minutes, columns }, width, height) {
  const top = nice(Math.max(1, ...columns.flatMap((column) => SERIES.map(([name]) => column[name] / minutes))));
  const x = (place) => (columns.length ? (width * place) / columns.length : 0), y = (value) => height - (height * value) / top;
  const round = (value) => Math.round(value * 10) / 10;
  const lines = SERIES.map(([name, label]) => ({
    name, label, total: columns.reduce((sum, column) => sum + column[name], 0),
    path: columns.map((column, place) => `${place ? "V" : "M0 "}${round(y(column[name] / minutes))}H${round(x(place + 1))}`).join(""),
  }));
  const time = (place) => new Date(Date.parse(begins) + place * minutes * 60_000).toISOString();
  const places = [...new Set([0, columns.length / 2, columns.length])];
  return {
    lines, top,
    grid: [0, top / 2, top].map((value) => ({ value, y: round(y(value)) })),
    times: columns.length ? places.map((place) => ({ at: time(place), x: round(x(place)) })) : [],
    rows: columns.map((column, place) => ({ at: time(place), ...column })),
  };
}

// A cell of a table for spreadsheets. What would be a formula there is text: the number's plus included.
export function cell(value) {
  const text = String(value ?? ""), safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// The table of results that `dialtone campaigns report --csv` writes, of the API's recipients.
export function csv(recipients) {
  if (!recipients.length) return "";
  const given = Object.keys(recipients[0].given), heads = Object.keys(recipients[0]).filter((name) => name !== "given");
  const rows = recipients.map((each) => [
    ...heads.map((name) => (Array.isArray(each[name]) ? each[name].join(" ") : each[name])), ...given.map((name) => each.given[name]),
  ]);
  return [[...heads, ...given.map((name) => `given_${name}`)], ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}
