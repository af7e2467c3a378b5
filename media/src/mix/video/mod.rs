//! The picture of a program: tiles painted as their frames arrive, overlays laid over them when a picture is made.
//!
//! Touches per frame: the source's visible part is read once, its tile written once (by [`VideoMixer::paint`]); the few
//! rows under overlays are kept, blended and put back. Only when tiles begin to move from one layout to the next is the
//! canvas copied, once, and for those 300 ms each picture drawn whole.

mod motion;
mod portrait;
mod staging;
#[cfg(test)]
mod tests;

use std::time::Instant;

use crate::frame::{I420, PictureRef, Size};
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::overlay::{BattleBar, Rgb, Yuv};
use crate::mix::scaler::{Scaler, readable};
use crate::mix::slide::Slide;
use crate::mix::still::Still;
use crate::mix::tile::{Look, Tile};
use crate::scene::{Proportion, Rect, Scene, SourceId, Template};
pub use motion::MOTION;
use motion::Motion;
use portrait::draw_avatar;
pub(super) use portrait::lay_avatar;

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
    tiles: Vec<Tile>,
    bar: Option<(BattleBar, Slide)>,
    /// While tiles are on their way to the places of a new layout.
    motion: Option<Motion>,
}

/// Outside all tiles: darker than an avatar's tile, so that a tile is seen to be one.
const BACKGROUND: Yuv = Rgb(0x121316).yuv();

/// A tile without picture.
const NO_PICTURE: Yuv = Rgb(0x1F2024).yuv();

/// Laid over the last frame of a host that is silent, at [`DIM_ALPHA`].
const DIM: Yuv = Rgb(0x000000).yuv();

/// 55 %: still to be recognised, plainly not live.
const DIM_ALPHA: u8 = 140;

const RECONNECTING: &str = "Reconnecting…";

impl VideoMixer {
    /// A mixer with an empty canvas. Odd sizes are rounded up to even.
    #[must_use]
    pub fn new(kernels: Kernels, canvas: Size) -> Self {
        let canvas = Canvas::new(canvas, BACKGROUND);
        let proportion = Template::HostDynamicGrid.proportion(canvas.size());
        Self { kernels, canvas, covered: false, dirty: true, proportion, tiles: Vec::new(), bar: None, motion: None }
    }

    /// Whether anything changed since the last [`VideoMixer::compose`].
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// What is drawn from now on. Who stays but has another place moves there within 300 ms, keeping the picture; who is
    /// new is the avatar until painted. A new score slides for 500 ms. Another canvas size is a cut.
    pub fn set_scene(&mut self, now: Instant, mut scene: Scene) {
        scene.canvas.width = scene.canvas.width.next_multiple_of(2);
        scene.canvas.height = scene.canvas.height.next_multiple_of(2);
        self.uncover();
        self.arrive(now);
        self.bring_on(now, scene.canvas, scene.draw_list());
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

    /// When [`VideoMixer::handle_timeout`] is next wanted: a step of a slide or of moving tiles, a tile that dims or gives
    /// way to the avatar.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let slide = self.bar.as_ref().and_then(|(_, slide)| slide.poll_timeout());
        let motion = self.motion.as_ref().and_then(|motion| motion.glide.poll_timeout());
        self.tiles.iter().filter_map(Tile::poll_timeout).chain(slide).chain(motion).min()
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
        if let Some((_, slide)) = &mut self.bar {
            self.dirty |= slide.handle_timeout(now);
        }
        if let Some(motion) = &mut self.motion {
            self.dirty |= motion.glide.handle_timeout(now);
        }
        self.arrive(now);
    }

    /// The whole picture with its overlays. Valid until the next call that changes the mixer.
    pub fn compose(&mut self, now: Instant) -> PictureRef<'_> {
        self.arrive(now);
        if self.motion.is_some() {
            self.draw_motion(now);
        } else if self.dirty || !self.covered {
            self.uncover();
            self.draw_avatars();
            self.cover(now);
        }
        self.dirty = false;
        self.canvas.picture()
    }

    /// The picture that was composed last, without the mixer.
    pub(super) fn into_picture(self) -> I420 {
        self.canvas.into_picture()
    }

    fn paint_as(&mut self, source: SourceId, picture: PictureRef<'_>, since: Instant) {
        let Some(src) = readable(&picture) else { return };
        let Some(i) = self.tiles.iter().position(|tile| tile.source == source && tile.camera) else { return };
        if self.tiles[i].rect.w == 0 || self.tiles[i].rect.h == 0 {
            return;
        }
        self.uncover();
        let tile = &mut self.tiles[i];
        if self.motion.is_some() {
            tile.still = Some(Still::of(picture, src, tile.still.take()));
        } else {
            scale(&mut tile.scaler, &self.kernels, &mut self.canvas, picture, src, tile.rect);
        }
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
            self.canvas.tint(tile.rect, DIM, DIM_ALPHA);
        }
        tile.note(self.proportion);
    }

    fn draw_avatars(&mut self) {
        for tile in &mut self.tiles {
            if tile.look == (Look::Avatar { drawn: false }) {
                draw_avatar(&self.kernels, &mut self.canvas, tile.rect, &tile.name, tile.avatar.as_ref());
                tile.look = Look::Avatar { drawn: true };
            }
        }
    }

    fn cover(&mut self, now: Instant) {
        for layer in self.tiles.iter_mut().flat_map(Tile::layers) {
            layer.cover(&self.kernels, &mut self.canvas);
        }
        if let Some((bar, slide)) = &mut self.bar {
            bar.cover(&self.kernels, &mut self.canvas, slide.share(now));
        }
        self.covered = true;
    }

    fn uncover(&mut self) {
        if !std::mem::take(&mut self.covered) {
            return;
        }
        if let Some((bar, _)) = &self.bar {
            bar.uncover(&mut self.canvas);
        }
        for tile in self.tiles.iter_mut().rev() {
            tile.layers().rev().for_each(|layer| layer.uncover(&mut self.canvas));
        }
    }
}

/// Scales the readable part of a picture into `rect`, with what the last one was scaled by where that fits.
fn scale(
    scaler: &mut Option<Scaler>,
    kernels: &Kernels,
    canvas: &mut Canvas,
    picture: PictureRef<'_>,
    readable: Size,
    rect: Rect,
) {
    let width = canvas.size().width;
    let fitting = scaler.take().filter(|scaler| scaler.fits(readable, rect.size()));
    let scaler = scaler.insert(fitting.unwrap_or_else(|| Scaler::new(readable, rect.size())));
    scaler.run(kernels, picture, canvas.planes(), width, rect);
}
