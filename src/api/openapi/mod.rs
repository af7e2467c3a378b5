//! The OpenAPI 3.1 document at `/openapi.json`.
//!
//! It is derived, never written by hand: routes from the table that serves them ([`routing`]), parameters, bodies and answers
//! from the handlers' own argument and return types ([`handler`], [`takes`], [`answers`]), schemas from the types that
//! serde reads and writes ([`schemas`]), problems from the one table of cases ([`problems`]), events from the rules' own
//! type ([`events`]), as are the events that backends are sent ([`webhooks`]), examples from the schemas ([`examples`]). By hand are only words, and which rules may refuse what:
//! [`texts`]. `tests/api/contract.rs` holds every answer of every test against the document.

mod answers;
mod document;
mod events;
mod examples;
mod handler;
mod problems;
mod routing;
mod schemas;
mod segments;
mod sketch;
mod takes;
mod texts;
mod webhooks;

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

pub(super) use handler::{Answers, Takes};
pub(super) use routing::{Methods, Routes, get, patch, post, put};
pub(super) use sketch::{Sketch, Token};

/// The document, made once: routes and types do not change while a server runs.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let document = document::assemble(super::documented().into_operations());
    serde_json::to_string(&document).expect("a JSON value is JSON")
});

/// This document.
pub(super) struct Document;

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        // no-cache: keep it, but ask each time; a new binary then shows its new interface at once.
        let kept = HeaderValue::from_static("no-cache");
        ([(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, kept)], DOCUMENT.as_str()).into_response()
    }
}

/// `GET /openapi.json`.
pub(super) async fn served() -> Document {
    Document
}

#[cfg(test)]
mod tests;
