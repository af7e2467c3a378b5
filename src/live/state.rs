//! The rows that the machine keeps, and taking back what was done to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use costage_media::forward::FeedId;
use costage_media::scene::{Outcome, SourceId, Template};

use serde::{Deserialize, Serialize};

use super::answer::{BattleEndReason, BattleResult, Host};
use super::booked::{Booked, Numbered, Receipts};
use super::command::NewLive;
use super::custom::Custom;
use super::effect::Wake;
use super::ids::{BattleId, ConnectionId, LiveId, ScoreKey, StageId, UserId};
use super::kept::{KeptTable, RowName};
use super::seat::{SeatMark, SeatRows, Seating};
use super::seed::{Draws, Seed};
use super::senders::Given;
use super::table::Table;
use super::time::WallMs;

/// One live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Live {
    pub(super) info: Arc<NewLive>,
    pub(super) created: WallMs,
    /// Counts lives and guests on seats over the server's life: newest is highest; also the number of its feed and its
    /// source.
    pub(super) serial: u32,
    pub(super) presence: Presence,
    pub(super) socket: Socket,
    /// Its host was away for longer than the grace, and nothing of it has come back since.
    pub(super) left: bool,
    /// Before this nobody is said to have left it, host or guest: the grace after a restart.
    pub(super) spared_until: WallMs,
    /// The stage it has while alone, from the first time that it had something to show.
    pub(super) solo: Option<StageId>,
    /// Regions of its own, for while it is alone.
    pub(super) custom: Option<Custom>,
    pub(super) connection: Option<ConnectionId>,
    /// The battle that it is in, or has asked for or is asked to.
    pub(super) battle: Option<BattleId>,
    /// How its last battle ended, until the next one starts.
    pub(super) judged: Option<Judged>,
}

/// How a battle ended for a live, and how long that is shown: with its scores, while the live stays in the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Judged {
    #[serde(with = "super::kept::foreign::outcome")]
    pub(super) outcome: Outcome,
    pub(super) until: WallMs,
    /// Which battle; rows of before say nothing of it.
    #[serde(default)]
    pub(super) battle: Option<BattleId>,
}

impl Live {
    pub(super) fn feed(&self) -> FeedId {
        FeedId(self.serial.into())
    }

    pub(super) fn source(&self) -> SourceId {
        SourceId(self.serial)
    }

    pub(super) fn owner(&self) -> &UserId {
        &self.info.owner.user_id
    }

    /// Its host on seat 0.
    pub(super) fn host(&self) -> Host {
        Host { live_id: self.info.live_id.clone(), user: self.info.owner.clone(), seat_index: 0 }
    }
}

/// Whether the media of a host, or of a guest, flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Presence {
    /// It never has.
    Never,
    Up,
    Down {
        since: WallMs,
    },
}

/// Whether an event socket of a live's host is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Socket {
    /// None ever was.
    Never,
    Open,
    Lost {
        since: WallMs,
    },
}

/// A pending invitation; its key is the invited live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) from: LiveId,
    /// `None`: the one that the inviter's connection has when the request is accepted.
    pub(super) template: Option<Template>,
    pub(super) expires: WallMs,
}

/// Two to nine lives that are co-hosting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Connection {
    #[serde(with = "super::kept::foreign::template")]
    pub(super) template: Template,
    /// The regions of [`Template::Custom`], and of no other.
    pub(super) custom: Option<Custom>,
    pub(super) stage: StageId,
    /// In the order of places: the inviter first, then by joining time.
    pub(super) members: Vec<LiveId>,
}

/// A contest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Battle {
    /// The inviter first.
    pub(super) members: Vec<Member>,
    pub(super) config: Arc<BattleConfig>,
    /// What its hosts are in when it is asked for; a battle never outlives that they are.
    pub(super) connection: ConnectionId,
    pub(super) start: Option<WallMs>,
    /// Of a pending battle, when the request expires.
    pub(super) end: WallMs,
    pub(super) ledger_seq: u64,
    pub(super) phase: Phase,
}

/// What a battle was asked for with, checked: what a rematch repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BattleConfig {
    pub(super) duration_seconds: u64,
    /// How long those who are asked may take to answer; `None` starts at once.
    pub(super) timeout_seconds: Option<u64>,
    pub(super) extension_info: String,
    pub(super) punishment_seconds: u64,
    pub(super) end_connection_after: bool,
}

