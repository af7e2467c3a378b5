//! Where facts go before anybody is told. `store` implements it.

use thiserror::Error;

pub use crate::live::Fact;
pub use crate::live::kept::KeptRow;

/// What was decided together.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// What happened.
    pub facts: &'a [Fact],
    /// Every row of the state that has changed since the last commit, as it is after all of them; each once.
    pub rows: &'a [KeptRow],
}

/// Keeps facts, and the rows that they changed.
pub trait Journal: Send {
    /// Keeps all of `batch`, facts in their order, or none. Returns when it would survive a crash, as far as this journal
    /// promises that at all. May block: only the control thread waits.
    ///
    /// # Errors
    /// When they are not kept; the change they belong to is then taken back and refused.
    fn commit(&mut self, batch: &Batch<'_>) -> Result<(), JournalError>;

    /// Whether rows are of any use to it.
    fn keeps_rows(&self) -> bool {
        true
    }
}

/// A commit that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("facts not kept: {reason}")]
pub struct JournalError {
    /// For the log.
    pub reason: String,
}
