//! A scene as a flat list of what to draw, from back to front.

use super::item::VACANT;
use super::{Cell, DrawList, Item, Proportion, Rect, Region, Scene, SourceId, Template, Tile, Vacancy, bounds};

impl Scene {
    /// The list that draws this scene.
    #[must_use]
    pub fn draw_list(&self) -> DrawList {
        let proportion = self.template.proportion(self.canvas);
        let placed = self.placed();
        let mut items = Vec::with_capacity(self.cells.len() + placed.len() * 2 + 1);
        let voices = self.cells.iter().filter(|_| self.template.is_of_voices());
        items.extend(voices.map(|cell| Item::Cell { cell: cell.clone(), named: self.names }));
        items.extend(self.places(&placed));
        for (tile, _) in placed.iter().filter(|_| self.names) {
            items.push(Item::Nickname { source: tile.source, text: tile.name.clone(), muted: tile.muted });
        }
        let is_placed = |source: SourceId| placed.iter().any(|(tile, _)| tile.source == source);
        let marks = self.battle.marks().into_iter().filter(|(source, ..)| is_placed(*source));
        items.extend(marks.map(|(source, mark, until)| Item::Badge { source, mark, until }));
        if let Some(all) = self.all_tiles(&placed) {
            items.extend(self.verdicts(&placed));
            items.extend(self.over_all(proportion, all).filter(|_| !self.battle.on_tiles_only));
        }
        DrawList { proportion, items }
    }

    /// Tiles and empty seats among them, from back to front.
    fn places(&self, placed: &[(&Tile, Region)]) -> Vec<Item> {
        let vacancies: Vec<_> = self.vacancies().collect();
        let seats = vacancies.iter().filter_map(|item| item.place().map(|(_, region)| region));
        let all: Vec<_> = placed.iter().map(|(_, region)| *region).chain(seats).collect();
        let tiles = placed.iter().map(|&(tile, region)| {
            let (source, name, avatar) = (tile.source, tile.name.clone(), tile.avatar.clone());
            let above = all.iter().filter(|other| other.z > region.z).map(|other| other.rect);
            let open = bounds::open_part(region.rect, above);
            Item::Tile { source, region, open, name, avatar, camera: tile.camera }
        });
        let mut places: Vec<_> = tiles.chain(vacancies).collect();
        places.sort_by_key(|item| item.place().map(|(_, region)| region.z));
        places
    }

    /// The empty seats among the tiles.
    fn vacancies(&self) -> impl Iterator<Item = Item> {
        self.cells.iter().filter(|_| !self.template.is_of_voices()).map(|&Cell { seat, locked, rect, .. }| {
            let z = usize::try_from(seat).map_or(0, |place| self.template.z(place));
            let region = Region::plain(rect, z);
            Item::Vacancy { source: SourceId(VACANT - seat), region, vacancy: Vacancy { seat, locked } }
        })
    }

    /// The cells of a side's team: a live that has fewer seats has fewer of them.
    fn team(&self, side: usize) -> Option<Rect> {
        let all = || self.cells.iter().map(|cell| cell.rect);
        if self.template != Template::HostStaticVoice6v6 {
            return all().filter(|_| self.template.is_of_voices()).reduce(Rect::around);
        }
        let seats = Template::TEAM_SEATS as usize;
        let regions = self.template.regions(self.canvas, self.template.places());
        let own = regions.chunks(seats).nth(side)?.iter().map(|region| region.rect).reduce(Rect::around)?;
        all().filter(|cell| cell.common(own).is_some()).reduce(Rect::around)
    }

    /// How the last battle ended for each: on its tile, or in the middle of a team's cells.
    fn verdicts(&self, placed: &[(&Tile, Region)]) -> impl Iterator<Item = Item> {
        let is_placed = |source| placed.iter().any(|(tile, _)| tile.source == source);
        self.battle.sides.iter().enumerate().filter_map(move |(i, side)| {
            let team = self.team(i);
            let (source, verdict) = (side.source, side.verdict?);
            match team {
                Some(_) if self.battle.on_tiles_only => None,
                Some(team) => Some(Item::TeamVerdict { rect: bounds::outcome(team), verdict }),
                None => is_placed(source).then_some(Item::Verdict { source, verdict }),
            }
        })
    }

    /// Around all tiles and seats. Two teams stand as wide as they are with all seats: what lies over both is in the middle.
    fn all_tiles(&self, placed: &[(&Tile, Region)]) -> Option<Rect> {
        let cells = self.cells.iter().map(|cell| cell.rect);
        let all = placed.iter().map(|(_, region)| region.rect).chain(cells).reduce(Rect::around)?;
        if self.template != Template::HostStaticVoice6v6 {
            return Some(all);
        }
        let teams = self.template.regions(self.canvas, self.template.places());
        let teams = teams.into_iter().map(|region| region.rect).reduce(Rect::around)?;
        Some(Rect { x: teams.x, w: teams.w, ..all })
    }

