//! One host's video, from packets in any order to access units that decode.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::h264::{self, Depacketiser};
use super::ring::{Ordered, ReorderRing};
use crate::packet::RtpIn;

/// At least this long between two [`VideoEvent::KeyframeNeeded`]: a keyframe is on its way for most of it, and a
/// host that is asked more often only gets slower.
pub const KEYFRAME_NEEDED_INTERVAL: Duration = Duration::from_millis(500);

/// Access units waiting to be polled. A gap of 100 ms at 60 fps holds back 6; a caller that leaves more is stuck.
const UNITS_MAX: usize = 64;

/// One picture as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    /// Annex B.
    pub data: Vec<u8>,
    /// Extended RTP timestamp, ticks of 90 kHz.
    pub timestamp: u64,
    /// An IDR picture.
    pub keyframe: bool,
    /// When the last-arriving of its packets was received.
    pub arrived: Instant,
}

/// What a [`VideoInput`] has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoEvent {
    /// The next picture; every one since the last keyframe has come before it.
    Unit(AccessUnit),
    /// Nothing can be decoded before a keyframe comes: packets were given up, or the stream began without one.
    /// Said again each [`KEYFRAME_NEEDED_INTERVAL`] while packets come. A keyframe is taken whether asked for or not.
    KeyframeNeeded,
}

/// Reorders, depacketises and gates one host's video. After each `push` and `handle_timeout` drain
/// [`VideoInput::poll`].
///
/// A unit is complete at its marker or when the next timestamp begins. After a loss all units are left out until
/// an undamaged keyframe: a decoder fed with a hole shows smears to everyone.
#[derive(Debug, Default)]
pub struct VideoInput {
    ring: ReorderRing,
    depacketiser: Depacketiser,
    /// The unit begun.
    open: Option<Open>,
    /// Set once the first keyframe has come, until the next loss.
    flowing: bool,
    /// The last keyframe brought its parameter sets itself.
    repeats_parameters: bool,
    /// A picture was left out since the last keyframe.
    wanting: bool,
    last_asked: Option<Instant>,
    events: VecDeque<VideoEvent>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    timestamp: u64,
    arrived: Instant,
    damaged: bool,
}

impl VideoInput {
    /// An input before its first packet, waiting [`super::GAP_DEADLINE`] for a gap.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another deadline.
    #[must_use]
    pub fn with_deadline(gap_deadline: Duration) -> Self {
        Self { ring: ReorderRing::new(gap_deadline), ..Self::default() }
    }

    /// Takes one packet in any order.
    pub fn push(&mut self, now: Instant, packet: RtpIn) {
        self.ring.push(now, packet);
        self.drain(now);
    }

