//! Why a command was refused. A value, not an error of the server; `api` has the one table from case to status, stable
//! `type` and the product's code. The numbers in the docs are that table's.

use std::time::Duration;

use thiserror::Error;

use super::command::SeatRequestKind;
use super::ids::{BattleId, LiveId, ScoreKey, UserId};
use super::rules::{META_DATA_KEY_BYTES_MAX, META_DATA_KEYS_MAX, META_DATA_VALUE_BYTES_MAX};
use super::time::WallMs;

/// A refusal; the text says what was wanted, what was found, and what to change. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// 400, 100002: a field outside its limits.
    #[error("{field}: {detail}")]
    Invalid {
        /// The field as the client names it.
        field: &'static str,
        /// What is allowed and what was found.
        detail: String,
    },
    /// 400, 100002: a region of a custom layout that cannot be.
    #[error("regions[{index}].{field}: {detail}")]
    InvalidRegion {
        /// Which of the list, from 0.
        index: usize,
        /// Its field, as the client names it.
        field: &'static str,
        /// What is allowed and what was found.
        detail: String,
    },
    /// 422, 100500 to 100504: data of a live outside its limits.
    #[error("metaData: {fault}")]
    MetaData {
        /// Which limit.
        fault: MetaDataFault,
    },
    /// 404, 100004.
    #[error("live {live} does not exist; create it with POST /v1/lives")]
    NoSuchLive {
        /// The id asked for.
        live: LiveId,
    },
    /// 409, 100003, or 100010 where the caller's user owns it.
    #[error("live {live} exists already; choose another liveId or end it first")]
    LiveExists {
        /// The id asked for.
        live: LiveId,
        /// Whether the existing live has the same owner.
        same_owner: bool,
    },
    /// 503, 100013: the server holds as many lives as it may.
    #[error("the server holds {max} lives, its limit; end some first")]
    TooManyLives {
        /// The limit.
        max: usize,
    },
    /// 409, 100006: a live is published by its owner only.
    #[error("live {live} belongs to another user; only its owner publishes on seat 0")]
    NotOwner {
        /// The live.
        live: LiveId,
    },
    /// 409 with Retry-After: nobody publishes on this live's stage.
    #[error("live {live} has no picture yet: its host does not publish; try again")]
    NotLive {
        /// The live.
        live: LiveId,
        /// When to try again.
        retry_after: Duration,
    },
    /// 404, 100005: nobody who publishes in this live.
    #[error("user {user} does not publish in live {live}; there are {}", names(there))]
    NoSuchHost {
        /// The live.
        live: LiveId,
        /// Who was asked for.
        user: UserId,
        /// Who publishes there, or may.
        there: Vec<UserId>,
    },
    /// 409 with Retry-After: a host of the live, whose media is not there.
    #[error("user {user} does not publish in live {live} at the moment; try again")]
    HostNotLive {
        /// The live.
        live: LiveId,
        /// Who was asked for.
        user: UserId,
        /// When to try again.
        retry_after: Duration,
    },
    /// 403, 100006: the stage without one's own sound is for those who are heard on it.
    #[error("user {user} neither owns live {live} nor sits on a seat of it; play its feed instead (POST /whep/{live})")]
    NotOnStage {
        /// The live.
        live: LiveId,
        /// Who asked.
        user: UserId,
    },

    /// 404, 100400: no such pending request.
    #[error("there is no pending request of live {from} to live {to}; it may have been cancelled or timed out")]
    NoSuchRequest {
        /// Who invited.
        from: LiveId,
        /// Who was invited.
        to: LiveId,
    },
    /// 409, 100400.
    #[error("live {live} is in no connection; connect it first (POST /v1/lives/{live}/co-host/requests, then accept)")]
    NotConnected {
        /// The live.
        live: LiveId,
    },
    /// 409, 100401.
    #[error("live {live} is already connected to you")]
    AlreadyConnected {
        /// The target.
        live: LiveId,
    },
    /// 409, 100402.
    #[error("your request to live {live} is still pending")]
    RequestPending {
        /// The target.
        live: LiveId,
    },
    /// 409, 100403.
    #[error("live {live} is busy with another live: invited by it or in its connection")]
    ConnectedElsewhere {
        /// The live that is busy.
        live: LiveId,
    },
    /// 409, 100404.
    #[error(
        "the layout has {places} places, too few for all lives; choose one with more, or ask again when lives have left"
    )]
    ConnectionFull {
        /// Places of the template.
        places: usize,
    },
    /// 429, 100405.
    #[error("{pending} requests of live {live} are pending, the limit; wait for answers or cancel some")]
    TooManyRequests {
        /// Who invites.
        live: LiveId,
        /// The limit.
        pending: usize,
    },
    /// 409, 100002: scores are kept by user, so a user can be in a connection once.
    #[error("user {user} is already in this connection with another live; end one of the two lives")]
    UserConnectedTwice {
        /// The owner of both lives.
        user: UserId,
    },

    /// 409, 100200.
    #[error("seat {index} is locked; unlock it first, or choose another")]
    SeatLocked {
        /// Its number.
        index: u32,
    },
    /// 409, 100201.
    #[error("user {user} sits on seat {index}; choose another")]
    SeatOccupied {
        /// Its number.
        index: u32,
        /// Who sits there.
        user: UserId,
    },
    /// 409, 100202: asked already, one way or the other.
    #[error("the {} user {user} is pending; accept, reject or cancel it first", asked(*kind))]
    AlreadyQueued {
        /// Who is to sit down.
        user: UserId,
        /// Which way it was asked.
        kind: SeatRequestKind,
    },
    /// 409, 100203.
    #[error("user {user} sits already, on seat {index}; move, or leave it first")]
    AlreadySeated {
        /// Who.
        user: UserId,
        /// Where.
        index: u32,
    },
    /// 404, 100204.
    #[error("no {} user {user} is pending; it may have been answered, cancelled or timed out", asked(*kind))]
    NotQueued {
        /// Whose.
        user: UserId,
        /// Which way it would have been asked.
        kind: SeatRequestKind,
    },
    /// 409, 100205.
    #[error("all {places} seats are taken or locked; ask again when one is free")]
    SeatsFull {
        /// How many there are, the owner's among them.
        places: u32,
    },
    /// 409, 100206.
    #[error("seat {index} is not taken, or not by the asking user; GET …/seats shows who sits where")]
    NotSeated {
        /// Its number.
        index: u32,
    },
    /// 409, 100206.
    #[error("user {user} sits on no seat of the live; GET …/seats shows who sits where")]
    UserNotSeated {
        /// Who.
        user: UserId,
    },
    /// 409, 100210.
    #[error("user {user} is on seat {index} already; choose another, or leave it as it is")]
    AlreadyOnSeat {
        /// Who.
        user: UserId,
        /// Where.
        index: u32,
    },
    /// 409, 100211.
    #[error("live {live} has no seats; create it with isSeatEnabled true")]
    NoSeats {
        /// The live.
        live: LiveId,
    },
    /// 404, 100251.
    #[error("the seat list is empty: neither live {live} nor one connected with it has seats (isSeatEnabled)")]
    SeatListEmpty {
        /// The live.
        live: LiveId,
    },
    /// 409, 100006.
    #[error("seat 0 of live {live} is its owner's, and the owner's only seat; choose another seat or user")]
    OwnerSeat {
        /// The live.
        live: LiveId,
    },
    /// 409, 100006.
    #[error("the owner of live {live} stays on seat 0 (keepOwnerOnSeat); end the live instead")]
    OwnerStays {
        /// The live.
        live: LiveId,
    },
    /// 403, 100006.
    #[error("seats of live {live} are taken after its owner's consent (seatMode apply); POST …/seat-applications")]
    SeatNeedsConsent {
        /// The live.
        live: LiveId,
    },
    /// 403, 100006.
    #[error("{what} needs a token of {who}")]
    SeatForbidden {
        /// What was asked for.
        what: &'static str,
        /// Who may.
        who: &'static str,
    },
    /// 409, 100006.
    #[error("the {device} of seat {index} was closed by the owner or the backend; they must unlock it first")]
    DeviceLocked {
        /// The seat.
        index: u32,
        /// "microphone" or "camera".
        device: &'static str,
    },
    /// 409, 100006.
    #[error("the {device} of seat {index} was closed by its user; only that user may open it")]
    DeviceClosedByUser {
        /// The seat.
        index: u32,
        /// "microphone" or "camera".
        device: &'static str,
    },
    /// 429.
    #[error(
        "too many applications for seats of live {live} and invitations to them are pending; answer or cancel some"
    )]
    TooManySeatRequests {
        /// The live.
        live: LiveId,
    },

    /// 404, 100411.
    #[error("battle {battle} does not exist, or ended so long ago that it is forgotten")]
    NoSuchBattle {
        /// The id asked for.
        battle: BattleId,
    },
    /// 404, 100411.
    #[error("live {live} is in no battle; start one with POST /v1/lives/{live}/battles")]
    NoBattle {
        /// The live.
        live: LiveId,
    },
    /// 409, 100414.
    #[error("user {user} is not a host of the requester's connection")]
    NotInConnection {
        /// The user asked for.
        user: UserId,
    },
    /// 409, 100415.
    #[error("live {live} is already in a battle; wait for its end")]
    AlreadyInBattle {
        /// The live.
        live: LiveId,
    },
    /// 422, 100414.
    #[error("user {user} is not in battle {battle}; nothing was changed")]
    NotInBattle {
        /// The battle.
        battle: BattleId,
        /// The user of the change.
        user: UserId,
    },
    /// 409, 100421.
    #[error("battle {battle} ended at {}; scores are refused after it", end_time.0)]
    BattleEnded {
        /// The battle.
        battle: BattleId,
        /// When, ms since 1970.
        end_time: WallMs,
    },
    /// 409, 100421.
    #[error("battle {battle} ended at {}; a rematch or a new battle can follow", end_time.0)]
    BattleOver {
        /// The battle.
        battle: BattleId,
        /// When, ms since 1970.
        end_time: WallMs,
    },
    /// 409, 100412.
    #[error("no live of another host of battle {battle} exists any more; ask for a new battle")]
    NoValidLive {
        /// The battle to repeat.
        battle: BattleId,
    },
    /// 409, 100416.
    #[error("live {live} has a pending battle request; wait for its answers, or cancel, reject or exit it")]
    BattlePending {
        /// The live.
        live: LiveId,
    },
    /// 409, 100412: the only host asked cannot be asked now.
    #[error("the host of live {live} is gone for the moment; ask again when its media is back")]
    HostGone {
        /// The live.
        live: LiveId,
    },
    /// 409, 100419.
    #[error(
        "user {user} is already in battle {battle}, so there is no request to cancel; POST /v1/battles/{battle}/exit leaves it"
    )]
    InBattleAlready {
        /// The battle.
        battle: BattleId,
        /// Who.
        user: UserId,
    },
    /// 409, 100420.
    #[error("battle {battle} has not started; it starts when all who were asked have answered and one accepted")]
    BattleNotStarted {
        /// The battle.
        battle: BattleId,
    },
    /// 422, 100002: an idempotency key with other content than the first time.
    #[error("idempotency key {key:?} was used with other content in this battle; use a new key for a new change",
        key = key.as_str())]
    KeyReused {
        /// The key.
        key: ScoreKey,
    },
    /// 422, 100002.
    #[error("the score of user {user} would be {wanted}, outside 0 to 9007199254740991; change `value`")]
    ScoreOutOfRange {
        /// Whose.
        user: UserId,
        /// What it would have become.
        wanted: i128,
    },
    /// 422, 100002: no row of the gift table fits.
    #[error(
        "the gift table has no points for gift {gift:?} of value {value}; add a row to `gift_points` or \
        `gift_tiers` of the configuration, or post points to /scores"
    )]
    GiftWithoutRule {
        /// Its id.
        gift: String,
        /// What one is worth.
        value: u64,
    },
    /// 503: the ledger in memory is full.
    #[error(
        "the battles that go on have had {max} changes of scores, as many as a server without a data directory holds; nothing was changed: when one of them has ended, send it again with the same key"
    )]
    LedgerFull {
        /// The limit.
        max: usize,
    },

    /// 503 with Retry-After: the control queue is full.
    #[error("the server is busy; try again")]
    Busy,
    /// 503 with Retry-After: the journal could not keep it, so it did not happen.
    #[error("the change could not be stored, so it is not in force; try again, a score with the same key")]
    NotKept,
    /// 503 with Retry-After: what is on disk of it cannot be read. Nobody knows whether a change with this key was made before.
    #[error(
        "what the disk has of this battle cannot be read, so nothing was changed now; whether a change with this key was made before is not known: send it again with the same key, which counts it once"
    )]
    NotRead,
    /// 503: the server is going down.
    #[error("the server is shutting down")]
    Closing,
    /// 500, 100001: a bug of ours; the state is as before.
    #[error("internal error; nothing was changed")]
    Internal,
}

