//! How many seats there are, and what becomes of those that a layout or the live's settings take away.

use std::ops::Bound;

use costage_media::scene::{SourceId, Template};

use super::super::event::{Event, SeatEvent, SeatReason};
use super::super::ids::{LiveId, UserId};
use super::super::lives::Lives;
use super::super::refusal::Refusal;
use super::super::time::WallMs;
use super::{OWNER_SEAT, Sitter};

/// Seats of each live in a connection of this layout, when it has a limit of its own.
fn seats_in(template: Template) -> Option<u32> {
    (template == Template::HostStaticVoice6v6).then_some(Template::TEAM_SEATS)
}

impl Lives {
    /// How many seats of a live may be taken now: its own number, or fewer in a layout that has room for fewer.
    pub(super) fn places(&self, live: &LiveId) -> u32 {
        let Some(found) = self.state.lives.get(live) else { return 0 };
        let connection = found.connection.and_then(|id| self.state.connections.get(&id));
        let most = connection.and_then(|connection| seats_in(connection.template)).unwrap_or(u32::MAX);
        self.seat_count(live).min(most)
    }

    /// How many seats a live has; 0 when it has none (isSeatEnabled).
    pub(in crate::live) fn seat_count(&self, live: &LiveId) -> u32 {
        let info = self.state.lives.get(live).map(|live| &live.info).filter(|info| info.is_seat_enabled);
        info.map_or(0, |info| u32::try_from(info.max_seat_count).unwrap_or(u32::MAX))
    }

    /// The seat of that number. Beyond the last one the seats are full when all are taken; else the number is wrong.
    pub(super) fn seat_index(&self, live: &LiveId, index: u64) -> Result<u32, Refusal> {
        let places = self.places(live);
        if let Some(index) = u32::try_from(index).ok().filter(|index| *index < places) {
            return Ok(index);
        }
        let taken =
            self.state.seating.of(live).filter(|(index, seat)| *index < places && seat.sitter.is_some()).count();
        if u32::try_from(taken).is_ok_and(|taken| taken == places) {
            return Err(Refusal::SeatsFull { places });
        }
        let detail =
            format!("must be 0 to {}, found {index}; the live has {places} seats now", places.saturating_sub(1));
        Err(Refusal::Invalid { field: "seatIndex", detail })
    }

    /// The seat of that number, which is not the owner's.
    pub(super) fn guest_seat(&self, live: &LiveId, index: u64) -> Result<u32, Refusal> {
        match self.seat_index(live, index)? {
            OWNER_SEAT => Err(Refusal::OwnerSeat { live: live.clone() }),
            index => Ok(index),
        }
    }

    /// A live begins with its owner on seat 0.
    pub(in crate::live) fn open_seats(&mut self, live: &LiveId) {
        let Some(info) = self.state.lives.get(live).map(|live| &live.info).filter(|info| info.is_seat_enabled) else {
            return;
        };
        let mut seat = self.state.seating.seat(live, OWNER_SEAT);
        let closed = self.state.seating.closed(live, &info.owner.user_id);
        seat.sitter = Some(Sitter::new(info.owner.clone(), None, closed));
        self.state.seating.put(live, OWNER_SEAT, seat);
    }

    /// A live ends, and its seats and what is asked about them with it: onLiveEnded says it all. The sources of its guests
    /// are to be [dismissed](Lives::dismiss) when no picture names them any more.
    #[must_use]
    pub(in crate::live) fn close_seats(&mut self, live: &LiveId) -> Vec<SourceId> {
        let sitters = self.state.seating.of(live).filter_map(|(_, seat)| seat.sitter.as_ref());
        let sources = sitters.filter_map(|sitter| sitter.source).collect();
        let seats: Vec<_> = self.state.seating.of(live).map(|(index, _)| index).collect();
        for index in seats {
            self.state.seating.seats.remove(&(live.clone(), index));
        }
        let users: Vec<UserId> = self.state.seating.pending_of(live).map(|it| it.user.user_id.clone()).collect();
        for user in users {
            self.state.seating.pending.remove(&(live.clone(), user));
        }
        sources
    }

    /// The live has ended, and what was closed to its users is forgotten.
    pub(in crate::live) fn forget_closed(&mut self, live: &LiveId) {
        self.state.seating.reopen_all(live);
    }

