// The console: finds the page of an address and shows it.
import { problem } from "./api.js";
import { h } from "./dom.js";
import { person, signedIn, signOut } from "./sign-in.js";

const PAGES = [
  [/^\/(?:calls)?$/, "Calls", () => import("./calls.js")],
  [/^\/calls\/open$/, "A saved call", () => import("./saved-call.js")],
  [/^\/calls\/([^/]+)$/, "Call", () => import("./call.js")],
  [/^\/recordings$/, "Recordings", () => import("./recordings.js")],
  [/^\/recordings\/([^/]+)$/, "Recording", () => import("./recording.js")],
  [/^\/queues$/, "Queues", () => import("./queues.js")],
  [/^\/flows$/, "Flows", () => import("./flows.js")],
  [/^\/flows\/([^/]+)$/, "Flow", () => import("./flow.js")],
  [/^\/health$/, "Health", () => import("./health.js")],
  [/^\/campaigns$/, "Campaigns", () => import("./campaigns.js")],
  [/^\/campaigns\/([^/]+)$/, "Campaign", () => import("./campaign.js")],
  [/^\/patterns$/, "Patterns", () => import("./patterns.js")],
];

const place = document.getElementById("main");

async function open() {
  for (const link of document.querySelectorAll("nav a")) {
    const section = link.getAttribute("href");
    const isHere = location.pathname.startsWith(section) || (section === "/calls" && location.pathname === "/");
    if (isHere) link.setAttribute("aria-current", "page");
  }
  if (!(await signedIn())) return;
  const who = person();
  if (who) document.getElementById("person").replaceChildren(`${who} `, h("button", { type: "button", click: signOut }, "Sign out"));
  for (const [path, title, load] of PAGES) {
    const found = path.exec(location.pathname);
    if (!found) continue;
    document.title = `${title} · Dialtone`;
    const page = await load();
    await page.open(place, ...found.slice(1).map(decodeURIComponent));
    return;
  }
  throw new Error("there is no such page: choose one above");
}

open().catch((error) => place.replaceChildren(problem(error)));
