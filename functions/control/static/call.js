// One call: what came of it, its timeline, the way through its flow, commands, recordings and costs.
import { asJson, follow } from "./api.js";
import { callActs } from "./call-acts.js";
import { badge, facts, h, s, show, table } from "./dom.js";
import { figureOf, pictureOf } from "./picture.js";
import { recordingTable } from "./recordings.js";
import { CHARACTER, layout, ROW, shortened, way } from "./timeline.js";
import { began, clock, duration, main, moment, outcome, parties, sentence, tone } from "./words.js";

const LABEL = 92; // pixels for the lanes' names

function lane({ name, y, height, items }, x, width) {
  return s("g", { class: "lane", "data-lane": name.toLowerCase() },
    s("rect", { class: "ground", x: 0, y: y - 4, width, height: height + 8 }),
    s("text", { class: "name", x: 8, y: y + 15 }, name),
    items.map((item) => {
      const begins = LABEL + x(item.from), wide = Math.max(4, x(item.to) - x(item.from)), top = y + item.row * ROW;
      return s("g", { class: item.trouble ? "item trouble" : "item" },
        s("title", {}, `${clock(item.from)} ${item.text}`),
        s("rect", { class: "bar", x: begins, y: top + 2, width: wide, height: ROW - 5, rx: 3 }),
        s("text", { x: begins + 8, y: top + 15 }, `${item.trouble ? "✕ " : ""}${shortened(item.text)}`));
    }));
}

export function timeline(call) {
  const { lanes, axis, width, height } = layout(call);
  const all = LABEL + Math.max(width, 200) + 16;
  const folds = axis.folds.map((fold) => {
    const x = LABEL + fold.begins, wide = fold.ends - fold.begins;
    return s("g", { class: "fold" },
      s("title", {}, `${duration(fold.to - fold.from)} in which nothing happened`),
      s("line", { x1: x + 4, x2: x + wide - 4, y1: 15, y2: 15 }),
      s("text", { x: x + wide / 2, y: 11, "text-anchor": "middle" }, `⋯ ${Math.round(fold.to - fold.from)} s`));
  });
  const ticks = [axis.first, ...axis.folds.map((fold) => fold.to), axis.last].filter((time, place, every) => every.indexOf(time) === place)
    .filter((time, place, every) => !place || axis.x(time) - axis.x(every[place - 1]) > 7 * CHARACTER)
    .map((time) => s("text", { class: "tick", x: LABEL + axis.x(time), y: height + 10, "text-anchor": time === axis.first ? "start" : "middle" }, clock(time)));
  const label = `Timeline in ${lanes.length} lanes; the table below says the same`;
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Timeline" },
    s("svg", { class: "timeline", width: all, height: height + 18, viewBox: `0 0 ${all} ${height + 18}`, role: "img", "aria-label": label },
      folds, lanes.map((each) => lane(each, axis.x, all)), ticks));
}

function happened(call) {
  const started = call.timeline.length ? Date.parse(call.timeline[0].at) : 0;
  return table("What happened", ["After", "Caller", "Telnyx", "Dialtone", "Step"], call.timeline.map((row) => [
    clock((Date.parse(row.at) - started) / 1000),
    row.caller,
    row.towards === "to-telnyx" ? [row.trouble ? badge("refused", "bad") : "", row.trouble ? ` ${row.telnyx}` : row.telnyx]
      : [row.telnyx, row.attempt > 1 && [" ", badge(`delivery ${row.attempt}`, "bad")]],
    row.towards === "to-telnyx" ? h("code", {}, row.dialtone) : [row.trouble && badge("trouble", "bad"), row.dialtone],
    row.step,
  ]), "Nothing yet.");
}

// Webhooks that Telnyx had to deliver again before one was decided on.
function webhooks(call) {
  const again = call.timeline.filter((row) => row.attempt > 1);
  return again.length > 0 && h("section", {}, h("h2", {}, "Webhooks that came late"),
    table("Webhooks that Telnyx had to deliver again", ["After", "Event", "Taken at delivery", "Delivered to"], again.map((row) => [
      clock((Date.parse(row.at) - Date.parse(call.timeline[0].at)) / 1000), row.telnyx, row.attempt, h("code", {}, row.delivered_to ?? "unknown"),
    ]), ""));
}

