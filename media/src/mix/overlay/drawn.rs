//! Overlays that were drawn before, for all threads: a thread that mixes blends what another has drawn ([`super::prepare()`]),
//! and seats or tiles of one size share one picture of it.

use std::sync::{LazyLock, Mutex, PoisonError};

use super::Patch;
use super::shaped::Kept;
use crate::scene::{Outcome, Rect};

/// Bytes of patches kept; twice as many at most. A name's pill has some 30 kB, a seat among voices up to 100 kB, the initials
/// of a host alone 230 kB.
const BYTES_MAX: usize = 8 << 20;

/// Of what is kept beside its pixels, about.
const ENTRY_BYTES: usize = 256;

static DRAWN: LazyLock<Mutex<Kept<Figure, Option<Patch>>>> = LazyLock::new(|| {
    let weigh = |_: &Figure, patch: &Option<Patch>| ENTRY_BYTES + patch.as_ref().map_or(0, Patch::bytes);
    Mutex::new(Kept::weighed(BYTES_MAX, weigh))
});

/// What a patch shows: all that its pixels follow from, but for fonts and theme, which are the process's. Lengths that are no
/// whole pixels by their bits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Figure {
    Nickname {
        text: String,
        muted: bool,
        room: (usize, usize),
        scale: u32,
    },
    Notice {
        text: &'static str,
        room: (usize, usize),
        scale: u32,
    },
    Face {
        name: String,
        diameter: usize,
    },
    /// The picture that somebody shows, by its number, on even pixels or not.
    Portrait {
        number: u64,
        diameter: usize,
        odd: (usize, usize),
    },
    /// An empty seat among pictures, by its number, or locked: `None`.
    Vacancy {
        number: Option<u32>,
        diameter: usize,
    },
    /// Who sits among voices: the name, whether it is muted, whether it is written.
    Sitter {
        name: String,
        muted: bool,
        named: bool,
        room: (usize, usize),
        style: [u32; 5],
    },
    /// An empty seat among voices.
    Seat {
        number: Option<u32>,
        room: (usize, usize),
        style: [u32; 5],
    },
    Outcome {
        outcome: Outcome,
        room: (usize, usize),
    },
    Opening {
        room: (usize, usize),
    },
}

#[cfg(test)]
thread_local! {
    static DRAWINGS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// How many figures this thread has drawn itself.
#[cfg(test)]
pub(super) fn drawings() -> u64 {
    DRAWINGS.get()
}

/// The patch of `figure`, which `draw` draws at the origin, moved by the even place `at`. Drawn by whoever asks first.
pub(super) fn drawn(figure: Figure, at: Rect, draw: impl FnOnce() -> Option<Patch>) -> Option<Patch> {
    let lock = || DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().get(&figure);
    let patch = known.unwrap_or_else(|| {
        #[cfg(test)]
        DRAWINGS.set(DRAWINGS.get() + 1);
        // Not held meanwhile: of two threads that want the same at once, both draw it.
        let patch = draw();
        lock().put(figure, patch.clone());
        patch
    });
    patch.map(|patch| patch.moved_by(at.x, at.y))
}
