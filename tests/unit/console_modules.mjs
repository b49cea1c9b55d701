// Tests of what the console's pages work out without a document; run by test_page_modules.py.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sensible } from "../../functions/control/static/call-acts.js";
import { cell, chart, csv, failureOf, nice, outcomesOf, outcomeWords, pace, ruleWords } from "../../functions/control/static/course.js";
import { changes } from "../../functions/control/static/changes.js";
import { presses, sentence as told, tried } from "../../functions/control/static/once.js";
import { axis, FOLD_WIDTH, lanesOf, layout, PIXELS_PER_SECOND, stacked, way } from "../../functions/control/static/timeline.js";
import { custodySentences, moveSentence, queueTone, redrivenSentence, verdict, waits } from "../../functions/control/static/health-words.js";
import { bars, regionsOf } from "../../functions/control/static/waveform.js";
import { clock, duration, moment, query, sentence, trouble } from "../../functions/control/static/words.js";

const at = (seconds) => new Date(Date.UTC(2026, 10, 30, 2, 0, 0) + seconds * 1000).toISOString();
const event = (seconds, telnyx, more = {}) => ({ at: at(seconds), leg_id: "a", towards: "to-dialtone", caller: "", telnyx, dialtone: "", trouble: false, step: "", ...more });
const command = (seconds, dialtone, more = {}) => event(seconds, "sent", { towards: "to-telnyx", dialtone, ...more });
const leg = (more = {}) => ({ call_leg_id: "a", direction: "incoming", from: "+15550142", to: "+15550100", flow: "main-menu", step: "bye", status: "ended", outcome: "completed", initiated_at: at(0), ended_at: at(40), seconds: 40, hangup_source: "caller", ...more });
const call = (timeline, more = {}) => ({ legs: [leg()], timeline, recordings: [], costs: [], audit: [], ...more });

test("idle stretches are folded, and what happens keeps its order and distances", () => {
  const line = axis([0, 2, 5, 400, 401]);
  assert.deepEqual([0, 2, 5].map(line.x), [0, 2 * PIXELS_PER_SECOND, 5 * PIXELS_PER_SECOND]);
  assert.equal(line.x(400) - line.x(5), FOLD_WIDTH);
  assert.equal(line.folds.length, 1);
  assert.equal(line.x(202.5), line.x(5) + FOLD_WIDTH / 2);
  assert.equal(line.x(9_999), line.width);
});

test("an axis of one moment, or of none, is a point", () => {
  for (const times of [[], [7], [7, 7]]) assert.deepEqual([axis(times).width, axis(times).x(7)], [0, 0]);
});

test("no text of a lane lies on another", () => {
  const items = [0, 0.1, 0.2, 30].map((from) => ({ from, to: from, text: "gather.ended valid" }));
  assert.equal(stacked(items, (time) => time * 10), 3);
  assert.deepEqual(items.map((item) => item.row), [0, 1, 2, 0]);
});

test("a prompt is heard from its command to its end, and steps last until the next", () => {
  const lanes = lanesOf(call([
    event(0, "initiated", { caller: "+15550142 calls +15550100" }),
    event(1, "answered", { step: "welcome" }),
    command(1, "gather_using_speak", { caller: "“Welcome.”", step: "welcome" }),
    event(6, "gather.ended valid 2", { step: "message" }),
    event(60, "hangup normal_clearing", { caller: "hangs up", step: "message" }),
  ]));
  const of = (name) => lanes.find((lane) => lane.name === name).items.map(({ from, to, text }) => [from, to, text]);
  assert.deepEqual(of("Hears"), [[1, 6, "“Welcome.”"]]);
  assert.deepEqual(of("Steps"), [[1, 6, "welcome"], [6, 60, "message"]]);
  assert.deepEqual(lanes.map((lane) => lane.name), ["Caller", "Hears", "Steps", "Telnyx", "Dialtone"]);
  assert.deepEqual(way({ timeline: [event(0, ""), event(1, "", { step: "x" }), event(2, "", { step: "x" }), event(3, "", { step: "y" })] }), ["x", "y"]);
});

test("lanes do not overlap, and an empty call has none", () => {
  const { lanes, height } = layout(call([event(0, "initiated"), command(0, "answer"), command(0, "speak", { caller: "“Hello.”" })]));
  for (const [place, lane] of lanes.entries()) assert.ok(!place || lane.y >= lanes[place - 1].y + lanes[place - 1].height);
  assert.ok(height >= lanes.at(-1).y);
  assert.deepEqual(layout(call([])).lanes, []);
});

