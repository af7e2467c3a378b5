//! Whole examples, made of those of the fields: they cannot fall behind the types.

use serde_json::{Map, Value, json};

use super::schemas::name_in;

/// References inside references that are followed; the types are not recursive, so none goes as deep.
const DEPTH_MAX: u32 = 24;

/// An example of what `schema` describes.
pub(super) fn example(schema: &Value, components: &Map<String, Value>) -> Value {
    example_at(schema, components, DEPTH_MAX)
}

fn example_at(schema: &Value, components: &Map<String, Value>, depth: u32) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    let inside = |schema: &Value| example_at(schema, components, depth - 1);
    if let Some(given) = schema.pointer("/examples/0").or_else(|| schema.get("const")) {
        return given.clone();
    }
    if let Some(named) = name_in(schema).and_then(|name| components.get(name)) {
        return inside(named);
    }
    if let Some(first) =
        ["enum", "oneOf", "anyOf"].iter().find_map(|word| Some((word, schema[*word].as_array()?.first()?)))
    {
        return if *first.0 == "enum" { first.1.clone() } else { inside(first.1) };
    }
    let kind = schema["type"].as_str().or_else(|| schema.pointer("/type/0")?.as_str());
    match kind.unwrap_or_default() {
        "object" => object(schema, inside),
        "array" => json!([inside(&schema["items"])]),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(0)),
        "boolean" => json!(false),
        "string" => json!(""),
        _ => Value::Null,
    }
}

fn object(schema: &Value, inside: impl Fn(&Value) -> Value) -> Value {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let mut example: Map<String, Value> = fields.map(|(name, field)| (name.clone(), inside(field))).collect();
    // Maps by user: one entry.
    if let Some(values) = schema["patternProperties"].as_object().and_then(|all| all.values().next()) {
        example.insert("alice".to_owned(), inside(values));
    }
    Value::Object(example)
}
