//! What may be asked of the machine. Who may ask is decided before (tokens, `api`); what the rules allow, here.

mod seat;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use costage_media::forward::FeedId;
use costage_media::scene::SourceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gifts::GiftTable;
use super::ids::{BattleId, LiveId, ScoreKey, UserId};

pub use super::custom::{Fit, RegionWish};
pub use seat::{By, Device, MovePolicy, SeatAction, SeatCommand, SeatReply, SeatRequestKind, SeatWish};
pub use template::SeatTemplate;

/// One command or question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Create a live. Answer: [`Answer::Live`](super::Answer::Live).
    CreateLive(Box<NewLive>),
    /// End a live: battle, connection, live, in that order. Answer: [`Answer::Done`](super::Answer::Done).
    EndLive {
        /// Which.
        live: LiveId,
        /// Why, as clients will read it.
        reason: LiveEndReason,
    },
    /// Change what is named of a live, the rest stays. Answer: [`Answer::Live`](super::Answer::Live).
    UpdateLive(Box<LiveChange>),
    /// Public lives, newest first. Answer: [`Answer::Lives`](super::Answer::Lives).
    ListLives {
        /// "" first, then what the page before answered.
        cursor: String,
        /// 1 to 100; 20 when absent.
        count: Option<u64>,
    },
    /// One live. Answer: [`Answer::Live`](super::Answer::Live).
    FindLive(LiveId),
    /// Invite other lives. Answer: [`Answer::Requested`](super::Answer::Requested).
    RequestConnection(ConnectionRequest),
    /// Accept the pending request of `from`. Answer: [`Answer::Connected`](super::Answer::Connected).
    AcceptConnection {
        /// The invited live.
        live: LiveId,
        /// The inviting live.
        from: LiveId,
    },
    /// Reject the pending request of `from`. Answer: [`Answer::Done`](super::Answer::Done).
    RejectConnection {
        /// The invited live.
        live: LiveId,
        /// The inviting live.
        from: LiveId,
    },
    /// Take back the pending request to `to`. Answer: [`Answer::Done`](super::Answer::Done).
    CancelConnection {
        /// The inviting live.
        live: LiveId,
        /// The invited live.
        to: LiveId,
    },
    /// Leave the connection. Answer: [`Answer::Done`](super::Answer::Done).
    ExitConnection {
        /// Who leaves.
        live: LiveId,
    },
    /// The backend takes a live out of its connection. Answer: [`Answer::Done`](super::Answer::Done).
    KickFromConnection {
        /// Who has to leave.
        live: LiveId,
    },
    /// Whom a live may invite. Answer: [`Answer::Lives`](super::Answer::Lives).
    ListCandidates {
        /// Who asks; never a candidate itself.
        live: LiveId,
        /// "" first, then what the page before answered.
        cursor: String,
        /// 1 to 100; 20 when absent.
        count: Option<u64>,
    },
    /// Connection and pending requests of a live. Answer: [`Answer::CoHost`](super::Answer::CoHost).
    FindCoHost(LiveId),
    /// Something about seats. Which answer, [`SeatAction`] says.
    Seat(Box<SeatCommand>),
    /// The seats of a live and of those connected with it. Answer: [`Answer::Seats`](super::Answer::Seats).
    FindSeats(LiveId),
    /// Pending applications and invitations. Answer: [`Answer::SeatRequests`](super::Answer::SeatRequests).
    FindSeatRequests(LiveId),
    /// The layout of what a live's viewers see. Answer: [`Answer::Layout`](super::Answer::Layout).
    FindLayout(LiveId),
    /// Change the layout for all lives of a connection. Answer: [`Answer::Layout`](super::Answer::Layout).
    ChooseLayout {
        /// Any live of the connection, or one alone.
        live: LiveId,
        /// What it is to be.
        layout: LayoutWish,
    },
    /// Whether that layout could be chosen, and what it would be; nothing changes. Answer: [`Answer::Layout`](super::Answer::Layout).
    CheckLayout {
        /// For whom; without it the layout is looked at by itself.
        live: Option<LiveId>,
        /// What it would be.
        layout: LayoutWish,
    },
    /// What the picture of a live would be. Answer: [`Answer::Scene`](super::Answer::Scene).
    Preview(PreviewWish),
    /// What the picture would be with that layout and somebody in each of its places; nothing changes, and it is refused as
    /// [`CheckLayout`](Self::CheckLayout) is. Answer: [`Answer::Scene`](super::Answer::Scene).
    PreviewLayout {
        /// For whom: who is there is shown; without it everybody is made up.
        live: Option<LiveId>,
        /// What it would be.
        layout: LayoutWish,
    },
    /// Ask for a battle. Answer: [`Answer::BattleRequested`](super::Answer::BattleRequested).
    RequestBattle(BattleRequest),
    /// Agree to a pending battle. Answer: [`Answer::Battle`](super::Answer::Battle).
    AcceptBattle {
        /// Which.
        battle: BattleId,
        /// Who was asked.
        user: UserId,
    },
    /// Refuse a pending battle, or take the own agreement back before it starts. Answer: [`Answer::Battle`](super::Answer::Battle).
    RejectBattle {
        /// Which.
        battle: BattleId,
        /// Who was asked.
        user: UserId,
    },
    /// Take back the requests that are not answered yet. Answer: [`Answer::Battle`](super::Answer::Battle).
    CancelBattle {
        /// Which.
        battle: BattleId,
        /// Whose; all when absent.
        users: Option<Vec<UserId>>,
    },
    /// Leave a battle; of a pending one the inviter's request is taken back, the invitee's counts as rejected. Answer:
    /// [`Answer::Battle`](super::Answer::Battle).
    ExitBattle {
        /// Which.
        battle: BattleId,
        /// Who leaves.
        user: UserId,
    },
    /// The same battle once more. Answer: [`Answer::BattleRequested`](super::Answer::BattleRequested).
    RematchBattle {
        /// The battle that has ended.
        battle: BattleId,
        /// The host who asks, and is the inviter of the new one; the one of the old when absent.
        user: Option<UserId>,
    },
    /// A battle, running or ended. Answer: [`Answer::Battle`](super::Answer::Battle).
    FindBattle(BattleId),
    /// The battle that a live is in. Answer: [`Answer::Battle`](super::Answer::Battle).
    FindBattleOf(LiveId),
    /// Change scores (only for the business backend). Answer: [`Answer::Scored`](super::Answer::Scored).
    Score {
        /// Which battle.
        battle: BattleId,
        /// The same key and content again gives the stored answer; the same key with other content is refused.
        key: ScoreKey,
        /// What to change.
        change: ScoreChange,
    },
    /// Turn a gift into points by the table (only for the business backend). Answer: [`Answer::Gifted`](super::Answer::Gifted).
    Gift {
        /// Which battle.
        battle: BattleId,
        /// As of [`Command::Score`], and from the same set.
        key: ScoreKey,
        /// What was given.
        gift: Gift,
    },
    /// Changes of scores, oldest first. Answer: [`Answer::Ledger`](super::Answer::Ledger).
    FindLedger {
        /// Which battle.
        battle: BattleId,
        /// "" first, then what the page before answered.
        cursor: String,
        /// 1 to 100; 20 when absent.
        count: Option<u64>,
    },
    /// Another table for the gifts to come (from the configuration). Answer: [`Answer::Done`](super::Answer::Done).
    SetGifts(GiftTable),
    /// May `user` publish as the host of `live`? Answer: [`Answer::Publish`](super::Answer::Publish).
    Publish {
        /// Which live.
        live: LiveId,
        /// Who asks.
        user: UserId,
    },
    /// May a guest publish from a seat? Only from the own one; from seat 0 as by [`Command::Publish`]. Answer:
    /// [`Answer::Publish`](super::Answer::Publish).
    PublishFromSeat {
        /// Of which live.
        live: LiveId,
        /// Which seat.
        index: u64,
        /// Who asks; `None` for whoever sits there (the backend).
        user: Option<UserId>,
    },
    /// May a viewer join now? Answer: [`Answer::Watch`](super::Answer::Watch).
    Watch {
        /// Which live.
        live: LiveId,
    },
    /// May a viewer watch one host alone now? Answer: [`Answer::Host`](super::Answer::Host).
    WatchHost {
        /// Which live.
        live: LiveId,
        /// Who publishes there.
        user: UserId,
    },
    /// May `user` hear the others now, without its own sound? Answer: [`Answer::Return`](super::Answer::Return).
    WatchReturn {
        /// Which live.
        live: LiveId,
        /// Who publishes there.
        user: UserId,
    },
    /// The media of a host, or of a guest on a seat, came or went. Unknown sources are ignored. Answer: [`Answer::Done`](super::Answer::Done).
    Media {
        /// Whose.
        source: SourceId,
        /// What it is now; repeating it changes nothing.
        state: MediaState,
    },
    /// The first event socket of a live's host was opened, or the last one was lost. Unknown feeds are ignored. Answer:
    /// [`Answer::Done`](super::Answer::Done).
    HostSocket {
        /// Of which live: its feed, which no later live of the same id has.
        feed: FeedId,
        /// What it is now; repeating it changes nothing.
        state: SocketState,
    },
}

