// The page of the API: what /openapi.json says, to be read and tried out.

import { $, element } from "./page.js";
import { schemaFields, typeOf } from "./docs-schema.js";
import { tryForm } from "./docs-try.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

/** The operations of a group, in the order of their paths. */
function operationsOf(document, tag) {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => ({ path, method, operation: methods[method] })));
  return all.filter(({ operation }) => (operation.tags ?? ["other"]).includes(tag));
}

function section(title, ...content) {
  return content.length ? [element("h3", {}, title), ...content] : [];
}

/** Texts come from doc comments: `code` is marked, all else is text. */
export function words(text) {
  const parts = (text ?? "").split(/`([^`]+)`/);
  return parts.map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

function paragraphs(text) {
  return (text ?? "").split("\n\n").filter(Boolean).map((part) => element("p", {}, ...words(part)));
}

function tokenWords(security) {
  if (!security?.length) return "No token.";
  return security.some((way) => !Object.keys(way).length) ? "A token may be needed, and may show more." : "Needs a token.";
}

function parameters(document, operation) {
  const rows = (operation.parameters ?? []).flatMap((parameter) => [
    element("dt", {}, parameter.name, element("small", {}, `${parameter.in} · ${typeOf(document, parameter.schema)}${parameter.required ? "" : " · may be absent"}`)),
    element("dd", {}, ...words(parameter.description)),
  ]);
  return rows.length ? [element("dl", { class: "fields" }, ...rows)] : [];
}

function body(document, content) {
  return Object.entries(content ?? {}).flatMap(([mediaType, media]) => [
    element("p", { class: "quiet" }, mediaType),
    ...schemaFields(document, media.schema),
    ...(typeof media.example === "object" ? [element("pre", {}, JSON.stringify(media.example, null, 2))] : []),
  ]);
}

function answers(document, operation) {
  const rows = Object.entries(operation.responses).map(([status, answer]) => {
    const headers = Object.entries(answer.headers ?? {}).map(([name, about]) => element("p", {}, element("code", {}, name), ` ${about.description}`));
    const row = element("li", {}, element("b", {}, status), ...paragraphs(answer.description), ...headers);
    if (answer.content?.["application/json"]) {
      const fold = element("details", { class: "fields" }, element("summary", {}, "the body"));
      unfold(fold, () => body(document, answer.content));
      row.append(fold);
    }
    return row;
  });
  return [element("ul", { class: "codes" }, ...rows)];
}

/** Fills a fold when it is opened first: the whole page at once would be tens of thousands of elements. */
function unfold(fold, content) {
  fold.addEventListener("toggle", () => fold.append(...content()), { once: true });
}

function operationFold(document, { path, method, operation }) {
  const title = [
    element("span", { class: "method", "data-method": method }, method.toUpperCase()),
    element("span", { class: "path" }, path),
    element("span", { class: "summary" }, operation.summary ?? ""),
  ];
  const fold = element("details", { class: "operation", id: operation.operationId ?? `${method}${path}` }, element("summary", {}, ...title));
  fold.dataset.text = [path, operation.summary, operation.description, ...Object.values(operation.responses).map((answer) => answer.description)].join(" ").toLowerCase();
  unfold(fold, () => [
    element("div", { class: "inside" },
      ...paragraphs(operation.description),
      element("p", { class: "quiet" }, tokenWords(operation.security)),
      ...section("Parameters", ...parameters(document, operation)),
      ...section("Body", ...body(document, operation.requestBody?.content)),
      ...section("Answers", ...answers(document, operation)),
      ...(operation["x-websocket"] ? [] : section("Try it", tryForm(path, method, operation, () => $("#token").value.trim()))),
    ),
  ]);
  return fold;
}

/** Every message of the event socket. */
function messageFolds(document) {
  const { oneOf } = document.components.schemas.EventMessage;
  return oneOf.map(({ $ref }) => {
    const name = $ref.split("/").at(-1);
    const schema = document.components.schemas[name];
    const fold = element("details", { class: "operation", id: name }, element("summary", {}, element("span", { class: "path" }, schema.properties.type.const), element("span", { class: "summary" }, ...words(schema.description))));
    fold.dataset.text = `${name} ${schema.description}`.toLowerCase();
    unfold(fold, () => [element("div", { class: "inside" }, ...schemaFields(document, schema), element("h3", {}, "Example"), element("pre", {}, JSON.stringify(schema.examples?.[0], null, 2)))]);
    return fold;
  });
}

function group(document, tag) {
  const own = element("section", { id: `group-${tag.name}` }, element("h2", {}, tag.name), element("p", { class: "quiet" }, tag.description));
  own.append(...operationsOf(document, tag.name).map((operation) => operationFold(document, operation)));
  if (tag.name === "events") {
    const close = Object.entries(document.paths["/v1/lives/{liveId}/events"].get["x-websocket"].closeCodes);
    own.append(element("h3", {}, "Messages"), ...messageFolds(document), element("h3", {}, "Why a socket is closed"),
      element("ul", { class: "codes" }, ...close.map(([code, why]) => element("li", {}, element("b", {}, code), ` ${why}`))));
  }
  return own;
}

/** Shows what has the words that are looked for. */
function filter() {
  const wanted = $("#filter").value.trim().toLowerCase();
  for (const fold of document.querySelectorAll("details.operation")) fold.hidden = !fold.dataset.text.includes(wanted);
}

/** Opens what the address names: /docs#createLive. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.tagName === "DETAILS") named.open = true;
  named?.scrollIntoView();
}

async function show() {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`/openapi.json: ${response.status}`);
  const api = await response.json();
  $("#version").textContent = api.info.version;
  $("#about").replaceChildren(...words(api.info.description));
  $("#groups").replaceChildren(...api.tags.map((tag) => element("a", { href: `#group-${tag.name}` }, tag.name)));
  $("#operations").replaceChildren(...api.tags.map((tag) => group(api, tag)));
  openNamed();
}

$("#token").value = sessionStorage.getItem("token") ?? "";
$("#token").addEventListener("change", (event) => sessionStorage.setItem("token", event.target.value.trim()));
$("#settings").addEventListener("submit", (event) => event.preventDefault());
$("#filter").addEventListener("input", filter);
addEventListener("hashchange", openNamed);
show().catch((error) => {
  $("#trouble").hidden = false;
  $("#trouble").textContent = `The document cannot be shown (${error.message}).`;
});
