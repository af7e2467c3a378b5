//! Battles and their scores.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::answers::Created;
use super::ask::asked;
use super::auth::Bearer;
use super::body::Strict;
use super::draining::Open;
use super::ids::battle_id;
use super::key::IdempotencyKey;
use super::may::{Acting, Looking, Watching};
use super::object::Object;
use super::problem::Problem;
use super::query::Segments;
use super::state::ApiState;
use crate::live::answer::{BattleInfo, BattleRequested, BattleStatus, Scored};
use crate::live::command::{BattleRequest, ScoreChange};
use crate::live::{Command, Refusal, UserId};

/// A wish for a battle.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestBattle {
    /// Hosts of the live's connection without its own: 1 to 8, each once.
    #[schemars(with = "Vec<UserId>", length(min = 1, max = 8), example = ["bob"])]
    pub(super) user_ids: Vec<String>,
    /// How long it lasts, seconds: 5 to 86 400. Default: 300.
    #[schemars(range(min = 5, max = 86_400), example = 300)]
    pub(super) duration_seconds: Option<u64>,
    /// false starts at once. Default: true when timeoutSeconds is positive or absent, false when it is 0.
    #[schemars(example = false)]
    pub(super) need_response: Option<bool>,
    /// How long the request waits for answers, seconds: 1 to 120. Default: 30. 0 or absent when needResponse is false.
    #[schemars(range(max = 120), example = 0)]
    pub(super) timeout_seconds: Option<u64>,
    /// Handed on unread; at most 2048 bytes.
    #[schemars(length(max = 2_048), example = &"")]
    pub(super) extension_info: Option<String>,
    /// How long the punishment after its end by time lasts, seconds: 0 (none) to 3 600. Default: 0.
    #[schemars(range(max = 3_600), example = 0)]
    pub(super) punishment_seconds: Option<u64>,
    /// Whether its hosts leave their connection after the end, or the punishment's end. Default: false.
    #[schemars(example = false)]
    pub(super) end_connection_after: Option<bool>,
}

/// A change of scores; all of it happens or nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeScores {
    /// Add to what is there, or replace it.
    pub(super) op: OpIn,
    /// By host, 1 to 9, each once.
    #[schemars(length(min = 1, max = 9))]
    pub(super) scores: Vec<Object<ScoreIn>>,
    /// Where the points come from; kept in the ledger.
    pub(super) source: Option<Object<SourceIn>>,
}

/// Add to what is there, or replace it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ScoreOpInput")]
pub(super) enum OpIn {
    /// To what is there.
    Add,
    /// Instead of what is there.
    Set,
}

/// One host's points.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ScoreInput")]
pub(super) struct ScoreIn {
    /// Whose.
    #[schemars(with = "UserId")]
    pub(super) user_id: String,
    /// How many; an added value may be negative. No score may leave 0 to 2^53 − 1.
    #[schemars(range(min = -9_007_199_254_740_991_i64, max = 9_007_199_254_740_991_i64), example = 500)]
    pub(super) value: i64,
}

/// Where the points come from. Each text has at most 200 bytes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ScoreSourceInput")]
pub(super) struct SourceIn {
    /// The gift.
    #[schemars(length(max = 200), example = &"rocket")]
    pub(super) gift_id: Option<String>,
    /// Who gave it.
    #[schemars(length(max = 200), example = &"u9")]
    pub(super) sender_id: Option<String>,
    /// The business's own reference.
    #[schemars(length(max = 200), example = &"order 778")]
    pub(super) reference: Option<String>,
}

pub(super) async fn request(
    _: Open,
    State(state): State<ApiState>,
    host: Acting,
    Strict(body): Strict<RequestBattle>,
) -> Result<Created<BattleRequested>, Problem> {
    let request = BattleRequest::try_from((host.live(), body))?;
    Ok(created(asked!(state, Command::RequestBattle(request) => BattleRequested)))
}

/// 201 with the battle's address.
pub(super) fn created(battle: BattleRequested) -> Created<BattleRequested> {
    Created { location: format!("/v1/battles/{}", battle.battle_id), body: battle }
}

/// A battle by its id. The id (a UUID with 74 random bits) is told to those who may watch; who knows it may read it.
pub(super) async fn find(
    _: Looking,
    State(state): State<ApiState>,
    Segments(battle): Segments<String>,
) -> Result<Json<BattleInfo>, Problem> {
    Ok(Json(*asked!(state, Command::FindBattle(battle_id(&battle)?) => Battle)))
}

/// The battle of a live. A request is between hosts: only they (and the backend) are shown a pending one.
pub(super) async fn find_of_live(State(state): State<ApiState>, viewer: Watching) -> Result<Json<BattleInfo>, Problem> {
    let (insider, live) = (viewer.insider, viewer.live());
    let battle = asked!(state, Command::FindBattleOf(live.clone()) => Battle);
    if battle.status == BattleStatus::Pending && !insider {
        return Err(Refusal::NoBattle { live }.into());
    }
    Ok(Json(*battle))
}

pub(super) async fn score(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(battle): Segments<String>,
    key: IdempotencyKey,
    Strict(body): Strict<ChangeScores>,
) -> Result<Json<Scored>, Problem> {
    let battle = battle_id(&battle)?;
    bearer.principal.must_be_admin("changing scores")?;
    let key = key.read()?;
    let change = ScoreChange::try_from(body)?;
    Ok(Json(asked!(state, Command::Score { battle, key, change } => Scored)))
}
