//! `/v1/lives`: create, list, get, end.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::ask::{ask, unexpected};
use super::auth::Bearer;
use super::body::Strict;
use super::cases::Case;
use super::ids::live_id;
use super::may;
use super::problem::Problem;
use super::query::{Segments, StrictQuery};
use super::state::ApiState;
use crate::live::answer::LiveInfo;
use crate::live::command::LiveEndReason;
use crate::live::{Answer, Command};

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
    cursor: String,
    count: Option<u64>,
    #[serde(default, rename = "token")]
    _token: Option<String>,
}

/// A live with the addresses of its media.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LiveOut {
    #[serde(flatten)]
    live: LiveInfo,
    whip_url: String,
    whep_url: String,
}

impl From<LiveInfo> for LiveOut {
    fn from(live: LiveInfo) -> Self {
        // Every character that an id may have stands in a path as it is (RFC 3986 §3.3).
        let (whip_url, whep_url) = (format!("/whip/{}", live.live_id), format!("/whep/{}", live.live_id));
        Self { live, whip_url, whep_url }
    }
}

#[derive(Serialize)]
struct PageOut {
    lives: Vec<LiveOut>,
    cursor: String,
}

pub(super) async fn create(
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
    let Answer::Live(live) = ask(&state, Command::CreateLive(Box::new(new))).await? else { return Err(unexpected()) };
    let location = format!("/v1/lives/{}", live.live_id);
    let body = Json(LiveOut::from(*live));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], body).into_response())
}

pub(super) async fn list(
    State(state): State<ApiState>,
    bearer: Option<Bearer>,
    StrictQuery(page): StrictQuery<Page>,
) -> Result<Response, Problem> {
    may::look(&state, bearer.as_ref())?;
    let Answer::Lives(found) = ask(&state, Command::ListLives { cursor: page.cursor, count: page.count }).await? else {
        return Err(unexpected());
    };
    let lives = found.lives.into_iter().map(LiveOut::from).collect();
    Ok(Json(PageOut { lives, cursor: found.cursor }).into_response())
}

pub(super) async fn find(
    State(state): State<ApiState>,
    bearer: Option<Bearer>,
    Segments(live): Segments<String>,
) -> Result<Response, Problem> {
    let live = may::watch(&state, bearer.as_ref(), &live_id("liveId", &live)?).await?;
    Ok(Json(LiveOut::from(live)).into_response())
}

pub(super) async fn end(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(live): Segments<String>,
) -> Result<Response, Problem> {
    let live = live_id("liveId", &live)?;
    let info = may::host(&state, &bearer, &live).await?;
    let by_host = info.owner.user_id == bearer.principal.user;
    let reason = if by_host { LiveEndReason::EndedByHost } else { LiveEndReason::EndedByServer };
    let Answer::Done = ask(&state, Command::EndLive { live, reason }).await? else { return Err(unexpected()) };
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn layout(
    State(state): State<ApiState>,
    bearer: Option<Bearer>,
    Segments(live): Segments<String>,
) -> Result<Response, Problem> {
    let live = live_id("liveId", &live)?;
    may::watch(&state, bearer.as_ref(), &live).await?;
    let Answer::Layout(layout) = ask(&state, Command::FindLayout(live)).await? else { return Err(unexpected()) };
    Ok(Json(layout).into_response())
}
