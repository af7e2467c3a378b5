//! Battles and their scores.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::ask::asked;
use super::auth::Bearer;
use super::body::Strict;
use super::cases::Case;
use super::draining::Open;
use super::ids::battle_id;
use super::may::{Acting, Looking, Watching};
use super::problem::Problem;
use super::query::Segments;
use super::state::ApiState;
use crate::live::answer::{BattleInfo, BattleRequested, BattleStatus, Scored};
use crate::live::command::{BattleRequest, ScoreChange};
use crate::live::{Command, Refusal, ScoreKey};

/// A wish for a battle, as the caller writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestBattle {
    pub(super) user_ids: Vec<String>,
    pub(super) duration_seconds: Option<u64>,
    pub(super) need_response: Option<bool>,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) extension_info: Option<String>,
    pub(super) punishment_seconds: Option<u64>,
    pub(super) end_connection_after: Option<bool>,
}

/// A change of scores, as the backend writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeScores {
    pub(super) op: OpIn,
    pub(super) scores: Vec<ScoreIn>,
    pub(super) source: Option<SourceIn>,
}

/// Add to what is there, or replace it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum OpIn {
    Add,
    Set,
}

/// One host's points.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ScoreIn {
    pub(super) user_id: String,
    pub(super) value: i64,
}

/// Where the points come from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SourceIn {
    pub(super) gift_id: Option<String>,
    pub(super) sender_id: Option<String>,
    pub(super) reference: Option<String>,
}

pub(super) async fn request(
    _: Open,
    State(state): State<ApiState>,
    host: Acting,
    Strict(body): Strict<RequestBattle>,
) -> Result<Response, Problem> {
    let request = BattleRequest::try_from((host.live(), body))?;
    Ok(created(asked!(state, Command::RequestBattle(request) => BattleRequested)))
}

/// 201 with the battle's address.
pub(super) fn created(battle: BattleRequested) -> Response {
    let location = format!("/v1/battles/{}", battle.battle_id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(battle)).into_response()
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
    headers: HeaderMap,
    Strict(body): Strict<ChangeScores>,
) -> Result<Json<Scored>, Problem> {
    let battle = battle_id(&battle)?;
    bearer.principal.must_be_admin("changing scores")?;
    let key = idempotency_key(&headers)?;
    let change = ScoreChange::try_from(body)?;
    Ok(Json(asked!(state, Command::Score { battle, key, change } => Scored)))
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<ScoreKey, Problem> {
    let bad = |detail: String| Problem::new(Case::BadRequest, detail);
    let value = headers.get("idempotency-key").ok_or_else(|| {
        bad("send an `Idempotency-Key` header, new for each change: it makes sending again safe".to_owned())
    })?;
    let text = value.to_str().map_err(|_| bad("`Idempotency-Key` must have printable ASCII characters".to_owned()))?;
    ScoreKey::new(text).map_err(|fault| bad(format!("`Idempotency-Key` {fault}")))
}
