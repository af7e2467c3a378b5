//! Anti-aliased shapes on 4:2:0 planes, by signed distance: negative inside, in pixels.

use costage_media::frame::I420;

/// A colour as the planes hold it: BT.601, limited range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Colour {
    y: f32,
    u: f32,
    v: f32,
}

impl Colour {
    /// From 0xRRGGBB (ITU-R BT.601 §2.5, 8 bits).
    pub(super) const fn rgb(rgb: u32) -> Self {
        let (r, g, b) = ((rgb >> 16 & 255) as f32, (rgb >> 8 & 255) as f32, (rgb & 255) as f32);
        Self {
            y: 16.0 + (65.481 * r + 128.553 * g + 24.966 * b) / 255.0,
            u: 128.0 + (-37.797 * r - 74.203 * g + 112.0 * b) / 255.0,
            v: 128.0 + (112.0 * r - 93.786 * g - 18.214 * b) / 255.0,
        }
    }

    /// `self` at 0, `other` at 1.
    pub(super) fn towards(self, other: Self, share: f32) -> Self {
        let mix = |from: f32, to: f32| from + (to - from) * share;
        Self { y: mix(self.y, other.y), u: mix(self.u, other.u), v: mix(self.v, other.v) }
    }
}

/// Something to fill. All lengths in pixels, y downwards.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Centre and radii.
    Ellipse { x: f32, y: f32, rx: f32, ry: f32 },
    /// Centre, half sizes, corner radius.
    Box { x: f32, y: f32, hx: f32, hy: f32, corner: f32 },
    /// Centre, radius of the middle line, half of its width.
    Ring { x: f32, y: f32, radius: f32, half: f32 },
    /// The upper half of a ring.
    Arch { x: f32, y: f32, radius: f32, half: f32 },
    /// A disc that fades from its centre to its edge.
    Glow { x: f32, y: f32, radius: f32 },
}

impl Shape {
    /// Left, top, right, bottom.
    fn bounds(self) -> (f32, f32, f32, f32) {
        let (x, y, w, h) = match self {
            Self::Ellipse { x, y, rx, ry } => (x, y, rx, ry),
            Self::Box { x, y, hx, hy, .. } => (x, y, hx, hy),
            Self::Ring { x, y, radius, half } | Self::Arch { x, y, radius, half } => {
                (x, y, radius + half, radius + half)
            }
            Self::Glow { x, y, radius } => (x, y, radius, radius),
        };
        (x - w - 1.0, y - h - 1.0, x + w + 1.0, y + h + 1.0)
    }

    /// How much of a pixel of side `grain` at `px`, `py` is covered, 0 to 1.
    fn coverage(self, px: f32, py: f32, grain: f32) -> f32 {
        let edge = |distance: f32| (0.5 - distance / grain).clamp(0.0, 1.0);
        match self {
            Self::Ellipse { x, y, rx, ry } => {
                // First-order distance: exact on the axes, near enough for an anti-aliased edge elsewhere.
                let (dx, dy) = ((px - x) / rx, (py - y) / ry);
                let k = length(dx, dy);
                let slope = length(dx / rx, dy / ry).max(1e-6);
                edge(k * (k - 1.0) / slope)
            }
            Self::Box { x, y, hx, hy, corner } => {
                let (dx, dy) = ((px - x).abs() - hx + corner, (py - y).abs() - hy + corner);
                edge(length(dx.max(0.0), dy.max(0.0)) + dx.max(dy).min(0.0) - corner)
            }
            Self::Ring { x, y, radius, half } => edge((length(px - x, py - y) - radius).abs() - half),
            Self::Arch { x, y, radius, half } => edge(((length(px - x, py - y) - radius).abs() - half).max(py - y)),
            Self::Glow { x, y, radius } => {
                let near = (1.0 - length(px - x, py - y) / radius).clamp(0.0, 1.0);
                near * near * (3.0 - 2.0 * near)
            }
        }
    }
}

