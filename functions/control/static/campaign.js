// One campaign: how far it is, its course over time, what came of the recipients, what it costs, and what can be ordered of it.
import { action, acts, offer } from "./acts.js";
import { ask, asJson, follow } from "./api.js";
import { counted, state } from "./campaigns.js";
import { chart, csv, failureOf, outcomesOf, outcomeWords, pace, ruleWords, toneOf } from "./course.js";
import { badge, facts, h, s, show, table } from "./dom.js";
import { duration, moment } from "./words.js";

const HEIGHT = 160, LEFT = 44, NARROWEST = 240, WIDEST = 1_140;
const OVER = ["done", "cancelled"];
const POSSIBLE = { scheduled: ["pause", "cancel"], running: ["pause", "cancel"], paused: ["resume", "cancel"] };

const money = (amount) => (amount === null ? "" : `$${amount.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`);
const time = (written) => moment(written, new Date(written)).replace(/^today |:\d\d$/g, "");

// The course over time, as wide as its place allows.
export function courseOf({ course }, room) {
  if (!course.columns.length) return h("p", { class: "empty" }, "Nobody was dialled yet.");
  const width = Math.round(Math.min(WIDEST, Math.max(NARROWEST, room - LEFT - 40))), drawn = chart(course, width, HEIGHT);
  const each = course.minutes === 1 ? "a minute" : `a minute, each step ${course.minutes} minutes`;
  const label = `Dials, answered calls and failures ${each}, from ${time(drawn.times[0].at)} to ${time(drawn.times.at(-1).at)}; the table below says the same`;
  const anchor = (place) => (place === 0 ? "start" : place === drawn.times.length - 1 ? "end" : "middle");
  return [
    h("ul", { class: "legend" }, drawn.lines.map(({ name, label: text, total }) => h("li", {}, s("svg", { class: "course", width: 26, height: 10, "aria-hidden": "true" }, s("path", { "data-series": name, d: "M0 5H26" })), ` ${text}: ${counted(total)}`))),
    h("figure", {}, s("svg", { class: "course", width: width + LEFT + 8, height: HEIGHT + 34, viewBox: `${-LEFT} -10 ${width + LEFT + 8} ${HEIGHT + 34}`, role: "img", "aria-label": label },
      drawn.grid.map(({ value, y }) => [s("line", { class: "grid", x1: 0, x2: width, y1: y, y2: y }), s("text", { x: -6, y: y + 4, "text-anchor": "end" }, counted(value))]),
      drawn.lines.map(({ name, path }) => s("path", { "data-series": name, d: path })),
      drawn.times.map(({ at, x }, place) => s("text", { x, y: HEIGHT + 18, "text-anchor": anchor(place) }, time(at))))),
    h("details", {}, h("summary", { id: "course-table" }, "As a table"), table("Course", ["From", "Dials", "Answered", "Failed"],
      drawn.rows.map((row) => [time(row.at), counted(row.dials), counted(row.answered), counted(row.failed)]), "")),
  ];
}

export function sentenceOf(campaign, { rate, left }) {
  const done = `${counted(campaign.settled)} of ${counted(campaign.recipients)} recipients are done`;
  const moves = [rate !== null && `${rate.toFixed(1)} dials a second`, left !== null && `${duration(left)} left to dial everybody once`].filter(Boolean);
  return `${done}${moves.length ? `; ${moves.join(", ")}` : ""}.`;
}

// What stands above the orders, and what below them.
export function head(campaign, now, how) {
  const took = campaign.began_at && campaign.at ? (Date.parse(campaign.at) - Date.parse(campaign.began_at)) / 1000 : null;
  const { cost } = campaign;
  return [
    h("h1", {}, campaign.id, " ", state(campaign.status)),
    h("p", { class: "sentence" }, sentenceOf(campaign, how), campaign.reason && ` It is ${campaign.status}: ${campaign.reason}.`),
    h("p", {}, h("meter", { min: 0, max: Math.max(1, campaign.recipients), value: campaign.settled, "aria-label": `${campaign.settled} of ${campaign.recipients} recipients are done` })),
    facts([
      ["Dials", counted(campaign.dials)], ["In flight", `${counted(campaign.in_flight)} of ${counted(campaign.max_in_flight)} at most`],
      ["Cost so far", cost.calls ? `${money(cost.amount)} for ${counted(cost.calls)} calls` : "nothing is reported yet"],
      ["Estimated cost of one round", cost.estimated === null ? "" : `${money(cost.estimated)} at most`],
      ["Begins", moment(campaign.starts_at, now)], [OVER.includes(campaign.status) ? "Took" : "Since the first dial", took === null ? "" : duration(took)],
      ["Estimated time for one round", cost.estimated_seconds === null ? "" : duration(cost.estimated_seconds)],
      ["Flow", [h("a", { href: `/flows/${encodeURIComponent(campaign.flow)}` }, campaign.flow), campaign.flow_version && h("small", {}, ` version ${campaign.flow_version}`)]],
      ["Window", campaign.window], ["Rate", `${campaign.rate_per_second} a second at most`], ["Caller ID", campaign.from],
      ["Consent", campaign.consent], ["Ordered", `${moment(campaign.created_at, now)} by ${campaign.created_by}`],
    ]),
  ];
}

