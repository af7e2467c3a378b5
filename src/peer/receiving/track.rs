//! One of a host's two streams: which of its SSRCs counts, and a line of numbers that runs on when that changes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use costage_media::packet::{ExtSeq, MediaKind, RtpIn};
use costage_media::time::{AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ};

use super::nack::Missing;
use crate::peer::extend::{SeenWindow, extend_16, extend_32};
use crate::peer::sdp::Stream;

/// An SSRC that led and has been silent so long may be replaced by one that goes on.
const LEAD_SILENT: Duration = Duration::from_secs(1);
/// A more wanted layer leads again when it has flowed this long.
const LAYER_STEADY: Duration = Duration::from_secs(1);
/// While a stream is so young, its layers are still arriving for the first time.
const STARTING: Duration = Duration::from_millis(500);
/// Where a line begins: far enough from zero that packets from before the first one still have a number.
const LINE_START: u64 = 1 << 17;
/// The same for timestamps.
const TIME_START: u64 = 1 << 33;

/// A packet of a media SSRC, RTX unwrapped.
pub(super) struct Arrival {
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) payload: Bytes,
    pub(super) at: Instant,
}

/// What became of an [`Arrival`].
#[derive(Default)]
pub(super) struct Accepted {
    pub(super) packet: Option<RtpIn>,
    /// Another SSRC leads from here: its next keyframe is where decoding starts.
    pub(super) new_lead: bool,
}

/// One stream.
pub(super) struct Track {
    plan: Stream,
    layers: BTreeMap<u32, Layer>,
    lead: Option<u32>,
    line: Line,
}

/// One SSRC of the stream.
struct Layer {
    /// Place in the order of preference; 0 without simulcast.
    place: usize,
    seen: SeenWindow,
    timestamp: Option<u64>,
    missing: Missing,
    since: Instant,
    last: Instant,
}

/// Turns the numbers of the leading SSRC into those of the stream.
#[derive(Default)]
struct Line {
    sequence_shift: u64,
    time_shift: u64,
    /// Numbers below belong to an SSRC that led before.
    floor: u64,
    last_sequence: u64,
    last_time: u64,
    last_at: Option<Instant>,
}

impl Track {
    pub(super) fn new(plan: Stream) -> Self {
        Self { plan, layers: BTreeMap::new(), lead: None, line: Line::default() }
    }

    pub(super) fn kind(&self) -> MediaKind {
        self.plan.kind
    }

    pub(super) fn plan(&self) -> &Stream {
        &self.plan
    }

    pub(super) fn lead(&self) -> Option<u32> {
        self.lead
    }

    pub(super) fn clock_hz(&self) -> u32 {
        match self.plan.kind {
            MediaKind::Video => VIDEO_CLOCK_HZ,
            MediaKind::Audio => AUDIO_CLOCK_HZ,
        }
    }

    /// A new SSRC with the stream's payload type. `false` while nothing says which layer it is.
    pub(super) fn meet(&mut self, at: Instant, ssrc: u32, rid: Option<String>) -> bool {
        let place = match (&rid, self.plan.rids.is_empty()) {
            (_, true) => Some(0),
            (Some(rid), false) => self.plan.rids.iter().position(|known| known == rid),
            // Layers may be announced by SSRC instead, in the same order.
            (None, false) => self.plan.ssrcs.iter().position(|known| *known == ssrc),
        };
        let Some(place) = place else { return false };
        self.layers.entry(ssrc).or_insert_with(|| Layer::new(at, place));
        true
    }

    /// The SSRC of a simulcast layer; the latest, should it have restarted.
    pub(super) fn ssrc_of_layer(&self, rid: &str) -> Option<u32> {
        let place = self.plan.rids.iter().position(|known| known == rid)?;
        let of_place = self.layers.iter().filter(|(_, layer)| layer.place == place);
        of_place.max_by_key(|(_, layer)| layer.last).map(|(ssrc, _)| *ssrc)
    }

    /// The SSRC that retransmissions without a name can only mean.
    pub(super) fn only_ssrc(&self) -> Option<u32> {
        if self.plan.rids.is_empty() { self.lead } else { None }
    }