/// Which picture of a live is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewWish {
    /// Of which live.
    pub live: LiveId,
    /// Another template than it has.
    pub template: Option<TemplateRef>,
    /// Another number of hosts than are there, 1 to the places of the template, or to its own regions.
    pub hosts: Option<u64>,
}

/// Whether the media of a host or a guest flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaState {
    /// Connected, media may flow.
    Up,
    /// Lost or closed.
    Down,
}

/// Whether a host holds an event socket open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SocketState {
    /// At least one.
    Open,
    /// The last one was closed, or missed two pings.
    Lost,
}

/// A user as shown to others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Id.
    pub user_id: UserId,
    /// Shown name, at most 100 bytes; "" when unknown (the id is shown then).
    #[schemars(length(max = 100), example = &"Alice")]
    pub user_name: String,
    /// Address of a PNG, JPEG or WebP that is drawn where there is no picture of this user, at most 500 bytes; "" for none.
    #[schemars(length(max = 500), example = &"")]
    pub avatar_url: String,
}

/// How a seat is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SeatMode {
    /// By anybody.
    Free,
    /// After the owner's consent.
    Apply,
}

/// Which overlays the server draws into the picture; an app that draws its own turns them off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overlays {
    /// Nicknames.
    #[schemars(example = true)]
    pub names: bool,
    /// All of a battle: score bar, countdown, ranks, results.
    #[schemars(example = true)]
    pub battle: bool,
    /// What of a battle lies over all tiles together: score bar, countdown, "VS", results of teams. Ranks and results on
    /// tiles are drawn without it.
    #[schemars(example = true)]
    pub container: bool,
}

