//! The picture of a program: tiles painted as their frames arrive, overlays laid over them when a picture is made.
//!
//! Touches per frame: the source's visible part is read once, its tile written once (by [`VideoMixer::paint`]); the few
//! rows under overlays, and what of other tiles lies above, are kept and put back. Only when tiles begin to move from one
//! layout to the next is the canvas copied, once, and for those 300 ms each picture drawn whole.

mod clock;
mod dissolve;
mod motion;
mod overhead;
mod overlap;
mod portrait;
mod rings;
mod seats;
mod staging;
mod tally;
#[cfg(test)]
mod tests;
mod worn;

use std::time::Instant;

use crate::frame::{I420, PictureRef, Size};
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::overlay::{Rgb, Rings, Yuv};
use crate::mix::scaler::{Scaler, placed, readable};
use crate::mix::still::Still;
use crate::mix::theme::no_picture;
use crate::mix::tile::{Look, Tile};
use crate::scene::{Fit, Proportion, Rect, Scene, SourceId, Template};
use dissolve::Dissolve;
pub use motion::MOTION;
use motion::Motion;
use overhead::Overhead;
use portrait::draw_avatar;
pub(super) use portrait::lay_avatar;
use seats::Seat;

/// Mixes the pictures of a scene's sources. Sans-IO: `paint` as frames arrive, `handle_timeout` when `poll_timeout`
/// says so, `compose` when `is_dirty` and a picture may be sent.
#[derive(Debug)]
pub struct VideoMixer {
    kernels: Kernels,
    canvas: Canvas,
    /// Whether overlays lie on the canvas at the moment.
    covered: bool,
    dirty: bool,
    proportion: Proportion,
    /// From back to front.
    tiles: Vec<Tile>,
    /// Below all tiles, and what each looks like.
    seats: Vec<Seat>,
    rings: Rings,
    /// Rings have changed on the canvas, and nothing else.
    ringed: bool,
    overhead: Overhead,
    /// While tiles are on their way to the places of a new layout.
    motion: Option<Motion>,
    /// While seats of voices give way to a new layout.
    dissolve: Option<Dissolve>,
}

/// Laid over the last frame of a host that is silent, at [`DIM_ALPHA`].
const DIM: Yuv = Rgb(0x000000).yuv();

/// 55 %: still to be recognised, plainly not live.
const DIM_ALPHA: u8 = 140;

impl VideoMixer {
    /// A mixer with an empty canvas. Odd sizes are rounded up to even.
    #[must_use]
    pub fn new(kernels: Kernels, canvas: Size) -> Self {
        let canvas = Canvas::bare(canvas);
        let proportion = Template::HostDynamicGrid.proportion(canvas.size());
        Self {
            kernels,
            canvas,
            covered: false,
            dirty: true,
            proportion,
            tiles: Vec::new(),
            seats: Vec::new(),
            rings: Rings::default(),
            ringed: false,
            overhead: Overhead::default(),
            motion: None,
            dissolve: None,
        }
    }

