//! Where facts are kept: one SQLite file in the data directory, or nowhere.
//!
//! ```text
//! data directory (0700)
//! ├─ costage.lock        held while a server runs: two never write one directory
//! ├─ costage.db          everything; a commit is one transaction
//! └─ costage.db-wal/-shm what SQLite has not copied into it yet: belongs to it
//!
//! Journal::commit ──▶ state: rows that changed │ facts │ ledger: hash chain │ outbox │ head: ledger's end, time
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`memory`] | the journal that keeps nothing |
//! | [`folder`], `schema`, [`fault`] | the directory, its lock and file; versions and their steps; refusals |
//! | [`keeper`], `write`, `outbox`, `restore` | the journal on disk; what a commit writes; what a start reads |
//! | [`chain`], `columns` | the ledger's rows and their hashes |
//! | [`time`] | the server's time across a restart |
//! | [`audit`], [`backup`] | reading beside a server that runs |
//!
//! **Invariant:** only this folder names SQLite; one thread writes, everybody else reads.
//! **Invariant:** no file that is not ours, is newer, or is not whole is ever written to.

pub mod audit;
pub mod backup;
pub mod chain;
mod columns;
pub mod fault;
pub mod folder;
pub mod keeper;
pub mod memory;
mod outbox;
mod restore;
mod schema;
pub mod time;
mod write;

#[cfg(test)]
mod tests;

pub use chain::{Hash, Head};
pub use fault::StoreFault;
pub use keeper::Store;
pub use memory::Memory;
pub use time::{Boot, Moment};
