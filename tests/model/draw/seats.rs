//! Seats: who asks for what.

use super::{Draw, names};
use crate::command::{By, Command, Policy, Reply, SeatAsk, SeatWish};
use crate::rules::{Live, Model};
use crate::words::{Device, Person, Text};

/// What its user may not open.
const CLOSED: Device = Device::ClosedByAdmin;

impl Draw {
    pub(super) fn seats(&mut self, model: &Model) -> Command {
        let live = self.live(model);
        let Some(found) = model.live(live) else {
            return Command::Seat { live, by: By::Backend, ask: SeatAsk::Kick { index: 1 } };
        };
        let (by, ask) = self.seat_ask(model, found);
        Command::Seat { live, by, ask }
    }

    fn seat_ask(&mut self, model: &Model, live: &Live) -> (By, SeatAsk) {
        // What is pending is answered more often than not.
        if !live.pending.is_empty() && self.dice.percent(30) {
            let pending = live.pending[self.index(live.pending.len())];
            let reply = self.dice.weighted(&[(6, Reply::Accept), (2, Reply::Reject), (2, Reply::Cancel)]);
            let application = pending.application != self.dice.percent(3);
            let manages = application != (reply == Reply::Cancel);
            let by = if manages { self.manager() } else { By::Guest(pending.user.id) };
            return (self.mostly(by), SeatAsk::Answer { application, user: pending.user.id, reply });
        }
        let (user, index) = (self.anybody(model), self.seat_index(live));
        let sitter = live.seats.get(usize::try_from(index).expect("small")).and_then(|seat| seat.sitter);
        let own = sitter.map_or(By::Guest(user.id), |it| By::Guest(it.user.id));
        if let Some(closed) = sitter.filter(|it| it.microphone == CLOSED || it.camera == CLOSED)
            && self.dice.percent(40)
        {
            let by = if self.dice.coin() { self.manager() } else { own };
            return (by, SeatAsk::Device { index, microphone: closed.microphone == CLOSED, open: true });
        }
        match self.dice.below(20) {
            0..5 => {
                // Guests are told for what they are: the owner on its own seat now and then.
                let user = if index == 0 && self.dice.coin() { live.owner } else { user };
                let by = if self.dice.percent(70) { self.as_themselves(live, user.id) } else { By::Backend };
                (self.mostly(by), SeatAsk::Take { index, user: self.named(user) })
            }
            5 => {
                let by = if self.dice.coin() { own } else { By::Backend };
                let by = if index == 0 && self.dice.coin() { By::Owner } else { by };
                (by, SeatAsk::Leave { index })
            }
            6 => (self.manages(), SeatAsk::Lock { index }),
            7 => (self.manages(), SeatAsk::Unlock { index }),
            8 => (self.manages(), SeatAsk::Kick { index }),
            9..13 => self.moving(live, index, user.id),
            13..16 => {
                let by = match self.dice.below(3) {
                    0 if index == 0 => By::Owner,
                    0 | 1 => own,
                    _ => self.manager(),
                };
                let ask = SeatAsk::Device { index, microphone: self.dice.coin(), open: self.dice.coin() };
                (self.mostly(by), ask)
            }
            16 | 17 => {
                let by = self.as_themselves(live, user.id);
                (self.mostly(by), SeatAsk::Apply(self.wish(user, index)))
            }
            _ => (self.manages(), SeatAsk::Invite(self.wish(user, index))),
        }
    }

    pub(super) fn publish_from_seat(&mut self, model: &Model, live: Text) -> Command {
        let Some(found) = model.live(live) else { return Command::PublishFromSeat { live, index: 1, user: None } };
        let index = self.seat_index(found);
        let sitter = found.seats.get(usize::try_from(index).expect("small")).and_then(|seat| seat.sitter);
        let user = match (self.dice.below(4), sitter) {
            (0, _) => None,
            (1, _) | (_, None) => Some(self.anybody(model).id),
            (_, Some(sitter)) => Some(sitter.user.id),
        };
        Command::PublishFromSeat { live, index, user }
    }

    fn moving(&mut self, live: &Live, to: u64, other: Text) -> (By, SeatAsk) {
        let seated: Vec<Text> = live.seats.iter().filter_map(|seat| Some(seat.sitter?.user.id)).collect();
        let user = if self.dice.percent(90) { self.one_of(&seated).unwrap_or(other) } else { other };
        let policy = self.dice.pick(&[Policy::Abort, Policy::Replace, Policy::Swap]);
        let by = if self.dice.percent(25) { By::Guest(user) } else { self.manager() };
        let policy = if matches!(by, By::Guest(_)) && self.dice.percent(80) { Policy::Abort } else { policy };
        (self.mostly(by), SeatAsk::Move { user, to, policy })
    }

    /// One of the live's, mostly; or the first beyond, or one far away.
    fn seat_index(&mut self, live: &Live) -> u64 {
        let count = live.seats.len() as u64;
        match self.dice.below(20) {
            0 => count,
            1 => self.dice.pick(&[0, 49, u64::MAX]),
            _ => self.dice.below(count.max(1)),
        }
    }

    fn wish(&mut self, user: Person<'static>, index: u64) -> SeatWish {
        let seconds = self.dice.weighted(&[(4, None), (2, Some(0)), (4, Some(5)), (1, Some(86_400))]);
        let seconds = if self.dice.percent(1) { Some(86_401) } else { seconds };
        let index = if self.dice.coin() { None } else { Some(index) };
        SeatWish { user: self.named(user), index, seconds, extension: self.extension() }
    }

    /// With a name that is too long, very rarely.
    fn named(&mut self, user: Person<'static>) -> Person<'static> {
        if self.dice.percent(1) { Person { name: names::long(101), ..user } } else { user }
    }

    fn as_themselves(&mut self, live: &Live, user: Text) -> By {
        if live.owner.id == user { By::Owner } else { By::Guest(user) }
    }

    fn manager(&mut self) -> By {
        if self.dice.coin() { By::Owner } else { By::Backend }
    }

    fn manages(&mut self) -> By {
        let by = self.manager();
        self.mostly(by)
    }

    /// Or somebody else.
    fn mostly(&mut self, by: By) -> By {
        if self.dice.percent(5) { By::Guest(self.guest().id) } else { by }
    }
}
