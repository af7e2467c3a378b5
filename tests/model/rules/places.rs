//! How many seats there are, and which may be taken.

use super::{Allowed, Live, Model, Outcome, refuse, refuse_at};
use crate::command::{By, SeatAsk};
use crate::said::{Case, Event, Why};
use crate::twist::Twist;
use crate::words::{Device, SeatSeen, Sitter, Text};

/// Team seats of each live in hostStaticVoice6v6.
const VOICE_6V6: (u64, u64) = (1, 6);

impl Model {
    pub(super) fn seat(&mut self, id: Text, by: By, ask: &SeatAsk) -> Outcome {
        if !self.known(id)?.settings.seats {
            return refuse(Case::NoSeats, id);
        }
        let layout = self.layout(id);
        let answer = self.do_with_seat(id, by, ask);
        if answer.is_ok() {
            self.tell_new_layout(id, &layout);
        }
        answer
    }

    fn do_with_seat(&mut self, id: Text, by: By, ask: &SeatAsk) -> Outcome {
        match ask {
            SeatAsk::Take { index, user } => self.take(id, by, *index, *user),
            SeatAsk::Leave { index } => self.stand_up(id, by, *index),
            SeatAsk::Lock { index } => self.lock(id, by, *index),
            SeatAsk::Unlock { index } => self.unlock(id, by, *index),
            SeatAsk::Kick { index } => self.kick(id, by, *index),
            SeatAsk::Move { user, to, policy } => self.move_to(id, by, user, *to, *policy),
            SeatAsk::Device { index, microphone, open } => self.switch(id, by, *index, *microphone, *open),
            SeatAsk::Apply(wish) => self.apply(id, by, wish),
            SeatAsk::Invite(wish) => self.invite(id, by, wish),
            SeatAsk::Answer { application, user, reply } => self.reply(id, by, *application, user, *reply),
        }
    }

    /// How many seats of a live may be taken now: fewer than it has, in a layout that has room for fewer.
    pub(super) fn places(&self, id: Text) -> u64 {
        let own = self.live(id).map_or(0, |live| live.seats.len()) as u64;
        match self.connection_of(id) {
            Some(connection) if connection.template == VOICE_6V6.0 => own.min(VOICE_6V6.1),
            Some(_) | None => own,
        }
    }

    /// That seat exists. Where it does not, the seats are full if all that there are have somebody.
    pub(super) fn check_index(&self, id: Text, index: u64) -> Allowed<usize> {
        let places = self.places(id);
        if index < places {
            return Ok(usize::try_from(index).expect("at most 50"));
        }
        let taken = self.known(id)?.seats.iter().take(places as usize).all(|seat| seat.sitter.is_some());
        refuse(if taken { Case::SeatsFull } else { Case::Invalid }, if taken { "" } else { "seatIndex" })
    }

    /// The same of a seat that is not the owner's.
    pub(super) fn check_guest_index(&self, id: Text, index: u64) -> Allowed<usize> {
        match self.check_index(id, index)? {
            0 => refuse(Case::OwnerSeat, id),
            index => Ok(index),
        }
    }

    /// Whether the user may sit down there: it sits nowhere yet, seat 0 is the owner's and the owner's only one, and
    /// nobody is there.
    pub(super) fn check_may_sit(&self, id: Text, index: usize, user: Text) -> Allowed {
        let live = self.known(id)?;
        if let Some(own) = live.seat_of(user) {
            let case = if own == index { Case::AlreadyOnSeat } else { Case::AlreadySeated };
            return refuse_at(case, user, own as u64);
        }
        if (index == 0) != (live.owner.id == user) && self.twist != Some(Twist::GuestsOnSeatZero) {
            return refuse(Case::OwnerSeat, id);
        }
        let seat = live.seats[index];
        if seat.locked {
            return refuse_at(Case::SeatLocked, "", index as u64);
        }
        match seat.sitter {
            Some(other) => refuse_at(Case::SeatOccupied, other.user.id, index as u64),
            None => Ok(()),
        }
    }

    /// The first seat that a guest may take.
    pub(super) fn check_any_seat(&self, id: Text, user: Text) -> Allowed<usize> {
        let live = self.known(id)?;
        if let Some(own) = live.seat_of(user) {
            return refuse_at(Case::AlreadySeated, user, own as u64);
        }
        let places = usize::try_from(self.places(id)).expect("at most 50");
        let free = (1..places).find(|index| !live.seats[*index].locked && live.seats[*index].sitter.is_none());
        free.map_or_else(|| refuse(Case::SeatsFull, ""), Ok)
    }

    /// The seats of a live that enters a connection are told to those who do not know them: if anything is there to tell
    /// beside the owner.
    pub(super) fn introduce(&mut self, joined: &[Text], all: &[Text]) {
        for live in all {
            let strangers = if joined.contains(live) { all } else { joined };
            let strangers: Vec<_> = strangers.iter().copied().filter(|other| other != live).collect();
            let found = self.live(live).expect("a member exists");
            if found.seats.iter().skip(1).any(|seat| seat.locked || seat.sitter.is_some()) {
                let seats = self.seats_of(live);
                self.tell(strangers, Event::Seats { live, why: Why::Joined, seats, seated: vec![], left: vec![] });
            }
        }
    }

    pub(super) fn seats_of(&self, id: Text) -> Vec<SeatSeen<'static>> {
        self.live(id).map_or_else(Vec::new, |live| (0..live.seats.len()).map(|index| live.seat_seen(index)).collect())
    }

    /// In a layout with fewer seats for each, who sits beyond leaves.
    pub(super) fn empty_beyond_layout(&mut self, lives: &[Text], template: u64) {
        if template != VOICE_6V6.0 {
            return;
        }
        for live in lives {
            let count = self.live(live).map_or(0, |live| live.seats.len()) as u64;
            let beyond: Vec<u64> = (VOICE_6V6.1..count).collect();
            self.remove_sitters(live, &beyond, Why::Layout);
        }
    }
}

impl Live {
    pub(super) fn seat_of(&self, user: &str) -> Option<usize> {
        self.seats.iter().position(|seat| seat.sitter.is_some_and(|sitter| sitter.user.id == user))
    }

    pub(super) fn seat_seen(&self, index: usize) -> SeatSeen<'static> {
        let seat = self.seats[index];
        let sitter = seat.sitter.map(|it| {
            let owner = it.user.id == self.owner.id;
            // The owner is as the live names it, whoever put it on its seat.
            let user = if owner { self.owner } else { it.user };
            Sitter { user, owner, microphone: it.microphone, camera: it.camera }
        });
        SeatSeen { live: self.id, index: index as u64, locked: seat.locked, sitter }
    }

    /// The camera is open, and the microphone off, as the owner's tile shows it.
    pub(super) fn tile_devices(&self) -> (bool, bool) {
        let owner = self.seats.first().and_then(|seat| seat.sitter);
        let (microphone, camera) = self.closed_to(self.owner.id);
        owner.map_or((!camera, microphone), |it| (it.camera == Device::Open, it.microphone != Device::Open))
    }

    pub(super) fn named(&self) -> Text {
        if self.owner.name.is_empty() { self.owner.id } else { self.owner.name }
    }
}
