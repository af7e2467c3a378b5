//! What lies over all tiles together: the score bar, the countdown, results of teams, "VS".

use std::time::Instant;

use super::clock::Clock;
use super::tally::Tally;
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::overlay::{self, Layer, Patch};
use crate::mix::way::Way;
use crate::scene::{Countdown, Item, Outcome, Proportion, Rect};

/// All of it, from back to front.
#[derive(Debug, Default)]
pub(super) struct Overhead {
    bar: Option<Tally>,
    /// When the bar goes, if that is known.
    bar_until: Option<Instant>,
    clock: Option<Clock>,
    passing: Vec<Passing>,
}

/// What goes by itself.
#[derive(Debug)]
struct Passing {
    what: What,
    way: Way,
    until: Instant,
    layer: Option<Layer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Outcome(Outcome),
    Opening,
}

impl Overhead {
    /// What a draw list says of it; what is there already goes on. It lies off the canvas at the moment.
    pub(super) fn bring_on(&mut self, now: Instant, proportion: Proportion, items: &[Item]) {
        let old = std::mem::take(self);
        let (mut bar, mut clock, mut passing) = (old.bar, old.clock, old.passing);
        for item in items {
            match item {
                Item::ScoreBar { rect, scores, until } if until.is_none_or(|until| until > now) => {
                    self.bar = Some(Tally::of(now, proportion, bar.take(), (*rect, *scores)));
                    self.bar_until = *until;
                }
                Item::Countdown { rect, countdown } => {
                    self.clock = Some(counted(now, proportion, clock.take(), (*rect, *countdown)));
                }
                Item::TeamVerdict { rect, verdict } => {
                    let what = What::Outcome(verdict.outcome);
                    self.pass(now, &mut passing, (what, *rect, verdict.until));
                }
                Item::Opening { rect, until } => self.pass(now, &mut passing, (What::Opening, *rect, *until)),
                Item::ScoreBar { .. }
                | Item::Cell { .. }
                | Item::Tile { .. }
                | Item::Vacancy { .. }
                | Item::Nickname { .. }
                | Item::Badge { .. }
                | Item::Verdict { .. } => {}
            }
        }
    }

    /// What is over by now is not begun.
    fn pass(&mut self, now: Instant, old: &mut Vec<Passing>, (what, rect, until): (What, Rect, Instant)) {
        if until <= now {
            return;
        }
        let is = |known: &Passing| known.what == what && known.way.to.size() == rect.size();
        let known = old.iter().position(|known| is(known) && known.way.to == rect).or_else(|| old.iter().position(is));
        let mut passing = match known {
            Some(known) => old.swap_remove(known),
            None => Passing { what, way: Way::none(rect), until, layer: what.drawn(rect).map(Layer::new) },
        };
        (passing.way.to, passing.until) = (rect, until);
        self.passing.push(passing);
    }

    /// The next step of what moves or goes.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let bar = self.bar.as_ref().and_then(Tally::poll_timeout);
        let clock = self.clock.as_ref().and_then(Clock::poll_timeout);
        self.passing.iter().map(|passing| passing.until).chain(self.bar_until).chain(bar).chain(clock).min()
    }

    /// Whether something has to go: it must be off the canvas for [`Overhead::handle_timeout`] then.
    pub(super) fn loses_something(&self, now: Instant) -> bool {
        self.passing.iter().map(|passing| passing.until).chain(self.bar_until).any(|until| until <= now)
    }

    /// Takes the steps that are due; `true` when the picture changes by it.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let before = self.passing.len();
        self.passing.retain(|passing| passing.until > now);
        let mut changes = self.passing.len() < before;
        if self.bar_until.take_if(|until| *until <= now).is_some() {
            (self.bar, changes) = (None, true);
        }
        if let Some(bar) = &mut self.bar {
            changes |= bar.handle_timeout(now);
        }
        if let Some(clock) = &mut self.clock {
            changes |= clock.handle_timeout(now);
        }
        changes
    }

    /// Tiles set out for other places with this part of their ways left, and it with them.
    pub(super) fn set_out(&mut self, left: f64) {
        self.bar.iter_mut().for_each(|bar| bar.set_out(left));
        self.clock.iter_mut().for_each(|clock| clock.way.set_out(left));
        self.passing.iter_mut().for_each(|passing| passing.way.set_out(left));
    }

    /// Lays it on the canvas, with this part of its way `left`.
    pub(super) fn cover(&mut self, kernels: &Kernels, canvas: &mut Canvas, now: Instant, left: f64) {
        if let Some(bar) = &mut self.bar {
            bar.cover(kernels, canvas, now, left);
        }
        if let Some(clock) = &mut self.clock {
            clock.cover(kernels, canvas, now, left);
        }
        for Passing { way, layer, .. } in &mut self.passing {
            let place = way.at(left);
            layer.iter_mut().for_each(|layer| {
                layer.move_to(place.x, place.y);
                layer.cover(kernels, canvas);
            });
        }
    }

    /// Where it lies.
    pub(super) fn rects(&self) -> impl Iterator<Item = Rect> {
        let bar = self.bar.iter().map(Tally::rect);
        bar.chain(self.clock.iter().map(|clock| clock.way.to)).chain(self.passing.iter().map(|passing| passing.way.to))
    }

    /// Takes it off again.
    pub(super) fn uncover(&self, canvas: &mut Canvas) {
        for layer in self.passing.iter().rev().filter_map(|passing| passing.layer.as_ref()) {
            layer.uncover(canvas);
        }
        if let Some(clock) = &self.clock {
            clock.uncover(canvas);
        }
        if let Some(bar) = &self.bar {
            bar.uncover(canvas);
        }
    }
}

/// The same goes on wherever it is to be now, and as large as before; another stands at once.
fn counted(now: Instant, proportion: Proportion, old: Option<Clock>, (rect, countdown): (Rect, Countdown)) -> Clock {
    let same = old.filter(|clock| (clock.way.to.size(), clock.countdown) == (rect.size(), countdown));
    let mut clock = same.unwrap_or_else(|| Clock::new(now, proportion, rect, countdown));
    clock.way.to = rect;
    clock
}

impl What {
    fn drawn(self, rect: Rect) -> Option<Patch> {
        match self {
            Self::Outcome(outcome) => overlay::outcome(rect, outcome),
            Self::Opening => overlay::opening(rect),
        }
    }
}
