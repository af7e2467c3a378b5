//! Scales a picture into a rectangle: the part of it that its tile shows, rows from the decoder's planes to the canvas.
//!
//! Touches per frame: the cropped source once, the rectangle once; the row between stays in the first cache. A source of
//! other colours than the canvas's costs the rectangle once more.

use super::plane::PlaneScaler;
use crate::frame::{PictureRef, PlaneRef, Size};
use crate::kernel::Kernels;
use crate::kernel::recolour::Recolour;
use crate::kernel::rows::{Rows, RowsMut};
use crate::scene::{Fit, Rect, even};

/// Everything prepared to bring one part of pictures of one size into rectangles of one size.
#[derive(Debug)]
pub(super) struct Scaler {
    src: Size,
    dst: Size,
    crop: Rect,
    luma: PlaneScaler,
    chroma: PlaneScaler,
    /// One row of what chroma adds to luma where colours are converted.
    shift: Vec<i16>,
}

impl Scaler {
    /// `src` even and at least 2×2, `dst` even, `crop` even and inside `src`.
    pub(super) fn new(src: Size, dst: Size, crop: Rect) -> Self {
        let half = |size: Size| Size { width: size.width / 2, height: size.height / 2 };
        let luma = PlaneScaler::new(crop.size(), dst);
        let chroma = PlaneScaler::new(half(crop.size()), half(dst));
        Self { src, dst, crop, luma, chroma, shift: Vec::new() }
    }

    /// Whether it was made for these.
    pub(super) fn fits(&self, src: Size, dst: Size, crop: Rect) -> bool {
        (self.src, self.dst, self.crop) == (src, dst, crop)
    }

    /// Scales all planes of `picture` into `rect` of a canvas whose luma rows are `width` long, and gives them the canvas's
    /// colours where they have others.
    pub(super) fn run(
        &mut self,
        kernels: &Kernels,
        picture: PictureRef<'_>,
        canvas: [&mut [u8]; 3],
        width: usize,
        rect: Rect,
    ) {
        let [y, u, v] = canvas;
        let Rect { x: left, y: top, .. } = self.crop;
        let to = RowsMut::new(&mut y[rect.y * width + rect.x..], width);
        self.luma.run(kernels, part(picture.y, left, top), to);
        let at = rect.y / 2 * (width / 2) + rect.x / 2;
        for (plane, dst) in [(picture.u, &mut *u), (picture.v, &mut *v)] {
            self.chroma.run(kernels, part(plane, left / 2, top / 2), RowsMut::new(&mut dst[at..], width / 2));
        }
        if let Some(by) = Recolour::of(picture.colour) {
            self.recolour(kernels, &by, [y, u, v], width, rect);
        }
    }

    /// Touches the rectangle once more, while it is in the cache.
    fn recolour(&mut self, kernels: &Kernels, by: &Recolour, canvas: [&mut [u8]; 3], width: usize, rect: Rect) {
        let [y, u, v] = canvas;
        self.shift.resize(rect.w / 2, 0);
        for row in 0..rect.h / 2 {
            let at = (rect.y / 2 + row) * (width / 2) + rect.x / 2;
            let (u, v) = (&mut u[at..][..rect.w / 2], &mut v[at..][..rect.w / 2]);
            (kernels.recolour_chroma)(u, v, &mut self.shift, by);
            for row in [2 * row, 2 * row + 1] {
                (kernels.recolour_luma)(&mut y[(rect.y + row) * width + rect.x..][..rect.w], &self.shift, by);
            }
        }
    }
}

/// The even size of a picture that can be read: odd sizes lose a pixel. `None` when there is nothing to show or a
/// plane is shorter than it says.
pub(super) fn readable(picture: &PictureRef<'_>) -> Option<Size> {
    let size = Size { width: picture.y.width & !1, height: picture.y.height & !1 };
    let holds = |plane: &PlaneRef<'_>, width: usize, height: usize| {
        let rows = plane.stride.checked_mul(height.checked_sub(1)?)?;
        let fits = plane.width >= width && plane.height >= height && plane.stride >= width;
        (width > 0 && fits && rows.checked_add(width)? <= plane.data.len()).then_some(())
    };
    holds(&picture.y, size.width, size.height)?;
    holds(&picture.u, size.width / 2, size.height / 2)?;
    holds(&picture.v, size.width / 2, size.height / 2)?;
    Some(size)
}

