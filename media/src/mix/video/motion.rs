//! Tiles on their way from one layout to the next.
//!
//! Those who stay move for 300 ms. Who comes stands from the first picture on, beneath the movers, where one of them or one who
//! goes uncovers the whole place; elsewhere the tile grows out of its middle. Who goes shrinks into the middle, above those who come
//! and beneath the movers. At the very back, wherever the new layout has tiles, is the picture before without its detail: so there
//! is never a hole, nor anybody twice. What the new layout leaves open is open at once.
//!
//! ```text
//! two become three:   A│B   →   A │B   →   A  │B        C lies under B from the start
//!                     A│B       A │CC      A  │C
//! five become six:    D E   →   D E .  →   D E F        F grows where nobody was
//! ```
//! Of tiles that lie above each other by the layout, those above stay above on their ways.
//!
//! Meanwhile tiles overlap, so nothing can be painted once and kept: every picture is drawn whole, from back to front,
//! from [`Still`]s that hold each host's last frame. That costs one scaling of every tile and two passes over the canvas
//! a picture, for as long as it lasts; a frame that arrives is copied and waits for the next picture.

use std::time::{Duration, Instant};

use super::portrait::{draw_avatar, draw_ground};
use super::seats::Seat;
use super::{DIM, DIM_ALPHA, VideoMixer};
use crate::frame::Size;
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::overlay;
use crate::mix::scaler::Scaler;
use crate::mix::slide::Glide;
use crate::mix::still::Still;
use crate::mix::theme::no_picture;
use crate::mix::tile::{Look, Tile};
use crate::scene::{Fit, Rect, even};

/// How long a layout takes to become another.
pub const MOTION: Duration = Duration::from_millis(300);

/// A change of layout that is under way.
#[derive(Debug)]
pub(super) struct Motion {
    pub(super) glide: Glide,
    /// The picture when it began, without what lies over the tiles; as soon as places are given, what is behind them.
    ground: Canvas,
    /// Those who go, with what they showed.
    leaving: Vec<Tile>,
}

/// So many pixels of the picture before become one of what is behind: nobody is recognised, and colours stay where they were.
const SOFT: usize = 64;

impl VideoMixer {
    /// Begins where another picture of the same size is: its tiles stand where they stand there and show what they show
    /// there, so that the next [`VideoMixer::set_scene`] moves on from it. Does nothing while that picture moves.
    pub fn continue_from(&mut self, before: &mut Self) {
        if self.canvas.size() != before.canvas.size() || before.motion.is_some() {
            return;
        }
        before.uncover();
        self.uncover();
        self.canvas = before.canvas.clone();
        // What the canvas shows is all there is of the tiles.
        self.tiles = before.tiles.iter().map(Tile::again).collect();
        self.seats = before.seats.iter().map(Seat::again).collect();
        self.dissolve = before.dissolve.clone();
        self.dirty = true;
    }

    /// How much of the way is left; 0 when all stand.
    pub(super) fn left(&self, now: Instant) -> f64 {
        self.motion.as_ref().map_or(0.0, |motion| motion.glide.left(now))
    }

    /// All tiles set out from where they are. Their places are still the old ones and the canvas is uncovered.
    pub(super) fn set_out(&mut self, now: Instant) {
        let (left, whole) = (self.left(now), self.motion.is_some());
        if whole {
            self.draw_tiles(left, false);
        } else {
            self.draw_avatars();
        }
        self.overhead.set_out(left);
        let rects: Vec<_> = self.tiles.iter().map(Tile::rect).collect();
        for (i, tile) in self.tiles.iter_mut().enumerate() {
            let stood = if tile.moves() { tile.left_width } else { usize::MAX };
            tile.left_width = tile.rect().w.min(stood);
            tile.from = tile.rect_at(left);
            tile.verdict_way.set_out(left);
            // What the canvas shows of it may be hidden in part: its last frame is wanted once more.
            tile.moved |= tile.shows_frame() && rects[i + 1..].iter().any(|above| above.common(rects[i]).is_some());
            match &mut tile.look {
                Look::Avatar { drawn } => *drawn = false,
                Look::Live { .. } | Look::Dimmed { .. } if whole => {}
                Look::Live { .. } => tile.keep_still(&self.kernels, &mut self.canvas, false),
                Look::Dimmed { .. } => tile.keep_still(&self.kernels, &mut self.canvas, true),
            }
        }
        let mut leaving = self.motion.take().map_or_else(Vec::new, |motion| motion.leaving);
        leaving.iter_mut().for_each(|tile| tile.from = tile.rect_at(left));
        self.motion = Some(Motion { glide: Glide::new(now, MOTION), ground: self.canvas.clone(), leaving });
    }

