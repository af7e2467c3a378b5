//! A scene as a flat list of what to draw, from back to front.

use super::{Avatar, Cell, Proportion, Rect, Region, Scene, ScoreBar, SourceId, Template, Tile};

/// One thing to draw. Later overlays (countdown, badges) are further variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A host's picture, or the avatar while there is none.
    Tile {
        /// Whose.
        source: SourceId,
        /// Where.
        region: Region,
        /// For the initials on the avatar.
        name: String,
        /// In place of the initials.
        avatar: Option<Avatar>,
        /// `false`: the avatar, whatever arrives.
        camera: bool,
    },
    /// A seat without picture.
    Cell(Cell),
    /// A nickname in a pill, at the bottom left of its host's tile wherever that is.
    Nickname {
        /// Whose.
        source: SourceId,
        /// Not yet shortened to fit.
        text: String,
        /// With the sign of a microphone that is off before it.
        muted: bool,
    },
    /// The bar of a battle of two.
    ScoreBar {
        /// All of it.
        rect: Rect,
        /// What it shows.
        scores: ScoreBar,
    },
}

impl Item {
    /// Whose tile it is and where, when it is one.
    pub(crate) fn place(&self) -> Option<(SourceId, Region)> {
        match self {
            Self::Tile { source, region, .. } => Some((*source, *region)),
            Self::Cell(_) | Self::Nickname { .. } | Self::ScoreBar { .. } => None,
        }
    }

    /// The seat, when it is a cell.
    pub(crate) fn cell(&self) -> Option<&Cell> {
        match self {
            Self::Cell(cell) => Some(cell),
            Self::Tile { .. } | Self::Nickname { .. } | Self::ScoreBar { .. } => None,
        }
    }

    /// Whose nickname it is, when it is one.
    pub(crate) fn named(&self) -> Option<SourceId> {
        match self {
            Self::Nickname { source, .. } => Some(*source),
            Self::Tile { .. } | Self::Cell(_) | Self::ScoreBar { .. } => None,
        }
    }
}

/// What to draw, from back to front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawList {
    /// The scale of texts, pills and bars.
    pub proportion: Proportion,
    /// Back first.
    pub items: Vec<Item>,
}

impl Scene {
    /// The list that draws this scene.
    #[must_use]
    pub fn draw_list(&self) -> DrawList {
        let proportion = self.template.proportion(self.canvas);
        let placed = self.placed();
        let mut items = Vec::with_capacity(self.cells.len() + placed.len() * 2 + 1);
        items.extend(self.cells.iter().cloned().map(Item::Cell));
        for &(tile, region) in &placed {
            let (source, name, avatar) = (tile.source, tile.name.clone(), tile.avatar.clone());
            items.push(Item::Tile { source, region, name, avatar, camera: tile.camera });
        }
        for (tile, _) in placed.iter().filter(|_| self.names) {
            items.push(Item::Nickname { source: tile.source, text: tile.name.clone(), muted: tile.muted });
        }
        let rects = placed.iter().map(|(_, region)| region.rect).chain(self.cells.iter().map(|cell| cell.rect));
        let is_of_two = placed.len() == 2 || !self.cells.is_empty() || self.template == Template::Custom;
        if let (Some(scores), Some(all)) = (self.score_bar.filter(|_| is_of_two), rects.reduce(Rect::around)) {
            items.push(Item::ScoreBar { rect: score_bar_rect(proportion, all), scores });
        }
        DrawList { proportion, items }
    }

    /// The tiles that have a place, from back to front.
    fn placed(&self) -> Vec<(&Tile, Region)> {
        let mut regions = self.template.regions(self.canvas, self.tiles.len()).into_iter();
        let place = |tile: &Tile| tile.region.or_else(|| regions.next());
        let with_place = |(tile, region): (_, Option<Region>)| region.map(|region| (tile, region));
        let regions: Vec<_> = self.tiles.iter().map(place).collect();
        let mut placed: Vec<_> = self.tiles.iter().zip(regions).filter_map(with_place).collect();
        placed.sort_by_key(|(_, region)| region.z);
        placed
    }
}

/// Height of a nickname's pill.
pub(crate) const PILL_HEIGHT: usize = 36;
const PILL_LEFT: usize = 20;
const PILL_BOTTOM: usize = 8;
const SCORE_BAR_HEIGHT: usize = 36;

