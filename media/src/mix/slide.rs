//! The boundary of the score bar on its way to a new share.

use std::time::{Duration, Instant};

/// How long the boundary slides.
const SLIDE: Duration = Duration::from_millis(500);

/// Between two steps of it: no more than a picture at 60 a second can show.
const STEP: Duration = Duration::from_micros(16_667);

/// A share that eases from where it was seen last to where it should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slide {
    from: f64,
    to: f64,
    since: Instant,
    /// The next step, until the slide is over.
    step: Option<Instant>,
}

impl Slide {
    /// At rest.
    pub(super) fn at(now: Instant, share: f64) -> Self {
        Self { from: share, to: share, since: now, step: None }
    }

    /// On the way to `share` from wherever it is now. The same share again changes nothing.
    pub(super) fn turn(&mut self, now: Instant, share: f64) {
        if share.to_bits() != self.to.to_bits() {
            *self = Self { from: self.share(now), to: share, since: now, step: Some(now + STEP) };
        }
    }

    /// Where it is: fast at first, slower towards the end.
    pub(super) fn share(&self, now: Instant) -> f64 {
        let way = now.saturating_duration_since(self.since).as_secs_f64() / SLIDE.as_secs_f64();
        let left = 1.0 - way.min(1.0);
        self.to + (self.from - self.to) * left * left * left
    }

    /// The next step, while it moves.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.step
    }

    /// Takes the steps that are due; `true` when the picture changes by it.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let due = self.step.is_some_and(|step| step <= now);
        if due {
            let end = self.since + SLIDE;
            self.step = (now < end).then(|| (now + STEP).min(end));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slide_takes_500_ms_and_then_asks_for_nothing_more() {
        let start = Instant::now();
        let mut slide = Slide::at(start, 0.5);
        assert_eq!(slide.poll_timeout(), None);
        slide.turn(start, 0.8);
        let (mut steps, mut last, mut now) = (0, 0.5, start);
        while let Some(step) = slide.poll_timeout() {
            now = step;
            assert!(slide.handle_timeout(now));
            assert!(slide.share(now) > last, "it only moves on");
            last = slide.share(now);
            steps += 1;
        }
        assert_eq!((now, steps, last), (start + SLIDE, 30, 0.8));
        assert!(!slide.handle_timeout(now + SLIDE));
    }

    #[test]
    fn a_new_score_turns_the_slide_from_where_it_is() {
        let start = Instant::now();
        let mut slide = Slide::at(start, 0.0);
        slide.turn(start, 1.0);
        let now = start + SLIDE / 2;
        let seen = slide.share(now);
        slide.turn(now, 0.25);
        assert_eq!(slide.share(now).to_bits(), seen.to_bits());
        assert_eq!(slide.share(now + SLIDE).to_bits(), 0.25f64.to_bits());
    }
}
