//! Turns of many contenders, interleaved, and what their times come to.

use serde::Serialize;
use std::time::Duration;

/// Something that composes pictures, one after the other.
pub(super) trait Contender {
    /// Composes so many and tells the CPU time that it took.
    ///
    /// # Errors
    /// When it cannot, and never will again.
    fn run(&mut self, frames: u32) -> anyhow::Result<Duration>;
}

/// Milliseconds a picture over all rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Spread {
    /// The median.
    pub(super) ms: f64,
    /// The 10th percentile.
    pub(super) low: f64,
    /// The 90th percentile.
    pub(super) high: f64,
}

impl Spread {
    /// Of at least one sample; of an even number, the median is the mean of the two in the middle.
    pub(super) fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let last = samples.len().checked_sub(1)?;
        let rank = |percent: usize| samples[(last * percent + 50) / 100];
        let median = f64::midpoint(samples[last / 2], samples[samples.len() / 2]);
        Some(Self {
            ms: microsecond_tenths(median),
            low: microsecond_tenths(rank(10)),
            high: microsecond_tenths(rank(90)),
        })
    }
}

/// Four digits after the point of a millisecond: a floor is some tenths of one.
pub(super) fn microsecond_tenths(ms: f64) -> f64 {
    (ms * 10_000.0).round() / 10_000.0
}

/// What is measured how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Turns of each contender.
    pub(super) rounds: u32,
    /// How long a turn takes about.
    pub(super) turn: Duration,
    /// Pictures that a turn has at least, and a multiple of which it has: those of a source, all of them as often.
    pub(super) frames: u32,
}

/// Pictures that a turn has at most.
const TURN_FRAMES_MAX: u32 = 10_000;

/// Has all contenders take turns, in each round beginning with another one, so that what the machine does meanwhile meets all
/// of them alike. `None` for one that gave up, with its words.
pub(super) fn interleave(
    contenders: &mut [Box<dyn Contender>],
    plan: Plan,
    mut after_round: impl FnMut(),
) -> Vec<Result<Spread, String>> {
    let mut lanes: Vec<_> = contenders.iter_mut().map(|it| Lane::warm(&mut **it, plan)).collect();
    let count = lanes.len();
    for round in 0..plan.rounds as usize {
        for i in 0..count {
            lanes[(round + i) % count].turn();
        }
        after_round();
    }
    lanes.into_iter().map(Lane::end).collect()
}

/// A contender with its times so far.
struct Lane<'a> {
    contender: &'a mut dyn Contender,
    frames: u32,
    samples: Vec<f64>,
    gave_up: Option<String>,
}

impl<'a> Lane<'a> {
    /// Runs twice without counting: once for the memory to be there, once to see how many pictures make a turn.
    fn warm(contender: &'a mut dyn Contender, plan: Plan) -> Self {
        let mut lane = Self { contender, frames: plan.frames.max(1), samples: Vec::new(), gave_up: None };
        lane.turn();
        lane.turn();
        if let Some(ms) = lane.samples.last() {
            lane.frames = frames_of_turn(*ms, plan);
        }
        lane.samples.clear();
        lane
    }

    fn turn(&mut self) {
        if self.gave_up.is_some() {
            return;
        }
        match self.contender.run(self.frames) {
            Ok(took) => self.samples.push(took.as_secs_f64() * 1_000.0 / f64::from(self.frames)),
            Err(error) => self.gave_up = Some(format!("{error:#}")),
        }
    }

    fn end(self) -> Result<Spread, String> {
        match self.gave_up {
            Some(words) => Err(words),
            None => Spread::of(self.samples).ok_or_else(|| "no turn was taken".to_owned()),
        }
    }
}

/// How many pictures of `ms` each make a turn.
fn frames_of_turn(ms: f64, plan: Plan) -> u32 {
    let step = plan.frames.max(1);
    let most = TURN_FRAMES_MAX / step * step;
    let wanted = plan.turn.as_secs_f64() * 1_000.0 / ms.max(1e-6);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates at both ends")]
    let wanted = wanted as u32;
    wanted.next_multiple_of(step).clamp(step, most.max(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_in_the_middle_and_the_spread_around_it() {
        let spread = Spread::of((1..=11).rev().map(f64::from).collect());
        assert_eq!(spread, Some(Spread { ms: 6.0, low: 2.0, high: 10.0 }));
        assert_eq!(Spread::of(vec![1.0, 2.0]).map(|spread| spread.ms), Some(1.5));
        assert_eq!(Spread::of(vec![0.22227]), Some(Spread { ms: 0.2223, low: 0.2223, high: 0.2223 }));
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn a_turn_has_all_pictures_of_a_source_as_often() {
        let plan = Plan { rounds: 1, turn: Duration::from_millis(20), frames: 4 };
        assert_eq!(frames_of_turn(0.2, plan), 100);
        assert_eq!(frames_of_turn(0.21, plan), 96);
        assert_eq!(frames_of_turn(12.0, plan), 4);
        assert_eq!(frames_of_turn(0.0, plan), TURN_FRAMES_MAX);
    }

    struct Steady(Duration, u32);

    impl Contender for Steady {
        fn run(&mut self, frames: u32) -> anyhow::Result<Duration> {
            self.1 += 1;
            anyhow::ensure!(self.1 < 5 || self.0 > Duration::from_millis(1), "out of breath");
            Ok(self.0 * frames)
        }
    }

    #[test]
    fn contenders_take_turns_and_one_that_gives_up_holds_up_nobody() {
        let plan = Plan { rounds: 6, turn: Duration::from_millis(8), frames: 4 };
        let steady = |ms| Box::new(Steady(Duration::from_millis(ms), 0)) as Box<dyn Contender>;
        let mut rounds = 0;
        let found = interleave(&mut [steady(2), steady(1), steady(3)], plan, || rounds += 1);
        let spread = |ms| Ok(Spread { ms, low: ms, high: ms });
        assert_eq!((found, rounds), (vec![spread(2.0), Err("out of breath".to_owned()), spread(3.0)], 6));
    }
}
