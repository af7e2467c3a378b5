//! JSON held against JSON Schema, stricter than the standard: a field that no schema names is a fault, and so is a keyword
//! that this file does not know.

use serde_json::{Map, Value};

const COMPONENTS: &str = "#/components/schemas/";

/// Words that say nothing about a value.
const SILENT: [&str; 6] = ["description", "title", "examples", "example", "default", "discriminator"];

/// Named schemas.
#[derive(Clone, Copy)]
pub(super) struct Schemas<'a> {
    components: &'a Value,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(components: &'a Value) -> Self {
        Self { components }
    }

    /// Where `value` is not what `schema` says; `at` names it.
    pub(super) fn faults(self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let Some(words) = schema.as_object() else {
            return if *schema == Value::Bool(true) { Vec::new() } else { vec![format!("{at}: no schema")] };
        };
        let mut faults: Vec<String> =
            words.iter().flat_map(|(word, rule)| self.word(words, word, rule, value, at)).collect();
        if let Some(object) = value.as_object() {
            faults.extend(self.field_faults(words, object, at));
        }
        faults
    }

    /// The same for a text from an address: a number where the schema wants one.
    pub(super) fn text_faults(self, schema: &Value, text: &str, at: &str) -> Vec<String> {
        let as_text = self.faults(schema, &Value::String(text.to_owned()), at);
        match text.parse::<i64>() {
            Ok(number) if !as_text.is_empty() => self.faults(schema, &number.into(), at),
            Ok(_) | Err(_) => as_text,
        }
    }

    fn word(self, words: &Map<String, Value>, word: &str, rule: &Value, value: &Value, at: &str) -> Vec<String> {
        let wrong = |is: bool| if is { vec![format!("{at}: {word} is {rule}, found {value}")] } else { Vec::new() };
        let length = || value.as_str().map(|text| text.chars().count() as u64);
        let items = || value.as_array().map(|list| list.len() as u64);
        let limit = rule.as_u64().unwrap_or_default();
        match word {
            "$ref" => match rule.as_str().and_then(|name| self.components.get(name.strip_prefix(COMPONENTS)?)) {
                Some(named) => self.faults(named, value, at),
                None => vec![format!("{at}: {rule} is nowhere")],
            },
            "type" => wrong(!names(rule).any(|name| is_a(name, value))),
            "const" => wrong(rule != value),
            "enum" => wrong(!rule.as_array().is_some_and(|allowed| allowed.contains(value))),
            "oneOf" | "anyOf" => self.one_of(rule, value, at),
            "items" => {
                let list = value.as_array().into_iter().flatten().enumerate();
                list.flat_map(|(index, item)| self.faults(rule, item, &format!("{at}[{index}]"))).collect()
            }
            "minimum" => wrong(value.is_number() && value.as_f64() < rule.as_f64()),
            "maximum" => wrong(value.is_number() && value.as_f64() > rule.as_f64()),
            "minLength" => wrong(length().is_some_and(|length| length < limit)),
            "maxLength" => wrong(length().is_some_and(|length| length > limit)),
            "minItems" => wrong(items().is_some_and(|items| items < limit)),
            "maxItems" => wrong(items().is_some_and(|items| items > limit)),
            "maxProperties" => wrong(value.as_object().is_some_and(|object| object.len() as u64 > limit)),
            "pattern" => wrong(value.as_str().is_some_and(|text| !matches(rule.as_str().unwrap(), text))),
            "format" => wrong(rule == "uuid" && value.as_str().is_some_and(|text| text.len() != 36)),
            "required" => {
                let missing =
                    names(rule).filter(|name| value.as_object().is_some_and(|object| !object.contains_key(*name)));
                missing.map(|name| format!("{at}: `{name}` is missing")).collect()
            }
            "properties" | "patternProperties" | "additionalProperties" => {
                // Together with the value's fields, below; alternatives beside them would not see each other.
                let mixed = words.contains_key("oneOf") || words.contains_key("anyOf") || words.contains_key("$ref");
                if mixed { vec![format!("{at}: fields beside alternatives")] } else { Vec::new() }
            }
            silent if SILENT.contains(&silent) || silent.starts_with("x-") => Vec::new(),
            unknown => vec![format!("{at}: the checker does not know the word {unknown}")],
        }
    }

    /// Every field of the value must be named by the schema, and be what it says.
    fn field_faults(self, words: &Map<String, Value>, object: &Map<String, Value>, at: &str) -> Vec<String> {
        let is_elsewhere = ["$ref", "oneOf", "anyOf"].iter().any(|word| words.contains_key(*word));
        if is_elsewhere {
            return Vec::new();
        }
        let patterns = || words.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
        object
            .iter()
            .flat_map(|(name, value)| {
                let at = format!("{at}.{name}");
                let named = words.get("properties").and_then(|fields| fields.get(name));
                let patterned = || patterns().find(|(pattern, _)| matches(pattern, name)).map(|(_, schema)| schema);
                let other = || words.get("additionalProperties").filter(|other| **other != Value::Bool(false));
                match named.or_else(patterned).or_else(other) {
                    Some(schema) => self.faults(schema, value, &at),
                    None => vec![format!("{at} is not documented")],
                }
            })
            .collect()
    }

    fn one_of(self, alternatives: &Value, value: &Value, at: &str) -> Vec<String> {
        let tried: Vec<Vec<String>> =
            alternatives.as_array().into_iter().flatten().map(|one| self.faults(one, value, at)).collect();
        if tried.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        // The nearest miss says most.
        tried.into_iter().min_by_key(Vec::len).unwrap_or_else(|| vec![format!("{at}: no alternatives")])
    }
}

