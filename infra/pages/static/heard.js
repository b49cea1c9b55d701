// What a call's entries come to, for the page to show. Pure: no document, no clock.

export const KEYPAD = [..."123456789*0#"];

// Keys pressed one after another stand in one line; everything else has its own.
export function appended(lines, entry) {
  const last = lines.at(-1);
  if (entry.kind === "cut") {
    const place = lines.findLastIndex((line) => line.seconds > 0 && line.label === "hears");
    return lines.map((line, index) => (index === place ? { ...line, cutAt: entry.at } : line));
  }
  if (entry.label === "press" && last?.label === "press") {
    return [...lines.slice(0, -1), { ...last, text: last.text + entry.text }];
  }
  return [...lines, { ...entry, cutAt: null }];
}

// How many of the words have begun to be said at a time of the call.
export function wordsBegun(line, now) {
  const words = line.text.split(" ");
  const until = Math.min(now, line.cutAt ?? Infinity);
  if (!line.seconds || until >= line.at + line.seconds) return words.length;
  const characters = Math.floor((line.text.length * Math.max(0, until - line.at)) / line.seconds);
  return line.text.slice(0, characters).split(" ").length;
}

export function isBeingSaid(line, now) {
  return line.seconds > 0 && line.cutAt === null && now < line.at + line.seconds;
}

// Where the call has gone: per flow the steps taken and the lines between them, and where it is now.
export function taken(way, step, called) {
  const flow = way.flows.get(step.flow) ?? { steps: [], lines: [] };
  const node = `step:${step.step}`;
  const ways = new Map([["start", `entry:${called}`], ["last_resort", "fault:"]]);
  const last = flow.steps.at(-1);
  // Without an edge the call came back from another flow, to what follows the step that went there; or it entered the
  // step again by itself, by no line.
  const back = last === node ? undefined : last;
  const from = !step.edge ? back : step.source ? `step:${step.source}` : ways.get(step.edge);
  return {
    flow: step.flow,
    step: step.step,
    flows: new Map(way.flows).set(step.flow, {
      steps: [...flow.steps, node],
      lines: from ? [...flow.lines, [from, node]] : flow.lines,
    }),
  };
}

export const NOWHERE = { flow: "", step: "", flows: new Map() };

// The steps in words, one that is entered again at once as one.
export function inWords(way) {
  const steps = (way.flows.get(way.flow)?.steps ?? []).map((node) => node.slice("step:".length));
  return steps.filter((step, index) => step !== steps[index - 1]).join(" → ");
}

export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function standing(state) {
  if (state === null) return "No call yet.";
  const stages = { ringing: "Ringing", up: state.is_agent ? "You are the agent" : "Connected", over: "Over" };
  const lamps = { off: "", recording: "● recording", paused: "‖ recording paused" };
  const where = [state.flow, state.step].filter(Boolean).join(" · ");
  return [stages[state.stage], clock(state.seconds), lamps[state.lamp], where].filter(Boolean).join("  ·  ");
}
