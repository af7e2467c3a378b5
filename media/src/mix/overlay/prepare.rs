//! What a scene brings, drawn before the scene is: by the thread that makes scenes, so that no thread that mixes waits for a
//! font, or draws nine pills for one frame.

use std::sync::{LazyLock, Mutex, PoisonError};

use super::label::RECONNECTING;
use super::lettering::{Style, lettering};
use super::plate::{badge_size, countdown_size};
use super::shaped::Kept;
use super::{
    CellStyle, Reading, Rgb, avatar, avatar_place, badge, cell, countdown, nickname, notice, opening, outcome,
    portrait, vacancy,
};
use super::{label, score};
use crate::frame::Size;
use crate::kernel::Kernels;
use crate::mix::theme::rounded;
use crate::scene::{
    Avatar, Item, Mark, Proportion, Rect, Region, Scene, SourceId, Span, badge_bounds, nickname_bounds, outcome_size,
};

/// So much is remembered as drawn.
const KNOWN_MAX: usize = 1_024;

static DONE: LazyLock<Mutex<Kept<Known, ()>>> = LazyLock::new(|| Mutex::new(Kept::new(KNOWN_MAX)));

/// What changes without another scene, and is put together from what was drawn. Lengths that are no whole pixels by their bits.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Known {
    Numbers {
        size: u32,
    },
    /// How many digits its rank and its score have after the first.
    Mark {
        places: [u32; 2],
        width_max: usize,
        scale: u32,
    },
    Clock {
        of: Span,
        room: (usize, usize),
        scale: u32,
    },
}

/// Draws what lies over the tiles of `scene`, as far as it was not drawn before, and the letters of its numbers; some hundred
/// microseconds for a new name, a few for a scene without any. Whoever draws the scene then finds it. A scene that was not
/// prepared is drawn the same, later.
pub fn prepare(scene: &Scene) {
    let list = scene.draw_list();
    let proportion = list.proportion;
    let cell_of = |item: &Item| if let Item::Cell { cell, .. } = item { Some(cell.rect) } else { None };
    let style = CellStyle::of(proportion, list.items.iter().filter_map(cell_of));
    let places = rounded(list.items.iter().filter_map(Item::place).collect(), scene.canvas, proportion);
    // What a tile wears on its way there is as wide as fits all along.
    let tiles = |wanted: SourceId| {
        let own = places.iter().copied().find(|(source, _)| *source == wanted);
        own.into_iter().flat_map(|(source, region)| on_the_way(source, region))
    };
    let place_of = |wanted: &SourceId| {
        list.items.iter().find_map(|item| {
            if let Item::Tile { source, region, open, .. } = item {
                (source == wanted).then_some((region.rect, *open))
            } else {
                None
            }
        })
    };
    for item in &list.items {
        match item {
            Item::Tile { name, region, open, avatar: picture, .. } => {
                silence(proportion, region.rect, *open, name, picture.as_ref());
            }
            Item::Nickname { source, text, muted } => {
                tiles(*source)
                    .for_each(|tile| drop(nickname(proportion, nickname_bounds(proportion, tile), text, *muted)));
            }
            Item::Cell { cell: seat, named } => {
                drop(cell(style, seat, *named));
                let shown = seat.sitter.as_ref().and_then(|sitter| sitter.avatar.as_ref());
                drop(shown.and_then(|shown| portrait(&Kernels::pick(None), style.disc(seat.rect), shown)));
            }
            Item::Vacancy { region, vacancy: seat, .. } => drop(vacancy(region.rect, *seat)),
            Item::Badge { source, mark: said, .. } => {
                tiles(*source).for_each(|tile| mark(proportion, badge_bounds(proportion, tile), *said));
            }
            Item::ScoreBar { .. } => numbers(score::TEXT_SIZE * proportion.scale()),
            Item::Verdict { source, verdict } => {
                let room = place_of(source).map(|(rect, open)| outcome_size(Rect { w: rect.w.min(open.w), ..rect }));
                room.into_iter().for_each(|Size { width: w, height: h }| {
                    drop(outcome(Rect { x: 0, y: 0, w, h }, verdict.outcome));
                });
            }
            Item::TeamVerdict { rect, verdict } => drop(outcome(*rect, verdict.outcome)),
            Item::Countdown { rect, countdown } => clock(proportion, *rect, countdown.of),
            Item::Opening { rect, .. } => drop(opening(*rect)),
        }
    }
}