export function body(campaign, room) {
  const most = Math.max(1, campaign.recipients);
  return [
    h("section", {}, h("h2", {}, "Dials, answered calls and failures, a minute"), courseOf(campaign, room)),
    campaign.failures.length > 0 && h("section", {}, h("h2", {}, "The last calls that failed, by the row of the list"), h("ul", { class: "legend" },
      campaign.failures.map(failureOf).reverse().map(({ row, round, outcome }) => h("li", {}, `${row} `, badge(outcomeWords(outcome), "bad"), round !== "1" && ` in round ${round}`)))),
    h("section", {}, h("h2", {}, "Outcomes"), table("Outcomes", ["Outcome", "Recipients", "Share", "Calls, over all rounds"], outcomesOf(campaign).map(({ outcome, recipients, calls }) => [
      badge(outcomeWords(outcome), toneOf(outcome)), counted(recipients), h("meter", { min: 0, max: most, value: recipients, "aria-label": `${recipients} of ${most} recipients` }), counted(calls),
    ]), "No call has ended yet.")),
    Object.keys(campaign.refused).length > 0 && h("section", {}, h("h2", {}, "Not called"), table("Not called", ["Why", "Recipients", "Rule"],
      Object.entries(campaign.refused).map(([rule, count]) => [ruleWords(rule), counted(count), h("code", {}, rule)]), "")),
  ];
}

// A button that fetches the table of results, a part of the list at a time, and saves it.
function results(path, id) {
  const said = h("output", {});
  const save = async (event) => {
    const button = event.currentTarget, recipients = [];
    button.disabled = true;
    try {
      for (let part = 0; part !== null;) {
        const page = await ask(`${path}/recipients?part=${part}`);
        recipients.push(...page.recipients);
        part = page.next_part;
        said.textContent = ` ${counted(recipients.length)} rows`;
      }
      const link = h("a", { href: URL.createObjectURL(new Blob([csv(recipients)], { type: "text/csv" })), download: `${id}.csv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    } catch (error) {
      said.textContent = ` ${error.message}`;
    } finally {
      button.disabled = false;
    }
  };
  return [h("button", { type: "button", id: "results", click: save }, "Download the results as CSV"), said];
}

function orders(path, after) {
  const reason = () => h("label", { class: "wide" }, "Why", h("input", { name: "reason", maxlength: 500, autocomplete: "off" }));
  const order = (name, label, done, more = {}) => action({ id: name, label, after, asked: (values) => [`${path}/${name}`, { reason: (values.reason ?? "").trim() }], done: () => done, ...more });
  const section = acts("Actions", "control", [
    order("pause", "Pause", "No more dials leave within two seconds; calls that are on go on.", { fields: [reason()] }),
    order("resume", "Resume", "It goes on within a minute."),
    order("cancel", "Cancel …", "Nobody is dialled any more.", {
      tone: "bad", confirm: () => ({ title: "Cancel the campaign?", text: "Those who were not dialled yet never will be by it. Calls that are on go on.", yes: "Cancel the campaign" }),
    }),
  ]);
  if (section) offer(section, []);
  return section;
}

export function open(place, id) {
  const path = `/campaigns/${encodeURIComponent(id)}`, above = h("div"), below = h("div");
  let look = () => {}, before = null;
  const section = orders(path, () => look());
  place.replaceChildren(above, section ?? "", below, h("p", {}, results(path, id), " · ", asJson(path)));
  document.title = `${id} · Dialtone`;
  look = follow(path, (campaign) => {
    const isOpen = below.querySelector("details")?.open;
    show(above, head(campaign, new Date(), pace(campaign, before)));
    show(below, body(campaign, below.clientWidth));
    if (isOpen) below.querySelector("details").open = true;
    if (section) offer(section, POSSIBLE[campaign.status] ?? []);
    before = campaign;
  }, above);
}
