//! The packets of all producers to the viewers of one shard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::feed::{Feed, KeyframeGate};
use super::{Consumer, ConsumerId, FeedId, Frame, Mapping, ProducerId, RetransmissionRing, index};
use crate::packet::{MediaKind, RtpOut};

/// Viewers of one shard. At 2.5 Mbit/s a core sends to a good thousand; beyond four the shard only gets late.
pub const CONSUMERS_MAX: usize = 4_096;

/// Sequence numbers looked at in one NACK; a receiver report's worth of loss has far fewer.
pub const NACKED_MAX: usize = 256;

/// Retransmissions that a viewer may have saved up. Each packet sent earns one, so that no NACK flood ever makes a
/// viewer cost more than twice its stream.
pub const RESEND_CREDIT_MAX: u16 = 256;

/// How long a producer that no feed shows any more can still be asked for retransmissions.
pub const RETIRE_AFTER: Duration = Duration::from_secs(2);

/// Why a consumer cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddRefused {
    /// No such feed.
    #[error("{0} does not exist")]
    UnknownFeed(FeedId),
    /// [`CONSUMERS_MAX`] reached.
    #[error("a shard takes at most {CONSUMERS_MAX} viewers")]
    Full,
    /// Already there.
    #[error("{0} exists already")]
    Known(ConsumerId),
}

/// One producer as a shard knows it: what it sent lately, and who may want it.
#[derive(Debug, Default)]
pub struct Producer {
    rings: [RetransmissionRing; 2],
    /// Feeds whose gate is concerned with it.
    feeds: BTreeSet<FeedId>,
    /// Since when no feed is.
    retired: Option<Instant>,
}

impl Producer {
    /// What it sent lately of one kind.
    #[must_use]
    pub fn ring(&self, kind: MediaKind) -> &RetransmissionRing {
        &self.rings[index(kind)]
    }
}

/// The forwarding plane of one shard. Sans-IO: what is to be sent goes through a closure.
///
/// Steady state allocates nothing per packet: the frame is kept by handle, one buffer is filled once per frame and
/// only numbers are rewritten per viewer.
#[derive(Debug, Default)]
pub struct Router {
    producers: BTreeMap<ProducerId, Producer>,
    feeds: BTreeMap<FeedId, Feed>,
    consumers: BTreeMap<ConsumerId, FeedId>,
    /// Producers without feeds.
    retiring: usize,
    /// The latest time told.
    now: Option<Instant>,
    buffer: Vec<RtpOut>,
    /// Feeds that moved while a frame was routed, and where they stood.
    moved: Vec<(FeedId, KeyframeGate)>,
}

impl Router {
    /// A router without feeds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a feed, fed by `producer` or by nobody yet. Known already: as [`Router::point`].
    pub fn add_feed(&mut self, feed: FeedId, producer: Option<ProducerId>) {
        if self.feeds.contains_key(&feed) {
            producer.into_iter().for_each(|producer| self.point(feed, producer));
            return;
        }
        self.feeds.insert(feed, Feed::new(producer));
        producer.into_iter().for_each(|producer| self.attach(feed, producer));
    }

    /// All viewers of `feed` move to `producer`: their pictures at its next keyframe (see [`Router::waiting`]), their
    /// sound with its next packet. An unknown feed is ignored.
    pub fn point(&mut self, feed: FeedId, producer: ProducerId) {
        self.point_apart(feed, producer, producer);
    }

    /// The same, with the sound of another producer than the pictures'.
    pub fn point_apart(&mut self, feed: FeedId, picture: ProducerId, sound: ProducerId) {
        let Some(found) = self.feeds.get_mut(&feed) else { return };
        let before = found.gate;
        found.point(picture, sound);
        self.attach(feed, picture);
        self.attach(feed, sound);
        before.concerned().for_each(|old| self.detach(feed, old));
    }

    /// Whose pictures `feed` should show.
    #[must_use]
    pub fn target(&self, feed: FeedId) -> Option<ProducerId> {
        self.feeds.get(&feed)?.gate.target()
    }