    /// Whether anything changed since the last [`VideoMixer::compose`].
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.dirty || self.ringed
    }

    /// What is drawn from now on. Who stays but has another place moves there within 300 ms, keeping the picture; who is
    /// new is the avatar until painted. A new score slides and counts for 500 ms. Another canvas size is a cut.
    pub fn set_scene(&mut self, now: Instant, mut scene: Scene) {
        scene.canvas.width = scene.canvas.width.next_multiple_of(2);
        scene.canvas.height = scene.canvas.height.next_multiple_of(2);
        let list = scene.draw_list();
        if scene.canvas == self.canvas.size() {
            self.dissolve_into(now, &list);
        }
        self.uncover();
        self.arrive(now);
        self.bring_on(now, scene.canvas, list);
        self.dirty = true;
    }

    /// A frame of `source`: scaled into its tile at once, cropped around the centre to cover it. Ignored when the scene
    /// does not show that source, its camera is closed, or the picture is empty or shorter than it says.
    pub fn paint(&mut self, now: Instant, source: SourceId, picture: PictureRef<'_>) {
        self.paint_as(source, picture, now);
    }

    /// The last frame of `source` once more, after [`VideoMixer::set_scene`]. Painted only where the scene gave the
    /// source a new rectangle, and as old as it is: it came at `arrived`, so that a host who is silent does not seem to
    /// be back.
    pub fn repaint(&mut self, now: Instant, source: SourceId, picture: PictureRef<'_>, arrived: Instant) {
        if self.tiles.iter().any(|tile| tile.source == source && tile.moved) {
            self.paint_as(source, picture, arrived);
            self.handle_timeout(now);
        }
    }

    /// The session of `source` ended: as if its frames had stopped.
    pub fn lose(&mut self, now: Instant, source: SourceId) {
        // Its tile counts from its last frame in any case; what is due by now is not left for later.
        if self.tiles.iter().any(|tile| tile.source == source) {
            self.handle_timeout(now);
        }
    }

    /// When [`VideoMixer::handle_timeout`] is next wanted: a step of a slide, of a number, of a countdown, of moving tiles or of a
    /// seat that changes, a tile that dims or gives way to the avatar, a result, with the last scores, that has been shown for long enough.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let motion = self.motion.as_ref().and_then(|motion| motion.glide.poll_timeout());
        let dissolve = self.dissolve.as_ref().and_then(|dissolve| dissolve.glide.poll_timeout());
        let verdicts = self.tiles.iter().flat_map(|tile| tile.verdict_until().into_iter().chain(tile.mark_until()));
        let points = self.tiles.iter().filter_map(|tile| tile.points?.poll_timeout());
        let tiles = self.tiles.iter().filter_map(Tile::poll_timeout).chain(verdicts).chain(points);
        let seats = self.seats.iter().filter_map(Seat::poll_timeout);
        tiles.chain(seats).chain(self.overhead.poll_timeout()).chain(motion).chain(dissolve).min()
    }

    /// Does what is due. Calling early or twice does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        for i in 0..self.tiles.len() {
            let tile = &self.tiles[i];
            let (was, is) = (tile.look, tile.look_at(now));
            if was != is {
                self.uncover();
                self.change_look(i, is);
                self.dirty = true;
            }
        }
        self.fade_seats(now);
        self.count(now);
        self.lose_verdicts(now);
        self.dirty |= self.overhead.handle_timeout(now);
        if let Some(motion) = &mut self.motion {
            self.dirty |= motion.glide.handle_timeout(now);
        }
        if let Some(dissolve) = &mut self.dissolve {
            self.dirty |= dissolve.glide.handle_timeout(now);
        }
        self.arrive(now);
    }

    /// Points on marks count on.
    fn count(&mut self, now: Instant) {
        for i in 0..self.tiles.len() {
            if self.tiles[i].counts(now) {
                self.uncover();
                self.tiles[i].count(now, self.proportion);
                self.dirty = true;
            }
        }
    }

    /// What has been shown of a battle's start or end for long enough goes, the last scores among it.
    fn lose_verdicts(&mut self, now: Instant) {
        let over = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let loses = |tile: &Tile| over(tile.verdict_until()) || over(tile.mark_until());
        if self.overhead.loses_something(now) || self.tiles.iter().any(loses) {
            self.uncover();
            for tile in self.tiles.iter_mut().filter(|tile| loses(tile)) {
                tile.verdict.take_if(|worn| worn.what.until <= now);
                tile.mark(now, self.proportion);
            }
            self.dirty = true;
        }
    }

    /// The whole picture with its overlays. Valid until the next call that changes the mixer.
    pub fn compose(&mut self, now: Instant) -> PictureRef<'_> {
        self.arrive(now);
        if self.motion.is_some() {
            self.draw_whole(now);
        } else if self.dirty || !self.covered {
            self.uncover();
            self.draw_avatars();
            self.cover(now);
        }
        (self.dirty, self.ringed) = (false, false);
        self.canvas.picture()
    }

    /// The picture that was composed last, without the mixer.
    pub(super) fn into_picture(self) -> I420 {
        self.canvas.into_picture()
    }

    fn paint_as(&mut self, source: SourceId, picture: PictureRef<'_>, since: Instant) {
        let Some(src) = readable(&picture) else { return };
        let Some(i) = self.tiles.iter().position(|tile| tile.source == source && tile.camera) else { return };
        if self.tiles[i].rect().w == 0 || self.tiles[i].rect().h == 0 {
            return;
        }
        self.uncover();
        if self.motion.is_some() {
            self.tiles[i].still = Some(Still::of(picture, src, self.tiles[i].still.take()));
        } else {
            self.lay(i, true, |kernels, canvas, tile| {
                let (rect, fit) = (tile.rect(), tile.region.fit);
                tile.scale(kernels, canvas, (picture, src), rect, fit);
            });
        }
        let tile = &mut self.tiles[i];
        tile.look = Look::Live { since };
        tile.moved = false;
        tile.notice = None;
        self.dirty = true;
    }

    /// Paints what the new look needs; the canvas is uncovered.
    fn change_look(&mut self, i: usize, look: Look) {
        let tile = &mut self.tiles[i];
        tile.look = look;
        tile.moved = false;
        if self.motion.is_none() && matches!(look, Look::Dimmed { .. }) {
            self.lay(i, false, |kernels, canvas, tile| canvas.tint(kernels, tile.rect(), DIM, DIM_ALPHA));
        }
        self.tiles[i].note(self.proportion);
    }

    fn draw_avatars(&mut self) {
        for i in 0..self.tiles.len() {
            if self.tiles[i].look == (Look::Avatar { drawn: false }) {
                self.lay(i, true, |kernels, canvas, tile| {
                    draw_avatar(kernels, canvas, tile.rect(), tile);
                });
                self.tiles[i].look = Look::Avatar { drawn: true };
            }
        }
    }

    /// Nothing but the cells, as if no tile were there.
    fn clear(&mut self) {
        let Size { width: w, height: h } = self.canvas.size();
        self.canvas.lay_bare(Rect { x: 0, y: 0, w, h });
        self.lay_seats();
    }
}

impl Tile {
    /// Scales the readable part of a picture into `rect`, with what the last one was scaled by where that fits.
    fn scale(
        &mut self,
        kernels: &Kernels,
        canvas: &mut Canvas,
        (picture, readable): (PictureRef<'_>, Size),
        rect: Rect,
        fit: Fit,
    ) {
        let (crop, part) = placed(fit, readable, rect);
        for bar in beside(part, rect).into_iter().filter(|bar| bar.w > 0) {
            canvas.fill(bar, no_picture());
        }
        let width = canvas.size().width;
        let fitting = self.scaler.take().filter(|scaler| scaler.fits(readable, part.size(), crop));
        let scaler = self.scaler.insert(fitting.unwrap_or_else(|| Scaler::new(readable, part.size(), crop)));
        scaler.run(kernels, picture, canvas.planes(), width, part);
    }
}

/// What `part` leaves of `rect`: left, right, above, below; empty ones among them.
fn beside(part: Rect, rect: Rect) -> [Rect; 4] {
    let right = Rect { x: part.right(), w: rect.right() - part.right(), ..rect };
    let below = Rect { y: part.bottom(), h: rect.bottom() - part.bottom(), ..rect };
    [Rect { w: part.x - rect.x, ..rect }, right, Rect { h: part.y - rect.y, ..rect }, below]
}
