//! Regions of one's own, on the canvas of 720 × 1280.

use super::{Allowed, Connection, Model, Outcome, layouts, refuse, refuse_at};
use crate::command::{Layout, RegionWish};
use crate::said::{Answer, Case, Event};
use crate::twist::Twist;
use crate::words::{LayoutSeen, PlaceSeen, Text};

/// The number of a layout of one's own.
pub(super) const CUSTOM: u64 = 1_000;

/// A region that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arranged {
    pub(super) of: Text,
    pub(super) seat: u64,
    pub(super) place: [usize; 4],
    pub(super) z: u32,
    pub(super) fit: u8,
    pub(super) radius: usize,
}

impl Arranged {
    pub(super) fn seen(&self, user: Text) -> PlaceSeen<'static> {
        let Self { of: live, seat, place, z, fit, radius } = *self;
        PlaceSeen { live, seat, user, place, z, fit, radius }
    }
}

fn even(edge: u64) -> usize {
    usize::try_from(edge / 2 * 2).expect("on the canvas")
}

fn share_pixels(one: [usize; 4], other: [usize; 4]) -> bool {
    let apart = |a: usize| one[a] + one[a + 2] <= other[a] || other[a] + other[a + 2] <= one[a];
    !apart(0) && !apart(1)
}

impl Model {
    /// The first fault, or what the wishes come to.
    fn arrange(&self, live: Option<Text>, wishes: &[RegionWish]) -> Allowed<Vec<Arranged>> {
        if wishes.is_empty() || wishes.len() > 25 {
            return refuse(Case::Invalid, "regions");
        }
        let mut all: Vec<Arranged> = Vec::new();
        for (number, wish) in (0..).zip(wishes) {
            let RegionWish { x, y, w, h, z, fit, radius, of, seat } = *wish;
            let bad = |field| refuse_at(Case::Invalid, field, number);
            for (field, wrong) in [
                ("w", !(16..=720).contains(&w)),
                ("h", !(16..=1280).contains(&h)),
                ("x", x.saturating_add(w) > 720),
                ("y", y.saturating_add(h) > 1280),
                ("z", z > 1_000),
            ] {
                if wrong {
                    return bad(field);
                }
            }
            let (left, top) = (even(x), even(y));
            let place = [left, top, even(x + w) - left, even(y + h) - top];
            if radius > place[2].min(place[3]) as u64 / 2 {
                return bad("cornerRadius");
            }
            let last = match live {
                Some(live) if !self.together(live).contains(&of) => return bad("source.liveId"),
                Some(_) => self.live(of).map_or(0, |live| live.seats.len().max(1) - 1) as u64,
                None => 49,
            };
            if seat > last {
                return bad("source.seatIndex");
            }
            if all.iter().any(|other| (other.of, other.seat) == (of, seat)) {
                return bad("source");
            }
            if all.iter().any(|other| u64::from(other.z) == z && share_pixels(other.place, place)) {
                return bad("z");
            }
            let z = u32::try_from(z).expect("at most 1000");
            all.push(Arranged { of, seat, place, z, fit, radius: even(radius) });
        }
        Ok(all)
    }

    /// Any connected host changes it for all. Alone there are regions of one's own to choose, or the template of one's seats.
    pub(super) fn choose_layout(&mut self, live: Text, wish: &Layout) -> Outcome {
        self.known(live)?;
        let (template, own) = match wish {
            Layout::Template(wish) if self.connection_of(live).is_some() => (layouts::find_shared(*wish)?, None),
            Layout::Template(wish) => (layouts::find(*wish)?, None),
            Layout::Regions(wishes) => (CUSTOM, Some(self.arrange(Some(live), wishes)?)),
        };
        let Some(Connection { number, members, template: old, own: old_own }) = self.connection_of(live).cloned()
        else {
            let seats = layouts::SEAT_TEMPLATES.iter().find(|(_, number)| *number == template).map(|(name, _)| *name);
            if own.is_none() && seats.is_none() {
                return refuse(Case::NotConnected, live);
            }
            let forgets = self.twist == Some(Twist::ChoosingAloneIsForgotten);
            let found = self.live_mut(live);
            let renamed = seats.filter(|seats| *seats != found.settings.template && !forgets);
            if found.own != own || renamed.is_some() {
                found.own = own;
                found.settings.template = renamed.unwrap_or(found.settings.template);
                let settings = found.settings.clone();
                self.tell_layout(&[live]);
                if renamed.is_some() {
                    self.tell(vec![live], Event::LiveChanged { live, settings, changed: vec!["seatTemplate"] });
                }
            }
            return Ok(Answer::Layout(self.layout(live)));
        };
        if members.len() > layouts::capacity(template) {
            return refuse_at(Case::ConnectionFull, "", 0);
        }
        if (template, &own) != (old, &old_own) {
            let connection = self.connections.iter_mut().find(|connection| connection.number == number);
            let connection = connection.expect("found above");
            (connection.template, connection.own) = (template, own);
            self.empty_beyond_layout(&members, template);
            if self.twist != Some(Twist::LayoutIsNotTold) {
                self.tell_layout(&members);
            }
        }
        Ok(Answer::Layout(self.layout(live)))
    }

    /// What choosing it would give; without a live, what it is by itself.
    pub(super) fn check_layout(&self, live: Option<Text>, wish: &Layout) -> Outcome {
        if let Some(live) = live {
            return self.clone().choose_layout(live, wish);
        }
        let seen = match wish {
            Layout::Template(wish) => {
                let template = layouts::find(*wish)?;
                LayoutSeen { template, canvas: layouts::canvas(template), places: Vec::new() }
            }
            Layout::Regions(wishes) => {
                let places = self.arrange(None, wishes)?.iter().map(|region| region.seen("")).collect();
                LayoutSeen { template: CUSTOM, canvas: [720, 1280], places }
            }
        };
        Ok(Answer::Layout(seen))
    }

    /// The layout that the viewers of a live see, with its own regions.
    pub(super) fn shown_layout(&self, live: &str) -> (u64, Option<&[Arranged]>) {
        let found = self.live(live).expect("it is asked about");
        match (self.connection_of(live), found.own.as_deref()) {
            (Some(connection), _) => (connection.template, connection.own.as_deref()),
            (None, Some(own)) => (CUSTOM, Some(own)),
            (None, None) => {
                let seats = layouts::SEAT_TEMPLATES.iter().find(|(name, _)| *name == found.settings.template);
                (seats.expect("one of them").1, None)
            }
        }
    }

    /// Who sits there, as the picture of these lives shows it: a live's host is on its seat 0 whatever happens.
    pub(super) fn sits(&self, together: &[Text], of: Text, seat: u64) -> Text {
        let live = self.live(of).filter(|_| together.contains(&of));
        let guest = live.and_then(|live| live.guests().into_iter().find(|(index, _)| *index == seat));
        match (live, guest) {
            (Some(live), _) if seat == 0 => live.owner.id,
            (_, Some((_, guest))) => guest.user.id,
            _ => "",
        }
    }
}
