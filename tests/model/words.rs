//! What both sides are compared in: plain data, borrowed from whoever says it. Battles are numbered by the order in which
//! they were asked for, points in time are ms since 1970.

/// A text of the model: all of them are constants, so that its state is cheap to copy.
pub(crate) type Text = &'static str;

/// A user as shown to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) avatar: &'a str,
}

/// The host of a live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host<'a> {
    pub(crate) live: &'a str,
    pub(crate) user: Person<'a>,
}

/// What may be changed of a live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings<'a> {
    pub(crate) name: &'a str,
    pub(crate) notice: &'a str,
    pub(crate) public: bool,
    pub(crate) seats: bool,
    pub(crate) keep_owner: bool,
    pub(crate) seat_count: u64,
    pub(crate) free: bool,
    pub(crate) template: &'a str,
    pub(crate) cover: &'a str,
    pub(crate) background: &'a str,
    pub(crate) categories: Vec<&'a str>,
    pub(crate) activity: i64,
    pub(crate) meta: Vec<(&'a str, &'a str)>,
    /// Names, battle, container.
    pub(crate) overlays: [bool; 3],
}

/// A live as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveSeen<'a> {
    pub(crate) live: &'a str,
    pub(crate) owner: Person<'a>,
    pub(crate) settings: Settings<'a>,
    pub(crate) created: u64,
    pub(crate) publishing: bool,
    /// Which live of the server's life it is, from 1.
    pub(crate) serial: u32,
}

/// A microphone or a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    Open,
    ClosedBySelf,
    ClosedByAdmin,
}

/// Who sits on a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sitter<'a> {
    pub(crate) user: Person<'a>,
    pub(crate) owner: bool,
    pub(crate) microphone: Device,
    pub(crate) camera: Device,
}

/// One seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeatSeen<'a> {
    pub(crate) live: &'a str,
    pub(crate) index: u64,
    pub(crate) locked: bool,
    pub(crate) sitter: Option<Sitter<'a>>,
}

/// A pending application for a seat, or an invitation to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WishSeen<'a> {
    pub(crate) live: &'a str,
    pub(crate) user: Person<'a>,
    /// −1 for any.
    pub(crate) index: i64,
    pub(crate) extension: &'a str,
    pub(crate) expires: Option<u64>,
}

/// Where each host stands in the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LayoutSeen<'a> {
    pub(crate) template: u64,
    /// Its width and height.
    pub(crate) canvas: [usize; 2],
    pub(crate) places: Vec<PlaceSeen<'a>>,
}

/// Where one seat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlaceSeen<'a> {
    pub(crate) live: &'a str,
    pub(crate) seat: u64,
    /// Who sits there.
    pub(crate) user: &'a str,
    /// x y w h.
    pub(crate) place: [usize; 4],
    pub(crate) z: u32,
    /// 0 cover, 1 contain, 2 fill.
    pub(crate) fit: u8,
    pub(crate) radius: usize,
}

/// x y w h, z, fit and radius of a tile with a region of its own.
pub(crate) type OwnPlace = ([usize; 4], u32, u8, usize);

/// Number of a seat, x y w h, whether it is locked, and who sits there: serial, name, microphone off.
pub(crate) type CellSeen<'a> = (u64, [usize; 4], bool, Option<(u32, &'a str, bool)>);

/// Where a battle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Started,
    Ended,
}

/// A host in a battle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FighterSeen<'a> {
    pub(crate) host: Host<'a>,
    pub(crate) score: u64,
    pub(crate) left: bool,
    pub(crate) pending: bool,
}

/// Points by user, in the order of ids.
pub(crate) type Points<'a> = Vec<(&'a str, u64)>;

/// A battle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BattleSeen<'a> {
    pub(crate) battle: usize,
    pub(crate) status: Status,
    pub(crate) inviter: &'a str,
    pub(crate) seconds: u64,
    pub(crate) need_response: bool,
    pub(crate) punishment_seconds: u64,
    pub(crate) part_after: bool,
    pub(crate) extension: &'a str,
    pub(crate) start: Option<u64>,
    pub(crate) end: Option<u64>,
    pub(crate) expires: Option<u64>,
    pub(crate) punishment_end: Option<u64>,
    pub(crate) fighters: Vec<FighterSeen<'a>>,
    pub(crate) scores: Points<'a>,
    pub(crate) reason: Option<u64>,
    pub(crate) verdict: Option<Verdict<'a>>,
}

