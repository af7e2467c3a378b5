//! What a command or a deadline causes. [`Effect::Record`]s are committed first; the others leave only after that, in
//! their order.

use costage_media::forward::FeedId;
use costage_media::scene::{Scene, SourceId};

use super::event::Event;
use super::fact::Fact;
use super::ids::{BattleId, LiveId, StageId, UserId};
use super::time::WallMs;

/// One effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Keep this.
    Record(Fact),
    /// Tell the clients of these lives.
    Notify {
        /// Server time of the event.
        at: WallMs,
        /// Whose clients, each once.
        lives: Vec<LiveId>,
        /// What.
        event: Event,
    },
    /// Create or update the program of a stage.
    Stage {
        /// Which.
        stage: StageId,
        /// What it shows.
        scene: Scene,
        /// Whose viewers see it: the numbers of these lives' events go with it, once they have numbers.
        lives: Vec<LiveId>,
    },
    /// The viewers of this feed get that stage from now on.
    Route {
        /// Whose viewers.
        feed: FeedId,
        /// What they get.
        stage: StageId,
    },
    /// No feed shows this stage any more.
    EndStage(StageId),
    /// The live is over: its viewers are sent away.
    EndFeed(FeedId),
    /// The live is over, or the guest has left its seat: the publishing session is closed.
    EndSource(SourceId),
}

/// A deadline of the machine, for the log. Among equal times they fire in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// Changed scores may be told again.
    ScoresDue(BattleId),
    /// The battle's time is over.
    BattleEnds(BattleId),
    /// The battle's requests were not all answered in time.
    BattleRequestExpires(BattleId),
    /// The punishment after the battle is over.
    PunishmentEnds(BattleId),
    /// The request to this live was not answered in time.
    RequestExpires(LiveId),
    /// The application of this user for a seat of the live, or its invitation to one, was not answered in time.
    SeatRequestExpires(LiveId, UserId),
    /// The host's media and event socket have been gone for too long to stay connected.
    HostGraceEnds(LiveId),
    /// The media of this guest on a seat of the live has been gone for too long.
    GuestGraceEnds(LiveId, UserId),
    /// The live has had no host for too long.
    LiveIdles(LiveId),
}

impl Wake {
    /// All that a live may be waiting for by itself.
    pub(super) fn of_live(live: &LiveId) -> [Self; 2] {
        [Self::HostGraceEnds(live.clone()), Self::LiveIdles(live.clone())]
    }

    /// All that a battle may be waiting for.
    pub(super) fn of_battle(battle: BattleId) -> [Self; 4] {
        [
            Self::ScoresDue(battle),
            Self::BattleEnds(battle),
            Self::BattleRequestExpires(battle),
            Self::PunishmentEnds(battle),
        ]
    }
}
