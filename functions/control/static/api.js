// The control API, under /api of the address that the pages come from.
import { h } from "./dom.js";
import { renewed, token } from "./sign-in.js";

const FASTEST = 2_000;
const SLOWEST = 20_000; // between two looks while nothing changes

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function sent(method, path, body) {
  const headers = { Accept: "application/json" };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(`/api${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

export async function ask(path, method = "GET", body = undefined) {
  let answer = await sent(method, path, body);
  if (answer.status === 401 && (await renewed())) answer = await sent(method, path, body);
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const message = said.error?.message ?? said.error ?? said.message ?? answer.statusText;
  throw new Refused(answer.status, answer.status === 403 ? "You may not see this: ask the line's operator for the role." : message);
}

// Shows what a path answers, and again whenever that has changed, as long as the page is looked at.
export function follow(path, show, place) {
  const state = document.getElementById("live");
  let before = "", pause = FASTEST, timer = 0, running = false;
  const look = async () => {
    clearTimeout(timer);
    if (running || document.hidden) return;
    running = true;
    try {
      const answer = await ask(path), now = JSON.stringify(answer);
      pause = now === before ? Math.min(pause * 1.5, SLOWEST) : FASTEST;
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
  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", () => { pause = FASTEST; look(); });
  look();
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
