//! Plates of a battle: what a tile is marked with, the countdown, "VS", the result.

use std::sync::Arc;

use tiny_skia::Pixmap;

use super::drawn::{Figure, drawn};
use super::label::{blank, fill, pixels, px, rounded};
use super::lettering::{CAP_HEIGHT, Line, Style, lettering};
use super::shaped::shaped;
use super::{Patch, Rgb};
use crate::mix::theme::{Colours, colours};
use crate::scene::{Mark, Outcome, Proportion, Rect, Span, shortened};

/// Read at a glance over any picture: 80 %.
const GROUND_ALPHA: u8 = 204;

const BADGE_SIZE: f32 = 22.0;
const BADGE_PADDING: f32 = 14.0;
const CONNECTED: &str = "Connected";

/// The smallest part of its size that a badge is written at; beneath that nobody could read it.
const BADGE_SHRINKS_TO: f32 = 0.5;

/// A pill at the left of `bounds` and no wider: rank and score, the best rank in gold, or that the host is connected. On a
/// narrow tile it is written smaller. `None` where there is no room even so.
pub(in crate::mix) fn badge(proportion: Proportion, bounds: Rect, mark: Mark) -> Option<Patch> {
    let &Colours { pill, text, winner, .. } = colours();
    let colours = [if matches!(mark, Mark::Standing { rank: 1, .. }) { winner } else { text }, text];
    let Fitted { lines, style, padding, width } = fitted(proportion, bounds.w, mark);
    if width > bounds.w {
        return None;
    }
    let height = px(bounds.h);
    let mut plate = plate(width, bounds.h, height / 2.0, pill, GROUND_ALPHA)?;
    let baseline = ((height + CAP_HEIGHT * style.size) / 2.0).round();
    let mut left = padding;
    for (line, colour) in lines.iter().zip(colours) {
        lettering().draw(line, &mut plate, left, baseline, colour);
        left += line.width + padding;
    }
    Some(Patch::new(bounds.x, bounds.y, &plate))
}

/// Pixels per em of what a badge says that is at most so wide.
pub(super) fn badge_size(proportion: Proportion, width_max: usize, mark: Mark) -> f32 {
    fitted(proportion, width_max, mark).style.size
}

/// What a badge says, line by line, and how wide it is with all that is beside them.
struct Fitted {
    lines: Vec<Line>,
    style: Style,
    padding: f32,
    width: usize,
}

fn fitted(proportion: Proportion, width_max: usize, mark: Mark) -> Fitted {
    let whole = written(proportion.scale(), mark);
    if whole.width <= width_max {
        return whole;
    }
    // A pixel less than fits: widths are rounded up.
    let fits = px(width_max.saturating_sub(1)) / px(whole.width);
    written(proportion.scale() * fits.max(BADGE_SHRINKS_TO), mark)
}

fn written(scale: f32, mark: Mark) -> Fitted {
    let (style, padding) = (Style { size: BADGE_SIZE * scale, bold: true }, BADGE_PADDING * scale);
    let lettering = lettering();
    let lines = match mark {
        Mark::Standing { rank, score } => {
            vec![lettering.number(&rank.to_string(), style), lettering.number(&shortened(score), style)]
        }
        Mark::Connected => vec![Line::clone(&lettering.line(CONNECTED, style))],
    };
    let width = lines.iter().map(|line| line.width).sum::<f32>() + padding * px(lines.len() + 1);
    Fitted { lines, style, padding, width: pixels(width) }
}

/// What a countdown says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mix) struct Reading {
    pub(in crate::mix) of: Span,
    /// Seconds that are left.
    pub(in crate::mix) seconds: u64,
    /// In the bright half of a flash.
    pub(in crate::mix) bright: bool,
}

const COUNTDOWN_SIZE: f32 = 26.0;
const PUNISHMENT: &str = "Punishment";

