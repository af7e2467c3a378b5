use super::*;
use crate::peer::sdp::{Offer, Side};
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;

const CHROMIUM: &str = include_str!("../sdp/offers/chromium_host.sdp");
const SIMULCAST: &str = include_str!("../sdp/offers/chromium_simulcast.sdp");
const AIORTC: &str = include_str!("../sdp/offers/aiortc_host.sdp");
const FFMPEG: &str = include_str!("../sdp/offers/ffmpeg_host.sdp");

const VIDEO: u8 = 103;
const RTX: u8 = 104;
const AUDIO: u8 = 111;
const SSRC: u32 = 1_111_111_111;
const RTX_SSRC: u32 = 2_222_222_222;
const TWCC: u8 = 3;
const RID: u8 = 10;
const REPAIRED_RID: u8 = 11;

struct Host {
    receiving: Receiving,
    now: Instant,
    transport_sequence: u16,
}

fn host(offer: &str) -> Host {
    let plan = Plan::new(&Offer::parse(offer).expect("valid"), Side::Host).expect("good");
    Host { receiving: Receiving::new(&plan, 3_000_000), now: Instant::now(), transport_sequence: 0 }
}

impl Host {
    fn send_with(
        &mut self,
        payload_type: u8,
        ssrc: u32,
        sequence: u16,
        payload: &[u8],
        extensions: &[(u8, &[u8])],
        padding: u8,
    ) {
        let mut header = rtp::Header {
            version: 2,
            padding: padding > 0,
            payload_type,
            ssrc,
            sequence_number: sequence,
            timestamp: u32::from(sequence) * 3_000,
            ..rtp::Header::default()
        };
        let transport_sequence = self.transport_sequence.to_be_bytes();
        self.transport_sequence += 1;
        for (id, value) in extensions.iter().chain([&(TWCC, &transport_sequence[..])]) {
            header.set_extension(*id, Bytes::copy_from_slice(value)).expect("a short one");
        }
        let mut packet = BytesMut::zeroed(header.marshal_size());
        packet.extend_from_slice(payload);
        if padding > 0 {
            packet.extend(std::iter::repeat_n(padding, usize::from(padding)));
        }
        self.receiving.handle_rtp(self.now, header, packet);
    }

    fn send(&mut self, payload_type: u8, ssrc: u32, sequence: u16) {
        self.send_with(payload_type, ssrc, sequence, &sequence.to_be_bytes(), &[], 0);
    }

    fn repair(&mut self, ssrc: u32, sequence: u16, original: u16, extensions: &[(u8, &[u8])]) {
        let payload = [original.to_be_bytes(), original.to_be_bytes()].concat();
        self.send_with(RTX, ssrc, sequence, &payload, extensions, 0);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.receiving.handle_timeout(self.now);
    }

    /// Kind and number of what came out, the number being what was sent as payload.
    fn received(&mut self) -> Vec<(MediaKind, u16)> {
        std::iter::from_fn(|| self.receiving.poll_received())
            .filter_map(|received| match received {
                Received::Rtp(packet) => {
                    Some((packet.kind, u16::from_be_bytes(packet.payload[..2].try_into().expect("two"))))
                }
                Received::Clock(_) => None,
            })
            .collect()
    }

    fn sequences(&mut self) -> Vec<u64> {
        std::iter::from_fn(|| self.receiving.poll_received())
            .filter_map(|received| match received {
                Received::Rtp(packet) => Some(packet.seq.0),
                Received::Clock(_) => None,
            })
            .collect()
    }

    fn rtcp(&mut self) -> Vec<Box<dyn rtcp::Packet>> {
        std::iter::from_fn(|| self.receiving.poll_rtcp()).collect()
    }
}

fn of<T: Clone + 'static>(packets: &[Box<dyn rtcp::Packet>]) -> Vec<T> {
    packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<T>().cloned()).collect()
}

fn asked(packets: &[Box<dyn rtcp::Packet>]) -> Vec<(u32, u16)> {
    of::<TransportLayerNack>(packets)
        .iter()
        .flat_map(|nack| {
            nack.nacks.iter().flat_map(|pair| pair.packet_list()).map(|sequence| (nack.media_ssrc, sequence))
        })
        .collect()
}

#[test]
fn transport_feedback_covers_padding_rtx_and_unknown_ssrcs() {
    let mut host = host(CHROMIUM);
    host.send(VIDEO, SSRC, 1);
    host.send_with(RTX, RTX_SSRC, 1, &[], &[], 200);
    host.send(77, 12_345, 9);
    host.repair(RTX_SSRC, 2, 1, &[]);
    host.pass(Duration::from_millis(60));
    let reports = of::<TransportLayerCc>(&host.rtcp());
    let covered: u16 = reports.iter().map(|report| report.packet_status_count).sum();
    assert_eq!(covered, 4);
    let received: usize = reports.iter().map(|report| report.recv_deltas.len()).sum();
    assert_eq!(received, 4, "all of them as received");
}

