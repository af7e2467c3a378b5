//! What is composed: sources of one size, where they stand, and which part of each is shown.

use costage_media::frame::Size;
use costage_media::mix::placed;
use costage_media::scene::{Fit, Rect, Template};

/// A layout with its sources, named as the goals name it: how many of which source, and the canvas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) name: &'static str,
    pub(super) canvas: Size,
    /// Of every source.
    pub(super) source: Size,
    /// Where each source is shown, cut to cover it around the centre.
    pub(super) places: Vec<Rect>,
}

const P360: Size = Size { width: 640, height: 360 };
const P720: Size = Size { width: 1280, height: 720 };
const PORTRAIT: Size = Size { width: 720, height: 1280 };

impl Layout {
    /// The four layouts that goals are set for.
    ///
    /// | name | canvas | sources | places |
    /// |---|---|---|---|
    /// | `9x360p-720p` | 1280×720 | 640×360 | 3×3, edges at thirds, down to even (426, 426 and 428 wide) |
    /// | `9x720p-720p` | 1280×720 | 1280×720 | the same, 3:1 |
    /// | `9x720p-portrait` | 720×1280 | 1280×720 | hostDynamicGrid of nine: 240×240, of each the middle 720×720 |
    /// | `4x720p-720p` | 1280×720 | 1280×720 | 2×2 of 640×360: exactly 2:1 |
    pub(super) fn all() -> [Self; 4] {
        let portrait = Template::HostDynamicGrid.regions(PORTRAIT, 9).into_iter().map(|region| region.rect).collect();
        [
            Self { name: "9x360p-720p", canvas: P720, source: P360, places: grid(3) },
            Self { name: "9x720p-720p", canvas: P720, source: P720, places: grid(3) },
            Self { name: "9x720p-portrait", canvas: PORTRAIT, source: P720, places: portrait },
            Self { name: "4x720p-720p", canvas: P720, source: P720, places: grid(2) },
        ]
    }

    /// A layout of plain copies: pictures that are as large as their places.
    pub(super) fn copies() -> Self {
        Self { name: "4x360p-720p", canvas: P720, source: P360, places: grid(2) }
    }

    /// The part of each source that its place shows: what the mixer cuts.
    pub(super) fn crops(&self) -> impl Iterator<Item = Rect> {
        self.places.iter().map(|place| placed(Fit::Cover, self.source, *place).0)
    }

    /// Of one picture of every source.
    pub(super) fn bytes(&self) -> usize {
        self.places.len() * self.source.width * self.source.height * 3 / 2
    }

    /// Sources, parts and places, as the rivals read them.
    pub(super) fn arguments(&self, frames: usize) -> Vec<String> {
        let size = |Size { width, height }: Size| format!("{width}x{height}");
        let rect = |Rect { x, y, w, h }: Rect| format!("{x},{y},{w},{h}");
        let tiles = self.crops().zip(&self.places);
        let tiles = tiles.map(|(crop, place)| format!("{}:{}:{}", size(self.source), rect(crop), rect(*place)));
        [size(self.canvas), frames.to_string()].into_iter().chain(tiles).collect()
    }
}

/// Equal cells of a landscape canvas, row by row; edges down to even, so that neighbours touch.
fn grid(side: usize) -> Vec<Rect> {
    let edge = |i: usize, length: usize| (i * length / side) & !1;
    let cell = |column: usize, row: usize| {
        let (x, y) = (edge(column, P720.width), edge(row, P720.height));
        Rect { x, y, w: edge(column + 1, P720.width) - x, h: edge(row + 1, P720.height) - y }
    };
    (0..side * side).map(|i| cell(i % side, i / side)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_even_and_those_of_a_landscape_canvas_leave_nothing_free() {
        for layout in Layout::all().into_iter().chain([Layout::copies()]) {
            let even = |rect: &Rect| [rect.x, rect.y, rect.w, rect.h].iter().all(|edge| edge % 2 == 0);
            assert!(layout.places.iter().all(even), "{layout:?}");
            let area: usize = layout.places.iter().map(|place| place.w * place.h).sum();
            let whole = layout.canvas.width * layout.canvas.height;
            assert_eq!(area, if layout.canvas == PORTRAIT { 720 * 720 } else { whole }, "{}", layout.name);
        }
    }

    #[test]
    fn a_portrait_grid_shows_the_middle_of_each_source() {
        let [_, _, portrait, half] = Layout::all();
        assert!(portrait.crops().all(|crop| crop == Rect { x: 280, y: 0, w: 720, h: 720 }));
        assert!(half.crops().all(|crop| crop == Rect { x: 0, y: 0, w: 1280, h: 720 }));
    }

    #[test]
    fn rivals_are_told_source_part_and_place() {
        let [.., layout] = Layout::all();
        let arguments = layout.arguments(4);
        assert_eq!(arguments[..2], ["1280x720", "4"]);
        assert_eq!(arguments[5], "1280x720:0,0,1280,720:640,360,640,360");
    }
}