impl Default for Overlays {
    fn default() -> Self {
        Self { names: true, battle: true, container: true }
    }
}

/// A live to create, and what everybody may see of it after. Lengths and counts are checked by the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewLive {
    /// Chosen by the caller, unique.
    pub live_id: LiveId,
    /// Shown name, at most 100 bytes.
    #[schemars(length(max = 100), example = &"Alice live")]
    pub live_name: String,
    /// Who sits on seat 0.
    pub owner: User,
    /// A word to all, at most 100 bytes.
    #[schemars(length(max = 100), example = &"")]
    pub notice: String,
    /// Whether the list shows it.
    #[schemars(example = true)]
    pub is_public_visible: bool,
    /// Whether it has seats at all.
    #[schemars(example = true)]
    pub is_seat_enabled: bool,
    /// Whether the owner stays on seat 0.
    #[schemars(example = true)]
    pub keep_owner_on_seat: bool,
    /// Seats, the owner's among them: 1 to 50.
    #[schemars(range(min = 1, max = 50), example = 9)]
    pub max_seat_count: u64,
    /// How seats are taken.
    pub seat_mode: SeatMode,
    /// How its seats are laid out while it is in no connection and has no regions of its own.
    pub seat_template: SeatTemplate,
    /// Address of a picture for the list, at most 200 bytes.
    #[schemars(length(max = 200), example = &"")]
    pub cover_url: String,
    /// Address of a picture, at most 200 bytes.
    #[schemars(length(max = 200), example = &"")]
    pub background_url: String,
    /// At most 3, each at most 100 bytes.
    #[schemars(length(max = 3), example = ["music"])]
    pub category_list: Vec<String>,
    /// The business's own number.
    pub activity_status: i64,
    /// The business's own: at most 10 keys of at most 50 bytes, values of at most 2048 bytes.
    #[schemars(extend("maxProperties" = 10))]
    pub meta_data: BTreeMap<String, String>,
    /// What the server draws.
    pub overlays: Overlays,
}

