// A JSON Schema as a list of fields.

import { element } from "./page.js";

/** Schemas inside schemas that are shown; what lies deeper unfolds. */
const DEPTH_SHOWN = 1;

/** The schema that a reference names. */
export function resolved(document, schema) {
  const name = schema?.$ref?.split("/").at(-1);
  return name ? document.components.schemas[name] : (schema ?? {});
}

/** "text, 1 to 48 characters" and the like. */
export function typeOf(document, schema) {
  const own = resolved(document, schema);
  const optional = (own.anyOf ?? []).some(({ type }) => type === "null");
  const rest = (own.anyOf ?? []).filter(({ type }) => type !== "null");
  if (optional && rest.length === 1) return `${typeOf(document, rest[0])} or null`;
  if (own.const !== undefined) return JSON.stringify(own.const);
  if (own.enum) return own.enum.map((value) => JSON.stringify(value)).join(" | ");
  const alternatives = own.oneOf ?? own.anyOf;
  if (alternatives) return alternatives.map((one) => typeOf(document, one)).join(" | ");
  const types = [own.type ?? []].flat();
  const name = types.map((type) => (type === "array" ? `list of ${typeOf(document, own.items)}` : type)).join(" or ");
  return [name, ...bounds(own)].join(", ");
}

function bounds({ minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties }) {
  const range = (least, most, unit) => {
    if (most === undefined) return least ? [`${least} or more${unit}`] : [];
    return [`${least ?? 0} to ${most}${unit}`];
  };
  return [
    ...range(minimum, maximum, ""),
    ...range(minLength, maxLength, " characters"),
    ...range(minItems, maxItems, " items"),
    ...(maxProperties === undefined ? [] : [`at most ${maxProperties} keys`]),
  ];
}

/** The object inside a schema, when there is one to show: itself, in a list, or behind "or null". */
function objectIn(document, schema) {
  const own = resolved(document, schema);
  if (own.properties) return own;
  if (own.items) return objectIn(document, own.items);
  const inside = (own.anyOf ?? []).filter(({ type }) => type !== "null");
  return inside.length === 1 ? objectIn(document, inside[0]) : null;
}

/** The fields of a schema; nothing for one without. */
export function schemaFields(document, schema, depth = 0) {
  const object = objectIn(document, schema);
  if (!object) return [];
  const needed = new Set(object.required ?? []);
  const rows = Object.entries(object.properties).flatMap(([name, field]) => {
    const own = resolved(document, field);
    const said = field.description ?? own.description ?? "";
    const choices = (own.oneOf ?? []).filter((one) => one.const !== undefined && one.description);
    const value = element("dd", {}, said);
    if (choices.length) value.append(element("ul", { class: "codes" }, ...choices.map((one) => element("li", {}, element("code", {}, String(one.const)), ` ${one.description}`))));
    value.append(...inner(document, field, depth));
    return [element("dt", {}, name, element("small", {}, `${typeOf(document, field)}${needed.has(name) ? "" : " · may be absent"}`)), value];
  });
  return [element("dl", { class: "fields" }, ...rows)];
}

function inner(document, field, depth) {
  if (!objectIn(document, field)) return [];
  if (depth < DEPTH_SHOWN) return schemaFields(document, field, depth + 1);
  const fold = element("details", {}, element("summary", {}, "its fields"));
  fold.addEventListener("toggle", () => fold.append(...schemaFields(document, field, depth + 1)), { once: true });
  return [fold];
}
