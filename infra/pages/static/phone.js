// A phone in the browser: it calls, presses, speaks and listens by the same API as `dialtone call --line`.
import { appended, inWords, isBeingSaid, KEYPAD, NOWHERE, standing, taken, wordsBegun } from "./heard.js";
import { parsed } from "./picture.js";

const $ = (id) => document.getElementById(id);
const dial = $("dial"), say = $("say"), heard = $("heard"), keypad = $("keypad"), errors = $("errors");

let line = null; // what can be called
let call = null; // { id, called, events, lines, way, state, at }
let shownFlow = "";

// ---- asking the line

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answered;
  try {
    answered = await fetch(path, options);
  } catch {
    throw new Error("The line is gone: run dialtone up again, and this page goes on.");
  }
  if (answered.ok) return answered;
  throw new Error((await answered.json()).error);
}

function complain(error) {
  const sentence = document.createElement("p");
  sentence.textContent = error.message;
  errors.replaceChildren(sentence);
}

async function attempt(action) {
  try {
    errors.replaceChildren();
    await action();
  } catch (error) {
    complain(error);
  }
}

const doIt = (what, body = {}) => attempt(() => ask(`api/calls/${call.id}/${what}`, body));

// ---- what is heard

function row(entry) {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = `${entry.at.toFixed(1)} s`;
  const label = document.createElement("b");
  label.textContent = entry.label;
  const words = document.createElement("span");
  // Each word is an element of its own: to mark it as said changes no text, which would be read out again.
  words.append(...entry.text.split(" ").flatMap((word) => {
    const made = document.createElement("span");
    made.textContent = word;
    return [made, " "];
  }));
  item.dataset.tone = entry.tone;
  item.append(time, " ", label, " ", words);
  return item;
}

function now() {
  const { state, at } = call;
  return state.stage === "over" ? state.seconds : state.seconds + ((performance.now() - at) / 1000) * line.pace;
}

function markWords(entry, item, seconds) {
  const begun = wordsBegun(entry, seconds);
  item.toggleAttribute("data-cut", entry.cutAt !== null);
  item.toggleAttribute("data-said", !isBeingSaid(entry, seconds));
  [...item.lastChild.children].forEach((word, index) => word.toggleAttribute("data-rest", index >= begun));
}

function showLines() {
  const atEnd = heard.scrollHeight - heard.scrollTop - heard.clientHeight < 40;
  call.lines.forEach((entry, index) => {
    const there = heard.children[index];
    if (!there) heard.append(row(entry));
    else if (entry.label === "press" && there.lastChild.textContent.trim() !== entry.text) there.replaceWith(row(entry));
    markWords(entry, heard.children[index], now());
  });
  if (atEnd) heard.scrollTop = heard.scrollHeight;
}

function tick() {
  if (!call?.state) return;
  const seconds = now();
  $("standing").textContent = standing({ ...call.state, seconds });
  call.lines.forEach((entry, index) => {
    const item = heard.children[index];
    if (item && !item.hasAttribute("data-said")) markWords(entry, item, seconds);
  });
}

// ---- the way on the picture

async function showPicture(flow) {
  const figure = $("picture");
  try {
    const text = await (await ask(`api/pictures/${encodeURIComponent(flow)}`)).text();
    figure.replaceChildren(parsed(text));
    shownFlow = flow;
  } catch (error) {
    complain(error); // the last good picture stays
  }
  showWay();
}

function showWay() {
  const figure = $("picture");
  const way = call?.way ?? NOWHERE;
  for (const each of figure.querySelectorAll("[data-taken], [data-current]")) {
    each.removeAttribute("data-taken");
    each.removeAttribute("data-current");
  }
  $("way").textContent = inWords(way);
  const { steps, lines } = way.flows.get(shownFlow) ?? { steps: [], lines: [] };
  for (const node of figure.querySelectorAll("[data-node]")) {
    const name = node.dataset.node;
    if (steps.includes(name) || lines.some(([from]) => name === from)) node.setAttribute("data-taken", "");
    if (name === `step:${way.step}` && way.flow === shownFlow && call.state?.stage !== "over") {
      node.setAttribute("data-current", "");
      keepInView(figure, node);
    }
  }
  for (const each of figure.querySelectorAll("[data-from]")) {
    const is = ([from, to]) => each.dataset.to === to && (from === "fault:" ? each.dataset.from.startsWith(from) : each.dataset.from === from);
    each.toggleAttribute("data-taken", lines.some(is));
  }
}

