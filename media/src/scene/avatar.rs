//! The picture that somebody shows of themselves.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::frame::I420;

/// Side of every such picture, pixels: as wide as an avatar is drawn that fills a canvas of its own.
pub const AVATAR_SIDE: usize = 288;

/// An uploaded or fetched picture, a square. Copies share it, and are equal when they do: another upload is another picture.
#[derive(Clone)]
pub struct Avatar(Arc<Numbered>);

struct Numbered {
    picture: I420,
    number: u64,
}

/// Numbers that were given.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

impl Avatar {
    /// Of a square picture.
    #[must_use]
    pub fn new(picture: I420) -> Self {
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        Self(Arc::new(Numbered { picture, number }))
    }

    /// The picture.
    #[must_use]
    pub fn picture(&self) -> &I420 {
        &self.0.picture
    }

    /// Its own in this process: what was drawn of it is found by it, also when it is gone itself.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.number
    }

    /// Whether anybody else holds a copy: a program that shows it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl PartialEq for Avatar {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Avatar {}

impl fmt::Debug for Avatar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Avatar").field(&self.0.picture.size()).finish()
    }
}
