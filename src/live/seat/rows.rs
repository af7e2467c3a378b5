//! The rows of seats and of what is asked about them, and taking back what was done to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use costage_media::scene::SourceId;
use serde::{Deserialize, Serialize};

use super::super::answer::DeviceStatus;
use super::super::command::{Device, SeatRequestKind, User};
use super::super::effect::Wake;
use super::super::ids::{LiveId, UserId};
use super::super::kept::{KeptTable, RowName};
use super::super::state::Presence;
use super::super::table::Table;
use super::super::time::WallMs;

/// Users of one live that something may be closed to; one more, and one who sits nowhere and is not the owner is forgotten.
const CLOSED_MAX: usize = 1_000;

/// A seat that is locked or taken; all others have no row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::live) struct Seat {
    pub(in crate::live) locked: bool,
    pub(in crate::live) sitter: Option<Sitter>,
}

/// Who sits on a seat. Devices and source go with the user to another seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::live) struct Sitter {
    pub(in crate::live) user: Arc<User>,
    pub(in crate::live) microphone: DeviceStatus,
    pub(in crate::live) camera: DeviceStatus,
    /// What a guest publishes as; the owner publishes as its live.
    #[serde(with = "super::super::kept::foreign::source_if_any")]
    pub(in crate::live) source: Option<SourceId>,
}

impl Sitter {
    pub(in crate::live) fn new(user: User, source: Option<SourceId>, closed: Closed) -> Self {
        let status = |closed| if closed { DeviceStatus::ClosedByAdmin } else { DeviceStatus::Opened };
        let (microphone, camera) = (status(closed.microphone), status(closed.camera));
        Self { user: Arc::new(user), microphone, camera, source }
    }

    pub(super) fn device(&mut self, device: Device) -> &mut DeviceStatus {
        match device {
            Device::Microphone => &mut self.microphone,
            Device::Camera => &mut self.camera,
        }
    }
}

/// What the owner or the backend has closed to a user; its key is the live and the user. Leaving the seat does not undo it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::live) struct Closed {
    pub(in crate::live) microphone: bool,
    pub(in crate::live) camera: bool,
}

/// A guest on a seat, as one who publishes; its key is the live and the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::live) struct Guest {
    #[serde(with = "super::super::kept::foreign::source")]
    pub(in crate::live) source: SourceId,
    /// Of its media.
    pub(in crate::live) presence: Presence,
}

/// A pending application or invitation; its key is the live and the user who is to sit down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::live) struct Pending {
    pub(in crate::live) kind: SeatRequestKind,
    pub(in crate::live) user: Arc<User>,
    pub(in crate::live) index: Option<u32>,
    pub(in crate::live) extension_info: Arc<str>,
    /// `None`: never.
    pub(in crate::live) expires: Option<WallMs>,
}

/// All seats of all lives, as plain data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::live) struct SeatRows {
    seats: BTreeMap<(LiveId, u32), Seat>,
    guests: BTreeMap<(LiveId, UserId), Guest>,
    closed: BTreeMap<(LiveId, UserId), Closed>,
    pending: BTreeMap<(LiveId, UserId), Pending>,
}

impl SeatRows {
    /// Seats, guests and what is closed, as they were kept; nothing is pending.
    pub(in crate::live) fn kept(
        seats: BTreeMap<(LiveId, u32), Seat>,
        guests: BTreeMap<(LiveId, UserId), Guest>,
        closed: BTreeMap<(LiveId, UserId), Closed>,
    ) -> Self {
        Self { seats, guests, closed, pending: BTreeMap::new() }
    }

    /// Nothing is pending any more.
    pub(in crate::live) fn forget_pending(&mut self) {
        self.pending.clear();
    }
}

/// All seats of all lives, with their undo logs.
#[derive(Debug, Clone)]
pub(in crate::live) struct Seating {
    pub(in crate::live) seats: Table<(LiveId, u32), Seat>,
    pub(in crate::live) guests: Table<(LiveId, UserId), Guest>,
    /// Whose each guest's source is.
    pub(in crate::live) sources: Table<SourceId, (LiveId, UserId)>,
    closed: Table<(LiveId, UserId), Closed>,
    pub(in crate::live) pending: Table<(LiveId, UserId), Pending>,
}

/// A point of a [`Seating`] to come back to.
#[derive(Debug, Clone, Copy)]
pub(in crate::live) struct SeatMark {
    seats: usize,
    guests: usize,
    sources: usize,
    closed: usize,
    pending: usize,
}

impl Seating {
    pub(in crate::live) fn new(rows: SeatRows) -> Self {
        let SeatRows { seats, guests, closed, pending } = rows;
        let sources = guests.iter().map(|(key, guest)| (guest.source, key.clone())).collect();
        let (seats, guests, closed) = (Table::new(seats), Table::new(guests), Table::new(closed));
        Self { seats, guests, sources: Table::new(sources), closed, pending: Table::new(pending) }
    }

    pub(in crate::live) fn snapshot(&self) -> SeatRows {
        let (seats, guests) = (self.seats.rows().clone(), self.guests.rows().clone());
        SeatRows { seats, guests, closed: self.closed.rows().clone(), pending: self.pending.rows().clone() }
    }

    pub(in crate::live) fn mark(&self) -> SeatMark {
        let (seats, guests, closed) = (self.seats.mark(), self.guests.mark(), self.closed.mark());
        SeatMark { seats, guests, sources: self.sources.mark(), closed, pending: self.pending.mark() }
    }

