//! A seat without picture: a disc with initials and the name under it, or the seat's number, or a lock.

use tiny_skia::{Pixmap, PixmapPaint, Transform};

use super::avatar::face;
use super::drawn::{Figure, drawn};
use super::label::{blank, px};
use super::lettering::{CAP_HEIGHT, Style, lettering};
use super::vacancy::{CELL_SIGN, free_disc};
use super::{Patch, microphone};
use crate::mix::theme::colours;
use crate::scene::{Cell, CellSitter, Proportion, Rect, Vacancy, even};

/// The disc's diameter, and what is above it.
const DISC: usize = 112;
const ABOVE: usize = 16;
/// From the disc to the middle of the name, at most: in a lower cell the name stands at the lower edge, clear of the ring.
const NAME_BELOW: f32 = 28.0;
/// From there to the edge, of the name's size: room for what hangs below the line.
const NAME_ABOVE_EDGE: f32 = 0.75;
/// What is free beside a name.
const BESIDE: f32 = 8.0;
const NAME_SIZE: f32 = 20.0;
/// The smallest part of its size that a name is written at, however small the disc is: 14 pixels are still read.
const NAME_SHRINKS_TO: f32 = 0.7;
/// The smallest cell that has room for all of it; in smaller ones it is as much smaller.
const ROOM: [f32; 2] = [144.0, 168.0];

/// What a smaller disc leaves between the loudest ring and the name.
const CLEAR: f32 = 2.0;

/// How large things are in all cells of a layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::mix) struct CellStyle {
    diameter: usize,
    above: usize,
    name_size: f32,
    name_below: f32,
    beside: f32,
}

impl CellStyle {
    /// That of cells which are all about as large; the smallest decides, so that all look alike.
    pub(in crate::mix) fn of(proportion: Proportion, cells: impl Iterator<Item = Rect>) -> Self {
        let smallest = cells.map(Rect::size).reduce(|one, other| crate::frame::Size {
            width: one.width.min(other.width),
            height: one.height.min(other.height),
        });
        let (width, height) = smallest.map_or((0, 0), |size| (size.width, size.height));
        let scale = proportion.scale();
        let shrinks = (px(width) / (ROOM[0] * scale)).min(px(height) / (ROOM[1] * scale)).min(1.0);
        let (diameter, above) = if shrinks < 1.0 {
            // No part of a ring that fits above a disc of full size is cut off above a smaller one, or meets the name.
            (length(px(DISC) * scale * shrinks - CLEAR * scale), length((px(ABOVE) * scale * shrinks).ceil() + 1.0))
        } else {
            (proportion.length(DISC), proportion.length(ABOVE))
        };
        let diameter = diameter.min(width).min(height);
        let above = above.min(height - diameter);
        let name_size = NAME_SIZE * scale * shrinks.max(NAME_SHRINKS_TO);
        let below = px(height - above - diameter);
        Self {
            diameter,
            above,
            name_size,
            name_below: (NAME_BELOW * scale).min((below - NAME_ABOVE_EDGE * name_size).max(below / 2.0)),
            beside: BESIDE * scale * shrinks,
        }
    }

    /// All of it, to be compared and hashed.
    fn bits(self) -> [u32; 5] {
        let Self { diameter, above, name_size, name_below, beside } = self;
        [px(diameter), px(above), name_size, name_below, beside].map(f32::to_bits)
    }

    /// Where the round avatar of a cell is.
    pub(in crate::mix) fn disc(self, cell: Rect) -> Rect {
        let diameter = self.diameter.min(cell.w).min(cell.h);
        let (left, top) = ((cell.w - diameter) / 2, self.above.min(cell.h - diameter));
        Rect { x: cell.x + left, y: cell.y + top, w: diameter, h: diameter }
    }
}

/// Rounded down to even.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates at both ends")]
fn length(length: f32) -> usize {
    even(length.max(0.0) as usize)
}

/// The whole cell, opaque; without the `name` the sign of a microphone that is off stands alone. `None` for one without
/// pixels.
pub(in crate::mix) fn cell(style: CellStyle, cell: &Cell, named: bool) -> Option<Patch> {
    let (room, bits) = ((cell.rect.w, cell.rect.h), style.bits());
    let figure = match &cell.sitter {
        Some(CellSitter { name, muted, .. }) => {
            Figure::Sitter { name: name.clone(), muted: *muted, named, room, style: bits }
        }
        None => {
            let vacancy = Vacancy { seat: cell.seat, locked: cell.locked };
            Figure::Seat { number: vacancy.number(), room, style: bits }
        }
    };
    drawn(figure, cell.rect, || draw(style, cell, named))
}

