//! Gifts turned into points, and the ledger. Both are the backend's: they name senders and its own references.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::asked;
use super::auth::Bearer;
use super::body::Strict;
use super::ids::{battle_id, user_id};
use super::key::IdempotencyKey;
use super::lives::Page;
use super::problem::Problem;
use super::query::{Segments, StrictQuery};
use super::state::ApiState;
use crate::live::answer::{Gifted, LedgerPage};
use crate::live::command::Gift;
use crate::live::{Command, UserId};

/// A gift to a host of the battle.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PostGift {
    /// The host it is for.
    #[schemars(with = "UserId")]
    receiver: String,
    /// Which gift, 1 to 200 bytes.
    #[schemars(length(min = 1, max = 200), example = &"rocket")]
    gift_id: String,
    /// How many, 1 to 1 000 000. Default: 1.
    #[schemars(range(min = 1, max = 1_000_000), example = 1)]
    count: Option<u64>,
    /// What one is worth, in the business's own unit; 0 to 2^53 − 1. Default: 0.
    #[schemars(range(max = 9_007_199_254_740_991_u64), example = 10)]
    value: Option<u64>,
    /// Who gave it, at most 200 bytes.
    #[schemars(length(max = 200), example = &"u9")]
    sender_id: Option<String>,
    /// The business's own reference, at most 200 bytes.
    #[schemars(length(max = 200), example = &"order 778")]
    reference: Option<String>,
}

pub(super) async fn post(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(battle): Segments<String>,
    key: IdempotencyKey,
    Strict(body): Strict<PostGift>,
) -> Result<Json<Gifted>, Problem> {
    let battle = battle_id(&battle)?;
    bearer.principal.must_be_admin("posting gifts")?;
    let key = key.read()?;
    let gift = Gift::try_from(body)?;
    Ok(Json(asked!(state, Command::Gift { battle, key, gift } => Gifted)))
}

pub(super) async fn ledger(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(battle): Segments<String>,
    StrictQuery(page): StrictQuery<Page>,
) -> Result<Json<LedgerPage>, Problem> {
    let battle = battle_id(&battle)?;
    bearer.principal.must_be_admin("reading the ledger")?;
    Ok(Json(asked!(state, Command::FindLedger { battle, cursor: page.cursor, count: page.count } => Ledger)))
}

impl TryFrom<PostGift> for Gift {
    type Error = Problem;

    fn try_from(gift: PostGift) -> Result<Self, Problem> {
        Ok(Self {
            receiver: user_id("receiver", &gift.receiver)?,
            gift_id: gift.gift_id,
            count: gift.count.unwrap_or(1),
            value: gift.value.unwrap_or_default(),
            sender_id: gift.sender_id.unwrap_or_default(),
            reference: gift.reference.unwrap_or_default(),
        })
    }
}
