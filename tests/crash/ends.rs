//! When battles end. Any request that reaches the server's control thread makes it look at all its deadlines, so a timer that
//! never fires would not be seen by asking. So it is judged by what comes by itself, the webhook of the end, and some lives of
//! the server are calm: nobody asks for anything until the ends that are due have come.
//!
//! The rule: an end happens at most 500 ms after it was due, or, when it was due while the server was down, after the server
//! answered again: by the time that stands in the webhook, which is the server's own. So that this time is not only said, the
//! webhook must also have come within another 500 ms, for the commit, the signature and the delivery on a busy machine; and what
//! the test's own process and the disk stood still meanwhile. A server that is killed before that has as long again in its next life.

use std::fmt;
use std::time::{Duration, Instant};

use costage::live::WallMs;

use crate::books::{Battle, Books};
use crate::dice::Dice;
use crate::house::{House, Life};
use crate::receiver::{Receiver, Told};
use crate::standstill::Standstills;

const LATE_MAX: Duration = Duration::from_millis(500);
/// From an end to the receiver.
const DELIVERED_WITHIN: Duration = Duration::from_millis(500);
/// How long a calm life is so, at least.
const CALM: Duration = Duration::from_millis(500);
/// Between two looks at what has come.
const NAP: Duration = Duration::from_millis(10);

/// A number of ends; how late the latest of them happened, and came.
#[derive(Debug, Default)]
struct Tally {
    count: u32,
    /// Of them those that came while nobody had asked for anything.
    unasked: u32,
    happened: Duration,
    came: Duration,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, unasked, happened, came } = self;
        let (happened, came) = (happened.as_millis(), came.as_millis());
        write!(f, "{count} ({unasked} of them unasked), the latest {happened} ms late and told after {came} ms")
    }
}

/// What was judged.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    pub(crate) standstills: Standstills,
    /// Due while the server was up, and while it was down.
    up: Tally,
    down: Tally,
}

impl Ends {
    fn judge(&mut self, battle: &Battle, end: Option<&Told>, lives: &[Life]) -> Result<(), String> {
        let happened = end.map(|end| ms_of(end.body["timestamp"].as_str().unwrap(), battle.end));
        if happened.is_some_and(|happened| happened < battle.end) {
            return Err(format!("at {happened:?}, too early"));
        }
        for life in lives {
            let due = life.when(battle.end).max(life.ready);
            if life.killed.is_some_and(|killed| killed <= due) {
                continue;
            }
            let own = self.standstills.within(due, due + LATE_MAX + DELIVERED_WITHIN);
            let latest = due + LATE_MAX + DELIVERED_WITHIN + own;
            // Killed before it could be called late.
            let cut_off = |killed| killed < latest && end.is_none_or(|end| end.came > killed);
            if life.killed.is_some_and(cut_off) {
                continue;
            }
            let happened = happened.map(|ms| life.when(ms).saturating_duration_since(due));
            let came = end.map(|end| end.came.saturating_duration_since(due));
            let in_time = happened
                .zip(came)
                .filter(|(happened, came)| *happened <= LATE_MAX + own && *came <= LATE_MAX + DELIVERED_WITHIN + own);
            let Some((happened, came)) = in_time else {
                return Err(format!("{happened:?} late, told after {came:?}; standstill {own:?}"));
            };
            let tally = if life.when(battle.end) >= life.ready { &mut self.up } else { &mut self.down };
            tally.count += 1;
            tally.unasked += u32::from(due >= life.calm.0 && due + came <= life.calm.1);
            tally.happened = tally.happened.max(happened);
            tally.came = tally.came.max(came);
            return Ok(());
        }
        Err("it was never due".to_owned())
    }

    /// Whether enough was judged for this many kills.
    pub(crate) fn assert_enough(&self, kills: u32) {
        let enough = self.up.unasked >= kills / 10 && self.down.unasked >= kills / 20;
        assert!(enough, "too few ends came unasked: {self}");
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { up, down, .. } = self;
        write!(f, "{} ends judged: due while up {up}; due while down {down}", up.count + down.count)
    }
}

/// The moment that RFC 3339 writes so, ms; one within an hour of `near`.
fn ms_of(text: &str, near: u64) -> u64 {
    let (mut from, mut to) = (near - 3_600_000, near + 3_600_000);
    while from < to {
        let middle = from.midpoint(to);
        if WallMs(middle).rfc3339().as_str() < text { from = middle + 1 } else { to = middle }
    }
    assert_eq!(WallMs(from).rfc3339(), text, "within an hour of {near}");
    from
}

impl Books {
    /// The server has just come up. In one life of four nobody asks for anything for a while, in another nobody does before
    /// the ends have come that were due while it was down; in both a late one is waited for for longer than it may be late.
    pub(crate) async fn keep_calm(&self, house: &mut House, receiver: &Receiver, dice: &mut Dice) {
        match dice.below(4) {
            0 => tokio::time::sleep(CALM).await,
            1 => {}
            _ => return,
        }
        let (life, now) = (house.life().clone(), Instant::now());
        let due = |battle: &&Battle| battle.short && life.when(battle.end) <= now;
        for battle in self.battles.iter().flatten().filter(due) {
            let given_up = life.when(battle.end).max(life.ready) + (LATE_MAX + DELIVERED_WITHIN) * 2;
            while receiver.end(&battle.id).is_none() && Instant::now() < given_up {
                tokio::time::sleep(NAP).await;
            }
        }
        house.was_calm(life.ready);
    }

    /// The last life: all short battles end in it, and nobody asks.
    pub(crate) async fn await_ends(&mut self, house: &mut House, receiver: &Receiver) {
        let begun = Instant::now();
        let shorts = || self.battles.iter().flatten().filter(|battle| battle.short);
        let last = shorts().map(|battle| house.life().when(battle.end)).max().expect("there are battles");
        let all = || shorts().all(|battle| receiver.end(&battle.id).is_some());
        while !all() && Instant::now() < last + (LATE_MAX + DELIVERED_WITHIN) * 2 {
            tokio::time::sleep(NAP).await;
        }
        house.was_calm(begun);
        for battle in self.battles.iter().flatten().filter(|battle| battle.short) {
            if let Err(why) = self.ends.judge(battle, receiver.end(&battle.id).as_ref(), &house.lives) {
                self.findings.wrong_end(&format!("{}: {why}", battle.id));
            }
        }
    }
}