    /// Ends a feed; the viewers it had are removed and returned.
    pub fn remove_feed(&mut self, feed: FeedId) -> Vec<ConsumerId> {
        let Some(removed) = self.feeds.remove(&feed) else { return Vec::new() };
        removed.gate.concerned().for_each(|old| self.detach(feed, old));
        let consumers: Vec<ConsumerId> = removed.consumers.into_keys().collect();
        self.consumers.retain(|_, of| *of != feed);
        consumers
    }

    /// Adds a viewer. Its pictures begin at a keyframe (see [`Router::waiting`]), its sound at once. `seed` must be
    /// random: first sequence numbers and timestamps come from it (RFC 3550 §5.1).
    ///
    /// # Errors
    /// See [`AddRefused`]; then nothing has changed.
    pub fn add_consumer(
        &mut self,
        now: Instant,
        consumer: ConsumerId,
        feed: FeedId,
        seed: u64,
    ) -> Result<(), AddRefused> {
        self.now = Some(now);
        if self.consumers.contains_key(&consumer) {
            return Err(AddRefused::Known(consumer));
        }
        if self.consumers.len() >= CONSUMERS_MAX {
            return Err(AddRefused::Full);
        }
        let found = self.feeds.get_mut(&feed).ok_or(AddRefused::UnknownFeed(feed))?;
        found.consumers.insert(consumer, Consumer::new(seed));
        found.closed += 1;
        self.consumers.insert(consumer, feed);
        Ok(())
    }

    /// Removes a viewer; unknown is ignored.
    pub fn remove_consumer(&mut self, consumer: ConsumerId) {
        let Some(feed) = self.consumers.remove(&consumer).and_then(|feed| self.feeds.get_mut(&feed)) else { return };
        if feed.consumers.remove(&consumer).is_some_and(|consumer| !consumer.open) {
            feed.closed -= 1;
        }
    }

    /// Whether `feed` has viewers.
    #[must_use]
    pub fn has_consumers(&self, feed: FeedId) -> bool {
        self.feeds.get(&feed).is_some_and(|feed| !feed.consumers.is_empty())
    }

    /// Viewers.
    #[must_use]
    pub fn consumers(&self) -> usize {
        self.consumers.len()
    }

    /// Gives `frame` to every viewer that it is for: `send` is called once per viewer, with all packets of the frame
    /// numbered for it. A frame whose sequence numbers do not rise above its producer's earlier ones is dropped.
    pub fn route(&mut self, now: Instant, frame: &Arc<Frame>, send: &mut dyn FnMut(ConsumerId, &[RtpOut])) {
        self.now = Some(now);
        self.drop_retired(now);
        let Some(producer) = self.producers.get_mut(&frame.producer) else { return };
        if producer.feeds.is_empty() || !producer.rings[index(frame.kind)].push(frame) {
            return;
        }
        fill(&mut self.buffer, frame);
        for feed_id in &producer.feeds {
            let Some(feed) = self.feeds.get_mut(feed_id) else { continue };
            let before = feed.gate;
            feed.give(now, frame, &mut self.buffer, send);
            if feed.gate != before {
                self.moved.push((*feed_id, before));
            }
        }
        // The payloads are held by the ring; the buffer keeps only its room.
        self.buffer.clear();
        while let Some((feed, before)) = self.moved.pop() {
            before.concerned().for_each(|old| self.detach(feed, old));
        }
    }

    /// Answers a NACK of `consumer` from what its producers sent lately: exactly the packet that went out under that
    /// number. Unknown, too old and never sent numbers are ignored, and so is what exceeds [`RESEND_CREDIT_MAX`].
    pub fn nack(
        &mut self,
        consumer: ConsumerId,
        kind: MediaKind,
        seqs: &[u16],
        resend: &mut dyn FnMut(ConsumerId, &RtpOut),
    ) {
        let feed = self.consumers.get(&consumer).and_then(|feed| self.feeds.get_mut(feed));
        let Some(state) = feed.and_then(|feed| feed.consumers.get_mut(&consumer)) else { return };
        for &seq in seqs.iter().take(NACKED_MAX) {
            let Some((sent, own, mapping)) = state.munger(kind).origin(seq) else { continue };
            let producer = self.producers.get(&mapping.producer());
            let Some(packet) = producer.and_then(|producer| producer.ring(kind).find(own)) else { continue };
            if !state.pay() {
                return;
            }
            let again = RtpOut {
                kind,
                seq: sent,
                timestamp: mapping.timestamp(packet.timestamp),
                marker: packet.marker,
                payload: packet.payload.clone(),
            };
            resend(consumer, &again);
        }
    }

