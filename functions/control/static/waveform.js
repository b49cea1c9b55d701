// What a player draws, from numbers. Pure.

export const BARS = 240;

// The outline of a channel's levels (0 to 255) as bars about a middle line, as an SVG path has it.
export function bars(levels, width, height, top) {
  if (!levels.length) return "";
  const count = Math.min(BARS, levels.length), wide = width / count;
  const middle = top + height / 2, room = height / 2 - 3;
  let path = "";
  for (let bar = 0; bar < count; bar += 1) {
    const first = Math.floor((bar * levels.length) / count), last = Math.max(first + 1, Math.floor(((bar + 1) * levels.length) / count));
    const half = Math.max(0.75, (Math.max(...levels.slice(first, last)) / 255) * room);
    const x = (bar * wide).toFixed(2), right = (wide * 0.7).toFixed(2);
    path += `M${x} ${(middle - half).toFixed(2)}h${right}v${(2 * half).toFixed(2)}h-${right}z`;
  }
  return path;
}

// Keys and pauses of a recording: `{kind, from, to, text}` in seconds of its audio, which leaves pauses out.
export function regionsOf(recording, call) {
  const began = Date.parse(recording.started_at ?? recording.requested_at) / 1000, seconds = recording.audio.seconds || 0;
  const pauses = (recording.pauses ?? []).map((each) => ({
    from: Date.parse(each.began) / 1000 - began,
    to: each.ended ? Date.parse(each.ended) / 1000 - began : Infinity,
    why: each.why,
  })).filter((each) => Number.isFinite(each.from)).sort((one, other) => one.from - other.from);
  const left = (at) => pauses.reduce((sum, each) => sum + Math.max(0, Math.min(at, each.to) - each.from), 0);
  const found = pauses.map((each) => {
    const at = each.from - left(each.from);
    const long = Number.isFinite(each.to) ? ` for ${Math.round(each.to - each.from)} s` : " to its end";
    return { kind: "pause", from: at, to: at, text: `paused${long}${each.why === "sensitive" ? ": digits are recorded nowhere" : ""}` };
  });
  for (const row of call?.timeline ?? []) {
    const isOurs = row.leg_id === recording.call_leg_id && row.towards === "to-dialtone";
    if (!isOurs || !/(^| )presses /.test(row.caller)) continue;
    const since = Date.parse(row.at) / 1000 - began, at = since - left(since);
    found.push({ kind: "key", from: at, to: at, text: row.caller });
  }
  return found.filter((each) => each.from >= 0 && each.from <= seconds).sort((one, other) => one.from - other.from);
}