function download(call) {
  const blob = new Blob([JSON.stringify(call, null, 2)], { type: "application/json" });
  const link = h("a", { href: URL.createObjectURL(blob), download: `call-${call.call_session_id.replace(/[^\w-]/g, "_")}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export const view = (call, now, isSaved = false) => [...summary(call, now, isSaved), ...details(call, now, isSaved)];

function summary(call, now, isSaved) {
  const leg = main(call);
  const heading = leg ? parties(leg) : call.call_session_id;
  return [
    h("h1", {}, heading, " ", leg && badge(outcome(leg), tone(outcome(leg), !leg.ended_at))),
    h("p", { class: "sentence" }, sentence(call, now)),
    leg && facts([["Began", moment(began(leg), now)], ["Lasted", leg.ended_at ? duration(leg.seconds) : "in progress"], ["Flow", leg.flow && [isSaved ? leg.flow : h("a", { href: `/flows/${encodeURIComponent(leg.flow)}` }, leg.flow), h("small", {}, ` version ${leg.flow_version ?? "unknown"}`)]], ["Recording", leg.recorder], ["Session", h("code", {}, call.call_session_id)]]),
  ];
}

function details(call, now, isSaved) {
  const steps = way(call);
  const legs = table("Legs", ["Leg", "Direction", "Answered", "Ended", "Hung up by", "Lasted", "Outcome"], call.legs.map((each) => [
    h("code", {}, each.call_leg_id), each.direction, moment(each.answered_at, now), moment(each.ended_at, now) || "in progress",
    each.ended_at ? `${each.hangup_source ?? "unknown"} (${each.hangup_cause ?? "unknown"})` : "", duration(each.seconds),
    badge(outcome(each), tone(outcome(each), !each.ended_at)),
  ]), "No legs.");
  const costs = call.costs.length > 0 && h("section", {}, h("h2", {}, "What it cost at Telnyx"),
    table("Costs", ["Leg", "Billed", "For", "Cost"], call.costs.map((each) => [
      h("code", {}, each.leg_id), duration(each.billed_seconds), each.parts.join(", "), `${each.amount} ${each.currency}`,
    ]), ""),
    h("p", {}, h("strong", {}, `Together ${Object.entries(call.total).map(([currency, amount]) => `${amount} ${currency}`).join(", ")}`)));
  return [
    h("section", {}, h("h2", {}, "Timeline"), timeline(call), call.rows_left_out > 0 && h("p", {}, `${call.rows_left_out} rows at the beginning are left out.`)),
    call.recordings.length > 0 && h("section", {}, h("h2", {}, "Recordings"), recordingTable(call.recordings, now, isSaved)),
    steps.length > 0 && h("section", { id: "way" }, h("h2", {}, "Path through the flow"), h("p", { class: "way" }, steps.join(" → "))),
    h("section", {}, h("h2", {}, "What happened"), happened(call)),
    webhooks(call),
    h("section", {}, h("h2", {}, "Legs"), legs),
    costs,
    call.audit.length > 0 && h("section", {}, h("h2", {}, "Who listened"),
      table("Who listened", ["When", "Who", "Did", "Recording"], call.audit.map((each) => [moment(each.at, now), each.by, each.did, h("code", {}, each.recording)]), "")),
    h("p", {}, h("button", { type: "button", id: "download", click: () => download(call) }, "Download as JSON"), " ",
      !isSaved && asJson(`/calls/${encodeURIComponent(call.call_session_id)}`)),
  ];
}

export function open(place, id) {
  let drawn = null;
  const head = h("div"), body = h("div");
  const doing = callActs(id, () => look());
  place.replaceChildren(head, doing.section, body); // what acts stays as it is while the rest is drawn anew
  const look = follow(`/calls/${encodeURIComponent(id)}`, async (call) => {
    show(head, summary(call, new Date()));
    show(body, details(call, new Date()));
    doing.now(call);
    const leg = main(call);
    if (!leg) return;
    document.title = `${parties(leg)} · Dialtone`;
    // Of a flow that is gone there is no picture; the way stands there in words.
    if (leg.flow) drawn ??= await pictureOf(leg.flow, leg.flow_version).catch(() => null);
    if (drawn) document.getElementById("way")?.append(figureOf(drawn, leg.flow, way(call)));
  }, head);
}