    /// Takes a packet.
    pub(super) fn accept(&mut self, arrival: Arrival) -> Accepted {
        let Some(layer) = self.layers.get_mut(&arrival.ssrc) else { return Accepted::default() };
        let Some((sequence, timestamp)) = layer.number(&arrival) else { return Accepted::default() };
        let new_lead = self.lead != Some(arrival.ssrc) && self.should_lead(&arrival);
        if new_lead {
            self.lead = Some(arrival.ssrc);
            self.line.start(arrival.at, sequence, timestamp, self.clock_hz());
        }
        if self.lead != Some(arrival.ssrc) {
            return Accepted { packet: None, new_lead };
        }
        if let Some(layer) = self.layers.get_mut(&arrival.ssrc).filter(|_| self.plan.nack) {
            layer.missing.arrived(arrival.at, sequence);
        }
        let kind = self.plan.kind;
        let numbers = self.line.place(arrival.at, sequence, timestamp);
        let packet = numbers.map(|(seq, timestamp)| RtpIn {
            kind,
            seq: ExtSeq(seq),
            timestamp,
            marker: arrival.marker,
            payload: arrival.payload,
            received_at: arrival.at,
        });
        Accepted { packet, new_lead }
    }

    /// An SSRC leads when it is the first, when the host has restarted with it, when it is a more wanted layer that flows,
    /// or when the one that led has fallen silent.
    fn should_lead(&self, arrival: &Arrival) -> bool {
        let Some(lead) = self.lead.and_then(|lead| self.layers.get(&lead)) else { return true };
        let Some(layer) = self.layers.get(&arrival.ssrc) else { return false };
        let steady = arrival.at.saturating_duration_since(layer.since) >= LAYER_STEADY;
        let restarted = layer.place == lead.place && arrival.at == layer.since && layer.since > lead.since;
        let starting = arrival.at.saturating_duration_since(lead.since) < STARTING;
        let wanted_more = layer.place < lead.place && (steady || starting);
        restarted || wanted_more || arrival.at.saturating_duration_since(lead.last) >= LEAD_SILENT
    }

    /// A sender report's timestamp on the stream's line; `None` for other SSRCs than the leading one.
    pub(super) fn clock(&self, ssrc: u32, timestamp: u32) -> Option<(MediaKind, u64)> {
        let layer = self.layers.get(&ssrc).filter(|_| self.lead == Some(ssrc))?;
        let extended = extend_32(layer.timestamp?, timestamp)?;
        Some((self.plan.kind, extended.wrapping_add(self.line.time_shift)))
    }

    /// The leading SSRC and the sequence numbers to ask for now.
    pub(super) fn due_nacks(&mut self, now: Instant) -> Option<(u32, Vec<u16>)> {
        let lead = self.lead?;
        let due = self.layers.get_mut(&lead)?.missing.due(now);
        (!due.is_empty()).then_some((lead, due))
    }

    /// When [`Track::due_nacks`] has something.
    pub(super) fn nack_at(&self) -> Option<Instant> {
        self.layers.get(&self.lead?)?.missing.next()
    }
}

impl Layer {
    fn new(at: Instant, place: usize) -> Self {
        Self { place, seen: SeenWindow::new(), timestamp: None, missing: Missing::default(), since: at, last: at }
    }

    /// The packet's numbers on the SSRC's own line; `None` for duplicates and for what is too late to tell.
    fn number(&mut self, arrival: &Arrival) -> Option<(u64, u64)> {
        let reference = self.seen.highest().unwrap_or(LINE_START);
        let sequence = extend_16(reference, arrival.sequence)?;
        if !self.seen.insert(sequence) {
            return None;
        }
        let timestamp = extend_32(self.timestamp.unwrap_or(TIME_START), arrival.timestamp)?;
        if self.seen.highest() == Some(sequence) {
            self.timestamp = Some(timestamp);
        }
        if arrival.at.saturating_duration_since(self.last) >= LEAD_SILENT {
            self.since = arrival.at;
        }
        self.last = arrival.at;
        Some((sequence, timestamp))
    }
}

impl Line {
    /// From this packet on another SSRC's numbers count. The sequence goes on by one, the time by what has passed.
    fn start(&mut self, at: Instant, sequence: u64, timestamp: u64, clock_hz: u32) {
        let Some(last_at) = self.last_at else { return };
        let passed = at.saturating_duration_since(last_at).as_micros() * u128::from(clock_hz) / 1_000_000;
        let passed = u64::try_from(passed).unwrap_or(u64::MAX).max(1);
        self.floor = self.last_sequence + 1;
        self.sequence_shift = self.floor.wrapping_sub(sequence);
        self.time_shift = self.last_time.saturating_add(passed).wrapping_sub(timestamp);
    }

    /// The packet's numbers on the stream's line.
    fn place(&mut self, at: Instant, sequence: u64, timestamp: u64) -> Option<(u64, u64)> {
        let sequence = sequence.wrapping_add(self.sequence_shift);
        let timestamp = timestamp.wrapping_add(self.time_shift);
        if sequence < self.floor {
            return None;
        }
        if sequence >= self.last_sequence {
            self.last_sequence = sequence;
            self.last_time = timestamp;
            self.last_at = Some(at);
        }
        Some((sequence, timestamp))
    }
}
