//! From one scene to the next: which tiles stay, which are new, what lies over them.

use std::time::Instant;

use super::{BACKGROUND, VideoMixer};
use crate::mix::overlay::{self, BattleBar, Layer};
use crate::mix::slide::Slide;
use crate::mix::tile::{Look, Tile};
use crate::scene::{Item, Rect, ScoreBar, SourceId};

impl VideoMixer {
    /// Brings the tiles into the order of the new scene. Those that it has in the same place stay as they are; what the
    /// others leave is cleared.
    pub(super) fn keep_tiles(&mut self, items: &[Item]) {
        let place = |item: &Item| match item {
            Item::Tile { source, region, .. } => Some((*source, region.rect)),
            Item::Nickname { .. } | Item::ScoreBar { .. } => None,
        };
        let mut old = std::mem::take(&mut self.tiles);
        let mut take = |is: &dyn Fn(&Tile) -> bool| old.iter().position(is).map(|i| old.remove(i));
        for (source, rect) in items.iter().filter_map(place) {
            let stayed = take(&|tile| (tile.source, tile.rect) == (source, rect));
            self.tiles.push(stayed.unwrap_or_else(|| Tile::new(source, rect)));
        }
        for gone in old {
            self.canvas.fill(gone.rect, BACKGROUND);
            if let Some(moved) = self.tiles.iter_mut().find(|tile| tile.source == gone.source) {
                moved.take_over(&gone);
            }
        }
        self.regions = items
            .iter()
            .filter_map(|item| match item {
                Item::Tile { region, .. } => Some(*region),
                Item::Nickname { .. } | Item::ScoreBar { .. } => None,
            })
            .collect();
        let named =
            |source| items.iter().any(|item| matches!(item, Item::Nickname { source: of, .. } if *of == source));
        for tile in self.tiles.iter_mut().filter(|tile| !named(tile.source)) {
            tile.nickname = None;
        }
    }

    pub(super) fn set_tile(&mut self, source: SourceId, rect: Rect, name: String, camera: bool) {
        let place = self.tiles.iter().position(|tile| tile.source == source && tile.rect == rect);
        let Some(i) = place else { return };
        let tile = &mut self.tiles[i];
        let avatar = matches!(tile.look, Look::Avatar { .. });
        if avatar && tile.name != name {
            tile.look = Look::Avatar { drawn: false };
        }
        (tile.name, tile.camera) = (name, camera);
        tile.moved &= camera;
        if !camera && !avatar {
            self.change_look(i, Look::Avatar { drawn: false });
        }
    }

    pub(super) fn set_nickname(&mut self, source: SourceId, bounds: Rect, text: String) {
        let Some(tile) = self.tiles.iter_mut().find(|tile| tile.source == source) else { return };
        if tile.nickname.as_ref().is_none_or(|(at, shown, _)| *at != bounds || *shown != text) {
            let layer = overlay::nickname(self.proportion, bounds, &text).map(Layer::new);
            tile.nickname = Some((bounds, text, layer));
        }
    }

    pub(super) fn set_scores(&mut self, now: Instant, bar: Option<(Rect, ScoreBar)>) {
        let old = self.bar.take();
        let Some((rect, scores)) = bar else { return };
        let share = overlay::share(scores);
        self.bar = Some(match old {
            Some((bar, mut slide)) if bar.rect == rect => {
                slide.turn(now, share);
                let shows = bar.shows(self.proportion, rect, scores);
                (if shows { bar } else { BattleBar::new(self.proportion, rect, scores) }, slide)
            }
            _ => (BattleBar::new(self.proportion, rect, scores), Slide::at(now, share)),
        });
    }
}
