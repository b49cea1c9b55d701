// One recording or voicemail: heard, read beside, and what is known of its custody.
import { action, acts, offer } from "./acts.js";
import { ask, asJson } from "./api.js";
import { badge, facts, h, show, table } from "./dom.js";
import { player } from "./player.js";
import { bytes, duration, moment, tone, withheld } from "./words.js";

const TRANSCRIPTS = { none: "No transcript was asked for.", requested: "The transcript has not come yet.", failed: "Telnyx could not transcribe it." };
const OPEN = ["expected", "saved", "copied"];
const AGAIN_MILLIS = 5_000;

function consent(of) {
  if (!of) return "unknown";
  return of.how === "given" ? `given by pressing ${of.key}` : "announced before it began";
}

// What became of a recording that somebody has had deleted; '' for one that is there.
function gone(recording, noted, now) {
  const deleted = noted.find((each) => each.did === "deleted");
  const who = deleted && `${deleted.by}, ${moment(deleted.at, now)}`;
  if (recording.status === "erased") return who ? `Deleted by ${who}. Nothing of it is left but that there was one.` : "Erased, with all that was kept of its call.";
  return who ? `${who}, began to delete it, and that is not finished: delete it again.` : "";
}

function described(recording, call, path, now) {
  const { audio, transcript } = recording;
  const noted = (call?.audit ?? []).filter((each) => recording.id.endsWith(`~${each.recording}`));
  const isGone = gone(recording, noted, now);
  const link = async () => {
    const { audio: linked } = await ask(path);
    return [linked.url, linked.url_expires_at];
  };
  const silent = recording.status === "failed" ? `It was not archived: ${recording.reason || "the ledger does not say why"}.`
    : OPEN.includes(recording.status) ? "It is not in the bucket yet." : "Its audio is not in the bucket any more.";
  return [
    h("h1", {}, `Recording of ${recording.from ?? withheld} `, badge(recording.status, tone(recording.status, OPEN.includes(recording.status)))),
    recording.status === "doubtful" && h("p", { role: "alert" }, `It may not be the whole recording: ${recording.reason}`),
    isGone && h("p", { class: "sentence", id: "gone" }, isGone),
    !isGone && h("div", { class: "beside" },
      h("section", { "aria-label": "Player" }, audio ? player(recording, call, link) : h("p", { class: "empty" }, silent)),
      h("section", {}, h("h2", {}, "Transcript"),
        transcript.text ? h("p", { class: "transcript" }, transcript.text, transcript.is_cut && h("small", {}, " … the rest is in the bucket")) : h("p", { class: "empty" }, TRANSCRIPTS[transcript.status] ?? transcript.status))),
    h("section", {}, h("h2", {}, "Custody"), facts([
      ["Status", recording.status], ["Recorded", moment(recording.started_at ?? recording.requested_at, now)],
      ["Lasts", audio && duration(audio.seconds)], ["Format", [recording.channels, recording.format].filter(Boolean).join(" ")],
      ["Size", audio && bytes(audio.bytes)], ["SHA-256", audio && h("code", {}, audio.sha256)],
      ["Consent", consent(recording.consent)], ["First heard", recording.heard_at ? moment(recording.heard_at, now) : "not yet"],
      ["From", recording.from ?? withheld], ["To", recording.to], ["In the step", [recording.flow, recording.step].filter(Boolean).join(" · ")],
      ["Caller's decision", recording.review], ["Reason", recording.reason],
    ]), h("p", {}, h("a", { href: `/calls/${encodeURIComponent(recording.call_session_id)}` }, "The call"))),
    noted.length > 0 && h("section", {}, h("h2", {}, "Who listened"),
      table("Who listened", ["When", "Who", "Did"], noted.map((each) => [moment(each.at, now), each.by, each.did]), "Nobody yet.")),
    h("p", {}, asJson(`${path}?link=false`)),
  ];
}

export async function open(place, id) {
  const path = `/recordings/${encodeURIComponent(id)}`;
  const body = h("div");
  const deletion = acts("Delete this recording", "erase", [action({
    id: "delete", label: "Delete …", tone: "bad", asked: () => [`${path}/delete`, {}], done: (answer) => `It is deleted, as ${answer.deleted_by} asked.`, after: () => load().catch(later),
    confirm: () => ({ title: "Delete this recording for good?", text: "Audio, transcript and metadata are deleted with every version, and at Telnyx. Nobody can bring them back.", yes: "Delete for good", typed: "delete" }),
  })]);
  const load = async () => {
    const recording = await ask(`${path}?link=false`);
    const call = await ask(`/calls/${encodeURIComponent(recording.call_session_id)}`).catch(() => null);
    show(body, described(recording, call, path, new Date()));
    if (deletion) {
      offer(deletion, recording.deletable ? ["delete"] : []);
      deletion.hidden = !recording.deletable && !deletion.querySelector(".said").textContent;
    }
    if (OPEN.includes(recording.status)) later();
  };
  const later = () => setTimeout(() => load().catch(later), AGAIN_MILLIS);
  await load();
  place.replaceChildren(body, deletion ?? "");
}
