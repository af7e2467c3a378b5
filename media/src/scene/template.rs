//! Layout templates: pixel geometry for a 720×1280 canvas, scaled to any other.

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
}

/// Where a place of a template is on the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region {
    /// Its rectangle, all edges even.
    pub rect: Rect,
    /// Higher lies above lower.
    pub z: u32,
}

/// A way to lay out tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// One to nine hosts in a grid that grows with their number.
    HostDynamicGrid,
    /// One to nine hosts of voice rooms, each in a cell of the same size.
    HostVoiceConnection,
}

/// The canvas that layouts are written for.
const PORTRAIT: Size = Size { width: 720, height: 1280 };

/// Of hostDynamicGrid, by number of places: `x y w h` on the portrait canvas. Five and more are cells of the last.
const HOST_DYNAMIC_GRID: [&[[usize; 4]]; 5] = [
    &[[0, 0, 720, 1280]],
    &[[0, 276, 360, 644], [360, 276, 360, 644]],
    &[[0, 276, 480, 480], [480, 276, 240, 240], [480, 516, 240, 240]],
    &[[0, 276, 360, 360], [360, 276, 360, 360], [0, 636, 360, 360], [360, 636, 360, 360]],
    &[
        [0, 276, 240, 240],
        [240, 276, 240, 240],
        [480, 276, 240, 240],
        [0, 516, 240, 240],
        [240, 516, 240, 240],
        [480, 516, 240, 240],
        [0, 756, 240, 240],
        [240, 756, 240, 240],
        [480, 756, 240, 240],
    ],
];

impl Template {
    /// Every template that is drawn.
    pub const ALL: [Self; 2] = [Self::HostDynamicGrid, Self::HostVoiceConnection];

    /// The number that clients know it by.
    #[must_use]
    pub fn id(self) -> u32 {
        match self {
            Self::HostDynamicGrid => 600,
            Self::HostVoiceConnection => 2,
        }
    }

    /// The name that clients know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HostDynamicGrid => "hostDynamicGrid",
            Self::HostVoiceConnection => "hostVoiceConnection",
        }
    }

    /// The most places it has.
    #[must_use]
    pub fn capacity(self) -> usize {
        match self {
            Self::HostDynamicGrid | Self::HostVoiceConnection => 9,
        }
    }

    /// How the canvas that it is written for becomes `canvas`.
    #[must_use]
    pub fn proportion(self, canvas: Size) -> Proportion {
        match self {
            Self::HostDynamicGrid | Self::HostVoiceConnection => Proportion::of(PORTRAIT, canvas),
        }
    }

    /// Where each of `places` occupied places is on `canvas`; at most as many as the template has.
    #[must_use]
    pub fn regions(self, canvas: Size, places: usize) -> Vec<Region> {
        let proportion = self.proportion(canvas);
        let places = places.min(self.capacity());
        let cells: &[[usize; 4]] = match (self, places) {
            (_, 0) => &[],
            (Self::HostDynamicGrid, n) => HOST_DYNAMIC_GRID[n.min(HOST_DYNAMIC_GRID.len()) - 1],
            (Self::HostVoiceConnection, _) => HOST_DYNAMIC_GRID[HOST_DYNAMIC_GRID.len() - 1],
        };
        cells.iter().take(places).map(|&cell| Region { rect: proportion.rect(cell), z: 0 }).collect()
    }
}

/// The uniform scale and the offsets that fit a template's canvas into the real one, in whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    numerator: usize,
    denominator: usize,
    design: Size,
    canvas: Size,
}

impl Proportion {
    fn of(design: Size, canvas: Size) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    const LANDSCAPE: Size = Size { width: 1280, height: 720 };