/// Which part of a picture of size `src` goes where in a tile at `rect`; all edges even.
#[must_use]
pub fn placed(fit: Fit, src: Size, rect: Rect) -> (Rect, Rect) {
    let whole = Rect { x: 0, y: 0, w: src.width, h: src.height };
    match fit {
        Fit::Cover => (cover(src, rect.size()), rect),
        Fit::Fill => (whole, rect),
        Fit::Contain => {
            // The largest part of the tile with the picture's shape.
            let part = cover(rect.size(), src);
            (whole, Rect { x: rect.x + part.x, y: rect.y + part.y, ..part })
        }
    }
}

/// Pixels that even edges may be off; what would lose no more is shown whole.
const EDGE: usize = 2;

/// The largest part of `src` with the shape of `dst`, around the centre, all edges even.
fn cover(src: Size, dst: Size) -> Rect {
    let (mut w, mut h) = (src.width, src.height);
    if src.width * dst.height > dst.width * src.height {
        w = even(src.height * dst.width / dst.height.max(1)).max(2);
    } else {
        h = even(src.width * dst.height / dst.width.max(1)).max(2);
    }
    let whole = |part: usize, all: usize| if part + EDGE >= all { all } else { part };
    let (w, h) = (whole(w, src.width), whole(h, src.height));
    Rect { x: even((src.width - w) / 2), y: even((src.height - h) / 2), w, h }
}

