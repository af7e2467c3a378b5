//! Guests publish from their seats: as which source, who may, and whether their media is there.
//!
//! A source is a guest's from sitting down to standing up, wherever it is moved meanwhile: a tile needs one before there is
//! any media, and the session goes on with the user, not with the number of the seat.
//!
//! ```text
//! never published ── sits until it leaves
//! media flows ── lost ──── host_grace (after a restart restart_grace) ────▶ leaves, reason disconnected
//!                  └───── back within that: nothing else changes
//! ```

use costage_media::scene::SourceId;

use super::super::answer::{Answer, Publish};
use super::super::command::MediaState;
use super::super::effect::Effect;
use super::super::event::SeatReason;
use super::super::ids::{LiveId, UserId};
use super::super::lives::Lives;
use super::super::refusal::Refusal;
use super::super::rules::LIVES_MAX;
use super::super::state::Presence;
use super::super::time::WallMs;
use super::OWNER_SEAT;
use super::rows::Guest;

impl Lives {
    /// Whoever sits there publishes from it, and nobody else; `None` is the backend, for that one.
    pub(in crate::live) fn publish_from_seat(
        &self,
        live: &LiveId,
        index: u64,
        user: Option<&UserId>,
    ) -> Result<Answer, Refusal> {
        let found = self.live(live)?;
        if index == u64::from(OWNER_SEAT) {
            return self.publish(live, user.unwrap_or(found.owner()));
        }
        if !found.info.is_seat_enabled {
            return Err(Refusal::NoSeats { live: live.clone() });
        }
        let index = self.seat_index(live, index)?;
        let sitter = self.state.seating.seat(live, index).sitter;
        let own = sitter.filter(|sitter| user.is_none_or(|user| sitter.user.user_id == *user));
        let source = own.and_then(|sitter| sitter.source).ok_or(Refusal::NotSeated { index })?;
        Ok(Answer::Publish(Publish { source }))
    }

    /// What this user publishes as in this live: its host, or a guest on a seat of it.
    #[must_use]
    pub fn source_of(&self, live: &LiveId, user: &UserId) -> Option<SourceId> {
        let found = self.state.lives.get(live)?;
        if found.owner() == user {
            return Some(found.source());
        }
        self.state.seating.guests.get(&(live.clone(), user.clone())).map(|guest| guest.source)
    }

    /// A source for a guest who sits down.
    pub(super) fn new_guest(&mut self, live: &LiveId, user: &UserId) -> Result<SourceId, Refusal> {
        // One a second for 136 years: a number is never given twice, so in the end there is none.
        let serial = self.state.counters.next_serial().ok_or(Refusal::TooManyLives { max: LIVES_MAX })?;
        let (source, key) = (SourceId(serial), (live.clone(), user.clone()));
        self.state.seating.sources.insert(source, key.clone());
        self.state.seating.guests.insert(key, Guest { source, presence: Presence::Never });
        Ok(source)
    }

    /// The guests who published as these sit no more, and lose their sessions.
    pub(in crate::live) fn dismiss(&mut self, sources: &[SourceId]) {
        for source in sources {
            if let Some(key) = self.state.seating.sources.remove(source) {
                self.state.seating.guests.remove(&key);
            }
            self.effect(Effect::EndSource(*source));
        }
    }

    /// A guest's media came or went. What is drawn then, the picture knows from its frames.
    pub(in crate::live) fn guest_media(&mut self, now: WallMs, source: SourceId, news: MediaState) {
        let Some(key) = self.state.seating.sources.get(&source).cloned() else { return };
        let Some(guest) = self.state.seating.guests.get(&key) else { return };
        let Some(next) = guest.presence.after(now, news) else { return };
        self.state.seating.guests.get_mut(&key).expect("looked up above").presence = next;
        self.open_stage(&key.0);
    }

    /// Whether a guest of this live publishes.
    pub(in crate::live) fn has_publishing_guest(&self, live: &LiveId) -> bool {
        let mut guests = self.state.seating.guests_of(live);
        guests.any(|guest| guest.presence == Presence::Up)
    }

    /// When this guest leaves its seat, unless its media comes back.
    pub(in crate::live) fn guest_grace_ends(&self, live: &LiveId, user: &UserId) -> Option<WallMs> {
        let spared_until = self.state.lives.get(live)?.spared_until;
        match self.state.seating.guests.get(&(live.clone(), user.clone()))?.presence {
            Presence::Down { since } => Some(since.after(self.rules.host_grace).max(spared_until)),
            Presence::Never | Presence::Up => None,
        }
    }

    /// The guest did not come back in time.
    pub(in crate::live) fn end_guest_grace(&mut self, now: WallMs, live: &LiveId, user: &UserId) {
        let Some(index) = self.state.seating.index_of(live, user) else { return };
        let before = self.layout(live);
        self.go_from_seat(now, live, index, SeatReason::Disconnected);
        self.tell_layout_unless(now, live, &before);
    }
}
