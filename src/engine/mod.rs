//! Threads and bounded channels: packet shards, mix threads, the control thread.

pub mod clock;
pub mod control;
pub mod events;
mod inbox;
pub mod journal;
pub mod peer;
mod registrar;
pub mod stagehand;

pub use clock::Clock;
pub use control::{ControlConfig, ControlHandle, ControlThread, Reply};
pub use events::{CutOff, EventReader, First, Notice, Resume, Subscription};
pub use journal::{Fact, Journal, JournalError};
pub use peer::{
    CloseReason, Datagram, OfferRefused, Opened, Peer, PeerEvent, Role, SessionKey, Shards, Signalling, TrickleRefused,
    Trickled, UnknownSession,
};
pub use stagehand::Stagehand;
