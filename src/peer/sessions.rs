//! Signalling: offers in, answers out, sessions handed to shards.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use super::config::PeerConfig;
use super::dtls::{Identity, Link, Preference};
use super::ice::Credentials;
use super::random;
use super::receiving::Receiving;
use super::registration::{Entry, Registration, Restart, Table};
use super::routes::Changes;
use super::sdp::{Fragment, Local, Offer, Plan, Side};
use super::sending::Sending;
use super::session::{Half, LinkStart, Parts, Session};
use super::wire::Wire;
use crate::engine::{
    OfferRefused, Opened, Role, SessionKey, Shards, Signalling, TrickleRefused, Trickled, UnknownSession,
};

/// Letters of a session's secret, six random bits each.
const SECRET_LETTERS: usize = 32;
/// Of so many places one is a host's: viewers need no name, and however many come, hosts can publish and come back.
const PLACES_PER_HOST: usize = 8;

/// All sessions of the process, to those who open and close them.
pub struct Sessions {
    identity: Arc<Identity>,
    candidates: Vec<SocketAddr>,
    wire: Arc<dyn Wire>,
    shards: Arc<dyn Shards>,
    changes: Arc<Changes>,
    table: Arc<Table>,
    sessions_max: usize,
    host_bitrate_bps_max: u32,
    next_key: AtomicU64,
    draining: AtomicBool,
}

impl Sessions {
    pub(super) fn new(
        identity: Arc<Identity>,
        candidates: Vec<SocketAddr>,
        wire: Arc<dyn Wire>,
        shards: Arc<dyn Shards>,
        config: &PeerConfig,
    ) -> Self {
        Self {
            identity,
            candidates,
            wire,
            shards,
            changes: Arc::new(Changes::default()),
            table: Arc::new(Table::default()),
            sessions_max: config.sessions_max,
            host_bitrate_bps_max: config.host_bitrate_bps_max,
            next_key: AtomicU64::new(1),
            draining: AtomicBool::new(false),
        }
    }

    /// What the receive thread must hear of.
    pub(super) fn changes(&self) -> Arc<Changes> {
        Arc::clone(&self.changes)
    }

    /// The host candidates of every answer, best first.
    #[must_use]
    pub fn candidates(&self) -> &[SocketAddr] {
        &self.candidates
    }

    /// The UDP port of all sessions.
    #[must_use]
    pub fn media_port(&self) -> u16 {
        self.candidates.first().map_or(0, SocketAddr::port)
    }

    fn local<'a>(&'a self, credentials: &'a Credentials) -> Local<'a> {
        Local {
            ufrag: &credentials.ufrag,
            password: &credentials.password,
            fingerprint: self.identity.fingerprint(),
            candidates: &self.candidates,
        }
    }

    fn link(&self, plan: &Plan) -> Result<LinkStart, OfferRefused> {
        let (identity, fingerprints) = (Arc::clone(&self.identity), plan.fingerprints.clone());
        if plan.we_are_client {
            let start = move |now| Link::client(now, &identity, fingerprints).ok();
            return Ok(LinkStart::Client(Box::new(start)));
        }
        let preference = match plan.side {
            Side::Host => Preference::Peers,
            Side::Viewer => Preference::Gcm,
        };
        let link = Link::server(&identity, fingerprints, preference)
            .map_err(|error| OfferRefused::Unsupported { detail: format!("DTLS: {error}") })?;
        Ok(LinkStart::Server(Box::new(link)))
    }

    /// Whether there is a place for one more. A host that comes back is counted once: the session that it takes over is about
    /// to end.
    fn has_place(&self, entries: &BTreeMap<String, Entry>, role: Role) -> bool {
        match role {
            Role::Host { .. } => {
                let taken_over = entries.values().any(|entry| entry.role == role);
                entries.len() - usize::from(taken_over) < self.sessions_max
            }
            Role::Viewer { .. } | Role::Onlooker { .. } | Role::Listener { .. } => {
                let viewers = entries.values().filter(|entry| !matches!(entry.role, Role::Host { .. })).count();
                let reserve = self.sessions_max / PLACES_PER_HOST;
                viewers < self.sessions_max - reserve && entries.len() < self.sessions_max
            }
        }
    }

