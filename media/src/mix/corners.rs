//! The round corners of a tile, which show what lies below.
//!
//! A tile that stands has its corners beside the canvas: there, in their squares, is what lies below, so that each tile can be
//! painted by itself. They are laid over it as overlays are, when a picture is made.

use super::canvas::Canvas;
use crate::kernel::Kernels;
use crate::scene::Rect;

/// Corners of one radius, by corner: upper left, upper right, lower left, lower right.
#[derive(Debug, Clone)]
pub(super) struct Corners {
    radius: usize,
    /// Luma and chroma: how much of what lies below is seen.
    alpha: [[Vec<u8>; 2]; 4],
    /// What the tile shows there, whole; nothing before it was first drawn.
    own: [Vec<u8>; 4],
    /// What lies below, while anything else is on the canvas there.
    kept: [Vec<u8>; 4],
}

impl Corners {
    /// Quarters of a circle of `radius` pixels, even.
    pub(super) fn new(radius: usize) -> Self {
        let luma = |left: bool, upper: bool| {
            let from_corner = |at: usize, near: bool| if near { at } else { radius - 1 - at };
            let rows = (0..radius).map(move |y| from_corner(y, upper));
            rows.flat_map(move |y| (0..radius).map(move |x| outside(radius, from_corner(x, left), y))).collect()
        };
        let both = |luma: Vec<u8>| {
            let chroma = chroma(&luma, radius);
            [luma, chroma]
        };
        let alpha =
            [(true, true), (false, true), (true, false), (false, false)].map(|(left, upper)| both(luma(left, upper)));
        Self { radius, alpha, own: Default::default(), kept: Default::default() }
    }

    /// Whether they are of this radius.
    pub(super) fn fit(&self, radius: usize) -> bool {
        self.radius == radius
    }

    /// The squares that hold them, in a tile at `rect`.
    pub(super) fn squares(&self, rect: Rect) -> [Rect; 4] {
        let r = self.radius;
        let (right, lower) = (rect.right().saturating_sub(r), rect.bottom().saturating_sub(r));
        [(rect.x, rect.y), (right, rect.y), (rect.x, lower), (right, lower)].map(|(x, y)| Rect { x, y, w: r, h: r })
    }

    /// Before a tile is drawn at `rect`.
    pub(super) fn keep(&mut self, canvas: &mut Canvas, rect: Rect) {
        for (square, kept) in self.squares(rect).into_iter().zip(&mut self.kept) {
            canvas.keep(square, kept);
        }
    }

    /// After it was drawn there, for good.
    pub(super) fn cut(&self, kernels: &Kernels, canvas: &mut Canvas, rect: Rect) {
        for ((square, kept), alpha) in self.squares(rect).into_iter().zip(&self.kept).zip(&self.alpha) {
            canvas.blend_back(kernels, square, kept, alpha);
        }
    }

    /// Has `draw` change what the tile shows at `rect`, and nothing of what lies below.
    pub(super) fn spare(&mut self, canvas: &mut Canvas, rect: Rect, draw: impl FnOnce(&mut Canvas)) {
        self.keep(canvas, rect);
        let squares = self.squares(rect);
        squares.into_iter().zip(&self.own).for_each(|(square, own)| canvas.put_back(square, own));
        draw(canvas);
        squares.into_iter().zip(&mut self.own).for_each(|(square, own)| canvas.keep(square, own));
        squares.into_iter().zip(&self.kept).for_each(|(square, kept)| canvas.put_back(square, kept));
    }

    /// Lays one corner over what lies below.
    pub(super) fn cover(&mut self, kernels: &Kernels, canvas: &mut Canvas, corner: usize, square: Rect) {
        canvas.keep(square, &mut self.kept[corner]);
        canvas.put_back(square, &self.own[corner]);
        canvas.blend_back(kernels, square, &self.kept[corner], &self.alpha[corner]);
    }

    /// Takes them off again.
    pub(super) fn uncover(&self, canvas: &mut Canvas, rect: Rect) {
        self.squares(rect).into_iter().zip(&self.kept).rev().for_each(|(square, kept)| canvas.put_back(square, kept));
    }
}

/// How much of the pixel at `x`, `y` from the corner is outside the circle, 0 to 255: by the distance of its middle, which
/// is within a few hundredths of the area.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels of a canvas, and a share of 255"
)]
fn outside(radius: usize, x: usize, y: usize) -> u8 {
    let from_middle = |at: usize| radius as f64 - (at as f64 + 0.5);
    let (dx, dy) = (from_middle(x), from_middle(y));
    let share = ((dx * dx + dy * dy).sqrt() - radius as f64 + 0.5).clamp(0.0, 1.0);
    (share * 255.0).round() as u8
}

/// The mean of each two by two.
fn chroma(luma: &[u8], radius: usize) -> Vec<u8> {
    let at = |x: usize, y: usize| u32::from(luma[y * radius + x]);
    let mean = |x: usize, y: usize| (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1) + 2) / 4;
    let rows = (0..radius / 2).map(|y| 2 * y);
    rows.flat_map(|y| (0..radius / 2).map(move |x| u8::try_from(mean(2 * x, y)).unwrap_or(255))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::kernel::Level;
    use crate::mix::overlay::Yuv;

    #[test]
    fn what_lay_in_the_corners_comes_back_and_the_rest_stays() {
        let (under, over) = (Yuv([50, 60, 70]), Yuv([200, 160, 90]));
        let rect = Rect { x: 8, y: 4, w: 40, h: 30 };
        for level in Level::ALL {
            let mut canvas = Canvas::new(Size { width: 64, height: 48 }, under);
            let mut corners = Corners::new(14);
            corners.keep(&mut canvas, rect);
            canvas.fill(rect, over);
            corners.cut(&Kernels::new(level), &mut canvas, rect);
            let luma = |x: usize, y: usize| canvas.picture().y.data[y * 64 + x];
            let ends = [(8, 4), (47, 4), (8, 33), (47, 33)].map(|(x, y)| luma(x, y));
            assert_eq!(ends, [50; 4], "{level}");
            assert_eq!([luma(8, 18), luma(28, 4), luma(47, 18), luma(28, 33), luma(12, 8)], [200; 5], "{level}");
            // Mirror images of each other.
            let row = |y: usize| (8..48).map(|x| luma(x, y)).collect::<Vec<_>>();
            let turned: Vec<_> = row(5).into_iter().rev().collect();
            assert_eq!((&row(5), &row(5)), (&turned, &row(32)));
            assert_eq!((canvas.picture().u.data[2 * 32 + 4], canvas.picture().v.data[9 * 32 + 14]), (60, 90));
        }
    }
}
