//! A host's own packets on their way to those who watch that host alone: put in order, marked where a decoder may start,
//! otherwise untouched.
//!
//! ```text
//! RtpIn ─▶ reorder ring, one a kind ─▶ frames of what came together ─▶ every shard with viewers ─▶ their routers
//! ```
//! In order, because a router's retransmission ring is; a gap is waited for as long as the mix waits for it, and then stays
//! a gap: what was lost is lost for all, and a viewer who cannot decode asks for a keyframe.

use super::host_line::HostLine;
use costage_media::forward::Frame;
use costage_media::jitter::{GAP_DEADLINE, ReorderRing, h264};
use costage_media::packet::{ExtSeq, MediaKind, Packet, RtpIn};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long sound waits for a missing packet: until the next one would come. Viewers conceal one packet better than they
/// wait for it.
const SOUND_GAP_DEADLINE: Duration = Duration::from_millis(20);

/// The forwarding half of one host's session.
pub(super) struct Forwarding {
    line: Arc<HostLine>,
    /// While somebody watches.
    lanes: Option<Box<Lanes>>,
    knows_profile: bool,
    /// The camera was closed: what comes now cannot be decoded before a keyframe.
    dark: bool,
}

/// What is between the wire and the shards. As much as the rings hold, and as came since [`Forwarding::take_ready`].
struct Lanes {
    video: ReorderRing,
    audio: ReorderRing,
    /// Timestamp of the access unit whose keyframe has begun.
    keyframe: Option<u64>,
    numbers: [Numbers; 2],
    ready: Vec<Ready>,
}

/// The host's numbers, unless it goes back in them: then they go on by one, because routers take rising numbers only.
#[derive(Default)]
struct Numbers {
    shift: u64,
    next: u64,
}

/// Packets that came together, of one access unit.
struct Ready {
    kind: MediaKind,
    keyframe: bool,
    packets: Vec<Packet>,
}

impl Forwarding {
    pub(super) fn new(line: Arc<HostLine>) -> Self {
        Self { line, lanes: None, knows_profile: false, dark: false }
    }

    pub(super) fn line(&self) -> &HostLine {
        &self.line
    }

    /// A packet has come; `true` when there is something for [`Forwarding::take_ready`].
    pub(super) fn take(&mut self, now: Instant, packet: &RtpIn) -> bool {
        if !self.knows_profile && packet.kind == MediaKind::Video {
            self.learn_profile(packet);
        }
        if !self.line.is_watched() {
            self.lanes = None;
            return false;
        }
        if !self.is_open_for(packet) {
            return false;
        }
        let lanes = self.lanes.get_or_insert_with(Box::default);
        match packet.kind {
            MediaKind::Video => lanes.video.push(now, packet.clone()),
            MediaKind::Audio => lanes.audio.push(now, packet.clone()),
        };
        lanes.order()
    }

    /// Whether the seat's camera or microphone, and after the camera a keyframe, let this packet through.
    fn is_open_for(&mut self, packet: &RtpIn) -> bool {
        let closed = self.line.is_closed(packet.kind);
        if packet.kind == MediaKind::Audio {
            return !closed;
        }
        self.dark = closed || self.dark && !h264::begins_keyframe(&packet.payload);
        if self.dark && !closed && packet.marker {
            self.line.wish_keyframe();
        }
        !self.dark
    }

    fn learn_profile(&mut self, packet: &RtpIn) {
        if let Some(profile) = h264::profile(&packet.payload) {
            self.line.set_profile(profile);
            self.knows_profile = true;
        }
    }

    /// Gives up gaps whose time is over; as [`Forwarding::take`].
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let Some(lanes) = &mut self.lanes else { return false };
        lanes.video.handle_timeout(now);
        lanes.audio.handle_timeout(now);
        lanes.order()
    }

    /// When [`Forwarding::handle_timeout`] has something to do.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let lanes = self.lanes.as_ref()?;
        [lanes.video.poll_timeout(), lanes.audio.poll_timeout()].into_iter().flatten().min()
    }

    /// What is in order, as frames of this session's producer.
    pub(super) fn take_ready(&mut self) -> Vec<Frame> {
        let producer = self.line.producer();
        let ready = self.lanes.as_mut().map(|lanes| std::mem::take(&mut lanes.ready)).unwrap_or_default();
        let frame = |Ready { kind, keyframe, packets }| Frame { producer, kind, keyframe, packets: packets.into() };
        ready.into_iter().map(frame).collect()
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            video: ReorderRing::new(GAP_DEADLINE),
            audio: ReorderRing::new(SOUND_GAP_DEADLINE),
            keyframe: None,
            numbers: Default::default(),
            ready: Vec::new(),
        }
    }
}

impl Lanes {
    fn order(&mut self) -> bool {
        while let Some(ordered) = self.video.pop().or_else(|| self.audio.pop()) {
            self.append(ordered.packet);
        }
        !self.ready.is_empty()
    }

    fn append(&mut self, RtpIn { kind, seq, timestamp, marker, payload, received_at: _ }: RtpIn) {
        // Only where it begins: who joins in the middle of a keyframe could not decode it.
        let keyframe = match kind {
            MediaKind::Video => self.keyframe != Some(timestamp) && h264::begins_keyframe(&payload),
            MediaKind::Audio => true,
        };
        if keyframe && kind == MediaKind::Video {
            self.keyframe = Some(timestamp);
        }
        let seq = self.numbers[usize::from(kind == MediaKind::Audio)].of(seq);
        let packet = Packet { seq, timestamp, marker, payload };
        match self.ready.last_mut().filter(|ready| ready.goes_on_with(kind, keyframe, timestamp)) {
            Some(ready) => ready.packets.push(packet),
            None => self.ready.push(Ready { kind, keyframe, packets: vec![packet] }),
        }
    }
}

impl Numbers {
    fn of(&mut self, seq: ExtSeq) -> ExtSeq {
        let mut number = seq.0.wrapping_add(self.shift);
        if number < self.next {
            self.shift = self.next.wrapping_sub(seq.0);
            number = self.next;
        }
        self.next = number.saturating_add(1);
        ExtSeq(number)
    }
}

impl Ready {
    fn goes_on_with(&self, kind: MediaKind, keyframe: bool, timestamp: u64) -> bool {
        kind == MediaKind::Video
            && self.kind == kind
            && !keyframe
            && self.packets.last().is_some_and(|last| last.timestamp == timestamp)
    }
}

#[cfg(test)]
mod tests;
