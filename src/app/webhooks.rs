//! Webhooks of this process, and `costage webhooks`: what has become of them.

mod command;
mod list;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::config::Config;
use super::signing;
use crate::engine::{Books, Clock, DeliveryLog, OutboxBell, OutboxLog};
use crate::outgoing::SystemResolver;
use crate::store::{Deliveries, MemoryOutbox, Store, folder};
use crate::webhook::{Surroundings, Webhooks};

pub use command::{WebhooksCommand, run};

/// How far endpoints have got, in the data directory.
pub const DELIVERIES_FILE: &str = folder::DELIVERIES;
/// The main file there.
pub const MAIN_FILE: &str = folder::DATABASE;

/// Where the senders read events, and where they keep how far they have got.
pub struct Kept {
    /// The events.
    pub outbox: Arc<dyn OutboxLog>,
    /// How far endpoints have got.
    pub deliveries: Arc<dyn DeliveryLog>,
    /// What whoever writes the outbox rings.
    pub bell: Arc<OutboxBell>,
}

/// With a data directory, whose main file `store` has.
///
/// # Errors
/// When a file is not ours, newer, or cannot be read.
pub fn in_directory(directory: &Path, store: &Store) -> anyhow::Result<Kept> {
    let (outbox, bell) = (store.outbox()?, store.bell());
    bell.ring(outbox.head()?);
    let deliveries = Deliveries::open(&directory.join(DELIVERIES_FILE))?;
    Ok(Kept { outbox: Arc::new(outbox), deliveries: Arc::new(deliveries), bell })
}

/// Without one: gone with the process.
///
/// # Errors
/// When SQLite has no memory.
pub fn in_memory(outbox: &Arc<MemoryOutbox>) -> anyhow::Result<Kept> {
    let deliveries = Arc::new(Deliveries::in_memory()?);
    Ok(Kept { outbox: Arc::clone(outbox) as Arc<dyn OutboxLog>, deliveries, bell: outbox.bell() })
}

/// Starts the senders of all that is configured; before the control thread, which writes the outbox.
///
/// # Errors
/// When a setting is wrong, what is kept of webhooks cannot be read, or the system gives no randomness.
pub fn start(
    config: &Config,
    kept: Kept,
    books: Arc<Books>,
    clock: &Arc<dyn Clock>,
    system: &Arc<dyn Clock>,
) -> anyhow::Result<Webhooks> {
    let endpoints = config.endpoints().context("webhooks in the configuration")?;
    let Kept { outbox, deliveries, bell } = kept;
    let (clock, system) = (Arc::clone(clock), Arc::clone(system));
    let (resolver, chance) = (Arc::new(SystemResolver), signing::random()?);
    Ok(Webhooks::start(Surroundings { outbox, deliveries, bell, books, clock, system, resolver, chance }, endpoints)?)
}
