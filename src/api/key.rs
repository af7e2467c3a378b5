//! The `Idempotency-Key` header.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;

use super::cases::Case;
use super::problem::Problem;
use super::state::ApiState;
use crate::live::ScoreKey;

/// The header as it came. It is read after it is known that the caller may ask at all.
pub(super) struct IdempotencyKey(Vec<HeaderValue>);

impl FromRequestParts<ApiState> for IdempotencyKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all("idempotency-key").iter().cloned().collect()))
    }
}

impl IdempotencyKey {
    /// The key.
    ///
    /// # Errors
    /// 400 when it is missing, unfit, or there are several.
    pub(super) fn read(&self) -> Result<ScoreKey, Problem> {
        let bad = |detail: String| Problem::new(Case::BadRequest, detail);
        let value = match &self.0[..] {
            [value] => value,
            [] => {
                let said = "send an `Idempotency-Key` header, new for each change: it makes sending again safe";
                return Err(bad(said.to_owned()));
            }
            [_, ..] => return Err(bad("send `Idempotency-Key` once, not several of them".to_owned())),
        };
        let text =
            value.to_str().map_err(|_| bad("`Idempotency-Key` must have printable ASCII characters".to_owned()))?;
        ScoreKey::new(text).map_err(|fault| bad(format!("`Idempotency-Key` {fault}")))
    }
}
