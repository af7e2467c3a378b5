//! What a layout that changes costs: pictures that the viewer misses while everybody moves.

use super::percentiles::rounded;
use super::tiles::Picture;
use super::verdict::Verdict;
use crate::client::Backend;
use crate::client::backend::BackendError;
use crate::engine::Clock;
use costage_media::scene::Rect;
use indicatif::ProgressBar;
use serde::Serialize;
use std::time::{Duration, Instant};

/// How long a change is looked at: 300 ms of motion, and what may come of it.
const LOOKED_AT: Duration = Duration::from_secs(1);

/// Changes of a run, beside the measured time in which everybody stood.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Changes {
    /// Layouts that became others.
    pub(super) changes: usize,
    /// In the second after each was asked for.
    pub(super) moving: Flow,
    pub(super) standing: Flow,
    /// Of "a layout change misses no picture".
    pub(super) verdict: Verdict,
}

impl Changes {
    /// Of so many changes. A picture that is missed is not excused by those that are missed while everybody stands.
    pub(super) fn judged(changes: usize, moving: Flow, standing: Flow) -> Self {
        let verdict = match (moving.pictures, moving.missed) {
            (0, _) => Verdict::NotShown,
            (_, 0) => Verdict::Met,
            (_, _) => Verdict::Missed,
        };
        Self { changes, moving, standing, verdict }
    }
}

/// Mixed pictures, one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Flow {
    pub(super) pictures: usize,
    /// Those that were due between the first and the last of each time, by when these were made, and did not come.
    pub(super) missed: usize,
    /// Those that came more than half of a picture's time late behind the one before; the next one is as much sooner then, or one is
    /// missed.
    pub(super) late: usize,
    /// The longest time from one's arrival at the viewer to the next one's, milliseconds.
    pub(super) longest_gap_ms: f64,
}

impl Flow {
    /// Of the pictures that arrived in these times, when `fps` a second are due.
    pub(super) fn of(pictures: &[Picture], times: &[(Instant, Instant)], fps: f64) -> Self {
        let mut flow = Self::default();
        for (from, until) in times {
            let within: Vec<_> = pictures.iter().filter(|picture| (*from..*until).contains(&picture.at)).collect();
            flow.pictures += within.len();
            let mut due = 0.0;
            for pair in within.windows(2) {
                let arrived = pair[1].at.saturating_duration_since(pair[0].at).as_secs_f64();
                flow.longest_gap_ms = flow.longest_gap_ms.max(rounded(arrived * 1_000.0));
                let made =
                    pair[0].captured.zip(pair[1].captured).map(|(one, next)| next.micros_since(one) as f64 / 1e6);
                let apart = made.unwrap_or(arrived) * fps;
                due += apart;
                flow.late += usize::from(apart > 1.5);
            }
            flow.missed += whole(due).saturating_sub(within.len().saturating_sub(1));
        }
        flow
    }
}

/// The nearest number of pictures.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates at both ends")]
fn whole(pictures: f64) -> usize {
    pictures.round().max(0.0) as usize
}

/// Has the lives change places, each with the next, so often, and answers when. `places` are those of the layout they have;
/// after each change everybody stands where another one stood.
///
/// # Errors
/// When the server is gone or refuses.
pub(super) async fn make(
    count: u32,
    clock: &dyn Clock,
    backend: &Backend,
    (lives, places): (&[String], &[Rect]),
    bar: &ProgressBar,
) -> Result<Vec<(Instant, Instant)>, BackendError> {
    let mut times = Vec::new();
    for turn in 1..=count as usize {
        let Some(first) = lives.first() else { break };
        let asked = clock.now();
        let who = lives.iter().cycle().skip(turn % lives.len());
        backend.set_regions(first, who.map(String::as_str).zip(places.iter().copied())).await?;
        tokio::time::sleep(LOOKED_AT).await;
        times.push((asked, asked + LOOKED_AT));
        bar.inc(1);
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use costage_media::time::Ntp;

    /// Made at these milliseconds, and arrived so many later.
    fn pictures(start: Instant, of: &[(u64, u64)]) -> Vec<Picture> {
        let picture = |(made, later): &(u64, u64)| Picture {
            at: start + Duration::from_millis(made + later),
            captured: Some(Ntp(1 << 40).plus(Duration::from_millis(*made))),
            bytes: 1,
        };
        of.iter().map(picture).collect()
    }

    #[test]
    fn who_comes_late_is_not_missed_and_who_was_never_made_is() {
        let start = Instant::now();
        let second = (start, start + LOOKED_AT);
        let late = pictures(start, &[(0, 5), (33, 40), (67, 8), (100, 5)]);
        let flow = Flow::of(&late, &[second], 30.0);
        assert_eq!((flow.pictures, flow.missed, flow.late, flow.longest_gap_ms), (4, 0, 0, 68.0));
        // Made late, and the next one so much sooner.
        let uneven = pictures(start, &[(0, 5), (55, 5), (67, 5), (100, 5)]);
        assert_eq!(Flow::of(&uneven, &[second], 30.0), Flow { pictures: 4, missed: 0, late: 1, longest_gap_ms: 55.0 });
        let gone = pictures(start, &[(0, 5), (100, 5), (133, 5)]);
        assert_eq!(Flow::of(&gone, &[second], 30.0), Flow { pictures: 3, missed: 2, late: 1, longest_gap_ms: 100.0 });
    }

    #[test]
    fn one_picture_that_is_missed_misses_the_line() {
        let flow = |pictures, missed| Flow { pictures, missed, ..Flow::default() };
        let verdict = |moving| Changes::judged(8, moving, flow(600, 3)).verdict;
        let found = [flow(240, 0), flow(240, 1), flow(0, 0)].map(verdict);
        assert_eq!(found, [Verdict::Met, Verdict::Missed, Verdict::NotShown]);
    }

    #[test]
    fn gaps_between_the_times_do_not_count() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let seen = pictures(start, &[(0, 0), (33, 0), (500, 0), (533, 0)]);
        let flow = Flow::of(&seen, &[(at(0), at(100)), (at(500), at(600))], 30.0);
        assert_eq!(flow, Flow { pictures: 4, missed: 0, late: 0, longest_gap_ms: 33.0 });
    }
}
