//! Pills with text: a nickname, a notice.

use tiny_skia::{FillRule, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Transform};

use super::drawn::{Figure, drawn};
use super::lettering::{CAP_HEIGHT, Line, Style, lettering};
use super::{Patch, Rgb, microphone};
use crate::frame::Size;
use crate::mix::theme::colours;
use crate::scene::{Proportion, Rect, even};

/// A nickname's pill, at the left of `bounds` and no wider, with the sign of a microphone that is off before the text
/// when `muted`. `None` when there is nothing to write or no room.
pub(in crate::mix) fn nickname(proportion: Proportion, bounds: Rect, text: &str, muted: bool) -> Option<Patch> {
    let (room, scale) = ((bounds.w, bounds.h), proportion.scale().to_bits());
    let figure = Figure::Nickname { text: text.to_owned(), muted, room, scale };
    drawn(figure, bounds, || draw_nickname(proportion, bounds, text, muted))
}

fn draw_nickname(proportion: Proportion, bounds: Rect, text: &str, muted: bool) -> Option<Patch> {
    let style = Style { size: TEXT_SIZE * proportion.scale(), bold: false };
    let padding = PADDING * proportion.scale();
    let sign = if muted { microphone::width(style.size) } else { 0.0 };
    let line = lettering().line_within(text, style, px(bounds.w) - 2.0 * padding - sign);
    let width = (sign + line.width + 2.0 * padding).ceil();
    let mut pixels = pill(&line, style, bounds.size(), width, sign, NICKNAME_ALPHA)?;
    if let Some(sign) = microphone::crossed_out(style.size, colours().text).filter(|_| muted) {
        let top = (px(bounds.h) - px(sign.height() as usize)) / 2.0;
        let whole = Transform::from_translate(padding.round(), top.round());
        pixels.draw_pixmap(0, 0, sign.as_ref(), &PixmapPaint::default(), whole, None);
    }
    Some(Patch::new(0, 0, &pixels))
}

/// What a tile says whose host is silent.
pub(in crate::mix) const RECONNECTING: &str = "Reconnecting…";

/// A notice in the middle of a tile; in a narrow one smaller, and shortened where it does not fit even so.
pub(in crate::mix) fn notice(proportion: Proportion, tile: Rect, text: &'static str) -> Option<Patch> {
    let (room, scale) = ((tile.w, tile.h), proportion.scale().to_bits());
    drawn(Figure::Notice { text, room, scale }, tile, || draw_notice(proportion, tile.size(), text))
}

fn draw_notice(proportion: Proportion, tile: Size, text: &str) -> Option<Patch> {
    let mut style = Style { size: TEXT_SIZE * proportion.scale(), bold: false };
    let padding = PADDING * proportion.scale();
    let room = px(tile.width) - 4.0 * padding;
    style.size *= ((room - 1.0) / lettering().line(text, style).width).clamp(SHRINKS_TO, 1.0);
    let line = lettering().line_within(text, style, room);
    let width = (line.width + 2.0 * padding).ceil();
    let (w, h) = (pixels(width).next_multiple_of(2).min(tile.width), proportion.length(HEIGHT).min(tile.height));
    let bounds = Rect { x: even((tile.width - w) / 2), y: even((tile.height - h) / 2), w, h };
    let pixels = pill(&line, style, bounds.size(), width, 0.0, NOTICE_ALPHA)?;
    Some(Patch::new(bounds.x, bounds.y, &pixels))
}

const TEXT_SIZE: f32 = 20.0;
const PADDING: f32 = 12.0;
/// The smallest part of its size that a notice is written at.
const SHRINKS_TO: f32 = 0.6;
const HEIGHT: usize = 36;

/// 40 %.
const NICKNAME_ALPHA: u8 = 102;

/// A notice stands on a dimmed picture and must be read at a glance: 70 %.
const NOTICE_ALPHA: u8 = 178;

/// The pill with its radius of half its height, and the line in it, capitals centred, after `indent` more than the padding.
fn pill(line: &Line, style: Style, room: Size, width: f32, indent: f32, alpha: u8) -> Option<Pixmap> {
    if line.width <= 0.0 || width > px(room.width) {
        return None;
    }
    let height = px(room.height);
    let mut pixels = blank(pixels(width), room.height)?;
    fill(&mut pixels, &rounded(width, height, height / 2.0)?, colours().pill, alpha);
    let baseline = ((height + CAP_HEIGHT * style.size) / 2.0).round();
    let padding = (width - indent - line.width) / 2.0;
    lettering().draw(line, &mut pixels, padding + indent, baseline, colours().text);
    Some(pixels)
}

