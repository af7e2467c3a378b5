//! The whole document, put together.

use serde_json::{Map, Value, json};

use super::super::cases::Case;
use super::events;
use super::examples::example;
use super::problems;
use super::routing::Operation;
use super::schemas::{Schemas, name_in};
use super::segments;
use super::sketch::{Sketch, Token};
use super::texts::{self, Text};
use super::webhooks;

/// What all of it is about.
const ABOUT: &str = "Real-time media mixing for live streaming: lives, seats, co-hosting and battles. JSON in camelCase; ids \
    are strings; points in time are milliseconds since 1970 UTC and are named …Time; durations are seconds and are named \
    …Seconds; pictures are measured in canvas pixels. Every refusal is a problem document (RFC 9457) with the product's \
    numeric `code` and a stable `type`; a refused command has changed nothing. Request bodies have at most 64 KiB and \
    no fields but those named here.";

const TOKENS: &str = "A JWT, signed with HS256 or EdDSA by a configured key: `sub` user, `name`, `role` admin | host | guest | \
    audience, `live` the liveId or *, `exp` required. Hosts act for their own live; admin (the business backend) for any, and \
    alone changes scores.";

/// The document of these operations.
pub(super) fn assemble(operations: Vec<Operation>) -> Value {
    let mut schemas = Schemas::new();
    let mut components = problems::components();
    events::kinds_into(&mut schemas, &mut components);
    let mut paths = Map::new();
    for operation in operations {
        let (path, parameters) = segments::of(&operation.path, &mut schemas);
        let described = describe(&operation, parameters, &mut schemas);
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[operation.method.as_str().to_ascii_lowercase()] = described;
    }
    let webhooks = webhooks::section(&mut schemas);
    components.extend(schemas.into_components());
    events::forget_inside(&mut components);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {"title": "costage", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}},
        "servers": [{"url": "/", "description": "The server that answers this."}],
        "tags": texts::TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect::<Vec<_>>(),
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": TOKENS},
                "query": {"type": "apiKey", "in": "query", "name": "token",
                    "description": "The same token in the address, for clients that cannot set headers."},
            },
        },
    });
    add_examples(&mut document);
    add_messages(&mut document);
    plain(&mut document);
    document
}

fn describe(operation: &Operation, parameters: Vec<Value>, schemas: &mut Schemas) -> Value {
    let mut sketch = Sketch::new(operation.method.as_str(), schemas);
    (operation.describe)(&mut sketch);
    // A connection too many is told so, whatever it asks.
    sketch.may(&[Case::Overloaded]);
    let text = texts::of(operation.method.as_str(), &operation.path);
    sketch.may(text.map_or(&[], |text| text.refusals));
    let mut answers: Map<String, Value> = Map::new();
    answers.extend(sketch.answers.iter().map(|(status, answer)| (status.to_string(), answer.clone())));
    let refused = problems::answers(sketch.cases.iter().copied());
    answers.extend(refused.into_iter().map(|(status, answer)| (status.to_string(), answer)));
    let parameters = [parameters, std::mem::take(&mut sketch.parameters)].concat();
    let mut described = json!({"parameters": parameters, "responses": answers});
    if let Some(Text { id, tag, summary, description, .. }) = text {
        described["operationId"] = json!(id);
        described["tags"] = json!([tag]);
        described["summary"] = json!(summary);
        if !description.is_empty() {
            described["description"] = json!(description);
        }
    }
    if let Some(body) = sketch.body {
        described["requestBody"] = body;
    }
    described["security"] = match sketch.token {
        Token::None => json!([]),
        Token::Optional => json!([{}, {"bearer": []}, {"query": []}]),
        Token::Required => json!([{"bearer": []}, {"query": []}]),
    };
    for (name, value) in sketch.extensions {
        described[name] = value;
    }
    described
}

/// An example beside each schema of a body.
fn add_examples(document: &mut Value) {
    let components = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    each_object(document, &mut |object| {
        let Some(Value::Object(content)) = object.get_mut("content") else { return };
        // Those of problems stand in their schemas.
        for (_, media) in content.iter_mut().filter(|(media_type, _)| *media_type != "application/problem+json") {
            media["example"] = example(&media["schema"], &components);
        }
    });
}

/// The same for the messages, whose schemas are among the components.
fn add_messages(document: &mut Value) {
    let components = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let messages = components[events::MESSAGE]["oneOf"].as_array().into_iter().flatten();
    for name in messages.filter_map(name_in) {
        let given = example(&components[name], &components);
        document["components"]["schemas"][name]["examples"] = json!([given]);
    }
}

/// Descriptions come from doc comments: on one line, and without rustdoc's links.
fn plain(document: &mut Value) {
    each_object(document, &mut |object| {
        if let Some(Value::String(text)) = object.get_mut("description") {
            let lines: Vec<String> =
                text.split("\n\n").map(|part| part.split('\n').collect::<Vec<_>>().join(" ")).collect();
            *text = lines.join("\n\n").replace("[`", "`").replace("`]", "`");
        }
    });
}

fn each_object(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|inside| each_object(inside, change));
        }
        Value::Array(list) => list.iter_mut().for_each(|inside| each_object(inside, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
