//! Who may look at a live and who may act for it, where the token alone does not say.

use super::ask::{ask, unexpected};
use super::auth::Bearer;
use super::cases::Case;
use super::problem::Problem;
use super::state::{ApiState, ViewerTokens};
use crate::live::answer::LiveInfo;
use crate::live::{Answer, Command, LiveId};

/// The live, if the caller may act for it as its host: an admin, or its owner with a token for it.
///
/// # Errors
/// 403, 404.
pub(super) async fn host(state: &ApiState, bearer: &Bearer, live: &LiveId) -> Result<LiveInfo, Problem> {
    bearer.principal.may_host(live)?;
    let info = find(state, live).await?;
    if acts_for(bearer, &info) {
        return Ok(info);
    }
    let detail = format!("live {live} belongs to another user; only its owner or an admin may do this");
    Err(Problem::new(Case::Forbidden, detail))
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

/// Whether the caller is the live's host (with a token for it) or an admin.
pub(super) fn acts_for(bearer: &Bearer, info: &LiveInfo) -> bool {
    bearer.principal.is_admin()
        || (bearer.principal.may_host(&info.live_id).is_ok() && info.owner.user_id == bearer.principal.user)
}

/// The live, if the caller may watch it: public lives anybody (unless viewers need tokens), others with a token that
/// names them.
///
/// # Errors
/// 401, 403, 404.
pub(super) async fn watch(state: &ApiState, bearer: Option<&Bearer>, live: &LiveId) -> Result<LiveInfo, Problem> {
    look(state, bearer)?;
    let info = find(state, live).await?;
    if info.is_public_visible {
        return Ok(info);
    }
    let bearer = bearer.ok_or_else(|| {
        Problem::new(Case::Unauthorized, format!("live {live} is not public; send a token whose `live` claim names it"))
    })?;
    bearer.principal.may_watch(live)?;
    Ok(info)
}

/// Whether the caller may look at what is public.
///
/// # Errors
/// 401 where viewers need tokens.
pub(super) fn look(state: &ApiState, bearer: Option<&Bearer>) -> Result<(), Problem> {
    match (state.settings.viewer_tokens, bearer) {
        (ViewerTokens::Optional, _) | (ViewerTokens::Required, Some(_)) => Ok(()),
        (ViewerTokens::Required, None) => {
            Err(Problem::new(Case::Unauthorized, "this server wants a token of every viewer (viewer_tokens)"))
        }
    }
}

async fn find(state: &ApiState, live: &LiveId) -> Result<LiveInfo, Problem> {
    let Answer::Live(info) = ask(state, Command::FindLive(live.clone())).await? else { return Err(unexpected()) };
    Ok(*info)
}
