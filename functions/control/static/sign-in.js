// Signing in at the stack's user pool: its hosted page, a code with PKCE, and tokens that live as long as the tab.

const KEPT = "dialtone.tokens", ASKED = "dialtone.asked";
let settings = null;

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");
const kept = () => read(KEPT) ?? {};
export const token = () => kept().id_token ?? "";

const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const random = () => base64(crypto.getRandomValues(new Uint8Array(32)));
const back = () => `${location.origin}/signed-in`;

// Sends people without a token to the hosted page and returns false. On a developer's machine there is nothing to sign in to.
export async function signedIn() {
  settings = await (await fetch("/static/settings.json")).json();
  if (!settings.sign_in) return true;
  if (location.pathname === "/signed-in") return finished();
  if (token()) return true;
  await begin();
  return false;
}

async function begin() {
  const verifier = random(), state = random();
  sessionStorage.setItem(ASKED, JSON.stringify({ verifier, state, place: location.pathname + location.search }));
  const challenge = base64(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  location.assign(`${settings.sign_in}/oauth2/authorize?${new URLSearchParams({
    response_type: "code", client_id: settings.client_id, redirect_uri: back(), scope: "openid email", state,
    code_challenge: challenge, code_challenge_method: "S256",
  })}`);
}

async function finished() {
  const answer = new URLSearchParams(location.search), asked = read(ASKED);
  sessionStorage.removeItem(ASKED);
  if (!asked || !answer.get("code") || answer.get("state") !== asked.state) {
    throw new Error(answer.get("error_description") ?? "this sign-in was not begun here, or is over: open the console again");
  }
  await exchange({ grant_type: "authorization_code", code: answer.get("code"), redirect_uri: back(), code_verifier: asked.verifier });
  location.replace(asked.place);
  return false;
}

async function exchange(asked) {
  const answer = await fetch(`${settings.sign_in}/oauth2/token`, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ client_id: settings.client_id, ...asked }),
  });
  if (!answer.ok) throw new Error("the sign-in was not taken: open the console again");
  sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...(await answer.json()) }));
}

// A new token in place of one that has expired; false where there is nothing to sign in to. Else the page is left.
export async function renewed() {
  if (!settings?.sign_in) return false;
  try {
    await exchange({ grant_type: "refresh_token", refresh_token: kept().refresh_token ?? "" });
    return true;
  } catch {
    sessionStorage.removeItem(KEPT);
    await begin();
    return false;
  }
}

function claims() {
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(token().split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0))));
  } catch {
    return {};
  }
}

export const person = () => claims().email ?? claims().sub ?? "";

// Whether to offer what a role is needed for. Where nobody signs in, only the API knows; it refuses anyway.
export const may = (role) => !token() || (claims()["cognito:groups"] ?? []).includes(role);

export function signOut() {
  sessionStorage.removeItem(KEPT);
  location.assign(`${settings.sign_in}/logout?${new URLSearchParams({ client_id: settings.client_id, logout_uri: `${location.origin}/calls` })}`);
}
