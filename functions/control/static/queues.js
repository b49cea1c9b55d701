// Queues: who waits, and an agent's press that has the agent's phone ring to take the next caller.
import { action, acts } from "./acts.js";
import { asJson, follow } from "./api.js";
import { h, show, table } from "./dom.js";
import { duration, moment, withheld } from "./words.js";

const KEPT = "dialtone.phone"; // in this browser only
const TICK = 5_000;

export const waited = (since, now) => duration(Math.max(0, (now - Date.parse(since)) / 1000));

export function queueTable(queue, now) {
  return table(`Waiting in ${queue.name}`, ["Place", "From", "Called", "Waits", "Since", "Flow"], queue.waiting.map((each) => [
    h("a", { href: `/calls/${encodeURIComponent(each.call_session_id)}`, "aria-label": `Place ${each.position}: the call from ${each.from ?? withheld}` }, String(each.position)),
    each.from ?? withheld, each.to, each.callback ? "to be called back" : waited(each.since, now), moment(each.since, now), each.flow,
  ]), "Nobody waits.");
}

function taking(after) {
  const phone = h("input", { name: "agent", id: "take-agent", required: true, inputmode: "tel", autocomplete: "tel", placeholder: "+15550191", value: localStorage.getItem(KEPT) ?? "" });
  const choice = h("select", { name: "queue", id: "take-queue", required: true });
  const section = acts("Take a caller", "control", [action({
    id: "take", label: "Take the next caller", after, keeps: true,
    fields: [h("label", {}, "Your phone", phone), h("label", {}, "Queue", choice)],
    asked: ({ agent, queue }) => {
      localStorage.setItem(KEPT, agent.trim());
      return [`/queues/${encodeURIComponent(queue)}/take`, { agent: agent.trim() }];
    },
    done: () => "Your phone rings. Press 1 there to be connected.",
  })]);
  return { section: section ?? "", now: (queues) => {
    const chosen = choice.value;
    choice.replaceChildren(...queues.map(({ name, waiting }) => h("option", { value: name }, `${name} (${waiting.length})`)));
    if (queues.some(({ name }) => name === chosen)) choice.value = chosen;
  } };
}

export function open(place) {
  const list = h("div");
  const agent = taking(() => look());
  place.replaceChildren(h("h1", {}, "Queues"), agent.section, list, h("p", {}, asJson("/queues")));
  const draw = (page) => {
    const now = new Date();
    show(list,
      page.queues.map((queue) => h("section", {}, h("h2", {}, `${queue.name}: ${queue.waiting.length} waiting`), queueTable(queue, now))),
      !page.queues.length && h("section", {}, h("p", { class: "empty" }, "No flow has a queue.")),
      !page.is_whole && h("p", { class: "empty" }, "Some calls or flows could not be looked at: others may wait, too."));
  };
  let timer = 0;
  const look = follow("/queues", (page) => {
    agent.now(page.queues);
    draw(page);
    clearInterval(timer);
    timer = setInterval(() => draw(page), TICK); // they wait on while nothing else changes
  }, list);
}
