//! What a tile wears, and takes along wherever it goes: the nickname, a notice, the mark and the result of a battle. Its ring
//! (`rings.rs`) is worn the same way, and taken off for a way.

use std::time::Instant;

use crate::mix::count::Count;
use crate::mix::overlay::{self, Layer, Patch};
use crate::mix::tile::{Look, Tile, Worn};
use crate::scene::{Mark, Proportion, Rect, Verdict, badge_bounds, nickname_bounds, outcome_size};

impl<T: PartialEq> Worn<T> {
    /// `what` in `room`, drawn unless it is there already.
    pub(super) fn put_on(slot: &mut Option<Self>, what: T, room: Rect, draw: impl FnOnce(&T) -> Option<Patch>) {
        if !slot.as_ref().is_some_and(|worn| (&worn.what, worn.room) == (&what, room)) {
            let layer = draw(&what).map(Layer::new);
            *slot = Some(Self { what, room, layer });
        }
    }
}

impl Tile {
    /// Writes the nickname over the tile, unless it is there already. While the tile moves it is as wide as fits all
    /// along.
    pub(super) fn name_it(&mut self, proportion: Proportion, text: String, muted: bool) {
        let bounds = nickname_bounds(proportion, self.region.at(self.narrowest()));
        Worn::put_on(&mut self.nickname, (text, muted), bounds, |(text, muted)| {
            overlay::nickname(proportion, bounds, text, *muted)
        });
    }

    /// Marks it with the first of its marks that is not over: where its host stands in a battle, the points counting from those that
    /// it says.
    pub(super) fn mark(&mut self, now: Instant, proportion: Proportion) {
        self.marks.retain(|(_, until)| until.is_none_or(|until| until > now));
        match self.marks.first().map(|(mark, _)| *mark) {
            Some(Mark::Standing { rank, score }) => {
                let points = self.points.get_or_insert_with(|| Count::at(now, score));
                points.turn(now, score);
                let score = points.number(now);
                self.wear(proportion, Mark::Standing { rank, score });
            }
            Some(Mark::Connected) => {
                self.points = None;
                self.wear(proportion, Mark::Connected);
            }
            None => (self.points, self.badge) = (None, None),
        }
    }

    /// When the mark that it wears goes.
    pub(super) fn mark_until(&self) -> Option<Instant> {
        self.marks.first().and_then(|(_, until)| *until)
    }

    /// Whether the points say something else by now.
    pub(super) fn counts(&mut self, now: Instant) -> bool {
        self.points.as_mut().is_some_and(|points| points.handle_timeout(now))
    }

    /// Writes what the points say by now; the badge lies off the canvas.
    pub(super) fn count(&mut self, now: Instant, proportion: Proportion) {
        let said = self.badge.as_ref().map(|worn| worn.what);
        if let (Some(points), Some(Mark::Standing { rank, .. })) = (&self.points, said) {
            self.wear(proportion, Mark::Standing { rank, score: points.number(now) });
        }
    }

    fn wear(&mut self, proportion: Proportion, mark: Mark) {
        let bounds = badge_bounds(proportion, self.region.at(self.narrowest()));
        Worn::put_on(&mut self.badge, mark, bounds, |mark| overlay::badge(proportion, bounds, *mark));
    }

    /// Says how a battle ended for its host, unless that has been said for long enough.
    pub(super) fn judge(&mut self, now: Instant, verdict: Verdict) {
        if verdict.until <= now {
            self.verdict = None;
            return;
        }
        let is_new = self.verdict.as_ref().is_none_or(|worn| worn.what != verdict);
        let size = outcome_size(Rect { w: self.rect().w.min(self.open.w), ..self.rect() });
        let room = Rect { w: size.width, h: size.height, ..self.rect() };
        Worn::put_on(&mut self.verdict, verdict, room, |verdict| overlay::outcome(room, verdict.outcome));
        if let Some(layer) = self.verdict.as_mut().and_then(|verdict| verdict.layer.as_mut()) {
            layer.centre_in(self.open);
            self.verdict_way.to = layer.rect();
        }
        if is_new {
            self.verdict_way.from = self.verdict_way.to;
        }
    }

    /// When its result goes.
    pub(super) fn verdict_until(&self) -> Option<Instant> {
        self.verdict.as_ref().map(|worn| worn.what.until)
    }

    /// Brings what lies over the tile to where the tile is with this part of its way `left`. Texts were made to fit the narrower end of
    /// the way; a result is as large as the tile makes it.
    pub(super) fn place_layers(&mut self, proportion: Proportion, left: f64) {
        let rect = self.rect_at(left);
        let open = if rect == self.region.rect { self.open } else { rect };
        self.notice.iter_mut().for_each(|layer| layer.centre_in(open));
        let verdict = self.verdict.as_mut().and_then(|worn| worn.layer.as_mut());
        verdict.into_iter().for_each(|layer| layer.fill(self.verdict_way.at(left)));
        let nickname = self.nickname.as_mut().and_then(|worn| worn.layer.as_mut());
        let badge = self.badge.as_mut().and_then(|worn| worn.layer.as_mut());
        let region = self.region.at(rect);
        let bounds = [(nickname, nickname_bounds(proportion, region)), (badge, badge_bounds(proportion, region))];
        for (layer, bounds) in bounds {
            layer.into_iter().for_each(|layer| layer.move_to(bounds.x, bounds.y));
        }
    }

    /// Makes what lies over the tile anew, as wide as its place now allows.
    pub(super) fn settle(&mut self, now: Instant, proportion: Proportion) {
        if let Some((text, muted)) = self.nickname.take().map(|worn| worn.what) {
            self.name_it(proportion, text, muted);
        }
        if let Some(mark) = self.badge.take().map(|worn| worn.what) {
            self.wear(proportion, mark);
        }
        if let Some(verdict) = self.verdict.take().map(|worn| worn.what) {
            self.judge(now, verdict);
        }
        self.note(proportion);
    }

    /// Only this part of it can be seen where it stands.
    pub(super) fn open_to(&mut self, open: Rect, proportion: Proportion) {
        if std::mem::replace(&mut self.open, open) != open {
            self.note(proportion);
        }
    }

    /// Says on a dimmed tile that its host is reconnecting, and on no other.
    pub(super) fn note(&mut self, proportion: Proportion) {
        self.notice = match self.look {
            Look::Dimmed { .. } => overlay::notice(proportion, self.open, overlay::RECONNECTING).map(Layer::new),
            Look::Live { .. } | Look::Avatar { .. } => None,
        };
    }

    /// Where it is, no wider than anywhere on its way. Sent on before it arrived, it comes from somewhere between two
    /// places, of a width that no scene gave it: the narrower place decides then, for which its name was drawn before.
    fn narrowest(&self) -> Rect {
        let width_max = if self.moves() { self.left_width } else { usize::MAX };
        Rect { w: self.rect().w.min(width_max), ..self.rect() }
    }
}