    /// Where a tile at `place` that nobody had before sets out from, when tiles set out from `starts`.
    pub(super) fn first_place(starts: &[Rect], place: Rect) -> Rect {
        let uncovered = starts.iter().any(|start| start.common(place) == Some(place));
        if uncovered { place } else { middle(place) }
    }

    /// Tiles have their new places, and these are gone. `starts` is where tiles set out from.
    pub(super) fn see_off(&mut self, gone: Vec<Tile>, starts: &[Rect]) {
        let Some(motion) = &mut self.motion else { return };
        for mut tile in gone {
            if matches!(tile.look, Look::Avatar { .. }) {
                tile.still = Some(disc(&self.kernels, &tile));
                tile.look = Look::Avatar { drawn: true };
            }
            tile.region.rect = middle(tile.from);
            motion.leaving.push(tile);
        }
        let places = self.tiles.iter().map(Tile::rect).filter(|rect| rect.w > 0 && rect.h > 0).reduce(Rect::around);
        let seen = starts.iter().copied().filter(|rect| rect.w > 0 && rect.h > 0).reduce(Rect::around);
        if let (Some(seen), Some(places)) = (seen, places) {
            motion.ground = softened(&self.kernels, &motion.ground, seen, places);
        }
    }

    /// When the tiles have arrived, all are painted where they belong, and painting goes on as usual.
    pub(super) fn arrive(&mut self, now: Instant) {
        if self.motion.take_if(|motion| motion.glide.is_over(now)).is_none() {
            return;
        }
        self.clear();
        for i in 0..self.tiles.len() {
            let tile = &mut self.tiles[i];
            tile.from = tile.rect();
            tile.settle(now, self.proportion);
            match tile.look {
                Look::Avatar { .. } => tile.look = Look::Avatar { drawn: false },
                Look::Live { .. } | Look::Dimmed { .. } => {
                    self.lay(i, true, |kernels, canvas, tile| tile.draw(kernels, canvas, tile.rect()));
                }
            }
            self.tiles[i].still = None;
        }
        self.dirty = true;
    }

    /// Draws the whole picture, tiles on their ways.
    pub(super) fn draw_whole(&mut self, now: Instant) {
        let left = self.left(now);
        self.draw_tiles(left, true);
        self.overhead.cover(&self.kernels, &mut self.canvas, now, left);
        self.dissolve.iter().for_each(|before| before.veil(&self.kernels, &mut self.canvas, now));
    }

    fn draw_tiles(&mut self, left: f64, layers: bool) {
        let proportion = self.proportion;
        self.clear();
        let mut leaving = Vec::new();
        if let Some(motion) = &mut self.motion {
            for tile in &mut self.tiles {
                let rect = tile.rect();
                // What round corners leave open is open at once.
                tile.round(&self.kernels, &mut self.canvas, rect, |_, canvas| canvas.copy(&motion.ground, rect));
            }
            leaving.append(&mut motion.leaving);
        }
        let mut order: Vec<_> = leaving.iter_mut().chain(&mut self.tiles).collect();
        order.sort_by_key(|tile| (tile.region.z, tile.part()));
        for tile in order {
            let rect = tile.rect_at(left);
            if tile.look == (Look::Avatar { drawn: false }) {
                tile.still = Some(disc(&self.kernels, tile));
                tile.look = Look::Avatar { drawn: true };
            }
            tile.round(&self.kernels, &mut self.canvas, rect, |tile, canvas| tile.draw(&self.kernels, canvas, rect));
            if matches!(tile.part(), Part::Comes | Part::Goes) {
                // They wear nothing.
                continue;
            }
            tile.encircle(&mut self.rings);
            tile.place_layers(proportion, left);
            for layer in tile.layers().filter(|_| layers) {
                layer.cover(&self.kernels, &mut self.canvas);
            }
        }
        if let Some(motion) = &mut self.motion {
            motion.leaving = leaving;
        }
    }
}

/// What a tile does in a motion, in the order of drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Stands,
    Comes,
    Goes,
    Moves,
}

/// What a place grows out of.
fn middle(place: Rect) -> Rect {
    Rect { x: even(place.x + place.w / 2), y: even(place.y + place.h / 2), w: 0, h: 0 }
}

/// A canvas that shows in `to` what `before` shows in `from`, without its detail.
fn softened(kernels: &Kernels, before: &Canvas, from: Rect, to: Rect) -> Canvas {
    let few = |pixels: usize| even(pixels / SOFT).max(2);
    let size = Size { width: few(from.w), height: few(from.h) };
    let mut small = Canvas::new(size, no_picture());
    let whole = Rect { x: 0, y: 0, w: size.width, h: size.height };
    Scaler::new(before.size(), size, from).run(kernels, before.picture(), small.planes(), size.width, whole);
    let mut ground = Canvas::bare(before.size());
    let width = before.size().width;
    Scaler::new(size, to.size(), whole).run(kernels, small.picture(), ground.planes(), width, to);
    ground
}

