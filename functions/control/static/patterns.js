// Every component once, with what is hard to show: long, hostile and missing texts. For developers of the console.
import { action, acts } from "./acts.js";
import { problem } from "./api.js";
import { view } from "./call.js";
import { body, head } from "./campaign.js";
import { campaignTable } from "./campaigns.js";
import { callTable, filterForm, select } from "./calls.js";
import { badge, facts, h } from "./dom.js";
import { view as healthView } from "./health.js";
import { player } from "./player.js";
import { queueTable } from "./queues.js";

const HOSTILE = "<img src=x onerror=alert(1)>";
const now = new Date("2026-11-30T08:30:00Z");
const at = (seconds) => new Date(now.getTime() - 36_000_000 + seconds * 1000).toISOString();
const row = (seconds, towards, caller, telnyx, dialtone, step = "", trouble = false) => ({ at: at(seconds), leg_id: "a", towards, caller, telnyx, dialtone, step, trouble, event_id: "" });
const event = (seconds, telnyx, caller = "", dialtone = "", step = "", trouble = false) => row(seconds, "to-dialtone", caller, telnyx, dialtone, step, trouble);
const command = (seconds, dialtone, caller = "", step = "", refused = "") => row(seconds, "to-telnyx", caller, refused || "sent", dialtone, step, Boolean(refused));

const leg = {
  call_session_id: "session", call_leg_id: "a", direction: "incoming", from: "+15550142", to: "+15550100", flow: "main-menu", flow_version: "0f1e2d3c4b5a",
  step: "message", status: "ended", outcome: "failed", initiated_at: at(0), answered_at: at(1), ended_at: at(95), seconds: 95, recordings: 1,
  hangup_cause: "normal_clearing", hangup_source: "caller",
};
const recording = {
  id: "session~a-01", call_session_id: "session", call_leg_id: "a", status: "verified", reason: "", from: "+15550142", to: "+15550100", flow: "main-menu", step: "message",
  requested_at: at(12), started_at: at(12), ended_at: at(92), format: "wav", channels: "dual", review: null, heard_at: null,
  audio: { url: null, url_expires_at: null, bytes: 2_100_000, sha256: "9f".repeat(32), seconds: 70, peaks: [0.7, 0.35].map((strength, channel) =>
    Array.from({ length: 480 }, (_, place) => Math.round(255 * strength * Math.abs(Math.sin(place / 7 + channel) * Math.sin(place / 41))))) },
  pauses: [{ began: at(30), ended: at(40), why: "sensitive" }],
};
export const example = {
  call_session_id: "session", legs: [leg], rows_left_out: 0, total: { USD: "0.0142" }, 
  recordings: [recording, { ...recording, id: "x", status: "failed", reason: HOSTILE, from: null, started_at: null, heard_at: at(5000) }],
  costs: [{ leg_id: "a", amount: "0.0142", currency: "USD", billed_seconds: 120, parts: ["call-control 0.004", "recording 0.0102"] }],
  audit: [{ at: at(4000), by: "ada@example.com", did: "listened", recording: "a-01" }],
  timeline: [
    event(0, "initiated", "+15550142 calls +15550100"), command(0, "answer"), event(1, "answered", "is answered", "welcome", "welcome"),
    command(1, "gather_using_speak maximum_digits=1", "“Welcome. To leave a message, press 2.”", "welcome"), event(6, "dtmf.received", "presses 2", "", "welcome"),
    { ...event(6, "gather.ended valid 2", "", "message: pressed 2", "message"), attempt: 3, delivered_to: HOSTILE }, command(6, "speak", `“${HOSTILE}”`, "message"), event(12, "speak.ended completed", "", "", "message"),
    command(12, "record_start channels=dual format=wav", "", "message"), event(48, "dtmf.received", "presses 4", "", "message"),
    command(92, "transfer to=+15550164", "", "desk", "90012: invalid destination"), event(95, "hangup normal_clearing", "hangs up", "hung-up", "desk"),
  ],
};