/// A clear pixmap; `None` for one without pixels.
pub(super) fn blank(width: usize, height: usize) -> Option<Pixmap> {
    Pixmap::new(u32::try_from(width).ok()?, u32::try_from(height).ok()?)
}

/// Fills a path, edges smoothed.
pub(super) fn fill(pixels: &mut Pixmap, path: &Path, colour: Rgb, alpha: u8) {
    pixels.fill_path(path, &paint(colour, alpha), FillRule::Winding, Transform::identity(), None);
}

/// One colour, edges smoothed.
pub(super) fn paint(colour: Rgb, alpha: u8) -> Paint<'static> {
    let [red, green, blue] = colour.channels();
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, alpha);
    paint
}

/// A rectangle from the origin with round corners.
pub(super) fn rounded(w: f32, h: f32, radius: f32) -> Option<Path> {
    let r = radius.min(w / 2.0).min(h / 2.0);
    // The usual cubic for a quarter circle: within 0.03 % of the radius.
    let c = r * (1.0 - 0.552_285);
    let mut path = PathBuilder::new();
    path.move_to(r, 0.0);
    path.line_to(w - r, 0.0);
    path.cubic_to(w - c, 0.0, w, c, w, r);
    path.line_to(w, h - r);
    path.cubic_to(w, h - c, w - c, h, w - r, h);
    path.line_to(r, h);
    path.cubic_to(c, h, 0.0, h - c, 0.0, h - r);
    path.line_to(0.0, r);
    path.cubic_to(0.0, c, c, 0.0, r, 0.0);
    path.close();
    path.finish()
}

/// Pixels as the rasterisers count them.
#[allow(clippy::cast_precision_loss, reason = "canvas sides are far below 2^24")]
pub(super) fn px(pixels: usize) -> f32 {
    pixels as f32
}

/// And back, rounded up, never negative.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates at both ends")]
pub(super) fn pixels(length: f32) -> usize {
    length.ceil().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Template;

    const BOUNDS: Rect = Rect { x: 20, y: 876, w: 320, h: 36 };

    #[test]
    fn a_pill_hugs_its_text_at_the_left_of_its_bounds() {
        let patch = nickname(portrait(), BOUNDS, "Ada", false).unwrap();
        let text = lettering().line("Ada", Style { size: 20.0, bold: false }).width;
        let width = pixels(text + 24.0).next_multiple_of(2);
        assert_eq!(patch.rect, Rect { w: width, ..BOUNDS });
    }

    #[test]
    fn a_pill_is_never_wider_than_its_bounds() {
        for muted in [false, true] {
            let patch = nickname(portrait(), BOUNDS, &"long ".repeat(50), muted).unwrap();
            assert!(patch.rect.w <= 320 && patch.rect.w > 290, "{:?}", patch.rect);
        }
    }

    #[test]
    fn a_muted_host_has_a_sign_before_the_nickname() {
        let [plain, muted] = [false, true].map(|muted| nickname(portrait(), BOUNDS, "Ada", muted).unwrap());
        assert!((plain.rect.w + 20..=plain.rect.w + 22).contains(&muted.rect.w), "{:?}", muted.rect);
        let white = |patch: &Patch, from: usize, to: usize| {
            let rows = (8..28).flat_map(|row| patch.row(0, row).0[from..to].iter());
            rows.filter(|&&luma| luma > 200).count()
        };
        assert_eq!(white(&plain, 0, 10), 0);
        assert!(white(&muted, 12, 28) > 60, "a microphone of white strokes");
        assert!(white(&muted, 28, 33) < white(&muted, 33, 45), "then a gap, then the name");
    }

    #[test]
    fn nothing_to_write_or_no_room_draws_no_pill() {
        assert_eq!(nickname(portrait(), BOUNDS, " \n", true), None);
        assert_eq!(nickname(portrait(), Rect { w: 4, ..BOUNDS }, "Ada", false), None);
        assert_eq!(notice(portrait(), Rect { x: 0, y: 0, w: 2, h: 2 }, "Ada"), None);
    }

    #[test]
    fn a_notice_is_in_the_middle_of_its_tile() {
        let tile = Rect { x: 360, y: 276, w: 360, h: 644 };
        let rect = notice(portrait(), tile, "Reconnecting…").unwrap().rect;
        assert!((rect.x + rect.right()).abs_diff(tile.x + tile.right()) <= 2, "{rect:?}");
        assert!((rect.y + rect.bottom()).abs_diff(tile.y + tile.bottom()) <= 2, "{rect:?}");
    }

    fn portrait() -> Proportion {
        Template::HostDynamicGrid.proportion(Size { width: 720, height: 1280 })
    }
}
