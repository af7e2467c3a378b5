//! The picture that is painted into: fills, blends, and taking overlays off again.

use crate::frame::{I420, PictureRef, Size};
use crate::kernel::Kernels;
use crate::scene::Rect;

use super::overlay::{Patch, Yuv};

/// One I420 picture. Overlays are blended straight into it; what lay under them is kept aside, so that they come off
/// again without a trace and no picture needs a copy of the whole; only where tiles move from one layout to the next are
/// the pictures of both kept whole.
#[derive(Debug, Clone)]
pub struct Canvas {
    picture: I420,
}

impl Canvas {
    /// A canvas filled with one colour; odd sizes are rounded up to even.
    pub(super) fn new(size: Size, colour: Yuv) -> Self {
        let mut canvas = Self { picture: I420::black(size) };
        canvas.clear(colour);
        canvas
    }

    /// A canvas on which this is painted.
    pub(super) fn of(picture: I420) -> Self {
        Self { picture }
    }

    /// Fills all of it.
    pub(super) fn clear(&mut self, colour: Yuv) {
        self.picture.planes_mut().into_iter().zip(colour.0).for_each(|(plane, value)| plane.fill(value));
    }

    /// What was drawn, without the canvas.
    pub(super) fn into_picture(self) -> I420 {
        self.picture
    }

    /// Its size, even.
    #[must_use]
    pub fn size(&self) -> Size {
        self.picture.size()
    }

