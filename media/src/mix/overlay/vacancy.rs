//! An empty seat: a disc with its number, or with a lock.

use tiny_skia::{Pixmap, PixmapPaint, Transform};

use super::Patch;
use super::avatar::{avatar_place, disc};
use super::drawn::{Figure, drawn};
use super::label::{blank, fill, px};
use super::lettering::{CAP_HEIGHT, Style, lettering};
use super::lock::lock;
use crate::mix::theme::colours;
use crate::scene::{Rect, Vacancy};

/// Of the disc's diameter, among voices: 36 of 112.
pub(super) const CELL_SIGN: f32 = 36.0 / 112.0;
/// Among pictures, where discs are smaller: as large as initials.
const TILE_SIGN: f32 = 0.4;

/// Where the avatar of a tile would be. `None` where that has no pixels.
pub(in crate::mix) fn vacancy(tile: Rect, vacancy: Vacancy) -> Option<Patch> {
    let place = avatar_place(tile);
    let figure = Figure::Vacancy { number: vacancy.number(), diameter: place.w };
    drawn(figure, place, || Some(Patch::new(0, 0, &free_disc(place.w, TILE_SIGN, vacancy)?)))
}

impl Vacancy {
    /// What is written on it, unless it is locked.
    pub(super) fn number(self) -> Option<u32> {
        (!self.locked).then_some(self.seat)
    }
}

/// The disc by itself, with a sign that is this part of it high.
pub(super) fn free_disc(diameter: usize, sign: f32, vacancy: Vacancy) -> Option<Pixmap> {
    let mut pixels = blank(diameter, diameter)?;
    let middle = px(diameter) / 2.0;
    fill(&mut pixels, &disc(middle, middle, middle)?, colours().empty_seat, 255);
    let size = px(diameter) * sign;
    if vacancy.locked {
        let sign = lock(size, colours().seat_number)?;
        let half = |side: u32| px(side as usize) / 2.0;
        let (x, y) = (middle - half(sign.width()), middle - half(sign.height()));
        let onto = Transform::from_translate(x.round(), y.round());
        pixels.draw_pixmap(0, 0, sign.as_ref(), &PixmapPaint::default(), onto, None);
    } else {
        write_number(&mut pixels, middle, size, vacancy.seat);
    }
    Some(pixels)
}

fn write_number(pixels: &mut Pixmap, middle: f32, size: f32, seat: u32) {
    let style = Style { size, bold: true };
    let lettering = lettering();
    let line = lettering.line(&seat.to_string(), style);
    let baseline = (middle + CAP_HEIGHT * style.size / 2.0).round();
    lettering.draw(&line, pixels, middle - line.width / 2.0, baseline, colours().seat_number);
}
