//! Who may look at a live and who may act for it, where the token alone does not say. As arguments of handlers:
//! [`Acting`], [`Present`], [`Watching`], [`Looking`].

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use serde::Deserialize;

use super::ask::asked;
use super::auth::{Bearer, Principal};
use super::cases::Case;
use super::ids::live_id;
use super::problem::Problem;
use super::query::Segments;
use super::state::{ApiState, ViewerTokens};
use crate::live::answer::LiveInfo;
use crate::live::command::{By, SeatAction, SeatCommand};
use crate::live::{Command, LiveId, UserId};

/// The live of the path, and a caller who may act for it as its host: an admin, or its owner with a token for it.
pub(super) struct Acting {
    pub(super) bearer: Bearer,
    pub(super) info: LiveInfo,
}

impl Acting {
    /// The live.
    pub(super) fn live(self) -> LiveId {
        self.info.live.live_id
    }
}

impl FromRequestParts<ApiState> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let bearer = <Bearer as FromRequestParts<ApiState>>::from_request_parts(parts, state).await?;
        let live = in_path(parts, state).await?;
        let info = act_for(state, &bearer, &live).await?;
        Ok(Self { bearer, info })
    }
}

/// The live, when the caller may act for it as its host.
///
/// # Errors
/// 403, 404.
pub(super) async fn act_for(state: &ApiState, bearer: &Bearer, live: &LiveId) -> Result<LiveInfo, Problem> {
    bearer.principal.may_host(live)?;
    let info = find(state, live).await?;
    if acts_for(bearer, &info) {
        return Ok(info);
    }
    let detail = format!("live {live} belongs to another user; only its owner or an admin may do this");
    Err(Problem::new(Case::Forbidden, detail))
}

/// The live of the path, and a caller whose token names it: whoever may ask something about its seats.
pub(super) struct Present {
    bearer: Bearer,
    info: LiveInfo,
}

impl Present {
    /// The caller.
    pub(super) fn principal(&self) -> &Principal {
        &self.bearer.principal
    }

    /// The command, as of this caller: the backend, the live's owner (with a host's token), or a guest.
    pub(super) fn asks(self, action: SeatAction) -> Command {
        let by = if self.bearer.principal.is_admin() {
            By::Backend
        } else if acts_for(&self.bearer, &self.info) {
            By::Owner
        } else {
            By::Guest(self.bearer.principal.user)
        };
        Command::Seat(Box::new(SeatCommand { live: self.info.live.live_id, by, action }))
    }
}

impl FromRequestParts<ApiState> for Present {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let bearer = <Bearer as FromRequestParts<ApiState>>::from_request_parts(parts, state).await?;
        let live = in_path(parts, state).await?;
        bearer.principal.may_sit(&live)?;
        let info = find(state, &live).await?;
        Ok(Self { bearer, info })
    }
}

/// The live of the path, and a caller who may watch it.
pub(super) struct Watching {
    pub(super) info: LiveInfo,
    /// Whether the caller may act for the live too: what passes between hosts is shown to these alone.
    pub(super) insider: bool,
    /// The token's user, whom what concerns one guest alone is shown to; `None` without a token that names the live.
    pub(super) user: Option<UserId>,
    /// Whether the caller is the live's host in person.
    pub(super) owner: bool,
}

impl Watching {
    /// The live.
    pub(super) fn live(self) -> LiveId {
        self.info.live.live_id
    }
}

impl FromRequestParts<ApiState> for Watching {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let bearer = <Bearer as OptionalFromRequestParts<ApiState>>::from_request_parts(parts, state).await?;
        let live = in_path(parts, state).await?;
        let info = watch(state, bearer.as_ref(), &live).await?;
        let insider = bearer.as_ref().is_some_and(|bearer| acts_for(bearer, &info));
        let user = bearer.as_ref().map(|bearer| &bearer.principal.user);
        let owner = insider && user.is_some_and(|user| *user == info.live.owner.user_id);
        let named = bearer.filter(|bearer| bearer.principal.may_watch(&live).is_ok());
        Ok(Self { info, insider, user: named.map(|bearer| bearer.principal.user), owner })
    }
}

/// A caller who may look at what is public.
pub(super) struct Looking;

impl FromRequestParts<ApiState> for Looking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let bearer = <Bearer as OptionalFromRequestParts<ApiState>>::from_request_parts(parts, state).await?;
        look(state, bearer.as_ref()).map(|()| Self)
    }
}

/// The live, if the token may publish in it. Whether it is the caller's live is answered by the rules: 409, as WHIP
/// clients expect of a taken endpoint.
///
/// # Errors
/// 403, 404.
pub(super) async fn publish(state: &ApiState, bearer: &Bearer, live: &LiveId) -> Result<LiveInfo, Problem> {
    bearer.principal.may_host(live)?;
    find(state, live).await
}

/// The live, if the caller may watch it: public lives anybody (unless viewers need tokens), others with a token that
/// names them.
///
/// # Errors
/// 401, 403, 404.
pub(super) async fn watch(state: &ApiState, bearer: Option<&Bearer>, live: &LiveId) -> Result<LiveInfo, Problem> {
    look(state, bearer)?;
    let info = find(state, live).await?;
    if info.live.is_public_visible {
        return Ok(info);
    }
    let bearer = bearer.ok_or_else(|| {
        Problem::new(Case::Unauthorized, format!("live {live} is not public; send a token whose `live` claim names it"))
    })?;
    bearer.principal.may_watch(live)?;
    Ok(info)
}

/// Without whose sound the caller hears the live: its own, for which its token must name the live; an admin's without the
/// owner's. Whether that user is heard there at all, the rules know.
///
/// # Errors
/// 403, 404.
pub(super) async fn listen(state: &ApiState, bearer: &Bearer, live: &LiveId) -> Result<UserId, Problem> {
    bearer.principal.may_watch(live)?;
    let info = find(state, live).await?;
    Ok(if bearer.principal.is_admin() { info.live.owner.user_id } else { bearer.principal.user.clone() })
}

/// Whether the caller is the live's host (with a token for it) or an admin.
fn acts_for(bearer: &Bearer, info: &LiveInfo) -> bool {
    let (principal, live) = (&bearer.principal, &info.live);
    principal.is_admin() || (principal.may_host(&live.live_id).is_ok() && live.owner.user_id == principal.user)
}

fn look(state: &ApiState, bearer: Option<&Bearer>) -> Result<(), Problem> {
    match (state.settings.viewer_tokens, bearer) {
        (ViewerTokens::Optional, _) | (ViewerTokens::Required, Some(_)) => Ok(()),
        (ViewerTokens::Required, None) => {
            Err(Problem::new(Case::Unauthorized, "this server wants a token of every viewer (viewer_tokens)"))
        }
    }
}

async fn in_path(parts: &mut Parts, state: &ApiState) -> Result<LiveId, Problem> {
    /// The segment that routes call `{live}`.
    #[derive(Deserialize)]
    struct InPath {
        live: String,
    }
    let Segments(InPath { live }) = Segments::from_request_parts(parts, state).await?;
    live_id("liveId", &live)
}

async fn find(state: &ApiState, live: &LiveId) -> Result<LiveInfo, Problem> {
    let info = asked!(*state, Command::FindLive(live.clone()) => Live);
    Ok(state.counted(*info))
}
