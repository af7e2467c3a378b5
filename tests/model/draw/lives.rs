//! Lives: created, changed, ended, looked at.

use super::{Draw, Step, names};
use crate::command::{BattleWish, By, Command, Cursor, Field, NewLive, Reply, SeatAsk, SeatWish};
use crate::rules::{Model, SEAT_TEMPLATES};
use crate::words::{Person, Settings, Text};

impl Draw {
    /// Most lives are there from the beginning, and most hosts publish.
    pub(super) fn set_the_scene(&mut self) {
        let mut serial = 0;
        for &live in self.lives {
            if self.dice.percent(95) {
                let new = self.new_live(live);
                self.queue.push(Step::Ask(Command::Create(Box::new(new))));
                serial += 1;
            }
        }
        for serial in 1..=serial {
            if self.dice.percent(90) {
                self.queue.push(Step::Ask(Command::Media { serial, up: true }));
            }
            if self.dice.percent(50) {
                self.queue.push(Step::Ask(Command::Socket { serial, open: true }));
            }
        }
        let table = self.table();
        self.queue.push(Step::Ask(Command::SetGifts(table)));
    }

    /// More than may be pending: of applications for the seats of one live, or of battles that never start.
    pub(super) fn flood(&mut self) {
        let (one, other) = (self.lives[0], self.lives[1]);
        if self.dice.percent(40) {
            return self.crowd(one);
        }
        if self.dice.coin() {
            for id in names::crowd() {
                let wish = SeatWish { user: names::person(id), index: None, seconds: Some(0), extension: "" };
                let ask = SeatAsk::Apply(wish);
                self.queue.push(Step::Ask(Command::Seat { live: one, by: By::Guest(id), ask }));
            }
            for id in names::crowd().iter().step_by(7) {
                let ask = SeatAsk::Answer { application: true, user: id, reply: Reply::Reject };
                self.queue.push(Step::Ask(Command::Seat { live: one, by: By::Owner, ask }));
            }
            return;
        }
        let (targets, template) = (vec![other], None);
        self.queue.push(Step::Ask(Command::Request { live: one, targets, template, seconds: None, extension: "" }));
        self.queue.push(Step::Ask(Command::Accept { live: other, from: one }));
        for battle in 1..=103 {
            let wish = BattleWish {
                live: one,
                users: vec![names::host_of(other)],
                seconds: None,
                need_response: Some(true),
                timeout: None,
                extension: "",
                punishment: 0,
                part_after: false,
            };
            self.queue.push(Step::Wait(1));
            self.queue.push(Step::Ask(Command::Battle(Box::new(wish))));
            self.queue.push(Step::Ask(Command::CancelBattle { battle, users: None }));
        }
    }

    /// More guests than the picture has places for, of whom some publish.
    fn crowd(&mut self, live: Text) {
        self.queue.push(Step::Ask(Command::Update { live, fields: vec![Field::Seats(true), Field::SeatCount(50)] }));
        for (index, id) in (1..).zip(&names::crowd()[..12]) {
            let ask = SeatAsk::Take { index, user: names::person(id) };
            self.queue.push(Step::Ask(Command::Seat { live, by: By::Backend, ask }));
        }
    }

    pub(super) fn lives(&mut self, model: &Model) -> Command {
        #[derive(Clone, Copy)]
        enum What {
            Create,
            Update,
            End,
        }
        let missing: Vec<Text> = self.lives.iter().copied().filter(|id| model.live(id).is_none()).collect();
        let create = if missing.is_empty() { 1 } else { 12 };
        match self.dice.weighted(&[(create, What::Create), (10, What::Update), (2, What::End)]) {
            What::Create => {
                let live = self.one_of(&missing).unwrap_or(self.lives[0]);
                Command::Create(Box::new(self.new_live(live)))
            }
            What::Update => self.update(model),
            What::End => Command::End { live: self.live(model), by_server: self.dice.percent(20) },
        }
    }

    fn new_live(&mut self, live: Text) -> NewLive {
        // Now and then a host has two lives.
        let of = if self.dice.percent(6) { self.dice.pick(self.lives) } else { live };
        let owner = names::person(names::host_of(of));
        let mut settings = Settings {
            name: self.dice.weighted(&[(8, ""), (2, "Late show")]),
            notice: "",
            public: self.dice.percent(85),
            seats: self.dice.percent(90),
            keep_owner: self.dice.coin(),
            seat_count: self.seat_count(),
            free: self.dice.percent(60),
            template: self.seat_template(),
            cover: "",
            background: "",
            categories: vec![],
            activity: 0,
            meta: vec![],
            overlays: [(); 3].map(|()| self.dice.percent(95)),
        };
        let mut owner = owner;
        if self.dice.percent(2) {
            self.spoil(&mut settings, &mut owner);
        }
        NewLive { live, owner, settings }
    }

