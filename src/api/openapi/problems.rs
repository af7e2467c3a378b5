//! Refusals in the document: one schema a case, one answer a status.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::cases::{Case, Row};
use super::schemas::reference;

/// What all problem documents have in common.
const GENERAL: &str = "Problem";

/// The schemas: the general one and one a case.
pub(super) fn components() -> Map<String, Value> {
    let general = json!({
        "type": "object",
        "description": "A refusal (RFC 9457). Nothing has changed. Programs read `type` or `code`; `detail` is for people.",
        "properties": {
            "type": {"type": "string", "description": "Stable name of the case.", "examples": ["urn:costage:live-not-found"]},
            "title": {"type": "string", "description": "The same for every occurrence of the case.", "examples": ["No such live"]},
            "status": {"type": "integer", "description": "The HTTP status.", "minimum": 400, "maximum": 599, "examples": [404]},
            "code": {"type": "integer", "description": "The product's numeric code; 900000 + status where it has none.", "examples": [100_004]},
            "detail": {"type": "string", "description": "What was wanted, what was found, and what to change.", "examples": ["live x does not exist"]},
        },
        "required": ["type", "title", "status", "code", "detail"],
    });
    let each = Case::ALL.iter().map(|case| (name(*case), schema(case.row())));
    std::iter::once((GENERAL.to_owned(), general)).chain(each).collect()
}

fn name(case: Case) -> String {
    format!("{case:?}{GENERAL}")
}

fn schema(row: Row) -> Value {
    let kind = format!("urn:costage:{}", row.slug);
    json!({
        "type": "object",
        "description": format!("{} ({}).", row.title, row.code),
        "properties": {
            "type": {"const": kind},
            "title": {"const": row.title},
            "status": {"const": row.status.as_u16()},
            "code": {"const": row.code},
            "detail": {"type": "string", "description": "What was wanted, what was found, and what to change."},
        },
        "required": ["type", "title", "status", "code", "detail"],
        "examples": [{"type": kind, "title": row.title, "status": row.status.as_u16(), "code": row.code,
            "detail": "what was wanted, what was found, what to change"}],
    })
}

/// The answers of an operation that may be refused so, by status.
pub(super) fn answers(cases: impl IntoIterator<Item = Case>) -> BTreeMap<u16, Value> {
    let mut by_status: BTreeMap<u16, Vec<Case>> = BTreeMap::new();
    for case in cases {
        by_status.entry(case.row().status.as_u16()).or_default().push(case);
    }
    by_status.into_iter().map(|(status, cases)| (status, answer(status, &cases))).collect()
}

fn answer(status: u16, cases: &[Case]) -> Value {
    let lines = cases.iter().map(|case| format!("`{}` ({}): {}.", case.row().slug, case.row().code, case.row().title));
    let schemas: Vec<Value> = cases.iter().map(|case| reference(&name(*case))).collect();
    let schema = match schemas.as_slice() {
        [one] => one.clone(),
        several => json!({"oneOf": several}),
    };
    let mut answer = json!({
        "description": lines.collect::<Vec<_>>().join("\n\n"),
        "content": {"application/problem+json": {"schema": schema}},
    });
    for (name, required, description, example) in headers(status, cases) {
        answer["headers"][name] = json!({"description": description, "required": required,
            "schema": {"type": "string"}, "example": example});
    }
    answer
}

/// Name, whether it is always there, what it says, an example.
fn headers(status: u16, cases: &[Case]) -> Vec<(&'static str, bool, &'static str, &'static str)> {
    let later = "Seconds after which trying again makes sense.";
    match status {
        401 => vec![("WWW-Authenticate", true, "The scheme of tokens.", "Bearer realm=\"costage\"")],
        429 | 503 => vec![("Retry-After", true, later, "2")],
        409 if cases.contains(&Case::NotLive) => vec![("Retry-After", false, later, "2")],
        _ => Vec::new(),
    }
}