fn part(plane: PlaneRef<'_>, left: usize, top: usize) -> Rows<'_> {
    Rows::new(&plane.data[top * plane.stride + left..], plane.stride)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Colour, I420, Matrix};
    use crate::kernel::Level;

    #[test]
    fn cover_takes_the_middle() {
        let size = |width, height| Size { width, height };
        assert_eq!(cover(size(1280, 720), size(360, 644)), Rect { x: 438, y: 0, w: 402, h: 720 });
        assert_eq!(cover(size(720, 1280), size(360, 360)), Rect { x: 0, y: 280, w: 720, h: 720 });
        assert_eq!(cover(size(16, 16), size(720, 1280)), Rect { x: 4, y: 0, w: 8, h: 16 });
        for width in [426, 428] {
            assert_eq!(cover(size(640, 360), size(width, 240)), Rect { x: 0, y: 0, w: 640, h: 360 }, "all but a pixel");
        }
        assert_eq!(cover(size(640, 360), size(422, 240)), Rect { x: 4, y: 0, w: 632, h: 360 });
    }

    #[test]
    fn a_flat_picture_stays_flat_at_every_size_and_level() {
        for (src_width, src_height) in [(2, 2), (16, 16), (18, 400), (402, 720), (1280, 720), (1920, 1080)] {
            let src = Size { width: src_width, height: src_height };
            let mut picture = I420::black(src);
            for (plane, value) in picture.planes_mut().into_iter().zip([90, 60, 200]) {
                plane.fill(value);
            }
            for (w, h) in [(2, 2), (16, 30), (240, 240), (360, 644)] {
                let rect = Rect { x: 2, y: 4, w, h };
                for level in Level::ALL {
                    let mut canvas = I420::black(Size { width: w + 4, height: h + 8 });
                    let kernels = Kernels::new(level);
                    scaler(src, rect).run(&kernels, picture.as_ref(), canvas.planes_mut(), w + 4, rect);
                    assert!(shows(&canvas, rect, [90, 60, 200]), "{src:?} to {rect:?} at {level}");
                }
            }
        }
    }

    #[test]
    fn the_centre_of_the_source_is_the_centre_of_the_tile() {
        // A ramp from left to right: its middle value must land in the middle, whatever the scale.
        let src = Size { width: 512, height: 512 };
        let mut picture = I420::black(src);
        for row in picture.planes_mut()[0].chunks_mut(512) {
            row.iter_mut().enumerate().for_each(|(x, value)| *value = u8::try_from(x / 2).unwrap());
        }
        for w in [64, 100, 240, 360, 512, 720] {
            let rect = Rect { x: 0, y: 0, w, h: w };
            let mut canvas = I420::black(rect.size());
            scaler(src, rect).run(&Kernels::pick(None), picture.as_ref(), canvas.planes_mut(), w, rect);
            let row = &canvas.as_ref().y.data[..w];
            let middle = (i32::from(row[w / 2 - 1]) + i32::from(row[w / 2])) / 2;
            assert!((middle - 127).abs() <= 1, "{w}: {middle}");
            let ends = i32::from(row[0]) + i32::from(row[w - 1]);
            assert!((ends - 255).abs() <= 1, "{w}: {ends}");
        }
    }

    #[test]
    fn other_colours_become_the_canvas_s_inside_the_rectangle_alone() {
        let src = Size { width: 64, height: 64 };
        let mut picture = I420::black(src);
        // Full-range BT.709 of the green (0, 204, 0).
        for (plane, value) in picture.planes_mut().into_iter().zip([146, 49, 35]) {
            plane.fill(value);
        }
        let colour = Colour { matrix: Matrix::Bt709, full_range: true };
        let rect = Rect { x: 2, y: 4, w: 38, h: 22 };
        for level in Level::ALL {
            let mut canvas = I420::black(Size { width: 44, height: 30 });
            let source = PictureRef { colour, ..picture.as_ref() };
            scaler(src, rect).run(&Kernels::new(level), source, canvas.planes_mut(), 44, rect);
            assert!(shows(&canvas, rect, [119, 68, 53]), "{level}: {:?}", canvas.as_ref().y.data[4 * 44 + 2]);
        }
    }

    #[test]
    fn a_picture_shorter_than_it_says_is_not_read() {
        let picture = I420::black(Size { width: 64, height: 64 });
        let mut short = picture.as_ref();
        assert_eq!(readable(&short), Some(Size { width: 64, height: 64 }));
        short.v.data = &short.v.data[1..];
        assert_eq!(readable(&short), None);
        let mut odd = picture.as_ref();
        (odd.y.width, odd.y.height) = (63, 61);
        assert_eq!(readable(&odd), Some(Size { width: 62, height: 60 }));
        odd.y.width = 1;
        assert_eq!(readable(&odd), None);
    }

    #[test]
    fn contain_shows_the_whole_picture_and_fill_the_whole_tile() {
        let rect = Rect { x: 10, y: 20, w: 360, h: 644 };
        let whole = Rect { x: 0, y: 0, w: 1280, h: 720 };
        let src = whole.size();
        assert_eq!(placed(Fit::Contain, src, rect), (whole, Rect { x: 10, y: 20 + 220, w: 360, h: 202 }));
        assert_eq!(placed(Fit::Fill, src, rect), (whole, rect));
        assert_eq!(placed(Fit::Cover, src, rect), (cover(src, rect.size()), rect));
        let upright = Rect { w: 720, h: 1280, ..whole };
        let wide = Rect { x: 0, y: 0, w: 640, h: 360 };
        assert_eq!(placed(Fit::Contain, upright.size(), wide), (upright, Rect { x: 218, y: 0, w: 202, h: 360 }));
    }

    fn scaler(src: Size, rect: Rect) -> Scaler {
        Scaler::new(src, rect.size(), cover(src, rect.size()))
    }

    /// Black, but for one colour in `rect`.
    fn shows(canvas: &I420, rect: Rect, [y, u, v]: [u8; 3]) -> bool {
        let picture = canvas.as_ref();
        let inside = |plane: PlaneRef<'_>, value: u8, outside: u8, by: usize| {
            plane.data.iter().enumerate().all(|(i, &byte)| {
                let (x, y) = (i % plane.stride * by, i / plane.stride * by);
                let within = x >= rect.x && x < rect.right() && y >= rect.y && y < rect.bottom();
                byte == if within { value } else { outside }
            })
        };
        inside(picture.y, y, 16, 1) && inside(picture.u, u, 128, 2) && inside(picture.v, v, 128, 2)
    }
}
