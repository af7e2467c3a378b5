//! The variable segments of paths: what routes call them, and what the document does.

use serde_json::{Value, json};

use super::schemas::Schemas;
use crate::live::{BattleId, LiveId, UserId};

/// The path as the document writes it, and its parameters.
pub(super) fn of(path: &str, schemas: &mut Schemas) -> (String, Vec<Value>) {
    let mut parameters = Vec::new();
    let parts = path.split('/').map(|part| {
        let Some(segment) = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return part.to_owned();
        };
        let (name, schema, description) = about(segment, path, schemas);
        parameters
            .push(json!({"name": name, "in": "path", "required": true, "schema": schema, "description": description}));
        format!("{{{name}}}")
    });
    (parts.collect::<Vec<_>>().join("/"), parameters)
}

fn about<'a>(segment: &'a str, path: &str, schemas: &mut Schemas) -> (&'a str, Value, &'static str) {
    match segment {
        "live" => ("liveId", schemas.input::<LiveId>(), "Which live."),
        "other" if path.ends_with("/cancel") => ("toLiveId", schemas.input::<LiveId>(), "The live that was invited."),
        "other" => ("fromLiveId", schemas.input::<LiveId>(), "The live that invites."),
        "user" => ("userId", schemas.input::<UserId>(), "Which user."),
        "battle" => ("battleId", schemas.input::<BattleId>(), "Which battle."),
        "index" => {
            let index = json!({"type": "integer", "minimum": 0, "maximum": 49, "examples": [1]});
            ("index", index, "The seat's number; the owner sits on 0.")
        }
        "secret" => {
            let secret = json!({"type": "string", "examples": ["mYrQ0p3rJw1cJ8nq9sUe6g"]});
            ("secret", secret, "As the Location of the answer to the offer names it.")
        }
        other => (other, json!({"type": "string"}), ""),
    }
}
