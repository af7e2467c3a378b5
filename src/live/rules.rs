//! The numbers of the rules, each with its unit and its reason.

use std::time::Duration;

use costage_media::frame::Size;

use super::refusal::Refusal;

/// What an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Size of every picture; landscape layouts lay a portrait one on its side.
    pub canvas: Size,
    /// Whether pictures come with what players are told of them.
    pub sei: bool,
    /// How long a host's media and event socket may both be gone before the host has left its connection.
    pub host_grace: Duration,
    /// How long everybody has to come back after a restart of the server.
    pub restart_grace: Duration,
    /// How long a live may be without its host's media before the server ends it.
    pub live_idle: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            canvas: Size { width: 720, height: 1280 },
            sei: false,
            host_grace: Duration::from_secs(10),
            restart_grace: Duration::from_secs(60),
            live_idle: Duration::from_secs(600),
        }
    }
}

/// Lives a server holds. Each costs a few kilobytes; these are far more than one machine can mix.
pub const LIVES_MAX: usize = 10_000;
/// Requests of one live that may be pending: two full connections' worth.
pub const REQUESTS_PENDING_MAX: usize = 16;
/// Targets of one command: all other places of the largest connection.
pub const TARGETS_MAX: usize = 8;
/// Battles kept after their end, for queries and repeated score requests. The oldest is forgotten.
pub const BATTLES_ENDED_MAX: usize = 1_000;
/// Of these, battles that never started: a host that asks and cancels all day makes nobody's result forgotten.
pub const BATTLES_UNSTARTED_MAX: usize = 100;
/// Changes of scores that memory holds, over all battles, when there is no ledger on disk: about 500 bytes each.
pub const LEDGER_MAX: usize = 1_000_000;
/// Of those that are on disk, the last ones that memory holds too, over all battles: nearly all repeated requests come
/// while theirs is among them; for others the disk is asked.
pub const LEDGER_HELD: usize = 50_000;
/// Receivers and senders of one battle, in pairs, that are counted apart: about 100 bytes each. With more, the half that has
/// given least begins anew.
pub const GIVERS_MAX: usize = 500_000;
/// The largest score, 2^53 − 1: the largest integer that JSON readers agree about (RFC 8259 §6).
pub const SCORE_MAX: u64 = (1 << 53) - 1;
/// Senders of each side that the end of a battle names.
pub(super) const BEST_SENDERS: usize = 3;
/// Between two events of changed scores of one battle: 20 a second.
pub const SCORES_TOLD_INTERVAL: Duration = Duration::from_millis(50);
/// A client that comes too early asks again after this long: a host needs about that to connect.
pub const NOT_LIVE_RETRY: Duration = Duration::from_secs(2);

/// Seconds a request may stay pending.
pub(super) const REQUEST_SECONDS: (u64, u64, u64) = (1, 30, 120);
/// Applications and invitations that may be pending for the seats of one live: twice the seats that a live can have.
pub const LIVE_SEAT_REQUESTS_MAX: usize = 100;
/// The same over all lives.
pub const SEAT_REQUESTS_MAX: usize = 10_000;
/// Seconds an application for a seat or an invitation to one may stay pending; 0: for ever.
pub(super) const SEAT_REQUEST_SECONDS: (u64, u64, u64) = (0, 30, 86_400);
/// Seconds a battle may last.
pub(super) const BATTLE_SECONDS: (u64, u64, u64) = (5, 300, 86_400);
/// Seconds a punishment may last; 0 for none. An hour is longer than any show of it.
pub(super) const PUNISHMENT_SECONDS: (u64, u64, u64) = (0, 0, 3_600);
/// Lives on one page of the list.
pub(super) const LIST_COUNT: (u64, u64, u64) = (1, 20, 100);
/// Keys of a live's `metaData`.
pub(super) const META_DATA_KEYS_MAX: usize = 10;
/// Bytes of such a key, at least one.
pub(super) const META_DATA_KEY_BYTES_MAX: usize = 50;
/// Bytes of its value.
pub(super) const META_DATA_VALUE_BYTES_MAX: usize = 2_048;
/// Bytes of `extensionInfo`.
pub(super) const EXTENSION_BYTES_MAX: usize = 2_048;

/// The given number inside (least, default, most), or the default when absent.
pub(super) fn within(field: &'static str, given: Option<u64>, range: (u64, u64, u64)) -> Result<u64, Refusal> {
    let (least, default, most) = range;
    match given.unwrap_or(default) {
        value if (least..=most).contains(&value) => Ok(value),
        value => Err(Refusal::Invalid { field, detail: format!("must be {least} to {most}, found {value}") }),
    }
}

/// Refuses a text of more than `max` bytes.
pub(super) fn short(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.len() > max {
        return Err(Refusal::Invalid { field, detail: format!("at most {max} bytes, found {}", text.len()) });
    }
    Ok(())
}
