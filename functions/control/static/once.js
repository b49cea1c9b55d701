// Requests that act once, whatever the network does. Pure.

const TRIES = 3;
const SHORTEST = 1_000, LONGEST = 5_000; // milliseconds before the next try
const BUSY = [429, 502, 503, 504];

// Whether it is known by now what came of a request: a refusal says that nothing did.
const isKnown = (error) => error.status !== undefined && error.status < 500 && error.status !== 429;

// The key of a press: another one each time, but the same one again while it is not known what came of the last.
export function presses(fresh = () => crypto.randomUUID()) {
  let open = null;
  return {
    key(...asked) {
      const text = JSON.stringify(asked);
      if (open?.text !== text) open = { text, key: fresh() };
      return open.key;
    },
    settle(error) {
      if (!error || isKnown(error)) open = null;
    },
  };
}

// What is answered, after as many tries as it takes while the line is busy or says nothing.
export async function tried(send, wait = (millis) => new Promise((done) => setTimeout(done, millis))) {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await send();
    } catch (error) {
      if (!left || (error.status !== undefined && !BUSY.includes(error.status))) throw error;
      await wait(Math.min(Math.max(SHORTEST, 1000 * (error.retryAfter || 0)), LONGEST));
    }
  }
}

// An error as a sentence for people.
export function sentence(error) {
  if (error.status !== undefined && error.status !== 502) return error.message;
  return "There is no answer, so it is not known whether this was done. Press again: it is not done twice.";
}
