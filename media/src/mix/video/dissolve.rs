//! Seats of voices give way to another layout: the picture before fades out over the one that follows.
//!
//! Seats have no pictures that could move, and tiles nowhere to come from.

use std::time::Instant;

use super::VideoMixer;
use super::motion::MOTION;
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::slide::Glide;
use crate::scene::{DrawList, Item, Rect};

/// A change that is under way.
#[derive(Debug, Clone)]
pub(super) struct Dissolve {
    pub(super) glide: Glide,
    /// The picture when it began, with all that lay over it.
    before: Canvas,
    /// What is under it while it lies on the canvas.
    under: Vec<u8>,
}

impl VideoMixer {
    /// Begins one from the picture as it is, where seats have other places in what comes next, or none.
    pub(super) fn dissolve_into(&mut self, now: Instant, next: &DrawList) {
        let cell = |item: &Item| if let Item::Cell { cell, .. } = item { Some(cell.rect) } else { None };
        let places = next.items.iter().filter_map(cell);
        if !self.seats.is_empty() && !self.seats.iter().map(|seat| seat.cell.rect).eq(places) {
            self.compose(now);
            let before = self.canvas.clone();
            self.uncover();
            self.dissolve = Some(Dissolve { glide: Glide::new(now, MOTION), before, under: Vec::new() });
        }
    }
}

impl Dissolve {
    /// Lays what is left of it over the whole canvas; it comes off again.
    pub(super) fn cover(&mut self, kernels: &Kernels, canvas: &mut Canvas, now: Instant) {
        canvas.keep(whole(canvas), &mut self.under);
        self.veil(kernels, canvas, now);
    }

    /// Takes it off.
    pub(super) fn uncover(&self, canvas: &mut Canvas) {
        canvas.put_back(whole(canvas), &self.under);
    }

    /// Lays it over for good.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of 255")]
    pub(super) fn veil(&self, kernels: &Kernels, canvas: &mut Canvas, now: Instant) {
        canvas.veil(kernels, &self.before, (self.glide.left(now) * 255.0).round() as u8);
    }
}

fn whole(canvas: &Canvas) -> Rect {
    let size = canvas.size();
    Rect { x: 0, y: 0, w: size.width, h: size.height }
}
