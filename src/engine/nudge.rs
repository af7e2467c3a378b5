//! Which packets of a host are worth waking its mix thread for.
//!
//! A frame comes in about ten packets, and nothing can be decoded before the last. Waking the thread for each of them
//! cost 300 wake-ups a second and host, and threw the codecs' working set out of the caches each time. So a packet in
//! the middle of a frame waits in the queue for the one that completes the frame. All else wakes at once: the end of a
//! frame, sound, whatever is out of order (it may fill a gap, or show one), and a frame that takes long to come.

use costage_media::packet::{ExtSeq, MediaKind, RtpIn};
use std::time::{Duration, Instant};

/// A packet is not left lying longer than this while others of its frame come in.
const REST_MAX: Duration = Duration::from_millis(5);

/// Follows one host's packets.
#[derive(Debug, Default)]
pub(super) struct Nudge {
    last: Option<Last>,
    /// When the oldest packet was left in the queue without waking anybody.
    resting_since: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    seq: ExtSeq,
    timestamp: u64,
    marker: bool,
}

impl Nudge {
    /// Whether the thread is to be woken for this packet. Call it once for each, in the order of arrival.
    pub(super) fn is_due(&mut self, now: Instant, packet: &RtpIn) -> bool {
        let rests = packet.kind == MediaKind::Video && self.is_mid_frame(packet);
        if rests {
            let since = *self.resting_since.get_or_insert(now);
            if now.saturating_duration_since(since) < REST_MAX {
                return false;
            }
        }
        self.resting_since = None;
        true
    }

    fn is_mid_frame(&mut self, packet: &RtpIn) -> bool {
        let Some(last) = self.last else {
            self.last = Some(Last::of(packet));
            return false;
        };
        if packet.seq > last.seq {
            self.last = Some(Last::of(packet));
        }
        // A sender that sets no marker ends a frame by starting the next one (RFC 6184 §5.1 allows both to be seen).
        let starts_late = packet.timestamp != last.timestamp && !last.marker;
        packet.seq.0 == last.seq.0.wrapping_add(1) && !packet.marker && !starts_late
    }
}

impl Last {
    fn of(packet: &RtpIn) -> Self {
        Self { seq: packet.seq, timestamp: packet.timestamp, marker: packet.marker }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    struct Host(Nudge, Instant);

    impl Host {
        fn new() -> Self {
            let mut host = Self(Nudge::default(), Instant::now());
            assert!(host.sends(0, 10, 0, true), "the first packet of all");
            host
        }

        fn sends(&mut self, ms: u64, seq: u64, timestamp: u64, marker: bool) -> bool {
            self.sends_kind(MediaKind::Video, ms, seq, timestamp, marker)
        }

        fn sends_kind(&mut self, kind: MediaKind, ms: u64, seq: u64, timestamp: u64, marker: bool) -> bool {
            let received_at = self.1 + Duration::from_millis(ms);
            let (seq, payload) = (ExtSeq(seq), Bytes::new());
            self.0.is_due(received_at, &RtpIn { kind, seq, timestamp, marker, payload, received_at })
        }
    }

    #[test]
    fn a_frame_wakes_once_with_its_last_packet() {
        let mut host = Host::new();
        for frame in 1..4 {
            let woken: Vec<bool> =
                (1..=5).map(|n| host.sends(frame * 33, 5 + frame * 5 + n, frame * 3_000, n == 5)).collect();
            assert_eq!(woken, [false, false, false, false, true]);
        }
    }

    #[test]
    fn what_is_out_of_order_wakes() {
        let mut host = Host::new();
        assert!(!host.sends(33, 11, 3_000, false));
        assert!(host.sends(33, 13, 3_000, false), "a gap");
        assert!(host.sends(34, 12, 3_000, false), "its repair");
        assert!(!host.sends(34, 14, 3_000, false), "in order again");
        assert!(host.sends(34, 15, 3_000, true));
    }

    #[test]
    fn a_frame_without_marker_ends_when_the_next_one_starts() {
        let mut host = Host::new();
        assert!(!host.sends(33, 11, 3_000, false));
        assert!(host.sends(66, 12, 6_000, false));
        assert!(!host.sends(66, 13, 6_000, false));
    }

    #[test]
    fn a_frame_that_trickles_in_is_not_left_lying() {
        let mut host = Host::new();
        assert!(!host.sends(33, 11, 3_000, false));
        assert!(!host.sends(37, 12, 3_000, false));
        assert!(host.sends(38, 13, 3_000, false));
        assert!(!host.sends(40, 14, 3_000, false));
    }

    #[test]
    fn sound_always_wakes() {
        let mut host = Host::new();
        assert!(!host.sends(33, 11, 3_000, false));
        assert!(host.sends_kind(MediaKind::Audio, 33, 700, 960, false));
        assert!(!host.sends(33, 12, 3_000, false), "and leaves the picture's order alone");
    }
}