#[test]
fn a_silent_host_wakes_nobody_for_feedback() {
    let mut host = host(CHROMIUM);
    host.send(VIDEO, SSRC, 1);
    let mut wakes = 0;
    while let Some(at) = host.receiving.poll_timeout() {
        host.now = at;
        host.receiving.handle_timeout(at);
        wakes += 1;
        assert!(wakes < 20, "it keeps waking");
    }
}

#[test]
fn rtx_fills_its_gap_once_and_is_never_asked_for_itself() {
    let mut host = host(CHROMIUM);
    for sequence in [1, 2, 4] {
        host.send(VIDEO, SSRC, sequence);
    }
    host.repair(RTX_SSRC, 10, 3, &[]);
    host.repair(RTX_SSRC, 14, 3, &[]);
    assert_eq!(host.received(), [1, 2, 4, 3].map(|number| (MediaKind::Video, number)));
    host.pass(Duration::from_millis(10));
    assert_eq!(asked(&host.rtcp()), [], "neither the filled gap nor the RTX stream's own");
}

#[test]
fn what_is_lost_is_asked_for_on_the_media_ssrc() {
    let mut host = host(CHROMIUM);
    for sequence in [65_534, 1] {
        host.send(VIDEO, SSRC, sequence);
    }
    host.pass(Duration::from_millis(10));
    assert_eq!(asked(&host.rtcp()), [(SSRC, 65_535), (SSRC, 0)], "over the wrap");
}

#[test]
fn a_host_without_rtx_fills_its_gaps_on_the_media_ssrc() {
    let mut host = host(AIORTC);
    for sequence in [1, 2, 4] {
        host.send(99, 222, sequence);
    }
    host.pass(Duration::from_millis(10));
    assert_eq!(asked(&host.rtcp()), [(222, 3)]);
    host.send(99, 222, 3);
    host.send(99, 222, 3);
    assert_eq!(host.received(), [1, 2, 4, 3].map(|number| (MediaKind::Video, number)));
    host.pass(Duration::from_secs(1));
    assert_eq!(asked(&host.rtcp()), []);
}

#[test]
fn probes_that_repeat_packets_are_dropped() {
    let mut host = host(CHROMIUM);
    for sequence in 1..=3 {
        host.send(VIDEO, SSRC, sequence);
    }
    for (index, original) in [1, 2, 3, 2].into_iter().enumerate() {
        host.repair(RTX_SSRC, u16::try_from(index).expect("few"), original, &[]);
    }
    host.send(VIDEO, SSRC, 2);
    assert_eq!(host.received().len(), 3);
}

#[test]
fn padding_on_the_media_ssrc_keeps_its_number_and_has_no_payload() {
    let mut host = host(CHROMIUM);
    host.send(VIDEO, SSRC, 1);
    host.send_with(VIDEO, SSRC, 2, &[], &[], 100);
    let Some(Received::Rtp(_)) = host.receiving.poll_received() else { panic!("the first packet") };
    let Some(Received::Rtp(padding)) = host.receiving.poll_received() else { panic!("the padding") };
    assert!(padding.payload.is_empty());
    // Padding that claims more than there is, or nothing.
    let mut header =
        rtp::Header { version: 2, padding: true, payload_type: VIDEO, ssrc: SSRC, ..rtp::Header::default() };
    for (sequence, last) in [(3, 9), (4, 0)] {
        header.sequence_number = sequence;
        let mut packet = BytesMut::zeroed(header.marshal_size());
        packet.extend_from_slice(&[1, 2, last]);
        host.receiving.handle_rtp(host.now, header.clone(), packet);
    }
    assert_eq!(host.received(), []);
}

#[test]
fn simulcast_is_told_apart_by_names_that_stand_on_the_first_packets_only() {
    let mut host = host(SIMULCAST);
    host.send_with(VIDEO, 30, 1, &1_u16.to_be_bytes(), &[(RID, b"l")], 0);
    host.send_with(VIDEO, 10, 500, &500_u16.to_be_bytes(), &[(RID, b"h")], 0);
    host.send(VIDEO, 30, 2);
    host.send(VIDEO, 10, 501);
    host.send(VIDEO, 99, 7);
    // The first layer to arrive shows at once, the most wanted takes over; SSRC 99 never said its name.
    assert_eq!(host.received(), [1, 500, 501].map(|number| (MediaKind::Video, number)));
    host.send(VIDEO, 10, 503);
    host.repair(40, 1, 502, &[(REPAIRED_RID, b"h")]);
    host.repair(40, 2, 502, &[]);
    assert_eq!(host.received(), [503, 502].map(|number| (MediaKind::Video, number)), "RTX of a layer is unwrapped");
}

#[test]
fn when_the_best_layer_stops_another_takes_over_with_numbers_running_on() {
    let mut host = host(SIMULCAST);
    host.send_with(VIDEO, 10, 500, &[0, 0], &[(RID, b"h")], 0);
    host.send_with(VIDEO, 20, 9_000, &[0, 0], &[(RID, b"m")], 0);
    let first = host.sequences();
    assert_eq!(first.len(), 1);
    host.rtcp();
    host.pass(Duration::from_millis(1_100));
    host.send(VIDEO, 20, 9_001);
    assert_eq!(host.sequences(), [first[0] + 1]);
    host.pass(Duration::from_millis(1));
    assert_eq!(of::<PictureLossIndication>(&host.rtcp()).iter().map(|pli| pli.media_ssrc).collect::<Vec<_>>(), [20]);
}

