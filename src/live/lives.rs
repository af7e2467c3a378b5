//! The machine: all lives, connections and battles of a server, driven by commands and by time.
//!
//! ```text
//! handle / handle_timeout ──▶ poll_effect until None ──▶ commit the Records ──▶ keep, then carry out the rest
//!                                                              └─ failed ────▶ undo, and nothing of it was
//! ```

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use super::answer::Answer;
use super::command::Command;
use super::deadlines::Deadlines;
use super::effect::{Effect, Wake};
use super::event::Event;
use super::fact::Fact;
use super::gifts::GiftTable;
use super::ids::LiveId;
use super::recall::Settled;
use super::refusal::Refusal;
use super::rules::{Rules, SCORES_TOLD_INTERVAL};
use super::state::{Live, Mark, Phase, Snapshot, State};
use super::time::{Timeline, WallMs};

/// A point of a [`Lives`] to come back to.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint {
    mark: Mark,
    waiting: usize,
}

/// All lives of a server.
#[derive(Debug)]
pub struct Lives {
    pub(super) rules: Rules,
    pub(super) state: State,
    pub(super) settled: Settled,
    /// Not in the snapshot: it is the operator's, and comes with each start.
    pub(super) gifts: GiftTable,
    line: Timeline,
    effects: VecDeque<Effect>,
    kept: Mark,
    deadlines: Deadlines,
}

impl Lives {
    /// A machine that begins with `snapshot` ([`Snapshot::empty`] for nothing). `wall_now` is the wall-clock time at
    /// `now`; the two are tied once, so that a later jump of the system's clock moves no deadline.
    #[must_use]
    pub fn seed(now: Instant, wall_now: WallMs, rules: Rules, mut snapshot: Snapshot) -> Self {
        let settled = Settled::of(&mut snapshot);
        let state = State::new(snapshot);
        let (kept, wakes) = (state.mark(), state.wakes());
        let mut lives = Self {
            rules,
            state,
            settled,
            gifts: GiftTable::default(),
            line: Timeline::new(now, wall_now),
            effects: VecDeque::new(),
            kept,
            deadlines: Deadlines::default(),
        };
        lives.rearm(wakes);
        lives
    }

