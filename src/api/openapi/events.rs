//! The messages of the event socket, from the rules' own type of events.

use serde_json::{Map, Value, json};

use super::schemas::{Schemas, name_in, reference};
use crate::live::{Event, WallMs};

/// The schema of all messages.
pub(super) const MESSAGE: &str = "EventMessage";

/// The definitions that stand for the rules' types; on the wire their values come with a number and a time.
const INSIDE: [&str; 2] = ["Event", "SeatEvent"];

/// One event: its name on the wire, what it is about, and the schema of its data.
struct Kind {
    name: String,
    description: Value,
    data: Value,
}

/// Learns the types; before the components are taken.
pub(super) fn kinds_into(schemas: &mut Schemas, components: &mut Map<String, Value>) {
    let event = schemas.output::<Event>();
    let time = schemas.output::<WallMs>();
    let mut kinds = Vec::new();
    collect(&event, schemas, &mut kinds);
    let mut messages = vec![reference("Snapshot")];
    let mut mapping = Map::from_iter([("snapshot".to_owned(), json!("#/components/schemas/Snapshot"))]);
    for Kind { name, description, data } in kinds {
        messages.push(reference(&name));
        mapping.insert(name.clone(), json!(format!("#/components/schemas/{name}")));
        let message = json!({
            "type": "object",
            "description": description,
            "properties": {
                "seq": {"type": "integer", "minimum": 1, "examples": [41],
                    "description": "Number of the event in the live's epoch. Numbers may skip: some events are not for every reader."},
                "type": {"const": name},
                "serverTime": time,
                "data": data,
            },
            "required": ["seq", "type", "serverTime", "data"],
        });
        components.insert(name, message);
    }
    let all = json!({
        "description": "What the event socket sends: first a snapshot (or what was missed), then events.",
        "oneOf": messages,
        "discriminator": {"propertyName": "type", "mapping": mapping},
    });
    components.insert(MESSAGE.to_owned(), all);
}

/// Takes the definitions away that [`kinds_into`] has replaced.
pub(super) fn forget_inside(components: &mut Map<String, Value>) {
    for name in INSIDE {
        components.remove(name);
    }
}

/// The variants of an enum, through enums inside it.
fn collect(schema: &Value, schemas: &Schemas, kinds: &mut Vec<Kind>) {
    if let Some(named) = name_in(schema).and_then(|name| schemas.definition(name)) {
        return collect(named, schemas, kinds);
    }
    if let Some(name) = schema.pointer("/properties/type/const").and_then(Value::as_str) {
        let (description, data) = (schema["description"].clone(), schema["properties"]["data"].clone());
        return kinds.push(Kind { name: name.to_owned(), description, data });
    }
    let variants = ["oneOf", "anyOf"].iter().filter_map(|word| schema[*word].as_array()).flatten();
    for variant in variants {
        collect(variant, schemas, kinds);
    }
}