/// Sources whose places are remembered, and how many of each.
const SOURCES_MAX: usize = 4_096;
const WIDTHS_MAX: usize = 5;

/// The widths that the last places of a source had, the latest at the end.
static WIDTHS: LazyLock<Mutex<Kept<SourceId, Vec<usize>>>> = LazyLock::new(|| Mutex::new(Kept::new(SOURCES_MAX)));

/// A tile of `source` that is to be in `region`: there, and as narrow as it was at the places before, from which it may still
/// be on its way.
fn on_the_way(source: SourceId, region: Region) -> impl Iterator<Item = Region> {
    let place = region.rect;
    let mut widths = WIDTHS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut lately = widths.get(&source).unwrap_or_default();
    lately.retain(|width| *width != place.w);
    lately.push(place.w);
    if lately.len() > WIDTHS_MAX {
        lately.remove(0);
    }
    widths.put(source, lately.clone());
    lately.into_iter().filter(move |width| *width <= place.w).map(move |w| region.at(Rect { w, ..place }))
}

/// What a tile says when its host is silent, and what it shows meanwhile.
fn silence(proportion: Proportion, tile: Rect, open: Rect, name: &str, picture: Option<&Avatar>) {
    drop(notice(proportion, open, RECONNECTING));
    match picture {
        Some(picture) => drop(portrait(&Kernels::pick(None), avatar_place(tile), picture)),
        None => drop(avatar(tile, name)),
    }
}

/// What the numbers of a mark are written with on the way to this one, at each size: it is written smaller the more it says.
fn mark(proportion: Proportion, bounds: Rect, said: Mark) {
    let Mark::Standing { rank, score } = said else { return drop(badge(proportion, bounds, said)) };
    let digits = |number: u64| number.checked_ilog10().unwrap_or(0);
    let (scale, places) = (proportion.scale().to_bits(), [digits(rank.into()), digits(score)]);
    once(Known::Mark { places, width_max: bounds.w, scale }, || {
        for score in (0..=places[1]).map(|place| 10_u64.pow(place)) {
            numbers(badge_size(proportion, bounds.w, Mark::Standing { rank, score }));
        }
    });
}

/// What a countdown says as seconds pass: its word where the digits of minutes put it, and its plates.
fn clock(proportion: Proportion, rect: Rect, of: Span) {
    once(Known::Clock { of, room: (rect.w, rect.h), scale: proportion.scale().to_bits() }, || {
        numbers(countdown_size(proportion));
        for (seconds, bright) in [(0, false), (0, true), (600, false), (6_000, false)] {
            drop(countdown(proportion, rect, Reading { of, seconds, bright }));
        }
    });
}

/// Every character of a number or a time, at each part of a pixel that it may stand at.
fn numbers(size: f32) {
    once(Known::Numbers { size: size.to_bits() }, || {
        let (lettering, style) = (lettering(), Style { size, bold: true });
        let Some(mut nowhere) = label::blank(1, 1) else { return };
        for numeral in NUMERALS.chars() {
            let one = lettering.number(numeral.encode_utf8(&mut [0; 4]), style);
            (0..4_u8).for_each(|quarter| lettering.draw(&one, &mut nowhere, f32::from(quarter) / 4.0, 0.0, Rgb(0)));
        }
    });
}

/// What numbers ([`crate::scene::shortened`]) and times are made of.
const NUMERALS: &str = "0123456789.kMBT: ";

fn once(what: Known, draw: impl FnOnce()) {
    let lock = || DONE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().get(&what).is_some();
    if !known {
        draw();
        lock().put(what, ());
    }
}

#[cfg(test)]
mod tests;
