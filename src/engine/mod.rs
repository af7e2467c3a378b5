//! Threads and bounded channels: packet shards, mix threads, the control thread.

pub mod clock;
pub mod peer;

pub use clock::Clock;
pub use peer::{
    CloseReason, Datagram, OfferRefused, Opened, Peer, PeerEvent, Role, SessionKey, Shards, Signalling, TrickleRefused,
    Trickled, UnknownSession,
};
