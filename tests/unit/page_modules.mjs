// Tests of what the phone's page does without a document; run by test_page_modules.py.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  appended, clock, inWords, isBeingSaid, NOWHERE, standing, taken, wordsBegun,
} from "../../infra/pages/static/heard.js";

const entry = (label, text, at = 0, seconds = 0) => ({ kind: "line", label, text, at, seconds, tone: "plain", file: "" });
const lines = (...entries) => entries.reduce(appended, []);
const step = (source, edge, name, flow = "menu") => ({ kind: "step", flow, step: name, source, edge });
const way = (...steps) => steps.reduce((before, each) => taken(before, each, "+15550100"), NOWHERE);

test("keys pressed in a row stand in one line, and what comes between ends it", () => {
  const shown = lines(entry("press", "1"), entry("press", "2"), entry("hears", "(tone)"), entry("press", "#"));
  assert.deepEqual(shown.map((each) => each.text), ["12", "(tone)", "#"]);
});

test("words begin as they are spoken", () => {
  const [line] = lines(entry("hears", "one two three four", 10, 9));
  assert.deepEqual([9, 10, 12, 14.5, 19, 99].map((now) => wordsBegun(line, now)), [1, 1, 2, 3, 4, 4]);
  assert.equal(wordsBegun(lines(entry("answered", ""))[0], 0), 1);
  assert.deepEqual([9, 18.9, 19].map((now) => isBeingSaid(line, now)), [true, true, false]);
});

test("a prompt that is cut short keeps only what was said of it", () => {
  const [prompt, key] = lines(entry("hears", "one two three four", 10, 9), entry("press", "1", 12), { kind: "cut", at: 12 });
  assert.equal(wordsBegun(prompt, 99), 2);
  assert.equal(isBeingSaid(prompt, 12.5), false);
  assert.equal(key.cutAt, null);
});

test("what is cut before anything was heard harms nothing", () => {
  assert.deepEqual(lines({ kind: "cut", at: 1 }), []);
});

test("the way has each step, and the lines by which it came there", () => {
  const gone = way(step("", "start", "welcome"), step("welcome", "keys.1", "hours"), step("hours", "", "hours"));
  assert.deepEqual(gone.flows.get("menu").lines, [["entry:+15550100", "step:welcome"], ["step:welcome", "step:hours"]]);
  assert.equal(inWords(gone), "welcome → hours");
  assert.equal(gone.step, "hours");
});

test("each flow that a call comes to has a way of its own", () => {
  const gone = way(step("", "start", "welcome"), step("", "start", "ask", "other"), step("welcome", "", "bye"));
  assert.deepEqual([...gone.flows.keys()], ["menu", "other"]);
  assert.equal(inWords(gone), "welcome → bye");
  assert.deepEqual(gone.flows.get("menu").lines.at(-1), ["step:welcome", "step:bye"]);
  assert.deepEqual(way(step("", "last_resort", "sorry")).flows.get("menu").lines, [["fault:", "step:sorry"]]);
});

test("flows and steps may be called like what every object has", () => {
  const gone = way(step("", "start", "constructor", "constructor"), step("constructor", "next", "__proto__", "constructor"));
  assert.equal(inWords(gone), "constructor → __proto__");
});

test("how a call stands is said in words", () => {
  const state = { stage: "up", seconds: 61.9, lamp: "recording", flow: "menu", step: "welcome", is_agent: false };
  assert.equal(standing(state), "Connected  ·  1:01  ·  ● recording  ·  menu · welcome");
  assert.equal(standing({ ...state, is_agent: true, lamp: "off" }), "You are the agent  ·  1:01  ·  menu · welcome");
  assert.equal(standing(null), "No call yet.");
  assert.equal(clock(3_600), "60:00");
});
