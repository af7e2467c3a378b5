//! The countdown: what it says at a moment, and when it next says something else.

use std::time::{Duration, Instant};

use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::overlay::{self, Layer, Reading};
use crate::mix::way::Way;
use crate::scene::{Countdown, Proportion, Rect, Span};

const SECOND: Duration = Duration::from_secs(1);

/// The battle's last seconds flash: half of each is bright.
const FLASHES_FROM: Duration = Duration::from_secs(10);
const FLASH: Duration = Duration::from_millis(500);

/// A countdown on the canvas. What it says is drawn when it is next laid on the canvas.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) way: Way,
    pub(super) countdown: Countdown,
    proportion: Proportion,
    /// When it next says something else.
    due: Option<Instant>,
    drawn: Option<(Reading, Option<Layer>)>,
}

impl Clock {
    pub(super) fn new(now: Instant, proportion: Proportion, rect: Rect, countdown: Countdown) -> Self {
        Self { way: Way::none(rect), countdown, proportion, due: next(countdown, now), drawn: None }
    }

    /// When it next wants a picture; never again once it is over.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// `true` when it says something else by now.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let due = self.due.is_some_and(|due| due <= now);
        if due {
            self.due = next(self.countdown, now);
        }
        due
    }

    /// Lays it on the canvas, with this part of its way `left`.
    pub(super) fn cover(&mut self, kernels: &Kernels, canvas: &mut Canvas, now: Instant, left: f64) {
        let reading = reading(self.countdown, now);
        if self.drawn.as_ref().is_none_or(|(drawn, _)| *drawn != reading) {
            let layer = overlay::countdown(self.proportion, self.way.to, reading).map(Layer::new);
            self.drawn = Some((reading, layer));
        }
        if let Some((_, Some(layer))) = &mut self.drawn {
            let place = self.way.at(left);
            layer.move_to(place.x, place.y);
            layer.cover(kernels, canvas);
        }
    }

    pub(super) fn uncover(&self, canvas: &mut Canvas) {
        if let Some((_, Some(layer))) = &self.drawn {
            layer.uncover(canvas);
        }
    }
}

/// What it says: a second is shown until it has passed wholly, so that 0:00 is the end.
fn reading(countdown: Countdown, now: Instant) -> Reading {
    let left = countdown.end.saturating_duration_since(now);
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let halves = steps_before(left, FLASH);
    let bright = countdown.of == Span::Battle && !left.is_zero() && left <= FLASHES_FROM && halves % 2 == 1;
    Reading { of: countdown.of, seconds, bright }
}

/// The first moment after `now` at which it says something else; `None` from its end on.
fn next(countdown: Countdown, now: Instant) -> Option<Instant> {
    let left = countdown.end.checked_duration_since(now).filter(|left| !left.is_zero())?;
    let flashes = countdown.of == Span::Battle && left <= FLASHES_FROM;
    let step = if flashes { FLASH } else { SECOND };
    countdown.end.checked_sub(step * steps_before(left, step))
}

/// How many whole steps are left after the one that goes on; a step that is only just beginning goes on.
fn steps_before(left: Duration, step: Duration) -> u32 {
    let steps = left.as_nanos().saturating_sub(1) / step.as_nanos();
    u32::try_from(steps).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(of: Span, seconds: u64) -> Vec<(u128, u64, bool)> {
        let start = Instant::now();
        let countdown = Countdown { of, end: start + Duration::from_secs(seconds) };
        let mut now = start;
        let mut readings = Vec::new();
        loop {
            let Reading { seconds, bright, .. } = reading(countdown, now);
            readings.push(((now - start).as_millis(), seconds, bright));
            // It says the same until it is due.
            let Some(due) = next(countdown, now) else { return readings };
            assert_eq!(reading(countdown, due - Duration::from_nanos(1)), reading(countdown, now));
            assert_ne!(reading(countdown, due), reading(countdown, now));
            now = due;
        }
    }

    #[test]
    fn seconds_count_down_and_the_last_ten_of_a_battle_flash() {
        let battle = table(Span::Battle, 12);
        assert_eq!(battle[..3], [(0, 12, false), (1_000, 11, false), (2_000, 10, true)]);
        assert_eq!(battle[3..6], [(2_500, 10, false), (3_000, 9, true), (3_500, 9, false)]);
        assert_eq!(battle[20..], [(11_000, 1, true), (11_500, 1, false), (12_000, 0, false)]);
        let punishment = table(Span::Punishment, 2);
        assert_eq!(punishment, [(0, 2, false), (1_000, 1, false), (2_000, 0, false)]);
    }

    #[test]
    fn what_is_over_stays_at_nought_and_wants_nothing() {
        let now = Instant::now();
        let countdown = Countdown { of: Span::Battle, end: now };
        let later = now + SECOND;
        assert_eq!((next(countdown, now), next(countdown, later)), (None, None));
        assert_eq!(reading(countdown, later), Reading { of: Span::Battle, seconds: 0, bright: false });
    }

    #[test]
    fn it_joins_in_the_middle_of_a_second() {
        let now = Instant::now();
        let countdown = Countdown { of: Span::Battle, end: now + Duration::from_millis(75_300) };
        assert_eq!(reading(countdown, now).seconds, 76);
        assert_eq!(next(countdown, now), Some(now + Duration::from_millis(300)));
    }
}
