//! `/v1/lives/{liveId}/co-host`: invite, accept, reject, cancel, leave, look, look for others.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::Done;
use super::ask::{asked, done};
use super::body::Strict;
use super::draining::Open;
use super::ids::live_id;
use super::lives::{LiveOut, Page};
use super::may::{Acting, Watching};
use super::problem::Problem;
use super::query::{Segments, StrictQuery};
use super::state::ApiState;
use crate::live::answer::{CoHost, Connected, TargetResult};
use crate::live::command::ConnectionRequest;
use crate::live::{Command, LiveId};

/// An invitation of other lives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestConnection {
    /// Whom to invite: 1 to 8 lives, each once.
    #[schemars(with = "Vec<LiveId>", length(min = 1, max = 8), example = ["b"])]
    pub(super) target_live_ids: Vec<String>,
    /// The layout that the connection is to have. Default: what it has, hostDynamicGrid for a new one.
    pub(super) layout_template: Option<TemplateIn>,
    /// How long the invitation waits for an answer, seconds: 1 to 120. Default: 30.
    #[schemars(range(min = 1, max = 120), example = 30)]
    pub(super) timeout_seconds: Option<u64>,
    /// Handed to the invited unread; at most 2048 bytes.
    #[schemars(length(max = 2_048), example = &"{\"withPK\":true}")]
    pub(super) extension_info: Option<String>,
}

/// A layout template by name or by number: "hostDynamicGrid" (600, up to 9 lives), "hostDynamic1v6" (601, up to 7),
/// "hostVoiceConnection" (2, up to 9), "hostStaticVoice6v6" (1, two with six seats each, without pictures) or
/// "HostVideoLandscapeFixed2Seats" (400, 2, in landscape). A live alone: 600 or 601, "videoFixedGrid9Seats" (800),
/// "videoFixedFloat7Seats" (801), "videoLandscape4Seats" (200), "audioSalon" (70) or "karaoke" (50).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "layoutTemplate must be a template's name or number")]
#[schemars(rename = "TemplateInput", example = &"hostDynamicGrid")]
pub(super) enum TemplateIn {
    /// By number.
    Id(#[schemars(example = 600)] u64),
    /// By name.
    Name(#[schemars(example = &"hostDynamicGrid")] String),
}

/// A command without fields: an empty body, or `{}`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The other live of an invitation, which routes call `{other}`.
#[derive(Debug, Deserialize)]
pub(super) struct Other {
    other: String,
}

/// What became of an invitation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConnectionRequested")]
pub(super) struct Requested {
    /// Per target, in the order asked.
    results: Vec<TargetResult>,
}

/// A page of lives that may be invited.
#[derive(Serialize, JsonSchema)]
pub(super) struct Candidates {
    /// Newest first.
    candidates: Vec<LiveOut>,
    /// For the next page; "" when this was the last.
    #[schemars(example = &"")]
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
) -> Result<Done, Problem> {
    let (live, from) = (host.live(), live_id("fromLiveId", &other)?);
    done(&state, Command::RejectConnection { live, from }).await
}

pub(super) async fn cancel(
    State(state): State<ApiState>,
    host: Acting,
    Segments(Other { other }): Segments<Other>,
    Strict(Nothing {}): Strict<Nothing>,
) -> Result<Done, Problem> {
    let (live, to) = (host.live(), live_id("toLiveId", &other)?);
    done(&state, Command::CancelConnection { live, to }).await
}

/// Leaves. By another hand than the host's own, the backend's, the live is taken out.
pub(super) async fn exit(State(state): State<ApiState>, host: Acting) -> Result<Done, Problem> {
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
