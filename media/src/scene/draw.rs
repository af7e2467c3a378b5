//! A scene as a flat list of what to draw, from back to front.

use std::time::Instant;

use super::{
    Avatar, Cell, Countdown, Mark, Proportion, Rect, Region, Scene, ScoreBar, SourceId, Template, Tile, Verdict, bounds,
};

/// One thing to draw.
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
    /// What a tile is marked with in a battle, at its top left wherever that is.
    Badge {
        /// Whose tile.
        source: SourceId,
        /// What it says.
        mark: Mark,
    },
    /// How a battle ended for a host, in the middle of its tile wherever that is.
    Verdict {
        /// Whose tile.
        source: SourceId,
        /// What it says, and for how long.
        verdict: Verdict,
    },
    /// The same for a team, in the middle of its seats.
    TeamVerdict {
        /// All of it.
        rect: Rect,
        /// What it says, and for how long.
        verdict: Verdict,
    },
    /// The bar of a battle of two.
    ScoreBar {
        /// All of it.
        rect: Rect,
        /// What it shows.
        scores: ScoreBar,
    },
    /// The time that is left.
    Countdown {
        /// All of it.
        rect: Rect,
        /// Of what, and to when.
        countdown: Countdown,
    },
    /// "VS", at the start of a battle.
    Opening {
        /// All of it.
        rect: Rect,
        /// When it goes.
        until: Instant,
    },
}

impl Item {
    /// Whose tile it is and where, when it is one.
    pub(crate) fn place(&self) -> Option<(SourceId, Region)> {
        if let Self::Tile { source, region, .. } = self { Some((*source, *region)) } else { None }
    }

    /// The seat, when it is a cell.
    pub(crate) fn cell(&self) -> Option<&Cell> {
        if let Self::Cell(cell) = self { Some(cell) } else { None }
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
        let is_placed = |source: SourceId| placed.iter().any(|(tile, _)| tile.source == source);
        let marks = self.battle.marks().into_iter().filter(|(source, _)| is_placed(*source));
        items.extend(marks.map(|(source, mark)| Item::Badge { source, mark }));
        let rects = placed.iter().map(|(_, region)| region.rect).chain(self.cells.iter().map(|cell| cell.rect));
        if let Some(all) = rects.reduce(Rect::around) {
            items.extend(self.verdicts(is_placed));
            items.extend(self.over_all(proportion, all));
        }
        DrawList { proportion, items }
    }

    /// How the last battle ended for each: on its tile, or in the middle of a team's cells.
    fn verdicts(&self, is_placed: impl Fn(SourceId) -> bool) -> impl Iterator<Item = Item> {
        let mut teams = self.cells.chunks(Template::TEAM_SEATS as usize);
        self.battle.sides.iter().filter_map(move |side| {
            let team = teams.next().and_then(|cells| cells.iter().map(|cell| cell.rect).reduce(Rect::around));
            let (source, verdict) = (side.source, side.verdict?);
            match team {
                Some(team) => Some(Item::TeamVerdict { rect: bounds::outcome(team), verdict }),
                None => is_placed(source).then_some(Item::Verdict { source, verdict }),
            }
        })
    }

    /// What lies over `all` tiles together.
    fn over_all(&self, proportion: Proportion, all: Rect) -> impl Iterator<Item = Item> {
        let bar = self.battle.score_bar().map(|scores| (bounds::score_bar(proportion, all), scores));
        let countdown = self.battle.countdown.map(|countdown| {
            let rect = bounds::countdown(proportion, all, bar.map(|(rect, _)| rect), countdown.of);
            Item::Countdown { rect, countdown }
        });
        let opening = self.battle.opening.map(|until| Item::Opening { rect: bounds::opening(proportion, all), until });
        bar.map(|(rect, scores)| Item::ScoreBar { rect, scores }).into_iter().chain(countdown).chain(opening)
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

#[cfg(test)]
mod tests {
    use super::super::{Battle, Outcome, Side, Span, Standing};
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
    fn a_battle_of_more_marks_each_tile_and_counts_down_above_all() {
        let mut scene = scene(3);
        let end = Instant::now();
        scene.battle.countdown = Some(Countdown { of: Span::Battle, end });
        scene.battle.opening = Some(end);
        scene.battle.sides[2].standing = None;
        let list = scene.draw_list();
        let mark = |source, mark| Item::Badge { source: SourceId(source), mark };
        let rank = |score| Mark::Standing { rank: 1, score };
        let countdown = Countdown { of: Span::Battle, end };
        let expected = [
            mark(0, rank(1)),
            mark(1, rank(2)),
            mark(2, Mark::Connected),
            Item::Countdown { rect: Rect { x: 290, y: 232, w: 140, h: 44 }, countdown },
            Item::Opening { rect: Rect { x: 240, y: 456, w: 240, h: 120 }, until: end },
        ];
        assert_eq!(list.items[6..], expected);
    }

    #[test]
    fn a_result_is_on_each_tile_that_is_there_or_in_the_middle_of_a_team() {
        let verdict = Verdict { outcome: Outcome::Victory, until: Instant::now() };
        let mut scene = scene(2);
        scene.battle.sides.iter_mut().for_each(|side| (side.standing, side.verdict) = (None, Some(verdict)));
        scene.tiles.truncate(1);
        assert_eq!(scene.draw_list().items[2..], [Item::Verdict { source: SourceId(0), verdict }]);
        scene.template = Template::HostStaticVoice6v6;
        scene.tiles.clear();
        let cell = |region: Region| Cell { seat: 0, locked: false, rect: region.rect, sitter: None };
        scene.cells = scene.template.regions(scene.canvas, 12).into_iter().map(cell).collect();
        let rect = |x| Rect { x, y: 548, w: 216, h: 54 };
        let teams = [72, 432].map(|x| Item::TeamVerdict { rect: rect(x), verdict });
        assert_eq!(scene.draw_list().items[12..], teams);
    }

    #[test]
    fn overlays_scale_with_the_canvas() {
        let list = Scene { canvas: Size { width: 360, height: 640 }, ..scene(2) }.draw_list();
        let bar = Item::ScoreBar { rect: Rect { x: 0, y: 120, w: 360, h: 18 }, scores: ScoreBar { left: 1, right: 2 } };
        assert_eq!(list.items.last(), Some(&bar));
        let tile = |list: &DrawList| list.items[0].place().unwrap().1.rect;
        let pill = |list: &DrawList| bounds::nickname_bounds(list.proportion, tile(list));
        assert_eq!(pill(&list), Rect { x: 10, y: 138 + 322 - 4 - 18, w: 160, h: 18 });
        assert_eq!(pill(&scene(2).draw_list()), Rect { x: 20, y: 876, w: 320, h: 36 });
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
            battle: Battle { sides: (0..n).map(side).collect(), ..Battle::default() },
            names: true,
            sei: None,
        }
    }

    fn side(i: u32) -> Side {
        let standing = Some(Standing { battle: 0, rank: 1, score: u64::from(i) + 1, left: false });
        Side { source: SourceId(i), standing, verdict: None }
    }
}
