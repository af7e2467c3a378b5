//! What comes back: plain data that serialises as the page (control plane, "On the wire") writes it.

mod battle;
mod connection;
mod ledger;
mod seat;

use costage_media::forward::FeedId;
use costage_media::frame::Size;
use costage_media::scene::{Rect, Region, Scene, SourceId, Template};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::command::{Fit, NewLive, User};
use super::ids::{LiveId, UserId};
use super::time::WallMs;

pub use battle::{
    BattleCode, BattleEndReason, BattleInfo, BattleRequested, BattleResult, BattleStatus, BattleUser, Ranked, Scored,
    Sender, UserResult,
};
pub use connection::{CoHost, Connected, ConnectionCode, TargetResult, TemplateName};
pub use ledger::{Gifted, LedgerPage, LedgerRow, ScoreValue};
pub use seat::{DeviceStatus, SeatInfo, SeatRequest, SeatRequests, SeatRole, SeatUser};

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
    /// The seat on which a user sits now.
    Seat(Box<SeatInfo>),
    /// Seats, by live and number.
    Seats(Vec<SeatInfo>),
    /// An application or invitation that is pending now.
    SeatRequest(Box<SeatRequest>),
    /// All of them of a live.
    SeatRequests(SeatRequests),
    /// What the viewers of a live see.
    Layout(Layout),
    /// What they would see.
    Scene(Box<Scene>),
    /// A battle has started, or waits for answers.
    BattleRequested(BattleRequested),
    /// A battle: pending, running or ended.
    Battle(Box<BattleInfo>),
    /// Scores after a change.
    Scored(Scored),
    /// Scores after a gift.
    Gifted(Gifted),
    /// A page of a battle's ledger.
    Ledger(LedgerPage),
    /// The host, or the guest from its seat, may publish.
    Publish(Publish),
    /// The viewer may join this feed.
    Watch(FeedId),
    /// The viewer may watch this host alone.
    Host(SourceId),
    /// The host may hear the others.
    Return(Return),
}

/// A live as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveInfo {
    /// As it was asked for.
    #[serde(flatten)]
    pub live: NewLive,
    /// When it was created.
    pub create_time: WallMs,
    /// Whether its host's media flows.
    pub is_publishing: bool,
    /// Viewers that are connected to its feed. The rules do not know them: 0 until the one who counts them fills it in.
    #[schemars(description = "Viewers that are connected to its feed.")]
    pub viewer_count: u64,
    /// Its feed; for the inside.
    #[serde(skip)]
    pub feed: FeedId,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Its live.
    pub live_id: LiveId,
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The seat; the owner sits on 0.
    #[schemars(range(max = 49))]
    pub seat_index: u32,
}

/// Where each seat stands in the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Layout {
    /// Number of the template; 1000 where the regions are somebody's own.
    #[schemars(example = 600)]
    pub template_id: u32,
    /// Size of the picture, which the template may lay on its side.
    pub canvas: CanvasSize,
    /// The server's own canvas: regions of one's own are in its pixels, whatever template is shown now.
    pub regions_canvas: CanvasSize,
    /// In the order of places.
    pub regions: Vec<SeatRegion>,
}

impl Layout {
    /// That template on the canvas that it has where `configured` is the operator's.
    pub(super) fn of(template: Template, configured: Size, regions: Vec<SeatRegion>) -> Self {
        let [canvas, regions_canvas] =
            [template.canvas(configured), configured].map(|it| CanvasSize { w: it.width, h: it.height });
        Self { template_id: template.id(), canvas, regions_canvas, regions }
    }
}

/// Size of the picture, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CanvasSize {
    /// Width, pixels.
    #[schemars(example = 720)]
    pub w: usize,
    /// Height, pixels.
    #[schemars(example = 1280)]
    pub h: usize,
}

/// One seat's rectangle, in canvas pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatRegion {
    /// Its live.
    pub live_id: LiveId,
    /// Its seat in that live.
    #[schemars(range(max = 49))]
    pub seat_index: u32,
    /// Who sits there; "" when nobody does, and nothing or an empty seat is drawn.
    #[serde(serialize_with = "or_empty")]
    #[schemars(with = "String", example = &"alice")]
    pub user_id: Option<UserId>,
    /// Left edge, canvas pixels.
    pub x: usize,
    /// Upper edge, canvas pixels.
    #[schemars(example = 276)]
    pub y: usize,
    /// Width, canvas pixels.
    #[schemars(example = 360)]
    pub w: usize,
    /// Height, canvas pixels.
    #[schemars(example = 644)]
    pub h: usize,
    /// Higher is nearer.
    pub z: u32,
    /// How the picture fills it; not named where it covers it.
    #[serde(default, skip_serializing_if = "Fit::is_cover")]
    pub fit: Fit,
    /// How round its corners are, canvas pixels; not named where they are square.
    #[serde(default, skip_serializing_if = "is_square")]
    pub corner_radius: usize,
}

impl SeatRegion {
    /// That seat in that place of the picture.
    pub(super) fn of(live_id: LiveId, seat_index: u32, user_id: Option<UserId>, region: Region) -> Self {
        let Region { rect, z, fit, corner_radius } = region;
        let Rect { x, y, w, h } = rect;
        Self { live_id, seat_index, user_id, x, y, w, h, z, fit: fit.into(), corner_radius }
    }
}

#[allow(clippy::ref_option, reason = "as serde calls it")]
fn or_empty<S: Serializer>(user: &Option<UserId>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(user.as_ref().map_or("", UserId::as_str))
}

fn is_square(corner_radius: &usize) -> bool {
    *corner_radius == 0
}

/// A host, or a guest from its seat, may publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish {
    /// As which source.
    pub source: SourceId,
}

/// A host may hear the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Return {
    /// The live's feed, whose picture it sees.
    pub feed: FeedId,
    /// Its own source, which it does not hear.
    pub source: SourceId,
}

/// Everything a client needs to draw a live from nothing: the first message of an event socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveSnapshot {
    /// The live.
    pub live: LiveInfo,
    /// Its connection.
    pub co_host: CoHost,
    /// The battle it is in, or else the one that runs in its connection, or else the one whose punishment goes on there.
    pub battle: Option<BattleInfo>,
    /// The pending battle that its host asked for or was asked to. Requests are between hosts.
    pub battle_request: Option<BattleInfo>,
    /// Where everybody stands in the picture.
    pub layout: Layout,
    /// Its seats, then those of the lives connected with it.
    pub seat_list: Vec<SeatInfo>,
    /// Who waits for a seat of it.
    pub seat_requests: SeatRequests,
}
