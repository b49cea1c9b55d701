// What is said of calls and recordings. Pure: values in, words out.

export const withheld = "withheld number";

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60);
  if (whole < 60) return `${whole} s`;
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds)), two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

// When something was: today its time, else its day, too; in the reader's own zone unless another is named.
export function moment(written, now, zone) {
  if (!written) return "";
  const at = new Date(written), of = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
  const day = of({ year: "numeric", month: "2-digit", day: "2-digit" });
  const time = of({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
  if (day.format(at) === day.format(now)) return `today ${time}`;
  if (day.format(at) === day.format(now.getTime() - 86_400_000)) return `yesterday ${time}`;
  return `${of({ day: "numeric", month: "short", ...(at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) }).format(at)} ${time}`;
}

export const began = (leg) => leg.initiated_at ?? leg.answered_at ?? leg.ended_at;

export const parties = (leg) => `${leg.from ?? withheld} → ${leg.to ?? "unknown"}`;

const BAD = new Set(["failed", "error", "unknown", "not-found", "rejected", "limit", "doubtful"]);
const GOOD = new Set(["completed", "verified", "machine"]);

// How a status or an outcome looks: `good`, `bad`, `live` for what goes on, or `plain`.
export function tone(word, goesOn = false) {
  if (goesOn) return "live";
  if (GOOD.has(word)) return "good";
  return BAD.has(word) ? "bad" : "plain";
}

export const outcome = (leg) => (leg.ended_at ? leg.outcome ?? "ended" : leg.status ?? "new");

// The leg that a call is about: the first that rang.
export function main(call) {
  return [...call.legs].sort((one, other) => (began(one) ?? "").localeCompare(began(other) ?? ""))[0];
}

// Why a call failed: what the first thing says that went wrong on it; '' where nothing did.
export function trouble(call) {
  const rows = call.timeline.filter((row) => row.trouble);
  const refused = rows.find((row) => row.towards === "to-telnyx");
  if (refused) return `Telnyx refused ${refused.dialtone.split(" ")[0]} in the step ${refused.step || "unknown"}: ${refused.telnyx.replace(/^\S+ refused: /, "")}`;
  const [row] = rows;
  if (!row) return "";
  const said = [row.telnyx, row.dialtone].filter(Boolean).join("; ");
  return row.step ? `in the step ${row.step}: ${said}` : said;
}

function endedBy(leg) {
  if (leg.hangup_source === "caller") return leg.direction === "outgoing" ? "the line hung up" : "the caller hung up";
  if (leg.hangup_source === "callee") return leg.direction === "outgoing" ? "the person who was called hung up" : "the line hung up";
  return "";
}

// One or more plain sentences of what came of a call.
export function sentence(call, now, zone) {
  const leg = main(call);
  if (!leg) return "Nothing is known of this call any more.";
  const out = leg.direction === "outgoing";
  const first = out
    ? `${leg.to ?? "A callee"} was called from ${leg.from ?? "the line"}, ${moment(began(leg), now, zone)}.`
    : `${leg.from ?? "A caller who withheld the number"} called ${leg.to ?? "the line"}, ${moment(began(leg), now, zone)}.`;
  const led = leg.flow ? `The flow ${leg.flow} handled the call` : "No flow handled the call";
  const last = leg.step ? `, up to the step ${leg.step}` : "";
  const ended = leg.ended_at
    ? `, and it ended after ${duration(leg.seconds)} as ${outcome(leg)}${endedBy(leg) && `: ${endedBy(leg)}`}.`
    : "; it is still in progress.";
  const answered = call.legs.find((each) => each !== leg && each.bridged_at);
  const talked = answered ? ` It was connected to ${answered.to}.` : "";
  const kept = call.recordings.length;
  const recorded = kept ? ` It has ${kept === 1 ? "a recording" : `${kept} recordings`}.` : "";
  const why = trouble(call);
  return `${first} ${led}${last}${ended}${talked}${recorded}${why ? ` Something went wrong: ${why}.` : ""}`;
}

// The part of an address that filters: what is empty, or as it is without saying, is left out.
export function query(filters) {
  const said = Object.entries(filters).filter(([, value]) => value !== "" && value !== "any");
  return said.length ? `?${new URLSearchParams(said)}` : "";
}

export function filtersOf(search, names) {
  const found = new URLSearchParams(search);
  return Object.fromEntries(names.map((name) => [name, (found.get(name) ?? "").trim()]));
}

export function bytes(number) {
  if (number < 1000) return `${number} bytes`;
  return number < 1e6 ? `${(number / 1e3).toFixed(0)} kB` : `${(number / 1e6).toFixed(1)} MB`;
}
