//! What a refused request is answered with: an RFC 9457 problem document.
//!
//! ```json
//! {"type":"urn:costage:live-not-found","title":"No such live","status":404,"code":100004,"detail":"…"}
//! ```
//! The cases and their numbers stand in [`super::cases`]; the detail is written where the request was refused,
//! because only there it is known what the caller has to change.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::cases::Case;

/// A refusal on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which row of the table.
    pub case: Case,
    /// What was wanted, what was found, what to change. For people; programs read `type` and `code`.
    pub detail: String,
    /// Seconds after which trying again makes sense (`Retry-After`).
    pub retry_after: Option<u32>,
    /// Methods that this address takes (`Allow`), with a 405.
    pub allow: Option<&'static str>,
}

/// The document's fields, RFC 9457 §3.1, and the product's numeric code beside them (§3.2).
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: u32,
    detail: &'a str,
}

impl Problem {
    /// A refusal of `case`; `detail` names the field and the fix.
    pub fn new(case: Case, detail: impl Into<String>) -> Self {
        Self { case, detail: detail.into(), retry_after: None, allow: None }
    }

    /// The same, with `Retry-After: seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same, with the methods that would have been right (RFC 9110 §15.5.6 wants them with a 405).
    #[must_use]
    pub fn allow(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    /// The HTTP status of its case.
    pub fn status(&self) -> StatusCode {
        self.case.row().status
    }

    /// Counts it as sent. Both labels come from the table of cases: as many series as it has rows.
    pub(super) fn count(&self) {
        let row = self.case.row();
        metrics::counter!("costage_refusals_total", "case" => row.slug, "code" => row.code.to_string()).increment(1);
    }

    /// The document as it is sent.
    pub(super) fn to_json(&self) -> String {
        let row = self.case.row();
        let document = Document {
            r#type: format!("urn:costage:{}", row.slug),
            title: row.title,
            status: row.status.as_u16(),
            code: row.code,
            detail: &self.detail,
        };
        serde_json::to_string(&document).expect("texts and numbers are JSON")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let row = self.case.row();
        self.count();
        let mut response = (row.status, self.to_json()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if row.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1: a 401 names the scheme.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"costage\""));
        }
        set(headers, header::RETRY_AFTER, self.retry_after.map(|seconds| seconds.to_string()));
        set(headers, header::ALLOW, self.allow.map(str::to_owned));
        response
    }
}

fn set(headers: &mut axum::http::HeaderMap, name: HeaderName, value: Option<String>) {
    if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
        headers.insert(name, value);
    }
}

/// Shortens and escapes what a caller sent, before it is repeated in a detail or a log line.
///
/// At most [`QUOTED_CHARS_MAX`] characters; control characters (line ends, terminal escapes) become `\u{…}`.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for (index, character) in text.chars().enumerate() {
        if index == QUOTED_CHARS_MAX {
            out.push('…');
            break;
        }
        out.extend(character.escape_debug());
    }
    out.push('"');
    out
}

/// A parser's complaint, which may repeat what the caller sent: bounded, control characters escaped.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(DETAIL_CHARS_MAX));
    for character in text.chars().take(DETAIL_CHARS_MAX) {
        if character.is_control() { out.extend(character.escape_default()) } else { out.push(character) }
    }
    out
}

/// Characters of a parser's complaint that are passed on.
const DETAIL_CHARS_MAX: usize = 300;

/// Characters of a caller's text that a detail repeats. Longer than the longest id (48), short enough for a log line.
const QUOTED_CHARS_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn problem_carries_type_code_and_detail() {
        let response = Problem::new(Case::LiveNotFound, "live \"x\" is not here").into_response();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({"type": "urn:costage:live-not-found", "title": "No such live", "status": 404,
                "code": 100_004, "detail": "live \"x\" is not here"})
        );
    }

    #[test]
    fn unauthorized_names_the_scheme_and_draining_says_when_to_return() {
        let unauthorized = Problem::new(Case::Unauthorized, "no token").into_response();
        assert_eq!(unauthorized.headers()[header::WWW_AUTHENTICATE], "Bearer realm=\"costage\"");
        let draining = Problem::new(Case::Draining, "going").retry_after(7).into_response();
        assert_eq!(draining.headers()[header::RETRY_AFTER], "7");
    }

    #[test]
    fn quoted_text_cannot_break_a_line_or_grow_without_bound() {
        assert_eq!(quoted("a\r\n\u{1b}[31m"), "\"a\\r\\n\\u{1b}[31m\"");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), QUOTED_CHARS_MAX + 3);
    }
}
