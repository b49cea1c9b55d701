// The control API, under /api of the address that the pages come from.
import { h } from "./dom.js";
import { renewed, token } from "./sign-in.js";

const FASTEST = 2_000;
const SLOWEST = 20_000; // between two looks while nothing changes
const LONGEST = 35_000; // that an answer may take: API Gateway's own limit is shorter

export class Refused extends Error {
  constructor(status, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter; // seconds
  }
}

async function sent(path, options) {
  const signed = token() ? { Authorization: `Bearer ${token()}` } : {};
  const headers = { Accept: "application/json", ...signed, ...options.headers };
  return fetch(`/api${path}`, { ...options, headers, signal: AbortSignal.timeout(LONGEST) });
}

async function answered(path, options, forbidden) {
  let answer = await sent(path, options);
  if (answer.status === 401 && (await renewed())) answer = await sent(path, options);
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const message = said.error?.message ?? said.error ?? said.message ?? answer.statusText;
  const role = answer.status === 403 && forbidden(said.error?.code);
  throw new Refused(answer.status, role || message || `the line answered ${answer.status}`, Number(answer.headers.get("Retry-After")));
}

export const ask = (path) => answered(path, {}, () => "You may not see this: ask the line's operator for the role.");

// Acts, by one request. Sent again under the same key it is not carried out again.
export const act = (path, body, key) => answered(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", "Idempotency-Key": key },
  body: JSON.stringify(body),
}, (code) => !code && "You may not do this: ask the line's operator for the role."); // API Gateway's own answer has no code

// Shows what a path answers, and again whenever that has changed, as long as the page is looked at. Gives what looks at once.
export function follow(path, show, place, fastest = FASTEST) {
  const state = document.getElementById("live");
  let before = "", pause = fastest, timer = 0, running = false;
  const look = async () => {
    clearTimeout(timer);
    if (running || document.hidden) return;
    running = true;
    try {
      const answer = await ask(path), now = JSON.stringify(answer);
      pause = now === before ? Math.min(pause * 1.5, SLOWEST) : fastest;
      if (now !== before) show(answer);
      before = now;
      state.textContent = "live";
      state.dataset.tone = "good";
    } catch (error) {
      pause = SLOWEST;
      state.textContent = error instanceof Refused ? "" : "the line does not answer";
      state.dataset.tone = "bad";
      if (!before || error instanceof Refused) place.replaceChildren(problem(error));
      if (error instanceof Refused && error.status < 500 && error.status !== 429) return; // it stays so
    } finally {
      running = false;
    }
    timer = setTimeout(look, pause);
  };
  const soon = () => { pause = fastest; look(); };
  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", soon);
  look();
  return soon;
}

export const problem = (error) => h("div", { role: "alert" }, h("p", {}, error instanceof Refused ? error.message : `There is no answer: ${error.message}`));

// A link to what a page is made of. Who signed in has a token, which a plain link does not send.
export function asJson(path) {
  const shown = async (event) => {
    if (!token()) return;
    event.preventDefault();
    try {
      const text = JSON.stringify(await ask(path), null, 2);
      location.assign(URL.createObjectURL(new Blob([text], { type: "application/json" })));
    } catch (error) {
      event.target.replaceWith(problem(error));
    }
  };
  return h("a", { href: `/api${path}`, click: shown }, "This page as JSON");
}
