// Parts that the panels are made of. Lists keep their nodes, so that an event takes no focus and no half-written word away.

import { element } from "../page.js";
import { act } from "./ask.js";
import { minutes } from "./clock.js";

/** Writes only what differs: a screen reader hears what changed, once. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Brings the children of `parent` to `items`: known keys keep their node, in the order of the items. */
export function keyed(parent, items, key, create, update = () => {}) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  items.forEach((item, place) => {
    const id = key(item);
    const node = known.get(id) ?? create(item);
    known.delete(id);
    node.dataset.key = id;
    update(node, item);
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null);
  });
  for (const gone of known.values()) gone.remove();
}

/** A button that does something; `label` is what a screen reader says, where the text alone would not tell which. */
export function button(text, job, { kind = "small", label, name } = {}) {
  const node = element("button", { type: "button", class: kind, ...(label && { "aria-label": label }), ...(name && { "data-do": name }) }, text);
  node.addEventListener("click", () => act(node, job));
  return node;
}

/** A span of a class that tests and styles know. */
export const span = (name, text = "") => element("span", { class: name }, text);

/** Shows the time that is left until `endTime` (server time, ms) in `node`; null: nothing. */
export function countTo(node, endTime) {
  node.hidden = !endTime;
  if (endTime) node.dataset.until = endTime;
  else delete node.dataset.until;
}

/** Lets all countdowns of the page run by the server's time. */
export function runCountdowns(clock) {
  const tick = () => {
    const now = clock.now();
    if (now === null) return;
    for (const node of document.querySelectorAll("[data-until]")) setText(node, minutes(Number(node.dataset.until) - now));
  };
  tick();
  setInterval(tick, 200);
}

/** A list's "none" line is shown while the list is empty. */
export function noneUnless(node, items) {
  node.hidden = items.length > 0;
}
