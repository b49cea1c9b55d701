// The campaigns, the newest first, and how far each is.
import { asJson, follow } from "./api.js";
import { badge, h, show, table } from "./dom.js";
import { moment } from "./words.js";

const TONES = { running: "live", scheduled: "live", paused: "bad", done: "good" };

export const state = (status) => badge(status, TONES[status] ?? "plain");

export const counted = (number) => number.toLocaleString("en-GB");

export function campaignTable(campaigns, now) {
  return table("Campaigns", ["Campaign", "Status", "Flow", "Begins", "Done", "Dials"], campaigns.map((each) => [
    h("a", { href: `/campaigns/${encodeURIComponent(each.id)}` }, each.id),
    [state(each.status), each.reason && h("small", {}, ` ${each.reason}`)],
    h("a", { href: `/flows/${encodeURIComponent(each.flow)}` }, each.flow),
    moment(each.starts_at, now),
    `${counted(each.settled)} of ${counted(each.recipients)}`,
    counted(each.dials),
  ]), "No campaigns yet: dialtone announce orders one.");
}

export function open(place) {
  const list = h("section");
  place.replaceChildren(h("h1", {}, "Campaigns"), list, h("p", {}, asJson("/campaigns?limit=100")));
  follow("/campaigns?limit=100", (page) => show(list, campaignTable(page.campaigns, new Date())), list);
}
