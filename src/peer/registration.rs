//! What a session has entered in the tables of others, taken out when it is dropped.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ice::Credentials;
use super::routes::Changes;
use super::sdp::answer::RestartHead;
use crate::engine::{Role, SessionKey};

/// The sessions that live, by the secret of their URL.
#[derive(Default)]
pub(crate) struct Table {
    entries: Mutex<BTreeMap<String, Entry>>,
}

/// What signalling knows of a session.
pub(crate) struct Entry {
    pub(crate) key: SessionKey,
    pub(crate) role: Role,
    pub(crate) owner: String,
    /// What an ICE restart is answered with.
    pub(crate) head: RestartHead,
    /// The ufrag of the client's current ICE session.
    pub(crate) remote_ufrag: String,
    /// The current entity tag, without quotes: our ufrag.
    pub(crate) tag: String,
    pub(crate) restart: Arc<Restart>,
}

/// Credentials of an ICE restart, until a check uses them.
#[derive(Debug, Default)]
pub(crate) struct Restart(Mutex<Option<Credentials>>);

impl Restart {
    /// Puts new credentials; returns those that nobody has used and nobody will.
    pub(crate) fn put(&self, credentials: Credentials) -> Option<Credentials> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(credentials)
    }

    /// Takes them.
    pub(crate) fn take(&self) -> Option<Credentials> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Table {
    /// The entries, locked for a short look.
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session's entries; dropping it frees them.
#[must_use = "dropping a registration frees the session's address, ufrag and secret"]
pub(crate) struct Registration {
    pub(crate) key: SessionKey,
    pub(crate) secret: String,
    pub(crate) changes: Arc<Changes>,
    pub(crate) table: Arc<Table>,
}

impl Registration {
    /// An address has proved to be the client's.
    pub(crate) fn bind(&self, address: SocketAddr) {
        self.changes.bind(self.key, address);
    }

    /// A ufrag is no longer used.
    pub(crate) fn retire(&self, ufrag: String) {
        self.changes.remove_ufrag(self.key, ufrag);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.changes.free(self.key);
        self.table.lock().remove(&self.secret);
    }
}
