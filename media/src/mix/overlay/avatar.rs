//! The round avatar of a host without picture.

use tiny_skia::{FillRule, Mask, PathBuilder, Pixmap, Transform};
use unicode_segmentation::UnicodeSegmentation;

use super::drawn::{Figure, drawn};
use super::label::{blank, fill, paint, px};
use super::lettering::{CAP_HEIGHT, Style, has_letters, lettering};
use super::{Patch, Rgb};
use crate::frame::I420;
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::scaler::{Scaler, placed, readable};
use crate::mix::theme::no_picture;
use crate::scene::{Avatar, Fit, Rect, even};

/// A disc with initials in the middle of `tile`, 40 % of its shorter side wide. The colour follows from the name, so
/// that a host keeps it. A name without letters, or in letters that no font has, gets its first emoji, or else the outline of a
/// person.
pub(in crate::mix) fn avatar(tile: Rect, name: &str) -> Option<Patch> {
    let place = avatar_place(tile);
    let figure = Figure::Face { name: name.to_owned(), diameter: place.w };
    drawn(figure, place, || Some(Patch::new(0, 0, &face(place.w, name)?)))
}

/// The disc by itself.
pub(super) fn face(diameter: usize, name: &str) -> Option<Pixmap> {
    let mut pixels = blank(diameter, diameter)?;
    let side = px(diameter);
    fill(&mut pixels, &disc(side / 2.0, side / 2.0, side / 2.0)?, DISCS[shade(name)], 255);
    let emoji = || lettering().first_coloured(name, Style { size: side * EMOJI, bold: true });
    let written = initials(name).filter(|initials| has_letters(initials));
    match written.map(|initials| (initials, INITIALS)).or_else(|| Some((emoji()?, EMOJI))) {
        Some((text, size)) => write(&mut pixels, &text, side * size),
        None => person(&mut pixels, side)?,
    }
    Some(pixels)
}

/// Where the avatar of a tile is: in the middle, 40 % of the shorter side wide.
pub(in crate::mix) fn avatar_place(tile: Rect) -> Rect {
    let diameter = even(tile.w.min(tile.h) * 2 / 5);
    let (x, y) = (tile.x + even((tile.w - diameter) / 2), tile.y + even((tile.h - diameter) / 2));
    Rect { x, y, w: diameter, h: diameter }
}

/// The picture that somebody shows, round, filling `place`; no kernel changes its bits.
pub(in crate::mix) fn portrait(kernels: &Kernels, place: Rect, avatar: &Avatar) -> Option<Patch> {
    // What lies on an odd pixel has other chroma.
    let (x, y) = (place.x % 2, place.y % 2);
    let figure = Figure::Portrait { number: avatar.number(), diameter: place.w, odd: (x, y) };
    let even = Rect { x: place.x - x, y: place.y - y, ..place };
    drawn(figure, even, || round(kernels, Rect { x, y, ..place }, avatar.picture()))
}

/// The middle of a picture, scaled to fill `place` and cut to a disc.
fn round(kernels: &Kernels, place: Rect, picture: &I420) -> Option<Patch> {
    let mut canvas = Canvas::new(place.size(), no_picture());
    let picture = picture.as_ref();
    let src = readable(&picture).filter(|_| place.w > 0)?;
    let (crop, part) = placed(Fit::Cover, src, Rect { x: 0, y: 0, ..place });
    Scaler::new(src, part.size(), crop).run(kernels, picture, canvas.planes(), place.w, part);
    let mut pixels = blank(place.w, place.h)?;
    let side = px(place.w);
    fill(&mut pixels, &disc(side / 2.0, side / 2.0, side / 2.0)?, Rgb(0xFFFFFF), 255);
    Some(Patch::of_picture(place, canvas.into_picture().as_ref(), &pixels))
}

/// Muted enough to rest beside a picture, each with white readable on it.
const DISCS: [Rgb; 8] = [
    Rgb(0x3B6FD8),
    Rgb(0xC24D6B),
    Rgb(0x2F8F7F),
    Rgb(0x8A5AC9),
    Rgb(0xB86A2E),
    Rgb(0x3F87AE),
    Rgb(0x6C8A3A),
    Rgb(0xA852A0),
];

/// Size of the initials, of the disc's diameter.
const INITIALS: f32 = 0.4;
/// And of an emoji, which is wider than high: all of it is well within the disc.
const EMOJI: f32 = 0.5;

fn shade(name: &str) -> usize {
    // FNV-1a, 32 bits: spreads short texts well and is the same everywhere.
    let hash = name.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    // Names that differ in their last digit differ in low bits alone: multiplied so, all bits have a say in the highest.
    (hash.wrapping_mul(0x9E37_79B9) >> 16) as usize % DISCS.len()
}

