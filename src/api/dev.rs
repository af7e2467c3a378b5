//! `GET /demo/tokens.json?live=`: tokens for the pages of a server in dev mode, so that they work with zero configuration.
//!
//! Whoever reaches this route may do everything. It exists in dev mode only (HTTP on loopback), sends no CORS headers, so
//! that no other site's page can read it, and refuses host names other than `localhost` and literal addresses, so that a
//! name rebound to 127.0.0.1 cannot either.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::ask::ask;
use super::auth::{Claims, Role};
use super::cases::Case;
use super::ids::live_id;
use super::problem::Problem;
use super::query::StrictQuery;
use super::state::ApiState;
use crate::live::{Answer, Command};

/// How long development tokens last, seconds: a working day.
pub const DEV_TOKEN_SECONDS: u64 = 12 * 3600;

/// Passes requests to a server in dev mode that a browser addressed as this machine.
pub(super) struct DevOnly;

impl FromRequestParts<ApiState> for DevOnly {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        if state.settings.dev && names_this_machine(&parts.headers) {
            return Ok(Self);
        }
        Err(Problem::new(
            Case::RouteNotFound,
            "this route is served in dev mode only, at localhost or a literal address",
        ))
    }
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return true };
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

/// `?live=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    live: String,
}

#[derive(Serialize)]
struct Tokens {
    host: String,
    admin: String,
}

/// A host's token for the live's owner (for a new live: a user of the same name) and an admin's.
pub(super) async fn tokens(
    _: DevOnly,
    State(state): State<ApiState>,
    StrictQuery(wanted): StrictQuery<Wanted>,
) -> Result<Response, Problem> {
    let live = live_id("live", &wanted.live)?;
    let (sub, name) = match ask(&state, Command::FindLive(live.clone())).await {
        Ok(Answer::Live(info)) => (info.live.owner.user_id.as_str().to_owned(), info.live.owner.user_name),
        Ok(_) | Err(_) => (live.as_str().to_owned(), live.as_str().to_owned()),
    };
    let exp = state.clock.wall_ms() / 1000 + DEV_TOKEN_SECONDS;
    let name = Some(name).filter(|name| !name.is_empty());
    let host = Claims { sub, name, role: Role::Host, live: live.as_str().to_owned(), exp, nbf: None, aud: None };
    let admin = Claims { sub: "admin".into(), name: None, role: Role::Admin, live: "*".into(), ..host.clone() };
    let mint = |claims: &Claims| {
        state.keys.mint(claims).map_err(|refused| Problem::new(Case::RouteNotFound, refused.to_string()))
    };
    let tokens = Tokens { host: mint(&host)?, admin: mint(&admin)? };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(tokens)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn rebound_names_are_not_this_machine() {
        let with = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            names_this_machine(&headers)
        };
        for host in ["localhost:8080", "127.0.0.1", "[::1]:8080", "192.0.2.7:80", "LOCALHOST"] {
            assert!(with(host), "{host}");
        }
        for host in ["evil.example:8080", "localhost.evil.example", ""] {
            assert!(!with(host), "{host}");
        }
    }
}
