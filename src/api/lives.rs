//! `/v1/lives`: create, list, get, end.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::ask::{asked, done};
use super::auth::Bearer;
use super::body::Strict;
use super::cases::Case;
use super::draining::Open;
use super::may::{Acting, Looking, Watching};
use super::problem::Problem;
use super::query::StrictQuery;
use super::state::ApiState;
use crate::live::Command;
use crate::live::answer::LiveInfo;
use crate::live::command::LiveEndReason;

/// A live to create, as the caller writes it. Limits are the rules' business (`live`), shapes this one's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateLive {
    pub(super) live_id: String,
    pub(super) live_name: Option<String>,
    pub(super) owner: Option<OwnerIn>,
    pub(super) notice: Option<String>,
    pub(super) is_public_visible: Option<bool>,
    pub(super) is_seat_enabled: Option<bool>,
    pub(super) keep_owner_on_seat: Option<bool>,
    pub(super) max_seat_count: Option<u64>,
    pub(super) seat_mode: Option<SeatModeIn>,
    pub(super) seat_template: Option<String>,
    pub(super) cover_url: Option<String>,
    pub(super) background_url: Option<String>,
    pub(super) category_list: Option<Vec<String>>,
    pub(super) activity_status: Option<i64>,
    pub(super) meta_data: Option<BTreeMap<String, String>>,
    pub(super) overlays: Option<OverlaysIn>,
}

/// Who owns the live. Absent: the token's user.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OwnerIn {
    pub(super) user_id: String,
    pub(super) user_name: Option<String>,
    pub(super) avatar_url: Option<String>,
}

/// How seats are taken.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum SeatModeIn {
    Free,
    Apply,
}

/// Which overlays the server draws; absent ones stay on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OverlaysIn {
    pub(super) names: Option<bool>,
    pub(super) battle: Option<bool>,
    pub(super) container: Option<bool>,
}

/// `?cursor=&count=`, and the token's place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default)]
    pub(super) cursor: String,
    pub(super) count: Option<u64>,
    #[serde(default, rename = "token")]
    _token: Option<String>,
}

/// A live with the addresses of its media.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveOut {
    #[serde(flatten)]
    live: LiveInfo,
    whip_url: String,
    whep_url: String,
}

impl From<LiveInfo> for LiveOut {
    fn from(live: LiveInfo) -> Self {
        // Every character that an id may have stands in a path as it is (RFC 3986 §3.3).
        let id = &live.live.live_id;
        let (whip_url, whep_url) = (format!("/whip/{id}"), format!("/whep/{id}"));
        Self { live, whip_url, whep_url }
    }
}

#[derive(Serialize)]
pub(super) struct PageOut {
    lives: Vec<LiveOut>,
    cursor: String,
}

pub(super) async fn create(
    _: Open,
    State(state): State<ApiState>,
    bearer: Bearer,
    Strict(body): Strict<CreateLive>,
) -> Result<Response, Problem> {
    let new = body.into_command(&bearer.principal)?;
    bearer.principal.may_host(&new.live_id)?;
    if !bearer.principal.is_admin() && new.owner.user_id != bearer.principal.user {
        let detail = "`owner.userId` must be the token's user; only an admin creates lives for others";
        return Err(Problem::new(Case::Forbidden, detail));
    }
    let live = asked!(state, Command::CreateLive(Box::new(new)) => Live);
    let location = format!("/v1/lives/{}", live.live.live_id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(LiveOut::from(*live))).into_response())
}

pub(super) async fn list(
    _: Looking,
    State(state): State<ApiState>,
    StrictQuery(page): StrictQuery<Page>,
) -> Result<Json<PageOut>, Problem> {
    let found = asked!(state, Command::ListLives { cursor: page.cursor, count: page.count } => Lives);
    let lives = found.lives.into_iter().map(|live| LiveOut::from(state.counted(live))).collect();
    Ok(Json(PageOut { lives, cursor: found.cursor }))
}

pub(super) async fn find(viewer: Watching) -> Json<LiveOut> {
    Json(LiveOut::from(viewer.info))
}

pub(super) async fn end(State(state): State<ApiState>, host: Acting) -> Result<StatusCode, Problem> {
    let by_host = host.info.live.owner.user_id == host.bearer.principal.user;
    let reason = if by_host { LiveEndReason::EndedByHost } else { LiveEndReason::EndedByServer };
    done(&state, Command::EndLive { live: host.live(), reason }).await
}
