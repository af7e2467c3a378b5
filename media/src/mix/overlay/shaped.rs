//! What was shaped and drawn before, for all threads: lines of text, images of glyphs, and the plates that numbers stand on.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use cosmic_text::{CacheKey, SwashImage};
use tiny_skia::Pixmap;

use super::lettering::{Line, LineKey};
use super::plate::Plate;
use super::unknown::Unknown;

/// Glyph images kept, of about half a kB each; twice as many at most.
const GLYPHS_MAX: usize = 4_096;
/// Lines kept; twice as many at most. One of a name has a kB or two.
const LINES_MAX: usize = 1_024;
/// Plates kept, of 20 kB for a mark and 200 kB for the largest result; twice as many at most. A battle has a mark of one or two
/// widths, and a countdown.
const PLATES_MAX: usize = 32;

static SHAPED: LazyLock<Mutex<Shaped>> = LazyLock::new(|| {
    let (lines, glyphs, plates) = (Kept::new(LINES_MAX), Kept::new(GLYPHS_MAX), Kept::new(PLATES_MAX));
    Mutex::new(Shaped { lines, glyphs, plates, unknown: Unknown::default() })
});

/// Held for as long as it takes to look something up, or to put it in: never while anything is shaped or drawn.
pub(super) struct Shaped {
    pub(super) lines: Kept<LineKey, Arc<Line>>,
    /// `None`: the font has no image of it, as of a space.
    pub(super) glyphs: Kept<CacheKey, Option<Arc<SwashImage>>>,
    pub(super) plates: Kept<Plate, Arc<Pixmap>>,
    pub(super) unknown: Unknown,
}

pub(super) fn shaped() -> MutexGuard<'static, Shaped> {
    // A panic in another thread leaves at worst something that is drawn anew.
    SHAPED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The last so many things that were asked for, at least; bounded at twice as many.
pub(super) struct Kept<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// Of the young.
    weight: usize,
    max: usize,
    weigh: fn(&K, &V) -> usize,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    pub(super) fn new(max: usize) -> Self {
        Self::weighed(max, |_, _| 1)
    }

    /// Where each counts for as much as `weigh` says of it.
    pub(super) fn weighed(max: usize, weigh: fn(&K, &V) -> usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), weight: 0, max, weigh }
    }

    /// What is kept of it; it stays as if it were new.
    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.put(key, value.clone());
        Some(value)
    }

    /// Keeps it; when there are too many, those that nobody asked for since as many others are gone.
    pub(super) fn put(&mut self, key: K, value: V) {
        if self.weight >= self.max {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        if !self.young.contains_key(&key) {
            self.weight += (self.weigh)(&key, &value);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes_in_time() {
        let mut kept = Kept::new(10);
        kept.put(0, 'a');
        kept.put(1, 'b');
        for number in 2..1_000 {
            kept.put(number, 'x');
            assert_eq!(kept.get(&0), Some('a'), "{number}");
            assert!(kept.young.len() + kept.old.len() <= 21);
        }
        assert_eq!((kept.get(&1), kept.get(&999)), (None, Some('x')));
    }

    #[test]
    fn what_is_heavy_counts_for_more() {
        let mut kept = Kept::weighed(1_000, |_, bytes: &usize| *bytes);
        for number in 0..100 {
            kept.put(number, 100);
            kept.put(number, 100);
            assert!(kept.young.len() + kept.old.len() <= 20, "{number}");
        }
        assert_eq!((kept.get(&99), kept.get(&70)), (Some(100), None));
    }
}
