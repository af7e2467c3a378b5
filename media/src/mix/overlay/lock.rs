//! The sign of a seat that is locked.

use tiny_skia::{BlendMode, FillRule, PathBuilder, Pixmap, Stroke, Transform};

use super::Rgb;
use super::label::{blank, paint, pixels};

/// It is drawn on a grid of this size, as high as text of the size that is asked for.
const GRID: (f32, f32) = (18.0, 22.0);

/// A closed padlock, `size` pixels high.
pub(super) fn lock(size: f32, colour: Rgb) -> Option<Pixmap> {
    let scale = size / GRID.1;
    let mut image = blank(pixels(GRID.0 * scale), pixels(GRID.1 * scale))?;
    let onto = Transform::from_scale(scale, scale);
    let mut colour = paint(colour, 255);

    let mut shackle = PathBuilder::new();
    shackle.move_to(4.5, 11.0);
    shackle.line_to(4.5, 6.5);
    shackle.cubic_to(4.5, 0.0, 13.5, 0.0, 13.5, 6.5);
    shackle.line_to(13.5, 11.0);
    image.stroke_path(&shackle.finish()?, &colour, &Stroke { width: 2.4, ..Stroke::default() }, onto, None);

    let mut body = PathBuilder::new();
    let (left, top, right, bottom, round) = (1.0, 9.5, 17.0, 21.0, 2.0);
    body.move_to(left + round, top);
    body.line_to(right - round, top);
    body.quad_to(right, top, right, top + round);
    body.line_to(right, bottom - round);
    body.quad_to(right, bottom, right - round, bottom);
    body.line_to(left + round, bottom);
    body.quad_to(left, bottom, left, bottom - round);
    body.line_to(left, top + round);
    body.quad_to(left, top, left + round, top);
    body.close();
    image.fill_path(&body.finish()?, &colour, FillRule::Winding, onto, None);

    let mut hole = PathBuilder::new();
    hole.push_circle(9.0, 14.2, 1.7);
    hole.push_rect(tiny_skia::Rect::from_xywh(8.2, 14.2, 1.6, 4.0)?);
    colour.blend_mode = BlendMode::DestinationOut;
    image.fill_path(&hole.finish()?, &colour, FillRule::Winding, onto, None);
    Some(image)
}
