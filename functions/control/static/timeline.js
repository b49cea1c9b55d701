// Where things of a call stand on a time axis. Pure: no document, no clock.

export const PIXELS_PER_SECOND = 60;
export const FOLD_SECONDS = 5;
export const FOLD_WIDTH = 60;
export const CHARACTER = 6.7; // pixels of a letter
export const MOST_CHARACTERS = 34;
export const ROW = 22; // pixels from one row of a lane to the next

const ours = ["speak", "gather_using_speak", "gather_using_audio", "gather_using_ai", "playback_start"];
const ENDS = /^(speak|gather|playback|ai_gather)\.ended|^hangup/;

// The axis of these times, in seconds: idle stretches are folded. `x(t)` is a time's place.
export function axis(times) {
  const sorted = [...new Set(times)].filter(Number.isFinite).sort((one, other) => one - other);
  const segments = [];
  let x = 0;
  for (let place = 1; place < sorted.length; place += 1) {
    const [from, to] = [sorted[place - 1], sorted[place]];
    const isFolded = to - from > FOLD_SECONDS;
    const width = isFolded ? FOLD_WIDTH : (to - from) * PIXELS_PER_SECOND;
    segments.push({ from, to, begins: x, ends: x + width, isFolded });
    x += width;
  }
  const first = sorted[0] ?? 0;
  const at = (time) => {
    if (!segments.length || time <= first) return 0;
    const found = segments.find((each) => time <= each.to);
    if (!found) return x;
    return found.begins + ((time - found.from) / (found.to - found.from)) * (found.ends - found.begins);
  };
  return { width: x, x: at, folds: segments.filter((each) => each.isFolded), first, last: sorted.at(-1) ?? first };
}

export const shortened = (text) => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text);

// Items of a lane in rows, so that no text lies on another: each gets its `row`; gives how many there are.
export function stacked(items, x) {
  const free = [];
  for (const item of items) {
    const begins = x(item.from);
    const width = Math.max(x(item.to) - begins, shortened(item.text).length * CHARACTER + 14);
    let row = free.findIndex((ends) => ends <= begins);
    if (row < 0) row = free.push(0) - 1;
    free[row] = begins + width + 6;
    item.row = row;
  }
  return Math.max(1, free.length);
}

const seconds = (written) => Date.parse(written) / 1000;

// What happened, by lanes: `{name, items: [{from, to, text, trouble}]}`, in seconds since the call began.
export function lanesOf(call) {
  const rows = call.timeline, started = rows.length ? seconds(rows[0].at) : 0;
  const since = (written) => Math.max(0, seconds(written) - started);
  const over = rows.length ? since(rows.at(-1).at) : 0;
  const lanes = { Caller: [], Hears: [], Steps: [], Recording: [], Telnyx: [], Dialtone: [] };
  const hearing = new Map();
  let standing = null;
  for (const row of rows) {
    const at = since(row.at), isEvent = row.towards === "to-dialtone";
    const item = (text) => ({ from: at, to: at, text, trouble: row.trouble });
    if (isEvent && ENDS.test(row.telnyx)) {
      const heard = hearing.get(row.leg_id);
      if (heard) heard.to = at;
      hearing.delete(row.leg_id);
    }
    if (isEvent && row.caller) lanes.Caller.push(item(row.caller));
    if (isEvent && row.telnyx) lanes.Telnyx.push(item(row.telnyx));
    if (isEvent && !row.telnyx && row.trouble) lanes.Dialtone.push(item(row.dialtone));
    if (!isEvent) {
      lanes.Dialtone.push(item(row.telnyx === "sent" ? row.dialtone : `${row.dialtone} (${row.telnyx})`));
      if (row.caller && ours.includes(row.dialtone.split(" ")[0])) {
        const heard = item(row.caller);
        hearing.set(row.leg_id, heard);
        lanes.Hears.push(heard);
      }
    }
    if (row.step && row.step !== standing?.text) {
      if (standing) standing.to = at;
      standing = { from: at, to: over, text: row.step, trouble: false };
      lanes.Steps.push(standing);
    }
  }
  for (const heard of hearing.values()) heard.to = over;
  for (const each of call.recordings) {
    if (!each.started_at) continue;
    const trouble = ["failed", "doubtful"].includes(each.status);
    lanes.Recording.push({ from: since(each.started_at), to: each.ended_at ? since(each.ended_at) : over, text: each.status, trouble });
  }
  return Object.entries(lanes).map(([name, items]) => ({ name, items })).filter((lane) => lane.items.length);
}

// All of it laid out: lanes with their place and height, and the axis.
export function layout(call) {
  const lanes = lanesOf(call);
  const line = axis(lanes.flatMap((lane) => lane.items.flatMap((item) => [item.from, item.to])));
  let y = ROW;
  for (const lane of lanes) {
    lane.y = y;
    lane.height = stacked(lane.items, line.x) * ROW;
    y += lane.height + 10;
  }
  const right = Math.max(0, ...lanes.flatMap((lane) => lane.items.map((item) => Math.max(line.x(item.to), line.x(item.from) + shortened(item.text).length * CHARACTER + 20))));
  return { lanes, axis: line, width: right, height: y };
}

// The steps in the order in which the call came to them.
export function way(call) {
  const steps = [];
  for (const row of call.timeline) if (row.step && row.step !== steps.at(-1)) steps.push(row.step);
  return steps;
}
