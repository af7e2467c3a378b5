// Commands: what is asked of the server, and its refusal in its own words beside what was pressed.

import { element } from "../page.js";
import { ANSWER_MS_MAX, Refused, refusal } from "../session.js";

/** One request. `token`: whose; `key`: the idempotency key of a change of scores. The JSON of the answer, null without. */
export async function ask(method, path, { token, body, key } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

/** A path of the interface: each part is one segment. */
export const path = (...parts) => `/v1/${parts.map(encodeURIComponent).join("/")}`;

const busy = new WeakSet();

/**
 * Does what `button` is for, once at a time; a refusal is said right there, until the next press. The button stays
 * focusable meanwhile: a disabled one would lose the keyboard's place.
 */
export async function act(button, job) {
  if (busy.has(button)) return;
  const place = button.closest("li, form, .box, .panel");
  place.querySelector(":scope > .refused")?.remove();
  busy.add(button);
  button.setAttribute("aria-busy", "true");
  try {
    await job();
  } catch (error) {
    const words = error instanceof Refused ? error.message : `The server does not answer (${error.message}).`;
    place.append(element("p", { class: "trouble refused", role: "alert" }, words));
  } finally {
    busy.delete(button);
    button.removeAttribute("aria-busy");
  }
}

/** Has a form act when it is sent; `job` gets its fields. The server checks them: its words are better than a browser's. */
export function onSend(form, job) {
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(event.submitter ?? form.querySelector("button"), () => job(new FormData(form)));
  });
}

/** A number field: undefined when empty (the server's default), and what is no number goes as it is, to be refused. */
export function number(fields, name) {
  const text = String(fields.get(name) ?? "").trim();
  if (text === "") return undefined;
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Text, or undefined when empty. */
export const text = (fields, name) => String(fields.get(name) ?? "").trim() || undefined;
