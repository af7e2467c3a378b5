//! A piece of overlay as the canvas blends it.

use std::sync::Arc;

use tiny_skia::{Pixmap, PremultipliedColorU8};

use super::Rgb;
use crate::frame::{Colour, PictureRef, PlaneRef};
use crate::kernel::Kernels;
use crate::mix::Canvas;
use crate::mix::scaler::Scaler;
use crate::scene::{Rect, even};

/// YUV with alpha, on even edges: luma and its alpha at full size, chroma and its alpha at half. A clone has another place
/// and shares the pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mix) struct Patch {
    /// Where it lies on the canvas.
    pub(in crate::mix) rect: Rect,
    planes: Arc<[Vec<u8>; 3]>,
    alpha: Arc<[Vec<u8>; 2]>,
}

impl Patch {
    /// `pixels` (premultiplied) with their top left at an even place; odd sizes gain a clear row or column.
    pub(super) fn new(x: usize, y: usize, pixels: &Pixmap) -> Self {
        let [width, height] = [pixels.width(), pixels.height()].map(|side| side as usize);
        let rect = Rect { x, y, w: width.next_multiple_of(2), h: height.next_multiple_of(2) };
        let (pixels, area) = (pixels.pixels(), rect.w * rect.h);
        let (mut one, mut four) = (Last::clear(), Last::clear());
        let ([luma, u, v], clear) = one.becomes;
        let mut planes = [vec![luma; area], vec![u; area / 4], vec![v; area / 4]];
        let mut alphas = [area, area / 4].map(|area| vec![clear; area]);
        let [y_plane, u_plane, v_plane] = &mut planes;
        let [y_alpha, chroma_alpha] = &mut alphas;
        let rows = pixels.chunks_exact(width.max(1));
        let out = y_plane.chunks_exact_mut(rect.w.max(1)).zip(y_alpha.chunks_exact_mut(rect.w.max(1)));
        for (row, (values, alphas)) in rows.zip(out) {
            for ((pixel, value), to) in row.iter().zip(values).zip(alphas) {
                let (yuv, alpha) = one.straight([*pixel]);
                (*value, *to) = (yuv[0], alpha);
            }
        }
        let half = (rect.w / 2).max(1);
        let out = u_plane.chunks_exact_mut(half).zip(v_plane.chunks_exact_mut(half));
        let out = out.zip(chroma_alpha.chunks_exact_mut(half));
        for (rows, ((u, v), alphas)) in pixels.chunks(2 * width.max(1)).zip(out) {
            let (above, below) = rows.split_at(width);
            let at = |row: &[PremultipliedColorU8], x: usize| row.get(x).copied().unwrap_or(NOTHING);
            for (x, ((u, v), to)) in u.iter_mut().zip(v).zip(alphas).enumerate() {
                // Premultiplied means add up: a clear neighbour takes alpha away, not colour.
                let (left, right) = (2 * x, 2 * x + 1);
                let (yuv, alpha) =
                    four.straight([at(above, left), at(above, right), at(below, left), at(below, right)]);
                (*u, *v, *to) = (yuv[1], yuv[2], alpha);
            }
        }
        Self { rect, planes: planes.into(), alpha: alphas.into() }
    }