    /// Everything that the machine knows; deadlines are in wall-clock time.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { given: self.settled.given(), ..self.state.snapshot() }
    }

    /// The server's time at `now`, on the line that all of the machine's answers and events are on.
    #[must_use]
    pub fn wall(&self, now: Instant) -> WallMs {
        self.line.wall(now)
    }

    /// When the server's time is `at`: what a scene is told by.
    pub(super) fn instant(&self, at: WallMs) -> Instant {
        self.line.instant(at)
    }

    /// Applies one command, or answers one question.
    ///
    /// # Errors
    /// The rule that is against it; then nothing has changed and no effect is waiting that was not before.
    pub fn handle(&mut self, now: Instant, command: Command) -> Result<Answer, Refusal> {
        let (mark, waiting) = (self.state.mark(), self.effects.len());
        let answer = self.apply(self.line.wall(now), command);
        self.recall(Vec::new());
        if answer.is_ok() {
            self.rearm(self.state.touched(mark));
        } else {
            self.state.undo_to(mark);
            self.effects.truncate(waiting);
        }
        answer
    }

    /// Fires every deadline that is due, the earliest first. Calling early or twice does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        let (now, mark) = (self.line.wall(now), self.state.mark());
        for wake in self.deadlines.due(now) {
            // One that fired may have made another void: a host that left has no battle to end.
            if self.deadline(&wake).is_some_and(|at| at <= now) {
                self.fire(now, wake);
            }
        }
        self.rearm(self.state.touched(mark));
    }

    /// What the last calls caused; drain after each, until `None`.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call [`Lives::handle_timeout`], and why (for the log).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Wake)> {
        self.deadlines.first().map(|(at, wake)| (self.line.instant(*at), wake.clone()))
    }

    /// A point to come back to, with everything that was caused before it.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { mark: self.state.mark(), waiting: self.effects.len() }
    }

    /// Takes back everything since `before`, which must be of after the last [`Lives::keep`] or [`Lives::undo`].
    pub fn go_back(&mut self, before: Checkpoint) {
        let touched = self.state.touched(before.mark);
        self.state.undo_to(before.mark);
        self.rearm(touched);
        self.effects.truncate(before.waiting);
    }

    /// What was done since the last [`Lives::keep`] is kept: it cannot be undone any more.
    pub fn keep(&mut self) {
        self.state.forget();
        self.kept = self.state.mark();
    }

    /// Takes back everything since the last [`Lives::keep`], and what it would have caused.
    pub fn undo(&mut self) {
        self.go_back(Checkpoint { mark: self.kept, waiting: 0 });
    }

    /// Where what is kept ends.
    pub(super) fn kept(&self) -> Mark {
        self.kept
    }

    /// These deadlines are what the state says of them now.
    pub(super) fn rearm(&mut self, wakes: BTreeSet<Wake>) {
        for wake in wakes {
            let at = self.deadline(&wake);
            self.deadlines.arm(wake, at);
        }
    }

    fn apply(&mut self, now: WallMs, command: Command) -> Result<Answer, Refusal> {
        match command {
            Command::CreateLive(new) => self.create_live(now, *new),
            Command::EndLive { live, reason } => self.end_live(now, &live, reason, ""),
            Command::UpdateLive(change) => self.update_live(now, *change),
            Command::ListLives { cursor, count } => self.list_lives(&cursor, count),
            Command::FindLive(live) => self.find_live(&live),
            Command::RequestConnection(request) => self.request_connection(now, &request),
            Command::AcceptConnection { live, from } => self.accept_connection(now, &live, &from),
            Command::RejectConnection { live, from } => self.reject_connection(now, &live, &from),
            Command::CancelConnection { live, to } => self.cancel_connection(now, &live, &to),
            Command::ExitConnection { live } => self.exit_connection(now, &live),
            Command::Seat(command) => self.seat(now, *command),
            Command::FindSeats(live) => self.find_seats(&live),
            Command::FindSeatRequests(live) => self.find_seat_requests(&live),
            Command::KickFromConnection { live } => self.kick_from_connection(now, &live),
            Command::ListCandidates { live, cursor, count } => self.list_candidates(&live, &cursor, count),
            Command::FindCoHost(live) => self.find_co_host(&live),
            Command::FindLayout(live) => self.find_layout(&live),
            Command::Preview(wish) => self.preview(&wish),
            Command::PreviewLayout { live, layout } => self.preview_layout(now, live.as_ref(), &layout),
            Command::ChooseLayout { live, layout } => self.choose_layout(now, &live, &layout),
            Command::CheckLayout { live, layout } => self.check_layout(now, live.as_ref(), &layout),
            Command::RequestBattle(request) => self.request_battle(now, &request),
            Command::AcceptBattle { battle, user } => self.accept_battle(now, battle, &user),
            Command::RejectBattle { battle, user } => self.reject_battle(now, battle, &user),
            Command::CancelBattle { battle, users } => self.cancel_battle(now, battle, users),
            Command::ExitBattle { battle, user } => self.exit_battle_by_command(now, battle, &user),
            Command::RematchBattle { battle, user } => self.rematch(now, battle, user),
            Command::FindBattle(battle) => self.find_battle(battle),
            Command::FindBattleOf(live) => self.find_battle_of(&live),
            Command::Score { battle, key, change } => self.score(now, battle, key, change),
            Command::Gift { battle, key, gift } => self.gift(now, battle, key, gift),
            Command::FindLedger { battle, cursor, count } => self.find_ledger(battle, &cursor, count),
            Command::SetGifts(table) => {
                self.gifts = table;
                Ok(Answer::Done)
            }
            Command::Publish { live, user } => self.publish(&live, &user),
            Command::PublishFromSeat { live, index, user } => self.publish_from_seat(&live, index, user.as_ref()),
            Command::Watch { live } => self.watch(&live),
            Command::WatchHost { live, user } => self.watch_host(&live, &user),
            Command::WatchReturn { live, user } => self.watch_return(&live, &user),
            Command::Media { source, state } => {
                self.media(now, source, state);
                Ok(Answer::Done)
            }
            Command::HostSocket { feed, state } => {
                self.host_socket(now, feed, state);
                Ok(Answer::Done)
            }
        }
    }

    fn fire(&mut self, now: WallMs, wake: Wake) {
        match wake {
            Wake::ScoresDue(battle) => self.tell_scores(now, battle),
            Wake::BattleEnds(battle) => self.end_battle_by_time(now, battle),
            Wake::BattleRequestExpires(battle) => self.expire_battle_request(now, battle),
            Wake::PunishmentEnds(battle) => self.end_punishment_by_time(now, battle),
            Wake::RequestExpires(to) => self.expire_request(now, &to),
            Wake::SeatRequestExpires(live, user) => self.expire_seat_request(now, &live, &user),
            Wake::HostGraceEnds(live) => self.end_host_grace(now, &live),
            Wake::GuestGraceEnds(live, user) => self.end_guest_grace(now, &live, &user),
            Wake::LiveIdles(live) => self.end_idle_live(now, &live),
        }
    }

    /// When `wake` is to fire; `None` when it is not armed.
    fn deadline(&self, wake: &Wake) -> Option<WallMs> {
        match wake {
            Wake::ScoresDue(id) => match self.state.battles.get(id)?.phase {
                Phase::Running { told: Some(told), untold: true } => Some(told.after(SCORES_TOLD_INTERVAL)),
                Phase::Pending { .. } | Phase::Running { .. } | Phase::Ended { .. } => None,
            },
            Wake::BattleRequestExpires(id) => {
                self.state.battles.get(id).filter(|battle| battle.waiting().is_some()).map(|battle| battle.end)
            }
            Wake::PunishmentEnds(id) => self.state.battles.get(id)?.punishment_end(),
            Wake::BattleEnds(id) => self.state.battles.get(id).filter(|battle| battle.is_running()).map(|it| it.end),
            Wake::RequestExpires(to) => self.state.requests.get(to).map(|request| request.expires),
            Wake::SeatRequestExpires(live, user) => {
                self.state.seating.pending.get(&(live.clone(), user.clone()))?.expires
            }
            Wake::HostGraceEnds(id) => self.state.lives.get(id)?.grace_ends(&self.rules),
            Wake::GuestGraceEnds(live, user) => self.guest_grace_ends(live, user),
            Wake::LiveIdles(id) => self.state.lives.get(id)?.idles(&self.rules),
        }
    }

    /// What `work` would give; nothing of it is done.
    pub(super) fn rehearse<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let (mark, waiting) = (self.state.mark(), self.effects.len());
        let outcome = work(self);
        self.state.undo_to(mark);
        self.effects.truncate(waiting);
        outcome
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(super) fn record(&mut self, fact: Fact) {
        self.effects.push_back(Effect::Record(fact));
    }

    pub(super) fn notify(&mut self, at: WallMs, lives: Vec<LiveId>, event: Event) {
        if !lives.is_empty() {
            self.effects.push_back(Effect::Notify { at, lives, event });
        }
    }

    /// The live of that id.
    pub(super) fn live(&self, id: &LiveId) -> Result<&Live, Refusal> {
        self.state.lives.get(id).ok_or_else(|| Refusal::NoSuchLive { live: id.clone() })
    }
}
