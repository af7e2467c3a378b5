//! When to encode the mix.
//!
//! Where hosts send no more frames than may be encoded, each change is encoded at once. Where they send more, some
//! frames must wait for others; then the arrival of one or a few hosts is chosen as the moment, those after which
//! the sum of all waits is least. Two hosts of 30 fps, 30 encodes a second:
//!
//! ```text
//!   A ──┬───────────┬───────────┬──      B comes 12 ms after A: encode with B, A waits 12.
//!   B ──┼──────┬────┼──────┬────┼─       B comes 25 ms after A: encode with A, B waits 8.
//!       0     12   33     45   67 ms     Nobody waits more than half an interval.
//! ```
//! The moment is an arrival, not a clock: it drifts with its host, and moves to another when that becomes better.
//!
//! Where all find a place, two that come almost together still share one encode. One thread decodes and encodes, so that
//! the second would wait for the first one's encode anyway:
//!
//! ```text
//!   decode 1.8 ms, encode 2.7 ms, B arrives 2 ms after A
//!   each its own   A ▒▒███      A shown after 4.5 ms      together   A ▒▒ ███      A shown after 6.5 ms
//!                  B      ▒▒███ B shown after 7.0 ms                 B   ▒▒███     B shown after 4.5 ms
//! ```

use std::collections::BTreeMap;
use std::time::Instant;

use super::TokenBucket;
use super::cadence::{Cadence, instant, seconds};

/// Sources whose cadence is learned: more than any template has tiles. Changes of others count, unpredicted.
pub const SOURCES_MAX: usize = 16;

/// Frames may be scarcer than sources by this factor and still be given out as they come: dropping one in twenty is
/// better than letting half of them wait.
const SCARCE: f64 = 1.05;

/// Sources whose periods differ by less are taken as one cadence that drifts slowly.
const SAME_PERIOD: f64 = 0.03;

/// Sources that need this part of all tokens leave none for overlays.
const BUSY: f64 = 0.9;

/// Intervals that a frame is held at most so that later ones find a token.
const REGAIN_MAX: f64 = 1.29;

/// A choice stays until another is better by this part of the interval: 0.5 ms at 30 encodes a second.
const STAY: f64 = 1.0 / 64.0;

/// Seconds between two arrivals that are shown by one encode. Up to about half a decode and an encode the mean wait is
/// less than with an encode for each, up to a whole one the longest; and no screen shows two pictures this close.
const TOGETHER: f64 = 0.004;

/// Seconds: what has arrived already and only waits to be decoded is handed over within this.
const HANDED_OVER: f64 = 0.000_5;

/// Seconds: a wait for a token that is shorter is not worth anything else.
const SHORT: f64 = 0.001;

/// Demand above which tokens run short for good, and not only by jitter: what an estimate of rates can tell from one.
const SHORT_FOR_GOOD: f64 = 1.004;

/// Decides when to encode. Drive it so: [`Pacer::changed`] at each paint; then, and at [`Pacer::poll_timeout`],
/// ask [`Pacer::due`]; when true encode and say [`Pacer::encoded`].
#[derive(Debug)]
pub struct Pacer<S> {
    bucket: TokenBucket,
    /// Where the seconds of the cadences begin: the first change.
    base: Option<Instant>,
    sources: BTreeMap<S, Cadence>,
    /// The sources at whose arrival is encoded, while there are too many.
    anchors: Vec<S>,
    /// The oldest change not encoded yet.
    waiting_since: Option<Instant>,
    /// When it will be.
    plan: Instant,
}

impl<S: Copy + Ord> Pacer<S> {
    /// At most `max_fps` encodes a second.
    #[must_use]
    pub fn new(now: Instant, max_fps: u32) -> Self {
        Self {
            bucket: TokenBucket::new(max_fps),
            base: None,
            sources: BTreeMap::new(),
            anchors: Vec::with_capacity(SOURCES_MAX),
            waiting_since: None,
            plan: now,
        }
    }

    /// Something changed: a frame of a source was painted, whose last packet arrived at that moment; or with `None` an
    /// overlay. Arrivals are what a host's cadence shows in: painting waits for other hosts' frames.
    pub fn changed(&mut self, now: Instant, painted: Option<(S, Instant)>) {
        let base = *self.base.get_or_insert(now);
        if let Some((source, arrived)) = painted {
            let at = seconds(base, arrived);
            let room = self.sources.len() < SOURCES_MAX;
            match self.sources.get_mut(&source) {
                Some(cadence) => cadence.arrival(at),
                None if room => drop(self.sources.insert(source, Cadence::new(at))),
                None => {}
            }
        }
        let source = painted.map(|(source, _)| source);
        let first = self.waiting_since.is_none();
        let since = *self.waiting_since.get_or_insert(now);
        // An overlay rides along with what is planned already.
        if source.is_some() || first {
            self.plan = self.planned(now, base, since, source);
        }
    }

