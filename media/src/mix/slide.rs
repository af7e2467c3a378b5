//! What moves by itself: eased from where it was to where it should be, with a say in when it next wants a picture.

use std::time::{Duration, Instant};

/// How long the boundary of the score bar slides, and a number counts.
pub(super) const SCORE: Duration = Duration::from_millis(500);

/// Between two steps: no more than a picture at 60 a second can show.
const STEP: Duration = Duration::from_micros(16_667);

/// A way that takes a fixed time: fast at first, slower towards the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glide {
    since: Instant,
    lasts: Duration,
    /// The next step, until it is over.
    step: Option<Instant>,
}

impl Glide {
    /// Begins at `now`.
    pub(super) fn new(now: Instant, lasts: Duration) -> Self {
        Self { since: now, lasts, step: Some(now + STEP) }
    }

    /// Long over.
    pub(super) fn done(now: Instant) -> Self {
        Self { since: now, lasts: Duration::ZERO, step: None }
    }

    /// The part of the way that is left: 1 at the start, 0 from the end on.
    pub(super) fn left(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.since);
        if passed >= self.lasts {
            return 0.0;
        }
        let left = 1.0 - passed.as_secs_f64() / self.lasts.as_secs_f64();
        left * left * left
    }

    /// Whether it has arrived.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= self.lasts
    }

    /// The next step, while it moves.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.step
    }

    /// Takes the steps that are due; `true` when the picture changes by it.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let due = self.step.is_some_and(|step| step <= now);
        if due {
            let end = self.since + self.lasts;
            self.step = (now < end).then(|| (now + STEP).min(end));
        }
        due
    }
}

/// The share that the score bar shows, on its way from where it was seen last to where it should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slide {
    from: f64,
    to: f64,
    glide: Glide,
}

impl Slide {
    /// At rest.
    pub(super) fn at(now: Instant, share: f64) -> Self {
        Self { from: share, to: share, glide: Glide::done(now) }
    }

    /// On the way to `share` from wherever it is now. The same share again changes nothing.
    pub(super) fn turn(&mut self, now: Instant, share: f64) {
        if share.to_bits() != self.to.to_bits() {
            *self = Self { from: self.share(now), to: share, glide: Glide::new(now, SCORE) };
        }
    }

    /// Where it is.
    pub(super) fn share(&self, now: Instant) -> f64 {
        self.to + (self.from - self.to) * self.glide.left(now)
    }

    /// The next step, while it moves.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.glide.poll_timeout()
    }

    /// Takes the steps that are due; `true` when the picture changes by it.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        self.glide.handle_timeout(now)
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
        assert_eq!((now, steps, last), (start + SCORE, 30, 0.8));
        assert!(!slide.handle_timeout(now + SCORE));
    }

    #[test]
    fn a_new_score_turns_the_slide_from_where_it_is() {
        let start = Instant::now();
        let mut slide = Slide::at(start, 0.0);
        slide.turn(start, 1.0);
        let now = start + SCORE / 2;
        let seen = slide.share(now);
        slide.turn(now, 0.25);
        assert_eq!(slide.share(now).to_bits(), seen.to_bits());
        assert_eq!(slide.share(now + SCORE).to_bits(), 0.25f64.to_bits());
    }

    #[test]
    fn a_glide_has_its_whole_way_left_at_the_start_and_none_at_the_end() {
        let start = Instant::now();
        let glide = Glide::new(start, Duration::from_millis(300));
        let left = |ms| glide.left(start + Duration::from_millis(ms));
        assert_eq!([left(0).to_bits(), left(300).to_bits()], [1.0f64.to_bits(), 0.0f64.to_bits()]);
        assert!((left(100) - 8.0 / 27.0).abs() < 1e-9 && (left(200) - 1.0 / 27.0).abs() < 1e-9);
        assert!(
            !glide.is_over(start + Duration::from_millis(299)) && glide.is_over(start + Duration::from_millis(300))
        );
    }
}
