// What can be done on a call that goes on, and what of it makes sense now.
import { action, acts, offer } from "./acts.js";
import { ask } from "./api.js";
import { select } from "./calls.js";
import { h } from "./dom.js";
import { main } from "./words.js";

const LANGUAGES = ["en-US", "en-GB", "en-AU", "da-DK", "de-DE", "es-ES", "fr-FR", "it-IT", "nb-NO", "nl-NL", "pl-PL", "pt-BR", "pt-PT", "sv-SE"];
const LONGEST_TEXT = 3_000; // characters that Telnyx says

// The ids of those that make sense in a call's state. Pure.
export function sensible(call) {
  const leg = main(call);
  if (!leg || leg.ended_at) return [];
  if (!leg.answered_at) return ["hangup"];
  const recording = { on: ["pause", "stop"], paused: ["resume", "stop"] }[leg.recorder] ?? ["record"];
  return [...recording, "say", "transfer", ...(leg.bridged_at ? [] : ["enter"]), "hangup"];
}

const field = (name, label, attributes) => h("label", {}, label, h("input", { name, id: `act-${name}`, autocomplete: "off", ...attributes }));

// The section. Its `now` takes each new state of the call; `after` is called after an action.
export function callActs(session, after) {
  const path = `/calls/${encodeURIComponent(session)}`;
  const flows = h("datalist", { id: "flow-names" });
  let asked = false, from_step = "";
  const names = () => {
    if (asked) return;
    asked = true; // suggestions only: without them a name is typed
    ask("/flows").then(({ flows: all }) => flows.append(...all.map(({ name }) => h("option", { value: name }))), () => {});
  };
  const command = (id, label, name, done, body = {}, more = {}) => action({ id, label, asked: () => [`${path}/actions/${name}`, body], done: () => done, after, ...more });
  const section = acts("Actions", "control", [
    command("record", "Record", "record_start", "The call is recorded from now on.", { channels: "dual", format: "wav" }),
    command("pause", "Pause the recording", "record_pause", "The recording is paused until it is resumed."),
    command("resume", "Resume the recording", "record_resume", "The recording goes on."),
    command("stop", "Stop the recording", "record_stop", "The recording is stopped; the archive takes it over."),
    command("hangup", "Hang up …", "hangup", "The call is hung up.", {}, {
      tone: "bad", confirm: () => ({ title: "Hang up?", text: "The call ends at once for everybody on it.", yes: "Hang up" }),
    }),
    action({
      id: "say", label: "Say it", after, done: () => "It is said now, or after what is being said.",
      fields: [
        h("label", { class: "wide" }, "Say into the call", h("textarea", { name: "payload", id: "act-payload", required: true, rows: 2, maxlength: LONGEST_TEXT })),
        select("language", "Language", "en-US", LANGUAGES.map((each) => [each, each])),
      ],
      asked: ({ payload, language }) => [`${path}/actions/speak`, { payload, language, voice: "female" }],
    }),
    action({
      id: "transfer", label: "Transfer", after, done: () => "The number is rung.",
      fields: [field("to", "Transfer to", { required: true, type: "text", inputmode: "tel", placeholder: "+15550164" })],
      asked: ({ to }) => [`${path}/actions/transfer`, { to: to.trim() }],
    }),
    action({
      id: "enter", label: "Put into the flow", after, done: () => "The call is in that flow.",
      fields: [field("flow", "Flow", { list: "flow-names", placeholder: "its own", focus: names }), field("step", "Step", { placeholder: "its first" }), flows],
      asked: ({ flow, step }) => [`${path}/flow`, { flow: flow.trim(), step: step.trim(), from_step }], // as this page shows it: a colleague may be faster
      confirm: ({ flow, step }) => ({ title: "Put the call into another place?", text: `It leaves what it is doing, and goes on in ${flow.trim() || "its own flow"}, ${step.trim() ? `step ${step.trim()}` : "from the beginning"}.`, yes: "Put it there" }),
    }),
  ]);
  if (!section) return { section: "", now: () => {} };
  section.hidden = true; // until it is known what the call is
  return { section, now: (call) => {
    const ids = sensible(call);
    from_step = main(call)?.step ?? "";
    offer(section, ids);
    section.hidden = !ids.length && !section.querySelector(".said").textContent;
  } };
}
