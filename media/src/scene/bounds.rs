//! Where overlays lie, in the lengths of the layout's own canvas.

use super::{Proportion, Rect, Region, Span, even};
use crate::frame::Size;

/// Height of a nickname's pill.
const PILL_HEIGHT: usize = 36;
const PILL_LEFT: usize = 20;
const PILL_BOTTOM: usize = 8;
const BADGE_HEIGHT: usize = 40;
const BADGE_INSET: usize = 16;
const SCORE_BAR_HEIGHT: usize = 36;
const COUNTDOWN_HEIGHT: usize = 44;
const COUNTDOWN_WIDTH: usize = 140;
/// It says what it counts.
const PUNISHMENT_WIDTH: usize = 260;
const OPENING_SIZE: [usize; 2] = [240, 120];

/// Where the pill of a tile lies, as wide as it may be; it hugs the left edge, clear of round corners.
pub(crate) fn nickname_bounds(proportion: Proportion, tile: Region) -> Rect {
    let [left, bottom, height] = [PILL_LEFT, PILL_BOTTOM, PILL_HEIGHT].map(|length| proportion.length(length));
    let (left, bottom) = (left.max(clear(tile, height)), bottom.max(clear(tile, height)));
    let tile = tile.rect;
    Rect {
        x: tile.x + left,
        y: tile.y + tile.h.saturating_sub(bottom + height),
        w: tile.w.saturating_sub(2 * left),
        h: height.min(tile.h),
    }
}

/// Where a tile's mark lies, as wide as it may be; it hugs the left edge, clear of round corners.
pub(crate) fn badge_bounds(proportion: Proportion, tile: Region) -> Rect {
    let [inset, height] = [BADGE_INSET, BADGE_HEIGHT].map(|length| proportion.length(length));
    let inset = inset.max(clear(tile, height));
    let tile = tile.rect;
    let (w, h) = (tile.w.saturating_sub(2 * inset), height.min(tile.h.saturating_sub(inset)));
    Rect { x: tile.x + inset, y: tile.y + inset, w, h }
}

/// How far from both edges of a corner the round end of a pill touches the corner's own circle: 1 - √½ of what that is rounder.
fn clear(tile: Region, height: usize) -> usize {
    (tile.corner_radius.saturating_sub(height / 2) * 3 / 10).next_multiple_of(2)
}

/// How large a result is in the middle of a tile: 60 % of its width, and a quarter of that high.
pub(crate) fn outcome_size(tile: Rect) -> Size {
    let width = even(tile.w * 3 / 5);
    Size { width, height: even(width / 4).min(tile.h) }
}

/// The part of `tile` in whose middle something is seen: all of it where none of those `above` it is in the way of a result there, else
/// the largest part that they leave open on one side, if that is a third of it.
pub(super) fn open_part(tile: Rect, above: impl Iterator<Item = Rect> + Clone) -> Rect {
    if above.clone().all(|other| other.common(outcome(tile)).is_none()) {
        return tile;
    }
    let Some(covered) = above.filter_map(|other| tile.common(other)).reduce(Rect::around) else { return tile };
    let right = Rect { x: covered.right(), w: tile.right() - covered.right(), ..tile };
    let below = Rect { y: covered.bottom(), h: tile.bottom() - covered.bottom(), ..tile };
    let sides = [Rect { w: covered.x - tile.x, ..tile }, right, Rect { h: covered.y - tile.y, ..tile }, below];
    let area = |rect: &Rect| rect.w * rect.h;
    sides.into_iter().max_by_key(area).filter(|side| area(side) >= area(&tile) / 3).unwrap_or(tile)
}

/// Above all tiles, as wide as they are together.
pub(super) fn score_bar(proportion: Proportion, tiles: Rect) -> Rect {
    let height = proportion.length(SCORE_BAR_HEIGHT);
    Rect { x: tiles.x, y: tiles.y.saturating_sub(height), w: tiles.w, h: height }
}

/// Where a countdown lies, which hides no tile's mark and no avatar of a seat where there is room above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// In the middle under the bar.
    Under(Rect),
    /// In the middle above the bar, or above the tiles where there is none.
    Above(Rect),
}

/// The time that is left of something.
pub(super) fn countdown(proportion: Proportion, beside: Beside, of: Span) -> Rect {
    let width = match of {
        Span::Battle => COUNTDOWN_WIDTH,
        Span::Punishment => PUNISHMENT_WIDTH,
    };
    let h = proportion.length(COUNTDOWN_HEIGHT);
    let (whole, y) = match beside {
        Beside::Under(bar) => (bar, bar.bottom()),
        Beside::Above(all) => (all, all.y.saturating_sub(h)),
    };
    let w = proportion.length(width).min(whole.w);
    Rect { x: whole.x + even((whole.w - w) / 2), y, w, h }
}

/// In the middle of all tiles.
pub(super) fn opening(proportion: Proportion, tiles: Rect) -> Rect {
    let [width, height] = OPENING_SIZE.map(|length| proportion.length(length));
    centred(Size { width, height }, tiles)
}

