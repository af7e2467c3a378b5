//! Webhooks: events leave for the backends that are configured, signed, in order, until they are taken.
//!
//! ```text
//! OutboxBell ─▶ Sender (one per endpoint) ─▶ Queue: what now? ─▶ sign ─▶ Post ─▶ outgoing: only public addresses ─▶ receiver
//!                    ▲                          │
//!                    └── cursor, trouble, dead letters ──▶ DeliveryLog
//! ```
//! | file | holds |
//! |---|---|
//! | [`endpoint`] | what is configured of a receiver, checked |
//! | [`sign`] | Standard Webhooks signatures |
//! | [`queue`] | order, back-off, dead letters: sans-IO |
//! | [`post`] | one request and what became of it |
//! | [`sender`], `upkeep` | one endpoint's loop, and all of them together; figures and pruning beside it |
//!
//! **Invariant:** an event leaves after its commit, in the order of commits, one at a time for each endpoint; it may come
//! twice, then with the same id and the same bytes.

pub mod endpoint;
pub mod post;
pub mod queue;
pub mod sender;
pub mod sign;
mod upkeep;

pub use endpoint::{Endpoint, EndpointFault};
pub use sender::{Surroundings, Webhooks};
