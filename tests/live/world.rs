//! The machine on virtual time, and a naive mirror of what its effects did to media and clients.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use costage::live::answer::{BattleInfo, BattleRequested, CoHost, Layout, LiveInfo, Scored, TargetResult};
use costage::live::command::{
    BattleRequest, ConnectionRequest, LiveEndReason, MediaState, NewLive, ScoreChange, ScoreOp, ScoreSource,
    SocketState, User,
};
use costage::live::{
    Answer, BattleId, Command, Effect, Event, Fact, LiveId, Lives, Refusal, Rules, ScoreKey, Seed, Snapshot, StageId,
    UserId, WallMs,
};
use costage_media::forward::FeedId;
use costage_media::scene::{Scene, SourceId};

use crate::shelf::Shelf;

/// The wall-clock time at which every world begins.
pub(crate) const DAWN: u64 = 1_790_000_000_000;

pub(crate) fn live(name: &str) -> LiveId {
    LiveId::new(name).unwrap()
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// The owner of live "a" is "a-host".
pub(crate) fn host_of(name: &str) -> UserId {
    user(&format!("{name}-host"))
}

pub(crate) fn new_live(name: &str) -> NewLive {
    let owner = User { user_id: host_of(name), user_name: format!("Host {name}"), avatar_url: String::new() };
    NewLive::new(live(name), owner)
}

pub(crate) fn invitation(from: &str, to: &[&str]) -> ConnectionRequest {
    ConnectionRequest {
        live: live(from),
        targets: to.iter().map(|to| live(to)).collect(),
        template: None,
        timeout_seconds: None,
        extension_info: String::new(),
    }
}

/// A battle that starts at once.
pub(crate) fn contest(of: &str, with: &[&str]) -> BattleRequest {
    BattleRequest {
        live: live(of),
        users: with.iter().map(|name| host_of(name)).collect(),
        duration_seconds: None,
        need_response: Some(false),
        timeout_seconds: Some(0),
        extension_info: String::new(),
        punishment_seconds: 0,
        end_connection_after: false,
    }
}

pub(crate) fn change(op: ScoreOp, scores: &[(&str, i64)]) -> ScoreChange {
    let scores = scores.iter().map(|(name, value)| (host_of(name), *value)).collect();
    ScoreChange { op, scores, source: ScoreSource::default() }
}

/// Changes of scores that are held beside those on the shelf: so few that most are not.
const HELD: usize = 2;

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) machine: Lives,
    pub(crate) events: Vec<(LiveId, Event)>,
    pub(crate) facts: Vec<Fact>,
    /// Media effects since the last [`World::forget`], in order.
    pub(crate) media: Vec<Effect>,
    pub(crate) stages: BTreeMap<StageId, Scene>,
    pub(crate) routes: BTreeMap<FeedId, StageId>,
    /// How often a server has started.
    starts: u64,
    /// What a store would have of it.
    shelf: Shelf,
}

