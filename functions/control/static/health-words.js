// What is said of a stack's health. Pure: the API's answer in, words out.
import { moment } from "./words.js";

const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

// The page's first sentence, and how it looks.
export function verdict(health) {
  if (health.sentences.length) return { tone: "bad", text: `${count(health.sentences.length, "problem needs", "problems need")} attention.` };
  if (health.unread.length) return { tone: "live", text: "Nothing is wrong, as far as could be read." };
  return { tone: "good", text: `All is well: none of ${count(health.alarms.watched, "alarm")} is on, no recording is late, and nothing was given up.` };
}

// Of the recordings that are not verified: what stands before the link to the oldest, and what follows it.
export function custodySentences(custody, now, zone) {
  const { oldest_unverified: oldest, unverified, awaiting_transcript: transcripts } = custody;
  const several = Object.entries(unverified).map(([status, number]) => `${number} ${status}`).join(", ");
  const waiting = transcripts ? ` ${count(transcripts, "transcript has", "transcripts have")} not come yet.` : "";
  if (!oldest) return { before: `Every recording that is known is settled.${waiting}`, after: "" };
  return {
    before: `Not verified yet: ${several}${custody.is_whole ? "" : " or more"}. The oldest, `,
    after: `, has been ${oldest.status} since ${moment(oldest.since, now, zone)}${oldest.is_late ? ", which is too long" : ""}.${waiting}`,
  };
}

// How many messages a queue has.
export function waits(queue) {
  if (queue.messages === null) return "unknown";
  const rest = [queue.in_flight && `${queue.in_flight} in work`, queue.delayed && `${queue.delayed} for later`].filter(Boolean);
  return [queue.messages, ...rest].join(" + ");
}

export function queueTone(queue) {
  if (queue.messages === null) return "bad";
  if (!queue.messages) return "plain";
  return queue.is_dead_letters ? "bad" : "live";
}

// What came of a redrive.
export function redrivenSentence({ put_back: back, is_moving: moves, is_finished: finished, notes }) {
  if (moves) return "SQS moves the messages back now.";
  const more = finished ? "" : " There are more: press again.";
  return `${count(back, "message is", "messages are")} put back.${more}${notes.map((note) => ` ${note}`).join("")}`;
}

// How far SQS is with moving messages, or how it ended.
export function moveSentence({ status, moved, of, began_at: began, why }, now, zone) {
  const far = of === null ? `${moved}` : `${moved} of ${of}`;
  if (status === "RUNNING" || status === "CANCELLING") return `SQS has been moving them back since ${moment(began, now, zone)}: ${far} so far.`;
  if (status === "COMPLETED") return `The last redrive moved ${count(moved, "message")}.`;
  return `The last redrive ${status === "FAILED" ? "failed" : "was cancelled"} after ${far}${why ? `: ${why}` : ""}.`;
}
