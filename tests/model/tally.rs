//! What has happened in all sequences together: a source of sequences in which nothing does proves nothing.

use std::collections::BTreeMap;

use costage::api::problem::Problem;
use costage::live::Refusal;

use crate::command::Command;
use crate::duel::Difference;
use crate::kinds;
use crate::rules::Due;
use crate::said::{Answer, Case, Event, Outcome};

/// Every so many commands the machine's whole state is kept, to be compared if the command is refused.
const WHOLE_STATE_EVERY: u64 = 61;

/// Counts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(crate) sequences: u64,
    pub(crate) commands: u64,
    pub(crate) steps: u64,
    accepted: BTreeMap<&'static str, u64>,
    refused: BTreeMap<Case, u64>,
    told: BTreeMap<&'static str, u64>,
    fired: BTreeMap<&'static str, u64>,
    codes: BTreeMap<(&'static str, u64), u64>,
    done: BTreeMap<&'static str, u64>,
    largest: usize,
}

impl Tally {
    pub(crate) fn now_and_then(&mut self) -> bool {
        self.steps += 1;
        self.steps.is_multiple_of(WHOLE_STATE_EVERY)
    }

    /// The interface says the product's code for it. Looked at as often as it takes to see all.
    pub(crate) fn check_code(&self, given: &Refusal, case: Case) -> Result<(), Difference> {
        if self.refused.contains_key(&case) || case.code() == 0 {
            return Ok(());
        }
        let code = Problem::from(given.clone()).case.row().code;
        if code == case.code() {
            Ok(())
        } else {
            Err(format!("code of {case:?}\n  machine {code}\n  model   {}", case.code()))
        }
    }

    pub(crate) fn asked(&mut self, command: &Command, outcome: &Outcome<'_>) {
        match outcome {
            Ok(answer) => {
                *self.accepted.entry(kinds::command(command)).or_default() += 1;
                let (which, results) = match answer {
                    Answer::Requested(results) => ("connection", &results[..]),
                    Answer::BattleRequested(asked) => ("battle", &asked.results[..]),
                    Answer::Connected(lives, _) => {
                        self.largest = self.largest.max(lives.len());
                        return;
                    }
                    _ => return,
                };
                for (_, code) in results {
                    *self.codes.entry((which, *code)).or_default() += 1;
                }
            }
            Err(refusal) => *self.refused.entry(refusal.case).or_default() += 1,
        }
    }

    pub(crate) fn told(&mut self, event: &Event<'_>) {
        *self.told.entry(kinds::event(event)).or_default() += 1;
    }

    pub(crate) fn fired(&mut self, due: Due) {
        *self.fired.entry(kinds::due(due)).or_default() += 1;
    }

    pub(crate) fn step(&mut self, step: &'static str) {
        *self.done.entry(step).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        fn sum<K: Ord + Copy>(all: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
            more.iter().for_each(|(key, count)| *all.entry(*key).or_default() += count);
        }
        self.sequences += other.sequences;
        self.commands += other.commands;
        self.steps += other.steps;
        self.largest = self.largest.max(other.largest);
        sum(&mut self.accepted, &other.accepted);
        sum(&mut self.refused, &other.refused);
        sum(&mut self.told, &other.told);
        sum(&mut self.fired, &other.fired);
        sum(&mut self.codes, &other.codes);
        sum(&mut self.done, &other.done);
    }

    /// Everything that there is has happened, each at least so many times.
    pub(crate) fn check(&self, least: u64) {
        let mut rare = Vec::new();
        let mut check = |what: String, count: u64| {
            if count < least {
                rare.push(format!("{what} {count}"));
            }
        };
        let of = |counts: &BTreeMap<&'static str, u64>, what: &str| counts.get(what).copied().unwrap_or_default();
        kinds::COMMANDS.iter().for_each(|it| check(format!("accepted {it}"), of(&self.accepted, it)));
        kinds::EVENTS.iter().for_each(|it| check(format!("told {it}"), of(&self.told, it)));
        kinds::DEADLINES.iter().for_each(|it| check(format!("fired {it}"), of(&self.fired, it)));
        kinds::STEPS.iter().for_each(|it| check(format!("step {it}"), of(&self.done, it)));
        for case in Case::ALL.iter().filter(|case| **case != Case::Other) {
            check(format!("refused {case:?}"), self.refused.get(case).copied().unwrap_or_default());
        }
        for code in 0..=5 {
            for which in ["connection", "battle"] {
                check(format!("code {which} {code}"), self.codes.get(&(which, code)).copied().unwrap_or_default());
            }
        }
        assert_eq!(self.largest, 9, "a full connection has nine lives");
        assert!(!self.refused.contains_key(&Case::Other), "a refusal that the model does not know");
        assert!(!self.told.contains_key(kinds::UNKNOWN), "an event that has no name");
        assert!(rare.is_empty(), "these happened fewer than {least} times: {rare:#?}");
    }
}