impl NewLive {
    /// A public live with every other field at its default.
    #[must_use]
    pub fn new(live_id: LiveId, owner: User) -> Self {
        Self {
            live_id,
            live_name: String::new(),
            owner,
            notice: String::new(),
            is_public_visible: true,
            is_seat_enabled: true,
            keep_owner_on_seat: true,
            max_seat_count: 9,
            seat_mode: SeatMode::Apply,
            seat_template: SeatTemplate::default(),
            cover_url: String::new(),
            background_url: String::new(),
            category_list: Vec::new(),
            activity_status: 0,
            meta_data: BTreeMap::new(),
            overlays: Overlays::default(),
        }
    }
}

/// What to change of a live: what is `None` stays as it is. The same limits as at its creation; its id and its owner
/// never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveChange {
    /// Which.
    pub live: LiveId,
    /// See [`NewLive::live_name`].
    pub live_name: Option<String>,
    /// See [`NewLive::notice`].
    pub notice: Option<String>,
    /// See [`NewLive::is_public_visible`]. Who watches already goes on watching.
    pub is_public_visible: Option<bool>,
    /// See [`NewLive::is_seat_enabled`].
    pub is_seat_enabled: Option<bool>,
    /// See [`NewLive::keep_owner_on_seat`].
    pub keep_owner_on_seat: Option<bool>,
    /// See [`NewLive::max_seat_count`].
    pub max_seat_count: Option<u64>,
    /// See [`NewLive::seat_mode`].
    pub seat_mode: Option<SeatMode>,
    /// See [`NewLive::seat_template`].
    pub seat_template: Option<SeatTemplate>,
    /// See [`NewLive::cover_url`].
    pub cover_url: Option<String>,
    /// See [`NewLive::background_url`].
    pub background_url: Option<String>,
    /// See [`NewLive::category_list`]; the whole list.
    pub category_list: Option<Vec<String>>,
    /// See [`NewLive::activity_status`].
    pub activity_status: Option<i64>,
    /// See [`NewLive::meta_data`]; the whole map.
    pub meta_data: Option<BTreeMap<String, String>>,
    /// See [`NewLive::overlays`]; those that are named.
    pub overlays: OverlaysChange,
}

impl LiveChange {
    /// A change of nothing.
    #[must_use]
    pub fn of(live: LiveId) -> Self {
        Self {
            live,
            live_name: None,
            notice: None,
            is_public_visible: None,
            is_seat_enabled: None,
            keep_owner_on_seat: None,
            max_seat_count: None,
            seat_mode: None,
            seat_template: None,
            cover_url: None,
            background_url: None,
            category_list: None,
            activity_status: None,
            meta_data: None,
            overlays: OverlaysChange::default(),
        }
    }
}

/// Which overlays to turn on or off; `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OverlaysChange {
    /// Nicknames.
    pub names: Option<bool>,
    /// Score bar, countdown, ranks, results.
    pub battle: Option<bool>,
    /// What of a battle lies over all tiles together: bar, countdown, "VS", results of teams.
    pub container: Option<bool>,
}

