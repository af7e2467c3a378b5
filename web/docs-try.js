// A form that sends one request of the interface and shows the answer.

import { element } from "./page.js";
import { ANSWER_MS_MAX } from "./session.js";

/** A form for an operation; `token` is asked when it is sent. */
export function tryForm(path, method, operation, token) {
  const parameters = operation.parameters ?? [];
  const inputs = parameters.map((parameter) => field(parameter));
  const [mediaType, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const text = element("textarea", { spellcheck: "false", "aria-label": "Body" });
  if (media) text.value = typeof media.example === "object" ? JSON.stringify(media.example, null, 2) : (media.example ?? "");
  const answer = element("pre", { hidden: "" });
  const form = element("form", { class: "try" },
    ...(inputs.length ? [element("div", { class: "given" }, ...inputs.map(({ label }) => label))] : []),
    ...(media ? [text] : []),
    element("div", { class: "row" }, element("button", { class: "main" }, `Send ${method.toUpperCase()}`)),
    answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    answer.hidden = false;
    answer.textContent = "…";
    answer.textContent = await send(path, method, inputs, media && [mediaType, text.value], token());
  });
  return form;
}

function field(parameter) {
  const input = element("input", { name: parameter.name, autocomplete: "off" });
  input.required = Boolean(parameter.required);
  if (parameter.in === "header" && parameter.required) input.value = `try-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  input.placeholder = String(parameter.example ?? parameter.schema?.examples?.[0] ?? "");
  return { parameter, input, label: element("label", {}, parameter.name, input) };
}

async function send(path, method, inputs, body, token) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const query = new URLSearchParams();
  let address = path;
  for (const { parameter, input } of inputs) {
    const value = input.value.trim();
    if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value && parameter.in === "query") query.set(parameter.name, value);
    else if (value) headers[parameter.name] = value;
  }
  if (body) headers["Content-Type"] = body[0];
  const asked = query.size ? `${address}?${query}` : address;
  try {
    const response = await fetch(asked, { method: method.toUpperCase(), headers, body: body?.[1] || undefined, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return `${method.toUpperCase()} ${asked}\n${response.status} ${response.statusText}\n${shownHeaders(response)}\n${readable(await response.text())}`;
  } catch (error) {
    return `${method.toUpperCase()} ${asked}\n${error.message}`;
  }
}

function shownHeaders(response) {
  const wanted = ["location", "etag", "retry-after", "content-type"];
  return wanted.filter((name) => response.headers.has(name)).map((name) => `${name}: ${response.headers.get(name)}`).join("\n");
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