/// Where the pill of a tile lies, as wide as it may be; it hugs the left edge.
pub(crate) fn nickname_bounds(proportion: Proportion, tile: Rect) -> Rect {
    let [left, bottom, height] = [PILL_LEFT, PILL_BOTTOM, PILL_HEIGHT].map(|length| proportion.length(length));
    Rect {
        x: tile.x + left,
        y: tile.y + tile.h.saturating_sub(bottom + height),
        w: tile.w.saturating_sub(2 * left),
        h: height.min(tile.h),
    }
}

fn score_bar_rect(proportion: Proportion, tiles: Rect) -> Rect {
    let height = proportion.length(SCORE_BAR_HEIGHT);
    Rect { x: tiles.x, y: tiles.y.saturating_sub(height), w: tiles.w, h: height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;

    #[test]
    fn a_battle_of_two_draws_tiles_then_names_then_the_bar() {
        let list = scene(2).draw_list();
        let tile = |source, x| {
            let rect = Rect { x, y: 276, w: 360, h: 644 };
            let (source, region, name) = (SourceId(source), Region::plain(rect, 0), "Ada".into());
            Item::Tile { source, region, name, avatar: None, camera: true }
        };
        let name = |source| Item::Nickname { source: SourceId(source), text: "Ada".into(), muted: source == 1 };
        let rect = Rect { x: 0, y: 240, w: 720, h: 36 };
        let bar = Item::ScoreBar { rect, scores: ScoreBar { left: 1, right: 2 } };
        assert_eq!(list.items, [tile(0, 0), tile(1, 360), name(0), name(1), bar]);
    }

    #[test]
    fn the_bar_is_drawn_for_exactly_two() {
        for n in 0..=9 {
            let bars = scene(n).draw_list().items.iter().filter(|item| matches!(item, Item::ScoreBar { .. })).count();
            assert_eq!(bars, usize::from(n == 2), "{n} hosts");
        }
    }

    #[test]
    fn tiles_are_drawn_from_back_to_front() {
        let list = Scene { template: Template::HostDynamic1v6, ..scene(3) }.draw_list();
        let order = |list: &DrawList| list.items.iter().filter_map(Item::place).map(|(id, _)| id.0).collect::<Vec<_>>();
        assert_eq!(order(&list), [0, 1, 2]);
        let mut scene = scene(3);
        scene.tiles[0].region = Some(Region::plain(Rect { x: 0, y: 0, w: 720, h: 1280 }, 7));
        let list = scene.draw_list();
        assert_eq!(order(&list), [1, 2, 0]);
        let first = list.items[0].place().unwrap().1.rect;
        assert_eq!(first, Rect { x: 0, y: 276, w: 480, h: 480 }, "the others have the template's places");
    }

    #[test]
    fn names_can_be_turned_off() {
        let list = Scene { names: false, ..scene(4) }.draw_list();
        assert!(list.items.iter().all(|item| !matches!(item, Item::Nickname { .. })));
    }

    #[test]
    fn overlays_scale_with_the_canvas() {
        let list = Scene { canvas: Size { width: 360, height: 640 }, ..scene(2) }.draw_list();
        let bar = Item::ScoreBar { rect: Rect { x: 0, y: 120, w: 360, h: 18 }, scores: ScoreBar { left: 1, right: 2 } };
        assert_eq!(list.items.last(), Some(&bar));
        let tile = |list: &DrawList| list.items[0].place().unwrap().1.rect;
        assert_eq!(nickname_bounds(list.proportion, tile(&list)), Rect { x: 10, y: 138 + 322 - 4 - 18, w: 160, h: 18 });
        let list = scene(2).draw_list();
        assert_eq!(nickname_bounds(list.proportion, tile(&list)), Rect { x: 20, y: 876, w: 320, h: 36 });
    }

    /// The second one's microphone is off.
    fn tile(i: u32) -> Tile {
        Tile { source: SourceId(i), name: "Ada".into(), camera: true, muted: i == 1, ..Tile::default() }
    }

    fn scene(n: u32) -> Scene {
        Scene {
            canvas: Size { width: 720, height: 1280 },
            template: Template::HostDynamicGrid,
            tiles: (0..n).map(tile).collect(),
            voices: Vec::new(),
            cells: Vec::new(),
            score_bar: Some(ScoreBar { left: 1, right: 2 }),
            names: true,
        }
    }
}