/// The first letters of the first and the last word, in capitals; a number that is the last word is written whole, if it is short:
/// "Host 12" is another one than "Host 13".
fn initials(name: &str) -> Option<String> {
    let letter = |word: &str| {
        let first = word.graphemes(true).next().filter(|first| first.chars().count() <= GRAPHEME_CHARS_MAX);
        first.map(str::to_uppercase)
    };
    let mut words = name.split_whitespace().filter(|word| word.chars().next().is_some_and(char::is_alphanumeric));
    let first = letter(words.next()?)?;
    let short = |word: &&str| word.len() <= DIGITS_MAX && word.bytes().all(|byte| byte.is_ascii_digit());
    let last = words.next_back();
    let number = last.filter(short).map(str::to_owned);
    Some(first + &number.or_else(|| last.and_then(letter)).unwrap_or_default())
}

/// Digits that have room beside a letter.
const DIGITS_MAX: usize = 2;

/// Characters of one initial; longer clusters are no letters.
const GRAPHEME_CHARS_MAX: usize = 8;

fn write(pixels: &mut Pixmap, initials: &str, size: f32) {
    let (style, side) = (Style { size, bold: true }, px(pixels.width() as usize));
    let lettering = lettering();
    let line = lettering.line_within(initials, style, side);
    let baseline = ((side + CAP_HEIGHT * style.size) / 2.0).round();
    lettering.draw(&line, pixels, (side - line.width) / 2.0, baseline, Rgb(0xFFFFFF));
}

/// Head and shoulders, cut off by the disc.
fn person(pixels: &mut Pixmap, side: f32) -> Option<()> {
    let mut inside = Mask::new(pixels.width(), pixels.height())?;
    let whole = disc(side / 2.0, side / 2.0, side / 2.0)?;
    inside.fill_path(&whole, FillRule::Winding, true, Transform::identity());
    for (y, radius) in [(0.39, 0.17), (0.98, 0.36)] {
        let part = disc(side * 0.5, side * y, side * radius)?;
        pixels.fill_path(&part, &paint(Rgb(0xFFFFFF), 255), FillRule::Winding, Transform::identity(), Some(&inside));
    }
    Some(())
}

/// A circle.
pub(super) fn disc(x: f32, y: f32, radius: f32) -> Option<tiny_skia::Path> {
    PathBuilder::from_circle(x, y, radius)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        let table = [
            ("Ada Lovelace", Some("AL")),
            ("grace brewster hopper", Some("GH")),
            ("élodie", Some("É")),
            ("  ", None),
            ("🎤 Max", Some("M")),
            ("Host 7", Some("H7")),
            ("Host 12", Some("H12")),
            ("Agent 007", Some("A0")),
            ("***", None),
        ];
        for (name, expected) in table {
            assert_eq!(initials(name).as_deref(), expected, "{name:?}");
        }
    }

    #[test]
    fn names_that_differ_in_a_digit_have_different_colours() {
        for name in ["S", "Host ", "guest-", "seat"] {
            let mut shades: Vec<_> = (1..=9).map(|digit| shade(&format!("{name}{digit}"))).collect();
            shades.sort_unstable();
            shades.dedup();
            assert!(shades.len() >= 4, "{name}: {shades:?}");
        }
    }

    #[test]
    fn a_name_in_letters_that_no_font_has_gets_the_outline_and_no_boxes() {
        // Of a script that none of the fonts in the program has.
        let name = "\u{13000}\u{13001}";
        assert!(initials(name).is_some() && !has_letters(name));
        let signs = (1..100).map(|count| "*".repeat(count)).find(|signs| shade(signs) == shade(name)).unwrap();
        assert_eq!(face(96, name).map(Pixmap::take), face(96, &signs).map(Pixmap::take));
    }

    #[test]
    fn an_emoji_that_no_font_has_leaves_the_outline() {
        // Of the same colour: the disc's follows from the name.
        let signs = (1..100).map(|count| "*".repeat(count)).find(|signs| shade(signs) == shade("🎈")).unwrap();
        let outline = face(96, &signs);
        assert_eq!(face(96, "🎈").map(Pixmap::take), outline.map(Pixmap::take));
    }

    #[test]
    fn an_avatar_is_two_fifths_of_the_shorter_side_in_the_middle() {
        let tile = Rect { x: 360, y: 276, w: 360, h: 644 };
        assert_eq!(avatar(tile, "Ada").unwrap().rect, Rect { x: 468, y: 526, w: 144, h: 144 });
        assert_eq!(avatar(Rect { x: 0, y: 0, w: 2, h: 2 }, "Ada"), None);
    }
}
