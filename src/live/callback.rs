//! What a business backend is told by webhook: of each fact that concerns it one event, in the words of events and answers.
//!
//! | type | when | `data` |
//! |---|---|---|
//! | `live.created` | a live was created | the live, as `POST /v1/lives` answers it |
//! | `live.ended` | a live ended; also stands for `host.offline` | liveId, reason, reasonCode |
//! | `host.online` | the media of a live's host came, or came back | liveId, userId |
//! | `host.offline` | it was lost, also by a restart of the server | liveId, userId |
//! | `coHost.connected` | a connection was made or grew | connected (all its lives, the inviter first), templateId, template |
//! | `coHost.left` | a live left its connection | liveId, reason, connected (who is still; empty: it dissolved) |
//! | `battle.created` | a battle was asked for and waits for answers | the battle, as `GET /v1/battles/{battleId}` answers it |
//! | `battle.started` | it started; one that nobody has to agree to has no `battle.created` | the battle |
//! | `battle.ended` | it was decided, or will never start | battleId, reason, reasonCode, endTime, punishmentEndTime, result |
//! | `seat.changed` | seats changed hands, or were locked or unlocked, or a device on one | liveId, reason, seats |
//!
//! Scores are none of them: they come many times a second, and whoever posts them has their answers.

mod data;

use serde::Serialize;
use serde_json::Value;

use super::answer::{Connected, TemplateName};
use super::fact::Fact;
use super::ids::LiveId;
use super::time::WallMs;

pub use data::{BattleOver, HostNews, LeftNews, LiveOver, SeatsNews};

/// Longest body of a webhook, bytes: 20 kB, as the Standard Webhooks specification recommends ("Payload size").
pub const BODY_BYTES_MAX: usize = 20_000;

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallbackKind {
    /// A live was created.
    LiveCreated,
    /// A live ended.
    LiveEnded,
    /// A host's media came.
    HostOnline,
    /// A host's media was lost.
    HostOffline,
    /// A connection was made or grew.
    CoHostConnected,
    /// A live left its connection.
    CoHostLeft,
    /// A battle waits for answers.
    BattleCreated,
    /// A battle started.
    BattleStarted,
    /// A battle was decided, or will never start.
    BattleEnded,
    /// Seats changed.
    SeatChanged,
}

impl CallbackKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::LiveCreated,
        Self::LiveEnded,
        Self::HostOnline,
        Self::HostOffline,
        Self::CoHostConnected,
        Self::CoHostLeft,
        Self::BattleCreated,
        Self::BattleStarted,
        Self::BattleEnded,
        Self::SeatChanged,
    ];

    /// Its `type` on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LiveCreated => "live.created",
            Self::LiveEnded => "live.ended",
            Self::HostOnline => "host.online",
            Self::HostOffline => "host.offline",
            Self::CoHostConnected => "coHost.connected",
            Self::CoHostLeft => "coHost.left",
            Self::BattleCreated => "battle.created",
            Self::BattleStarted => "battle.started",
            Self::BattleEnded => "battle.ended",
            Self::SeatChanged => "seat.changed",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What of its data is left out, first things first, when the body would be longer than [`BODY_BYTES_MAX`]: texts that
    /// are the users' own, and can be asked for. What is left always fits.
    fn dispensable(self) -> &'static [&'static str] {
        match self {
            Self::LiveCreated => &["metaData"],
            Self::BattleCreated | Self::BattleStarted => &["users.avatarUrl", "extensionInfo", "users.userName"],
            Self::BattleEnded => &["result.bestSenders"],
            Self::SeatChanged => &["seats.userInfo.avatarUrl", "seats.userInfo.userName"],
            Self::LiveEnded | Self::HostOnline | Self::HostOffline | Self::CoHostConnected | Self::CoHostLeft => &[],
        }
    }
}

/// One event for a backend.
#[derive(Debug, Clone, PartialEq)]
pub struct Callback {
    /// What kind.
    pub kind: CallbackKind,
    /// Whose: of a connection that was made the inviter's live, of a battle the live of who asked for it.
    pub live: LiveId,
    /// When it happened.
    pub at: WallMs,
    /// What; see the table of the module. Texts that would make the body too long are not there, and then named in
    /// `omitted`.
    pub data: Value,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: &'a Value,
}

