//! Which session a datagram is for.
//!
//! The receive thread owns the [`Routes`] and asks no lock for a packet. Signalling and shards leave [`Changes`], which the
//! thread takes up before it routes what it has just received; since a change is left before the datagram that announces it
//! is sent, what depends on it always comes later.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::ice;
use crate::engine::SessionKey;

/// Addresses of one session: a client checks from a handful, and roams to a few more. The oldest is forgotten.
const ADDRESSES_MAX: usize = 8;
/// How long an address stays with the session that last proved it, whoever else claims it: a little more than the time
/// between two checks of a client (RFC 7675 §5.1: 4 to 6 s).
const ADDRESS_KEPT: Duration = Duration::from_secs(7);

/// Changes that the receive thread has not taken up yet; one entry a session, so never more than there are sessions.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pending: Mutex<BTreeMap<SessionKey, Change>>,
    waiting: AtomicBool,
    /// The receive thread holds datagrams of addresses that have not proved themselves.
    wanted: AtomicBool,
    bound: Notify,
}

/// What changes for one session.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Change {
    /// The routes have not heard of the session yet.
    new: bool,
    added: Vec<String>,
    removed: Vec<String>,
    bound: VecDeque<SocketAddr>,
    freed: bool,
}

impl Changes {
    /// A session begins: checks with this ufrag are for it.
    pub(crate) fn open(&self, key: SessionKey, ufrag: String) {
        self.with(key, |change| {
            change.new = true;
            change.added.push(ufrag);
        });
    }

    /// A further ufrag of a session that lives.
    pub(crate) fn add_ufrag(&self, key: SessionKey, ufrag: String) {
        self.with(key, |change| change.added.push(ufrag));
    }

    /// A ufrag is no longer used.
    pub(crate) fn remove_ufrag(&self, key: SessionKey, ufrag: String) {
        self.with(key, |change| {
            // Added and removed unseen: nothing to do.
            let unseen = change.added.iter().position(|added| *added == ufrag);
            match unseen {
                Some(index) => drop(change.added.remove(index)),
                None => change.removed.push(ufrag),
            }
        });
    }

    /// A check from this address was authentic: what else comes from it is for the session.
    pub(crate) fn bind(&self, key: SessionKey, address: SocketAddr) {
        self.with(key, |change| {
            change.bound.retain(|bound| *bound != address);
            change.bound.push_back(address);
            while change.bound.len() > ADDRESSES_MAX {
                change.bound.pop_front();
            }
        });
        if self.wanted.load(Ordering::SeqCst) {
            self.bound.notify_one();
        }
    }

    /// Whether the receive thread wants to be woken when an address is bound ([`Changes::address_bound`]). Once it has said
    /// so it must look at the changes again: one may have come in between.
    pub(crate) fn want_addresses(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::SeqCst);
    }

    /// Waits for an address to be bound, while they are wanted. Cancel-safe.
    pub(crate) async fn address_bound(&self) {
        self.bound.notified().await;
    }

    /// The session is gone.
    pub(crate) fn free(&self, key: SessionKey) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        // A session that came and went unseen leaves nothing behind.
        if pending.get(&key).is_some_and(|change| change.new) {
            pending.remove(&key);
            return;
        }
        pending.insert(key, Change { freed: true, ..Change::default() });
        self.waiting.store(true, Ordering::SeqCst);
    }

    fn with(&self, key: SessionKey, alter: impl FnOnce(&mut Change)) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        alter(pending.entry(key).or_default());
        self.waiting.store(true, Ordering::SeqCst);
    }

    fn take(&self) -> BTreeMap<SessionKey, Change> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.store(false, Ordering::Relaxed);
        std::mem::take(&mut *pending)
    }
}

/// The receive thread's tables.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    by_ufrag: HashMap<String, SessionKey>,
    by_address: HashMap<SocketAddr, Holder>,
    sessions: BTreeMap<SessionKey, Names>,
}

/// Who an address proved itself to last, and when.
#[derive(Debug, Clone, Copy)]
struct Holder {
    key: SessionKey,
    proved_at: Instant,
}

#[derive(Debug, Default)]
struct Names {
    ufrags: Vec<String>,
    addresses: VecDeque<SocketAddr>,
}

impl Routes {
    /// Takes up what changed; `false` when nothing had.
    pub(crate) fn update(&mut self, now: Instant, changes: &Changes) -> bool {
        let waiting = changes.waiting.load(Ordering::SeqCst);
        if waiting {
            for (key, change) in changes.take() {
                self.apply(now, key, change);
            }
        }
        waiting
    }

    /// The session to which an address has proved itself.
    pub(crate) fn holder(&self, address: SocketAddr) -> Option<SessionKey> {
        self.by_address.get(&address).map(|holder| holder.key)
    }

    /// Who a datagram is for: STUN by its ufrag, everything else by an address that has proved itself.
    pub(crate) fn route(&self, from: SocketAddr, datagram: &[u8]) -> Option<SessionKey> {
        if ice::is_stun(datagram) {
            return self.by_ufrag.get(ice::ufrag_of(datagram)?).copied();
        }
        self.holder(from)
    }

