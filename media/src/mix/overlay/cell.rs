//! A seat without picture: a disc with initials and the name under it, or the seat's number, or a lock.

use tiny_skia::{PixmapPaint, Transform};

use super::avatar::{disc, face};
use super::label::{blank, fill, px};
use super::lettering::{CAP_HEIGHT, Style, lettering};
use super::lock::lock;
use super::{Patch, Rgb, microphone};
use crate::scene::{Cell, CellSitter, Proportion, Rect};

/// Of a cell of 180 by 200: the disc's diameter, what is above it, and the middle of the name.
const DISC: usize = 112;
const ABOVE: usize = 16;
const NAME_MIDDLE: f32 = 156.0;
/// What is free beside a name.
const BESIDE: f32 = 8.0;
const NAME_SIZE: f32 = 20.0;
const NUMBER_SIZE: f32 = 36.0;

const GROUND: Rgb = Rgb(0x1F2024);
const EMPTY: Rgb = Rgb(0x2B2D33);
const TEXT: Rgb = Rgb(0xFFFFFF);
const NUMBER: Rgb = Rgb(0x8A8F99);

/// The whole cell, opaque. `None` for one without pixels.
pub(in crate::mix) fn cell(proportion: Proportion, cell: &Cell) -> Option<Patch> {
    let rect = cell.rect;
    let mut pixels = blank(rect.w, rect.h)?;
    let [red, green, blue] = GROUND.channels();
    pixels.fill(tiny_skia::Color::from_rgba8(red, green, blue, 255));
    let Rect { x, y, w: diameter, .. } = cell_disc(proportion, rect);
    let (left, top) = (x - rect.x, y - rect.y);
    match &cell.sitter {
        Some(sitter) => {
            if let Some(face) = face(diameter, &sitter.name) {
                let onto = Transform::from_translate(px(left), px(top));
                pixels.draw_pixmap(0, 0, face.as_ref(), &PixmapPaint::default(), onto, None);
            }
            write_name(&mut pixels, proportion, sitter);
        }
        None => {
            let middle = (px(left) + px(diameter) / 2.0, px(top) + px(diameter) / 2.0);
            if let Some(disc) = disc(middle.0, middle.1, px(diameter) / 2.0) {
                fill(&mut pixels, &disc, EMPTY, 255);
            }
            let size = NUMBER_SIZE * proportion.scale();
            if cell.locked {
                let sign = lock(size, NUMBER)?;
                let half = |side: u32| px(side as usize) / 2.0;
                let (x, y) = (middle.0 - half(sign.width()), middle.1 - half(sign.height()));
                let onto = Transform::from_translate(x.round(), y.round());
                pixels.draw_pixmap(0, 0, sign.as_ref(), &PixmapPaint::default(), onto, None);
            } else {
                write_number(&mut pixels, middle, size, cell.seat);
            }
        }
    }
    Some(Patch::new(rect.x, rect.y, &pixels))
}

/// Where the round avatar of a cell is.
pub(in crate::mix) fn cell_disc(proportion: Proportion, cell: Rect) -> Rect {
    let diameter = proportion.length(DISC).min(cell.w).min(cell.h);
    let (left, top) = ((cell.w - diameter) / 2, proportion.length(ABOVE).min(cell.h - diameter));
    Rect { x: cell.x + left, y: cell.y + top, w: diameter, h: diameter }
}

/// The number of a free seat, its middle at `middle`.
fn write_number(pixels: &mut tiny_skia::Pixmap, middle: (f32, f32), size: f32, seat: u32) {
    let style = Style { size, bold: true };
    let lettering = lettering();
    let line = lettering.line(&seat.to_string(), style);
    let baseline = (middle.1 + CAP_HEIGHT * style.size / 2.0).round();
    lettering.draw(&line, pixels, middle.0 - line.width / 2.0, baseline, NUMBER);
}

