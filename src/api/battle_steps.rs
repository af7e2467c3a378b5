//! `/v1/battles/{battleId}/{accept,reject,cancel,exit,rematch}`: what hosts do with a battle that was asked for.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::answers::Created;
use super::ask::asked;
use super::auth::Bearer;
use super::battles::created;
use super::body::Strict;
use super::cases::Case;
use super::draining::Open;
use super::ids::{battle_id, user_id};
use super::problem::Problem;
use super::query::Segments;
use super::state::ApiState;
use crate::live::answer::{BattleInfo, BattleRequested};
use crate::live::{BattleId, Command, Refusal, UserId};

/// Who does it: a host always itself, an admin says for whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "BattleStep")]
pub(super) struct Step {
    /// The host it is for.
    #[schemars(with = "Option<UserId>")]
    user_id: Option<String>,
}

/// Whose requests are taken back; all that are pending when absent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CancelBattle {
    /// Of whom; all that are pending when absent.
    #[schemars(with = "Option<Vec<UserId>>", example = ["bob"])]
    user_ids: Option<Vec<String>>,
}

pub(super) async fn accept(
    _: Open,
    state: State<ApiState>,
    bearer: Bearer,
    battle: Segments<String>,
    step: Strict<Step>,
) -> Result<Json<BattleInfo>, Problem> {
    one_step(state, bearer, battle, step, |battle, user| Command::AcceptBattle { battle, user }).await
}

pub(super) async fn reject(
    state: State<ApiState>,
    bearer: Bearer,
    battle: Segments<String>,
    step: Strict<Step>,
) -> Result<Json<BattleInfo>, Problem> {
    one_step(state, bearer, battle, step, |battle, user| Command::RejectBattle { battle, user }).await
}

pub(super) async fn exit(
    state: State<ApiState>,
    bearer: Bearer,
    battle: Segments<String>,
    step: Strict<Step>,
) -> Result<Json<BattleInfo>, Problem> {
    one_step(state, bearer, battle, step, |battle, user| Command::ExitBattle { battle, user }).await
}

/// What one host does with a battle; which step, `command` says.
async fn one_step(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(battle): Segments<String>,
    Strict(step): Strict<Step>,
    command: fn(BattleId, UserId) -> Command,
) -> Result<Json<BattleInfo>, Problem> {
    let battle = battle_id(&battle)?;
    let user = named(acting(&state, &bearer, battle, step).await?)?;
    Ok(Json(*asked!(state, command(battle, user) => Battle)))
}

/// For the inviter, and for admins.
pub(super) async fn cancel(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(battle): Segments<String>,
    Strict(body): Strict<CancelBattle>,
) -> Result<Json<BattleInfo>, Problem> {
    let battle = battle_id(&battle)?;
    let users = body.user_ids.map(|users| users.iter().map(|user| user_id("userIds", user)).collect());
    let users = users.transpose()?;
    let info = asked!(state, Command::FindBattle(battle) => Battle);
    if let Some(user) = host(&bearer, &info)?
        && user != info.inviter
    {
        let detail =
            format!("battle {battle} was asked for by {}; a host that was asked rejects or exits it", info.inviter);
        return Err(Problem::new(Case::Forbidden, detail));
    }
    Ok(Json(*asked!(state, Command::CancelBattle { battle, users } => Battle)))
}

/// For every host that was in it; an admin that names none repeats it for the inviter.
pub(super) async fn rematch(
    _: Open,
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(battle): Segments<String>,
    Strict(step): Strict<Step>,
) -> Result<Created<BattleRequested>, Problem> {
    let battle = battle_id(&battle)?;
    let user = acting(&state, &bearer, battle, step).await?;
    Ok(created(asked!(state, Command::RematchBattle { battle, user } => BattleRequested)))
}

/// Whom the caller acts for; `None` for an admin that names nobody.
async fn acting(state: &ApiState, bearer: &Bearer, battle: BattleId, step: Step) -> Result<Option<UserId>, Problem> {
    let named = step.user_id.map(|user| user_id("userId", &user)).transpose()?;
    let info = asked!(*state, Command::FindBattle(battle) => Battle);
    let Some(own) = host(bearer, &info)? else { return Ok(named) };
    if named.is_some_and(|named| named != own) {
        let detail = format!("`userId` must be the token's own user ({own}) or absent; only an admin acts for others");
        return Err(Problem::new(Case::Forbidden, detail));
    }
    Ok(Some(own))
}

/// The caller as a host of this battle, with a token for its live; `None` for an admin.
fn host(bearer: &Bearer, info: &BattleInfo) -> Result<Option<UserId>, Problem> {
    let principal = &bearer.principal;
    if principal.is_admin() {
        return Ok(None);
    }
    let own = info.users.iter().find(|user| user.host.user.user_id == principal.user);
    let own = own.ok_or_else(|| Refusal::NotInBattle { battle: info.battle_id, user: principal.user.clone() })?;
    principal.may_host(&own.host.live_id)?;
    Ok(Some(principal.user.clone()))
}

fn named(user: Option<UserId>) -> Result<UserId, Problem> {
    let detail = "`userId` is missing: an admin says for which host of the battle this is";
    user.ok_or_else(|| Problem::new(Case::BadRequest, detail))
}
