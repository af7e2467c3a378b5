//! What may be asked, in plain words.

use crate::words::{Person, Settings, Text};

/// A template, by name or number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Name(Text),
    Number(u64),
}

/// What a layout is to be.
#[derive(Debug, Clone)]
pub(crate) enum Layout {
    Template(Wish),
    Regions(Vec<RegionWish>),
}

/// A region of one's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RegionWish {
    pub(crate) x: u64,
    pub(crate) y: u64,
    pub(crate) w: u64,
    pub(crate) h: u64,
    pub(crate) z: u64,
    /// 0 cover, 1 contain, 2 fill.
    pub(crate) fit: u8,
    pub(crate) radius: u64,
    pub(crate) of: Text,
    pub(crate) seat: u64,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
    Start,
    /// After the line with this number.
    After(u64),
    Nonsense,
}

/// A live to create.
#[derive(Debug, Clone)]
pub(crate) struct NewLive {
    pub(crate) live: Text,
    pub(crate) owner: Person<'static>,
    pub(crate) settings: Settings<'static>,
}

/// One field of a live to change.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    Name(Text),
    Notice(Text),
    Public(bool),
    Seats(bool),
    KeepOwner(bool),
    SeatCount(u64),
    Free(bool),
    Template(Text),
    Cover(Text),
    Background(Text),
    Categories(Vec<Text>),
    Activity(i64),
    Meta(Vec<(Text, Text)>),
    /// Which overlay, and whether it is drawn.
    Overlay(usize, bool),
}

/// Who asks about a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Backend,
    Owner,
    Guest(Text),
}

/// What happens to whoever sits where another is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Abort,
    Replace,
    Swap,
}

/// What becomes of a pending application or invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Accept,
    Reject,
    Cancel,
}

/// An application for a seat or an invitation to one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeatWish {
    pub(crate) user: Person<'static>,
    pub(crate) index: Option<u64>,
    pub(crate) seconds: Option<u64>,
    pub(crate) extension: Text,
}

/// Something about the seats of a live.
#[derive(Debug, Clone)]
pub(crate) enum SeatAsk {
    Take {
        index: u64,
        user: Person<'static>,
    },
    Leave {
        index: u64,
    },
    Lock {
        index: u64,
    },
    Unlock {
        index: u64,
    },
    Kick {
        index: u64,
    },
    Move {
        user: Text,
        to: u64,
        policy: Policy,
    },
    Device {
        index: u64,
        microphone: bool,
        open: bool,
    },
    Apply(SeatWish),
    Invite(SeatWish),
    /// An application, or else an invitation.
    Answer {
        application: bool,
        user: Text,
        reply: Reply,
    },
}

/// A wish for a battle.
#[derive(Debug, Clone)]
pub(crate) struct BattleWish {
    pub(crate) live: Text,
    pub(crate) users: Vec<Text>,
    pub(crate) seconds: Option<u64>,
    pub(crate) need_response: Option<bool>,
    pub(crate) timeout: Option<u64>,
    pub(crate) extension: Text,
    pub(crate) punishment: u64,
    pub(crate) part_after: bool,
}

/// A gift to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gift {
    pub(crate) receiver: Text,
    pub(crate) gift: Text,
    pub(crate) count: u64,
    pub(crate) value: u64,
    pub(crate) sender: Text,
}

/// What gifts are worth: fixed amounts, and factors from a value on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) fixed: Vec<(Text, u64)>,
    pub(crate) tiers: Vec<(u64, u64)>,
}

/// One command or question. Battles go by their number, 0 is none.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    Create(Box<NewLive>),
    Update {
        live: Text,
        fields: Vec<Field>,
    },
    End {
        live: Text,
        by_server: bool,
    },
    FindLive(Text),
    List {
        cursor: Cursor,
        count: Option<u64>,
    },
    Candidates {
        live: Text,
        cursor: Cursor,
        count: Option<u64>,
    },
    Request {
        live: Text,
        targets: Vec<Text>,
        template: Option<Wish>,
        seconds: Option<u64>,
        extension: Text,
    },
    Accept {
        live: Text,
        from: Text,
    },
    Reject {
        live: Text,
        from: Text,
    },
    Cancel {
        live: Text,
        to: Text,
    },
    Exit(Text),
    KickOut(Text),
    FindCoHost(Text),
    Seat {
        live: Text,
        by: By,
        ask: SeatAsk,
    },
    FindSeats(Text),
    FindWishes(Text),
    FindLayout(Text),
    Layout {
        live: Text,
        layout: Layout,
    },
    CheckLayout {
        live: Option<Text>,
        layout: Layout,
    },
    /// As it would look.
    PreviewLayout {
        live: Option<Text>,
        layout: Layout,
    },
    /// Another template and another number of hosts than there are.
    Preview {
        live: Text,
        template: Option<Wish>,
        hosts: Option<u64>,
    },
    Battle(Box<BattleWish>),
    AcceptBattle {
        battle: usize,
        user: Text,
    },
    RejectBattle {
        battle: usize,
        user: Text,
    },
    CancelBattle {
        battle: usize,
        users: Option<Vec<Text>>,
    },
    ExitBattle {
        battle: usize,
        user: Text,
    },
    Rematch {
        battle: usize,
        user: Option<Text>,
    },
    FindBattle(usize),
    FindBattleOf(Text),
    Score {
        battle: usize,
        key: Text,
        set: bool,
        scores: Vec<(Text, i64)>,
        sender: Text,
    },
    Gift {
        battle: usize,
        key: Text,
        gift: Gift,
    },
    Ledger {
        battle: usize,
        cursor: Cursor,
        count: Option<u64>,
    },
    SetGifts(Table),
    Publish {
        live: Text,
        user: Text,
    },
    /// Of that user, or of whoever sits there.
    PublishFromSeat {
        live: Text,
        index: u64,
        user: Option<Text>,
    },
    Watch(Text),
    WatchHost {
        live: Text,
        user: Text,
    },
    WatchReturn {
        live: Text,
        user: Text,
    },
    /// The media of the live of that serial, or of the guest, is there, or lost.
    Media {
        serial: u32,
        up: bool,
    },
    /// The event socket of its host is open, or lost.
    Socket {
        serial: u32,
        open: bool,
    },
}
