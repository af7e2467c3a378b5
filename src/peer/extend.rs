//! Wire counters that wrap, made to run on; and which of them have been seen.

/// The number nearest to `reference` whose low 16 bits are `low`; `None` below zero.
pub(crate) fn extend_16(reference: u64, low: u16) -> Option<u64> {
    let reference_low = u16::try_from(reference & 0xffff).expect("masked to 16 bits");
    let step = low.wrapping_sub(reference_low).cast_signed();
    reference.checked_add_signed(i64::from(step))
}

/// The number nearest to `reference` whose low 32 bits are `low`; `None` below zero.
pub(crate) fn extend_32(reference: u64, low: u32) -> Option<u64> {
    let reference_low = u32::try_from(reference & 0xffff_ffff).expect("masked to 32 bits");
    let step = low.wrapping_sub(reference_low).cast_signed();
    reference.checked_add_signed(i64::from(step))
}

/// Numbers a [`SeenWindow`] looks back.
pub(crate) const WINDOW: u64 = 1_024;

/// Which of the last [`WINDOW`] numbers have been seen.
#[derive(Debug, Clone)]
pub(crate) struct SeenWindow {
    highest: Option<u64>,
    bits: [u64; 16],
}

impl SeenWindow {
    /// Nothing seen.
    pub(crate) fn new() -> Self {
        Self { highest: None, bits: [0; 16] }
    }

    /// The highest seen.
    pub(crate) fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Notes a number; `false` when it was seen before or is too old to tell.
    pub(crate) fn insert(&mut self, number: u64) -> bool {
        let Some(highest) = self.highest else {
            self.highest = Some(number);
            self.set(number);
            return true;
        };
        if number > highest {
            for skipped in (highest + 1..number).take(1_024) {
                self.clear(skipped);
            }
            if number - highest >= WINDOW {
                self.bits = [0; 16];
            }
            self.highest = Some(number);
            self.set(number);
            return true;
        }
        if highest - number >= WINDOW || self.contains(number) {
            return false;
        }
        self.set(number);
        true
    }

    /// Whether a number within the window was seen.
    pub(crate) fn contains(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.highest.is_some_and(|highest| number <= highest && highest - number < WINDOW) && self.bits[word] & bit != 0
    }

    fn set(&mut self, number: u64) {
        let (word, bit) = place(number);
        self.bits[word] |= bit;
    }

    fn clear(&mut self, number: u64) {
        let (word, bit) = place(number);
        self.bits[word] &= !bit;
    }
}

fn place(number: u64) -> (usize, u64) {
    let slot = usize::try_from(number % WINDOW).expect("below 1,024");
    (slot / 64, 1 << (slot % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn counters_run_on_over_their_wrap_both_ways() {
        assert_eq!(extend_16(65_535, 0), Some(65_536));
        assert_eq!(extend_16(65_536, 65_535), Some(65_535));
        assert_eq!(extend_16(3, 65_535), None);
        assert_eq!(extend_32(u64::from(u32::MAX), 5), Some((1 << 32) + 5));
        assert_eq!(extend_32((1 << 32) + 5, u32::MAX), Some(u64::from(u32::MAX)));
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_a_set(numbers in proptest::collection::vec(5_000u64..9_000, 1..200)) {
            let mut window = SeenWindow::new();
            let mut set = BTreeSet::new();
            for number in numbers {
                let highest = set.last().copied().unwrap_or(number);
                let fresh = number + WINDOW > highest && !set.contains(&number);
                prop_assert_eq!(window.insert(number), fresh);
                if fresh {
                    set.insert(number);
                }
            }
        }
    }
}