impl Callback {
    /// What a backend is told of `fact`, if anything.
    #[must_use]
    pub fn of(fact: &Fact) -> Option<Self> {
        use CallbackKind as Kind;
        let told = |kind, live: &LiveId, at: WallMs, data: Value| Some(Self::fitted(kind, live.clone(), at, data));
        match fact {
            Fact::LiveCreated(info) => {
                told(Kind::LiveCreated, &info.live.live_id, info.create_time, written(info.as_ref()))
            }
            Fact::LiveEnded { live, reason, at } => {
                told(Kind::LiveEnded, live, *at, written(&LiveOver::of(live, *reason)))
            }
            Fact::HostOnline { live, user, at } => {
                told(Kind::HostOnline, live, *at, written(&HostNews::of(live, user)))
            }
            Fact::HostOffline { live, user, at } => {
                told(Kind::HostOffline, live, *at, written(&HostNews::of(live, user)))
            }
            Fact::Connected { lives, template, at, .. } => {
                let connected = Connected { connected: lives.clone(), template: TemplateName(*template) };
                told(Kind::CoHostConnected, lives.first()?, *at, written(&connected))
            }
            Fact::ConnectionLeft { live, reason, lives, at, .. } => {
                let left = LeftNews { live_id: live.clone(), reason: *reason, connected: lives.clone() };
                told(Kind::CoHostLeft, live, *at, written(&left))
            }
            Fact::SeatsChanged { live, reason, seats, at } => {
                let news = SeatsNews { live_id: live.clone(), reason: *reason, seats: seats.clone() };
                told(Kind::SeatChanged, live, *at, written(&news))
            }
            Fact::BattleCreated(info) => {
                let live = &info.users.first()?.host.live_id;
                told(Kind::BattleCreated, live, info.battle_id.time(), written(info.as_ref()))
            }
            Fact::BattleStarted(info) => {
                let live = &info.users.first()?.host.live_id;
                told(
                    Kind::BattleStarted,
                    live,
                    info.start_time.unwrap_or(info.battle_id.time()),
                    written(info.as_ref()),
                )
            }
            Fact::BattleEnded { battle, live, end, reason, result, punishment_end, at } => {
                let over = BattleOver::of(*battle, *reason, *end, *punishment_end, result.clone());
                told(Kind::BattleEnded, live, *at, written(&over))
            }
            Fact::LiveChanged(_)
            | Fact::RequestAnswered { .. }
            | Fact::LayoutChosen { .. }
            | Fact::LiveLayoutChosen { .. }
            | Fact::BattleAnswered { .. }
            | Fact::Scored(_)
            | Fact::BattleLeft { .. }
            | Fact::PunishmentEnded { .. } => None,
        }
    }

    /// What is sent: `{"type":…,"timestamp":…,"data":{…}}`, at most [`BODY_BYTES_MAX`] bytes.
    #[must_use]
    pub fn body(&self) -> String {
        let body = Body { r#type: self.kind.word(), timestamp: self.at.rfc3339(), data: &self.data };
        serde_json::to_string(&body).expect("a JSON value can be written")
    }

    fn fitted(kind: CallbackKind, live: LiveId, at: WallMs, data: Value) -> Self {
        let mut callback = Self { kind, live, at, data };
        let mut omitted = Vec::new();
        for path in kind.dispensable() {
            if callback.body().len() <= BODY_BYTES_MAX {
                break;
            }
            let keys: Vec<_> = path.split('.').collect();
            remove(&mut callback.data, &keys);
            omitted.push(Value::from(*path));
            callback.data["omitted"] = Value::from(omitted.clone());
        }
        callback
    }
}

fn written(data: &impl Serialize) -> Value {
    serde_json::to_value(data).expect("answers have text keys, and numbers that JSON has")
}

/// Takes the field at `path` away, through lists on the way.
fn remove(value: &mut Value, path: &[&str]) {
    if let Value::Array(list) = value {
        return list.iter_mut().for_each(|inside| remove(inside, path));
    }
    match path {
        [] => {}
        [key] => drop(value.as_object_mut().and_then(|object| object.remove(*key))),
        [key, rest @ ..] => {
            if let Some(inside) = value.get_mut(*key) {
                remove(inside, rest);
            }
        }
    }
}
