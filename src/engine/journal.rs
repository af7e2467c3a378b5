//! Where facts go before anybody is told. `store` implements it.

use thiserror::Error;

pub use crate::live::Fact;

/// Keeps facts.
pub trait Journal: Send {
    /// Keeps all of `facts`, in their order, or none. Returns when they would survive a crash, as far as this journal
    /// promises that at all.
    ///
    /// # Errors
    /// When they are not kept; the change they belong to is then taken back and refused.
    fn commit(&mut self, facts: &[Fact]) -> Result<(), JournalError>;
}

/// A commit that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("facts not kept: {reason}")]
pub struct JournalError {
    /// For the log.
    pub reason: String,
}