test("what came of a call is said in a sentence", () => {
  const now = new Date(at(3600));
  assert.equal(sentence(call([]), now, "UTC"), "+15550142 called +15550100, today 02:00:00. The flow main-menu handled the call, up to the step bye, and it ended after 40 s as completed: the caller hung up.");
  const outgoing = call([], { legs: [leg({ direction: "outgoing", flow: null, step: null, hangup_source: "caller" })], recordings: [{}, {}] });
  assert.equal(sentence(outgoing, new Date(at(90_000)), "UTC"), "+15550100 was called from +15550142, yesterday 02:00:00. No flow handled the call, and it ended after 40 s as completed: the line hung up. It has 2 recordings.");
  assert.match(sentence(call([], { legs: [leg({ ended_at: null, from: null })] }), now, "UTC"), /^A caller who withheld the number .*; it is still in progress\.$/);
  assert.equal(sentence({ ...call([]), legs: [] }, now), "Nothing is known of this call any more.");
});

test("why a call failed is what Telnyx refused, else what went wrong first", () => {
  const refused = command(3, "transfer to=+15550164", { telnyx: "transfer refused: 90012", trouble: true, step: "desk" });
  assert.equal(trouble(call([event(1, "", { trouble: true, dialtone: "no answer" }), refused])), "Telnyx refused transfer in the step desk: 90012");
  assert.equal(trouble(call([event(1, "playback.ended file_not_found", { trouble: true, step: "music" })])), "in the step music: playback.ended file_not_found");
  assert.equal(trouble(call([event(1, "initiated")])), "");
});

test("keys and pauses lie where they are heard: what was paused is not in the audio", () => {
  const recording = {
    call_leg_id: "a", started_at: at(10), audio: { seconds: 20 },
    pauses: [{ began: at(15), ended: at(25), why: "sensitive" }, { began: at(33), ended: "", why: "flow" }],
  };
  const timeline = [
    event(5, "dtmf.received", { caller: "presses 1" }), event(12, "dtmf.received", { caller: "presses 2" }),
    event(27, "dtmf.received", { caller: "presses #" }), event(28, "dtmf.received", { caller: "presses 9", leg_id: "b" }),
  ];
  const found = regionsOf(recording, call(timeline)).map(({ kind, from, text }) => [kind, from, text]);
  assert.deepEqual(found, [
    ["key", 2, "presses 2"], ["pause", 5, "paused for 10 s: digits are recorded nowhere"],
    ["key", 7, "presses #"], ["pause", 13, "paused to its end"],
  ]);
  assert.deepEqual(regionsOf({ ...recording, pauses: null }, null), []);
});

test("bars stay within their channel however many levels there are", () => {
  for (const count of [1, 7, 240, 959]) {
    const numbers = bars(Array(count).fill(255), 1000, 64, 64).match(/M[\d.]+ ([\d.]+)h[\d.]+v([\d.]+)/g).map((bar) => bar.match(/[\d.]+/g).map(Number));
    assert.ok(numbers.length <= 240);
    for (const [x, y, , tall] of numbers) assert.ok(x < 1000 && y >= 64 && y + tall <= 128.01);
  }
  assert.equal(bars([], 1000, 64, 0), "");
});

test("times, lengths and addresses are written for people", () => {
  assert.deepEqual([0, 59.6, 61, 3_725].map(duration), ["0 s", "1 min 0 s", "1 min 1 s", "1 h 2 min"]);
  assert.deepEqual([5, 65.9, 3_725].map(clock), ["0:05", "1:05", "1:02:05"]);
  assert.equal(moment("2025-01-02T03:04:05Z", new Date(at(0)), "UTC"), "2 Jan 2025 03:04:05");
  assert.equal(moment(null, new Date(at(0))), "");
  assert.equal(query({ number: "+15550142", flow: "", recorded: "any" }), "?number=%2B15550142");
});

test("what changed is found line by line", () => {
  const said = (older, newer) => changes(older, newer).map(({ kind, text }) => `${{ same: " ", gone: "-", new: "+" }[kind]}${text}`);
  assert.deepEqual(said("a\nb\nc\n", "a\nx\nc\n"), [" a", "-b", "+x", " c"]);
  assert.deepEqual(said("a\nb\nc\nd\n", "b\nc\ne\nd\n"), ["-a", " b", " c", "+e", " d"]);
  assert.deepEqual(said("", "a\n"), ["+a"]);
  assert.deepEqual(said("a\na\n", "a\n"), [" a", "-a"]);
  assert.deepEqual(said("", ""), []);
});

test("what needs a role is offered to whom the token gives it, and where nobody signs in", async () => {
  const kept = new Map();
  globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null };
  const { may, person } = await import("../../functions/control/static/sign-in.js");
  const signedIn = (claims) => kept.set("dialtone.tokens", JSON.stringify({ id_token: `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y` }));
  assert.ok(may("erase"));
  signedIn({ email: "ada@example.com", "cognito:groups": ["listen", "control"] });
  assert.deepEqual([person(), may("control"), may("erase")], ["ada@example.com", true, false]);
  signedIn({ email: "eve@example.com" });
  assert.ok(!may("listen"));
  kept.set("dialtone.tokens", JSON.stringify({ id_token: "not a token" }));
  assert.ok(!may("control"));
  delete globalThis.sessionStorage;
});