/// Minutes and seconds in the middle of `rect`, before them what they are of when it is not the battle and there is room.
pub(in crate::mix) fn countdown(proportion: Proportion, rect: Rect, reading: Reading) -> Option<Patch> {
    let Reading { of, seconds, bright } = reading;
    let colours = colours();
    let (colour, alpha) = if bright { (colours.last_seconds, 255) } else { (colours.pill, GROUND_ALPHA) };
    let mut plate = plate(rect.w, rect.h, px(rect.h) / 2.0, colour, alpha)?;
    let style = Style { size: countdown_size(proportion), bold: true };
    let time = format!("{}:{:02}", seconds / 60, seconds % 60);
    // A time that was never said before is made of what is known.
    let mut line = lettering().number(&time, style);
    if of == Span::Punishment {
        let mut whole = Line::clone(&lettering().line(PUNISHMENT, style));
        whole.push(PUNISHMENT.len(), &lettering().number(&format!(" {time}"), style));
        line = if whole.width <= px(rect.w) { whole } else { line };
    }
    put(&mut plate, &line, style, colours.text);
    Some(Patch::new(rect.x, rect.y, &plate))
}

/// Pixels per em of what a countdown says.
pub(super) fn countdown_size(proportion: Proportion) -> f32 {
    COUNTDOWN_SIZE * proportion.scale()
}

/// "VS", a letter in the colour of each side.
pub(in crate::mix) fn opening(rect: Rect) -> Option<Patch> {
    drawn(Figure::Opening { room: (rect.w, rect.h) }, rect, || draw_opening(rect))
}

fn draw_opening(rect: Rect) -> Option<Patch> {
    let (height, colours) = (px(rect.h), colours());
    let mut plate = plate(rect.w, rect.h, height / 4.0, colours.pill, GROUND_ALPHA)?;
    let style = Style { size: height * 0.7, bold: true };
    let lettering = lettering();
    let letters =
        [("V", colours.left), ("S", colours.right)].map(|(text, colour)| (lettering.line(text, style), colour));
    let mut left = (px(rect.w) - letters.iter().map(|(line, _)| line.width).sum::<f32>()) / 2.0;
    let baseline = ((height + CAP_HEIGHT * style.size) / 2.0).round();
    for (line, colour) in letters {
        lettering.draw(&line, &mut plate, left, baseline, colour);
        left += line.width;
    }
    Some(Patch::new(0, 0, &plate))
}

/// How a battle ended, filling `rect`.
pub(in crate::mix) fn outcome(rect: Rect, outcome: Outcome) -> Option<Patch> {
    drawn(Figure::Outcome { outcome, room: (rect.w, rect.h) }, rect, || draw_outcome(rect, outcome))
}

fn draw_outcome(rect: Rect, outcome: Outcome) -> Option<Patch> {
    let colours = colours();
    let (word, ground, text) = match outcome {
        Outcome::Victory => ("VICTORY", colours.winner, colours.pill),
        Outcome::Defeat => ("DEFEAT", colours.loser, colours.text),
        Outcome::Draw => ("DRAW", colours.draw, colours.text),
    };
    let height = px(rect.h);
    let mut plate = plate(rect.w, rect.h, height / 4.0, ground, OUTCOME_ALPHA)?;
    write(&mut plate, word, Style { size: height * 0.6, bold: true }, text);
    Some(Patch::new(0, 0, &plate))
}

/// 94 %.
const OUTCOME_ALPHA: u8 = 240;

/// What an empty plate is: its sides, the bits of its radius, colour and alpha.
pub(super) type Plate = (usize, usize, u32, u32, u8);

/// One colour with round corners; `None` for one without pixels. A number that counts stands on the same plate for each picture,
/// and copying one takes a tenth of drawing it.
fn plate(width: usize, height: usize, radius: f32, colour: Rgb, alpha: u8) -> Option<Pixmap> {
    let key = (width, height, radius.to_bits(), colour.0, alpha);
    let known = shaped().plates.get(&key);
    if let Some(known) = known {
        return Some(Pixmap::clone(&known));
    }
    let mut pixels = blank(width, height)?;
    fill(&mut pixels, &rounded(px(width), px(height), radius)?, colour, alpha);
    shaped().plates.put(key, Arc::new(pixels.clone()));
    Some(pixels)
}

/// One line in the middle, as much of it as fits.
fn write(plate: &mut Pixmap, text: &str, style: Style, colour: Rgb) {
    let line = lettering().line_within(text, style, px(plate.width() as usize));
    put(plate, &line, style, colour);
}

