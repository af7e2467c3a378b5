//! What the arguments of handlers read of a request, and what they may refuse.

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method};
use schemars::JsonSchema;
use serde_json::json;

use super::super::auth::Bearer;
use super::super::body::Strict;
use super::super::cases::Case;
use super::super::draining::Open;
use super::super::key::IdempotencyKey;
use super::super::may::{Acting, Looking, Present, Watching};
use super::super::query::{Segments, StrictQuery};
use super::super::state::ApiState;
use super::handler::Takes;
use super::sketch::{Sketch, Token};
use crate::live::ids::SCORE_KEY_BYTES_MAX;

/// What says nothing about an operation.
macro_rules! silent {
    ($($argument:ty)*) => {
        $(impl Takes for $argument {
            fn describe(_: &mut Sketch<'_>) {}
        })*
    };
}

silent! { State<ApiState> HeaderMap Method OriginalUri }

impl Takes for Open {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.may(&[Case::Draining]);
    }
}

impl Takes for Bearer {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.token(Token::Required);
        sketch.may(&[Case::Unauthorized, Case::TooManyRequests]);
    }
}

impl Takes for Option<Bearer> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.token(Token::Optional);
        sketch.may(&[Case::Unauthorized, Case::TooManyRequests]);
    }
}

impl Takes for Looking {
    fn describe(sketch: &mut Sketch<'_>) {
        Option::<Bearer>::describe(sketch);
    }
}

/// The live of the path, and a caller who may ask for it.
fn live(sketch: &mut Sketch<'_>) {
    Segments::<String>::describe(sketch);
    sketch.may(&[Case::BadRequest, Case::Forbidden, Case::LiveNotFound]);
}

impl Takes for Acting {
    fn describe(sketch: &mut Sketch<'_>) {
        Bearer::describe(sketch);
        live(sketch);
    }
}

impl Takes for Present {
    fn describe(sketch: &mut Sketch<'_>) {
        Bearer::describe(sketch);
        live(sketch);
    }
}

impl Takes for Watching {
    fn describe(sketch: &mut Sketch<'_>) {
        Option::<Bearer>::describe(sketch);
        live(sketch);
    }
}

impl<T> Takes for Segments<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        // Escapes that are not UTF-8.
        sketch.may(&[Case::RouteNotFound]);
    }
}

impl<T: JsonSchema> Takes for StrictQuery<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.query::<T>();
        sketch.may(&[Case::BadRequest]);
    }
}

impl<T: JsonSchema> Takes for Strict<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.json_body::<T>();
        sketch.may(&[Case::BadRequest, Case::RequestTimeout, Case::BodyTooLarge, Case::UnsupportedMediaType]);
    }
}

impl Takes for IdempotencyKey {
    fn describe(sketch: &mut Sketch<'_>) {
        let schema = json!({"type": "string", "minLength": 1, "maxLength": SCORE_KEY_BYTES_MAX, "pattern": "^[ -~]*$",
            "examples": ["gift-778"]});
        let description = "New for each change, within the battle. The same key with the same content gets the stored answer, \
            also after the end; with other content 422.";
        sketch.header("Idempotency-Key", true, &schema, description);
        sketch.may(&[Case::BadRequest, Case::KeyReused]);
    }
}

impl Takes for Result<WebSocketUpgrade, WebSocketUpgradeRejection> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.may(&[Case::UpgradeRequired]);
    }
}
