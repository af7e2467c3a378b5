//! Machine and model side by side: the same is asked of both, and whatever they say is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::{Duration, Instant};

use costage::live::{Command as Asked, Effect, Fact, LiveId, Lives, Rules, Seed, Snapshot, StageId, Wake, WallMs};
use costage_media::forward::FeedId;
use costage_media::scene::Scene;

use crate::draw::{LIVES, Step};
use crate::rules::{Due, Model, Stage};
use crate::shelf::Shelf;
use crate::tally::Tally;
use crate::translate::{self, Clock, Numbers};
use crate::twist::Twist;
use crate::words::{Contest, Text};

/// The wall-clock time at which every sequence begins.
pub(crate) const DAWN: u64 = 1_790_000_000_000;

/// How much later what is lost would have been decided: much falls due in between.
const LOST_LATER: Duration = Duration::from_secs(20);

/// Every so many steps each member of each connection is looked at, and not one of them.
const EVERY_LIVE_EVERY: usize = 6;

/// Changes of scores that are held where there is a shelf.
const HELD: usize = 2;

/// Every so many sequences what would be kept is compared at each restart.
const SHELVED_EVERY: u64 = 8;

/// What the two do not agree about, in words.
pub(crate) type Difference = String;

/// The two.
pub(crate) struct Duel {
    dawn: Instant,
    /// When the machine was last seeded: what fell due before is due then.
    seeded: u64,
    machine: Lives,
    pub(crate) model: Model,
    numbers: Numbers,
    /// Which lives there could be, with their ids made once.
    lives: Vec<(Text, LiveId)>,
    stages: BTreeMap<StageId, Scene>,
    routes: BTreeMap<FeedId, StageId>,
    /// Sources whose sessions were closed for good.
    over: BTreeSet<u32>,
    /// Steps that were compared.
    settled: usize,
    /// Of what ids come from: another at each start.
    starts: u64,
    /// What a store would have, in some of the sequences: rows take longer to write than commands to decide.
    shelf: Option<Shelf>,
}

impl Duel {
    pub(crate) fn new(seed: u64, twist: Option<Twist>) -> Self {
        let dawn = Instant::now();
        Self {
            dawn,
            seeded: DAWN,
            starts: seed << 16,
            shelf: seed.is_multiple_of(SHELVED_EVERY).then(Shelf::default),
            machine: Lives::seed(dawn, WallMs(DAWN), Rules::default(), Snapshot::empty(Seed::repeatable(seed << 16))),
            model: Model::new(DAWN, twist),
            numbers: Numbers::default(),
            lives: LIVES.iter().map(|id| (*id, LiveId::new(id).expect("a good id"))).collect(),
            stages: BTreeMap::new(),
            routes: BTreeMap::new(),
            over: BTreeSet::new(),
            settled: 0,
        }
    }

    fn now(&self) -> Instant {
        self.dawn + Duration::from_millis(self.model.now - DAWN)
    }

    fn clock(&self) -> Clock {
        Clock { dawn: self.dawn, now: self.model.now }
    }

    /// One step on both sides.
    pub(crate) fn play(&mut self, step: &Step, tally: &mut Tally) -> Result<(), Difference> {
        match step {
            Step::Ask(command) => self.ask(command, tally),
            Step::Lost(command) => self.lose(command, tally),
            Step::Wait(ms) => self.wait(*ms, tally),
            Step::Late(ms) => {
                self.model.now += ms;
                tally.step("late");
                Ok(())
            }
            Step::Restart(ms) => {
                self.model.restart(*ms);
                self.seeded = self.model.now;
                let wall = WallMs(self.seeded);
                self.starts += 1;
                let ids = Seed::repeatable(self.starts);
                let now = self.now();
                let again = |snapshot| Lives::restart(now, wall, Rules::default(), snapshot, ids);
                if let Some(shelf) = &self.shelf {
                    // As after a start: nothing is held of what is on the shelf.
                    self.machine.settle(&[], 0);
                    let kept = shelf.kept().snapshot(ids).map_err(|unreadable| unreadable.to_string())?;
                    same("what was kept", &again(kept).snapshot(), &again(self.machine.snapshot()).snapshot())?;
                }
                let machine = again(self.machine.snapshot());
                self.machine = machine;
                self.stages.clear();
                self.routes.clear();
                self.settle(tally)?;
                tally.step("restart");
                self.wait(0, tally)
            }
            Step::Reseed => {
                self.seeded = self.model.now;
                let wall = WallMs(self.seeded);
                let snapshot = self.machine.snapshot();
                self.machine = Lives::seed(self.now(), wall, Rules::default(), snapshot.clone());
                same("snapshot", &self.machine.snapshot(), &snapshot)?;
                self.model.table = crate::command::Table::default();
                tally.step("reseed");
                self.settle(tally)
            }
        }
    }

