//! Guests on seats publish: each as a source of its own, from sitting down to standing up.

use super::presence::{HOST_GRACE_MS, next};
use super::{Link, Live, Model, Outcome, Sitting, refuse, refuse_at};
use crate::said::{Answer, Case, Why};
use crate::twist::Twist;
use crate::words::{Device, Person, Text};

impl Sitting {
    pub(super) fn new(user: Person<'static>, serial: u32, (microphone, camera): (bool, bool)) -> Self {
        let device = |closed| if closed { Device::ClosedByAdmin } else { Device::Open };
        Self { user, microphone: device(microphone), camera: device(camera), serial, media: Link::Never }
    }

    /// As its tile shows it.
    pub(super) fn tile(&self) -> (u32, Text, bool, bool) {
        let name = if self.user.name.is_empty() { self.user.id } else { self.user.name };
        (self.serial, name, self.camera == Device::Open, self.microphone != Device::Open)
    }
}

impl Live {
    /// Whether the user's microphone, and its camera, are closed by who manages.
    pub(super) fn closed_to(&self, user: Text) -> (bool, bool) {
        let found = self.closed.iter().find(|(whose, ..)| *whose == user);
        found.map_or((false, false), |(_, microphone, camera)| (*microphone, *camera))
    }

    /// Who sits on seats but the owner's.
    pub(crate) fn guests(&self) -> Vec<(u64, Sitting)> {
        let seats = (0..).zip(&self.seats).skip(1);
        seats.filter_map(|(index, seat)| Some((index, seat.sitter?))).collect()
    }

    /// The number by which that user publishes in it, if it may, and its media.
    pub(super) fn publisher(&self, user: Text) -> Option<(u32, Link)> {
        if self.owner.id == user {
            return Some((self.serial, self.media));
        }
        let (_, guest) = self.guests().into_iter().find(|(_, guest)| guest.user.id == user)?;
        Some((guest.serial, guest.media))
    }

    /// Somebody publishes in it.
    pub(super) fn is_published(&self) -> bool {
        self.media == Link::Here || self.guests().iter().any(|(_, guest)| guest.media == Link::Here)
    }

    /// When guests whose media is lost will leave.
    pub(super) fn guest_graces(&self, twist: Option<Twist>) -> Vec<(u64, Text)> {
        let spared = if twist == Some(Twist::NoRestartGrace) { 0 } else { self.spared };
        let lost = self.guests().into_iter().filter_map(|(_, guest)| match guest.media {
            Link::Lost(since) => Some(((since + HOST_GRACE_MS).max(spared), guest.user.id)),
            Link::Never | Link::Here => None,
        });
        lost.collect()
    }
}

impl Model {
    pub(super) fn next_serial(&mut self) -> u32 {
        self.serials_ever += 1;
        self.serials_ever
    }

    pub(super) fn publish_from_seat(&self, id: Text, index: u64, user: Option<Text>) -> Outcome {
        let live = self.known(id)?;
        if index == 0 {
            let own = user.is_none_or(|user| user == live.owner.id);
            return if own { Ok(Answer::Publish(live.serial)) } else { refuse(Case::NotOwner, id) };
        }
        if !live.settings.seats {
            return refuse(Case::NoSeats, id);
        }
        let at = self.check_index(id, index)?;
        match live.seats[at].sitter {
            Some(guest) if user.is_none_or(|user| user == guest.user.id) => Ok(Answer::Publish(guest.serial)),
            Some(_) | None => refuse_at(Case::NotSeated, "", index),
        }
    }

    fn sitters(&mut self) -> impl Iterator<Item = &mut Sitting> {
        self.lives.iter_mut().flat_map(|live| live.seats.iter_mut().skip(1)).filter_map(|seat| seat.sitter.as_mut())
    }

    pub(super) fn guest_media(&mut self, serial: u32, up: bool) {
        let now = self.now;
        let Some(guest) = self.sitters().find(|guest| guest.serial == serial) else { return };
        guest.media = next(guest.media, up, now);
        let here = |live: &&mut Live| live.guests().iter().any(|(_, guest)| guest.serial == serial);
        let live = self.lives.iter_mut().find(here).expect("it sits in one");
        live.shown |= up;
    }

    pub(super) fn lose_guests_media(&mut self) {
        let now = self.now;
        self.sitters().for_each(|guest| guest.media = next(guest.media, false, now));
    }

    /// Its media did not come back in time.
    pub(super) fn lose_guest(&mut self, id: Text, user: Text) {
        let layout = self.layout(id);
        let live = self.live_mut(id);
        let at = live.seat_of(user).expect("it sits there");
        let guest = live.seats[at].sitter.take().expect("it sits there").user;
        self.tell_seats(id, Why::Disconnected, &[at], vec![], vec![guest]);
        self.tell_new_layout(id, &layout);
    }

    /// What every live and every guest publishes as.
    pub(crate) fn serials(&self) -> Vec<u32> {
        let guests = self.lives.iter().flat_map(Live::guests).map(|(_, guest)| guest.serial);
        self.lives.iter().map(|live| live.serial).chain(guests).collect()
    }
}

/// What the twist makes of two seats of which one has moved to the other.
pub(super) fn swap_serials(live: &mut Live, from: usize, to: usize) {
    let serial = |live: &Live, at: usize| live.seats[at].sitter.map(|sitter| sitter.serial);
    let (one, other) = (serial(live, from), serial(live, to));
    for (at, serial) in [(from, other), (to, one)] {
        if let (Some(sitter), Some(serial)) = (&mut live.seats[at].sitter, serial) {
            sitter.serial = serial;
        }
    }
}
