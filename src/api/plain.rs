//! `GET /v1/time` and `GET /healthz`.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::answers::Fresh;
use super::cases::Case;
use super::problem::Problem;
use super::refusals::BUSY_SECONDS;
use super::state::{ApiState, Stage};
use crate::live::WallMs;

/// The server's time.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Time {
    /// Now, on the line that battles and events count by.
    server_time: WallMs,
}

/// A server that is ready.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    /// Always "ok"; a server that is not answers 503.
    #[schemars(extend("const" = "ok"))]
    status: &'static str,
    /// Version and capabilities of the build.
    #[schemars(example = &"0.1.0")]
    version: String,
}

/// A system clock that is set later does not move this time.
pub(super) async fn time(State(state): State<ApiState>) -> Fresh<Time> {
    Fresh(Time { server_time: state.control.server_time() })
}

/// Ready for new sessions or not. 503 from the first moment of a shutdown, so that a balancer looks elsewhere.
pub(super) async fn health(State(state): State<ApiState>) -> Result<Fresh<Health>, Problem> {
    if state.going.stage() != Stage::Up {
        return Err(Problem::new(Case::Draining, "the server is shutting down").retry_after(BUSY_SECONDS));
    }
    Ok(Fresh(Health { status: "ok", version: state.settings.version.clone() }))
}