fn put(plate: &mut Pixmap, line: &Line, style: Style, colour: Rgb) {
    let (width, height) = (px(plate.width() as usize), px(plate.height() as usize));
    let baseline = ((height + CAP_HEIGHT * style.size) / 2.0).round();
    lettering().draw(line, plate, (width - line.width) / 2.0, baseline, colour);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::scene::{Template, badge_bounds};

    const BOUNDS: Rect = Rect { x: 16, y: 292, w: 328, h: 40 };

    #[test]
    fn a_badge_hugs_its_text_and_its_width_does_not_jump_while_it_counts() {
        let width = |score| badge(portrait(), BOUNDS, Mark::Standing { rank: 2, score }).unwrap().rect.w;
        assert_eq!((width(1_111), width(11_100)), (width(8_088), width(98_765)));
        assert!(width(7) < width(77) && width(1_111) < BOUNDS.w);
        let connected = badge(portrait(), BOUNDS, Mark::Connected).unwrap().rect;
        assert_eq!(Rect { w: BOUNDS.w, ..connected }, BOUNDS);
    }

    #[test]
    fn every_mark_has_room_on_every_tile_of_every_template() {
        let canvas = Size { width: 720, height: 1280 };
        let widest = [u64::MAX, 999_999, 88_888, 9_999].map(|score| Mark::Standing { rank: 9, score });
        for template in Template::ALL {
            let proportion = template.proportion(canvas);
            for region in (2..=template.capacity()).flat_map(|n| template.regions(canvas, n)) {
                let bounds = badge_bounds(proportion, region);
                for mark in widest.into_iter().chain([Mark::Connected]) {
                    let badge = badge(proportion, bounds, mark);
                    assert!(badge.is_some_and(|badge| badge.rect.w <= bounds.w), "{template:?} {bounds:?} {mark:?}");
                }
            }
        }
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        for mark in [Mark::Connected, Mark::Standing { rank: 1, score: 0 }] {
            assert_eq!(badge(portrait(), Rect { w: 20, ..BOUNDS }, mark), None);
        }
        let nowhere = Rect { w: 0, h: 0, ..BOUNDS };
        let reading = Reading { of: Span::Battle, seconds: 9, bright: false };
        assert_eq!(countdown(portrait(), nowhere, reading), None);
        assert_eq!((opening(nowhere), outcome(nowhere, Outcome::Draw)), (None, None));
    }

    #[test]
    fn only_the_first_rank_is_golden() {
        let golden = |rank| {
            let patch = badge(portrait(), BOUNDS, Mark::Standing { rank, score: 5 }).unwrap();
            // The gold's blue is far below that of white and of the ground.
            (0..patch.rect.h / 2).any(|row| patch.row(1, row).0.iter().any(|u| *u < 80))
        };
        assert!(golden(1) && !golden(2));
    }

    #[test]
    fn every_outcome_and_every_reading_fills_its_rectangle_and_looks_different() {
        let rect = Rect { x: 432, y: 570, w: 216, h: 54 };
        let outcomes = [Outcome::Victory, Outcome::Defeat, Outcome::Draw].map(|it| outcome(rect, it).unwrap());
        assert!(outcomes.iter().all(|patch| patch.rect == rect));
        assert!(outcomes[0] != outcomes[1] && outcomes[1] != outcomes[2] && outcomes[0] != outcomes[2]);
        let rect = Rect { w: 260, ..rect };
        let reading = |of, seconds, bright| countdown(portrait(), rect, Reading { of, seconds, bright }).unwrap();
        let readings = [
            reading(Span::Battle, 9, false),
            reading(Span::Battle, 9, true),
            reading(Span::Battle, 69, false),
            reading(Span::Punishment, 9, false),
        ];
        for (i, one) in readings.iter().enumerate() {
            assert!(one.rect == rect && readings[i + 1..].iter().all(|other| other != one), "{i}");
        }
    }

    #[test]
    fn where_there_is_no_room_for_the_word_the_time_is_said_alone() {
        let said =
            |of, w| countdown(portrait(), Rect { w, ..BOUNDS }, Reading { of, seconds: 75, bright: false }).unwrap();
        assert_eq!(said(Span::Punishment, 120), said(Span::Battle, 120));
        assert_ne!(said(Span::Punishment, 260), said(Span::Battle, 260));
    }

    fn portrait() -> Proportion {
        Template::HostDynamicGrid.proportion(Size { width: 720, height: 1280 })
    }
}
