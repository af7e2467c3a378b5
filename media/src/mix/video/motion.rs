//! Tiles on their way from one layout to the next.
//!
//! Those who stay move for 300 ms. Those who come stand at their places from the first picture on, beneath the movers. At the
//! very back is what was seen before, wherever the new layout has tiles: so a mover uncovers a whole tile or the picture
//! before, never a hole, and who goes is covered rather than cut out. What the new layout leaves open is open at once.
//!
//! ```text
//! two become three:   A│B   →   A │B   →   A  │B        C lies under B from the start
//!                     A│B       A │CC      A  │C
//! ```
//! Of tiles that lie above each other by the layout, those above stay above on their ways.
//!
//! Meanwhile tiles overlap, so nothing can be painted once and kept: every picture is drawn whole, from back to front,
//! from [`Still`]s that hold each host's last frame. That costs one scaling of every tile and two passes over the canvas
//! a picture, for as long as it lasts; a frame that arrives is copied and waits for the next picture.

use std::time::{Duration, Instant};

use super::{DIM, DIM_ALPHA, VideoMixer, draw_avatar};
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::slide::Glide;
use crate::mix::still::Still;
use crate::mix::theme::no_picture;
use crate::mix::tile::{Look, Tile};
use crate::scene::{Fit, Rect};

/// How long a layout takes to become another.
pub const MOTION: Duration = Duration::from_millis(300);

/// A change of layout that is under way.
#[derive(Debug)]
pub(super) struct Motion {
    pub(super) glide: Glide,
    /// The picture when it began, without what lies over the tiles.
    before: Canvas,
}

impl VideoMixer {
    /// Begins where another picture of the same size is: its tiles stand where they stand there and show what they show
    /// there, so that the next [`VideoMixer::set_scene`] moves on from it. Does nothing while that picture moves.
    pub fn continue_from(&mut self, before: &mut Self) {
        if self.canvas.size() != before.canvas.size() || before.motion.is_some() {
            return;
        }
        before.uncover();
        if before.layered {
            before.draw_tiles(0.0, false);
            before.dirty = true;
        }
        self.uncover();
        self.canvas = before.canvas.clone();
        // What the canvas shows is all there is of the tiles.
        (self.tiles, self.layered) = (before.tiles.iter().map(Tile::again).collect(), false);
        self.dirty = true;
    }

    /// How much of the way is left; 0 when all stand.
    pub(super) fn left(&self, now: Instant) -> f64 {
        self.motion.as_ref().map_or(0.0, |motion| motion.glide.left(now))
    }

    /// All tiles set out from where they are. Their places are still the old ones and the canvas is uncovered.
    pub(super) fn set_out(&mut self, now: Instant) {
        let (left, whole) = (self.left(now), self.draws_whole());
        if whole {
            self.draw_tiles(left, false);
        } else {
            self.draw_avatars();
        }
        let rects: Vec<_> = self.tiles.iter().map(Tile::rect).collect();
        for (i, tile) in self.tiles.iter_mut().enumerate() {
            let stood = if tile.moves() { tile.left_width } else { usize::MAX };
            tile.left_width = tile.rect().w.min(stood);
            tile.from = tile.rect_at(left);
            // What the canvas shows of it may be hidden in part: its last frame is wanted once more.
            tile.moved |= tile.shows_frame() && rects[i + 1..].iter().any(|above| above.common(rects[i]).is_some());
            match &mut tile.look {
                Look::Avatar { drawn } => *drawn = false,
                Look::Live { .. } | Look::Dimmed { .. } if whole => {}
                Look::Live { .. } => tile.still = Some(Still::of_canvas(&self.canvas, tile.from, false)),
                Look::Dimmed { .. } => tile.still = Some(Still::of_canvas(&self.canvas, tile.from, true)),
            }
        }
        self.motion = Some(Motion { glide: Glide::new(now, MOTION), before: self.canvas.clone() });
    }

    /// When the tiles have arrived, all are painted where they belong, and painting goes on as usual.
    pub(super) fn arrive(&mut self, now: Instant) {
        if self.motion.take_if(|motion| motion.glide.is_over(now)).is_none() {
            return;
        }
        self.clear();
        for tile in &mut self.tiles {
            tile.from = tile.rect();
            tile.settle(now, self.proportion);
            if self.layered {
                continue;
            }
            match tile.look {
                Look::Avatar { .. } => tile.look = Look::Avatar { drawn: false },
                Look::Live { .. } | Look::Dimmed { .. } => tile.draw(&self.kernels, &mut self.canvas, tile.rect()),
            }
            tile.still = None;
        }
        self.dirty = true;
    }

    /// Draws the whole picture, tiles on their ways.
    pub(super) fn draw_whole(&mut self, now: Instant) {
        self.draw_tiles(self.left(now), true);
        self.overhead.cover(&self.kernels, &mut self.canvas, now);
    }

    fn draw_tiles(&mut self, left: f64, layers: bool) {
        let proportion = self.proportion;
        self.clear();
        if let Some(motion) = &self.motion {
            for tile in &mut self.tiles {
                let rect = tile.rect();
                // What round corners leave open is open at once.
                tile.round(&self.kernels, &mut self.canvas, rect, false, |_, canvas| canvas.copy(&motion.before, rect));
            }
        }
        let mut order: Vec<_> = self.tiles.iter_mut().collect();
        order.sort_by_key(|tile| (tile.region.z, tile.moves()));
        for tile in order {
            let rect = tile.rect_at(left);
            if tile.look == (Look::Avatar { drawn: false }) {
                tile.still = Some(avatar(&self.kernels, tile));
                tile.look = Look::Avatar { drawn: true };
            }
            tile.draw(&self.kernels, &mut self.canvas, rect);
            tile.encircle(&mut self.rings);
            tile.place_layers(proportion, rect);
            for layer in tile.layers().filter(|_| layers) {
                layer.cover(&self.kernels, &mut self.canvas);
            }
        }
    }
}

/// The avatar as it stands in a tile at rest, as a picture of its own.
fn avatar(kernels: &Kernels, tile: &Tile) -> Still {
    let mut canvas = Canvas::new(tile.rect().size(), no_picture());
    draw_avatar(kernels, &mut canvas, Rect { x: 0, y: 0, ..tile.rect() }, tile);
    Still::drawn(canvas.into_picture())
}

impl Tile {
    /// Its still, fitted into `rect`, dimmed when it should be.
    fn draw(&mut self, kernels: &Kernels, canvas: &mut Canvas, rect: Rect) {
        if rect.w == 0 || rect.h == 0 {
            return;
        }
        let Some(still) = self.still.take() else { return };
        let dim = matches!(self.look, Look::Dimmed { .. }) && !still.dimmed;
        let fit = if still.fitted { Fit::Cover } else { self.region.fit };
        let picture = still.picture();
        self.round(kernels, canvas, rect, false, |tile, canvas| {
            tile.scale(kernels, canvas, (picture, picture.size()), rect, fit);
            if dim {
                canvas.tint(kernels, rect, DIM, DIM_ALPHA);
            }
        });
        self.still = Some(still);
    }
}
