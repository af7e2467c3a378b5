//! The score bar as it moves: its boundary slides, its numbers count.

use std::time::Instant;

use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::count::Count;
use crate::mix::overlay::{self, BattleBar};
use crate::mix::slide::Slide;
use crate::mix::way::Way;
use crate::scene::{Proportion, Rect, ScoreBar};

/// A bar on its way from the scores that were seen last to those that are.
#[derive(Debug)]
pub(super) struct Tally {
    bar: BattleBar,
    way: Way,
    slide: Slide,
    /// Where its boundary was last.
    column: usize,
    left: Count,
    right: Count,
}

impl Tally {
    /// Goes on from where `old` is, or stands at once.
    pub(super) fn of(
        now: Instant,
        proportion: Proportion,
        old: Option<Self>,
        (rect, scores): (Rect, ScoreBar),
    ) -> Self {
        let share = overlay::share(scores);
        let Some(mut tally) = old else {
            let [left, right] = [scores.left, scores.right].map(|score| Count::at(now, score));
            let bar = BattleBar::new(proportion, rect, scores);
            let column = bar.column(share);
            return Self { bar, way: Way::none(rect), slide: Slide::at(now, share), column, left, right };
        };
        tally.way.to = rect;
        tally.slide.turn(now, share);
        tally.left.turn(now, scores.left);
        tally.right.turn(now, scores.right);
        tally.bar.fit(proportion);
        tally
    }

    /// Tiles set out for other places with this part of their ways left, and it with them.
    pub(super) fn set_out(&mut self, left: f64) {
        self.way.set_out(left);
    }

    /// The next step, while it moves.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let Self { slide, left, right, .. } = self;
        [slide.poll_timeout(), left.poll_timeout(), right.poll_timeout()].into_iter().flatten().min()
    }

    /// Takes the steps that are due; `true` when the picture changes by it.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let Self { bar, slide, column, left, right, .. } = self;
        let now_at = bar.column(slide.share(now));
        let slides = slide.handle_timeout(now) && std::mem::replace(column, now_at) != now_at;
        slides | left.handle_timeout(now) | right.handle_timeout(now)
    }

    /// Lays it on the canvas, with this part of its way `left`.
    pub(super) fn cover(&mut self, kernels: &Kernels, canvas: &mut Canvas, now: Instant, left: f64) {
        self.bar.place(self.way.at(left));
        self.bar.show(ScoreBar { left: self.left.number(now), right: self.right.number(now) });
        self.bar.cover(kernels, canvas, self.slide.share(now));
    }

    /// Where it lies.
    pub(super) fn rect(&self) -> Rect {
        self.bar.rect
    }

    /// Takes it off again.
    pub(super) fn uncover(&self, canvas: &mut Canvas) {
        self.bar.uncover(canvas);
    }
}
