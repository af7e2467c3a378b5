//! Rectangles of the canvas, and how a picture fills one.

use crate::frame::Size;

/// Rounded down to even, so that chroma samples are never shared between neighbours.
pub(crate) const fn even(length: usize) -> usize {
    length & !1
}

/// A rectangle in canvas pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Left edge.
    pub x: usize,
    /// Top edge.
    pub y: usize,
    /// Width.
    pub w: usize,
    /// Height.
    pub h: usize,
}

impl Rect {
    /// The first column to the right of it.
    #[must_use]
    pub fn right(self) -> usize {
        self.x + self.w
    }

    /// The first row below it.
    #[must_use]
    pub fn bottom(self) -> usize {
        self.y + self.h
    }

    /// Width and height.
    #[must_use]
    pub fn size(self) -> Size {
        Size { width: self.w, height: self.h }
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn around(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self { x, y, w: self.right().max(other.right()) - x, h: self.bottom().max(other.bottom()) - y }
    }

    /// What lies in both; `None` when nothing does.
    #[must_use]
    pub fn common(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        (x < right && y < bottom).then(|| Self { x, y, w: right - x, h: bottom - y })
    }
}

/// How a picture fills a tile of another shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fit {
    /// All of the tile is filled; what of the picture sticks out is cut off, as much on either side.
    #[default]
    Cover,
    /// All of the picture is shown, with the colour of a tile without picture beside it.
    Contain,
    /// All of the picture fills all of the tile, distorted.
    Fill,
}

/// Where a tile is on the canvas, and what it is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region {
    /// Its rectangle, all edges even.
    pub rect: Rect,
    /// Higher lies above lower.
    pub z: u32,
    /// How pictures fill it.
    pub fit: Fit,
    /// How round its corners are, canvas pixels; even, and at most half of its shorter side.
    pub corner_radius: usize,
}

impl Region {
    /// One with square corners, covered by its picture.
    #[must_use]
    pub const fn plain(rect: Rect, z: u32) -> Self {
        Self { rect, z, fit: Fit::Cover, corner_radius: 0 }
    }

    /// The same elsewhere, its corners no rounder than there is room for.
    #[must_use]
    pub(crate) fn at(self, rect: Rect) -> Self {
        Self { rect, corner_radius: self.corner_radius.min(even(rect.w.min(rect.h) / 2)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_that_only_touch_have_nothing_in_common() {
        let rect = |x, y, w, h| Rect { x, y, w, h };
        let (a, b, c) = (rect(0, 0, 100, 50), rect(100, 0, 50, 50), rect(90, 40, 40, 40));
        assert_eq!([a.common(b), a.common(rect(0, 50, 100, 2))], [None; 2]);
        assert_eq!([a.common(c), c.common(a)], [Some(rect(90, 40, 10, 10)); 2]);
        assert_eq!((b.common(c), a.common(rect(0, 0, 0, 50))), (Some(rect(100, 40, 30, 10)), None));
    }
}
