//! Where facts go before anybody is told. `store` implements it.

use std::sync::Arc;

use thiserror::Error;

pub use crate::live::kept::KeptRow;
pub use crate::live::{Booked, Fact, Wanted};

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

    /// Changes of scores that were kept: those of `wanted` that there are. Of what was not kept it knows nothing.
    ///
    /// # Errors
    /// When they cannot be read; the command that wants them is then refused.
    fn recall(&mut self, wanted: &Wanted) -> Result<Vec<Arc<Booked>>, JournalError>;

    /// Whether rows are of any use to it, and changes of scores found in it again.
    fn keeps_rows(&self) -> bool {
        true
    }
}

/// A commit that failed, or a reading.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct JournalError {
    /// For the log.
    pub reason: String,
}