    /// A picture of the size of `rect`, as much of it as `mask` covers.
    pub(super) fn of_picture(rect: Rect, picture: PictureRef<'_>, mask: &Pixmap) -> Self {
        let planes = [picture.y, picture.u, picture.v].map(|plane| plane.data.to_vec());
        let luma: Vec<_> = mask.pixels().iter().map(|pixel| pixel.alpha()).collect();
        let at = |x: usize, y: usize| luma.get(y * rect.w + x).copied().map_or(0, u16::from);
        let mut chroma = Vec::with_capacity(luma.len() / 4);
        for y in (0..rect.h).step_by(2) {
            for x in (0..rect.w).step_by(2) {
                let sum = at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1);
                chroma.push(u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX));
            }
        }
        Self { rect, planes: planes.into(), alpha: [luma, chroma].into() }
    }

    /// So much further right and down, both even.
    pub(super) fn moved_by(mut self, right: usize, down: usize) -> Self {
        (self.rect.x, self.rect.y) = (self.rect.x + right, self.rect.y + down);
        self
    }

    /// The same as large as `rect`, and there.
    fn scaled(&self, kernels: &Kernels, rect: Rect) -> Self {
        let [y, u, v] = &*self.planes;
        let [alpha, chroma_alpha] = &*self.alpha;
        let [y, u, v] = self.scaled_planes(kernels, rect, [y, u, v]);
        let [alpha, chroma_alpha, _] = self.scaled_planes(kernels, rect, [alpha, chroma_alpha, chroma_alpha]);
        Self { rect, planes: [y, u, v].into(), alpha: [alpha, chroma_alpha].into() }
    }

    fn scaled_planes(&self, kernels: &Kernels, rect: Rect, [y, u, v]: [&[u8]; 3]) -> [Vec<u8>; 3] {
        let (from, area) = (self.rect, rect.w * rect.h);
        let plane = |data, by: usize| PlaneRef { data, stride: from.w / by, width: from.w / by, height: from.h / by };
        let picture = PictureRef { y: plane(y, 1), u: plane(u, 2), v: plane(v, 2), colour: Colour::default() };
        let mut planes = [vec![0; area], vec![0; area / 4], vec![0; area / 4]];
        let (whole, to) = (Rect { x: 0, y: 0, ..from }, Rect { x: 0, y: 0, ..rect });
        if whole.w * whole.h * area > 0 {
            let out = planes.each_mut().map(Vec::as_mut_slice);
            Scaler::new(whole.size(), to.size(), whole).run(kernels, picture, out, rect.w, to);
        }
        planes
    }

    /// Memory that its pixels take.
    pub(super) fn bytes(&self) -> usize {
        self.planes.iter().chain(self.alpha.iter()).map(Vec::len).sum()
    }

    /// Values and alpha of row `i` of a plane.
    pub(in crate::mix) fn row(&self, plane: usize, i: usize) -> (&[u8], &[u8]) {
        let (width, alpha) = if plane == 0 { (self.rect.w, 0) } else { (self.rect.w / 2, 1) };
        let range = i * width..(i + 1) * width;
        (self.planes[plane].get(range.clone()).unwrap_or(&[]), self.alpha[alpha].get(range).unwrap_or(&[]))
    }
}

/// A clear pixel.
const NOTHING: PremultipliedColorU8 = PremultipliedColorU8::TRANSPARENT;

/// So many pixels that were made one before: most are like them, and a score that counts is made anew for each picture.
struct Last<const COUNT: usize> {
    pixels: [PremultipliedColorU8; COUNT],
    becomes: ([u8; 3], u8),
}

impl<const COUNT: usize> Last<COUNT> {
    fn clear() -> Self {
        let (colour, alpha) = straight([0; 4], 1);
        Self { pixels: [NOTHING; COUNT], becomes: (colour.yuv().0, alpha) }
    }

    /// See [`straight`].
    #[inline]
    fn straight(&mut self, pixels: [PremultipliedColorU8; COUNT]) -> ([u8; 3], u8) {
        if pixels != self.pixels {
            let channels = pixels.map(|pixel| [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()].map(u32::from));
            let sums = channels.iter().fold([0; 4], |sums: [u32; 4], pixel| [0, 1, 2, 3].map(|i| sums[i] + pixel[i]));
            let (colour, alpha) = straight(sums, channels.iter().map(|_| 1).sum());
            *self = Self { pixels, becomes: (colour.yuv().0, alpha) };
        }
        self.becomes
    }
}

/// The sum of `count` premultiplied pixels as a colour and its mean alpha, both rounded.
fn straight([red, green, blue, alpha]: [u32; 4], count: u32) -> (Rgb, u8) {
    if alpha == 0 {
        return (Rgb(0), 0);
    }
    let channel = |value: u32| ((value * 255 + alpha / 2) / alpha).min(255);
    let mean = u8::try_from((alpha + count / 2) / count).unwrap_or(255);
    (Rgb(channel(red) << 16 | channel(green) << 8 | channel(blue)), mean)
}

/// A patch together with what it covers while it lies on the canvas.
#[derive(Debug)]
pub(in crate::mix) struct Layer {
    patch: Patch,
    /// Where it lies, and how large.
    place: Rect,
    under: Vec<u8>,
}

impl Layer {
    /// As large as it was drawn, and there.
    pub(in crate::mix) fn new(patch: Patch) -> Self {
        Self { place: patch.rect, patch, under: Vec::new() }
    }

    /// Where it lies.
    pub(in crate::mix) fn rect(&self) -> Rect {
        self.place
    }

    /// Gives it another place, of even edges, and the size that it was drawn in; only while it is off the canvas.
    pub(in crate::mix) fn move_to(&mut self, x: usize, y: usize) {
        self.place = Rect { x, y, ..self.patch.rect };
    }

