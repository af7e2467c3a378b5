//! Where facts are kept.

pub mod deliveries;
pub mod memory;
pub mod outbox;
pub mod outbox_memory;
#[cfg(test)]
mod scratch;

pub use deliveries::Deliveries;
pub use memory::Memory;
pub use outbox::OutboxReader;
pub use outbox_memory::{MemoryOutbox, Telling};
