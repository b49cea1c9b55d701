// What acts: buttons and forms. Each press is one request, and what came of it stands beside them and is read out.
import { act } from "./api.js";
import { h } from "./dom.js";
import { presses, sentence, tried } from "./once.js";
import { may } from "./sign-in.js";

// Asks whether it is meant. `typed` is a word that has to be written. Resolves to true or false.
export function confirmed({ title, text, yes, typed = "" }) {
  return new Promise((resolve) => {
    const word = typed && h("input", { id: "confirm-word", autocomplete: "off", spellcheck: "false", autocapitalize: "off" });
    const choice = h("button", { "data-tone": "bad", id: "confirm-yes" }, yes);
    const submit = (event) => {
      event.preventDefault();
      if (!typed || word.value.trim().toLowerCase() === typed) dialog.close("yes");
      else word.focus();
    };
    const dialog = h("dialog", { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text", close: () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    } }, h("form", { submit },
      h("h2", { id: "confirm-title" }, title), h("p", { id: "confirm-text" }, text),
      typed && h("label", {}, `Write “${typed}” to go on`, word),
      h("p", { class: "controls" }, choice, h("button", { type: "button", id: "confirm-no", click: () => dialog.close("") }, "Cancel"))));
    document.body.append(dialog);
    dialog.showModal();
    (word || document.getElementById("confirm-no")).focus();
  });
}

// One thing to do: a button, with the fields that it needs. `asked` gives path and body, and `confirm` what is asked before,
// from the fields' values; `done` says what came of it; what was typed `keeps` after that.
export function action({ id, label, fields = [], asked, done, confirm, tone = "plain", keeps = false, after = () => {} }) {
  const press = presses();
  let runs = false;
  const button = h("button", { id: `${id}-do`, "data-tone": tone }, label);
  const submit = async (event) => {
    event.preventDefault();
    if (runs) return;
    runs = true;
    const form = event.currentTarget, said = form.closest(".acts").querySelector(".said");
    const say = (text, good) => {
      said.textContent = text;
      said.dataset.tone = good ? "good" : "bad";
    };
    try {
      const values = Object.fromEntries(new FormData(form));
      if (confirm && !(await confirmed(confirm(values)))) return;
      const [path, body] = asked(values);
      button.setAttribute("aria-disabled", "true");
      said.textContent = "";
      said.dataset.tone = "plain";
      const key = press.key(path, body);
      say(done(await tried(() => act(path, body, key))), true);
      press.settle();
      if (!keeps) form.reset();
    } catch (error) {
      press.settle(error);
      say(sentence(error), false);
    } finally {
      runs = false;
      button.removeAttribute("aria-disabled");
      after();
    }
  };
  return h("form", { class: "act", id, submit, "aria-label": label }, fields, button);
}

// Some actions with what came of the last one. Nothing, for who has not the role: the API would refuse each.
export function acts(title, role, actions) {
  if (!may(role)) return null;
  return h("section", { class: "acts", "aria-label": title }, h("h2", { tabindex: -1 }, title), h("div", { class: "forms" }, actions), h("p", { class: "said", role: "status" }));
}

// Lets those of the actions be seen that make sense now. The focus goes from one that does not to one that does.
export function offer(section, ids) {
  const focused = document.activeElement?.closest("form.act");
  for (const form of section.querySelectorAll("form.act")) form.hidden = !ids.includes(form.id);
  if (focused?.hidden && section.contains(focused)) (section.querySelector("form.act:not([hidden]) button") ?? section.querySelector("h2")).focus();
}