    #[test]
    fn host_dynamic_grid_is_as_written_for_every_number_of_hosts() {
        let third = |n: usize| (0..n).map(|i| [i % 3 * 240, 276 + i / 3 * 240, 240, 240]).collect::<Vec<_>>();
        let written: [Vec<[usize; 4]>; 10] = [
            vec![],
            vec![[0, 0, 720, 1280]],
            vec![[0, 276, 360, 644], [360, 276, 360, 644]],
            vec![[0, 276, 480, 480], [480, 276, 240, 240], [480, 516, 240, 240]],
            vec![[0, 276, 360, 360], [360, 276, 360, 360], [0, 636, 360, 360], [360, 636, 360, 360]],
            third(5),
            third(6),
            third(7),
            third(8),
            third(9),
        ];
        for (n, cells) in written.iter().enumerate() {
            assert_eq!(regions(PORTRAIT, n), *cells, "{n} hosts");
        }
        assert_eq!(regions(PORTRAIT, 12), written[9]);
    }

    #[test]
    fn host_voice_connection_has_the_cells_of_nine_for_every_number_of_hosts() {
        let nine = regions(PORTRAIT, 9);
        for n in 0..=12 {
            let found = Template::HostVoiceConnection.regions(PORTRAIT, n);
            let found: Vec<_> = found.iter().map(|it| [it.rect.x, it.rect.y, it.rect.w, it.rect.h]).collect();
            assert_eq!(found, nine[..n.min(9)], "{n} hosts");
        }
        let [id, places] = [Template::HostVoiceConnection.id() as usize, Template::HostVoiceConnection.capacity()];
        assert_eq!((id, places, Template::HostVoiceConnection.name()), (2, 9, "hostVoiceConnection"));
    }

    #[test]
    fn half_a_canvas_has_half_the_geometry() {
        let canvas = Size { width: 360, height: 640 };
        assert_eq!(regions(canvas, 1), [[0, 0, 360, 640]]);
        assert_eq!(regions(canvas, 2), [[0, 138, 180, 322], [180, 138, 180, 322]]);
        assert_eq!(regions(canvas, 3), [[0, 138, 240, 240], [240, 138, 120, 120], [240, 258, 120, 120]]);
    }

    #[test]
    fn a_landscape_canvas_has_the_portrait_layout_in_its_middle() {
        // 720 / 1280 = 0.5625; 720 · 0.5625 = 405 columns, from 437.5 on; edges down to even.
        assert_eq!(regions(LANDSCAPE, 1), [[436, 0, 406, 720]]);
        assert_eq!(regions(LANDSCAPE, 2), [[436, 154, 204, 362], [640, 154, 202, 362]]);
    }

    #[test]
    fn regions_have_even_edges_lie_inside_and_never_overlap() {
        for (width, height) in [(720, 1280), (1280, 720), (540, 960), (1080, 1920), (222, 398), (16, 16), (1000, 300)] {
            for n in 1..=9 {
                let regions = Template::HostDynamicGrid.regions(Size { width, height }, n);
                for (i, Region { rect, .. }) in regions.iter().enumerate() {
                    assert!([rect.x, rect.y, rect.w, rect.h].iter().all(|edge| edge % 2 == 0), "{rect:?}");
                    assert!(rect.right() <= width && rect.bottom() <= height, "{rect:?} in {width}×{height}");
                    for Region { rect: other, .. } in &regions[..i] {
                        let apart = rect.x >= other.right() || other.x >= rect.right();
                        assert!(apart || rect.y >= other.bottom() || other.y >= rect.bottom(), "{rect:?} {other:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn neighbours_touch_at_every_scale() {
        for width in (100..1500).step_by(7) {
            let regions = regions(Size { width, height: width * 2 }, 9);
            for row in regions.chunks(3) {
                assert_eq!(row[0][0] + row[0][2], row[1][0]);
                assert_eq!(row[1][0] + row[1][2], row[2][0]);
            }
        }
    }

    fn regions(canvas: Size, n: usize) -> Vec<[usize; 4]> {
        let regions = Template::HostDynamicGrid.regions(canvas, n);
        regions.iter().map(|region| [region.rect.x, region.rect.y, region.rect.w, region.rect.h]).collect()
    }
}
