//! The SFU plane: one producer, many consumers; decide, rewrite and send apart.
//!
//! ```text
//!   producer ──► Router ──► per feed: KeyframeGate (whose pictures?) ──► per consumer: Munger (which numbers?) ──► send
//!      │                                                                       ▲
//!      └──► RetransmissionRing, one per kind, for all consumers ── nack ───────┘  same numbers, same bytes
//! ```
//! A consumer never sees its feed move from one producer to another: SSRC, sequence numbers and timestamps run on.
//!
//! **Invariant:** a payload is shared by handle with every consumer and copied for none.
//! **Invariant:** one consumer's sequence number never stands for two different packets: SRTP seals by it.

mod consumer;
mod feed;
mod munger;
mod ring;
mod router;

use std::fmt;

pub use consumer::Consumer;
pub use feed::KeyframeGate;
pub use munger::{Mapping, Munger, SPANS_MAX};
pub use ring::{RING_BYTES_MAX, RING_PACKETS_MAX, RetransmissionRing};
pub use router::{AddRefused, CONSUMERS_MAX, NACKED_MAX, Producer, RESEND_CREDIT_MAX, RETIRE_AFTER, Router};

use crate::packet::{MediaKind, Packet};

/// One source of packets, sound and pictures both: a program of the mixer, or one session of a host. Never given twice.
/// Aligned as its halves are: each viewer remembers eight.
#[repr(Rust, packed(8))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerId(pub u128);

/// One outgoing stream, a live's or of one host alone, whatever producer feeds it at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId(pub u64);

/// One viewer session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerId(pub u64);

/// The packets of one picture or one piece of sound, shared by `Arc` between shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whose.
    pub producer: ProducerId,
    /// What.
    pub kind: MediaKind,
    /// A decoder may start here. Always true for sound, whatever is said here.
    pub keyframe: bool,
    /// At least one; `seq` rises from packet to packet and from frame to frame of this producer and kind.
    pub packets: Box<[Packet]>,
}

/// Writes the kinds as the index of a pair.
fn index(kind: MediaKind) -> usize {
    match kind {
        MediaKind::Video => 0,
        MediaKind::Audio => 1,
    }
}

impl fmt::Display for ProducerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "producer {}", { self.0 })
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "feed {}", self.0)
    }
}

impl fmt::Display for ConsumerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "consumer {}", self.0)
    }
}