    /// Gives up the gap whose deadline has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.ring.handle_timeout(now);
        self.drain(now);
    }

    /// When [`VideoInput::handle_timeout`] is wanted: the present gap's deadline.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.ring.poll_timeout()
    }

    /// The next event.
    pub fn poll(&mut self) -> Option<VideoEvent> {
        self.events.pop_front()
    }

    /// The decoder refused the unit polled last: everything until the next keyframe is left out, also what waits to
    /// be polled, and a keyframe is asked for unless one is there.
    pub fn refused(&mut self, now: Instant) {
        let is_keyframe = |event: &VideoEvent| matches!(event, VideoEvent::Unit(unit) if unit.keyframe);
        let keyframe = self.events.iter().position(is_keyframe);
        let mut place = 0;
        self.events.retain(|event| {
            place += 1;
            *event == VideoEvent::KeyframeNeeded || keyframe.is_some_and(|keyframe| place > keyframe)
        });
        if keyframe.is_none() {
            self.stop_flow();
            self.ask(now);
        }
    }

    /// Sequence numbers given up so far; see [`ReorderRing::given_up`].
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.ring.given_up()
    }

    fn drain(&mut self, now: Instant) {
        while let Some(ordered) = self.ring.pop() {
            self.take(ordered);
        }
        // Everything at hand has been looked at: only now is it sure that no keyframe stands behind the loss.
        let coming = self.open.is_some_and(|open| !open.damaged) && self.depacketiser.in_keyframe();
        if self.wanting && !coming {
            self.ask(now);
        }
    }

    fn ask(&mut self, now: Instant) {
        let soon = |last| now.saturating_duration_since(last) < KEYFRAME_NEEDED_INTERVAL;
        if self.last_asked.is_some_and(soon) || self.events.len() >= UNITS_MAX {
            return;
        }
        self.last_asked = Some(now);
        self.events.push_back(VideoEvent::KeyframeNeeded);
    }

    fn stop_flow(&mut self) {
        self.flowing = false;
        self.wanting = true;
    }

    fn take(&mut self, Ordered { packet, after_loss }: Ordered) {
        if after_loss {
            self.stop_flow();
            if let Some(open) = &mut self.open {
                open.damaged = true;
            }
        }
        // Padding alone: probing by a sender without RTX. It fills its place in the sequence and says nothing.
        if packet.payload.is_empty() {
            return;
        }
        if self.open.is_some_and(|open| open.timestamp != packet.timestamp) {
            self.complete();
        }
        let arrived = packet.received_at;
        let fresh = self.open.is_none();
        let open = self.open.get_or_insert(Open { timestamp: packet.timestamp, arrived, damaged: false });
        open.arrived = open.arrived.max(arrived);
        // What was lost may have been the head of this unit, unless this packet is a head itself.
        open.damaged |= fresh && after_loss && !h264::begins_unit(&packet.payload, self.repeats_parameters);
        if !open.damaged && self.depacketiser.push(&packet.payload).is_err() {
            open.damaged = true;
        }
        if packet.marker {
            self.complete();
        }
    }

    fn complete(&mut self) {
        let Some(open) = self.open.take() else { return };
        if open.damaged {
            self.depacketiser.reset();
            self.stop_flow();
            return;
        }
        match self.depacketiser.finish() {
            Err(_) => self.stop_flow(),
            Ok(None) => {}
            Ok(Some(unit)) if !(unit.keyframe || self.flowing) => self.wanting = true,
            // A stuck caller: from here to the next keyframe nothing can be decoded anyway.
            Ok(Some(_)) if self.events.len() >= UNITS_MAX => self.stop_flow(),
            Ok(Some(unit)) => {
                if unit.keyframe {
                    self.flowing = true;
                    self.repeats_parameters = unit.own_parameters;
                    self.wanting = false;
                }
                let Open { timestamp, arrived, damaged: _ } = open;
                let unit = AccessUnit { data: unit.data, timestamp, keyframe: unit.keyframe, arrived };
                self.events.push_back(VideoEvent::Unit(unit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::jitter::GAP_DEADLINE;
    use crate::packet::{ExtSeq, MediaKind};

    /// One packet: parameter sets and an IDR slice.
    const IDR: &[u8] = &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1, 0, 3, 0x65, 0x88, 1];
    const SLICE_OF_IDR: &[u8] = &[0x65, 0x88, 1];
    const DELTA: &[u8] = &[0x41, 0x9a, 2];

    struct Host {
        start: Instant,
        seq: u64,
    }

    impl Host {
        fn new() -> Self {
            Self { start: Instant::now(), seq: 100 }
        }

        fn at(&self, ms: u64) -> Instant {
            self.start + Duration::from_millis(ms)
        }

        /// One frame of `nals`, a packet each, at `ms`.
        fn frame(&mut self, ms: u64, nals: &[&[u8]]) -> Vec<RtpIn> {
            let last = nals.len() - 1;
            let packets = nals.iter().enumerate().map(|(index, nal)| {
                self.seq += 1;
                RtpIn {
                    kind: MediaKind::Video,
                    seq: ExtSeq(self.seq),
                    timestamp: ms * 90,
                    marker: index == last,
                    payload: Bytes::copy_from_slice(nal),
                    received_at: self.start + Duration::from_millis(ms),
                }
            });
            packets.collect()
        }
    }

    fn push(input: &mut VideoInput, packets: impl IntoIterator<Item = RtpIn>) -> Vec<String> {
        for packet in packets {
            input.push(packet.received_at, packet);
        }
        events(input)
    }

    /// `K90` a keyframe with timestamp 90, `D90` another picture, `need`.
    fn events(input: &mut VideoInput) -> Vec<String> {
        std::iter::from_fn(|| input.poll())
            .map(|event| match event {
                VideoEvent::Unit(unit) => format!("{}{}", if unit.keyframe { "K" } else { "D" }, unit.timestamp),
                VideoEvent::KeyframeNeeded => "need".to_owned(),
            })
            .collect()
    }

    #[test]
    fn a_unit_is_complete_at_its_marker_and_carries_its_last_arrival() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        let mut packets = host.frame(0, &[IDR, &[0x65, 0x48, 7]]);
        packets[0].received_at = host.at(9);
        packets[1].received_at = host.at(4);
        packets.into_iter().for_each(|packet| input.push(host.at(9), packet));
        let unit = AccessUnit {
            data: [
                &[0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 1][..],
                &[0, 0, 0, 1, 0x65, 0x88, 1],
                &[0, 0, 0, 1, 0x65, 0x48, 7],
            ]
            .concat(),
            timestamp: 0,
            keyframe: true,
            arrived: host.at(9),
        };
        assert_eq!(input.poll(), Some(VideoEvent::Unit(unit)));
        assert_eq!(input.poll(), None);
    }

    #[test]
    fn a_unit_without_marker_is_complete_when_the_next_timestamp_begins() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        let mut first = host.frame(0, &[IDR]);
        first[0].marker = false;
        assert!(push(&mut input, first).is_empty());
        assert_eq!(push(&mut input, host.frame(33, &[DELTA])), ["K0", "D2970"]);
    }

    #[test]
    fn a_stream_that_begins_without_keyframe_asks_for_one_and_again_every_half_second() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        let mut needs = Vec::new();
        for frame in 0..40 {
            let ms = frame * 33;
            if push(&mut input, host.frame(ms, &[DELTA])) == ["need"] {
                needs.push(ms);
            }
        }
        assert_eq!(needs, [0, 528, 1_056]);
        assert_eq!(push(&mut input, host.frame(1_400, &[IDR])), ["K126000"]);
    }

    #[test]
    fn a_retransmission_in_time_leaves_no_damage() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        let mut frame = host.frame(33, &[DELTA, DELTA, DELTA]);
        let missing = frame.remove(1);
        assert!(push(&mut input, frame).is_empty());
        assert!(push(&mut input, host.frame(66, &[DELTA])).is_empty());
        input.push(host.at(90), missing);
        assert_eq!(events(&mut input), ["D2970", "D5940"]);
    }

    #[test]
    fn after_a_gap_given_up_nothing_passes_until_a_keyframe_that_nobody_need_ask_for() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        let mut frame = host.frame(33, &[DELTA, DELTA]);
        frame.remove(0);
        assert!(push(&mut input, frame).is_empty());
        assert_eq!(input.poll_timeout(), Some(host.at(33) + GAP_DEADLINE));
        input.handle_timeout(host.at(133));
        assert_eq!(events(&mut input), ["need"]);
        assert!(push(&mut input, host.frame(166, &[DELTA])).is_empty());
        assert_eq!(push(&mut input, host.frame(200, &[&[0x67, 1], &[0x68, 1], SLICE_OF_IDR])), ["K18000"]);
        assert_eq!(push(&mut input, host.frame(233, &[DELTA])), ["D20970"]);
    }

    #[test]
    fn a_keyframe_behind_the_gap_spares_the_question() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        host.seq += 1;
        assert!(push(&mut input, host.frame(66, &[DELTA])).is_empty());
        assert!(push(&mut input, host.frame(99, &[IDR])).is_empty());
        input.handle_timeout(host.at(166));
        assert_eq!(events(&mut input), ["K8910"]);
    }

    #[test]
    fn a_lost_marker_packet_damages_its_own_unit_and_not_the_keyframe_after_it() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        let mut frame = host.frame(33, &[DELTA, DELTA]);
        frame.pop();
        push(&mut input, frame);
        push(&mut input, host.frame(66, &[IDR]));
        input.handle_timeout(host.at(166));
        assert_eq!(events(&mut input), ["K5940"]);
    }

    #[test]
    fn a_keyframe_whose_head_may_be_lost_is_not_trusted() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        let mut frame = host.frame(33, &[IDR, &[0x65, 0x48, 7]]);
        frame.remove(0);
        push(&mut input, frame);
        input.handle_timeout(host.at(133));
        assert_eq!(events(&mut input), ["need"]);
    }

    #[test]
    fn after_a_loss_a_keyframe_is_trusted_without_parameter_sets_only_where_they_are_not_repeated() {
        for (first, trusted) in [(vec![IDR], false), (vec![SLICE_OF_IDR], true)] {
            let (mut host, mut input) = (Host::new(), VideoInput::new());
            assert_eq!(push(&mut input, host.frame(0, &[&[0x67, 1], &[0x68, 1]])), [""; 0]);
            assert_eq!(push(&mut input, host.frame(10, &first)), ["K900"]);
            host.seq += 1;
            push(&mut input, host.frame(33, &[SLICE_OF_IDR]));
            input.handle_timeout(host.at(133));
            assert_eq!(events(&mut input), [if trusted { "K2970" } else { "need" }]);
        }
    }

    #[test]
    fn a_stream_whose_first_packet_was_lost_waits_for_a_whole_keyframe() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        let mut frame = host.frame(0, &[&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1], SLICE_OF_IDR]);
        frame.remove(0);
        assert_eq!(push(&mut input, frame), ["need"]);
    }

    #[test]
    fn a_malformed_payload_damages_its_unit_and_the_next_keyframe_recovers() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        assert_eq!(push(&mut input, host.frame(33, &[DELTA, &[0x78, 0, 1, 0x65, 0], DELTA])), ["need"]);
        assert!(push(&mut input, host.frame(66, &[DELTA])).is_empty());
        assert_eq!(push(&mut input, host.frame(99, &[IDR])), ["K8910"]);
    }

    #[test]
    fn a_stream_that_restarts_elsewhere_recovers_at_its_keyframe() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        for (seq, ms) in [(90_000, 1_000), (40, 5_000)] {
            host.seq = seq;
            let restarted = (0..12).flat_map(|frame| host.frame(ms + frame * 33, &[DELTA]));
            let _ = push(&mut input, restarted.collect::<Vec<_>>());
            let timestamp = (ms + 2_000) * 90;
            assert_eq!(push(&mut input, host.frame(ms + 2_000, &[IDR])), [format!("K{timestamp}")]);
        }
    }

    #[test]
    fn padding_fills_its_place_and_says_nothing() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        assert!(push(&mut input, host.frame(0, &[&[], &[]])).is_empty());
        assert_eq!(push(&mut input, host.frame(33, &[DELTA])), ["D2970"]);
    }

    #[test]
    fn a_decoder_that_refuses_a_unit_gets_no_more_before_a_keyframe() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        input.refused(host.at(1));
        assert_eq!(events(&mut input), ["need"]);
        assert!(push(&mut input, host.frame(33, &[DELTA])).is_empty());
        assert_eq!(push(&mut input, host.frame(66, &[IDR])), ["K5940"]);
    }

    #[test]
    fn what_waits_behind_a_refused_unit_is_left_out_up_to_a_keyframe() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        push(&mut input, host.frame(0, &[IDR]));
        for (ms, nal) in [(33, DELTA), (66, DELTA), (99, IDR), (132, DELTA)] {
            host.frame(ms, &[nal]).into_iter().for_each(|packet| input.push(packet.received_at, packet));
        }
        assert!(matches!(input.poll(), Some(VideoEvent::Unit(unit)) if unit.timestamp == 2_970));
        input.refused(host.at(132));
        assert_eq!(events(&mut input), ["K8910", "D11880"]);
        host.frame(165, &[DELTA]).into_iter().for_each(|packet| input.push(packet.received_at, packet));
        input.refused(host.at(165));
        assert_eq!(events(&mut input), ["need"]);
    }

    #[test]
    fn a_caller_that_never_polls_costs_bounded_memory() {
        let (mut host, mut input) = (Host::new(), VideoInput::new());
        for frame in 0..1_000 {
            for packet in host.frame(frame * 33, &[IDR]) {
                input.push(packet.received_at, packet);
            }
        }
        assert!(input.events.len() <= UNITS_MAX);
    }
}
