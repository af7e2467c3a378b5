//! A naive model of the rules, and random sequences of commands that machine and model must answer, tell and show alike,
//! step by step.
//!
//! ```text
//! seed ─▶ dice ─▶ draw ─▶ Step ─┬─▶ translate ─▶ machine (src/live) ─▶ translate ─┐
//!                               └─▶ rules (the model) ────────────────────────────┴─▶ the same? ─▶ tally
//!                                                                                       └─ no ─▶ shrink, print
//! ```
//!
//! | variable | is |
//! |---|---|
//! | `COSTAGE_MODEL_SEED` | the seed of `one_sequence`, and of the first of `sequences` |
//! | `COSTAGE_MODEL_SEQUENCES` | how many sequences, 100 000 by default |
#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::cast_possible_truncation,
    reason = "a model of few lives and seats, to be read"
)]

mod command;
mod dice;
mod draw;
mod duel;
mod kinds;
mod play;
mod rules;
mod said;
#[path = "../live/shelf.rs"]
mod shelf;
mod tally;
mod translate;
mod twist;
mod words;

use std::io::Write as _;
use std::time::Instant;

use play::{Found, play, play_all, shrink};
use tally::Tally;
use twist::Twist;

/// The seed of the first sequence: the same in every run, so that nobody's change fails by chance.
const FIRST_SEED: u64 = 0;
/// Sequences of a run.
const SEQUENCES: u64 = 100_000;
/// In so many sequences each thing happens at least [`LEAST`] times.
const ENOUGH: u64 = 50_000;
/// See [`ENOUGH`].
const LEAST: u64 = 20;
/// In so many sequences a wrong rule is found.
const TWIST_SEQUENCES: u64 = 5_000;

/// A number from the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number, found {text:?}")))
}

/// Prints past the test harness, which hides what a passing test prints.
fn report(line: &str) {
    writeln!(std::io::stderr(), "model: {line}").expect("standard error is open");
}

fn fail(found: Found) -> ! {
    let seed = found.seed;
    let Found { steps, difference, .. } = shrink(found, None);
    let steps: String = steps.iter().enumerate().map(|(i, step)| format!("  {i:3} {step:?}\n")).collect();
    panic!(
        "machine and model differ after these steps:\n{steps}{difference}\n\
        again: COSTAGE_MODEL_SEED={seed} cargo test --release --test model one_sequence"
    );
}

#[test]
fn sequences() {
    let (first, sequences) = (number("COSTAGE_MODEL_SEED", FIRST_SEED), number("COSTAGE_MODEL_SEQUENCES", SEQUENCES));
    let begun = Instant::now();
    let tally = play_all(first, sequences, None).unwrap_or_else(|found| fail(found));
    report(&format!(
        "{} sequences from seed {first}: {} commands, compared after each of {} steps, in {:.0} s",
        tally.sequences,
        tally.commands,
        tally.steps,
        begun.elapsed().as_secs_f64()
    ));
    if sequences >= ENOUGH {
        tally.check(LEAST);
    }
}

#[test]
fn one_sequence() {
    let seed = number("COSTAGE_MODEL_SEED", FIRST_SEED);
    play(seed, None, &mut Tally::default()).unwrap_or_else(|found| fail(found));
}

#[test]
fn a_wrong_rule_is_found() {
    let mut needed = Vec::new();
    for twist in Twist::ALL {
        let mut tally = Tally::default();
        let found = (0..TWIST_SEQUENCES).find_map(|seed| play(seed, Some(twist), &mut tally).err());
        let found = found.unwrap_or_else(|| panic!("{twist:?} was not found in {TWIST_SEQUENCES} sequences"));
        let seed = found.seed;
        let steps = shrink(found, Some(twist)).steps.len();
        needed.push(format!("{twist:?} in sequence {seed}, {steps} steps"));
    }
    report(&format!("wrong rules were found: {}", needed.join("; ")));
}
