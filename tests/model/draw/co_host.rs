//! Requests and connections.

use super::{Draw, Step};
use crate::command::{Command, Layout, RegionWish, Wish};
use crate::dice::Dice;
use crate::rules::{Model, TEMPLATES};
use crate::words::Text;

impl Draw {
    pub(super) fn co_host(&mut self, model: &Model) -> Command {
        if !model.requests.is_empty() && self.dice.percent(55) {
            let request = model.requests[self.index(model.requests.len())];
            let (live, from) = (request.to, request.from);
            return match self.dice.below(12) {
                0 => Command::Reject { live, from },
                1 => Command::Cancel { live: from, to: live },
                2 => self.request_back(live, from),
                _ => Command::Accept { live, from },
            };
        }
        match self.dice.below(20) {
            0 => Command::Accept { live: self.live(model), from: self.live(model) },
            1 => Command::Reject { live: self.live(model), from: self.live(model) },
            2 => Command::Cancel { live: self.live(model), to: self.live(model) },
            3 => Command::Exit(self.member(model)),
            4 => Command::KickOut(self.member(model)),
            5 if self.dice.coin() => {
                Command::PreviewLayout { live: self.one_or_none(model), layout: self.layout(model) }
            }
            5 => Command::CheckLayout { live: self.one_or_none(model), layout: self.layout(model) },
            6 => Command::Layout { live: self.live(model), layout: self.layout(model) },
            7 => Command::Layout { live: self.member(model), layout: self.layout(model) },
            _ => self.request(model),
        }
    }

    /// A live that is connected, if there is one.
    pub(super) fn member(&mut self, model: &Model) -> Text {
        if model.connections.is_empty() || self.dice.percent(5) {
            return self.live(model);
        }
        let connection = &model.connections[self.index(model.connections.len())];
        self.dice.pick(&connection.members)
    }

    /// Who was asked asks, too.
    fn request_back(&mut self, live: Text, to: Text) -> Command {
        let mut targets = vec![to];
        if self.dice.coin() {
            let another = self.dice.pick(self.lives);
            if another != live && another != to {
                targets.push(another);
            }
        }
        Command::Request { live, targets, template: None, seconds: None, extension: "" }
    }

    fn request(&mut self, model: &Model) -> Command {
        let live = if self.dice.coin() { self.member(model) } else { self.live(model) };
        // Mostly those who are free, so that connections grow.
        let free = |id: &Text| *id != live && model.connection_of(id).is_none();
        let others: Vec<Text> = if self.dice.percent(80) {
            self.lives.iter().copied().filter(free).collect()
        } else {
            self.lives.iter().copied().filter(|id| *id != live || self.left.is_multiple_of(16)).collect()
        };
        let count = self.dice.weighted(&[(10, 1), (3, 2), (3, 4), (3, 8)]);
        let mut targets = self.dice.some(&others, count);
        if self.dice.percent(1) {
            targets.extend_from_within(..1.min(targets.len()));
        }
        let template = if self.dice.percent(20) { Some(self.template()) } else { None };
        let seconds = self.dice.weighted(&[(6, None), (3, Some(5)), (2, Some(120))]);
        let seconds = if self.dice.percent(1) { self.dice.pick(&[Some(0), Some(121)]) } else { seconds };
        Command::Request { live, targets, template, seconds, extension: self.extension() }
    }

    /// More requests of one live than may be pending.
    pub(super) fn flood_of_requests(&mut self) {
        let (live, others) = (self.lives[0], &self.lives[1..]);
        let all = [&others[..8], &others[8..16], &others[16..17], &others[17..19], &others[..2]];
        for targets in all.map(<[Text]>::to_vec) {
            self.queue.push(Step::Ask(Command::Request {
                live,
                targets,
                template: None,
                seconds: None,
                extension: "",
            }));
        }
    }

    fn one_or_none(&mut self, model: &Model) -> Option<Text> {
        if self.dice.percent(70) { Some(self.member(model)) } else { None }
    }

    fn layout(&mut self, model: &Model) -> Layout {
        if self.dice.coin() {
            return Layout::Template(self.template());
        }
        let count = self.dice.weighted(&[(10, 1), (10, 2), (5, 3), (1, 0), (1, 26)]);
        let first = self.member(model);
        Layout::Regions((0..count).map(|_| self.region(model, first)).collect())
    }

    /// Mostly of that live or of one that it is connected with, and mostly on the canvas.
    fn region(&mut self, model: &Model, live: Text) -> RegionWish {
        let members = model.connection_of(live).map_or(vec![live], |connection| connection.members.clone());
        let of = if self.dice.percent(3) { self.live(model) } else { self.dice.pick(&members) };
        let odd = self.dice.percent(3);
        let pick = |dice: &mut Dice, good: &[u64], bad: u64| if odd && dice.coin() { bad } else { dice.pick(good) };
        RegionWish {
            x: pick(&mut self.dice, &[0, 101, 360], 800),
            y: pick(&mut self.dice, &[0, 300, 641], u64::MAX),
            w: pick(&mut self.dice, &[360, 259, 16], 15),
            h: pick(&mut self.dice, &[300, 639, 18], 1_281),
            z: pick(&mut self.dice, &[0, 1, 2, 3, 1_000], 1_001),
            fit: self.dice.pick(&[0, 0, 1, 2]),
            radius: pick(&mut self.dice, &[0, 0, 3, 8], 400),
            of,
            seat: pick(&mut self.dice, &[0, 0, 0, 1, 2], 60),
        }
    }

    pub(super) fn template(&mut self) -> Wish {
        if self.dice.percent(3) {
            return Wish::Name("mosaic");
        }
        // Mostly those that have places for many.
        let known = if self.dice.percent(75) { &TEMPLATES[..2] } else { &TEMPLATES[..] };
        let template = &known[self.index(known.len())];
        if self.dice.coin() { Wish::Name(template.name) } else { Wish::Number(template.number) }
    }
}