/// A result in the middle of the tiles of a team.
pub(super) fn outcome(tiles: Rect) -> Rect {
    centred(outcome_size(tiles), tiles)
}

fn centred(size: Size, within: Rect) -> Rect {
    let (w, h) = (size.width.min(within.w), size.height.min(within.h));
    Rect { x: within.x + even((within.w - w) / 2), y: within.y + even((within.h - h) / 2), w, h }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Template;

    const TILE: Rect = Rect { x: 360, y: 276, w: 360, h: 644 };
    const BOTH: Rect = Rect { x: 0, y: 276, w: 720, h: 644 };

    #[test]
    fn a_result_is_seen_beside_the_windows_of_a_layout() {
        let rect = |x, y, w, h| Rect { x, y, w, h };
        let (all, windows) = (rect(0, 0, 720, 1280), [rect(560, 900, 144, 176), rect(560, 600, 144, 176)]);
        let open = |above: &[Rect]| open_part(all, above.iter().copied());
        assert_eq!(open(&windows), rect(0, 0, 560, 1280));
        assert_eq!(open(&windows[..1]), all, "the middle is free");
        assert_eq!(open(&[rect(0, 600, 300, 90)]), rect(300, 0, 420, 1280));
        assert_eq!(open(&[rect(0, 600, 500, 90)]), rect(0, 0, 720, 600));
        assert_eq!(open(&[rect(0, 0, 300, 1280)]), rect(300, 0, 420, 1280));
        assert_eq!(open(&[rect(0, 640, 720, 640)]), rect(0, 0, 720, 640));
        assert_eq!(open(&[rect(100, 200, 500, 800)]), all, "nowhere is room");
        assert_eq!(open_part(rect(0, 0, 90, 90), windows.into_iter()), rect(0, 0, 90, 90));
    }

    #[test]
    fn a_mark_is_40_high_16_from_the_top_left_of_its_tile() {
        let tile = Region::plain(TILE, 0);
        assert_eq!(badge_bounds(portrait(720, 1280), tile), Rect { x: 376, y: 292, w: 328, h: 40 });
        assert_eq!(badge_bounds(portrait(360, 640), tile), Rect { x: 368, y: 284, w: 344, h: 20 });
        assert_eq!(
            badge_bounds(portrait(720, 1280), tile.at(Rect { w: 20, h: 20, ..TILE })).size(),
            Size { width: 0, height: 4 }
        );
    }

    #[test]
    fn what_lies_in_a_round_corner_is_inside_its_circle() {
        for corner_radius in (0..=180).step_by(4) {
            let tile = Region { corner_radius, ..Region::plain(TILE, 0) };
            let (proportion, middle) = (portrait(720, 1280), TILE.x + corner_radius);
            let (mark, pill) = (badge_bounds(proportion, tile), nickname_bounds(proportion, tile));
            // From the corner's middle to that of the round end of what lies there.
            for (bounds, from_edge) in [(mark, mark.y - TILE.y), (pill, TILE.bottom() - pill.bottom())] {
                let end = bounds.h / 2;
                let away = [middle.saturating_sub(bounds.x + end), corner_radius.saturating_sub(from_edge + end)];
                let far = (away[0] * away[0] + away[1] * away[1]).isqrt() + end;
                assert!(away.contains(&0) || far <= corner_radius, "{corner_radius}: {bounds:?} {away:?}");
            }
            assert_eq!(pill.x - TILE.x, TILE.right() - pill.right());
        }
    }

    #[test]
    fn a_countdown_is_in_the_middle_under_the_bar_or_above_it_or_the_tiles() {
        let at = |beside, of| countdown(portrait(720, 1280), beside, of);
        let bar = score_bar(portrait(720, 1280), BOTH);
        assert_eq!(bar, Rect { x: 0, y: 240, w: 720, h: 36 });
        assert_eq!(at(Beside::Under(bar), Span::Battle), Rect { x: 290, y: 276, w: 140, h: 44 });
        assert_eq!(at(Beside::Above(bar), Span::Battle), Rect { x: 290, y: 196, w: 140, h: 44 });
        assert_eq!(at(Beside::Above(BOTH), Span::Battle), Rect { x: 290, y: 232, w: 140, h: 44 });
        assert_eq!(at(Beside::Above(BOTH), Span::Punishment), Rect { x: 230, y: 232, w: 260, h: 44 });
        let whole = Rect { x: 0, y: 0, w: 720, h: 1280 };
        assert_eq!(at(Beside::Above(whole), Span::Battle).y, 0, "there is no room above");
    }

    #[test]
    fn the_opening_and_a_result_are_in_the_middle() {
        assert_eq!(opening(portrait(720, 1280), BOTH), Rect { x: 240, y: 538, w: 240, h: 120 });
        assert_eq!(outcome(TILE), Rect { x: 432, y: 570, w: 216, h: 54 });
    }

    fn portrait(width: usize, height: usize) -> Proportion {
        Template::HostDynamicGrid.proportion(Size { width, height })
    }
}