/// The disc of an avatar as it stands in a tile at rest, as a picture of its own.
fn disc(kernels: &Kernels, tile: &Tile) -> Still {
    let mut canvas = Canvas::new(tile.rect().size(), no_picture());
    let whole = Rect { x: 0, y: 0, ..tile.rect() };
    draw_avatar(kernels, &mut canvas, whole, tile);
    Still::of_canvas(&canvas, overlay::avatar_place(whole), false)
}

impl Tile {
    fn part(&self) -> Part {
        match (self.from.w, self.rect().w) {
            _ if !self.moves() => Part::Stands,
            (0, _) => Part::Comes,
            (_, 0) => Part::Goes,
            _ => Part::Moves,
        }
    }

    /// Keeps what the canvas shows of it where it stands.
    fn keep_still(&mut self, kernels: &Kernels, canvas: &mut Canvas, dimmed: bool) {
        self.inset(kernels, canvas, false, |tile, canvas| {
            tile.still = Some(Still::of_canvas(canvas, tile.rect(), dimmed))
        });
    }

    /// Its still, fitted into `rect`, dimmed when it should be.
    fn draw(&mut self, kernels: &Kernels, canvas: &mut Canvas, rect: Rect) {
        if rect.w == 0 || rect.h == 0 {
            return;
        }
        let Some(still) = self.still.take() else { return };
        match self.look {
            Look::Avatar { .. } => self.draw_disc(kernels, canvas, rect, &still),
            Look::Live { .. } | Look::Dimmed { .. } => self.draw_frame(kernels, canvas, rect, &still),
        }
        self.still = Some(still);
    }

    /// The avatar of a tile of this size, in the middle of it.
    fn draw_disc(&mut self, kernels: &Kernels, canvas: &mut Canvas, rect: Rect, still: &Still) {
        draw_ground(canvas, rect, self.vacancy);
        let place = overlay::avatar_place(rect);
        if place.w > 0 {
            let picture = still.picture();
            self.scale(kernels, canvas, (picture, picture.size()), place, Fit::Fill);
        }
    }

    fn draw_frame(&mut self, kernels: &Kernels, canvas: &mut Canvas, rect: Rect, still: &Still) {
        let dim = matches!(self.look, Look::Dimmed { .. }) && !still.dimmed;
        let fit = if still.fitted { Fit::Cover } else { self.region.fit };
        let picture = still.picture();
        self.scale(kernels, canvas, (picture, picture.size()), rect, fit);
        if dim {
            canvas.tint(kernels, rect, DIM, DIM_ALPHA);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Level;

    #[test]
    fn what_is_behind_has_the_shades_of_the_picture_before_and_nothing_of_its_detail() {
        let size = Size { width: 640, height: 320 };
        let mut before = Canvas::bare(size);
        // Stripes of two pixels, dark on the left, bright on the right.
        for row in before.planes()[0].chunks_mut(640) {
            for (x, luma) in row.iter_mut().enumerate() {
                *luma = if x < 320 { 60 } else { 180 } + if x % 4 < 2 { 40 } else { 0 };
            }
        }
        let (from, to) = (Rect { x: 0, y: 0, w: 640, h: 320 }, Rect { x: 20, y: 40, w: 480, h: 200 });
        let ground = softened(&Kernels::new(Level::Scalar), &before, from, to);
        let picture = ground.picture();
        let row = &picture.y.data[90 * 640..][..640];
        assert!(row[20..220].iter().all(|luma| luma.abs_diff(80) <= 2), "{:?}", &row[20..220]);
        assert!(row[300..500].iter().all(|luma| luma.abs_diff(200) <= 2), "{:?}", &row[300..500]);
        let bare = Canvas::bare(size);
        assert_eq!(row[..20], bare.picture().y.data[..20], "nothing beside");
    }

    #[test]
    fn who_comes_stands_where_somebody_uncovers_the_whole_place_and_else_grows() {
        let rect = |x, y, w, h| Rect { x, y, w, h };
        let starts = [rect(0, 0, 100, 200), rect(100, 0, 100, 200)];
        assert_eq!(VideoMixer::first_place(&starts, rect(100, 80, 100, 100)), rect(100, 80, 100, 100));
        assert_eq!(VideoMixer::first_place(&starts, rect(50, 80, 100, 100)), rect(100, 130, 0, 0));
        assert_eq!(VideoMixer::first_place(&[], rect(2, 2, 6, 6)), rect(4, 4, 0, 0));
    }
}