/// Why a live ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LiveEndReason {
    /// Its owner ended it.
    EndedByHost,
    /// The backend, or nobody published for too long.
    EndedByServer,
}

impl LiveEndReason {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::EndedByHost => 1,
            Self::EndedByServer => 2,
        }
    }
}

/// A layout template as clients name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateRef {
    /// "hostDynamicGrid"
    Name(String),
    /// 600
    Id(u64),
}

/// What a layout is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutWish {
    /// A template.
    Template(TemplateRef),
    /// Regions of one's own: 1 to 25.
    Regions(Vec<RegionWish>),
}

/// An invitation to one or more lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRequest {
    /// Who invites.
    pub live: LiveId,
    /// Who is invited: 1 to 8, each once.
    pub targets: Vec<LiveId>,
    /// Absent: the one that the connection has, hostDynamicGrid for a new one.
    pub template: Option<TemplateRef>,
    /// 1 to 120; 30 when absent.
    pub timeout_seconds: Option<u64>,
    /// At most 2 KB, handed to the invited unread.
    pub extension_info: String,
}

/// A wish for a battle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BattleRequest {
    /// Who asks.
    pub live: LiveId,
    /// Hosts of the requester's connection, without the requester: 1 to 8, each once.
    pub users: Vec<UserId>,
    /// 5 to 86 400; 300 when absent.
    pub duration_seconds: Option<u64>,
    /// `false` starts at once. Absent: true when `timeout_seconds` is positive or absent, false when it is 0.
    pub need_response: Option<bool>,
    /// 1 to 120; 30 when absent, or 0 with `need_response` true. 0 or absent when `need_response` is false.
    pub timeout_seconds: Option<u64>,
    /// At most 2 KB, handed on unread.
    pub extension_info: String,
    /// How long the punishment after the end by time lasts, 0 to 3 600; 0 for none.
    pub punishment_seconds: u64,
    /// Whether its hosts leave their connection after the end, or the punishment's end.
    pub end_connection_after: bool,
}

/// How scores change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ScoreOp {
    /// To what is there.
    Add,
    /// Instead of what is there.
    Set,
}

/// Where points come from; kept in the ledger. Each text has at most 200 bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreSource {
    /// The gift.
    #[schemars(length(max = 200), example = &"rocket")]
    pub gift_id: String,
    /// Who gave it.
    #[schemars(length(max = 200), example = &"u9")]
    pub sender_id: String,
    /// The business's own reference.
    #[schemars(length(max = 200), example = &"order 778")]
    pub reference: String,
}

/// A gift to a host of a battle. Texts have at most 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gift {
    /// The host it is for.
    pub receiver: UserId,
    /// Which gift; not empty.
    #[schemars(length(min = 1, max = 200), example = &"rocket")]
    pub gift_id: String,
    /// How many, 1 to 1 000 000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub count: u64,
    /// What one is worth, in the business's own unit; 0 to 2^53 − 1.
    #[schemars(range(max = 9_007_199_254_740_991_u64), example = 10)]
    pub value: u64,
    /// Who gave it.
    #[schemars(length(max = 200), example = &"u9")]
    pub sender_id: String,
    /// The business's own reference.
    #[schemars(length(max = 200), example = &"order 778")]
    pub reference: String,
}

/// One change of scores; all of it happens or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreChange {
    /// Add or set.
    pub op: ScoreOp,
    /// By user, each once. An added value may be negative; no score may leave 0 to 2^53 − 1.
    pub scores: Vec<(UserId, i64)>,
    /// Where the points come from.
    pub source: ScoreSource,
}

impl ScoreChange {
    /// The users of this change, or `None` when one is named twice.
    pub(super) fn users(&self) -> Option<BTreeSet<&UserId>> {
        let users: BTreeSet<_> = self.scores.iter().map(|(user, _)| user).collect();
        (users.len() == self.scores.len()).then_some(users)
    }
}
