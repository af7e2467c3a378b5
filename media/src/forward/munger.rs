//! One consumer's numbers for a stream whose source changes under it. Pure: no payload, no clock, no sending.

use std::time::{Duration, Instant};

use super::ProducerId;
use crate::packet::{ExtSeq, MediaKind, Packet, RtpOut};
use crate::time::{AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ};

/// Producers that a consumer remembers for retransmissions: the present one and three before. More switches within
/// the second or two that a retransmission is worth do not happen.
pub const SPANS_MAX: usize = 4;

/// Ticks of one Opus packet of 20 ms, taken as the length of the last packet while nothing better is known.
const AUDIO_PACKET_TICKS: u32 = 960;

/// No Opus packet is longer than 120 ms (RFC 6716 §3.2.5); a larger step was a pause.
const AUDIO_PACKET_TICKS_MAX: u64 = 5_760;

/// What to add to a producer's timestamps to get a consumer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    producer: ProducerId,
    offset: u32,
}

impl Mapping {
    /// Whose timestamps.
    #[must_use]
    pub fn producer(self) -> ProducerId {
        self.producer
    }

    /// The consumer's timestamp for the producer's; for sender reports, `timestamp` is the producer's "now".
    #[must_use]
    pub fn timestamp(self, timestamp: u64) -> u32 {
        low32(timestamp).wrapping_add(self.offset)
    }
}

/// A run of packets of one producer with one pair of offsets.
#[derive(Debug, Clone, Copy)]
struct Span {
    mapping: Mapping,
    /// The consumer's sequence number minus the producer's, wrapping.
    seq_offset: u64,
    /// The consumer's first sequence number of this span.
    first: u64,
}

/// The numbers of one kind for one consumer.
#[derive(Debug, Clone)]
pub struct Munger {
    kind: MediaKind,
    /// Newest last.
    spans: [Option<Span>; SPANS_MAX],
    /// The next sequence number never used so far.
    next_seq: u64,
    last_timestamp: u32,
    /// The producer's last timestamp and the step to it, for sound: how long its last packet lasts.
    last_in: u64,
    packet_ticks: u32,
    last_at: Option<Instant>,
    /// Frames of the present producer were left out: what comes next follows without a hole.
    interrupted: bool,
}

impl Munger {
    /// `seed` chooses where sequence numbers and timestamps start. They start below 2^15, so that a receiver that
    /// joins the stream a few packets late cannot mistake the SRTP roll-over counter (RFC 3711 §3.3.1).
    #[must_use]
    pub fn new(kind: MediaKind, seed: u64) -> Self {
        Self {
            kind,
            spans: [None; SPANS_MAX],
            next_seq: (seed >> 32) & 0x7fff,
            last_timestamp: low32(seed),
            last_in: 0,
            packet_ticks: AUDIO_PACKET_TICKS,
            last_at: None,
            interrupted: false,
        }
    }

    /// Whose packets passed last.
    #[must_use]
    pub fn producer(&self) -> Option<ProducerId> {
        self.span().map(|span| span.mapping.producer)
    }

    /// The mapping in force; `None` before the first packet.
    #[must_use]
    pub fn mapping(&self) -> Option<Mapping> {
        self.span().map(|span| span.mapping)
    }

    /// Writes this consumer's numbers into `out`, the copies of `packets`; `packets` is one frame, not empty, and
    /// newer than all before it of this producer.
    pub fn munge(&mut self, now: Instant, producer: ProducerId, packets: &[Packet], out: &mut [RtpOut]) {
        let (Some(first), Some(last)) = (packets.first(), packets.last()) else { return };
        let span = match self.span().copied() {
            Some(span) if span.mapping.producer == producer && !self.interrupted => {
                let step = first.timestamp.wrapping_sub(self.last_in);
                if (1..=AUDIO_PACKET_TICKS_MAX).contains(&step) {
                    self.packet_ticks = low32(step);
                }
                span
            }
            Some(_) | None => self.begin(now, producer, first),
        };
        for (packet, out) in packets.iter().zip(out) {
            (out.seq, out.timestamp) = span.numbers(packet);
        }
        self.next_seq = last.seq.0.wrapping_add(span.seq_offset).wrapping_add(1);
        self.last_timestamp = span.mapping.timestamp(last.timestamp);
        self.last_in = last.timestamp;
        self.last_at = Some(now);
    }