#[test]
fn a_host_that_restarts_its_ssrc_goes_on_without_a_gap() {
    let mut host = host(FFMPEG);
    host.send(106, 1, 100);
    let first = host.sequences();
    host.pass(Duration::from_millis(40));
    host.send(106, 2, 60_000);
    host.send(106, 1, 101);
    host.send(106, 2, 60_001);
    assert_eq!(host.sequences(), [first[0] + 1, first[0] + 2], "and the old SSRC is over");
}

#[test]
fn ssrcs_are_bounded() {
    let mut host = host(CHROMIUM);
    for ssrc in 0..1_000 {
        host.send(VIDEO, ssrc, 1);
    }
    assert!(host.receiving.sources.len() <= SSRCS_MAX);
}

#[test]
fn sound_and_picture_keep_to_themselves() {
    let mut host = host(CHROMIUM);
    host.send(AUDIO, 2_345_678_901, 7);
    host.send(VIDEO, SSRC, 9);
    assert_eq!(host.received(), [(MediaKind::Audio, 7), (MediaKind::Video, 9)]);
}

#[test]
fn keyframes_are_asked_for_at_most_every_300_ms_and_the_last_wish_is_kept() {
    let mut host = host(CHROMIUM);
    host.receiving.request_keyframe(host.now);
    assert!(host.rtcp().is_empty(), "nobody to ask yet");
    host.send(VIDEO, SSRC, 1);
    assert_eq!(of::<PictureLossIndication>(&host.rtcp()).len(), 1, "asked as soon as there is somebody");
    for _ in 0..10 {
        host.receiving.request_keyframe(host.now);
    }
    assert!(of::<PictureLossIndication>(&host.rtcp()).is_empty());
    host.pass(KEYFRAME_INTERVAL);
    assert_eq!(of::<PictureLossIndication>(&host.rtcp()).len(), 1);
    host.pass(KEYFRAME_INTERVAL);
    assert!(of::<PictureLossIndication>(&host.rtcp()).is_empty());
}

#[test]
fn who_offered_no_feedback_gets_none_but_reports() {
    let mut host = host(FFMPEG);
    for sequence in [1, 5] {
        host.send(106, 3_735_654_541, sequence);
    }
    host.receiving.request_keyframe(host.now);
    host.pass(Duration::from_millis(1_500));
    let packets = host.rtcp();
    assert_eq!(packets.len(), of::<ReceiverReport>(&packets).len());
    assert_eq!(of::<ReceiverReport>(&packets)[0].reports[0].ssrc, 3_735_654_541);
}

#[test]
fn who_knows_only_remb_gets_an_estimate_every_second() {
    let mut host = host(AIORTC);
    host.send(99, 222, 1);
    for _ in 0..50 {
        host.pass(Duration::from_millis(100));
    }
    let estimates = of::<ReceiverEstimatedMaximumBitrate>(&host.rtcp());
    assert!((5..=6).contains(&estimates.len()), "{}", estimates.len());
    assert!((estimates[0].bitrate - 3_000_000.0).abs() < 1.0 && estimates[0].ssrcs == [222]);
}

#[test]
fn sender_reports_map_to_the_line_of_the_packets() {
    let mut host = host(CHROMIUM);
    let report = |ssrc, rtp_time| -> Vec<Box<dyn rtcp::Packet>> {
        vec![Box::new(SenderReport { ssrc, ntp_time: 77, rtp_time, ..SenderReport::default() })]
    };
    host.receiving.handle_rtcp(host.now, report(SSRC, 5));
    assert!(host.receiving.poll_received().is_none(), "before the first packet there is no line");
    host.send(VIDEO, SSRC, 10);
    let Some(Received::Rtp(packet)) = host.receiving.poll_received() else { panic!("the packet") };
    host.receiving.handle_rtcp(host.now, report(SSRC, 30_000 + 90));
    host.receiving.handle_rtcp(host.now, report(99, 30_000));
    let Some(Received::Clock(clock)) = host.receiving.poll_received() else { panic!("the report") };
    assert_eq!(clock, SenderClock { kind: MediaKind::Video, ntp: Ntp(77), timestamp: packet.timestamp + 90 });
    assert!(host.receiving.poll_received().is_none(), "of another SSRC");
}

proptest::proptest! {
    #[test]
    fn no_order_of_packets_repeats_a_number(steps in proptest::collection::vec((0..3u32, 0u16..400, 0..3u8), 1..300)) {
        let mut host = host(CHROMIUM);
        let mut seen = std::collections::BTreeSet::new();
        for (ssrc, sequence, what) in steps {
            match what {
                0 => host.send(VIDEO, ssrc, sequence),
                1 => host.repair(RTX_SSRC, sequence, sequence, &[]),
                _ => host.pass(Duration::from_millis(u64::from(sequence))),
            }
            for number in host.sequences() {
                proptest::prop_assert!(seen.insert(number), "{} twice", number);
            }
            host.rtcp();
        }
    }
}