    /// The rows that were changed since `mark`, as they are kept.
    pub(in crate::live) fn changed(&self, mark: SeatMark) -> impl Iterator<Item = RowName> {
        let seat = |(live, index): &(LiveId, u32)| RowName::new(KeptTable::Seats, format_args!("{live}/{index}"));
        let of = |table| move |(live, user): &(LiveId, UserId)| RowName::new(table, format_args!("{live}/{user}"));
        let seats = self.seats.touched(mark.seats).map(seat);
        let guests = self.guests.touched(mark.guests).map(of(KeptTable::Guests));
        seats.chain(guests).chain(self.closed.touched(mark.closed).map(of(KeptTable::Closed)))
    }

    /// What is closed to a user, where anything is.
    pub(in crate::live) fn closed_row(&self, key: &(LiveId, UserId)) -> Option<&Closed> {
        self.closed.get(key)
    }

    /// What the requests and guests that were changed since `mark` may be waiting for, or may have been.
    pub(in crate::live) fn touched(&self, mark: SeatMark) -> impl Iterator<Item = Wake> {
        self.pending.touched(mark.pending).map(expiry).chain(self.guests.touched(mark.guests).map(grace))
    }

    /// What all of them may be waiting for.
    pub(in crate::live) fn wakes(&self) -> impl Iterator<Item = Wake> {
        self.pending.iter().map(|(key, _)| expiry(key)).chain(self.guests.iter().map(|(key, _)| grace(key)))
    }

    pub(in crate::live) fn undo_to(&mut self, mark: SeatMark) {
        self.seats.undo_to(mark.seats);
        self.guests.undo_to(mark.guests);
        self.sources.undo_to(mark.sources);
        self.closed.undo_to(mark.closed);
        self.pending.undo_to(mark.pending);
    }

    pub(in crate::live) fn forget(&mut self) {
        self.seats.forget();
        self.guests.forget();
        self.sources.forget();
        self.closed.forget();
        self.pending.forget();
    }

    /// No guest's media has come through a restart.
    pub(in crate::live) fn lose_media(&mut self, now: WallMs) {
        let up = self.guests.iter().filter(|(_, guest)| guest.presence == Presence::Up);
        for key in up.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            if let Some(guest) = self.guests.get_mut(&key) {
                guest.presence = Presence::Down { since: now };
            }
        }
    }

    /// The seat as it is, with a row or without.
    pub(in crate::live) fn seat(&self, live: &LiveId, index: u32) -> Seat {
        self.seats.get(&(live.clone(), index)).cloned().unwrap_or_default()
    }

    pub(in crate::live) fn put(&mut self, live: &LiveId, index: u32, seat: Seat) {
        let key = (live.clone(), index);
        if seat == Seat::default() {
            self.seats.remove(&key);
        } else {
            self.seats.insert(key, seat);
        }
    }

    /// What is closed to a user of a live.
    pub(in crate::live) fn closed(&self, live: &LiveId, user: &UserId) -> Closed {
        self.closed.get(&(live.clone(), user.clone())).copied().unwrap_or_default()
    }

    /// A user's device is closed by the owner or the backend, or not any more.
    pub(super) fn close(&mut self, live: &LiveId, owner: &UserId, user: &UserId, device: Device, closed: bool) {
        let mut now = self.closed(live, user);
        match device {
            Device::Microphone => now.microphone = closed,
            Device::Camera => now.camera = closed,
        }
        let key = (live.clone(), user.clone());
        if now == Closed::default() {
            self.closed.remove(&key);
            return;
        }
        let known = self.closed_in(live);
        if known.len() >= CLOSED_MAX && !known.contains(&key) {
            let may_go = |(_, user): &&(LiveId, UserId)| user != owner && self.index_of(live, user).is_none();
            if let Some(forgotten) = known.iter().find(may_go).cloned() {
                self.closed.remove(&forgotten);
            }
        }
        self.closed.insert(key, now);
    }

    /// The live ends: nothing is closed to anybody in one of the same name.
    pub(super) fn reopen_all(&mut self, live: &LiveId) {
        for key in self.closed_in(live) {
            self.closed.remove(&key);
        }
    }

    fn closed_in(&self, live: &LiveId) -> Vec<(LiveId, UserId)> {
        let from = (live.clone(), UserId::first());
        let rows = self.closed.range(from..).take_while(|((of, _), _)| of == live);
        rows.map(|(key, _)| key.clone()).collect()
    }

    /// The seats of a live that have rows, by number.
    pub(in crate::live) fn of(&self, live: &LiveId) -> impl Iterator<Item = (u32, &Seat)> {
        let rows = self.seats.range((live.clone(), 0)..=(live.clone(), u32::MAX));
        rows.map(|((_, index), seat)| (*index, seat))
    }

    /// The guests of a live, by userId.
    pub(in crate::live) fn guests_of(&self, live: &LiveId) -> impl Iterator<Item = &Guest> {
        let from = (live.clone(), UserId::first());
        self.guests.range(from..).take_while(move |((of, _), _)| of == live).map(|(_, guest)| guest)
    }

    /// What is asked about a live's seats, by userId.
    pub(in crate::live) fn pending_of(&self, live: &LiveId) -> impl Iterator<Item = &Pending> {
        let from = (live.clone(), UserId::first());
        self.pending.range(from..).take_while(move |((of, _), _)| of == live).map(|(_, pending)| pending)
    }

    /// Where a user sits.
    pub(in crate::live) fn index_of(&self, live: &LiveId, user: &UserId) -> Option<u32> {
        let sits = |seat: &Seat| seat.sitter.as_ref().is_some_and(|sitter| sitter.user.user_id == *user);
        self.of(live).find(|(_, seat)| sits(seat)).map(|(index, _)| index)
    }
}

fn expiry((live, user): &(LiveId, UserId)) -> Wake {
    Wake::SeatRequestExpires(live.clone(), user.clone())
}

fn grace((live, user): &(LiveId, UserId)) -> Wake {
    Wake::GuestGraceEnds(live.clone(), user.clone())
}