    /// Frames of the present producer are left out: the next numbers run on as after a switch.
    pub fn interrupt(&mut self) {
        self.interrupted = true;
    }

    /// Where the packet that left as `seq` (low 16 bits, the newest such) came from: its full sequence number, its
    /// producer's, and the mapping of its time. `None` when it was never sent or its span is forgotten.
    #[must_use]
    pub fn origin(&self, seq: u16) -> Option<(ExtSeq, ExtSeq, Mapping)> {
        let newest = self.next_seq.checked_sub(1)?;
        let back = low16(newest).wrapping_sub(seq);
        let sent = newest.checked_sub(u64::from(back))?;
        let span = self.spans.iter().rev().flatten().find(|span| span.first <= sent)?;
        Some((ExtSeq(sent), ExtSeq(sent.wrapping_sub(span.seq_offset)), span.mapping))
    }

    fn span(&self) -> Option<&Span> {
        self.spans[SPANS_MAX - 1].as_ref()
    }

    /// The numbers run on: sequence by one, time by what has really passed.
    fn begin(&mut self, now: Instant, producer: ProducerId, first: &Packet) -> Span {
        let timestamp = match self.last_at {
            None => self.last_timestamp,
            Some(at) => self.last_timestamp.wrapping_add(self.step(now.saturating_duration_since(at))),
        };
        let span = Span {
            mapping: Mapping { producer, offset: timestamp.wrapping_sub(low32(first.timestamp)) },
            seq_offset: self.next_seq.wrapping_sub(first.seq.0),
            first: self.next_seq,
        };
        self.interrupted = false;
        self.spans.rotate_left(1);
        self.spans[SPANS_MAX - 1] = Some(span);
        span
    }

    /// Ticks between the last packet of one producer and the first of the next. A picture may follow at any
    /// distance; sound that began before the end of the last packet would be thrown away by a receiver.
    fn step(&self, elapsed: Duration) -> u32 {
        let (hz, least) = match self.kind {
            MediaKind::Video => (VIDEO_CLOCK_HZ, 1),
            MediaKind::Audio => (AUDIO_CLOCK_HZ, self.packet_ticks),
        };
        let ticks = elapsed.as_micros() * u128::from(hz) / 1_000_000;
        u32::try_from(ticks).unwrap_or(u32::MAX >> 1).max(least)
    }
}

impl Span {
    fn numbers(&self, packet: &Packet) -> (ExtSeq, u32) {
        (ExtSeq(packet.seq.0.wrapping_add(self.seq_offset)), self.mapping.timestamp(packet.timestamp))
    }
}

#[allow(clippy::cast_possible_truncation, reason = "RTP timestamps are the low 32 bits (RFC 3550 §5.1)")]
fn low32(value: u64) -> u32 {
    value as u32
}

