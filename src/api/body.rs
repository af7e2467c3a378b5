//! Reading bodies: strict JSON, SDP, and their caps.
//!
//! Every refusal is a problem document: 408 for what does not arrive in time, 413 above the cap, 415 for another `Content-Type`, 400 for what does not parse.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use tokio::time::timeout;

use super::cases::Case;
use super::object::Object;
use super::problem::{Problem, escaped, quoted};
use super::state::ApiState;

/// A JSON body of at most [`BODY_BYTES_MAX`], whose type refuses unknown fields. An empty body counts as `{}`, so that
/// commands without fields may be sent without a body.
pub(super) struct Strict<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<ApiState> for Strict<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &ApiState) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request.into_body(), &headers).await?;
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        must_be(&headers, "application/json")?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| misfit(&error.path().to_string(), &error.into_inner()))?;
    json.end().map_err(|error| misfit("", &error))?;
    Ok(value)
}

/// What is wrong with a body. serde's texts end with line and column, and repeat what the caller sent: escaped, so that a
/// log line stays one line.
fn misfit(path: &str, error: &serde_json::Error) -> Problem {
    let said = in_json_words(error.to_string());
    // Where the parser stops inside a field, or at its name, the path has a `?` for what it does not know.
    let field = path.split('?').next().unwrap_or_default().trim_end_matches('.');
    let detail = match error.classify() {
        Category::Eof => {
            format!("the JSON body ends early ({}): send all of it, each quote and bracket closed", escaped(&said))
        }
        Category::Syntax | Category::Io if field.is_empty() => {
            format!("the body is not JSON ({}): mend it there", escaped(&said))
        }
        // The parser calls a list in the place of a word a fault of syntax too.
        Category::Syntax | Category::Io => {
            format!("{} is not JSON, or not of the kind that belongs there", escaped(&format!("`{field}`: {said}")))
        }
        Category::Data if field.is_empty() => format!("the JSON body does not fit: {}", escaped(&said)),
        Category::Data => format!("the JSON body does not fit: {}", escaped(&format!("`{field}`: {said}"))),
    };
    Problem::new(Case::BadRequest, detail)
}

/// Callers know JSON's types, not Rust's.
fn in_json_words(said: String) -> String {
    const NUMBERS: [(&str, &str); 7] = [
        ("u8", "a whole number of at least 0"),
        ("u16", "a whole number of at least 0"),
        ("u32", "a whole number of at least 0"),
        ("u64", "a whole number of at least 0"),
        ("usize", "a whole number of at least 0"),
        ("i32", "a whole number"),
        // Whatever is counted so, scores first of all.
        ("i64", "a whole number of at most 2^53 - 1"),
    ];
    let named = |said: String, (number, words): &(&str, &str)| {
        said.replace(&format!("expected {number} at"), &format!("expected {words} at"))
    };
    NUMBERS.iter().fold(said, named)
}

/// A body that is text of `media_type`.
///
/// # Errors
/// 413, 415; 400-ish for text that is not UTF-8, as `malformed`.
pub(super) async fn text(request: Request, media_type: &str, malformed: Case) -> Result<String, Problem> {
    let headers = request.headers().clone();
    must_be(&headers, media_type)?;
    let bytes = read(request.into_body(), &headers).await?;
    String::from_utf8(bytes.into()).map_err(|_| Problem::new(malformed, format!("the {media_type} body is not UTF-8")))
}

/// Refuses another media type; parameters (`; charset=utf-8`) and letter case do not matter (RFC 9110 §8.3.1).
pub(super) fn must_be(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let found = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let essence = found.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let found = found.map_or_else(|| "none".to_owned(), |found| quoted(&found));
    Err(Problem::new(Case::UnsupportedMediaType, format!("send `Content-Type: {wanted}`; found {found}")))
}

/// How large a body may be, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cap {
    pub(super) bytes: usize,
    pub(super) within: Duration,
}

async fn read(body: Body, headers: &HeaderMap) -> Result<Bytes, Problem> {
    read_at_most(body, headers, Cap { bytes: BODY_BYTES_MAX, within: ARRIVAL_MAX }).await
}