const queue = { name: "archive-dead-letters", means: "A recording that the archive has given up.", is_dead_letters: true, messages: 3, in_flight: 1, delayed: 0, oldest_at: at(0), can_redrive: true, move: { status: "RUNNING", moved: 2, of: 5, began_at: at(0), why: null }, command: "dialtone recordings redrive --stack line", runbook: "docs/runbooks/recordings.md#dead-letters", runbook_url: null };
const ringing = { name: "api-5xx", since: at(0), affects_callers: true, means: `The function fails. ${HOSTILE}`, first: "Read the log.", measured: "5xx in 1 min: 7. It rings above 0.", sends: false, runbook: "docs/runbooks/webhooks.md#api-5xx", runbook_url: "https://git.example/docs/runbooks/webhooks.md#api-5xx" };
export const unwell = {
  stack: "line", is_well: false, sentences: ["Callers are affected: api-5xx is on.", HOSTILE],
  alarms: { watched: 68, ringing: [ringing, { ...ringing, name: "x".repeat(90), affects_callers: false, sends: true }], without_data: [HOSTILE] },
  recordings: { oldest_unverified: { id: "../<b>", call_session_id: "session", status: "saved", since: at(0), is_late: true }, unverified: { saved: 1, expected: 2 }, awaiting_transcript: 1, is_whole: false },
  queues: [queue, { ...queue, name: "archive", is_dead_letters: false, messages: 2, command: null, runbook: null }, { ...queue, name: HOSTILE, messages: null, oldest_at: null }],
  parked: { events: 2, is_whole: true, oldest_at: at(0), command: "dialtone replay --all --stack line" },
  redrives: [{ at: at(0), by: HOSTILE, queue: "archive-dead-letters" }],
  unread: [{ part: "ages", message: "The ages of messages could not be read: AWS did not answer in time." }],
};
const campaign = {
  id: "water-off-20261130-0f1e2d3c4b", name: "", flow: "water-off", flow_version: "0f1e2d3c4b5a", from: "+15550100", consent: HOSTILE, window: "09:00-20:00", rate_per_second: 25, max_in_flight: 600,
  status: "running", reason: "", created_by: "user/ada", created_at: at(0), starts_at: at(10), began_at: at(10), dialling_since: at(10), dialled_at: at(1810), at: at(1811),
  recipients: 10_000, taken: 4_370, settled: 3_586, dials: 5_270, in_flight: 385, outcomes: { acknowledged: 819, person: 1_555, machine: 770, fax: 103, rejected: 154, invalid: 176, [HOSTILE]: 1 },
  refused: { suppressed: 8 }, calls: { acknowledged: 819, person: 1_555, machine: 770, fax: 103, busy: 402, no_answer: 705, rejected: 154, invalid: 176 }, failures: ["4181 1 rejected", "4064 2 cut_off"],
  course: { begins_at: at(0), minutes: 1, columns: Array.from({ length: 30 }, (_, place) => ({ dials: place % 11 === 7 ? 90 : 176, answered: 20 + 4 * place, failed: place % 5 })) },
  cost: { estimated: 71.08, estimated_seconds: 400, amount: 24.21, calls: 3_247 },
};

const shown = (title, ...parts) => h("section", {}, h("h2", {}, title), parts);

export function open(place) {
  const states = [["completed", "good"], ["failed", "bad"], ["answered", "live"], ["hung-up", "plain"]];
  const odd = { ...leg, from: null, to: HOSTILE, flow: "x".repeat(90), step: HOSTILE, ended_at: null, call_session_id: "../<b>" };
  place.replaceChildren(
    h("h1", {}, "Patterns"),
    shown("States", h("p", {}, states.map(([word, tone]) => [badge(word, tone), " "]))),
    shown("Facts", facts([["Flow", "main-menu"], ["Missing", null], ["Hostile", HOSTILE]])),
    shown("Problem", problem(new Error(HOSTILE))),
    shown("Filters", filterForm("/patterns", { number: "" }, [h("label", {}, "Number", h("input", { name: "number", id: "pattern-number", placeholder: "+15550142" })), select("pattern", "Choice", "any", [["any", "either"], ["yes", "yes"]])])),
    acts("Actions", "control", [
      action({ id: "pattern-plain", label: "Refused", asked: () => ["/no-such-path", {}], done: () => HOSTILE }),
      action({ id: "pattern-field", label: "Send", fields: [h("label", {}, "Number", h("input", { name: "to", id: "pattern-to", required: true }))], asked: ({ to }) => [`/no-such-path/${to}`, {}], done: () => "" }),
      action({ id: "pattern-confirmed", label: "Delete …", tone: "bad", asked: () => ["/no-such-path", {}], done: () => "",
        confirm: () => ({ title: "Delete it?", text: `Nothing of ${HOSTILE} is left.`, yes: "Delete", typed: "delete" }) }),
    ]),
    shown("Calls", callTable("Calls", [leg, odd], now, ""), callTable("No calls", [], now, "No such calls.")),
    shown("Campaigns", campaignTable([campaign, { ...campaign, id: HOSTILE, reason: HOSTILE, status: "paused" }], now)),
    h("article", {}, head(campaign, now, { rate: 24.8, left: 227 }), body(campaign, 1_100)),
    shown("A queue", queueTable({ name: HOSTILE, waiting: [
      { position: 1, since: at(35_000), call_session_id: "session", from: "+15550142", to: "+15550100", flow: "support", callback: true },
      { position: 2, since: at(35_900), call_session_id: "../<b>", from: null, to: HOSTILE, flow: null, callback: false },
    ] }, now)),
    shown("Player", player(recording, example, () => Promise.reject(new Error("this page has no audio")))),
    shown("Health", Object.values(healthView(unwell, now))),
    h("article", {}, view(example, now, true)),
  );
}