/// The same at the origin, drawn anew.
fn draw(style: CellStyle, cell: &Cell, named: bool) -> Option<Patch> {
    let rect = cell.rect;
    let mut pixels = blank(rect.w, rect.h)?;
    let [red, green, blue] = colours().tile.channels();
    pixels.fill(tiny_skia::Color::from_rgba8(red, green, blue, 255));
    let Rect { x, y, w: diameter, .. } = style.disc(rect);
    let disc = match &cell.sitter {
        Some(sitter) => face(diameter, &sitter.name),
        None => free_disc(diameter, CELL_SIGN, Vacancy { seat: cell.seat, locked: cell.locked }),
    };
    if let Some(disc) = disc {
        let onto = Transform::from_translate(px(x - rect.x), px(y - rect.y));
        pixels.draw_pixmap(0, 0, disc.as_ref(), &PixmapPaint::default(), onto, None);
    }
    if let Some(sitter) = &cell.sitter {
        write_name(&mut pixels, style, sitter, named);
    }
    Some(Patch::new(0, 0, &pixels))
}

/// Centred, with the sign of a microphone that is off before it.
fn write_name(pixels: &mut Pixmap, style: CellStyle, sitter: &CellSitter, named: bool) {
    let middle = px(style.above + style.diameter) + style.name_below;
    let text = Style { size: style.name_size, bold: false };
    let sign = if sitter.muted { microphone::width(text.size) } else { 0.0 };
    let width = px(pixels.width() as usize);
    let lettering = lettering();
    let name = if named { sitter.name.as_str() } else { "" };
    let line = lettering.line_within(name, text, width - 2.0 * style.beside - sign);
    let left = (width - sign - line.width) / 2.0;
    lettering.draw(&line, pixels, left + sign, (middle + CAP_HEIGHT * text.size / 2.0).round(), colours().text);
    if let Some(sign) = microphone::crossed_out(text.size, colours().text).filter(|_| sitter.muted) {
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

    /// That of the cells of a template, on its own canvas.
    fn style(template: Template, seats: usize) -> CellStyle {
        let canvas = Size { width: 720, height: 1280 };
        let cells = template.regions(canvas, seats).into_iter().map(|region| region.rect);
        CellStyle::of(template.proportion(canvas), cells)
    }

    fn drawn(sitter: Option<CellSitter>) -> Patch {
        with_lock(false, sitter)
    }

    fn with_lock(locked: bool, sitter: Option<CellSitter>) -> Patch {
        let rect = Rect { x: 180, y: 476, w: 180, h: 200 };
        cell(style(Template::HostStaticVoice6v6, 12), &Cell { seat: 4, locked, rect, sitter }, true).unwrap()
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
    fn a_salon_of_any_size_has_room_for_disc_ring_and_name_in_each_cell() {
        for (seats, diameter) in [(1, 112), (25, 112), (30, 108), (35, 92), (40, 80), (45, 70), (50, 64)] {
            let style = style(Template::AudioSalon, seats);
            let rect = Template::AudioSalon.regions(Size { width: 720, height: 1280 }, seats)[0].rect;
            let disc = style.disc(rect);
            assert_eq!((disc.w, disc.h), (diameter, diameter), "{seats} seats");
            let ring = crate::mix::overlay::ring_square(disc, Rect { x: 0, y: 0, w: 2_000, h: 2_000 }).unwrap();
            assert!(ring.y >= rect.y && ring.x >= rect.x, "{seats} seats: {ring:?} in {rect:?}");
            let middle = px(style.above + style.diameter) + style.name_below;
            let (name, reach) = (middle - CAP_HEIGHT * style.name_size / 2.0, px(ring.bottom() - rect.y) - 2.0);
            assert!(name >= reach, "{seats} seats: the name at {name} is clear of the ring down to {reach}");
            assert!(middle + style.name_size * 0.6 <= px(rect.h), "{seats} seats: within the cell");
            assert!(style.name_size >= 14.0);
        }
        assert_eq!(
            style(Template::HostStaticVoice6v6, 12).name_below,
            28.0,
            "and of the teams the name is where it was"
        );
    }

    #[test]
    fn without_its_name_a_cell_keeps_the_sign_of_the_microphone() {
        let sitter = |muted| Some(CellSitter { name: "Ada".into(), muted, ..CellSitter::default() });
        let rect = Rect { x: 0, y: 276, w: 144, h: 168 };
        let style = style(Template::AudioSalon, 5);
        let draw =
            |muted, named| cell(style, &Cell { seat: 0, locked: false, rect, sitter: sitter(muted) }, named).unwrap();
        let white =
            |patch: &Patch| (132..166).flat_map(|row| patch.row(0, row).0.to_vec()).filter(|luma| *luma > 200).count();
        let counts = [draw(false, false), draw(true, false), draw(true, true)].map(|patch| white(&patch));
        assert!(counts[0] == 0 && counts[1] > 40 && counts[2] > counts[1] + 40, "{counts:?}");
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
        let sitter =
            |muted| Some(CellSitter { source: SourceId(1), name: "Ada".into(), muted, ..CellSitter::default() });
        let [named, muted] = [sitter(false), sitter(true)].map(drawn);
        let white = |patch: &Patch| {
            let rows = (140..172).flat_map(|row| patch.row(0, row).0.iter());
            rows.filter(|luma| **luma > 200).count()
        };
        assert!(white(&named) > 60 && white(&muted) > white(&named) + 60, "{} {}", white(&named), white(&muted));
        assert_eq!(white(&drawn(None)), 0);
    }
}
