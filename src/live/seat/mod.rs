//! The seats of a live: who sits where, who may, and who is told.
//!
//! | file | holds |
//! |---|---|
//! | `rows` | the rows and their undo |
//! | `sitting` | take, leave, kick, lock, unlock |
//! | `moving`, `devices` | changing seats; microphones and cameras |
//! | `asking`, `answering` | applications and invitations |
//! | `publishing` | guests publish: their sources, and whether their media is there |
//! | `places` | how many seats there are: a live's own number, a connection's layout |
//! | `view` | lists |
//!
//! Seat 0 is the owner's, and the owner's only one: its tile stands for the live. A live has `maxSeatCount` seats, that
//! one among them, numbered from 0. A user has one seat in a live.

mod answering;
mod asking;
mod devices;
mod moving;
mod places;
mod publishing;
mod rows;
mod sitting;
mod view;

use costage_media::scene::{SourceId, Template};

use super::answer::Answer;
use super::command::{By, SeatAction, SeatCommand, User};
use super::event::{Event, SeatEvent, SeatReason};
use super::fact::Fact;
use super::ids::{LiveId, UserId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::time::WallMs;

pub(super) use rows::{SeatMark, SeatRows, Seating, Sitter};

/// The seat of the owner.
pub(super) const OWNER_SEAT: u32 = 0;

/// What every command about seats knows.
struct Asked {
    now: WallMs,
    live: LiveId,
    by: By,
}

/// What a command did to the seats of a live.
struct Change {
    reason: SeatReason,
    touched: Vec<u32>,
    seated: Vec<User>,
    left: Vec<User>,
    /// Sources of the guests among those.
    ended: Vec<SourceId>,
}

impl Change {
    fn of(reason: SeatReason, touched: Vec<u32>) -> Self {
        Self { reason, touched, seated: Vec::new(), left: Vec::new(), ended: Vec::new() }
    }

    /// This one sits no more.
    fn lose(&mut self, sitter: &Sitter) {
        self.left.push((*sitter.user).clone());
        self.ended.extend(sitter.source);
    }

    /// Whether it is seen or heard: a lock is where empty seats are drawn.
    fn shows(&self, template: Template) -> bool {
        match self.reason {
            SeatReason::Unlocked | SeatReason::Locked => !self.left.is_empty() || template.has_empty_places(),
            SeatReason::Taken
            | SeatReason::Left
            | SeatReason::Kicked
            | SeatReason::Moved
            | SeatReason::Replaced
            | SeatReason::Device
            | SeatReason::Layout
            | SeatReason::Disconnected
            | SeatReason::Joined => true,
        }
    }
}

impl Asked {
    /// Refuses whoever does not manage the live.
    fn must_manage(&self, what: &'static str) -> Result<(), Refusal> {
        match self.by {
            By::Backend | By::Owner => Ok(()),
            By::Guest(_) => Err(Refusal::SeatForbidden { what, who: "the live's owner or an admin" }),
        }
    }
}

impl Lives {
    pub(super) fn seat(&mut self, now: WallMs, command: SeatCommand) -> Result<Answer, Refusal> {
        let SeatCommand { live, by, action } = command;
        if !self.live(&live)?.info.is_seat_enabled {
            return Err(Refusal::NoSeats { live });
        }
        let asked = Asked { now, live, by };
        let before = self.layout(&asked.live);
        let answer = self.act(&asked, action)?;
        self.tell_layout_unless(now, &asked.live, &before);
        Ok(answer)
    }

    fn act(&mut self, asked: &Asked, action: SeatAction) -> Result<Answer, Refusal> {
        match action {
            SeatAction::Take { index, user } => self.take_seat(asked, index, user),
            SeatAction::Leave { index } => self.leave_seat(asked, index),
            SeatAction::Lock { index } => self.lock_seat(asked, index),
            SeatAction::Unlock { index } => self.unlock_seat(asked, index),
            SeatAction::Kick { index } => self.kick(asked, index),
            SeatAction::Move { user, to, policy } => self.move_user(asked, &user, to, policy),
            SeatAction::Device { index, device, open } => self.switch_device(asked, index, device, open),
            SeatAction::Apply(wish) => self.apply_for_seat(asked, wish),
            SeatAction::Invite(wish) => self.invite_to_seat(asked, wish),
            SeatAction::Answer { kind, user, reply } => self.answer_seat_request(asked, kind, &user, reply),
        }
    }

    /// Whether `asked` comes from this user.
    fn is_self(&self, asked: &Asked, user: &UserId) -> bool {
        match &asked.by {
            By::Backend => false,
            By::Owner => self.live(&asked.live).is_ok_and(|live| live.owner() == user),
            By::Guest(guest) => guest == user,
        }
    }

    /// Tells what changed: the journal, the picture, and the clients of all lives of the connection.
    fn seats_changed(&mut self, now: WallMs, live: &LiveId, change: Change) {
        let seats: Vec<_> = change.touched.iter().map(|index| self.seat_info(live, *index)).collect();
        self.record(Fact::SeatsChanged { live: live.clone(), reason: change.reason, seats: seats.clone(), at: now });
        if change.shows(self.layout_of(live).0) {
            self.restage_live(live);
        }
        // After the last picture that names them.
        self.dismiss(&change.ended);
        let changed = SeatEvent::ListChanged {
            live_id: live.clone(),
            reason: change.reason,
            seat_list: seats,
            seated_list: change.seated,
            left_list: change.left,
        };
        self.notify(now, self.members_of(live), Event::Seat(changed));
    }

    fn tell_seat(&mut self, now: WallMs, live: &LiveId, event: SeatEvent) {
        self.notify(now, vec![live.clone()], Event::Seat(event));
    }
}