/// Which limit of `metaData` was passed, where, and what to change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MetaDataFault {
    /// 100500
    #[error("has {found} keys; leave some out, at most {META_DATA_KEYS_MAX} are kept")]
    Keys {
        /// How many.
        found: usize,
    },
    /// 100501
    #[error("the value of key {} has {found} bytes; shorten it to at most {META_DATA_VALUE_BYTES_MAX}", shown(.key))]
    ValueSize {
        /// Whose value.
        key: String,
        /// Bytes of the value.
        found: usize,
    },
    /// 100504
    #[error("key {} has {} bytes; give it 1 to {META_DATA_KEY_BYTES_MAX}", shown(.key), .key.len())]
    KeySize {
        /// The key.
        key: String,
    },
}

/// Which way a seat was asked for, before "user …".
fn asked(kind: SeatRequestKind) -> &'static str {
    match kind {
        SeatRequestKind::Application => "application of",
        SeatRequestKind::Invitation => "invitation to",
    }
}

/// Users one after the other.
fn names(users: &[UserId]) -> String {
    users.iter().map(UserId::as_str).collect::<Vec<_>>().join(", ")
}

/// A key as a text repeats it: on one line, and not longer than a good one may be.
fn shown(key: &str) -> String {
    let mut chars = key.chars();
    let start: String = chars.by_ref().take(META_DATA_KEY_BYTES_MAX).collect();
    let rest = if chars.next().is_some() { "…" } else { "" };
    format!("{start:?}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_meta_data_names_the_key_and_the_fix_on_one_short_line() {
        let said = |fault| Refusal::MetaData { fault }.to_string();
        assert_eq!(
            said(MetaDataFault::ValueSize { key: "mood".to_owned(), found: 2_049 }),
            "metaData: the value of key \"mood\" has 2049 bytes; shorten it to at most 2048"
        );
        assert_eq!(
            said(MetaDataFault::KeySize { key: String::new() }),
            "metaData: key \"\" has 0 bytes; give it 1 to 50"
        );
        assert_eq!(
            said(MetaDataFault::Keys { found: 11 }),
            "metaData: has 11 keys; leave some out, at most 10 are kept"
        );
        let long = said(MetaDataFault::KeySize { key: "\n".repeat(60_000) });
        assert!(long.len() < 200 && !long.contains('\n') && long.contains("60000 bytes"), "{long}");
    }
}