    /// Whether to encode now.
    #[must_use]
    pub fn due(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|at| at <= now)
    }

    /// An encode began: everything up to now is shown.
    pub fn encoded(&mut self, now: Instant) {
        self.bucket.take(now);
        self.waiting_since = None;
    }

    /// Everything up to now is shown without a token of ours: it went with a keyframe that was wanted, or has changed
    /// back.
    pub fn passed(&mut self) {
        self.waiting_since = None;
    }

    /// When an encode is due, should nothing else change; `None` while nothing changed.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.waiting_since.map(|_| self.plan)
    }

    /// `source` left the picture.
    pub fn forget(&mut self, source: S) {
        self.sources.remove(&source);
        self.anchors.retain(|anchor| *anchor != source);
    }

    fn planned(&mut self, now: Instant, base: Instant, since: Instant, source: Option<S>) -> Instant {
        let at = seconds(base, now);
        let ready = self.bucket.next(now);
        let interval = self.bucket.interval();
        if self.demand(at, self.sources.keys()) > SCARCE {
            self.choose_anchors(at);
        } else {
            self.anchors.clear();
        }
        if let Some(next) = source.and_then(|source| self.regained_at(now, at, source)) {
            return instant(base, next).min(since + interval.mul_f64(REGAIN_MAX)).max(ready);
        }
        let hold_until = if self.anchors.is_empty() {
            self.better_later(now, at, self.sources.keys()).or_else(|| self.together(at, seconds(base, since), source))
        } else if source.is_some_and(|source| self.anchors.contains(&source)) {
            self.better_later(now, at, &self.anchors).or_else(|| self.last_at_hand(at, source))
        } else {
            self.next_of(at, &self.anchors).filter(|next| !self.is_spare(now, instant(base, *next)))
        };
        let latest = since + interval + interval / 4;
        if source.is_none() && self.demand(at, self.sources.keys()) > BUSY {
            // Hosts' frames need every token: an overlay that took one of its own would make them late from then on,
            // since hosts of the full rate never let it be earned back. It goes with the next of them.
            let next = match self.anchors.is_empty() {
                true => self.next_of(at, self.sources.keys()),
                false => self.next_of(at, &self.anchors),
            };
            if let Some(next) = next {
                return instant(base, next).min(latest).max(ready);
            }
        }
        hold_until.map_or(ready, |until| instant(base, until).min(latest).max(ready))
    }

    /// `source` is encoded at its arrival but finds no token, and as its like needs every token it would be as late with
    /// each frame from now on. So this frame is given up for the next, when two tokens will have come.
    fn regained_at(&self, now: Instant, at: f64, source: S) -> Option<f64> {
        let (ours, demand) = match self.anchors.is_empty() {
            true => (true, self.demand(at, self.sources.keys())),
            false => (self.anchors.contains(&source), self.demand(at, &self.anchors)),
        };
        let late = self.bucket.next(now).saturating_duration_since(now).as_secs_f64();
        if !ours || demand <= BUSY || late <= SHORT {
            return None;
        }
        if self.anchors.is_empty() { self.next_of(at, self.sources.keys()) } else { self.next_of(at, [&source]) }
    }

    /// Frames of these sources in the time in which one token comes.
    fn demand<'a>(&self, at: f64, sources: impl IntoIterator<Item = &'a S>) -> f64
    where
        S: 'a,
    {
        let cadences = sources.into_iter().filter_map(|source| self.sources.get(source));
        let rate: f64 = cadences.filter(|cadence| !cadence.is_silent(at)).map(|cadence| cadence.rate(at)).sum();
        rate * self.bucket.interval().as_secs_f64()
    }

    /// One of these has come. When tokens are short, now or for the next of them, one encode for both may cost less
    /// wait than one for each: then it is held until the next.
    fn better_later<'a>(&self, now: Instant, at: f64, these: impl IntoIterator<Item = &'a S> + Clone) -> Option<f64>
    where
        S: 'a,
    {
        let next = self.next_of(at, these.clone())?;
        let interval = self.bucket.interval().as_secs_f64();
        let gap = next - at;
        // What a frame would have to wait for its token: this one now, or the next if this one takes its token.
        let missing_then = 2.0 * interval - self.bucket.saved(now).as_secs_f64() - gap;
        let shortage = missing_then.max(self.bucket.next(now).saturating_duration_since(now).as_secs_f64());
        let demand = self.demand(at, these);
        // Short for good: merge where the gap is small, before waiting for tokens becomes a habit.
        let merge = demand > SHORT_FOR_GOOD && shortage > SHORT && gap < 1.05 * interval / demand;
        (merge || gap < 2.0 * shortage).then_some(next)
    }

    /// A frame of this source has come. Another that is about to, or has come while this one was decoded, is waited for.
    fn together(&self, at: f64, since: f64, source: Option<S>) -> Option<f64> {
        let arrived = self.sources.get(&source?)?.last();
        let others = self.sources.iter().filter(|(other, cadence)| Some(**other) != source && cadence.is_regular(at));
        others
            .filter(|(_, cadence)| cadence.next(arrived) <= arrived.min(since) + TOGETHER)
            .map(|(_, cadence)| (cadence.next(arrived) + cadence.slack()).max(at + HANDED_OVER))
            .min_by(f64::total_cmp)
    }

    /// When the first of these is expected, slack included.
    fn next_of<'a>(&self, at: f64, sources: impl IntoIterator<Item = &'a S>) -> Option<f64>
    where
        S: 'a,
    {
        let expected = sources.into_iter().filter_map(|source| self.sources.get(source));
        expected
            .filter(|cadence| cadence.is_regular(at))
            .map(|cadence| cadence.next(at) + cadence.slack())
            .min_by(f64::total_cmp)
    }

    /// An anchor has come. Others that come with it, and by chance a little later this time, are waited for; so are those
    /// that have come while it was decoded.
    fn last_at_hand(&self, at: f64, source: Option<S>) -> Option<f64> {
        let arrived = self.sources.get(&source?)?.last();
        let others = self.sources.iter().filter(|(other, cadence)| Some(**other) != source && cadence.is_regular(at));
        others
            .filter(|(_, cadence)| cadence.next(arrived) <= at + cadence.slack())
            .map(|(_, cadence)| (cadence.next(arrived) + cadence.slack()).max(at + HANDED_OVER))
            .max_by(f64::total_cmp)
    }

    /// Whether a token spent now is not missed at the next anchor.
    fn is_spare(&self, now: Instant, next: Instant) -> bool {
        let interval = self.bucket.interval();
        let saved = self.bucket.saved(now).saturating_sub(interval) + next.saturating_duration_since(now);
        saved >= interval + interval / 6
    }

    /// Chooses the sources at whose arrival the sum of all waits is least, as many as tokens come in a period.
    fn choose_anchors(&mut self, at: f64) {
        let (phases, period) = self.common_cadence(at);
        let interval = self.bucket.interval().as_secs_f64();
        let mut tokens = (period / interval * SCARCE).floor().max(1.0);
        let mut chosen: Vec<(S, f64)> = Vec::with_capacity(phases.len());
        while tokens >= 1.0 && chosen.len() < phases.len() {
            tokens -= 1.0;
            let added = phases.iter().filter(|(source, _)| chosen.iter().all(|(taken, _)| taken != source));
            let best = added.copied().min_by(|a, b| {
                let cost = |candidate: &(S, f64)| waits(&phases, chosen.iter().chain([candidate]), period);
                cost(a).total_cmp(&cost(b))
            });
            chosen.extend(best);
        }
        let kept: Vec<&(S, f64)> = phases.iter().filter(|(source, _)| self.anchors.contains(source)).collect();
        let still = kept.len() == chosen.len()
            && waits(&phases, kept, period) <= waits(&phases, &chosen, period) + STAY * interval;
        if !still {
            self.anchors.clear();
            self.anchors.extend(chosen.iter().map(|(source, _)| *source));
        }
    }

    /// The period that most sources share (of equals the shortest), and the phases of those sources.
    fn common_cadence(&self, at: f64) -> (Vec<(S, f64)>, f64) {
        let regular: Vec<(S, &Cadence)> =
            self.sources.iter().filter(|(_, cadence)| cadence.is_regular(at)).map(|(s, c)| (*s, c)).collect();
        let same = |a: f64, b: f64| (a - b).abs() < SAME_PERIOD * a;
        let sharing = |period: f64| regular.iter().filter(|(_, other)| same(period, other.period())).count();
        let by_share = |a: &f64, b: &f64| sharing(*a).cmp(&sharing(*b)).then(b.total_cmp(a));
        let period = regular.iter().map(|(_, cadence)| cadence.period()).max_by(by_share).unwrap_or(1.0);
        let members = regular.iter().filter(|(_, cadence)| same(period, cadence.period()));
        (members.map(|(source, cadence)| (*source, cadence.next(at))).collect(), period)
    }
}

/// The sum of the waits of all for the next of the chosen.
fn waits<'a, S: 'a>(all: &[(S, f64)], chosen: impl IntoIterator<Item = &'a (S, f64)> + Clone, period: f64) -> f64 {
    let wait = |phase: f64| {
        let each = chosen.clone().into_iter().map(|(_, anchor)| (anchor - phase).rem_euclid(period));
        each.min_by(f64::total_cmp).unwrap_or(period)
    };
    all.iter().map(|(_, phase)| wait(*phase)).sum()
}

#[cfg(test)]
mod tests;