test("a press has a key of its own, and the same again while it is not known what came of it", () => {
  let count = 0;
  const press = presses(() => `key-${count += 1}`);
  const lost = new TypeError("Failed to fetch");
  assert.equal(press.key("/path", {}), "key-1");
  press.settle(lost);
  press.settle({ status: 503 });
  assert.equal(press.key("/path", {}), "key-1");
  assert.equal(press.key("/path", { payload: "other" }), "key-2");
  press.settle({ status: 409 });
  assert.equal(press.key("/path", { payload: "other" }), "key-3");
  press.settle();
  assert.equal(press.key("/path", { payload: "other" }), "key-4");
});

test("what a busy or silent line is asked for is sent again, but not what it refused", async () => {
  const waits = [];
  const wait = async (millis) => waits.push(millis);
  const line = (...answers) => async () => {
    const answer = answers.shift();
    if (answer instanceof Object) throw answer;
    return answer;
  };
  assert.equal(await tried(line({ status: 503, retryAfter: 2 }, new TypeError("lost"), "done"), wait), "done");
  assert.deepEqual(waits, [2_000, 1_000]);
  for (const status of [403, 409, 422, 500]) await assert.rejects(tried(line({ status }, "done"), wait), { status });
  await assert.rejects(tried(line({ status: 429, retryAfter: 60 }, { status: 429 }, { status: 429 }, "done"), wait), { status: 429 });
  assert.deepEqual(waits.slice(2), [5_000, 1_000]);
  assert.equal(told({ status: 409, message: "The call is over." }), "The call is over.");
  assert.match(told(new TypeError("lost")), /not known whether this was done/);
});

test("of a call only that is offered which makes sense for its state", () => {
  const of = (more) => sensible(call([], { legs: [leg({ ended_at: null, answered_at: at(1), bridged_at: null, recorder: null, ...more })] }));
  assert.deepEqual(of({}), ["record", "say", "transfer", "enter", "hangup"]);
  assert.deepEqual(of({ recorder: "on" }).slice(0, 2), ["pause", "stop"]);
  assert.deepEqual(of({ recorder: "paused" }).slice(0, 2), ["resume", "stop"]);
  assert.ok(!of({ bridged_at: at(9) }).includes("enter"));
  assert.deepEqual(of({ answered_at: null }), ["hangup"]);
  assert.deepEqual(of({ ended_at: at(9) }), []);
  assert.deepEqual(sensible({ legs: [] }), []);
});

test("a stack is well only if everything was read and nothing needs anybody", () => {
  const health = { sentences: [], unread: [], alarms: { watched: 68 } };
  assert.equal(verdict(health).text, "All is well: none of 68 alarms is on, no recording is late, and nothing was given up.");
  assert.deepEqual(verdict({ ...health, alarms: null, unread: [{}] }), { tone: "live", text: "Nothing is wrong, as far as could be read." });
  assert.deepEqual(verdict({ ...health, sentences: ["one"], unread: [{}] }), { tone: "bad", text: "1 problem needs attention." });
  assert.equal(verdict({ ...health, sentences: ["one", "two"] }).text, "2 problems need attention.");
});

test("the oldest recording that is not verified is named, and what a queue holds is counted", () => {
  const custody = { oldest_unverified: null, unverified: {}, awaiting_transcript: 0, is_whole: true };
  assert.deepEqual(custodySentences(custody, new Date(at(0)), "UTC"), { before: "Every recording that is known is settled.", after: "" });
  const oldest = { status: "saved", since: at(0), is_late: true };
  assert.deepEqual(custodySentences({ ...custody, oldest_unverified: oldest, unverified: { saved: 1, expected: 2 }, awaiting_transcript: 1, is_whole: false }, new Date(at(60)), "UTC"), {
    before: "Not verified yet: 1 saved, 2 expected or more. The oldest, ",
    after: ", has been saved since today 02:00:00, which is too long. 1 transcript has not come yet.",
  });
  const queue = { messages: 3, in_flight: 1, delayed: 2, is_dead_letters: true };
  assert.deepEqual([queue, { ...queue, messages: null }, { ...queue, messages: 0, in_flight: 0, delayed: 0 }].map(waits), ["3 + 1 in work + 2 for later", "unknown", "0"]);
  assert.deepEqual([queue, { ...queue, is_dead_letters: false }, { ...queue, messages: 0 }, { ...queue, messages: null }].map(queueTone), ["bad", "live", "plain", "bad"]);
});