    /// The picture as it stands.
    #[must_use]
    pub fn picture(&self) -> PictureRef<'_> {
        self.picture.as_ref()
    }

    /// Y (rows as long as the width), U and V (rows half as long).
    pub(super) fn planes(&mut self) -> [&mut [u8]; 3] {
        self.picture.planes_mut()
    }

    /// Fills an even rectangle.
    pub(super) fn fill(&mut self, rect: Rect, colour: Yuv) {
        self.each_row(rect, |plane, _, row| row.fill(colour.0[plane]));
    }

    /// Lays `colour` over an even rectangle at one alpha, for good.
    pub(super) fn tint(&mut self, kernels: &Kernels, rect: Rect, colour: Yuv, alpha: u8) {
        self.each_row(rect, |plane, _, row| (kernels.tint_row)(row, colour.0[plane], alpha));
    }

    /// Fills an even rectangle in two colours that meet at column `boundary` of it. At an odd boundary the chroma
    /// sample that both share is their mean.
    pub(super) fn split(&mut self, rect: Rect, boundary: usize, left: Yuv, right: Yuv) {
        self.each_row(rect, |plane, _, row| {
            let (a, b) = (left.0[plane], right.0[plane]);
            let at = if plane == 0 { boundary } else { boundary / 2 }.min(row.len());
            row[..at].fill(a);
            row[at..].fill(b);
            if let Some(shared) = row.get_mut(at).filter(|_| plane > 0 && boundary % 2 == 1) {
                *shared = a.midpoint(b);
            }
        });
    }

    /// Blends a patch that lies inside the canvas.
    pub(super) fn blend(&mut self, kernels: &Kernels, patch: &Patch) {
        self.each_row(patch.rect, |plane, i, row| {
            let (values, alpha) = patch.row(plane, i);
            (kernels.blend_row)(row, values, alpha);
        });
    }

    /// Takes an even rectangle over from a canvas of the same size.
    pub(super) fn copy(&mut self, from: &Self, rect: Rect) {
        let width = self.size().width;
        let Rect { x, y, .. } = rect;
        let from = from.picture();
        self.each_row(rect, |plane, i, row| {
            let (plane, by) = [(from.y, 1), (from.u, 2), (from.v, 2)][plane];
            let at = (y / by + i) * (width / by) + x.min(width) / by;
            if let Some(source) = plane.data.get(at..at + row.len()) {
                row.copy_from_slice(source);
            }
        });
    }

    /// Copies an even rectangle into `kept`, in place of what was there.
    pub(super) fn keep(&mut self, rect: Rect, kept: &mut Vec<u8>) {
        kept.clear();
        self.each_row(rect, |_, _, row| kept.extend_from_slice(row));
    }

    /// Puts back what [`Canvas::keep`] took from the same rectangle.
    pub(super) fn put_back(&mut self, rect: Rect, kept: &[u8]) {
        let mut rest = kept;
        self.each_row(rect, |_, _, row| {
            if let Some((first, after)) = rest.split_at_checked(row.len()) {
                row.copy_from_slice(first);
                rest = after;
            }
        });
    }

    /// Blends back what [`Canvas::keep`] took from the same rectangle, as much of it as `alpha` says: of luma, of chroma.
    pub(super) fn blend_back(&mut self, kernels: &Kernels, rect: Rect, kept: &[u8], alpha: &[Vec<u8>; 2]) {
        let mut rest = kept;
        self.each_row(rect, |plane, i, row| {
            let alpha = alpha[plane.min(1)].get(i * row.len()..(i + 1) * row.len());
            if let (Some((values, after)), Some(alpha)) = (rest.split_at_checked(row.len()), alpha) {
                (kernels.blend_row)(row, values, alpha);
                rest = after;
            }
        });
    }

    /// Lays a canvas of the same size over all of it at one alpha.
    pub(super) fn veil(&mut self, kernels: &Kernels, over: &Self, alpha: u8) {
        let alpha = vec![alpha; self.size().width];
        let over = over.picture();
        for (to, from) in self.picture.planes_mut().into_iter().zip([over.y, over.u, over.v]) {
            let rows = to.chunks_exact_mut(from.width.max(1)).zip(from.data.chunks_exact(from.stride.max(1)));
            rows.for_each(|(row, over)| (kernels.blend_row)(row, over, &alpha[..row.len()]));
        }
    }

    /// Visits the rows of an even rectangle, cut to the canvas: plane 0 to 2, row within the rectangle, pixels.
    fn each_row(&mut self, rect: Rect, mut visit: impl FnMut(usize, usize, &mut [u8])) {
        let Size { width, height } = self.size();
        let (left, right) = (rect.x.min(width), rect.right().min(width));
        let (top, bottom) = (rect.y.min(height), rect.bottom().min(height));
        for (plane, data) in self.picture.planes_mut().into_iter().enumerate() {
            let by = if plane == 0 { 1 } else { 2 };
            let rows = data.chunks_exact_mut(width / by).take(bottom / by).skip(top / by);
            for (i, row) in rows.enumerate() {
                visit(plane, i, &mut row[left / by..right / by]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::overlay::Rgb;

    const WHITE: Yuv = Rgb(0xFFFFFF).yuv();
    const BLUE: Yuv = Rgb(0x1C66E5).yuv();

    #[test]
    fn what_is_kept_comes_back_to_the_bit() {
        let mut canvas = Canvas::new(Size { width: 64, height: 48 }, BLUE);
        let before = canvas.picture.clone();
        let rect = Rect { x: 6, y: 10, w: 22, h: 8 };
        let mut kept = Vec::new();
        canvas.keep(rect, &mut kept);
        canvas.tint(&Kernels::pick(None), rect, WHITE, 100);
        assert_ne!(canvas.picture, before);
        canvas.put_back(rect, &kept);
        assert_eq!(canvas.picture, before);
    }

    #[test]
    fn a_rectangle_is_taken_over_from_another_canvas() {
        let size = Size { width: 64, height: 48 };
        let (mut canvas, other, mut expected) =
            (Canvas::new(size, BLUE), Canvas::new(size, WHITE), Canvas::new(size, BLUE));
        for rect in [Rect { x: 6, y: 10, w: 22, h: 8 }, Rect { x: 60, y: 44, w: 30, h: 30 }] {
            canvas.copy(&other, rect);
            expected.fill(rect, WHITE);
        }
        assert_eq!(canvas.picture, expected.picture);
    }

    #[test]
    fn two_colours_meet_at_the_boundary() {
        let mut canvas = Canvas::new(Size { width: 8, height: 2 }, BLUE);
        canvas.split(Rect { x: 0, y: 0, w: 8, h: 2 }, 3, Yuv([10, 100, 20]), Yuv([20, 200, 30]));
        let picture = canvas.picture();
        assert_eq!(picture.y.data[..8], [10, 10, 10, 20, 20, 20, 20, 20]);
        assert_eq!(picture.u.data, [100, 150, 200, 200]);
        assert_eq!(picture.v.data, [20, 25, 30, 30]);
    }

    #[test]
    fn nothing_is_written_beyond_the_canvas() {
        let mut canvas = Canvas::new(Size { width: 8, height: 4 }, BLUE);
        canvas.fill(Rect { x: 6, y: 2, w: 400, h: 400 }, WHITE);
        canvas.fill(Rect { x: 400, y: 400, w: 4, h: 4 }, WHITE);
        assert_eq!(canvas.picture().y.data.iter().filter(|&&luma| luma == 235).count(), 4);
    }
}