/// A host in a battle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) host: Arc<Host>,
    pub(super) score: u64,
    pub(super) left: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Its members are the inviter, who accepted, and who has not answered.
    Pending {
        /// The latter.
        waiting: BTreeSet<LiveId>,
    },
    Running {
        /// When changed scores were last told.
        told: Option<WallMs>,
        /// Whether they have changed since.
        untold: bool,
    },
    Ended {
        reason: BattleEndReason,
        /// Nothing when it never started.
        result: Option<Arc<BattleResult>>,
        /// When the punishment ends, while it goes on.
        punishment_end: Option<WallMs>,
    },
}

impl BattleConfig {
    pub(super) fn duration(&self) -> Duration {
        Duration::from_secs(self.duration_seconds)
    }

    pub(super) fn punishment(&self) -> Duration {
        Duration::from_secs(self.punishment_seconds)
    }
}

impl Battle {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }

    /// Who has not answered, of a pending battle.
    pub(super) fn waiting(&self) -> Option<&BTreeSet<LiveId>> {
        match &self.phase {
            Phase::Pending { waiting } => Some(waiting),
            Phase::Running { .. } | Phase::Ended { .. } => None,
        }
    }

    /// When the punishment ends, while it goes on.
    pub(super) fn punishment_end(&self) -> Option<WallMs> {
        match self.phase {
            Phase::Ended { punishment_end, .. } => punishment_end,
            Phase::Pending { .. } | Phase::Running { .. } => None,
        }
    }

    pub(super) fn member(&self, user: &UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.host.user.user_id == *user)
    }

    /// Who asked for it.
    pub(super) fn inviter(&self) -> &Host {
        &self.members.first().expect("a battle has an inviter").host
    }

    pub(super) fn scores(&self) -> BTreeMap<UserId, u64> {
        self.members.iter().map(|member| (member.host.user.user_id.clone(), member.score)).collect()
    }
}

/// Numbers that only rise, and where ids come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counters {
    pub(super) serial: u32,
    pub(super) stage: u64,
    pub(super) connection: u64,
    pub(super) ended: u64,
    pub(super) ids: Draws,
}

impl Counters {
    /// The next number of a live, or of a guest's source; `None` when all have been given.
    pub(super) fn next_serial(&mut self) -> Option<u32> {
        self.serial = self.serial.checked_add(1)?;
        Some(self.serial)
    }
}

/// Everything that the machine knows, as plain data: what a store keeps and a restart begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub(super) lives: BTreeMap<LiveId, Live>,
    pub(super) requests: BTreeMap<LiveId, Request>,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) battles: BTreeMap<BattleId, Battle>,
    pub(super) ended: BTreeMap<u64, BattleId>,
    pub(super) receipts: Receipts,
    pub(super) ledger: Numbered,
    /// Of what is not among these any more, and of battles that go on.
    pub(super) given: BTreeMap<BattleId, Given>,
    pub(super) seating: SeatRows,
    pub(super) counters: Counters,
}

impl Snapshot {
    /// Nothing yet; ids will come from `seed`.
    #[must_use]
    pub fn empty(seed: Seed) -> Self {
        Self {
            lives: BTreeMap::new(),
            requests: BTreeMap::new(),
            connections: BTreeMap::new(),
            battles: BTreeMap::new(),
            ended: BTreeMap::new(),
            receipts: BTreeMap::new(),
            ledger: BTreeMap::new(),
            given: BTreeMap::new(),
            seating: SeatRows::default(),
            counters: Counters { serial: 0, stage: 0, connection: 0, ended: 0, ids: Draws::new(seed) },
        }
    }
}

/// The rows with their undo logs.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) lives: Table<LiveId, Live>,
    /// Lives by serial, for the list and for sources.
    pub(super) serials: Table<u32, LiveId>,
    pub(super) requests: Table<LiveId, Request>,
    pub(super) connections: Table<ConnectionId, Connection>,
    pub(super) battles: Table<BattleId, Battle>,
    /// Ended battles, the first that ended first.
    pub(super) ended: Table<u64, BattleId>,
    pub(super) receipts: Table<(BattleId, ScoreKey), Arc<Booked>>,
    pub(super) seating: Seating,
    /// The same by number, for the ledger's pages.
    pub(super) ledger: Table<(BattleId, u64), Arc<Booked>>,
    pub(super) counters: Counters,
}

