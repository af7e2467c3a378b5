//! What comes back: plain data that serialises as the page (control plane, "On the wire") writes it.

use std::collections::BTreeMap;

use costage_media::forward::FeedId;
use costage_media::scene::{SourceId, Template};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::command::{Overlays, SeatMode, User};
use super::ids::{BattleId, LiveId, UserId};
use super::time::WallMs;

/// The answer to a [`Command`](super::Command).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Done; nothing to tell.
    Done,
    /// A live.
    Live(Box<LiveInfo>),
    /// A page of lives.
    Lives(LivePage),
    /// Per target what became of the invitation, in the order asked.
    Requested(Vec<TargetResult>),
    /// The connection that was just made or grown.
    Connected(Connected),
    /// Connection and pending requests.
    CoHost(CoHost),
    /// What the viewers of a live see.
    Layout(Layout),
    /// A battle has started.
    BattleStarted(BattleStarted),
    /// A battle, running or ended.
    Battle(Box<BattleInfo>),
    /// Scores after a change.
    Scored(Scored),
    /// The host may publish.
    Publish(Publish),
    /// The viewer may join this feed.
    Watch(FeedId),
}

/// A live as everybody may see it. `viewerCount` is not here: the media side counts viewers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveInfo {
    /// Id.
    pub live_id: LiveId,
    /// Name.
    pub live_name: String,
    /// Who sits on seat 0.
    pub owner: User,
    /// Notice.
    pub notice: String,
    /// Whether the list shows it.
    pub is_public_visible: bool,
    /// Whether it has seats.
    pub is_seat_enabled: bool,
    /// Whether the owner stays on seat 0.
    pub keep_owner_on_seat: bool,
    /// Seats.
    pub max_seat_count: u64,
    /// How seats are taken.
    pub seat_mode: SeatMode,
    /// Name of the layout while alone.
    pub seat_template: String,
    /// Picture in lists.
    pub cover_url: String,
    /// Picture behind.
    pub background_url: String,
    /// Categories.
    pub category_list: Vec<String>,
    /// The business's own number.
    pub activity_status: i64,
    /// The business's own data.
    pub meta_data: BTreeMap<String, String>,
    /// What the server draws.
    pub overlays: Overlays,
    /// When it was created.
    pub create_time: WallMs,
    /// Whether its host's media flows.
    pub is_publishing: bool,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LivePage {
    /// Newest first.
    pub lives: Vec<LiveInfo>,
    /// For the next page; "" when this was the last.
    pub cursor: String,
}

/// A host of a live, as events and answers name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Its live.
    pub live_id: LiveId,
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The seat; the owner sits on 0.
    pub seat_index: u32,
}

/// What became of the invitation of one live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetResult {
    /// The invited live.
    pub live_id: LiveId,
    /// The product's code.
    pub code: ConnectionCode,
}

/// Result of an invitation (TUIConnectionCode).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionCode {
    /// 0: invited, or connected at once where both invited each other.
    Success,
    /// 1
    RoomNotExist,
    /// 2: already invited by you or already connected to you.
    Connecting,
    /// 3: invited by another, or in another connection.
    ConnectingOtherRoom,
    /// 4: the connection has no place left.
    Full,
    /// 5: too many of your requests are pending.
    Retry,
}

impl ConnectionCode {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::RoomNotExist => 1,
            Self::Connecting => 2,
            Self::ConnectingOtherRoom => 3,
            Self::Full => 4,
            Self::Retry => 5,
        }
    }
}

impl Serialize for ConnectionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.code())
    }
}

/// A layout template as answers name it: `"templateId":600,"template":"hostDynamicGrid"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateName(pub Template);

impl Serialize for TemplateName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("TemplateName", 2)?;
        fields.serialize_field("templateId", &self.0.id())?;
        fields.serialize_field("template", self.0.name())?;
        fields.end()
    }
}

/// A connection that was just made or grown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// Its lives, in the order of their places: the inviter first, then by joining time.
    pub connected: Vec<LiveId>,
    /// Its template.
    #[serde(flatten)]
    pub template: TemplateName,
}

/// Connection and pending requests of a live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CoHost {
    /// The connection's lives in the order of their places; empty when there is none.
    pub connected: Vec<LiveId>,
    /// The template, also while alone.
    #[serde(flatten)]
    pub template: TemplateName,
    /// The connected hosts, this live's own among them.
    pub hosts: Vec<Host>,
    /// Whom this live has invited.
    pub invitees: Vec<Host>,
    /// Who has invited this live.
    pub applicant: Option<Host>,
}

