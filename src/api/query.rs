//! Query strings and path segments, refused with a problem document.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::cases::Case;
use super::problem::{Problem, escaped};
use super::state::ApiState;

/// A query whose type refuses unknown keys.
pub(super) struct StrictQuery<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<ApiState> for StrictQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let said = in_query_words(&rejection.body_text());
                Err(Problem::new(Case::BadRequest, format!("the query does not fit: {}", escaped(&said))))
            }
        }
    }
}

/// The parser's words without its own name, and with what to write instead of what is no number.
fn in_query_words(said: &str) -> String {
    let said = said.trim_start_matches("Failed to deserialize query string: ");
    let unparsed = [
        "invalid digit found in string",
        "cannot parse integer from empty string",
        "number too large to fit in target type",
    ];
    unparsed
        .iter()
        .fold(said.to_owned(), |said, words| said.replace(words, "wanted a whole number within the bounds of /docs"))
}

/// The variable segments of a path. Percent-escapes that are not UTF-8 name nothing here: 404.
pub(super) struct Segments<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<ApiState> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        match <Path<T> as FromRequestParts<ApiState>>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::new(Case::RouteNotFound, "the path has escapes that are not UTF-8")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_no_number_is_told_what_to_write() {
        for wrong in ["invalid digit found in string", "cannot parse integer from empty string"] {
            let said = in_query_words(&format!("Failed to deserialize query string: count: {wrong}"));
            assert_eq!(said, "count: wanted a whole number within the bounds of /docs");
        }
    }
}