    /// Whom to ask for a keyframe when `consumer` asks for one: while a switch is pending its target, whose keyframe ends the
    /// old picture anyway.
    #[must_use]
    pub fn keyframe_wanted(&self, consumer: ConsumerId) -> Option<ProducerId> {
        let feed = self.feeds.get(self.consumers.get(&consumer)?)?;
        feed.gate.target()
    }

    /// Producers whose keyframe a new viewer or a pending switch waits for, once per feed.
    pub fn waiting(&self) -> impl Iterator<Item = ProducerId> {
        let waits = |feed: &&Feed| !feed.consumers.is_empty() && (feed.closed > 0 || feed.gate.is_pending());
        self.feeds.values().filter(waits).filter_map(|feed| feed.gate.target())
    }

    /// Producers that viewers see or hear, or wait for; may repeat.
    pub fn watched(&self) -> impl Iterator<Item = ProducerId> {
        self.feeds.values().filter(|feed| !feed.consumers.is_empty()).flat_map(|feed| feed.gate.concerned())
    }

    /// Whether any feed shows `producer` or waits for it: while false it may end unseen.
    #[must_use]
    pub fn is_shown(&self, producer: ProducerId) -> bool {
        self.producers.get(&producer).is_some_and(|producer| !producer.feeds.is_empty())
    }

    /// For sender reports: how the timestamps of the producer whose packets `consumer` was sent last become the
    /// consumer's. `None` before the first packet of this kind.
    #[must_use]
    pub fn report(&self, consumer: ConsumerId, kind: MediaKind) -> Option<Mapping> {
        let feed = self.feeds.get(self.consumers.get(&consumer)?)?;
        feed.consumers.get(&consumer)?.munger(kind).mapping()
    }

    /// What is kept of a producer.
    #[must_use]
    pub fn producer(&self, producer: ProducerId) -> Option<&Producer> {
        self.producers.get(&producer)
    }

    fn attach(&mut self, feed: FeedId, producer: ProducerId) {
        let producer = self.producers.entry(producer).or_default();
        producer.feeds.insert(feed);
        if producer.retired.take().is_some() {
            self.retiring -= 1;
        }
    }

    /// Lets go of `producer` unless the feed is still concerned with it.
    fn detach(&mut self, feed: FeedId, producer: ProducerId) {
        if self.feeds.get(&feed).is_some_and(|feed| feed.gate.concerns(producer)) {
            return;
        }
        let Some(found) = self.producers.get_mut(&producer) else { return };
        let last = found.feeds.remove(&feed) && found.feeds.is_empty();
        match self.now {
            Some(now) if last => {
                found.retired = Some(now);
                self.retiring += 1;
            }
            // Never routed anything: nobody can miss it.
            None if last => drop(self.producers.remove(&producer)),
            Some(_) | None => {}
        }
    }

    fn drop_retired(&mut self, now: Instant) {
        if self.retiring == 0 {
            return;
        }
        let keep = |at: Instant| now.saturating_duration_since(at) < RETIRE_AFTER;
        self.producers.retain(|_, producer| producer.retired.is_none_or(keep));
        self.retiring = self.producers.values().filter(|producer| producer.retired.is_some()).count();
    }
}

/// The frame's packets as they go out, but for the numbers: those are written per viewer.
fn fill(buffer: &mut Vec<RtpOut>, frame: &Frame) {
    buffer.clear();
    buffer.extend(frame.packets.iter().map(|packet| RtpOut {
        kind: frame.kind,
        seq: packet.seq,
        timestamp: 0,
        marker: packet.marker,
        payload: packet.payload.clone(),
    }));
}

#[cfg(test)]
mod tests;
