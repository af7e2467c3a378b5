//! From a request to the rules' own types.

use super::battles::{ChangeScores, OpIn, RequestBattle, SourceIn};
use super::ids::user_id;
use super::object::Object;
use super::problem::Problem;
use crate::live::LiveId;
use crate::live::command::{BattleRequest, ScoreChange, ScoreOp, ScoreSource};

impl TryFrom<(LiveId, RequestBattle)> for BattleRequest {
    type Error = Problem;

    fn try_from((live, request): (LiveId, RequestBattle)) -> Result<Self, Problem> {
        Ok(Self {
            live,
            users: request.user_ids.iter().map(|user| user_id("userIds", user)).collect::<Result<_, _>>()?,
            duration_seconds: request.duration_seconds,
            need_response: request.need_response,
            timeout_seconds: request.timeout_seconds,
            extension_info: request.extension_info.unwrap_or_default(),
            punishment_seconds: request.punishment_seconds.unwrap_or_default(),
            end_connection_after: request.end_connection_after.unwrap_or_default(),
        })
    }
}

impl TryFrom<ChangeScores> for ScoreChange {
    type Error = Problem;

    fn try_from(change: ChangeScores) -> Result<Self, Problem> {
        let scores =
            change.scores.into_iter().map(|Object(score)| Ok((user_id("scores.userId", &score.user_id)?, score.value)));
        Ok(Self {
            op: match change.op {
                OpIn::Add => ScoreOp::Add,
                OpIn::Set => ScoreOp::Set,
            },
            scores: scores.collect::<Result<_, Problem>>()?,
            source: change.source.map(|Object(source)| ScoreSource::from(source)).unwrap_or_default(),
        })
    }
}

impl From<SourceIn> for ScoreSource {
    fn from(source: SourceIn) -> Self {
        Self {
            gift_id: source.gift_id.unwrap_or_default(),
            sender_id: source.sender_id.unwrap_or_default(),
            reference: source.reference.unwrap_or_default(),
        }
    }
}
