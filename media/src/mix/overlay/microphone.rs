//! The sign of a microphone that is off.

use tiny_skia::{BlendMode, FillRule, LineCap, PathBuilder, Pixmap, Stroke, Transform};

use super::Rgb;
use super::label::{blank, paint, pixels};

/// Height of the sign, of the size of the text beside it; it is drawn on a grid of 16 by 20.
const HEIGHT: f32 = 1.0;
const GRID: (f32, f32) = (16.0, 20.0);

/// The width that the sign takes beside text of `size` pixels per em, the gap behind it included.
pub(super) fn width(size: f32) -> f32 {
    (size * HEIGHT * (GRID.0 + GAP) / GRID.1).round()
}

/// Between the sign and the text, on the grid.
const GAP: f32 = 5.0;

/// A microphone, crossed out, for text of `size`: capsule, holder, stem, and a stroke that keeps clear of them.
pub(super) fn crossed_out(size: f32, colour: Rgb) -> Option<Pixmap> {
    let scale = size * HEIGHT / GRID.1;
    let mut image = blank(pixels(GRID.0 * scale), pixels(GRID.1 * scale))?;
    let onto = Transform::from_scale(scale, scale);
    let mut colour = paint(colour, 255);
    let line = |width| Stroke { width, line_cap: LineCap::Round, ..Stroke::default() };

    let mut capsule = PathBuilder::new();
    capsule.push_circle(8.0, 4.5, 3.2);
    capsule.push_circle(8.0, 8.5, 3.2);
    capsule.push_rect(tiny_skia::Rect::from_xywh(4.8, 4.5, 6.4, 4.0)?);
    image.fill_path(&capsule.finish()?, &colour, FillRule::Winding, onto, None);

    let mut holder = PathBuilder::new();
    holder.move_to(2.2, 8.5);
    holder.cubic_to(2.2, 16.0, 13.8, 16.0, 13.8, 8.5);
    holder.move_to(8.0, 14.4);
    holder.line_to(8.0, 18.0);
    holder.move_to(5.0, 18.2);
    holder.line_to(11.0, 18.2);
    image.stroke_path(&holder.finish()?, &colour, &line(1.5), onto, None);

    let mut stroke = PathBuilder::new();
    stroke.move_to(1.5, 2.0);
    stroke.line_to(14.5, 17.5);
    let stroke = stroke.finish()?;
    colour.blend_mode = BlendMode::DestinationOut;
    image.stroke_path(&stroke, &colour, &line(4.6), onto, None);
    colour.blend_mode = BlendMode::SourceOver;
    image.stroke_path(&stroke, &colour, &line(1.8), onto, None);
    Some(image)
}
