//! The SFU plane: one producer, many consumers; decide, rewrite and send apart.

/// One live's outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId(pub u32);
