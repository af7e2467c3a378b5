//! `/v1/lives/{liveId}/co-host`: invite, accept, reject, cancel, leave, look, look for others.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::ask::{asked, done};
use super::body::Strict;
use super::draining::Open;
use super::ids::live_id;
use super::lives::{LiveOut, Page};
use super::may::{Acting, Watching};
use super::problem::Problem;
use super::query::{Segments, StrictQuery};
use super::state::ApiState;
use crate::live::Command;
use crate::live::answer::{CoHost, Connected, TargetResult};
use crate::live::command::ConnectionRequest;

/// An invitation, as the caller writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestConnection {
    pub(super) target_live_ids: Vec<String>,
    pub(super) layout_template: Option<TemplateIn>,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) extension_info: Option<String>,
}

/// A template by name or by number.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "layoutTemplate must be a template's name or number")]
pub(super) enum TemplateIn {
    Id(u64),
    Name(String),
}

/// A command without fields: an empty body, or `{}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The other live of an invitation, which routes call `{other}`.
#[derive(Debug, Deserialize)]
pub(super) struct Other {
    other: String,
}

#[derive(Serialize)]
pub(super) struct Requested {
    results: Vec<TargetResult>,
}

/// A page of lives that may be invited.
#[derive(Serialize)]
pub(super) struct Candidates {
    candidates: Vec<LiveOut>,
    cursor: String,
}

/// Invites. With several targets the results say what became of each; a single one that failed is refused by the rules
/// with the problem that says why.
pub(super) async fn request(
    _: Open,
    State(state): State<ApiState>,
    host: Acting,
    Strict(body): Strict<RequestConnection>,
) -> Result<Json<Requested>, Problem> {
    let request = ConnectionRequest::try_from((host.live(), body))?;
    Ok(Json(Requested { results: asked!(state, Command::RequestConnection(request) => Requested) }))
}

pub(super) async fn accept(
    _: Open,
    State(state): State<ApiState>,
    host: Acting,
    Segments(Other { other }): Segments<Other>,
    Strict(Nothing {}): Strict<Nothing>,
) -> Result<Json<Connected>, Problem> {
    let (live, from) = (host.live(), live_id("fromLiveId", &other)?);
    Ok(Json(asked!(state, Command::AcceptConnection { live, from } => Connected)))
}

pub(super) async fn reject(
    State(state): State<ApiState>,
    host: Acting,
    Segments(Other { other }): Segments<Other>,
    Strict(Nothing {}): Strict<Nothing>,
) -> Result<StatusCode, Problem> {
    let (live, from) = (host.live(), live_id("fromLiveId", &other)?);
    done(&state, Command::RejectConnection { live, from }).await
}

pub(super) async fn cancel(
    State(state): State<ApiState>,
    host: Acting,
    Segments(Other { other }): Segments<Other>,
    Strict(Nothing {}): Strict<Nothing>,
) -> Result<StatusCode, Problem> {
    let (live, to) = (host.live(), live_id("toLiveId", &other)?);
    done(&state, Command::CancelConnection { live, to }).await
}

/// Leaves. By another hand than the host's own, the backend's, the live is taken out.
pub(super) async fn exit(State(state): State<ApiState>, host: Acting) -> Result<StatusCode, Problem> {
    let by_host = host.info.live.owner.user_id == host.bearer.principal.user;
    let live = host.live();
    let command = if by_host { Command::ExitConnection { live } } else { Command::KickFromConnection { live } };
    done(&state, command).await
}

/// Whom the live may invite.
pub(super) async fn candidates(
    State(state): State<ApiState>,
    host: Acting,
    StrictQuery(page): StrictQuery<Page>,
) -> Result<Json<Candidates>, Problem> {
    let command = Command::ListCandidates { live: host.live(), cursor: page.cursor, count: page.count };
    let found = asked!(state, command => Lives);
    let candidates = found.lives.into_iter().map(|live| LiveOut::from(state.counted(live))).collect();
    Ok(Json(Candidates { candidates, cursor: found.cursor }))
}

/// The connection. Pending invitations are between hosts: only they (and the backend) are shown them.
pub(super) async fn find(State(state): State<ApiState>, viewer: Watching) -> Result<Json<CoHost>, Problem> {
    let insider = viewer.insider;
    let mut co_host = asked!(state, Command::FindCoHost(viewer.live()) => CoHost);
    if !insider {
        co_host.hide_invitations();
    }
    Ok(Json(co_host))
}
