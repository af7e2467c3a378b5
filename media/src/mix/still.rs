//! The picture of one tile, kept aside while tiles move: each step of the way draws it anew.

use super::canvas::Canvas;
use crate::frame::{Colour, I420, PictureRef, PlaneRef, Size};
use crate::scene::Rect;

/// A host's last frame, whole; or what the canvas showed in its place.
#[derive(Debug)]
pub(super) struct Still {
    picture: I420,
    colour: Colour,
    /// It was dimmed when it was taken from the canvas.
    pub(super) dimmed: bool,
    /// It is what the tile shows, not a frame that is still to be fitted into it.
    pub(super) fitted: bool,
}

impl Still {
    /// A frame as it came, of which `size` is readable. The memory of the one before is used again where it fits.
    pub(super) fn of(picture: PictureRef<'_>, size: Size, before: Option<Self>) -> Self {
        let fitting = before.map(|still| still.picture).filter(|picture| picture.size() == size);
        let mut copy = fitting.unwrap_or_else(|| I420::black(size));
        let half = Size { width: size.width / 2, height: size.height / 2 };
        let sizes = [size, half, half];
        for ((to, from), size) in copy.planes_mut().into_iter().zip([picture.y, picture.u, picture.v]).zip(sizes) {
            copy_plane(to, from, size);
        }
        Self { picture: copy, colour: picture.colour, dimmed: false, fitted: false }
    }

    /// What an even rectangle of the canvas shows.
    pub(super) fn of_canvas(canvas: &Canvas, rect: Rect, dimmed: bool) -> Self {
        let picture = canvas.picture();
        let part = |plane: PlaneRef<'_>, by: usize| {
            let (width, height) = (rect.w / by, rect.h / by);
            let rows = plane.data.chunks_exact(plane.stride.max(1)).skip(rect.y / by).take(height);
            rows.flat_map(|row| row[rect.x / by..][..width].iter().copied()).collect::<Vec<_>>()
        };
        let mut copy = I420::black(rect.size());
        let parts = [part(picture.y, 1), part(picture.u, 2), part(picture.v, 2)];
        for (to, from) in copy.planes_mut().into_iter().zip(parts) {
            to.copy_from_slice(&from);
        }
        Self { picture: copy, colour: Colour::default(), dimmed, fitted: true }
    }

    pub(super) fn picture(&self) -> PictureRef<'_> {
        PictureRef { colour: self.colour, ..self.picture.as_ref() }
    }
}

fn copy_plane(to: &mut [u8], from: PlaneRef<'_>, size: Size) {
    let rows = from.data.chunks(from.stride.max(1)).take(size.height);
    for (to, row) in to.chunks_exact_mut(size.width.max(1)).zip(rows) {
        to.copy_from_slice(&row[..size.width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::overlay::Yuv;

    #[test]
    fn an_odd_frame_is_kept_without_its_last_column_and_row() {
        let data: Vec<u8> = (0..40).collect();
        let plane = |width, height| PlaneRef { data: &data, stride: 7, width, height };
        let picture = PictureRef { y: plane(5, 5), u: plane(3, 3), v: plane(3, 3), colour: Colour::default() };
        let still = Still::of(picture, Size { width: 4, height: 4 }, None);
        let kept = still.picture();
        assert_eq!(kept.y.data, [0, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 17, 21, 22, 23, 24]);
        assert_eq!(kept.u.data, [0, 1, 7, 8]);
    }

    #[test]
    fn a_part_of_the_canvas_is_kept_to_the_bit() {
        let mut canvas = Canvas::new(Size { width: 16, height: 8 }, Yuv([50, 60, 70]));
        canvas.fill(Rect { x: 4, y: 2, w: 4, h: 4 }, Yuv([90, 91, 92]));
        let still = Still::of_canvas(&canvas, Rect { x: 2, y: 2, w: 6, h: 2 }, false);
        let kept = still.picture();
        assert_eq!(kept.y.data, [50, 50, 90, 90, 90, 90, 50, 50, 90, 90, 90, 90]);
        assert_eq!((kept.u.data, kept.v.data), (&[60, 91, 91][..], &[70, 92, 92][..]));
    }
}
