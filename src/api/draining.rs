//! What a server that is going down takes no more: whatever would begin.
//!
//! Refused with 503 and `Retry-After`: publishing, playing, new lives, invitations and their acceptance, battles. What is
//! under way goes on to its end: scores, leaving, ending, looking, event sockets, trickling.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::cases::Case;
use super::problem::Problem;
use super::refusals::BUSY_SECONDS;
use super::state::{ApiState, Stage};

/// As a handler's first argument: passes while the server takes new things.
pub(super) struct Open;

impl FromRequestParts<ApiState> for Open {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        if state.going.stage() == Stage::Up {
            return Ok(Self);
        }
        let detail = "the server is shutting down and begins nothing new; try again, another server may answer";
        Err(Problem::new(Case::Draining, detail).retry_after(BUSY_SECONDS))
    }
}
