//! What goes from one place to another while a layout becomes the next.

use crate::scene::{Rect, even};

/// From where, and where to; both the same when it stands. Places are even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) from: Rect,
    pub(super) to: Rect,
}

impl Way {
    /// Of what stands.
    pub(super) fn none(place: Rect) -> Self {
        Self { from: place, to: place }
    }

    /// Where it is with this part of its way left, 1 to 0. Edges stay even, and edges that two share on both ends of their ways are
    /// shared all along.
    pub(super) fn at(self, left: f64) -> Rect {
        let edge = |from: usize, to: usize| even(between(from, to, left));
        let Self { from, to } = self;
        let (x, y) = (edge(from.x, to.x), edge(from.y, to.y));
        Rect { x, y, w: edge(from.right(), to.right()) - x, h: edge(from.bottom(), to.bottom()) - y }
    }

    /// Another way begins where it is.
    pub(super) fn set_out(&mut self, left: f64) {
        self.from = self.at(left);
    }
}

/// A coordinate on its way.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels of a canvas, and a share between 0 and 1"
)]
fn between(from: usize, to: usize, left: f64) -> usize {
    (to as f64 + (from as f64 - to as f64) * left).round() as usize
}
