// What needs attention: alarms, recordings that are not verified, messages that were given up, parked webhooks.
import { action, acts, offer } from "./acts.js";
import { asJson, follow } from "./api.js";
import { badge, facts, h, show, table } from "./dom.js";
import { custodySentences, moveSentence, queueTone, redrivenSentence, verdict, waits } from "./health-words.js";
import { moment } from "./words.js";

const FASTEST = 10_000; // between two looks: alarms and queues change no faster

const runbook = (each) => each.runbook && (each.runbook_url
  ? h("a", { href: each.runbook_url, rel: "noreferrer" }, each.runbook.replace("docs/runbooks/", "")) : h("code", {}, each.runbook));

const alarm = (each, now) => h("article", { class: "alarm" },
  h("h3", {}, each.name, " ", badge(each.affects_callers ? "callers are affected" : "can wait until morning", each.affects_callers ? "bad" : "live")),
  h("p", {}, each.means), h("p", {}, h("strong", {}, "First: "), each.first),
  facts([["On since", moment(each.since, now)], ["Measured", each.measured], ["E-mails", each.sends ? null : "switched off"], ["Runbook", runbook(each)]]));

const alarms = ({ ringing, without_data: blind, watched }, now) => h("section", {}, h("h2", {}, "Alarms"),
  ringing.map((each) => alarm(each, now)),
  !ringing.length && h("p", { class: "empty" }, `None of ${watched} is on.`),
  blind.length > 0 && h("p", {}, `Without data: ${blind.join(", ")}.`));

function recordings(custody, now) {
  const { before, after } = custodySentences(custody, now), oldest = custody.oldest_unverified;
  return h("section", {}, h("h2", {}, "Recordings' custody"),
    h("p", {}, before, oldest && [h("a", { href: `/recordings/${encodeURIComponent(oldest.id)}` }, "a recording"), " of ",
      h("a", { href: `/calls/${encodeURIComponent(oldest.call_session_id)}` }, "this call")], after),
    h("p", {}, h("a", { href: "/recordings?status=failed" }, "Recordings that could not be kept")));
}

const queues = (all, now) => h("section", {}, h("h2", {}, "Queues"),
  table("Queues", ["Queue", "Messages", "Oldest since", "What a message is"], all.map((each) => [
    each.name, badge(waits(each), queueTone(each)), moment(each.oldest_at, now),
    [each.means, each.move && h("div", {}, h("small", {}, moveSentence(each.move, now))), each.messages > 0 && each.command && h("div", {}, h("small", {}, "In a shell: ", h("code", {}, each.command))), each.messages > 0 && each.runbook && h("div", {}, h("small", {}, "Runbook: ", runbook(each)))],
  ]), ""));

const parked = ({ events, is_whole: whole, oldest_at: oldest, command }, now) => h("section", {}, h("h2", {}, "Parked webhooks"),
  events
    ? h("p", {}, badge(`${events}${whole ? "" : " or more"}`, "bad"), ` failed because of a bug, the oldest ${moment(oldest, now)}. Once it is fixed: `, h("code", {}, command))
    : h("p", { class: "empty" }, "None: no webhook has failed because of a bug."));

const redrives = (all, now) => h("section", {}, h("h2", {}, "Who has redriven queues"),
  table("Redrives", ["When", "Who", "Queue"], all.map((each) => [moment(each.at, now), each.by, each.queue]), "Nobody yet."));

// A button for each queue of dead letters whose messages can be put back.
const redriving = (all, after) => acts("Redrive", "control", all.filter((each) => each.can_redrive).map(({ name }) => action({
  id: `redrive-${name}`, label: `Redrive ${name}`, asked: () => [`/health/queues/${name}/redrive`, {}], done: redrivenSentence, after,
  confirm: () => ({ title: `Redrive ${name}?`, text: "Its messages are put back and tried again. Is the cause of their failure gone? If not, they come back here.", yes: "Redrive" }),
})));

export const waiting = (health) => health.queues.filter((each) => each.can_redrive && each.messages > 0).map(({ name }) => `redrive-${name}`);

export function view(health, now) {
  const { tone, text } = verdict(health);
  return {
    head: [
      h("p", { class: "verdict", "data-tone": tone }, text),
      health.sentences.length > 0 && h("ul", { class: "wrong" }, health.sentences.map((each) => h("li", {}, each))),
      health.unread.map((each) => h("p", { class: "unread" }, each.message)),
    ],
    body: [
      health.alarms && alarms(health.alarms, now), health.recordings && recordings(health.recordings, now),
      queues(health.queues, now), health.parked && parked(health.parked, now),
      health.redrives && redrives(health.redrives, now),
    ],
  };
}

export function open(place) {
  const head = h("section", { "aria-live": "polite", "aria-label": "In short" }), doing = h("div"), body = h("div");
  place.replaceChildren(h("h1", {}, "Health"), head, doing, body, h("p", {}, asJson("/health")));
  let section = null; // what acts stays as it is while the rest is drawn anew
  const look = follow("/health", (health) => {
    const shown = view(health, new Date());
    show(head, shown.head);
    show(body, shown.body);
    section ??= redriving(health.queues, () => look());
    if (!section) return; // for who may only listen
    if (!section.isConnected) doing.append(section);
    const ids = waiting(health);
    offer(section, ids);
    section.hidden = !ids.length && !section.querySelector(".said").textContent;
  }, body, FASTEST);
}
