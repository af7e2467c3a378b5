//! Gifts of an invented audience: small ones often, large ones seldom, and now one host leads and now the other.

use std::time::Duration;

/// One gift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gift {
    /// Which host gets it.
    pub(super) to: usize,
    pub(super) points: u64,
    /// How long after the gift before.
    pub(super) after: Duration,
    /// Its idempotency key.
    pub(super) key: String,
}

/// Points of a gift, and how often in 20 it is that one.
const SHELF: [(u64, u64); 4] = [(10, 9), (50, 6), (200, 4), (1_000, 1)];

/// An endless row of gifts; the same seed gives the same row.
pub(super) struct Gifts {
    state: u64,
    seed: u64,
    count: u64,
}

impl Gifts {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed | 1, seed, count: 0 }
    }

    pub(super) fn next(&mut self) -> Gift {
        self.count += 1;
        let mut draw = self.random(20);
        let points = SHELF.iter().find_map(|(points, often)| match draw.checked_sub(*often) {
            Some(rest) => {
                draw = rest;
                None
            }
            None => Some(*points),
        });
        // The audience's favour swings over some twenty gifts.
        let favourite = self.count / 20 % 2;
        let to = if self.random(10) < 6 { favourite } else { 1 - favourite };
        Gift {
            to: usize::from(to == 1),
            points: points.unwrap_or(10),
            after: Duration::from_millis(300 + self.random(900)),
            key: format!("gift-{:x}-{}", self.seed, self.count),
        }
    }

    /// xorshift64 (Marsaglia 2003), below `limit`.
    fn random(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn both_hosts_get_gifts_of_every_kind_and_no_key_comes_twice() {
        let mut gifts = Gifts::new(7);
        let row: Vec<_> = (0..400).map(|_| gifts.next()).collect();
        let points: BTreeSet<_> = row.iter().map(|gift| gift.points).collect();
        assert_eq!(points, BTreeSet::from([10, 50, 200, 1_000]));
        for host in 0..2 {
            let share = row.iter().filter(|gift| gift.to == host).count();
            assert!((100..=300).contains(&share), "host {host}: {share} of 400");
        }
        assert_eq!(row.iter().map(|gift| &gift.key).collect::<BTreeSet<_>>().len(), 400);
    }
}
