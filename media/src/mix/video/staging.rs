//! From one scene to the next: which tiles stay, which are new, what lies over them.

use std::time::Instant;

use super::VideoMixer;
use super::overhead::Overhead;
use crate::frame::Size;
use crate::mix::canvas::Canvas;
use crate::mix::theme::rounded;
use crate::mix::tile::{Look, Tile};
use crate::scene::{Avatar, DrawList, Item, Proportion, Region, SourceId, Vacancy};

impl VideoMixer {
    /// Makes the picture that of a draw list. The canvas is uncovered.
    pub(super) fn bring_on(&mut self, now: Instant, canvas: Size, list: DrawList) {
        let places = list.items.iter().filter_map(Item::place).collect();
        let places = rounded(places, canvas, list.proportion);
        let is_new = canvas != self.canvas.size();
        if is_new {
            self.cut(canvas, &places);
        } else {
            self.rearrange(now, &places);
        }
        self.proportion = list.proportion;
        let cell =
            |item: &Item| if let Item::Cell { cell, named } = item { Some((cell.clone(), *named)) } else { None };
        self.set_cells(now, list.items.iter().filter_map(cell).collect(), is_new);
        self.overhead.bring_on(now, list.proportion, &list.items);
        for tile in &mut self.tiles {
            tile.strip(&list.items);
        }
        for item in list.items {
            match item {
                Item::Tile { source, open, name, avatar, camera, .. } => {
                    self.dress(source, |tile, proportion| tile.open_to(open, proportion));
                    self.set_tile(source, name, avatar, camera);
                }
                Item::Vacancy { source, vacancy, .. } => self.empty(source, vacancy),
                Item::Nickname { source, text, muted } => {
                    self.dress(source, |tile, proportion| tile.name_it(proportion, text, muted));
                }
                Item::Badge { source, mark, until } => self.dress(source, |tile, _| tile.marks.push((mark, until))),
                Item::Verdict { source, verdict } => self.dress(source, |tile, _| tile.judge(now, verdict)),
                Item::Cell { .. }
                | Item::TeamVerdict { .. }
                | Item::ScoreBar { .. }
                | Item::Countdown { .. }
                | Item::Opening { .. } => {}
            }
        }
        for tile in &mut self.tiles {
            tile.mark(now, list.proportion);
        }
    }

    /// Brings the tiles to their new places, on a way that takes its time where anybody comes, goes or moves.
    fn rearrange(&mut self, now: Instant, places: &[(SourceId, Region)]) {
        let place = |tile: &Tile| places.iter().find(|(source, _)| *source == tile.source);
        let stays = |tile: &Tile| place(tile).is_some_and(|(_, region)| *region == tile.region);
        let changed = places.len() != self.tiles.len() || !self.tiles.iter().all(stays);
        if changed && !self.tiles.is_empty() {
            self.set_out(now);
        }
        let mut old = std::mem::take(&mut self.tiles);
        let starts: Vec<_> = old.iter().map(|tile| tile.from).collect();
        for (i, &(source, region)) in places.iter().enumerate() {
            let stayed = old.iter().position(|tile| tile.source == source).map(|i| old.remove(i));
            let is_new = stayed.is_none();
            let mut tile = stayed.unwrap_or_else(|| Tile::new(source, region));
            if tile.region != region {
                tile.go_to(region);
            }
            if is_new && self.motion.is_some() {
                tile.from = Self::first_place(&starts, region.rect);
            }
            tile.floats = lies_above(region, &places[..i]);
            self.tiles.push(tile);
        }
        if changed {
            self.see_off(old, &starts);
        }
    }

    /// Another canvas: nothing of what was seen is left, and nobody keeps a place. What each showed until now still
    /// decides what it may show again.
    fn cut(&mut self, canvas: Size, places: &[(SourceId, Region)]) {
        self.canvas = Canvas::bare(canvas);
        (self.motion, self.dissolve, self.overhead) = (None, None, Overhead::default());
        let old = std::mem::take(&mut self.tiles);
        for (i, &(source, region)) in places.iter().enumerate() {
            let mut tile = Tile::new(source, region);
            tile.floats = lies_above(region, &places[..i]);
            if let Some(before) = old.iter().find(|tile| tile.source == source) {
                tile.moved = before.moved || before.shows_frame();
            }
            self.tiles.push(tile);
        }
    }

    fn set_tile(&mut self, source: SourceId, name: String, avatar: Option<Avatar>, camera: bool) {
        let Some(i) = self.tiles.iter().position(|tile| tile.source == source) else { return };
        let tile = &mut self.tiles[i];
        if !tile.shows_frame() && (&tile.name, &tile.avatar) != (&name, &avatar) {
            tile.look = Look::Avatar { drawn: false };
        }
        (tile.name, tile.avatar, tile.camera) = (name, avatar, camera);
        tile.moved &= camera;
        if !camera && tile.shows_frame() {
            self.change_look(i, Look::Avatar { drawn: false });
        }
    }

    /// Nobody sits there.
    fn empty(&mut self, source: SourceId, vacancy: Vacancy) {
        let Some(tile) = self.tiles.iter_mut().find(|tile| tile.source == source) else { return };
        if tile.vacancy.replace(vacancy) != Some(vacancy) {
            tile.look = Look::Avatar { drawn: false };
        }
        tile.camera = false;
    }

    fn dress(&mut self, source: SourceId, put_on: impl FnOnce(&mut Tile, Proportion)) {
        let proportion = self.proportion;
        if let Some(tile) = self.tiles.iter_mut().find(|tile| tile.source == source) {
            put_on(tile, proportion);
        }
    }
}

impl Tile {
    /// Takes off what it wears and none of `items` says.
    fn strip(&mut self, items: &[Item]) {
        let own = |wanted: &SourceId| *wanted == self.source;
        let named = items.iter().any(|item| matches!(item, Item::Nickname { source, .. } if own(source)));
        let judged = items.iter().any(|item| matches!(item, Item::Verdict { source, .. } if own(source)));
        self.nickname.take_if(|_| !named);
        self.marks.clear();
        self.verdict.take_if(|_| !judged);
    }
}

/// Whether it lies above one of these.
fn lies_above(region: Region, below: &[(SourceId, Region)]) -> bool {
    below.iter().any(|(_, lower)| lower.rect.common(region.rect).is_some())
}
