//! Where facts are kept: one SQLite file in the data directory, or nowhere.
//!
//! ```text
//! data directory (0700)
//! ├─ costage.lock        held while a server runs: two never write one directory
//! ├─ costage.db          everything; a commit is one transaction
//! ├─ costage.head        how far the server has got: shows a log that was cut or lost
//! ├─ webhooks.db         how far webhooks have got: a file of its own, so that neither waits for the other
//! ├─ webhooks.head       what was on disk of it: shows a log or a file that was lost
//! └─ *.db-wal, *.db-shm   what SQLite has not copied into one yet: belongs to it
//!
//! Journal::commit ──▶ state: rows that changed │ facts │ ledger: hash chain │ outbox │ head: ledger's end, time
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`outbox_memory`] | the journal that keeps nothing, but for events to send |
//! | [`folder`], [`room`], `schema`, [`fault`] | the directory, its lock and file; its disk; versions and their steps; refusals |
//! | [`keeper`], `head`, `write`, `prints` | the journal on disk; what a commit writes |
//! | `restore`, `changes`, `sums`, `pages` | what a start reads, and looks at |
//! | [`outbox`], [`deliveries`] | webhooks to send, and what has become of them |
//! | [`chain`], `columns` | the ledger's rows and their hashes |
//! | [`time`] | the server's time across a restart |
//! | `witness`, `note`, `held`, `left`, `displaced`, `place` | what was on disk, beside the database; whether it still is |
//! | [`audit`], [`backup`] | reading beside a server that runs |
//!
//! **Invariant:** only this folder names SQLite; one thread writes, everybody else reads.
//! **Invariant:** no file that is not ours, is newer, or is not whole is ever written to.

pub mod audit;
pub mod backup;
pub mod chain;
mod changes;
mod checkpoint;
mod columns;
pub mod deliveries;
mod displaced;
pub mod fault;
pub mod folder;
mod head;
mod header;
mod held;
pub mod keeper;
mod left;
mod note;
pub mod outbox;
pub mod outbox_memory;
mod pages;
mod place;
mod prints;
mod restore;
pub mod room;
mod schema;
#[cfg(test)]
mod scratch;
mod sums;
pub mod time;
mod witness;
mod write;

#[cfg(test)]
mod tests;

pub use chain::{Hash, Head};
pub use deliveries::Deliveries;
pub use fault::StoreFault;
pub use keeper::Store;
pub use outbox::OutboxReader;
pub use outbox_memory::{MemoryOutbox, Telling};
pub use time::{Boot, Moment};
