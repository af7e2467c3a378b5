//! The sessions: trickle ICE, restarts, the end.

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::super::answers::Done;
use super::super::auth::{Bearer, Owner, address};
use super::super::body;
use super::super::cases::Case;
use super::super::problem::Problem;
use super::super::state::ApiState;
use super::described::{Accepts, Closed, Fragment, Patched};
use crate::engine::Trickled;

/// What a PATCH carries, RFC 8840 §9.
pub(super) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// The secret of a session that the caller may change.
pub(super) struct Mine(String);

impl FromRequestParts<ApiState> for Mine {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let known = Known::from_request_parts(parts, state).await?;
        let bearer = <Bearer as OptionalFromRequestParts<ApiState>>::from_request_parts(parts, state).await?;
        known.owner.admits(bearer.as_ref().map(|bearer| &bearer.principal))?;
        Ok(Self(known.secret))
    }
}

/// A session that is there; guessing is counted.
pub(super) struct Known {
    secret: String,
    owner: Owner,
}

impl FromRequestParts<ApiState> for Known {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let unknown = || {
            let detail = "no such session: it has ended (DELETE, timeout, takeover) or never was";
            Problem::new(Case::SessionNotFound, detail)
        };
        let secret = <Path<String> as FromRequestParts<ApiState>>::from_request_parts(parts, state)
            .await
            .map_err(|_| unknown())?
            .0;
        match state.signalling.owner(&secret) {
            Some(owner) => Ok(Self { secret, owner: Owner::from_text(&owner) }),
            None => Err(state.attempts.failed(state.clock.now(), address(parts), unknown())),
        }
    }
}

pub(super) async fn trickle(
    State(state): State<ApiState>,
    Mine(secret): Mine,
    Fragment(request): Fragment,
) -> Result<Patched, Problem> {
    let if_match = request.headers().get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default().to_owned());
    let fragment = body::text(request, FRAGMENT, Case::MalformedFragment).await?;
    match state.signalling.trickle(state.clock.now(), &secret, if_match.as_deref(), &fragment)? {
        // RFC 9725 §4.3.2: no body and no ETag.
        Trickled::Accepted => Ok(Patched(StatusCode::NO_CONTENT.into_response())),
        Trickled::Restarted { etag, fragment } => {
            let headers = [(header::CONTENT_TYPE, FRAGMENT.to_owned()), (header::ETAG, etag)];
            Ok(Patched((StatusCode::OK, headers, fragment).into_response()))
        }
    }
}

/// 200, not 204: OBS logs a warning for the latter. If-Match is ignored (RFC 9725 §4.3).
pub(super) async fn close(State(state): State<ApiState>, Mine(secret): Mine) -> Result<Closed, Problem> {
    match state.signalling.close(state.clock.now(), &secret) {
        Ok(()) => Ok(Closed),
        Err(unknown) => Err(Problem::new(Case::SessionNotFound, unknown.to_string())),
    }
}

/// GET: 2xx without content, RFC 9725 §4.
pub(super) async fn look(_: Known) -> Done {
    Done
}

pub(super) async fn options() -> Accepts<true> {
    Accepts { allow: ALLOWED }
}

/// POST and PUT of a session.
pub(super) async fn other_method() -> Problem {
    Problem::new(Case::MethodNotAllowed, "PATCH trickles or restarts ICE, DELETE ends the session").allow(ALLOWED)
}

const ALLOWED: &str = "PATCH, DELETE, GET, HEAD, OPTIONS";