/// `f32::hypot` guards against overflow that pixels do not reach, at ten times the price.
fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// Fills `shape` with `colour`, `alpha` 0 (nothing) to 1.
pub(super) fn fill(picture: &mut I420, shape: Shape, colour: Colour, alpha: f32) {
    let size = picture.size();
    let [y, u, v] = picture.planes_mut();
    let (left, top, right, bottom) = shape.bounds();
    let columns = span(left, right, size.width);
    for row in span(top, bottom, size.height) {
        let line = &mut y[row * size.width..][columns.clone()];
        for (sample, column) in line.iter_mut().zip(columns.clone()) {
            let covered = shape.coverage(column as f32 + 0.5, row as f32 + 0.5, 1.0) * alpha;
            blend(sample, colour.y, covered);
        }
    }
    // One chroma sample stands for 2 × 2 pixels.
    let width = size.width / 2;
    let columns = span(left / 2.0, right / 2.0, width);
    for row in span(top / 2.0, bottom / 2.0, size.height / 2) {
        let (u, v) = (&mut u[row * width..][columns.clone()], &mut v[row * width..][columns.clone()]);
        for ((u, v), column) in u.iter_mut().zip(v).zip(columns.clone()) {
            let covered = shape.coverage((column * 2 + 1) as f32, (row * 2 + 1) as f32, 2.0) * alpha;
            blend(u, colour.u, covered);
            blend(v, colour.v, covered);
        }
    }
}

fn blend(sample: &mut u8, value: f32, covered: f32) {
    if covered > 0.0 {
        let before = f32::from(*sample);
        *sample = byte(before + (value - before) * covered);
    }
}

/// A gradient over the whole picture, from its top left to its bottom right corner.
pub(super) fn gradient(picture: &mut I420, from: Colour, to: Colour) {
    let size = picture.size();
    let [y, u, v] = picture.planes_mut();
    let wash = |plane: &mut [u8], width: usize, height: usize, channel: fn(Colour) -> f32| {
        for (row, line) in plane.chunks_exact_mut(width).enumerate() {
            for (column, sample) in line.iter_mut().enumerate() {
                let share = (column as f32 / width as f32 + row as f32 / height as f32) / 2.0;
                // A little ordered noise keeps eight bits from showing bands.
                let dither = ((column * 7 + row * 13) % 16) as f32 / 16.0 - 0.5;
                *sample = byte(channel(from.towards(to, share)) + dither);
            }
        }
    };
    wash(y, size.width, size.height, |colour| colour.y);
    wash(u, size.width / 2, size.height / 2, |colour| colour.u);
    wash(v, size.width / 2, size.height / 2, |colour| colour.v);
}

/// The whole samples from `low` to `high` that exist.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=limit before")]
fn span(low: f32, high: f32, limit: usize) -> std::ops::Range<usize> {
    let clamp = |edge: f32| edge.clamp(0.0, limit as f32) as usize;
    clamp(low.floor())..clamp(high.ceil())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255 before")]
fn byte(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use costage_media::frame::Size;

    fn luma(picture: &I420, x: usize, y: usize) -> u8 {
        picture.as_ref().y.data[y * picture.size().width + x]
    }

    #[test]
    fn white_and_black_are_the_ends_of_the_limited_range() {
        let mut picture = I420::black(Size { width: 64, height: 64 });
        let all = Shape::Box { x: 32.0, y: 32.0, hx: 99.0, hy: 99.0, corner: 0.0 };
        fill(&mut picture, all, Colour::rgb(0xffffff), 1.0);
        assert_eq!(luma(&picture, 10, 10), 235);
        fill(&mut picture, all, Colour::rgb(0), 1.0);
        assert_eq!((luma(&picture, 10, 10), picture.as_ref().u.data[5]), (16, 128));
    }

    #[test]
    fn a_disc_covers_its_inside_and_nothing_else() {
        let mut picture = I420::black(Size { width: 64, height: 64 });
        fill(&mut picture, Shape::Ellipse { x: 32.0, y: 32.0, rx: 20.0, ry: 10.0 }, Colour::rgb(0xffffff), 1.0);
        assert_eq!([luma(&picture, 32, 32), luma(&picture, 15, 32), luma(&picture, 32, 40)], [235; 3]);
        assert_eq!([luma(&picture, 8, 32), luma(&picture, 32, 45), luma(&picture, 17, 40)], [16; 3]);
    }

    #[test]
    fn shapes_beyond_the_edges_are_cut_off() {
        let mut picture = I420::black(Size { width: 16, height: 16 });
        fill(&mut picture, Shape::Glow { x: -5.0, y: 300.0, radius: 20.0 }, Colour::rgb(0xffffff), 1.0);
        fill(&mut picture, Shape::Ring { x: 0.0, y: 0.0, radius: 500.0, half: 3.0 }, Colour::rgb(0xffffff), 1.0);
        assert_eq!(picture, I420::black(Size { width: 16, height: 16 }));
    }
}