function keepInView(figure, node) {
  const outer = figure.getBoundingClientRect(), inner = node.getBoundingClientRect();
  if (inner.top < outer.top || inner.bottom > outer.bottom) figure.scrollTop += inner.top - outer.top - outer.height / 3;
  if (inner.left < outer.left || inner.right > outer.right) figure.scrollLeft += inner.left - outer.left - outer.width / 3;
}

async function showRoute() {
  if (call && call.state?.stage !== "over") return;
  const asked = new URLSearchParams(new FormData(dial));
  if (dial.called.value) {
    await attempt(async () => {
      const { flow } = await (await ask(`api/route?${asked}`)).json();
      if (flow !== shownFlow) await showPicture(flow);
    });
  }
}

// ---- the call

function follow(id, called) {
  call?.events.close();
  call = { id, called, lines: [], way: NOWHERE, state: null, at: 0, events: new EventSource(`api/calls/${id}/events`) };
  sessionStorage.setItem("call", JSON.stringify({ id, called }));
  heard.replaceChildren();
  call.events.onmessage = (event) => take(JSON.parse(event.data));
  call.events.onerror = () => {
    if (call.events.readyState !== EventSource.CLOSED || call.state) return;
    sessionStorage.removeItem("call"); // one of another line
    call = null;
  };
}

function take({ entries, state }) {
  const flow = call.way.flow;
  for (const entry of entries) {
    if (entry.kind === "step") call.way = taken(call.way, entry, call.called);
    else call.lines = appended(call.lines, entry);
  }
  call.state = state;
  call.at = performance.now();
  showLines();
  tick();
  enable();
  if (call.way.flow && call.way.flow !== shownFlow && call.way.flow !== flow) showPicture(call.way.flow);
  else showWay();
  if (state.is_settled) {
    call.events.close();
    sessionStorage.removeItem("call");
  }
}

function enable() {
  const isOn = call?.state && call.state.stage !== "over";
  const isUp = call?.state?.stage === "up";
  for (const each of [...keypad.children, ...say.elements, $("switch")]) each.disabled = !isUp;
  $("hang-up").disabled = !isOn;
  dial.querySelector("button").disabled = Boolean(isOn);
  $("switch").setAttribute("aria-pressed", String(Boolean(call?.state?.is_agent)));
}

function offer(numbers) {
  const chosen = dial.called.value;
  dial.called.replaceChildren(...numbers.map(({ number, flow }) => new Option(`${number} (${flow})`, number)));
  if (numbers.some(({ number }) => number === chosen)) dial.called.value = chosen;
}

function listenToLine() {
  const events = new EventSource("api/line/events");
  events.onmessage = (event) => {
    const before = line;
    line = JSON.parse(event.data);
    offer(line.numbers);
    errors.replaceChildren();
    if (line.error) complain(new Error(line.error));
    else if (before && shownFlow) showPicture(shownFlow);
    else showRoute();
  };
  events.onerror = () => {
    complain(new Error("The line is gone: run dialtone up again, and this page goes on."));
    if (call?.state && call.state.stage !== "over") {
      call.events.close();
      call.state = { ...call.state, stage: "over", seconds: now(), lamp: "off" };
      tick();
      enable();
      showWay();
    }
  };
}

// ---- what the person does

dial.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const { called, caller, at } = Object.fromEntries(new FormData(dial));
    const placed = await (await ask("api/calls", { called, caller, at })).json();
    await showPicture(placed.flow);
    follow(placed.id, placed.called);
  });
});
dial.addEventListener("change", showRoute);
say.addEventListener("submit", (event) => {
  event.preventDefault();
  doIt("speak", { words: say.words.value }).then(() => say.reset());
});
for (const key of KEYPAD) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = key;
  button.setAttribute("aria-label", `Press ${{ "*": "star", "#": "hash" }[key] ?? key}`);
  button.addEventListener("click", () => doIt("press", { digits: key }));
  keypad.append(button);
}
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (KEYPAD.includes(event.key) && call?.state?.stage === "up") {
    event.preventDefault();
    doIt("press", { digits: event.key });
  }
});
$("hang-up").addEventListener("click", () => doIt("hang-up"));
$("switch").addEventListener("click", () => attempt(async () => {
  const was = call.state.is_agent;
  const { is_agent: is } = await (await ask(`api/calls/${call.id}/switch`, {})).json();
  if (!was && !is) throw new Error("The flow has rung nobody who is on the line.");
}));

enable();
listenToLine();
setInterval(tick, 100);
const before = sessionStorage.getItem("call");
if (before) {
  const { id, called } = JSON.parse(before); // the page was loaded again in the middle of a call
  follow(id, called);
}
