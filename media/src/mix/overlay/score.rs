//! The score bar of a battle of two.

use tiny_skia::Pixmap;

use super::Patch;
use super::label::{blank, pixels, px};
use super::lettering::{CAP_HEIGHT, Style, lettering};
use crate::kernel::Kernels;
use crate::mix::Canvas;
use crate::mix::theme::colours;
use crate::scene::{Proportion, Rect, ScoreBar, shortened};

/// Of the first side, and of the second.
pub(super) const TEXT_SIZE: f32 = 24.0;
const PADDING: usize = 12;

/// Two colours that meet at the share of the left score, and both numbers. Numbers count with every gift: they are drawn when
/// the bar is next laid on the canvas, by glyphs from the cache of lettering, so that a picture pays for one change however
/// many came since the last, and some ten microseconds.
#[derive(Debug)]
pub(in crate::mix) struct BattleBar {
    /// Where it lies.
    pub(in crate::mix) rect: Rect,
    scores: ScoreBar,
    proportion: Proportion,
    /// Left and right, wherever the bar is; none until it is laid on the canvas with these scores.
    numbers: Option<[Option<Patch>; 2]>,
    under: Vec<u8>,
}

impl BattleBar {
    pub(in crate::mix) fn new(proportion: Proportion, rect: Rect, scores: ScoreBar) -> Self {
        Self { rect, scores, proportion, numbers: None, under: Vec::new() }
    }

    /// In these proportions from now on; it lies off the canvas at the moment.
    pub(in crate::mix) fn fit(&mut self, proportion: Proportion) {
        if self.proportion != proportion {
            (self.proportion, self.numbers) = (proportion, None);
        }
    }

    /// Lies there from now on; it lies off the canvas at the moment.
    pub(in crate::mix) fn place(&mut self, rect: Rect) {
        self.numbers.take_if(|_| self.rect.h != rect.h);
        self.rect = rect;
    }

    /// Writes these numbers when it is next laid on the canvas; it lies off it at the moment.
    pub(in crate::mix) fn show(&mut self, scores: ScoreBar) {
        let written = |scores: ScoreBar| [scores.left, scores.right].map(shortened);
        if self.scores != scores && written(self.scores) != written(scores) {
            self.numbers = None;
        }
        self.scores = scores;
    }

    fn drawn(&self) -> [Option<Patch>; 2] {
        let style = Style { size: TEXT_SIZE * self.proportion.scale(), bold: true };
        let ScoreBar { left, right } = self.scores;
        [left, right].map(|score| number(score, style, self.rect.h).map(|pixels| Patch::new(0, 0, &pixels)))
    }

    /// Lays it on the canvas with `share` of it (0 to 1) in the left colour.
    pub(in crate::mix) fn cover(&mut self, kernels: &Kernels, canvas: &mut Canvas, share: f64) {
        canvas.keep(self.rect, &mut self.under);
        let numbers = self.numbers.take().unwrap_or_else(|| self.drawn());
        canvas.split(self.rect, self.boundary(share, &numbers), colours().left.yuv(), colours().right.yuv());
        let (rect, padding) = (self.rect, self.proportion.length(PADDING));
        let at = |width: usize| [rect.x + padding, rect.right().saturating_sub(padding + width)];
        for (side, patch) in numbers.iter().enumerate() {
            let placed = patch.clone().map(|patch| (at(patch.rect.w)[side], patch));
            placed.into_iter().for_each(|(x, patch)| canvas.blend(kernels, &patch.moved_by(x, rect.y)));
        }
        self.numbers = Some(numbers);
    }

    /// Takes it off again.
    pub(in crate::mix) fn uncover(&self, canvas: &mut Canvas) {
        canvas.put_back(self.rect, &self.under);
    }

    /// Columns in the left colour: the share, but neither side is narrower than its number with padding on both of its sides: at
    /// the bar's end, so that its last digit does not stand on the other side's colour, to be read as the other's score, and
    /// at the boundary, so that it does not touch that.
    fn boundary(&self, share: f64, [left, right]: &[Option<Patch>; 2]) -> usize {
        let needs = |patch: &Option<Patch>| {
            let number = patch.as_ref().map_or(0, |patch| patch.rect.w);
            (number + 2 * self.proportion.length(PADDING)).min(self.rect.w / 2)
        };
        self.column(share).clamp(needs(left), self.rect.w - needs(right))
    }

    /// Columns in the left colour, were there no numbers.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "columns of a canvas, and a share between 0 and 1"
    )]
    pub(in crate::mix) fn column(&self, share: f64) -> usize {
        (self.rect.w as f64 * share).round() as usize
    }
}

/// The share of the left score that the bar comes to rest at.
#[allow(clippy::cast_precision_loss, reason = "a share of some hundred columns")]
pub(in crate::mix) fn share(scores: ScoreBar) -> f64 {
    match (scores.left, scores.right) {
        (0, 0) => 0.5,
        (left, right) => left as f64 / (left as f64 + right as f64),
    }
}

/// A number as wide as its advances and as high as the bar.
fn number(score: u64, style: Style, height: usize) -> Option<Pixmap> {
    let lettering = lettering();
    let line = lettering.number(&shortened(score), style);
    let mut image = blank(pixels(line.width), height)?;
    let baseline = ((px(height) + CAP_HEIGHT * style.size) / 2.0).round();
    lettering.draw(&line, &mut image, 0.0, baseline, colours().text);
    Some(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::scene::Template;

    #[test]
    fn the_boundary_is_at_the_share_and_in_the_middle_at_zero() {
        for (left, right, column) in [(0, 0, 360), (500, 1200, 212), (1, 1, 360), (3000, 1000, 540)] {
            assert_eq!(rest(left, right), column, "{left}:{right}");
        }
    }

    #[test]
    fn neither_side_is_narrower_than_its_number() {
        let bar = bar(0, 4_500_000);
        let numbers = bar.drawn();
        let width = |side: usize| numbers[side].as_ref().unwrap().rect.w;
        assert_eq!(bar.boundary(0.0, &numbers), width(0) + 24);
        assert_eq!(720 - bar.boundary(1.0, &numbers), width(1) + 24);
    }

    #[test]
    fn numbers_of_as_many_digits_are_as_wide() {
        let width = |score| bar(score, 0).drawn()[0].as_ref().unwrap().rect.w;
        assert_eq!(width(1111), width(8088));
        assert_eq!(width(11_100), width(98_765));
    }

    fn rest(left: u64, right: u64) -> usize {
        let bar = bar(left, right);
        bar.boundary(share(ScoreBar { left, right }), &bar.drawn())
    }

    fn bar(left: u64, right: u64) -> BattleBar {
        let proportion = Template::HostDynamicGrid.proportion(Size { width: 720, height: 1280 });
        BattleBar::new(proportion, Rect { x: 0, y: 240, w: 720, h: 36 }, ScoreBar { left, right })
    }
}