const campaign = (more = {}) => ({ status: "running", recipients: 1000, taken: 100, dials: 100, began_at: at(0), dialling_since: at(0), dialled_at: at(10), at: at(10), ...more });

test("a campaign's pace is that since the last look, or since its first dial; unknown while it stands still", () => {
  assert.deepEqual(pace(campaign()), { rate: 10, left: 90 });
  assert.deepEqual(pace(campaign({ dials: 300, taken: 200, dialled_at: at(20), at: at(20) }), campaign()), { rate: 20, left: 40 });
  assert.deepEqual(pace(campaign({ dialling_since: at(5) })), { rate: null, left: null });
  for (const more of [{ status: "paused" }, { at: at(60) }, { dialled_at: null }, { began_at: null, dialling_since: null, dialled_at: null, at: null }]) assert.deepEqual(pace(campaign(more)), { rate: null, left: null });
  assert.deepEqual(pace(campaign({ taken: 1000 })), { rate: 10, left: null });
});

test("a campaign's course is drawn as steps below a round number", () => {
  const drawn = chart({ begins_at: at(0), minutes: 2, columns: [{ dials: 60, answered: 0, failed: 2 }, { dials: 10, answered: 40, failed: 0 }] }, 200, 100);
  assert.equal(drawn.top, 50);
  assert.deepEqual(drawn.lines.map(({ name, total, path }) => [name, total, path]), [["dials", 70, "M0 40H100V90H200"], ["answered", 40, "M0 100H100V60H200"], ["failed", 2, "M0 98H100V100H200"]]);
  assert.deepEqual(drawn.grid, [{ value: 0, y: 100 }, { value: 25, y: 50 }, { value: 50, y: 0 }]);
  assert.deepEqual(drawn.times.map(({ at: written, x }) => [written, x]), [[at(0), 0], [at(120), 100], [at(240), 200]]);
  assert.deepEqual(drawn.rows[1], { at: at(120), dials: 10, answered: 40, failed: 0 });
  assert.deepEqual(chart({ begins_at: null, minutes: 1, columns: [] }, 200, 100).times, []);
  assert.deepEqual([0, 1, 3, 9, 10, 11, 1499].map(nice), [1, 1, 5, 10, 10, 20, 2000]);
});

test("outcomes come in their order, unknown words as they are", () => {
  assert.deepEqual(outcomesOf({ outcomes: { busy: 1, new_word: 2 }, calls: { person: 3, busy: 4 } }).map((each) => Object.values(each)), [["person", 0, 3], ["busy", 1, 4], ["new_word", 2, 0]]);
  assert.deepEqual([outcomeWords("no_answer"), outcomeWords("new_word"), outcomeWords("constructor"), ruleWords("weekly_limit")], ["no answer", "new word", "constructor", "called too often this week"]);
  assert.deepEqual(failureOf("12 2 cut_off"), { row: "12", round: "2", outcome: "cut_off" });
});

test("a table of results has no formulas and keeps its cells apart", () => {
  assert.deepEqual(["=1+1", "+1555", "-x", "@y", "a,b", 'q"', "two\nlines", null, 0].map(cell), ["'=1+1", "'+1555", "'-x", "'@y", '"a,b"', '"q"""', '"two\nlines"', "", "0"]);
  assert.equal(csv([{ row: 2, number: "+15550142", outcomes: ["busy", "person"], given: { "=x": "a,b" } }]), "row,number,outcomes,given_=x\n2,'+15550142,busy person,\"a,b\"\n");
  assert.equal(csv([]), "");
});

test("what came of a redrive is said, and how far SQS is", () => {
  const redriven = { put_back: 1, is_moving: false, is_finished: true, notes: [] };
  assert.equal(redrivenSentence(redriven), "1 message is put back.");
  assert.equal(redrivenSentence({ ...redriven, put_back: 900, is_finished: false, notes: ["One stays."] }), "900 messages are put back. There are more: press again. One stays.");
  assert.equal(redrivenSentence({ ...redriven, is_moving: true }), "SQS moves the messages back now.");
  const said = (status, more = {}) => moveSentence({ status, moved: 2, of: 5, began_at: at(0), why: null, ...more }, new Date(at(60)), "UTC");
  assert.equal(said("RUNNING"), "SQS has been moving them back since today 02:00:00: 2 of 5 so far.");
  assert.equal(said("COMPLETED", { of: null }), "The last redrive moved 2 messages.");
  assert.equal(said("FAILED", { why: "no such queue" }), "The last redrive failed after 2 of 5: no such queue.");
  assert.equal(said("CANCELLED", { of: null }), "The last redrive was cancelled after 2.");
});
