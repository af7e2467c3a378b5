//! Seats of voices: what each looks like, and how it becomes another.
//!
//! Who sits down, stands up, is muted or has another name fades in over what the seat showed, within [`MOTION`]. Where seats
//! have other places than before, the whole picture dissolves (`dissolve.rs`).

use std::time::Instant;

use super::VideoMixer;
use super::motion::MOTION;
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::loudness::Loudness;
use crate::mix::overlay::{self, CellStyle, Patch};
use crate::mix::slide::Glide;
use crate::mix::tile::Worn;
use crate::scene::{Cell, SourceId};

/// A seat without picture, on the canvas.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) cell: Cell,
    /// Whether the name is written.
    named: bool,
    pub(super) style: CellStyle,
    /// What it looks like.
    patch: Option<Patch>,
    /// The uploaded picture of who sits there, over that.
    face: Option<Patch>,
    pub(super) loudness: Loudness,
    pub(super) ring: Option<Worn<Loudness>>,
    fade: Option<Fade>,
}

/// A change that is under way.
#[derive(Debug)]
struct Fade {
    glide: Glide,
    /// What the canvas showed in the cell when it began.
    before: Vec<u8>,
}

impl VideoMixer {
    /// These seats of voices from now on; those that stay as they are are not drawn again, and on a `new` canvas nothing fades.
    /// A layout has these or tiles, so none that shows a frame lies where one goes: where tiles stood, all are drawn anew, and those
    /// that come where none were are drawn when a picture is made. The canvas is uncovered.
    pub(super) fn set_cells(&mut self, now: Instant, cells: Vec<(Cell, bool)>, new: bool) {
        let mut old = std::mem::take(&mut self.seats);
        let style = CellStyle::of(self.proportion, cells.iter().map(|(cell, _)| cell.rect));
        let fades = !new && self.motion.is_none();
        for (cell, named) in cells {
            let is_same = |known: &Seat| (&known.cell, known.named, known.style) == (&cell, named, style);
            let seat = if let Some(same) = old.iter().position(is_same) {
                old.swap_remove(same)
            } else {
                let was_there = old.iter().any(|known| known.cell.rect == cell.rect);
                let fade = (fades && was_there).then(|| Fade::begin(now, &mut self.canvas, &cell));
                // Who goes on speaking under another name, or on another seat, keeps the ring.
                let known = cell.source().and_then(|who| old.iter().find(|known| known.cell.source() == Some(who)));
                let loudness = known.map_or(Loudness::SILENT, |known| known.loudness);
                Seat { loudness, fade, ..Seat::new(&self.kernels, cell, named, style) }
            };
            self.seats.push(seat);
        }
        let replaced = |gone: &Cell| self.seats.iter().any(|seat| seat.cell.rect == gone.rect);
        for gone in old.iter().map(|gone| &gone.cell).filter(|gone| !replaced(gone)) {
            self.canvas.lay_bare(gone.rect);
        }
        for seat in &mut self.seats {
            seat.draw(now, &self.kernels, &mut self.canvas);
        }
    }

    /// Seats that fade go on.
    pub(super) fn fade_seats(&mut self, now: Instant) {
        for i in 0..self.seats.len() {
            if self.seats[i].fade.as_mut().is_some_and(|fade| fade.glide.handle_timeout(now)) {
                self.uncover();
                self.seats[i].draw(now, &self.kernels, &mut self.canvas);
                self.dirty = true;
            }
        }
    }

    /// All of them as they will be, on a canvas that is drawn anew.
    pub(super) fn lay_seats(&mut self) {
        for seat in &mut self.seats {
            seat.fade = None;
            seat.lay(&self.kernels, &mut self.canvas);
        }
    }
}

impl Seat {
    fn new(kernels: &Kernels, cell: Cell, named: bool, style: CellStyle) -> Self {
        let patch = overlay::cell(style, &cell, named);
        let avatar = cell.sitter.as_ref().and_then(|sitter| sitter.avatar.as_ref());
        let face = avatar.and_then(|avatar| overlay::portrait(kernels, style.disc(cell.rect), avatar));
        Self { cell, named, style, patch, face, loudness: Loudness::SILENT, ring: None, fade: None }
    }

    /// The same on another canvas that shows the same there.
    pub(super) fn again(&self) -> Self {
        let Self { cell, named, style, patch, face, loudness, .. } = self;
        let (cell, patch, face) = (cell.clone(), patch.clone(), face.clone());
        Self { cell, named: *named, style: *style, patch, face, loudness: *loudness, ring: None, fade: None }
    }

    /// The next step of a fade, while it lasts.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.fade.as_ref().and_then(|fade| fade.glide.poll_timeout())
    }

    fn draw(&mut self, now: Instant, kernels: &Kernels, canvas: &mut Canvas) {
        self.fade.take_if(|fade| fade.glide.is_over(now));
        self.lay(kernels, canvas);
        if let Some(fade) = &self.fade {
            fade.veil(now, kernels, canvas, &self.cell);
        }
    }

    fn lay(&self, kernels: &Kernels, canvas: &mut Canvas) {
        self.patch.iter().chain(&self.face).for_each(|patch| canvas.blend(kernels, patch));
    }
}

impl Fade {
    /// From what the canvas shows.
    fn begin(now: Instant, canvas: &mut Canvas, cell: &Cell) -> Self {
        let mut before = Vec::new();
        canvas.keep(cell.rect, &mut before);
        Self { glide: Glide::new(now, MOTION), before }
    }

    /// Lays what was there over what is there now.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of 255")]
    fn veil(&self, now: Instant, kernels: &Kernels, canvas: &mut Canvas, cell: &Cell) {
        let alpha = (self.glide.left(now) * 255.0).round() as u8;
        let pixels = cell.rect.w * cell.rect.h;
        canvas.blend_back(kernels, cell.rect, &self.before, &[vec![alpha; pixels], vec![alpha; pixels / 4]]);
    }
}

impl Cell {
    /// Who sits there.
    fn source(&self) -> Option<SourceId> {
        self.sitter.as_ref().map(|sitter| sitter.source)
    }
}
