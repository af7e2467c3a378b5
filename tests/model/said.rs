//! What comes back and what is told: answers, refusals, events.

use crate::words::{
    BattleSeen, CoHostSeen, Host, LayoutSeen, LiveSeen, Person, Picture, Points, RowSeen, SeatSeen, Settings, Verdict,
    WishSeen, WishesSeen,
};

/// The answer to a question or a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer<'a> {
    Done,
    Live(LiveSeen<'a>),
    /// The lives of a page, and after which serial the next begins.
    Lives(Vec<LiveSeen<'a>>, Option<u64>),
    /// The product's code for each target.
    Requested(Vec<(&'a str, u64)>),
    Connected(Vec<&'a str>, u64),
    CoHost(CoHostSeen<'a>),
    Seat(SeatSeen<'a>),
    Seats(Vec<SeatSeen<'a>>),
    Wish(WishSeen<'a>),
    Wishes(WishesSeen<'a>),
    Layout(LayoutSeen<'a>),
    /// With the hosts that are there, and how many that are made up.
    Preview(Picture<'a>, usize),
    /// The battle as it is now, with the product's code for each user.
    BattleRequested(Asked<'a>),
    Battle(Box<BattleSeen<'a>>),
    Scored(Scored<'a>),
    Gifted(Scored<'a>, i64),
    /// Rows, and after which number the next page begins.
    Ledger(usize, Vec<RowSeen<'a>>, Option<u64>),
    Publish(u32),
    Watch(u32),
    /// The serial of the live whose host is watched alone.
    Host(u32),
    /// The serial of the live whose stage is heard, and of the host who hears it.
    Return(u32, u32),
}

/// A battle that was just asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked<'a> {
    pub(crate) battle: usize,
    pub(crate) started: bool,
    pub(crate) start: Option<u64>,
    pub(crate) end: Option<u64>,
    pub(crate) expires: Option<u64>,
    pub(crate) results: Vec<(&'a str, u64)>,
}

/// Scores after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scored<'a> {
    pub(crate) battle: usize,
    pub(crate) scores: Points<'a>,
    pub(crate) number: u64,
}

/// A refusal: which, about which live, user or field, and which seat, battle or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal<'a> {
    pub(crate) case: Case,
    pub(crate) about: &'a str,
    pub(crate) number: u64,
}

macro_rules! cases {
    ($($case:ident $code:literal)*) => {
        /// Which rule is against it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Case { $($case,)* }

        impl Case {
            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$case,)*];

            /// The product's code; 0 where it has none.
            pub(crate) fn code(self) -> u32 {
                match self { $(Self::$case => $code,)* }
            }
        }
    };
}

cases! {
    Invalid 100_002
    MetaKeys 100_500
    MetaValue 100_501
    MetaKey 100_504
    NoSuchLive 100_004
    LiveExists 100_003
    LiveExistsYours 100_010
    NotOwner 100_006
    NotLive 0
    HostNotLive 0
    NoSuchHost 100_005
    NotOnStage 100_006
    NoSuchRequest 100_400
    NotConnected 100_400
    AlreadyConnected 100_401
    RequestPending 100_402
    ConnectedElsewhere 100_403
    ConnectionFull 100_404
    TooManyRequests 100_405
    UserConnectedTwice 100_002
    SeatLocked 100_200
    SeatOccupied 100_201
    AlreadyQueued 100_202
    AlreadySeated 100_203
    NotQueued 100_204
    SeatsFull 100_205
    NotSeated 100_206
    AlreadyOnSeat 100_210
    NoSeats 100_211
    SeatListEmpty 100_251
    OwnerSeat 100_006
    OwnerStays 100_006
    SeatNeedsConsent 100_006
    SeatForbidden 100_006
    DeviceLocked 100_006
    DeviceClosedByUser 100_006
    TooManySeatRequests 0
    NoSuchBattle 100_411
    NoBattle 100_411
    NotInConnection 100_414
    AlreadyInBattle 100_415
    NotInBattle 100_414
    BattleEnded 100_421
    NoValidLive 100_412
    BattlePending 100_416
    HostGone 100_412
    InBattleAlready 100_419
    BattleNotStarted 100_420
    KeyReused 100_002
    ScoreOutOfRange 100_002
    GiftWithoutRule 100_002
    Other 0
}

/// What a command gives.
pub(crate) type Outcome<'a> = Result<Answer<'a>, Refusal<'a>>;

/// Who of a live's clients may read an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers<'a> {
    Everyone,
    Host,
    User(&'a str),
}

/// An event, at its moment, to the clients of these lives, in the order of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice<'a> {
    pub(crate) at: u64,
    pub(crate) lives: Vec<&'a str>,
    pub(crate) readers: Readers<'a>,
    pub(crate) event: Event<'a>,
}

/// Why a host left its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Exit,
    Disconnected,
    Kicked,
    LiveEnded,
}

/// Why seats changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Taken,
    Left,
    Kicked,
    Locked,
    Unlocked,
    Moved,
    Replaced,
    Device,
    Layout,
    Joined,
    Disconnected,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    RequestReceived {
        inviter: Host<'a>,
        extension: &'a str,
        template: u64,
        expires: u64,
    },
    RequestCancelled {
        inviter: Host<'a>,
        invitee: Host<'a>,
    },
    RequestAccepted {
        invitee: Host<'a>,
    },
    RequestRejected {
        inviter: Host<'a>,
        invitee: Host<'a>,
    },
    RequestTimeout {
        inviter: Host<'a>,
        invitee: Host<'a>,
    },
    UserJoined {
        user: Host<'a>,
    },
    UserLeft {
        user: Host<'a>,
        reason: Left,
    },
    Layout(LayoutSeen<'a>),
    BattleReceived {
        ask: Ask<'a>,
        seconds: u64,
        extension: &'a str,
        expires: u64,
    },
    BattleCancelled(Ask<'a>),
    BattleTimeout(Ask<'a>),
    BattleAccept(Ask<'a>),
    BattleReject(Ask<'a>),
    BattleJoined {
        battle: usize,
        user: Host<'a>,
    },
    BattleStarted {
        battle: usize,
        hosts: Vec<Host<'a>>,
        seconds: u64,
        start: u64,
        end: u64,
        extension: &'a str,
        scores: Points<'a>,
    },
    ScoreChanged {
        battle: usize,
        scores: Points<'a>,
    },
    BattleExit {
        battle: usize,
        user: Host<'a>,
    },
    BattleEnded {
        battle: usize,
        reason: u64,
        end: u64,
        verdict: Option<Verdict<'a>>,
    },
    PunishmentStarted {
        battle: usize,
        seconds: u64,
        start: u64,
        end: u64,
    },
    PunishmentEnded {
        battle: usize,
    },
    LiveChanged {
        live: &'a str,
        settings: Settings<'a>,
        changed: Vec<&'a str>,
    },
    LiveEnded {
        live: &'a str,
        reason: u64,
    },
    Seats {
        live: &'a str,
        why: Why,
        seats: Vec<SeatSeen<'a>>,
        seated: Vec<Person<'a>>,
        left: Vec<Person<'a>>,
    },
    Applied(WishSeen<'a>),
    ApplicationCancelled {
        guest: Person<'a>,
    },
    ApplicationProcessed {
        guest: Person<'a>,
        host: Host<'a>,
        accept: bool,
    },
    ApplicationResponded {
        guest: Person<'a>,
        host: Host<'a>,
        accept: bool,
    },
    ApplicationNoResponse {
        guest: Person<'a>,
        reason: u64,
    },
    Invited {
        host: Host<'a>,
        wish: WishSeen<'a>,
    },
    InvitationCancelled {
        host: Host<'a>,
        guest: Person<'a>,
    },
    InvitationResponded {
        guest: Person<'a>,
        accept: bool,
    },
    InvitationNoResponse {
        guest: Person<'a>,
        reason: u64,
    },
    KickedOff {
        index: u64,
        host: Host<'a>,
        guest: Person<'a>,
        why: Why,
    },
    MicrophoneOpened {
        guest: Person<'a>,
    },
    MicrophoneClosed {
        guest: Person<'a>,
    },
    CameraOpened {
        guest: Person<'a>,
    },
    CameraClosed {
        guest: Person<'a>,
    },
}

/// A host's request for a battle to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ask<'a> {
    pub(crate) battle: usize,
    pub(crate) inviter: Host<'a>,
    pub(crate) invitee: Host<'a>,
}
