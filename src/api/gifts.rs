//! Gifts turned into points, and the ledger. Both are the backend's: they name senders and its own references.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;

use super::ask::asked;
use super::auth::Bearer;
use super::battles::idempotency_key;
use super::body::Strict;
use super::ids::{battle_id, user_id};
use super::problem::Problem;
use super::query::{Segments, StrictQuery};
use super::state::ApiState;
use crate::live::Command;
use crate::live::answer::{Gifted, LedgerPage};
use crate::live::command::Gift;

/// A gift, as the backend writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PostGift {
    receiver: String,
    gift_id: String,
    count: Option<u64>,
    value: Option<u64>,
    sender_id: Option<String>,
    reference: Option<String>,
}

/// Which page of the ledger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    cursor: Option<String>,
    count: Option<u64>,
}

pub(super) async fn post(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(battle): Segments<String>,
    headers: HeaderMap,
    Strict(body): Strict<PostGift>,
) -> Result<Json<Gifted>, Problem> {
    let battle = battle_id(&battle)?;
    bearer.principal.must_be_admin("posting gifts")?;
    let key = idempotency_key(&headers)?;
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
    let (cursor, count) = (page.cursor.unwrap_or_default(), page.count);
    Ok(Json(asked!(state, Command::FindLedger { battle, cursor, count } => Ledger)))
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