    fn ask(&mut self, command: &crate::command::Command, tally: &mut Tally) -> Result<(), Difference> {
        let (asked, clock) = (self.numbers.command(command), self.clock());
        // Now and then to the letter: what is refused changes nothing.
        let before = tally.now_and_then().then(|| self.machine.snapshot());
        if let Some(shelf) = &self.shelf
            && let Some(wanted) = self.machine.wanted(&asked)
        {
            tally.step("recall");
            self.machine.recall(shelf.recall(&wanted));
        }
        let given = self.machine.handle(self.now(), asked);
        let wanted = self.model.ask(command);
        match (&given, &wanted) {
            (Ok(given), Ok(wanted)) => same("answer", &self.numbers.answer(clock, given), wanted)?,
            (Err(given), Err(wanted)) => {
                same("refusal", &self.numbers.refusal(given), wanted)?;
                if let Some(before) = before {
                    same("what a refused command left", &self.machine.snapshot(), &before)?;
                }
                tally.check_code(given, wanted.case)?;
            }
            (given, wanted) => return Err(format!("outcome\n  machine {given:?}\n  model   {wanted:?}")),
        }
        tally.asked(command, &wanted);
        self.settle(tally)
    }

    /// The journal could not keep it, nor what would have fallen due a while later.
    fn lose(&mut self, command: &crate::command::Command, tally: &mut Tally) -> Result<(), Difference> {
        let asked = self.numbers.command(command);
        if let Asked::SetGifts(_) = asked {
            return Ok(());
        }
        let later = self.now() + LOST_LATER;
        self.machine.handle_timeout(later);
        // Refused or not, it is taken back.
        let _ = self.machine.handle(later, asked);
        self.machine.undo();
        tally.step("lost");
        self.settle(tally)
    }

    /// Deadlines are met on time, and looked at one moment after the other.
    fn wait(&mut self, ms: u64, tally: &mut Tally) -> Result<(), Difference> {
        let until = self.model.now + ms;
        while let Some((at, _)) = self.model.next_due().filter(|(at, _)| *at <= until) {
            self.model.now = self.model.now.max(at);
            self.machine.handle_timeout(self.now());
            for due in self.model.fire() {
                tally.fired(due);
            }
            self.settle(tally)?;
        }
        self.model.now = until;
        tally.step("wait");
        Ok(())
    }

    /// Where there is a shelf, nearly all changes of scores are found there alone.
    fn keep(&mut self, facts: &[Fact]) {
        if let Some(shelf) = &mut self.shelf {
            facts.iter().for_each(|fact| shelf.note(fact));
            shelf.put(&self.machine);
        }
        self.machine.keep();
        if self.shelf.is_some() {
            self.machine.settle(facts, HELD);
        }
    }

    /// Whatever was told and shown is the same on both sides; then it is kept.
    fn settle(&mut self, tally: &mut Tally) -> Result<(), Difference> {
        let said = std::mem::take(&mut self.model.said);
        let (mut said, mut facts) = (said.into_iter(), Vec::new());
        while let Some(effect) = self.machine.poll_effect() {
            match effect {
                Effect::Notify { at, lives, event } => {
                    let audience = event.audience();
                    let told = self.numbers.notice(at, &lives, &audience, &event);
                    let wanted = said.next();
                    same("event", &Some(&told), &wanted.as_ref())?;
                    tally.told(&told.event);
                }
                Effect::Record(fact) => facts.push(fact),
                Effect::EndSource(source) => same("first end of a source", &self.over.insert(source.0), &true)?,
                Effect::Stage { stage, scene, .. } => drop(self.stages.insert(stage, scene)),
                Effect::Route { feed, stage } => drop(self.routes.insert(feed, stage)),
                Effect::EndStage(stage) => drop(self.stages.remove(&stage)),
                Effect::EndFeed(feed) => drop(self.routes.remove(&feed)),
            }
        }
        if let Some(missing) = said.next() {
            return Err(format!("event\n  machine none\n  model   {missing:?}"));
        }
        self.keep(&facts);
        self.settled += 1;
        self.compare_lives(self.settled.is_multiple_of(EVERY_LIVE_EVERY))?;
        self.compare_battles(false)?;
        self.compare_sources()?;
        self.compare_deadline()
    }

    /// Who is there keeps its source, who is gone has lost it.
    fn compare_sources(&self) -> Result<(), Difference> {
        let there = self.model.serials();
        let ended = there.iter().find(|serial| self.over.contains(serial));
        same("sources that ended too early", &ended, &None)?;
        same("sources that are over", &(self.over.len() + there.len()), &(self.model.serials_ever as usize))
    }

