//! `GET /v1/time` and `GET /healthz`.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::cases::Case;
use super::problem::Problem;
use super::refusals::BUSY_SECONDS;
use super::state::{ApiState, Stage};

/// The server's time, on the line that battles and events count by: a system clock that is set later does not move it.
pub(super) async fn time(State(state): State<ApiState>) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({"serverTime": state.control.server_time().0}))).into_response()
}

/// Ready for new sessions or not. 503 from the first moment of a shutdown, so that a balancer looks elsewhere.
pub(super) async fn health(State(state): State<ApiState>) -> Result<Response, Problem> {
    if state.going.stage() != Stage::Up {
        return Err(Problem::new(Case::Draining, "the server is shutting down").retry_after(BUSY_SECONDS));
    }
    let body = Json(json!({"status": "ok", "version": state.settings.version}));
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}