/// Centred, with the sign of a microphone that is off before it.
fn write_name(pixels: &mut tiny_skia::Pixmap, proportion: Proportion, sitter: &CellSitter) {
    let scale = proportion.scale();
    let style = Style { size: NAME_SIZE * scale, bold: false };
    let sign = if sitter.muted { microphone::width(style.size) } else { 0.0 };
    #[allow(clippy::cast_precision_loss, reason = "canvas sides are far below 2^24")]
    let width = pixels.width() as f32;
    let lettering = lettering();
    let line = lettering.line_within(&sitter.name, style, width - 2.0 * BESIDE * scale - sign);
    let left = (width - sign - line.width) / 2.0;
    let middle = NAME_MIDDLE * scale;
    lettering.draw(&line, pixels, left + sign, (middle + CAP_HEIGHT * style.size / 2.0).round(), TEXT);
    if let Some(sign) = microphone::crossed_out(style.size, TEXT).filter(|_| sitter.muted) {
        let top = middle - px(sign.height() as usize) / 2.0;
        let onto = Transform::from_translate(left.round(), top.round());
        pixels.draw_pixmap(0, 0, sign.as_ref(), &PixmapPaint::default(), onto, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::scene::{SourceId, Template};

    fn drawn(sitter: Option<CellSitter>) -> Patch {
        with_lock(false, sitter)
    }

    fn with_lock(locked: bool, sitter: Option<CellSitter>) -> Patch {
        let proportion = Template::HostStaticVoice6v6.proportion(Size { width: 720, height: 1280 });
        cell(proportion, &Cell { seat: 4, locked, rect: Rect { x: 180, y: 476, w: 180, h: 200 }, sitter }).unwrap()
    }

    #[test]
    fn a_cell_is_opaque_and_has_a_disc_of_112_16_below_its_top() {
        let patch = drawn(None);
        assert_eq!(patch.rect, Rect { x: 180, y: 476, w: 180, h: 200 });
        let ground = patch.row(0, 0).0[0];
        // From edge to edge: the number in the middle has pixels of the ground's luma too.
        let disc = |row: usize| {
            let differs = |luma: &u8| *luma != ground;
            let luma = patch.row(0, row).0;
            luma.iter().rposition(differs).map_or(0, |last| last + 1 - luma.iter().position(differs).unwrap_or(0))
        };
        assert_eq!([disc(14), disc(130)], [0; 2]);
        assert!((110..=112).contains(&disc(16 + 56)) && disc(17) > 0 && disc(126) > 0, "{}", disc(72));
        assert!((0..200).all(|row| patch.row(0, row).1.iter().all(|alpha| *alpha == 255)));
    }

    #[test]
    fn a_locked_seat_shows_a_lock_in_place_of_its_number() {
        let (free, locked) = (drawn(None), with_lock(true, None));
        // Its middle is at 90 72; the lock is 30 by 36 there.
        let disc = free.row(0, 72).0[50];
        let at = |x: usize, y: usize| locked.row(0, y).0[x] > disc + 40;
        assert_ne!(free, locked);
        assert!(at(82, 78) && at(97, 78), "the body, left and right of the hole");
        assert!(!at(90, 77), "the hole");
        assert!(at(90, 57) && !at(90, 63), "the shackle, open in its middle");
        let sign = |row: usize| (34..146).filter(|x| at(*x, row)).count();
        assert_eq!([sign(40), sign(104)], [0; 2], "nothing else on the disc");
    }

    #[test]
    fn who_sits_there_is_named_and_muted_or_not() {
        let sitter = |muted| Some(CellSitter { source: SourceId(1), name: "Ada".into(), muted });
        let [named, muted] = [sitter(false), sitter(true)].map(drawn);
        let white = |patch: &Patch| {
            let rows = (140..172).flat_map(|row| patch.row(0, row).0.iter());
            rows.filter(|luma| **luma > 200).count()
        };
        assert!(white(&named) > 60 && white(&muted) > white(&named) + 60, "{} {}", white(&named), white(&muted));
        assert_eq!(white(&drawn(None)), 0);
    }
}