    /// Enters a session in the table, unless it is full.
    fn enter(
        &self,
        role: Role,
        plan: &Plan,
        owner: String,
        tag: &str,
    ) -> Result<(Registration, Arc<Restart>), OfferRefused> {
        let key = SessionKey(self.next_key.fetch_add(1, Ordering::Relaxed));
        let secret = random::url_text(SECRET_LETTERS);
        let restart = Arc::new(Restart::default());
        let entry = Entry {
            key,
            role,
            owner,
            head: plan.restart_head(),
            remote_ufrag: plan.remote_ufrag.clone(),
            tag: tag.to_owned(),
            restart: Arc::clone(&restart),
        };
        let mut entries = self.table.lock();
        if !self.has_place(&entries, role) {
            return Err(OfferRefused::TooMany);
        }
        entries.insert(secret.clone(), entry);
        drop(entries);
        let registration =
            Registration { key, secret, changes: Arc::clone(&self.changes), table: Arc::clone(&self.table) };
        Ok((registration, restart))
    }
}

impl Signalling for Sessions {
    fn open(&self, now: Instant, role: Role, owner: String, offer: &str) -> Result<Opened, OfferRefused> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(OfferRefused::Draining);
        }
        let offer = Offer::parse(offer)?;
        let plan = match role {
            Role::Host { .. } => Plan::new(&offer, Side::Host)?,
            Role::Viewer { .. } | Role::Listener { .. } => Plan::new(&offer, Side::Viewer)?,
            Role::Onlooker { source } => Plan::to_forward(&offer, self.shards.profile_of(source))?,
        };
        let side = plan.side;
        let link = self.link(&plan)?;
        let credentials = Credentials::random();
        let answer = plan.answer(random::number(), &self.local(&credentials));
        let (registration, restart) = self.enter(role, &plan, owner, &credentials.ufrag)?;
        let (key, secret) = (registration.key, registration.secret.clone());
        let etag = quoted(&credentials.ufrag);
        self.changes.open(key, credentials.ufrag.clone());
        let half = match side {
            Side::Host => Half::Receiving(Box::new(Receiving::new(&plan, self.host_bitrate_bps_max))),
            Side::Viewer => Half::Sending(Box::new(Sending::new(&plan))),
        };
        let (wire, crypto) = (Arc::clone(&self.wire), self.identity.crypto());
        let parts = Parts { credentials, link, half, wire, registration, restart, crypto };
        self.shards.adopt(key, role, Box::new(Session::new(now, parts)));
        Ok(Opened { key, secret, etag, answer })
    }

    fn trickle(
        &self,
        _now: Instant,
        secret: &str,
        if_match: Option<&str>,
        fragment: &str,
    ) -> Result<Trickled, TrickleRefused> {
        let mut entries = self.table.lock();
        let entry = entries.get_mut(secret).ok_or(TrickleRefused::UnknownSession)?;
        let wanted = if_match.ok_or(TrickleRefused::MatchMissing)?.trim().trim_matches('"');
        if wanted != "*" && wanted != entry.tag {
            return Err(TrickleRefused::MatchStale);
        }
        let fragment = Fragment::parse(fragment).map_err(|detail| TrickleRefused::Malformed { detail })?;
        let Some(ufrag) = fragment.ufrag.filter(|ufrag| *ufrag != entry.remote_ufrag) else {
            return Ok(Trickled::Accepted);
        };
        if fragment.password.is_none() {
            return Err(TrickleRefused::Malformed { detail: "a restart needs a=ice-pwd too".to_owned() });
        }
        let credentials = Credentials::random();
        let fragment = entry.head.fragment(&self.local(&credentials));
        entry.remote_ufrag = ufrag;
        entry.tag.clone_from(&credentials.ufrag);
        let etag = quoted(&credentials.ufrag);
        self.changes.add_ufrag(entry.key, credentials.ufrag.clone());
        if let Some(unused) = entry.restart.put(credentials) {
            self.changes.remove_ufrag(entry.key, unused.ufrag);
        }
        Ok(Trickled::Restarted { etag, fragment })
    }

    fn close(&self, _now: Instant, secret: &str) -> Result<(), UnknownSession> {
        let entry = self.table.lock().remove(secret).ok_or(UnknownSession)?;
        self.shards.close(entry.key);
        Ok(())
    }

    fn owner(&self, secret: &str) -> Option<String> {
        self.table.lock().get(secret).map(|entry| entry.owner.clone())
    }

    fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn sessions(&self) -> usize {
        self.table.lock().len()
    }
}

fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

#[cfg(test)]
mod tests;