    /// What lies over `all` tiles together.
    fn over_all(&self, proportion: Proportion, all: Rect) -> impl Iterator<Item = Item> {
        let bar = self.battle.score_bar().map(|scores| (bounds::score_bar(proportion, all), scores));
        let countdown = self.battle.countdown.map(|countdown| {
            // Cells have their avatars right under the bar.
            let beside = match bar {
                Some((bar, _)) if !self.template.is_of_voices() => bounds::Beside::Under(bar),
                Some((bar, _)) => bounds::Beside::Above(bar),
                None => bounds::Beside::Above(all),
            };
            let rect = bounds::countdown(proportion, beside, countdown.of);
            Item::Countdown { rect, countdown }
        });
        let opening = self.battle.opening.map(|until| Item::Opening { rect: bounds::opening(proportion, all), until });
        let until = self.battle.bar_until();
        let bar = bar.map(|(rect, scores)| Item::ScoreBar { rect, scores, until });
        bar.into_iter().chain(countdown).chain(opening)
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
    use std::time::Instant;

    use super::super::{Battle, Countdown, Mark, Outcome, ScoreBar, Side, Span, Standing, Verdict};
    use super::*;
    use crate::frame::Size;

    #[test]
    fn a_battle_of_two_draws_tiles_then_names_then_the_bar() {
        let list = scene(2).draw_list();
        let tile = |source, x| {
            let rect = Rect { x, y: 276, w: 360, h: 644 };
            let (source, region, name) = (SourceId(source), Region::plain(rect, 0), "Ada".into());
            Item::Tile { source, region, open: rect, name, avatar: None, camera: true }
        };
        let name = |source| Item::Nickname { source: SourceId(source), text: "Ada".into(), muted: source == 1 };
        let rect = Rect { x: 0, y: 240, w: 720, h: 36 };
        let bar = Item::ScoreBar { rect, scores: ScoreBar { left: 1, right: 2 }, until: None };
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
        let mark = |source, mark| Item::Badge { source: SourceId(source), mark, until: None };
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

    fn cells(template: Template, seats: usize) -> Vec<Cell> {
        let regions = template.regions(Size { width: 720, height: 1280 }, seats).into_iter();
        regions.zip(0..).map(|(it, seat)| Cell { seat, locked: seat == 4, rect: it.rect, sitter: None }).collect()
    }

    #[test]
    fn a_team_of_fewer_seats_has_its_result_in_their_middle_and_the_bar_is_as_wide_as_both() {
        let verdict = Verdict { outcome: Outcome::Draw, until: Instant::now() };
        let mut scene = Scene { template: Template::HostStaticVoice6v6, ..scene(2) };
        scene.tiles.clear();
        // One seat on the left, three on the right.
        let all = cells(scene.template, 12);
        scene.cells = vec![all[0].clone(), all[6].clone(), all[7].clone(), all[8].clone()];
        let bar = Rect { x: 0, y: 240, w: 720, h: 36 };
        let list = scene.draw_list().items;
        assert_eq!(list[4..], [Item::ScoreBar { rect: bar, scores: ScoreBar { left: 1, right: 2 }, until: None }]);
        scene.battle.sides.iter_mut().for_each(|side| (side.standing, side.verdict) = (None, Some(verdict)));
        let result = |rect| Item::TeamVerdict { rect, verdict };
        let [left, right] = [Rect { x: 36, y: 362, w: 108, h: 26 }, Rect { x: 432, y: 448, w: 216, h: 54 }];
        assert_eq!(scene.draw_list().items[4..], [result(left), result(right)]);
        scene.template = Template::AudioSalon;
        scene.cells = cells(scene.template, 10);
        scene.battle.sides.truncate(1);
        let all = Rect { x: 144, y: 390, w: 432, h: 108 };
        assert_eq!(scene.draw_list().items[10..], [result(all)], "of a live alone, in the middle of its seats");
    }

    #[test]
    fn empty_seats_among_pictures_lie_as_high_as_their_places_and_are_nobodys() {
        let mut scene = Scene { template: Template::VideoFixedFloat7Seats, ..scene(2) };
        let mut all = cells(scene.template, 7);
        scene.tiles[0].region = Some(Region::plain(all.remove(0).rect, 0));
        scene.tiles[1].region = Some(Region::plain(all.remove(1).rect, 1));
        scene.cells = all;
        let list = scene.draw_list().items;
        let places: Vec<_> = list.iter().filter_map(Item::place).collect();
        assert_eq!(places.iter().map(|(_, region)| region.z).collect::<Vec<_>>(), [0, 1, 1, 1, 1, 1, 1]);
        let mut sources: Vec<_> = places.iter().map(|(source, _)| source.0).collect();
        assert_eq!(sources[..2], [0, 1]);
        assert!(sources[2..].iter().all(|source| *source > VACANT - 50));
        sources.dedup();
        assert_eq!(sources.len(), 7);
        let empty =
            list.iter().filter_map(|item| if let Item::Vacancy { vacancy, .. } = item { Some(*vacancy) } else { None });
        assert_eq!(
            empty.map(|it| (it.seat, it.locked)).collect::<Vec<_>>(),
            [(1, false), (3, false), (4, true), (5, false), (6, false)]
        );
        assert_eq!(scene.sources().count(), 2);
    }

    #[test]
    fn overlays_scale_with_the_canvas() {
        let list = Scene { canvas: Size { width: 360, height: 640 }, ..scene(2) }.draw_list();
        let bar = Item::ScoreBar {
            rect: Rect { x: 0, y: 120, w: 360, h: 18 },
            scores: ScoreBar { left: 1, right: 2 },
            until: None,
        };
        assert_eq!(list.items.last(), Some(&bar));
        let tile = |list: &DrawList| list.items[0].place().unwrap().1;
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
        let standing = Some(Standing { battle: 0, rank: 1, score: u64::from(i) + 1, left: false, until: None });
        Side { source: SourceId(i), standing, verdict: None }
    }
}
