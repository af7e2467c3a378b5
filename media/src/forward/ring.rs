//! What a producer sent lately: the one retransmission cache of all its consumers.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Frame;
use crate::packet::{ExtSeq, Packet};

/// Packets of one producer and kind: 3 s at 2.5 Mbit/s, more than any player waits for a retransmission.
pub const RING_PACKETS_MAX: usize = 1_024;

/// Payload bytes of one producer and kind, as much as [`RING_PACKETS_MAX`] full packets.
pub const RING_BYTES_MAX: usize = RING_PACKETS_MAX * 1_200;

/// The latest frames of one producer and kind, by handle: a frame that is kept here costs one pointer.
#[derive(Debug, Default)]
pub struct RetransmissionRing {
    /// Sequence numbers rise.
    frames: VecDeque<Arc<Frame>>,
    packets: usize,
    bytes: usize,
    newest: Option<ExtSeq>,
}

impl RetransmissionRing {
    /// Keeps `frame`. False, and nothing kept, when it is empty or its sequence numbers do not rise above all before:
    /// a number that stood for two packets would be sealed twice under one nonce.
    pub fn push(&mut self, frame: &Arc<Frame>) -> bool {
        let rises = frame.packets.is_sorted_by(|a, b| a.seq < b.seq);
        let (Some(first), Some(last)) = (frame.packets.first(), frame.packets.last()) else { return false };
        if !rises || self.newest.is_some_and(|newest| first.seq <= newest) {
            return false;
        }
        self.newest = Some(last.seq);
        self.packets += frame.packets.len();
        self.bytes += bytes(frame);
        self.frames.push_back(Arc::clone(frame));
        while self.packets > RING_PACKETS_MAX || self.bytes > RING_BYTES_MAX {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.packets -= oldest.packets.len();
            self.bytes -= bytes(&oldest);
        }
        true
    }

    /// The packet with the producer's number `seq`, if it is still here.
    #[must_use]
    pub fn find(&self, seq: ExtSeq) -> Option<&Packet> {
        let behind = self.frames.partition_point(|frame| frame.packets.first().is_some_and(|first| first.seq <= seq));
        let packets = &self.frames.get(behind.checked_sub(1)?)?.packets;
        packets.binary_search_by_key(&seq, |packet| packet.seq).ok().map(|index| &packets[index])
    }

    /// Packets held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packets
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// Payload bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

fn bytes(frame: &Frame) -> usize {
    frame.packets.iter().map(|packet| packet.payload.len()).sum()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::forward::ProducerId;
    use crate::packet::MediaKind;

    fn frame(seqs: &[u64], bytes_each: usize) -> Arc<Frame> {
        let packet = |&seq| Packet {
            seq: ExtSeq(seq),
            timestamp: seq,
            marker: false,
            payload: Bytes::from(vec![0; bytes_each]),
        };
        Arc::new(Frame {
            producer: ProducerId(1),
            kind: MediaKind::Video,
            keyframe: false,
            packets: seqs.iter().map(packet).collect(),
        })
    }

    #[test]
    fn packets_are_found_by_number_and_holes_are_not() {
        let mut ring = RetransmissionRing::default();
        assert!(ring.push(&frame(&[5, 6], 1)) && ring.push(&frame(&[8], 1)) && ring.push(&frame(&[9, 12], 1)));
        let found: Vec<u64> = (0..20).filter_map(|seq| ring.find(ExtSeq(seq))).map(|packet| packet.seq.0).collect();
        assert_eq!(found, [5, 6, 8, 9, 12]);
    }

    #[test]
    fn the_ring_is_bounded_in_packets_and_in_bytes() {
        let mut small = RetransmissionRing::default();
        (0..3_000).for_each(|seq| assert!(small.push(&frame(&[seq], 1))));
        assert_eq!(small.len(), RING_PACKETS_MAX);
        let mut large = RetransmissionRing::default();
        (0..100).for_each(|seq| assert!(large.push(&frame(&[seq], 60_000))));
        assert!(large.bytes() <= RING_BYTES_MAX && large.len() == RING_BYTES_MAX / 60_000);
        assert!(large.find(ExtSeq(99)).is_some() && large.find(ExtSeq(0)).is_none());
    }

    #[test]
    fn a_number_never_stands_for_a_second_packet() {
        let mut ring = RetransmissionRing::default();
        assert!(ring.push(&frame(&[5, 6], 1)));
        for seqs in [&[6, 7][..], &[5], &[], &[9, 8], &[9, 9]] {
            assert!(!ring.push(&frame(seqs, 1)), "{seqs:?}");
        }
        assert_eq!(ring.len(), 2);
    }
}