    fn apply(&mut self, now: Instant, key: SessionKey, change: Change) {
        if change.freed {
            return self.free(key);
        }
        if change.new {
            self.sessions.entry(key).or_default();
        }
        // A late change of a session that is gone must not bring it back.
        let Some(names) = self.sessions.get_mut(&key) else { return };
        for ufrag in change.removed {
            self.by_ufrag.remove(&ufrag);
            names.ufrags.retain(|name| *name != ufrag);
        }
        for ufrag in change.added {
            self.by_ufrag.insert(ufrag.clone(), key);
            names.ufrags.push(ufrag);
        }
        for address in change.bound {
            self.bind(now, key, address);
        }
    }

    /// The session that proved an address lately keeps it: who forges a check from the address of another, with a session
    /// of its own, takes nothing. Once its holder has fallen silent or ended, the next to authenticate it has it: a NAT gives
    /// a port to another client, a client restarts on its port.
    fn bind(&mut self, now: Instant, key: SessionKey, address: SocketAddr) {
        let before = self.by_address.get(&address).filter(|before| before.key != key).copied();
        if let Some(before) = before {
            if now.saturating_duration_since(before.proved_at) < ADDRESS_KEPT {
                return;
            }
            if let Some(other) = self.sessions.get_mut(&before.key) {
                other.addresses.retain(|held| *held != address);
            }
        }
        self.by_address.insert(address, Holder { key, proved_at: now });
        let Some(names) = self.sessions.get_mut(&key) else { return };
        names.addresses.retain(|held| *held != address);
        names.addresses.push_back(address);
        let excess = names.addresses.len().saturating_sub(ADDRESSES_MAX);
        for oldest in names.addresses.drain(..excess) {
            self.by_address.remove(&oldest);
        }
    }

    fn free(&mut self, key: SessionKey) {
        let Some(names) = self.sessions.remove(&key) else { return };
        for ufrag in names.ufrags {
            self.by_ufrag.remove(&ufrag);
        }
        for address in names.addresses {
            self.by_address.remove(&address);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.by_ufrag.len() + self.by_address.len() + self.sessions.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SessionKey = SessionKey(1);
    const B: SessionKey = SessionKey(2);
    const MEDIA: &[u8] = &[0x80, 96, 0, 1];

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 7], port))
    }

    fn routes(changes: &Changes) -> Routes {
        let mut routes = Routes::default();
        routes.update(Instant::now(), changes);
        routes
    }

    #[test]
    fn media_from_an_unbound_address_is_for_nobody() {
        let changes = Changes::default();
        changes.open(A, "ufragA".into());
        changes.bind(A, address(1));
        let routes = routes(&changes);
        assert_eq!(routes.route(address(1), MEDIA), Some(A));
        assert_eq!(routes.route(address(2), MEDIA), None);
    }

    #[test]
    fn an_address_stays_with_the_session_that_proved_it_lately_and_goes_to_another_when_it_is_silent() {
        let (changes, start) = (Changes::default(), Instant::now());
        changes.open(A, "ufragA".into());
        changes.open(B, "ufragB".into());
        let mut routes = Routes::default();
        let mut bind = |key, seconds| {
            changes.bind(key, address(1));
            routes.update(start + Duration::from_secs(seconds), &changes);
            routes.route(address(1), MEDIA)
        };
        assert_eq!(bind(A, 0), Some(A));
        assert_eq!(bind(B, 6), Some(A), "a forged check takes nothing");
        assert_eq!(bind(A, 6), Some(A));
        assert_eq!(bind(B, 12), Some(A), "each check of its own keeps it");
        assert_eq!(bind(B, 13), Some(B), "A is silent");
        changes.free(A);
        routes.update(start, &changes);
        assert_eq!(routes.route(address(1), MEDIA), Some(B), "A's end does not take B's address");
    }

    #[test]
    fn the_address_of_a_session_that_has_ended_is_free_at_once() {
        let changes = Changes::default();
        changes.open(A, "ufragA".into());
        changes.open(B, "ufragB".into());
        changes.bind(A, address(1));
        let mut routes = routes(&changes);
        changes.free(A);
        changes.bind(B, address(1));
        routes.update(Instant::now(), &changes);
        assert_eq!(routes.route(address(1), MEDIA), Some(B));
    }

    #[test]
    fn nothing_is_left_of_freed_sessions_seen_or_unseen() {
        let changes = Changes::default();
        changes.open(A, "ufragA".into());
        let mut routes = routes(&changes);
        for port in 0..20 {
            changes.bind(A, address(port));
            routes.update(Instant::now(), &changes);
        }
        assert_eq!(routes.len(), 1 + ADDRESSES_MAX + 1);
        changes.free(A);
        changes.bind(A, address(3));
        changes.open(B, "ufragB".into());
        changes.free(B);
        routes.update(Instant::now(), &changes);
        assert_eq!(routes.len(), 0);
        assert!(changes.take().is_empty());
    }

    #[test]
    fn a_restart_adds_a_ufrag_and_retires_the_old() {
        let changes = Changes::default();
        changes.open(A, "old".into());
        let mut routes = routes(&changes);
        changes.add_ufrag(A, "new".into());
        routes.update(Instant::now(), &changes);
        assert_eq!((routes.by_ufrag.get("old"), routes.by_ufrag.get("new")), (Some(&A), Some(&A)));
        changes.remove_ufrag(A, "old".into());
        changes.add_ufrag(A, "unused".into());
        changes.remove_ufrag(A, "unused".into());
        routes.update(Instant::now(), &changes);
        assert_eq!((routes.by_ufrag.get("old"), routes.by_ufrag.len()), (None, 1));
    }
}
