//! Hosts watched alone: their packets from the shard of their session to those of their viewers.
//!
//! A feed of a host stands in a shard's router only while somebody there watches it, and only then does the host's shard
//! do anything for it: it is told by [`Attention`].

use super::{Maker, Seats};
use crate::engine::forwarding::Forwarding;
use crate::engine::host_line::{Attention, HostLine};
use crate::engine::peer::{Role, SessionKey};
use crate::engine::producers::host_feed;
use crate::engine::shard::Outgoing;
use costage_media::packet::{RtpIn, SenderClock};
use costage_media::scene::SourceId;
use std::sync::Arc;
use std::time::Instant;

impl Seats {
    /// A host publishes by another session from now on. Who watches it moves there with its first keyframe; it is asked for
    /// one.
    pub(super) fn host_at(&mut self, now: Instant, line: Arc<HostLine>) {
        let source = line.source;
        let is_watched = self.attention.contains_key(&source);
        self.lines.insert(source, Arc::clone(&line));
        if is_watched {
            self.attend(source, &line);
            self.router.point(host_feed(source), line.producer());
            self.forget_idle_producers();
            self.note_watched();
            self.ask_for_keyframes(now);
        }
    }

    /// Somebody here watches `source`. Without a line of it there is no feed: its live is over.
    pub(super) fn open_host_feed(&mut self, source: SourceId) {
        let Some(line) = self.lines.get(&source).filter(|_| !self.attention.contains_key(&source)) else { return };
        let line = Arc::clone(line);
        self.attend(source, &line);
        self.router.add_feed(host_feed(source), Some(line.producer()));
    }

    fn attend(&mut self, source: SourceId, line: &Arc<HostLine>) {
        self.producers.insert(line.producer(), Maker::Host(Arc::clone(line)));
        self.attention.insert(source, Attention::new(line));
    }

    /// A viewer of `source` has gone; with the last one its feed goes too.
    pub(super) fn close_host_feed_unless_watched(&mut self, source: SourceId) {
        if self.attention.contains_key(&source) && !self.router.has_consumers(host_feed(source)) {
            self.attention.remove(&source);
            self.router.remove_feed(host_feed(source));
            self.note_watched();
            self.forget_idle_producers();
        }
    }

    /// There will be no packets of `source` any more: its viewers are closed, and with the last one its feed. So is the host's
    /// own ear: who has left the stage does not hear it without itself.
    pub(super) fn end_host_feed(&mut self, now: Instant, source: SourceId) {
        self.lines.remove(&source);
        self.close_all(now, |role| match role {
            Role::Onlooker { source: of } | Role::Listener { source: of, .. } => of == source,
            Role::Viewer { .. } | Role::Host { .. } => false,
        });
    }

    /// What a host's session needs to have its packets forwarded.
    pub(super) fn forwarding_of(&self, key: SessionKey, role: Role) -> Option<Box<Forwarding>> {
        let Role::Host { source } = role else { return None };
        let line = self.lines.get(&source).filter(|line| line.session == key)?;
        Some(Box::new(Forwarding::new(Arc::clone(line))))
    }

    /// A packet of a host has come.
    pub(super) fn forward(&mut self, now: Instant, key: SessionKey, packet: &RtpIn) {
        let forwarding = self.seats.get_mut(&key).and_then(|seat| seat.forwarding.as_mut());
        if forwarding.is_some_and(|forwarding| forwarding.take(now, packet)) {
            self.ready.insert(key);
        }
    }

    /// Gaps whose time is over are given up.
    pub(super) fn close_gaps(&mut self, now: Instant, key: SessionKey) {
        let forwarding = self.seats.get_mut(&key).and_then(|seat| seat.forwarding.as_mut());
        if forwarding.is_some_and(|forwarding| forwarding.handle_timeout(now)) {
            self.ready.insert(key);
        }
        self.reschedule(key);
    }

    /// A host's sender report has come.
    pub(super) fn note_clock(&self, now: Instant, key: SessionKey, clock: SenderClock) {
        if let Some(forwarding) = self.seats.get(&key).and_then(|seat| seat.forwarding.as_ref()) {
            forwarding.line().clock(self.surroundings.epoch.ntp(now), clock);
        }
    }

    /// Sends on what hosts have sent since this was last called: what came in one go leaves in one go.
    pub(super) fn forward_ready(&mut self) {
        while let Some(key) = self.ready.pop_first() {
            let forwarding = self.seats.get_mut(&key).and_then(|seat| seat.forwarding.as_mut());
            for frame in forwarding.map(|forwarding| forwarding.take_ready()).unwrap_or_default() {
                let outgoing = Outgoing { frame: Arc::new(frame), trace: None };
                self.neighbours.iter().for_each(|shard| shard.send(&outgoing));
            }
        }
    }
}
