//! The ring around the avatar of who is heard: a line close to the disc, and a halo that grows with the voice.

use tiny_skia::{FillRule, PathBuilder, Pixmap, Transform};

use super::label::{blank, paint, pixels, px};
use super::{Patch, Rgb};
use crate::mix::Loudness;
use crate::mix::theme::colours;
use crate::scene::{Rect, even};

/// Between the disc and the line, the line, and the halo of each step, of the disc's diameter: 15 of the 16 pixels that a
/// voice cell has above its disc of 112.
const GAP: f32 = 0.03;
const LINE: f32 = 0.03;
const HALO: f32 = 0.018;
/// Thinner lines are lost in the encoder.
const LINE_MIN: f32 = 2.0;

const HALO_ALPHA: u8 = 140;

/// Rings that were drawn: all avatars of one size share them, and a voice that rises again draws nothing anew.
#[derive(Debug, Default)]
pub(in crate::mix) struct Rings(Vec<(Shape, Patch)>);

/// Rings that are kept: all steps of four sizes, which is more than any layout has.
const RINGS_MAX: usize = 4 * Loudness::STEPS as usize;

/// What decides the pixels: the disc within its square, and the step.
type Shape = (Rect, usize, usize, Loudness);

impl Rings {
    /// The ring around a disc, no pixel of it outside `bounds` (even). `None` for silence, or when there is no room at all.
    pub(in crate::mix) fn ring(&mut self, disc: Rect, bounds: Rect, loudness: Loudness) -> Option<Patch> {
        let square = ring_square(disc, bounds)?;
        let within = Rect { x: disc.x - square.x, y: disc.y - square.y, ..disc };
        let shape = (within, square.w, square.h, loudness);
        let known = self.0.iter().find(|(known, _)| *known == shape).map(|(_, patch)| patch.clone());
        let mut patch = match known {
            Some(known) => known,
            None => {
                let drawn = draw(shape)?;
                if self.0.len() == RINGS_MAX {
                    self.0.clear();
                }
                self.0.push((shape, drawn.clone()));
                drawn
            }
        };
        patch.rect = square;
        Some(patch)
    }
}

/// All that a ring around `disc` may change, whatever the step.
pub(in crate::mix) fn ring_square(disc: Rect, bounds: Rect) -> Option<Rect> {
    if disc.common(bounds)? != disc {
        return None;
    }
    let reach = pixels(outer(disc.w, Loudness::new(Loudness::STEPS)) - px(disc.w) / 2.0);
    let low = |at: usize, from: usize| even(at.saturating_sub(reach)).max(from);
    let high = |at: usize, to: usize| (at + reach).next_multiple_of(2).min(to);
    let (x, y) = (low(disc.x, bounds.x), low(disc.y, bounds.y));
    Some(Rect { x, y, w: high(disc.right(), bounds.right()) - x, h: high(disc.bottom(), bounds.bottom()) - y })
}

fn draw((disc, width, height, loudness): Shape) -> Option<Patch> {
    if loudness == Loudness::SILENT {
        return None;
    }
    let mut image = blank(width, height)?;
    let (inner, line) = (px(disc.w) * (0.5 + GAP), line(disc.w));
    let middle = (px(disc.x) + px(disc.w) / 2.0, px(disc.y) + px(disc.h) / 2.0);
    annulus(&mut image, middle, (line, outer(disc.w, loudness)), (colours().halo, HALO_ALPHA))?;
    annulus(&mut image, middle, (inner, line), (colours().ring, 255))?;
    Some(Patch::new(0, 0, &image))
}

/// The line's outer radius.
fn line(diameter: usize) -> f32 {
    px(diameter) * (0.5 + GAP) + (px(diameter) * LINE).max(LINE_MIN)
}

/// The halo's outer radius.
fn outer(diameter: usize, loudness: Loudness) -> f32 {
    line(diameter) + px(diameter) * HALO * f32::from(loudness.step())
}

fn annulus(
    image: &mut Pixmap,
    (x, y): (f32, f32),
    (inner, outer): (f32, f32),
    (colour, alpha): (Rgb, u8),
) -> Option<()> {
    let mut path = PathBuilder::new();
    path.push_circle(x, y, outer);
    path.push_circle(x, y, inner);
    image.fill_path(&path.finish()?, &paint(colour, alpha), FillRule::EvenOdd, Transform::identity(), None);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISC: Rect = Rect { x: 34, y: 16, w: 112, h: 112 };
    const CELL: Rect = Rect { x: 0, y: 0, w: 180, h: 200 };

    /// Alpha in the row through the disc's middle, from the left edge of the cell to the disc's.
    fn left_of_disc(patch: &Patch) -> Vec<u8> {
        let alpha = patch.row(0, DISC.y + DISC.h / 2 - patch.rect.y).1;
        alpha[..DISC.x - patch.rect.x].to_vec()
    }

    #[test]
    fn a_ring_keeps_clear_of_the_disc_and_grows_with_each_step() {
        let mut rings = Rings::default();
        let mut before = 0;
        for step in 1..=Loudness::STEPS {
            let patch = rings.ring(DISC, CELL, Loudness::new(step)).unwrap();
            assert_eq!(patch.rect, Rect { x: 18, y: 0, w: 144, h: 144 }, "the same square for each step");
            let alpha = left_of_disc(&patch);
            assert_eq!(alpha[alpha.len() - 2..], [0; 2], "a gap");
            let covered = alpha.iter().filter(|alpha| **alpha > 0).count();
            assert!(covered > before, "step {step}: {covered} pixels after {before}");
            before = covered;
        }
        assert_eq!(rings.ring(DISC, CELL, Loudness::SILENT), None);
    }

    #[test]
    fn no_pixel_leaves_the_bounds_and_every_edge_is_even() {
        let mut rings = Rings::default();
        for (disc, bounds) in [
            (Rect { x: 35, y: 1, w: 111, h: 111 }, CELL),
            (Rect { x: 2, y: 2, w: 4, h: 4 }, Rect { x: 2, y: 2, w: 4, h: 4 }),
            (Rect { x: 576, y: 278, w: 112, h: 112 }, Rect { x: 540, y: 276, w: 180, h: 200 }),
        ] {
            let rect = rings.ring(disc, bounds, Loudness::new(4)).unwrap().rect;
            assert_eq!(rect.common(bounds), Some(rect));
            assert!([rect.x, rect.y, rect.w, rect.h].iter().all(|edge| edge % 2 == 0), "{rect:?}");
        }
        assert_eq!(rings.ring(DISC, Rect { x: 0, y: 0, w: 20, h: 20 }, Loudness::new(1)), None);
    }

    #[test]
    fn all_discs_of_a_size_share_their_rings_and_the_number_kept_is_bounded() {
        let mut rings = Rings::default();
        for i in 0..12 {
            let (x, y) = (i % 4 * 180, i / 4 * 200);
            let (disc, cell) = (Rect { x: x + 34, y: y + 16, ..DISC }, Rect { x, y, ..CELL });
            assert_eq!(rings.ring(disc, cell, Loudness::new(2)).unwrap().rect, Rect { x: x + 18, y, w: 144, h: 144 });
        }
        assert_eq!(rings.0.len(), 1);
        for w in (20..100).step_by(2) {
            rings.ring(Rect { w, h: w, ..DISC }, CELL, Loudness::new(2)).unwrap();
            assert!(rings.0.len() <= RINGS_MAX);
        }
    }
}