#[allow(clippy::cast_possible_truncation, reason = "RTP sequence numbers are the low 16 bits (RFC 3550 §5.1)")]
fn low16(value: u64) -> u16 {
    value as u16
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const A: ProducerId = ProducerId(1);
    const B: ProducerId = ProducerId(2);

    fn munge(munger: &mut Munger, now: Instant, producer: ProducerId, seq: u64, timestamp: u64) -> (u64, u32) {
        let packet = Packet { seq: ExtSeq(seq), timestamp, marker: true, payload: Bytes::new() };
        let mut out = [RtpOut { kind: munger.kind, seq: ExtSeq(0), timestamp: 0, marker: true, payload: Bytes::new() }];
        munger.munge(now, producer, &[packet], &mut out);
        (out[0].seq.0, out[0].timestamp)
    }

    #[test]
    fn numbers_start_at_the_seed_and_keep_the_producers_distances() {
        let (mut munger, now) = (Munger::new(MediaKind::Video, 7 << 32 | 1_000), Instant::now());
        assert_eq!(munge(&mut munger, now, A, 500, 90_000), (7, 1_000));
        assert_eq!(munge(&mut munger, now, A, 501, 93_000), (8, 4_000));
        assert_eq!(munge(&mut munger, now, A, 504, 96_000), (11, 7_000), "a hole stays a hole");
    }

    #[test]
    fn a_picture_of_another_producer_follows_by_one_number_and_the_time_that_passed() {
        let (mut munger, now) = (Munger::new(MediaKind::Video, 0), Instant::now());
        munge(&mut munger, now, A, 500, 90_000);
        let later = now + Duration::from_millis(20);
        assert_eq!(munge(&mut munger, later, B, 9, 5), (1, 1_800));
        assert_eq!(munge(&mut munger, later, A, 501, 93_000), (2, 1_801), "at least one tick");
    }

    #[test]
    fn sound_of_another_producer_never_begins_inside_the_last_packet() {
        let (mut munger, now) = (Munger::new(MediaKind::Audio, 0), Instant::now());
        munge(&mut munger, now, A, 1, 0);
        munge(&mut munger, now, A, 2, 480);
        assert_eq!(munge(&mut munger, now + Duration::from_millis(3), B, 70, 9_600), (2, 960));
        assert_eq!(munge(&mut munger, now + Duration::from_millis(23), B, 71, 10_560), (3, 1_920));
        assert_eq!(munge(&mut munger, now + Duration::from_millis(63), A, 80, 0), (4, 3_840));
    }

    #[test]
    fn sequence_and_time_pass_their_wrap() {
        let (mut munger, now) = (Munger::new(MediaKind::Video, 0x7fff << 32 | 0xffff_ffff), Instant::now());
        assert_eq!(munge(&mut munger, now, A, u64::MAX - 1, u64::MAX), (0x7fff, u32::MAX));
        assert_eq!(munge(&mut munger, now, A, u64::MAX, 5), (0x8000, 5));
        let (mut munger, mut last) = (Munger::new(MediaKind::Video, 0x7fff << 32), 0);
        for seq in 0..70_000 {
            (last, _) = munge(&mut munger, now, A, seq, seq);
        }
        assert_eq!(last, 0x7fff + 69_999);
        assert_eq!(munger.origin(low16(last)).map(|origin| origin.0), Some(ExtSeq(last)));
    }

    #[test]
    fn an_origin_is_found_across_switches_and_not_before_the_first_packet() {
        let (mut munger, now) = (Munger::new(MediaKind::Video, 10 << 32), Instant::now());
        for seq in 100..103 {
            munge(&mut munger, now, A, seq, seq);
        }
        for seq in 7..9 {
            munge(&mut munger, now, B, seq, seq);
        }
        let origin = |seq| munger.origin(seq).map(|(sent, own, mapping)| (sent.0, own.0, mapping.producer));
        assert_eq!(origin(12), Some((12, 102, A)));
        assert_eq!(origin(13), Some((13, 7, B)));
        assert_eq!(origin(14), Some((14, 8, B)));
        assert_eq!((origin(9), origin(15)), (None, None), "never sent");
    }

    #[test]
    fn after_an_interruption_the_same_producer_goes_on_without_a_hole() {
        let (mut munger, now) = (Munger::new(MediaKind::Audio, 0), Instant::now());
        munge(&mut munger, now, A, 100, 0);
        munger.interrupt();
        let later = now + Duration::from_millis(60);
        assert_eq!(munge(&mut munger, later, A, 103, 2_880), (1, 2_880));
        assert_eq!(munge(&mut munger, later, A, 104, 3_840), (2, 3_840));
        let origin = |seq| munger.origin(seq).map(|(sent, own, _)| (sent.0, own.0));
        assert_eq!((origin(0), origin(1), origin(2)), (Some((0, 100)), Some((1, 103)), Some((2, 104))));
    }

    #[test]
    fn spans_beyond_the_bound_are_forgotten() {
        let (mut munger, now) = (Munger::new(MediaKind::Video, 0), Instant::now());
        for switch in 0..6 {
            munge(&mut munger, now, ProducerId(switch), 1_000, 0);
        }
        assert_eq!(munger.origin(1).map(|origin| origin.0), None);
        assert_eq!(munger.origin(2).map(|(_, own, mapping)| (own.0, mapping.producer)), Some((1_000, ProducerId(2))));
    }
}