impl World {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            now,
            machine: Lives::seed(now, WallMs(DAWN), Rules::default(), Snapshot::empty(Seed::repeatable(7))),
            events: Vec::new(),
            facts: Vec::new(),
            media: Vec::new(),
            stages: BTreeMap::new(),
            routes: BTreeMap::new(),
            starts: 0,
            shelf: Shelf::default(),
        }
    }

    /// A world with these lives, each publishing.
    pub(crate) fn with(names: &[&str]) -> Self {
        let mut world = Self::new();
        for name in names {
            world.create(name);
            world.media_of(name, MediaState::Up);
        }
        world.forget();
        world
    }

    /// A world with these lives, publishing and connected, the first having invited the others.
    pub(crate) fn connected(names: &[&str]) -> Self {
        let mut world = Self::with(names);
        for name in &names[1..] {
            world.invite(names[0], &[name]);
            world.accept(name, names[0]);
        }
        world.forget();
        world
    }

    /// Asks, checking that a refusal changes and causes nothing.
    pub(crate) fn ask(&mut self, command: Command) -> Result<Answer, Refusal> {
        let before = self.machine.snapshot();
        if let Some(wanted) = self.machine.wanted(&command) {
            self.machine.recall(self.shelf.recall(&wanted));
        }
        let answer = self.machine.handle(self.now, command);
        if let Err(refusal) = &answer {
            assert_eq!(self.machine.snapshot(), before, "refused ({refusal}) but changed");
            assert_eq!(self.machine.poll_effect(), None, "refused ({refusal}) but caused");
        }
        self.drain();
        answer
    }

    /// Lets time pass, firing deadlines when they are due.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some((at, wake)) = self.machine.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            self.machine.handle_timeout(self.now);
            self.drain();
            let next = self.machine.poll_timeout();
            assert!(next.is_none_or(|(next, _)| next > self.now), "{wake:?} fired but is still due");
        }
        self.now = until;
    }

    fn drain(&mut self) {
        let mut facts = Vec::new();
        while let Some(effect) = self.machine.poll_effect() {
            match &effect {
                Effect::Record(fact) => {
                    self.shelf.note(fact);
                    facts.push(fact.clone());
                }
                Effect::Notify { at, lives, event } => {
                    assert_eq!(*at, self.wall());
                    assert_eq!(lives.iter().collect::<BTreeSet<_>>().len(), lives.len(), "told twice");
                    self.events.extend(lives.iter().map(|live| (live.clone(), event.clone())));
                }
                Effect::Stage { stage, scene, .. } => drop(self.stages.insert(*stage, scene.clone())),
                Effect::Route { feed, stage } => {
                    assert!(self.stages.contains_key(stage), "routed to a stage that is not there");
                    self.routes.insert(*feed, *stage);
                }
                Effect::EndStage(stage) => {
                    assert!(self.stages.remove(stage).is_some(), "ended a stage that is not there");
                    assert!(!self.routes.values().any(|routed| routed == stage), "ended under its viewers");
                }
                Effect::EndFeed(feed) => drop(self.routes.remove(feed)),
                Effect::EndSource(_) => {}
            }
            if !matches!(effect, Effect::Record(_) | Effect::Notify { .. }) {
                self.media.push(effect);
            }
        }
        self.shelf.put(&self.machine);
        self.machine.keep();
        self.machine.settle(&facts, HELD);
        self.facts.append(&mut facts);
    }

    /// Forgets what was told and done so far.
    pub(crate) fn forget(&mut self) {
        self.events.clear();
        self.facts.clear();
        self.media.clear();
    }

    pub(crate) fn wall(&self) -> WallMs {
        self.machine.wall(self.now)
    }

    pub(crate) fn create(&mut self, name: &str) -> LiveInfo {
        match self.ask(Command::CreateLive(Box::new(new_live(name)))) {
            Ok(Answer::Live(info)) => *info,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn end(&mut self, name: &str) {
        let end = Command::EndLive { live: live(name), reason: LiveEndReason::EndedByHost };
        assert_eq!(self.ask(end), Ok(Answer::Done));
    }

    pub(crate) fn source(&mut self, name: &str) -> SourceId {
        match self.ask(Command::Publish { live: live(name), user: host_of(name) }) {
            Ok(Answer::Publish(publish)) => publish.source,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn feed(&mut self, name: &str) -> FeedId {
        // A live's feed and source have the same number, which the engine does not rely on but this mirror may.
        FeedId(self.source(name).0.into())
    }

    pub(crate) fn media_of(&mut self, name: &str, state: MediaState) {
        let source = self.source(name);
        assert_eq!(self.ask(Command::Media { source, state }), Ok(Answer::Done));
    }

    pub(crate) fn socket_of(&mut self, name: &str, state: SocketState) {
        let feed = self.feed(name);
        assert_eq!(self.ask(Command::HostSocket { feed, state }), Ok(Answer::Done));
    }

    /// The server dies, and `down` later another goes on from what it knew: with nothing of its media.
    pub(crate) fn restart(&mut self, down: Duration) {
        let snapshot = self.shelf.kept().snapshot(Seed::repeatable(0)).unwrap();
        let wall = WallMs(self.wall().0 + u64::try_from(down.as_millis()).unwrap());
        self.now += down;
        self.starts += 1;
        let seed = Seed::repeatable(100 + self.starts);
        self.machine = Lives::restart(self.now, wall, Rules::default(), snapshot, seed);
        self.stages.clear();
        self.routes.clear();
        self.forget();
        self.drain();
        // What fell due while nobody ran comes first.
        self.wait(Duration::ZERO);
    }

    pub(crate) fn invite(&mut self, from: &str, to: &[&str]) -> Vec<TargetResult> {
        match self.ask(Command::RequestConnection(invitation(from, to))) {
            Ok(Answer::Requested(results)) => results,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn accept(&mut self, name: &str, from: &str) {
        let accept = Command::AcceptConnection { live: live(name), from: live(from) };
        assert!(matches!(self.ask(accept), Ok(Answer::Connected(_))));
    }

    pub(crate) fn leave(&mut self, name: &str) {
        assert_eq!(self.ask(Command::ExitConnection { live: live(name) }), Ok(Answer::Done));
    }

    pub(crate) fn co_host(&mut self, name: &str) -> CoHost {
        match self.ask(Command::FindCoHost(live(name))) {
            Ok(Answer::CoHost(co_host)) => co_host,
            other => panic!("{other:?}"),
        }
    }

    /// Names of the lives connected with this one.
    pub(crate) fn connected_with(&mut self, name: &str) -> Vec<String> {
        self.co_host(name).connected.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn battle(&mut self, of: &str, with: &[&str]) -> BattleRequested {
        match self.ask(Command::RequestBattle(contest(of, with))) {
            Ok(Answer::BattleRequested(started)) => started,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn score(
        &mut self,
        battle: BattleId,
        key: &str,
        op: ScoreOp,
        scores: &[(&str, i64)],
    ) -> Result<Scored, Refusal> {
        let key = ScoreKey::new(key).unwrap();
        match self.ask(Command::Score { battle, key, change: change(op, scores) })? {
            Answer::Scored(scored) => Ok(scored),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn info(&mut self, battle: BattleId) -> BattleInfo {
        match self.ask(Command::FindBattle(battle)) {
            Ok(Answer::Battle(info)) => *info,
            other => panic!("{other:?}"),
        }
    }

    /// Where everybody stands in what this live's viewers see.
    pub(crate) fn layout(&mut self, name: &str) -> Layout {
        match self.ask(Command::FindLayout(live(name))) {
            Ok(Answer::Layout(layout)) => layout,
            other => panic!("{other:?}"),
        }
    }

    /// The scene that the viewers of this live see.
    pub(crate) fn scene(&mut self, name: &str) -> Scene {
        let feed = self.feed(name);
        self.stages[&self.routes[&feed]].clone()
    }

    /// Names of the events that this live's clients got, in order.
    pub(crate) fn told(&self, name: &str) -> Vec<String> {
        let own = self.events.iter().filter(|(live, _)| live.as_str() == name);
        own.map(|(_, event)| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned()).collect()
    }
}
