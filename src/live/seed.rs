//! Where ids come from: a secret that is handed in, and a keyed hash of it.

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, Tag, sign};

/// Bytes of an id that nobody may guess.
pub(super) const DRAW_BYTES: usize = 10;

/// A secret of 256 bits. Whoever does not know it cannot tell an id from random bytes, whatever other ids they have seen:
/// each is HMAC-SHA-256 (RFC 2104) of the secret and a count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of `secret`, which must be random, and another at each start.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// A seed that is no secret: for tests, whose runs must be the same each time.
    #[must_use]
    pub fn repeatable(number: u64) -> Self {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&number.to_be_bytes());
        Self(secret)
    }

    /// A number for `purpose` that tells nothing of the seed: it may be shown.
    #[must_use]
    pub fn number(&self, purpose: &str) -> u64 {
        let tag = self.tag(&[b"number ", purpose.as_bytes()].concat());
        u64::from_be_bytes(tag.as_ref()[..8].try_into().expect("eight bytes"))
    }

    fn tag(&self, data: &[u8]) -> Tag {
        sign(&Key::new(HMAC_SHA256, &self.0), data)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// What is drawn from a seed, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Draws {
    seed: Seed,
    drawn: u64,
}

impl Draws {
    pub(super) fn new(seed: Seed) -> Self {
        Self { seed, drawn: 0 }
    }

    pub(super) fn draw(&mut self) -> [u8; DRAW_BYTES] {
        self.drawn += 1;
        let tag = self.seed.tag(&[&b"draw "[..], &self.drawn.to_be_bytes()].concat());
        tag.as_ref()[..DRAW_BYTES].try_into().expect("a tag has 32 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_repeat_with_their_seed_alone() {
        let draws = |seed| {
            let mut draws = Draws::new(seed);
            [draws.draw(), draws.draw()]
        };
        let [first, second] = draws(Seed::repeatable(7));
        assert_ne!(first, second);
        assert_eq!(draws(Seed::repeatable(7)), [first, second]);
        assert_ne!(draws(Seed::repeatable(8)), [first, second]);
        // All of the secret counts, not its first word alone.
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&7_u64.to_be_bytes());
        secret[31] = 1;
        assert_ne!(draws(Seed::new(secret)), [first, second]);
    }

    /// RFC 4231 has no vector for this key; the expected bytes are `openssl dgst -sha256 -mac HMAC`'s.
    #[test]
    fn a_draw_is_the_hash_of_seed_and_count() {
        let wanted = [0x07, 0xa0, 0x5a, 0x14, 0x66, 0x7c, 0xf7, 0x2e, 0xed, 0x20];
        assert_eq!(Draws::new(Seed::repeatable(7)).draw(), wanted);
    }

    #[test]
    fn a_seed_is_not_printed_and_its_numbers_are_not_its_draws() {
        let seed = Seed::repeatable(0x5eed_5eed);
        assert_eq!(format!("{seed:?}"), "Seed(…)");
        assert_ne!(seed.number("a"), seed.number("b"));
        assert_ne!(seed.number("a").to_be_bytes()[..], Draws::new(seed).draw()[..8]);
    }
}