/// A point of a [`State`] to come back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    logs: [usize; 8],
    seating: SeatMark,
    counters: Counters,
}

impl State {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        let serials = snapshot.lives.iter().map(|(id, live)| (live.serial, id.clone())).collect();
        Self {
            ledger: Table::new(snapshot.ledger),
            lives: Table::new(snapshot.lives),
            serials: Table::new(serials),
            requests: Table::new(snapshot.requests),
            connections: Table::new(snapshot.connections),
            battles: Table::new(snapshot.battles),
            ended: Table::new(snapshot.ended),
            receipts: Table::new(snapshot.receipts),
            seating: Seating::new(snapshot.seating),
            counters: snapshot.counters,
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            lives: self.lives.rows().clone(),
            requests: self.requests.rows().clone(),
            connections: self.connections.rows().clone(),
            battles: self.battles.rows().clone(),
            ended: self.ended.rows().clone(),
            receipts: self.receipts.rows().clone(),
            ledger: self.ledger.rows().clone(),
            given: BTreeMap::new(),
            seating: self.seating.snapshot(),
            counters: self.counters,
        }
    }

    pub(super) fn mark(&self) -> Mark {
        let logs = [
            self.lives.mark(),
            self.serials.mark(),
            self.requests.mark(),
            self.connections.mark(),
            self.battles.mark(),
            self.ended.mark(),
            self.receipts.mark(),
            self.ledger.mark(),
        ];
        Mark { logs, seating: self.seating.mark(), counters: self.counters }
    }

    /// What the rows that were changed since `mark` may be waiting for, or may have been; each once.
    pub(super) fn touched(&self, mark: Mark) -> BTreeSet<Wake> {
        let [lives, _, requests, _, battles, ..] = mark.logs;
        let lives = self.lives.touched(lives).flat_map(Wake::of_live);
        let requests = self.requests.touched(requests).cloned().map(Wake::RequestExpires);
        let battles = self.battles.touched(battles).flat_map(|id| Wake::of_battle(*id));
        lives.chain(requests).chain(battles).chain(self.seating.touched(mark.seating)).collect()
    }

    /// The rows that were changed since `mark`, as they are kept.
    pub(super) fn changed(&self, mark: Mark) -> BTreeSet<RowName> {
        let [lives, _, _, connections, battles, ended, ..] = mark.logs;
        let lives = self.lives.touched(lives).map(|id| RowName::new(KeptTable::Lives, id));
        let connections = self.connections.touched(connections);
        let connections = connections.map(|id| RowName::new(KeptTable::Connections, id.0));
        let battles = self.battles.touched(battles).map(|id| RowName::new(KeptTable::Battles, id));
        let ended = self.ended.touched(ended).map(|order| RowName::new(KeptTable::Ended, order));
        let counted = (self.counters != mark.counters).then(|| RowName::new(KeptTable::Counters, ""));
        let own = lives.chain(connections).chain(battles).chain(ended).chain(counted);
        own.chain(self.seating.changed(mark.seating)).collect()
    }

    /// What all rows may be waiting for.
    pub(super) fn wakes(&self) -> BTreeSet<Wake> {
        let lives = self.lives.iter().flat_map(|(id, _)| Wake::of_live(id));
        let requests = self.requests.iter().map(|(to, _)| Wake::RequestExpires(to.clone()));
        let battles = self.battles.iter().flat_map(|(id, _)| Wake::of_battle(*id));
        lives.chain(requests).chain(battles).chain(self.seating.wakes()).collect()
    }

    pub(super) fn undo_to(&mut self, mark: Mark) {
        let [lives, serials, requests, connections, battles, ended, receipts, ledger] = mark.logs;
        self.lives.undo_to(lives);
        self.serials.undo_to(serials);
        self.requests.undo_to(requests);
        self.connections.undo_to(connections);
        self.battles.undo_to(battles);
        self.ended.undo_to(ended);
        self.receipts.undo_to(receipts);
        self.seating.undo_to(mark.seating);
        self.ledger.undo_to(ledger);
        self.counters = mark.counters;
    }

    pub(super) fn forget(&mut self) {
        self.lives.forget();
        self.serials.forget();
        self.requests.forget();
        self.connections.forget();
        self.battles.forget();
        self.ended.forget();
        self.receipts.forget();
        self.seating.forget();
        self.ledger.forget();
    }
}
