//! From the canvas that a layout is written for to any other.

use super::{Rect, even};
use crate::frame::Size;

/// The uniform scale and the offsets that fit a template's canvas into the real one, in whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    numerator: usize,
    denominator: usize,
    design: Size,
    canvas: Size,
}

impl Proportion {
    pub(super) fn of(design: Size, canvas: Size) -> Self {
        let wide = canvas.width * design.height > design.width * canvas.height;
        let (numerator, denominator) = if wide { (canvas.height, design.height) } else { (canvas.width, design.width) };
        Self { numerator, denominator: denominator.max(1), design, canvas }
    }

    /// The scale, 1.0 on the template's own canvas.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "canvas sides are far below 2^24")]
    pub fn scale(self) -> f32 {
        self.numerator as f32 / self.denominator as f32
    }

    /// A length in canvas pixels, rounded down to even.
    #[must_use]
    pub fn length(self, design: usize) -> usize {
        even(design * self.numerator / self.denominator)
    }

    /// `x y w h` in canvas pixels. Edges, not sizes, are rounded down to even: neighbours still touch.
    #[must_use]
    pub fn rect(self, [x, y, w, h]: [usize; 4]) -> Rect {
        let (left, right) = (self.column(x), self.column(x + w));
        let (top, bottom) = (self.row(y), self.row(y + h));
        Rect { x: left, y: top, w: right - left, h: bottom - top }
    }

    fn column(self, x: usize) -> usize {
        self.edge(x, self.design.width, self.canvas.width)
    }

    fn row(self, y: usize) -> usize {
        self.edge(y, self.design.height, self.canvas.height)
    }

    /// `(canvas − design·scale) / 2 + at·scale`, rounded once.
    fn edge(self, at: usize, design: usize, canvas: usize) -> usize {
        let twice = (canvas * self.denominator).saturating_sub(design * self.numerator) + 2 * at * self.numerator;
        even(twice / (2 * self.denominator))
    }
}