    /// Moves it to the middle of `tile`; only while it is off the canvas.
    pub(in crate::mix) fn centre_in(&mut self, tile: Rect) {
        let Rect { w, h, .. } = self.patch.rect;
        self.move_to(tile.x + even(tile.w.saturating_sub(w) / 2), tile.y + even(tile.h.saturating_sub(h) / 2));
    }

    /// Scales it into a place of even edges; only while it is off the canvas.
    pub(in crate::mix) fn fill(&mut self, place: Rect) {
        self.place = place;
    }

    /// Lays it on the canvas.
    pub(in crate::mix) fn cover(&mut self, kernels: &Kernels, canvas: &mut Canvas) {
        canvas.keep(self.place, &mut self.under);
        if self.place.size() == self.patch.rect.size() {
            self.patch.rect = self.place;
            canvas.blend(kernels, &self.patch);
        } else {
            canvas.blend(kernels, &self.patch.scaled(kernels, self.place));
        }
    }

    /// Takes it off again; the last one laid comes off first.
    pub(in crate::mix) fn uncover(&self, canvas: &mut Canvas) {
        canvas.put_back(self.place, &self.under);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::kernel::Level;
    use crate::mix::overlay::Yuv;

    #[test]
    fn an_opaque_patch_covers_and_comes_off_without_a_trace() {
        let mut pixels = Pixmap::new(6, 4).unwrap();
        pixels.fill(tiny_skia::Color::from_rgba8(0x1C, 0x66, 0xE5, 255));
        let mut layer = Layer::new(Patch::new(2, 2, &pixels));
        let mut canvas = Canvas::new(Size { width: 16, height: 8 }, Yuv([50, 60, 70]));
        let before = canvas.picture().y.data.to_vec();
        for _ in 0..3 {
            layer.cover(&Kernels::new(Level::Scalar), &mut canvas);
            let [y, u, v] = Rgb(0x1C66E5).yuv().0;
            assert_eq!(canvas.picture().y.data[2 * 16..][..10], [50, 50, y, y, y, y, y, y, 50, 50]);
            assert_eq!(canvas.picture().u.data[8..][..5], [60, u, u, u, 60]);
            assert_eq!(canvas.picture().v.data[8..][..5], [70, v, v, v, 70]);
            layer.uncover(&mut canvas);
            assert_eq!(canvas.picture().y.data, before);
        }
    }

    #[test]
    fn a_layer_fills_another_place_with_the_same_picture_and_comes_off_it() {
        let mut pixels = Pixmap::new(8, 4).unwrap();
        pixels.fill(tiny_skia::Color::from_rgba8(0x1C, 0x66, 0xE5, 255));
        let mut layer = Layer::new(Patch::new(2, 2, &pixels));
        let [luma, chroma, _] = Rgb(0x1C66E5).yuv().0;
        for place in [Rect { x: 4, y: 0, w: 4, h: 2 }, Rect { x: 0, y: 0, w: 16, h: 8 }] {
            let mut canvas = Canvas::new(Size { width: 16, height: 8 }, Yuv([50, 60, 70]));
            layer.fill(place);
            layer.cover(&Kernels::new(Level::Scalar), &mut canvas);
            let (all, half) = (place.w * place.h, place.w * place.h / 4);
            let of = |plane: &[u8], value: u8| plane.iter().filter(|found| **found == value).count();
            assert_eq!((of(canvas.picture().y.data, luma), of(canvas.picture().u.data, chroma)), (all, half));
            assert_eq!(layer.rect(), place);
            layer.uncover(&mut canvas);
            assert_eq!(of(canvas.picture().y.data, 50), 128);
        }
        layer.move_to(6, 2);
        assert_eq!(layer.rect(), Rect { x: 6, y: 2, w: 8, h: 4 });
    }

    #[test]
    fn chroma_of_a_half_covered_block_keeps_the_colour_and_halves_the_alpha() {
        let mut pixels = Pixmap::new(1, 2).unwrap();
        pixels.fill(tiny_skia::Color::from_rgba8(255, 0, 0, 255));
        let patch = Patch::new(0, 0, &pixels);
        assert_eq!(patch.rect, Rect { x: 0, y: 0, w: 2, h: 2 });
        assert_eq!(patch.row(0, 0).1, [255, 0]);
        assert_eq!((patch.row(1, 0).0, patch.row(1, 0).1), (&[90][..], &[128][..]));
        assert_eq!(patch.row(2, 0).0, [240]);
    }
}