/// Where each seat stands in the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Layout {
    /// Number of the template.
    pub template_id: u32,
    /// Size of the picture.
    pub canvas: CanvasSize,
    /// In the order of places.
    pub regions: Vec<SeatRegion>,
}

/// Size of the picture, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CanvasSize {
    /// Width.
    pub w: usize,
    /// Height.
    pub h: usize,
}

/// One seat's rectangle, in canvas pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatRegion {
    /// Its live.
    pub live_id: LiveId,
    /// Its seat in that live.
    pub seat_index: u32,
    /// Who sits there.
    pub user_id: UserId,
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Width.
    pub w: usize,
    /// Height.
    pub h: usize,
    /// Higher is nearer.
    pub z: u32,
}

/// Result of a battle request for one user (TUIBattleCode).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BattleCode {
    /// 0
    Success,
    /// 3: in another battle.
    BattlingOtherRoom,
}

impl BattleCode {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::BattlingOtherRoom => 3,
        }
    }
}

impl Serialize for BattleCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.code())
    }
}

/// What became of the request for one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserResult {
    /// The user.
    pub user_id: UserId,
    /// The product's code.
    pub code: BattleCode,
}

/// A battle that was just started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BattleStarted {
    /// Its id.
    pub battle_id: BattleId,
    /// [`BattleStatus::Started`].
    pub status: BattleStatus,
    /// When it began.
    pub start_time: WallMs,
    /// When it ends.
    pub end_time: WallMs,
    /// Per asked user, in the order asked.
    pub results: Vec<UserResult>,
}

/// Where a battle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BattleStatus {
    /// Scores count.
    Started,
    /// Decided.
    Ended,
}

/// Why a battle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BattleEndReason {
    /// Its time was over.
    TimeOver,
    /// Everybody left, or the connection under it dissolved.
    AllMemberExit,
}

impl BattleEndReason {
    /// The product's number.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::TimeOver => 0,
            Self::AllMemberExit => 1,
        }
    }
}

/// A host in a battle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BattleUser {
    /// Who.
    #[serde(flatten)]
    pub host: Host,
    /// Points.
    pub score: u64,
    /// Whether it left before the end.
    pub left: bool,
}

/// A battle, running or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BattleInfo {
    /// Id.
    pub battle_id: BattleId,
    /// Where it stands.
    pub status: BattleStatus,
    /// The user who asked for it.
    pub inviter: UserId,
    /// How long it was meant to last.
    pub duration_seconds: u64,
    /// As given with the request.
    pub extension_info: String,
    /// When it began.
    pub start_time: WallMs,
    /// When it ends, or ended.
    pub end_time: WallMs,
    /// The hosts, the inviter first.
    pub users: Vec<BattleUser>,
    /// Points by user.
    pub scores: BTreeMap<UserId, u64>,
    /// Why it ended.
    pub reason: Option<BattleEndReason>,
    /// How it ended.
    pub result: Option<BattleResult>,
}

/// How a battle ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BattleResult {
    /// Final points by user.
    pub scores: BTreeMap<UserId, u64>,
    /// Best first; competition ranking: equal scores share a rank, the next rank skips. Who left comes last.
    pub ranking: Vec<Ranked>,
    /// Who has rank 1; empty at a draw, and when everybody left.
    pub winners: Vec<UserId>,
    /// Whether all that stayed, two at least, have the same score.
    pub draw: bool,
}

/// One line of a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ranked {
    /// The user.
    pub user_id: UserId,
    /// Its live.
    pub live_id: LiveId,
    /// Points.
    pub score: u64,
    /// 1 is best.
    pub rank: u32,
    /// Whether it left before the end; such a host cannot win.
    pub left: bool,
}

/// Scores after a change; the stored answer of its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scored {
    /// The battle.
    pub battle_id: BattleId,
    /// Points of all its users, right after this change.
    pub scores: BTreeMap<UserId, u64>,
    /// Number of the change in the battle's ledger, from 1.
    pub ledger_seq: u64,
}

/// A host may publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish {
    /// As which source.
    pub source: SourceId,
    /// Whether the host's media flows already: the new session takes over from the old one.
    pub takeover: bool,
}

/// Everything a client needs to draw a live from nothing: the first message of an event socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveSnapshot {
    /// The live.
    pub live: LiveInfo,
    /// Its connection.
    pub co_host: CoHost,
    /// The battle it is in.
    pub battle: Option<BattleInfo>,
    /// Where everybody stands in the picture.
    pub layout: Layout,
}