    /// The lives of a connection see each other: one of them is looked at, in turns, unless it is to be `all`.
    fn compare_lives(&mut self, all: bool) -> Result<(), Difference> {
        let clock = self.clock();
        for (id, name) in &self.lives {
            let there = self.model.live(id);
            if let Some(connection) = self.model.connection_of(id).filter(|_| !all)
                && connection.members[self.settled % connection.members.len()] != *id
            {
                continue;
            }
            let Ok(seen) = self.machine.view(name) else {
                same("live is there", &false, &there.is_some())?;
                continue;
            };
            let Some(live) = there else { return Err(format!("live {id} is there, and should not be")) };
            same("view", &translate::view(&mut self.numbers, &seen), &self.model.view(id))?;
            let stage = self.routes.get(&FeedId(live.serial.into()));
            let scene = stage.and_then(|stage| self.stages.get(stage));
            let mut picture = scene.map(|scene| translate::picture(clock, scene));
            let wanted = self.model.picture(id);
            if let (Some(seen), Some(wanted)) = (&mut picture, &wanted)
                && self.model.has_untold_points(id)
            {
                level(&mut seen.contest, &wanted.contest);
            }
            same("picture", &picture, &wanted)?;
        }
        let used = |stage: &StageId| self.routes.values().any(|routed| routed == stage);
        same("stages that nobody sees", &self.stages.keys().find(|stage| !used(stage)), &None)
    }

    /// The battles that go on; with `all`, every one, and their ledgers.
    fn compare_battles(&mut self, all: bool) -> Result<(), Difference> {
        let (now, clock) = (self.now(), self.clock());
        for battle in &self.model.battles {
            let over = matches!(battle.stage, Stage::Ended(..));
            if !all && over && battle.punishment_end.is_none() {
                continue;
            }
            let given = self.machine.handle(now, Asked::FindBattle(self.numbers.id(battle.number)));
            let given = given.map_err(|refusal| format!("battle {}: {refusal}", battle.number))?;
            let wanted = crate::said::Answer::Battle(Box::new(battle.seen()));
            same("battle", &self.numbers.answer(clock, &given), &wanted)?;
        }
        Ok(())
    }

    fn compare_deadline(&self) -> Result<(), Difference> {
        let next = self.machine.poll_timeout();
        let seen = next.as_ref().map(|(at, wake)| (at.saturating_duration_since(self.dawn), kind(wake)));
        let wanted =
            self.model.next_due().map(|(at, due)| (Duration::from_millis(at.max(self.seeded) - DAWN), kind_of(due)));
        same("next deadline", &seen, &wanted)
    }

    /// After the last step: what was decided long ago, too.
    pub(crate) fn finish(&mut self, tally: &mut Tally) -> Result<(), Difference> {
        self.compare_lives(true)?;
        self.compare_battles(true)?;
        for battle in self.model.battles.iter().map(|battle| battle.number).collect::<Vec<_>>() {
            let (cursor, count) = (crate::command::Cursor::Start, Some(100));
            self.ask(&crate::command::Command::Ledger { battle, cursor, count }, tally)?;
        }
        Ok(())
    }
}

fn kind(wake: &Wake) -> (&'static str, &str) {
    match wake {
        Wake::ScoresDue(_) => ("scores", ""),
        Wake::BattleEnds(_) => ("battle", ""),
        Wake::BattleRequestExpires(_) => ("battle request", ""),
        Wake::PunishmentEnds(_) => ("punishment", ""),
        Wake::RequestExpires(to) => ("request", to.as_str()),
        Wake::SeatRequestExpires(live, _) => ("seat request", live.as_str()),
        Wake::HostGraceEnds(live) => ("grace", live.as_str()),
        Wake::GuestGraceEnds(_, user) => ("guest grace", user.as_str()),
        Wake::LiveIdles(live) => ("idle", live.as_str()),
    }
}

fn kind_of(due: Due) -> (&'static str, Text) {
    match due {
        Due::ScoresTold(_) => ("scores", ""),
        Due::BattleEnds(_) => ("battle", ""),
        Due::BattleRequestExpires(_) => ("battle request", ""),
        Due::PunishmentEnds(_) => ("punishment", ""),
        Due::RequestExpires(to) => ("request", to),
        Due::SeatRequestExpires(live, _) => ("seat request", live),
        Due::HostGraceEnds(live) => ("grace", live),
        Due::GuestGraceEnds(_, user) => ("guest grace", user),
        Due::LiveIdles(live) => ("idle", live),
    }
}

fn same<T: PartialEq + Debug>(what: &str, machine: &T, model: &T) -> Result<(), Difference> {
    if machine == model { Ok(()) } else { Err(format!("{what}\n  machine {machine:?}\n  model   {model:?}")) }
}

/// Points that are not told yet may be drawn or not, and with them the ranks.
fn level(seen: &mut Contest, wanted: &Contest) {
    for ((_, seen, _), (_, wanted, _)) in seen.sides.iter_mut().zip(&wanted.sides) {
        if let (Some((battle, .., left)), Some((same, .., also_left))) = (*seen, *wanted)
            && (battle, left) == (same, also_left)
        {
            *seen = *wanted;
        }
    }
}