/// How a battle ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict<'a> {
    pub(crate) scores: Points<'a>,
    pub(crate) ranking: Vec<Ranked<'a>>,
    pub(crate) winners: Vec<&'a str>,
    pub(crate) draw: bool,
    /// By user, in the order of ids: the best senders.
    pub(crate) senders: Vec<(&'a str, Points<'a>)>,
}

/// A line of the ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ranked<'a> {
    pub(crate) user: &'a str,
    pub(crate) live: &'a str,
    pub(crate) score: u64,
    pub(crate) rank: u64,
    pub(crate) left: bool,
}

/// A row of a battle's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowSeen<'a> {
    pub(crate) number: u64,
    pub(crate) at: u64,
    pub(crate) key: &'a str,
    pub(crate) set: bool,
    /// In the order of ids.
    pub(crate) scores: Vec<(&'a str, i64)>,
    pub(crate) sender: &'a str,
    /// Receiver, gift, count, value.
    pub(crate) gift: Option<(&'a str, &'a str, u64, u64)>,
    pub(crate) totals: Points<'a>,
}

/// All that the clients of a live see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View<'a> {
    pub(crate) live: LiveSeen<'a>,
    pub(crate) co_host: CoHostSeen<'a>,
    pub(crate) battle: Option<BattleSeen<'a>>,
    pub(crate) battle_request: Option<BattleSeen<'a>>,
    pub(crate) layout: LayoutSeen<'a>,
    pub(crate) seats: Vec<SeatSeen<'a>>,
    pub(crate) wishes: WishesSeen<'a>,
}

/// Applications, then invitations.
pub(crate) type WishesSeen<'a> = (Vec<WishSeen<'a>>, Vec<WishSeen<'a>>);

/// Connection and pending requests of a live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CoHostSeen<'a> {
    pub(crate) connected: Vec<&'a str>,
    pub(crate) template: u64,
    pub(crate) hosts: Vec<Host<'a>>,
    pub(crate) invitees: Vec<Host<'a>>,
    pub(crate) applicant: Option<Host<'a>>,
}

/// What the viewers of a live see in the picture, and hear beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture<'a> {
    pub(crate) template: u64,
    /// Its width and height.
    pub(crate) canvas: [usize; 2],
    /// Serial of the live or the guest, name, camera open, microphone off.
    pub(crate) tiles: Vec<(u32, &'a str, bool, bool)>,
    /// Of these, where they are not the template's.
    pub(crate) regions: Vec<OwnPlace>,
    pub(crate) cells: Vec<CellSeen<'a>>,
    /// Who is heard without a tile: serial, microphone off.
    pub(crate) voices: Vec<(u32, bool)>,
    pub(crate) names: bool,
    pub(crate) contest: Contest,
}

/// What of battles is in a picture. What is over by now is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contest {
    /// Of each host: its serial, what it has in the battle that goes on or has in the one that is over, how its last one ended.
    pub(crate) sides: Vec<SideSeen>,
    /// When "VS" goes.
    pub(crate) opening: Option<u64>,
    /// Whether of a punishment, and to when.
    pub(crate) countdown: Option<(bool, u64)>,
    /// Nothing lies over all tiles together.
    pub(crate) on_tiles_only: bool,
}

/// Serial; where it stands; how the last battle ended, and until when that is said.
pub(crate) type SideSeen = (u32, Option<StandingSeen>, Option<(End, u64)>);

/// Battle as counted in the picture, rank, points, whether it has left; when that goes, if the battle is over.
pub(crate) type StandingSeen = (usize, u64, u64, bool, Option<u64>);

/// How a battle ended for one of its hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Victory,
    Defeat,
    Draw,
}