/// The whole body.
///
/// # Errors
/// 408, 413.
pub(super) async fn read_at_most(body: Body, headers: &HeaderMap, cap: Cap) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Case::BodyTooLarge, format!("this body may have at most {} bytes", cap.bytes));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > cap.bytes as u64) {
        // Read and thrown away, within reason: a client whose connection breaks while it still sends never sees why.
        drop(timeout(cap.within, axum::body::to_bytes(body, cap.bytes.max(THROWN_AWAY_BYTES_MAX))).await);
        return Err(too_large());
    }
    match timeout(cap.within, axum::body::to_bytes(body, cap.bytes)).await {
        Ok(read) => read.map_err(|_| too_large()),
        Err(_) => {
            let detail = format!("this body must have arrived after {} seconds", cap.within.as_secs());
            Err(Problem::new(Case::RequestTimeout, detail))
        }
    }
}

/// Longest wait for a whole body; the largest takes half a second at 1 Mbit/s.
const ARRIVAL_MAX: Duration = Duration::from_secs(10);

/// Of a body that is too large, bytes that are read all the same so that the refusal arrives.
const THROWN_AWAY_BYTES_MAX: usize = 1 << 20;

/// Largest body, bytes. A browser's offer with all its codecs has about 8 kB; the largest JSON (metaData) 21 kB.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only parsed")]
    struct One {
        one: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only parsed")]
    struct Many {
        many: Vec<Object<One>>,
    }

    #[test]
    fn a_list_is_not_read_as_an_object() {
        for list in ["[1]", "[]", r#"{"many":[[1]]}"#, r#"{"many":[1]}"#, r#"[[{"one":1}]]"#] {
            assert!(parse::<Many>(list.as_bytes()).is_err(), "{list}");
        }
        assert_eq!(parse::<One>(b"[1]").unwrap_err().status(), 400);
        assert!(parse::<One>(b"{\"one\":1}").is_ok());
    }

    #[test]
    fn unknown_field_is_refused_by_name() {
        let problem = parse::<One>(br#"{"one":1,"two":2}"#).unwrap_err();
        assert_eq!(problem.status(), 400);
        assert!(problem.detail.contains("unknown field `two`"), "{}", problem.detail);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused_with_its_field() {
        let problem = parse::<Many>(br#"{"many":[{"one":1},{"one":"x"}]}"#).unwrap_err();
        assert!(problem.detail.contains("`many[1].one`: invalid type"), "{}", problem.detail);
        assert!(problem.detail.contains("expected a whole number of at least 0 at line 1"), "{}", problem.detail);
        assert!(parse::<One>(br#"{"one":1} {}"#).is_err(), "a second value is not ignored");
    }

    #[test]
    fn a_body_that_is_cut_or_no_json_is_refused_with_line_and_column_and_no_made_up_field() {
        for (body, wanted) in [
            ("{\"one\":", "ends early (EOF while parsing a value at line 1 column 7)"),
            ("{\"one\":1", "ends early (EOF while parsing an object at line 1 column 8)"),
            ("{\"on", "ends early (EOF while parsing a string at line 1 column 4)"),
            ("\n{", "ends early (EOF while parsing an object at line 2 column 1)"),
            ("{\"one\" 1}", "is not JSON (expected `:` at line 1 column 8)"),
            ("one", "is not JSON (expected value at line 1 column 1)"),
            ("{\"one\":1,}", "is not JSON (trailing comma at line 1 column 10)"),
            ("{\"one\":x}", "`one`: expected value at line 1 column 8 is not JSON, or not of the kind"),
        ] {
            let problem = parse::<One>(body.as_bytes()).unwrap_err();
            assert!(problem.status() == 400 && problem.detail.contains(wanted), "{body}: {}", problem.detail);
            assert!(!problem.detail.contains("`?`"), "{}", problem.detail);
        }
    }

    #[test]
    fn complaint_stays_on_one_line() {
        let problem = parse::<One>(b"{\"o\\nne\\u001b\":1}").unwrap_err();
        assert!(!problem.detail.chars().any(char::is_control), "{:?}", problem.detail);
        let problem = parse::<One>(format!("{{\"{}\":1}}", "x".repeat(9000)).as_bytes()).unwrap_err();
        assert!(problem.detail.len() < 400);
    }

    #[test]
    fn media_type_is_compared_without_parameters_and_case() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            must_be(&headers, "application/sdp").map_err(|problem| problem.status().as_u16())
        };
        assert_eq!(with("Application/SDP; charset=utf-8"), Ok(()));
        assert_eq!(with("application/json"), Err(415));
        assert_eq!(with(""), Err(415));
        assert_eq!(must_be(&HeaderMap::new(), "application/sdp").unwrap_err().status(), 415);
    }
}