    /// These lives are in a connection of this layout from now on: where it has no room for a seat, whoever sits there
    /// leaves it (reason `layout`).
    pub(in crate::live) fn fit_seats_to_layout(&mut self, now: WallMs, lives: &[LiveId], template: Template) {
        if let Some(seats) = seats_in(template) {
            lives.iter().for_each(|live| self.empty_seats_from(now, live, seats));
        }
    }

    /// Whoever sits on seat `first` or higher leaves it (reason `layout`).
    pub(in crate::live) fn empty_seats_from(&mut self, now: WallMs, live: &LiveId, first: u32) {
        let beyond: Vec<_> = self.state.seating.of(live).map(|(index, _)| index).filter(|it| *it >= first).collect();
        self.remove_users(now, live, &beyond, SeatReason::Layout);
    }

    /// Seats `first` and higher are no more: who sits there leaves, and their locks go with them.
    pub(in crate::live) fn take_seats_away_from(&mut self, now: WallMs, live: &LiveId, first: u32) {
        self.empty_seats_from(now, live, first);
        let beyond: Vec<_> = self.state.seating.of(live).map(|(index, _)| index).filter(|it| *it >= first).collect();
        for index in beyond {
            self.state.seating.seats.remove(&(live.clone(), index));
        }
    }

    /// `joined` have come into the connection of `lives`: each is told the seats of the others, and these its own. A
    /// live with nobody but its owner on seats has told all by onCoHostUserJoined.
    pub(in crate::live) fn share_seats(&mut self, now: WallMs, joined: &[LiveId], lives: &[LiveId]) {
        for live in lives {
            let told = if joined.contains(live) { lives } else { joined };
            let told: Vec<_> = told.iter().filter(|other| *other != live).cloned().collect();
            let beyond = (Bound::Excluded((live.clone(), OWNER_SEAT)), Bound::Included((live.clone(), u32::MAX)));
            if told.is_empty() || self.state.seating.seats.range(beyond).next().is_none() {
                continue;
            }
            let changed = SeatEvent::ListChanged {
                live_id: live.clone(),
                reason: SeatReason::Joined,
                seat_list: self.seats_of(live),
                seated_list: Vec::new(),
                left_list: Vec::new(),
            };
            self.notify(now, told, Event::Seat(changed));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::super::command::{By, Command, NewLive, SeatAction, SeatCommand, User};
    use super::super::super::effect::Effect;
    use super::super::super::rules::Rules;
    use super::super::super::seed::Seed;
    use super::super::super::state::Snapshot;
    use super::*;

    fn user(name: &str) -> User {
        User { user_id: UserId::new(name).unwrap(), user_name: String::new(), avatar_url: String::new() }
    }

    #[test]
    fn a_layout_with_six_seats_empties_seats_6_and_up_with_reason_layout() {
        assert_eq!(seats_in(Template::HostDynamicGrid), None, "other layouts have room for all");
        let (now, wall, live) = (Instant::now(), WallMs(0), LiveId::new("a").unwrap());
        let mut lives = Lives::seed(now, wall, Rules::default(), Snapshot::empty(Seed::repeatable(1)));
        lives.handle(now, Command::CreateLive(Box::new(NewLive::new(live.clone(), user("owner"))))).unwrap();
        for index in [1, 5, 6, 8] {
            let action = SeatAction::Take { index, user: user(&format!("g{index}")) };
            let command = SeatCommand { live: live.clone(), by: By::Backend, action };
            lives.handle(now, Command::Seat(Box::new(command))).unwrap();
        }
        while lives.poll_effect().is_some() {}
        lives.fit_seats_to_layout(wall, std::slice::from_ref(&live), Template::HostDynamicGrid);
        assert_eq!(lives.poll_effect(), None);
        lives.empty_seats_from(wall, &live, Template::TEAM_SEATS);
        let taken: Vec<_> = lives.state.seating.of(&live).map(|(index, _)| index).collect();
        assert_eq!(taken, [0, 1, 5]);
        let mut told = Vec::new();
        while let Some(effect) = lives.poll_effect() {
            if let Effect::Notify { event, .. } = effect {
                let event = serde_json::to_value(event).unwrap();
                assert_eq!(event["data"]["reason"], "layout");
                told.push(event["type"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(told, ["onKickedOffSeat", "onKickedOffSeat", "onSeatListChanged"]);
    }
}