/// One text, or several.
fn names(rule: &Value) -> impl Iterator<Item = &str> {
    rule.as_str().into_iter().chain(rule.as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no JSON type is called {other}"),
    }
}

/// The few patterns that the document has.
fn matches(pattern: &str, text: &str) -> bool {
    let word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    match pattern {
        "^[A-Za-z0-9_][A-Za-z0-9_.@:-]*$" => {
            text.starts_with(word) && text.chars().all(|char| word(char) || ".@:-".contains(char))
        }
        "^[0-9a-f]{64}$" => text.len() == 64 && text.chars().all(|char| "0123456789abcdef".contains(char)),
        "^[ -~]*$" => text.chars().all(|char| (' '..='~').contains(&char)),
        other => panic!("the checker does not know the pattern {other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(schema: Value, value: Value) -> Vec<String> {
        let components = json!({"Id": {"type": "string", "maxLength": 2}});
        Schemas::new(&components).faults(&schema, &value, "it")
    }

    #[test]
    fn a_value_as_it_should_be_has_no_faults() {
        let schema = json!({"type": "object", "required": ["id"], "properties": {
            "id": {"$ref": "#/components/schemas/Id"}, "n": {"type": ["integer", "null"], "minimum": 1},
            "k": {"oneOf": [{"const": "a"}, {"type": "array", "items": {"type": "boolean"}}]}}});
        assert_eq!(faults(schema.clone(), json!({"id": "ab", "n": null, "k": [true]})), [""; 0]);
        assert_eq!(faults(schema, json!({"id": "ab", "n": 1, "k": "a"})), [""; 0]);
    }

    #[test]
    fn each_kind_of_fault_is_found() {
        let object = |fields: Value| json!({"type": "object", "required": ["a"], "properties": fields});
        for (schema, value, words) in [
            (object(json!({"a": {}})), json!({"a": 1, "b": 2}), "it.b is not documented"),
            (object(json!({"a": {}})), json!({}), "`a` is missing"),
            (object(json!({"a": {"type": "string"}})), json!({"a": 1}), "it.a: type"),
            (json!({"$ref": "#/components/schemas/Id"}), json!("abc"), "maxLength"),
            (json!({"$ref": "#/components/schemas/No"}), json!("abc"), "nowhere"),
            (json!({"maximum": 3}), json!(4), "maximum"),
            (json!({"minimum": 3}), json!(2), "minimum"),
            (json!({"enum": [1, 2]}), json!(3), "enum"),
            (json!({"oneOf": [{"const": 1}]}), json!(2), "const"),
            (json!({"type": "array", "items": {"const": 1}}), json!([1, 2]), "it[1]: const"),
            (json!({"pattern": "^[A-Za-z0-9_][A-Za-z0-9_.@:-]*$"}), json!("-a"), "pattern"),
            (json!({"frobnicate": 1}), json!(1), "does not know the word"),
            (json!({"type": "object"}), json!({"x": 1}), "it.x is not documented"),
        ] {
            let found = faults(schema.clone(), value);
            assert!(found.iter().any(|fault| fault.contains(words)), "{schema}: {found:?}");
        }
    }
}