    /// Mostly the usual one.
    fn seat_template(&mut self) -> Text {
        let known = if self.dice.percent(60) { &SEAT_TEMPLATES[..1] } else { &SEAT_TEMPLATES[..] };
        known[self.index(known.len())].0
    }

    fn seat_count(&mut self) -> u64 {
        self.dice.weighted(&[(20, 2), (40, 3), (30, 4), (10, 5), (8, 9), (1, 1), (1, 50)])
    }

    /// One field outside its limits.
    fn spoil(&mut self, settings: &mut Settings<'static>, owner: &mut Person<'static>) {
        match self.dice.below(3) {
            0 => owner.name = names::long(101),
            1 => owner.avatar = names::long(501),
            _ => settings.seat_count = self.dice.pick(&[0, 51]),
        }
    }

    fn update(&mut self, model: &Model) -> Command {
        let count = self.dice.weighted(&[(1, 0), (12, 1), (4, 2)]);
        Command::Update { live: self.live(model), fields: (0..count).map(|_| self.field()).collect() }
    }

    fn field(&mut self) -> Field {
        let bad = self.dice.percent(8);
        let text = |bytes: usize| if bad { names::long(bytes) } else { "short" };
        match self.dice.below(19) {
            0 => Field::Name(text(101)),
            1 => Field::Notice(text(101)),
            2 => Field::Public(self.dice.coin()),
            3..5 => Field::Seats(self.dice.percent(70)),
            5 => Field::KeepOwner(self.dice.coin()),
            6..9 => Field::SeatCount(if bad { 51 } else { self.seat_count() }),
            9 => Field::Free(self.dice.coin()),
            10 => Field::Template(self.seat_template()),
            11 => Field::Cover(text(201)),
            12 => Field::Background(text(201)),
            13 => Field::Categories(if bad { vec!["music"; 4] } else { vec!["music", "cats"] }),
            14 => Field::Activity(self.dice.pick(&[0, -1, 7])),
            15..17 => Field::Meta(self.meta(bad)),
            _ => Field::Overlay(self.index(3), self.dice.percent(70)),
        }
    }

    fn meta(&mut self, bad: bool) -> Vec<(Text, Text)> {
        const KEYS: [Text; 11] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
        match self.dice.below(4) {
            0 if bad => KEYS.map(|key| (key, "")).to_vec(),
            1 if bad => vec![(names::long(51), "")],
            2 if bad => vec![("", "")],
            _ if bad => vec![("a", names::long(2_049))],
            _ => KEYS[..self.index(3)].iter().map(|key| (*key, "value")).collect(),
        }
    }

    pub(super) fn question(&mut self, model: &Model) -> Command {
        let (live, battle) = (self.live(model), self.battle(model));
        let (cursor, count) =
            (self.cursor(), self.dice.weighted(&[(5, None), (5, Some(1)), (3, Some(2)), (1, Some(100))]));
        let count = if self.dice.percent(3) { self.dice.pick(&[Some(0), Some(101)]) } else { count };
        match self.dice.below(18) {
            0 => Command::FindLive(live),
            1 => Command::List { cursor, count },
            2 | 3 => Command::Candidates { live, cursor, count },
            4 => Command::FindCoHost(live),
            5 => Command::FindSeats(live),
            6 => Command::FindWishes(live),
            7 => Command::FindLayout(live),
            8 => Command::FindBattle(battle),
            9 => Command::FindBattleOf(live),
            10 => Command::Ledger { battle, cursor, count },
            11 => {
                let user = self.publisher(live);
                Command::Publish { live, user }
            }
            12 | 13 => self.publish_from_seat(model, live),
            14 => Command::WatchHost { live, user: self.publisher(live) },
            15 => Command::WatchReturn { live, user: self.publisher(live) },
            16 => self.preview(live),
            _ => Command::Watch(live),
        }
    }

    fn preview(&mut self, live: Text) -> Command {
        let template = if self.dice.coin() { Some(self.template()) } else { None };
        let hosts =
            self.dice.weighted(&[(4, None), (3, Some(1)), (3, Some(2)), (2, Some(4)), (1, Some(9)), (1, Some(27))]);
        let hosts = if self.dice.percent(3) { self.dice.pick(&[Some(0), Some(51)]) } else { hosts };
        Command::Preview { live, template, hosts }
    }

    /// Mostly the owner.
    fn publisher(&mut self, live: Text) -> Text {
        if self.dice.percent(80) { names::host_of(live) } else { self.guest().id }
    }

    fn cursor(&mut self) -> Cursor {
        match self.dice.below(10) {
            0 => Cursor::Nonsense,
            1..4 => Cursor::After(self.dice.below(14)),
            _ => Cursor::Start,
        }
    }
}
