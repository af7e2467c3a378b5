//! Playing sequences: one, many, and the shortest that shows a difference.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::draw::{Draw, Step};
use crate::duel::{Difference, Duel};
use crate::tally::Tally;
use crate::twist::Twist;

/// A sequence that machine and model end differently.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) difference: Difference,
}

/// Sequences that a thread takes at a time.
const CHUNK: u64 = 64;

/// The sequence of this seed, as far as the two agree.
pub(crate) fn play(seed: u64, twist: Option<Twist>, tally: &mut Tally) -> Result<(), Found> {
    let mut steps = Vec::new();
    let played = guarded(|| {
        let (mut duel, mut draw) = (Duel::new(seed, twist), Draw::new(seed));
        let mut commands = 0;
        while let Some(step) = draw.next(&duel.model) {
            commands += u64::from(step.is_command());
            steps.push(step);
            duel.play(steps.last().expect("just pushed"), tally)?;
        }
        duel.finish(tally)?;
        assert!(commands >= 50, "a sequence has 50 commands or more");
        tally.commands += commands;
        tally.sequences += 1;
        Ok(())
    });
    played.map_err(|difference| Found { seed, steps, difference })
}

/// The first difference in so many sequences from this seed on, on all processors.
pub(crate) fn play_all(first: u64, sequences: u64, twist: Option<Twist>) -> Result<Tally, Found> {
    let (next, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let (sum, found) = (Mutex::new(Tally::default()), Mutex::new(None));
    let work = || {
        let mut tally = Tally::default();
        while !over.load(Ordering::Relaxed) {
            let from = next.fetch_add(CHUNK, Ordering::Relaxed);
            if from >= sequences {
                break;
            }
            for seed in from..sequences.min(from + CHUNK) {
                if let Err(difference) = play(first.wrapping_add(seed), twist, &mut tally) {
                    over.store(true, Ordering::Relaxed);
                    found.lock().expect("no thread panics").get_or_insert(difference);
                    return;
                }
            }
        }
        sum.lock().expect("no thread panics").add(&tally);
    };
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    match found.into_inner().expect("no thread panics") {
        Some(found) => Err(found),
        None => Ok(sum.into_inner().expect("no thread panics")),
    }
}

/// These steps, whatever they were drawn for.
fn replay(seed: u64, steps: &[Step], twist: Option<Twist>) -> Result<(), Difference> {
    guarded(|| {
        let (mut duel, mut tally) = (Duel::new(seed, twist), Tally::default());
        steps.iter().try_for_each(|step| duel.play(step, &mut tally))?;
        duel.finish(&mut tally)
    })
}

/// Leaves out whatever the difference does not need: halves, then quarters, down to single steps.
pub(crate) fn shrink(found: Found, twist: Option<Twist>) -> Found {
    let Found { seed, mut steps, mut difference } = found;
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(from..steps.len().min(from + size));
            match replay(seed, &fewer, twist) {
                Err(still) => (steps, difference) = (fewer, still),
                Ok(()) => from += size,
            }
        }
        size /= 2;
    }
    Found { seed, steps, difference }
}

/// A panic is a difference too.
fn guarded(work: impl FnOnce() -> Result<(), Difference>) -> Result<(), Difference> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}
