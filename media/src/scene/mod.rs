//! What a picture should be: templates, tiles and overlays, as plain data.

/// One publishing host (live, seat) as control numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

use crate::frame::Size;

/// A layout template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// One to nine tiles in a grid.
    HostDynamicGrid,
}

/// A rectangle in canvas pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Width.
    pub w: usize,
    /// Height.
    pub h: usize,
}

/// Where a place stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The rectangle.
    pub rect: Rect,
    /// Higher is nearer.
    pub z: u32,
}

impl Template {
    /// The product's number.
    #[must_use]
    pub fn id(self) -> u32 {
        600
    }

    /// The product's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        "hostDynamicGrid"
    }

    /// Places.
    #[must_use]
    pub fn capacity(self) -> usize {
        9
    }

    /// The rectangles of `places` occupied places on a 720×1280 canvas.
    #[must_use]
    pub fn regions(self, canvas: Size, places: usize) -> Vec<Region> {
        let grid = |columns: usize, side: usize| {
            (0..places).map(move |i| Rect { x: i % columns * side, y: 276 + i / columns * side, w: side, h: side })
        };
        let rects: Vec<_> = match places {
            0 => Vec::new(),
            1 => vec![Rect { x: 0, y: 0, w: canvas.width, h: canvas.height }],
            2 => vec![Rect { x: 0, y: 276, w: 360, h: 644 }, Rect { x: 360, y: 276, w: 360, h: 644 }],
            3 => vec![
                Rect { x: 0, y: 276, w: 480, h: 480 },
                Rect { x: 480, y: 276, w: 240, h: 240 },
                Rect { x: 480, y: 516, w: 240, h: 240 },
            ],
            4 => grid(2, 360).collect(),
            _ => grid(3, 240).collect(),
        };
        rects.into_iter().map(|rect| Region { rect, z: 0 }).collect()
    }
}

/// One host's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Whose.
    pub source: SourceId,
    /// Nickname.
    pub name: String,
    /// False: closed camera, the avatar at once.
    pub camera: bool,
}

/// The score bar of a battle of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoreBar {
    /// Points of the first tile.
    pub left: u64,
    /// Points of the second tile.
    pub right: u64,
}

/// What a picture should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// Size of the picture.
    pub canvas: Size,
    /// Where places stand.
    pub template: Template,
    /// In the order of places.
    pub tiles: Vec<Tile>,
    /// The bar.
    pub score_bar: Option<ScoreBar>,
    /// Whether nicknames are drawn.
    pub names: bool,
}
