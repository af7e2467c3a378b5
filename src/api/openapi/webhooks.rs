//! What is posted to backends: the other direction of the interface.

use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::live::CallbackKind;
use crate::live::answer::{BattleInfo, Connected, LiveInfo};
use crate::live::callback::{BODY_BYTES_MAX, BattleOver, HostNews, LeftNews, LiveOver, SeatsNews};

/// The section `webhooks` of the document. Before the components are taken.
pub(super) fn section(schemas: &mut Schemas) -> Value {
    let all = CallbackKind::ALL.into_iter().map(|kind| (kind.word().to_owned(), post(kind, schemas)));
    Value::Object(all.collect::<Map<_, _>>())
}

fn post(kind: CallbackKind, schemas: &mut Schemas) -> Value {
    let (summary, data) = match kind {
        CallbackKind::LiveCreated => ("A live was created", schemas.output::<LiveInfo>()),
        CallbackKind::LiveEnded => ("A live ended; also stands for host.offline", schemas.output::<LiveOver>()),
        CallbackKind::HostOnline => ("The media of a live's host came, or came back", schemas.output::<HostNews>()),
        CallbackKind::HostOffline => ("The media of a live's host was lost", schemas.output::<HostNews>()),
        CallbackKind::CoHostConnected => ("A connection was made or grew", schemas.output::<Connected>()),
        CallbackKind::CoHostLeft => ("A live left its connection", schemas.output::<LeftNews>()),
        CallbackKind::BattleCreated => ("A battle waits for answers", schemas.output::<BattleInfo>()),
        CallbackKind::BattleStarted => ("A battle started", schemas.output::<BattleInfo>()),
        CallbackKind::BattleEnded => ("A battle was decided, or will never start", schemas.output::<BattleOver>()),
        CallbackKind::SeatChanged => ("Seats of a live changed", schemas.output::<SeatsNews>()),
    };
    let description = format!(
        "Posted to each endpoint of `[[webhooks]]` that wants it, signed as Standard Webhooks 1.0.0 says, in order, until \
         any 2xx answers it. It may come twice, with the same webhook-id. A body has at most {BODY_BYTES_MAX} bytes: long \
         texts that are not there for that are named in `data.omitted`."
    );
    json!({"post": {
        "operationId": format!("webhook.{}", kind.word()),
        "summary": summary,
        "description": description,
        "security": [],
        "parameters": headers(),
        "requestBody": {"required": true, "content": {"application/json": {"schema": {
            "type": "object",
            "properties": {
                "type": {"const": kind.word()},
                "timestamp": {"type": "string", "format": "date-time", "description": "When it happened.",
                    "examples": ["2026-09-21T14:13:20.000Z"]},
                "data": data,
            },
            "required": ["type", "timestamp", "data"],
        }}}},
        "responses": {"2XX": {"description": "Taken. Anything else, or nothing within 15 s: it is sent again."}},
    }})
}

fn headers() -> Value {
    let header = |name: &str, example: &str, about: &str| {
        json!({"name": name, "in": "header", "required": true, "description": about,
            "schema": {"type": "string", "examples": [example]}})
    };
    json!([
        header(
            "webhook-id",
            "msg_0123456789abcdef0123456789abcdef",
            "Id of the event: the same however often it is sent."
        ),
        header("webhook-timestamp", "1790000000", "When this attempt is made, seconds since 1970 UTC."),
        header(
            "webhook-signature",
            "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
            "For each configured secret one signature of `id.timestamp.body`, with blanks between: `v1,` HMAC-SHA-256 or \
             `v1a,` Ed25519, in base64."
        ),
    ])
}
