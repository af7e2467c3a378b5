//! What viewers of a router see, packet by packet.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::*;
use crate::packet::{ExtSeq, Packet};

const A: ProducerId = ProducerId(1);
const B: ProducerId = ProducerId(2);
const FEED: FeedId = FeedId(1);
const VIEWER: ConsumerId = ConsumerId(1);

/// A program that sends 30 pictures of three packets and 50 sounds a second.
struct Source {
    id: ProducerId,
    seqs: [u64; 2],
}

impl Source {
    fn new(id: ProducerId, first_seq: u64) -> Self {
        Self { id, seqs: [first_seq; 2] }
    }

    fn frame(&mut self, kind: MediaKind, timestamp: u64, keyframe: bool) -> Arc<Frame> {
        let count = if kind == MediaKind::Video { 3 } else { 1 };
        let packets = (0..count).map(|number| {
            let seq = self.seqs[index(kind)];
            self.seqs[index(kind)] += 1;
            let payload = Bytes::from(format!("{} {kind:?} {seq}", self.id));
            Packet { seq: ExtSeq(seq), timestamp, marker: number + 1 == count, payload }
        });
        Arc::new(Frame { producer: self.id, kind, keyframe, packets: packets.collect() })
    }

    fn video(&mut self, timestamp: u64, keyframe: bool) -> Arc<Frame> {
        self.frame(MediaKind::Video, timestamp, keyframe)
    }

    fn audio(&mut self, timestamp: u64) -> Arc<Frame> {
        self.frame(MediaKind::Audio, timestamp, true)
    }
}

#[derive(Default)]
struct Wire(BTreeMap<ConsumerId, Vec<RtpOut>>);

impl Wire {
    fn route(&mut self, router: &mut Router, now: Instant, frame: &Arc<Frame>) {
        router.route(now, frame, &mut |consumer, packets| {
            self.0.entry(consumer).or_default().extend_from_slice(packets);
        });
    }

    fn of(&self, consumer: ConsumerId, kind: MediaKind) -> Vec<RtpOut> {
        let all = self.0.get(&consumer).into_iter().flatten();
        all.filter(|packet| packet.kind == kind).cloned().collect()
    }

    fn payloads(&self, consumer: ConsumerId, kind: MediaKind) -> Vec<String> {
        let text = |packet: RtpOut| String::from_utf8(packet.payload.to_vec()).unwrap();
        self.of(consumer, kind).into_iter().map(text).collect()
    }
}

fn router_with_viewer(now: Instant, producer: ProducerId) -> Router {
    let mut router = Router::new();
    router.add_feed(FEED, Some(producer));
    router.add_consumer(now, VIEWER, FEED, 42).unwrap();
    router
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn nack(router: &mut Router, consumer: ConsumerId, kind: MediaKind, seqs: &[u16]) -> Vec<RtpOut> {
    let mut resent = Vec::new();
    router.nack(consumer, kind, seqs, &mut |to, packet| {
        assert_eq!(to, consumer);
        resent.push(packet.clone());
    });
    resent
}

#[allow(clippy::cast_possible_truncation, reason = "what stands on the wire")]
fn wire_seq(packet: &RtpOut) -> u16 {
    packet.seq.0 as u16
}

#[test]
fn a_new_viewer_sees_nothing_before_a_keyframe_but_hears_at_once() {
    let (now, mut source, mut wire) = (Instant::now(), Source::new(A, 7), Wire::default());
    let mut router = router_with_viewer(now, A);
    wire.route(&mut router, now, &source.audio(0));
    wire.route(&mut router, now, &source.video(0, false));
    assert_eq!(wire.of(VIEWER, MediaKind::Audio).len(), 1);
    assert_eq!(wire.of(VIEWER, MediaKind::Video), []);
    assert_eq!(router.waiting().collect::<Vec<_>>(), [A]);
    wire.route(&mut router, now, &source.video(3_000, true));
    wire.route(&mut router, now, &source.video(6_000, false));
    assert_eq!(wire.payloads(VIEWER, MediaKind::Video)[0], "producer 1 Video 10");
    assert_eq!(wire.of(VIEWER, MediaKind::Video).len(), 6);
    assert_eq!(router.waiting().count(), 0);
}

#[test]
fn a_late_viewer_waits_alone() {
    let (now, mut source, mut wire) = (Instant::now(), Source::new(A, 7), Wire::default());
    let mut router = router_with_viewer(now, A);
    wire.route(&mut router, now, &source.video(0, true));
    let late = ConsumerId(2);
    router.add_consumer(now, late, FEED, 43).unwrap();
    wire.route(&mut router, now, &source.video(3_000, false));
    assert_eq!((wire.of(VIEWER, MediaKind::Video).len(), wire.of(late, MediaKind::Video).len()), (6, 0));
    assert_eq!(router.waiting().collect::<Vec<_>>(), [A]);
    router.remove_consumer(late);
    assert_eq!(router.waiting().count(), 0);
}

#[test]
fn a_feed_moves_at_a_keyframe_with_numbers_and_time_running_on() {
    let (start, mut a, mut b, mut wire) = (Instant::now(), Source::new(A, 60_000), Source::new(B, 5), Wire::default());
    let mut router = router_with_viewer(start, A);
    wire.route(&mut router, start, &a.video(1_000_000, true));
    router.point(FEED, B);
    assert_eq!(router.waiting().collect::<Vec<_>>(), [B]);
    wire.route(&mut router, start + ms(5), &b.video(77, false));
    wire.route(&mut router, start + ms(33), &a.video(1_003_000, false));
    wire.route(&mut router, start + ms(40), &b.video(3_077, true));
    wire.route(&mut router, start + ms(66), &a.video(1_006_000, false));
    wire.route(&mut router, start + ms(73), &b.video(6_077, false));

    let expected: Vec<String> = (60_000..60_006)
        .map(|seq| format!("producer 1 Video {seq}"))
        .chain((8..14).map(|seq| format!("producer 2 Video {seq}")))
        .collect();
    assert_eq!(wire.payloads(VIEWER, MediaKind::Video), expected, "no frame twice, none missing");
    let out = wire.of(VIEWER, MediaKind::Video);
    let first = &out[0];
    assert!(out.iter().zip(first.seq.0..).all(|(packet, seq)| packet.seq.0 == seq), "no gap, no repeat");
    let times: Vec<u32> = out.iter().map(|packet| packet.timestamp.wrapping_sub(first.timestamp)).collect();
    assert_eq!(times, [0, 0, 0, 3_000, 3_000, 3_000, 3_630, 3_630, 3_630, 6_630, 6_630, 6_630], "7 ms are 630 ticks");
    assert_eq!(router.waiting().count(), 0);
    assert!(!router.is_shown(A) && router.is_shown(B));
}

#[test]
fn a_producer_is_watched_while_a_viewer_sees_it_or_waits_for_it() {
    let now = Instant::now();
    let watched = |router: &Router| router.watched().collect::<BTreeSet<_>>();
    let mut router = Router::new();
    router.add_feed(FEED, Some(A));
    assert_eq!(watched(&router), [].into(), "a feed without viewers wants nothing");
    router.add_consumer(now, VIEWER, FEED, 1).unwrap();
    assert_eq!(watched(&router), [A].into());
    let (mut a, mut b, mut wire) = (Source::new(A, 0), Source::new(B, 0), Wire::default());
    wire.route(&mut router, now, &a.video(0, true));
    wire.route(&mut router, now, &a.audio(0));
    router.point(FEED, B);
    assert_eq!(watched(&router), [A, B].into(), "the old picture goes on until the new one's keyframe");
    wire.route(&mut router, now, &b.video(3_000, false));
    assert_eq!(watched(&router), [A, B].into());
    wire.route(&mut router, now, &b.video(6_000, true));
    assert_eq!(watched(&router), [B].into());
    router.remove_consumer(VIEWER);
    assert_eq!(watched(&router), [].into());
}

#[test]
fn sound_moves_with_the_first_packet_of_the_new_producer_without_a_hole() {
    let (start, mut a, mut b, mut wire) = (Instant::now(), Source::new(A, 60_000), Source::new(B, 5), Wire::default());
    let mut router = router_with_viewer(start, A);
    wire.route(&mut router, start, &a.audio(0));
    router.point(FEED, B);
    wire.route(&mut router, start + ms(20), &a.audio(960));
    wire.route(&mut router, start + ms(27), &b.audio(48_000));
    wire.route(&mut router, start + ms(40), &a.audio(1_920));
    wire.route(&mut router, start + ms(47), &b.audio(48_960));
    let expected = ["1 Audio 60000", "1 Audio 60001", "2 Audio 5", "2 Audio 6"].map(|text| format!("producer {text}"));
    assert_eq!(wire.payloads(VIEWER, MediaKind::Audio), expected);
    let out = wire.of(VIEWER, MediaKind::Audio);
    let relative: Vec<(u64, u32)> = out
        .iter()
        .map(|packet| (packet.seq.0 - out[0].seq.0, packet.timestamp.wrapping_sub(out[0].timestamp)))
        .collect();
    assert_eq!(relative, [(0, 0), (1, 960), (2, 1_920), (3, 2_880)]);
}

#[test]
fn sound_that_was_left_out_for_a_while_goes_on_without_a_hole() {
    let (start, mut a, mut b, mut wire) = (Instant::now(), Source::new(A, 60_000), Source::new(B, 5), Wire::default());
    let mut router = router_with_viewer(start, A);
    wire.route(&mut router, start, &a.audio(0));
    router.point(FEED, B);
    wire.route(&mut router, start + ms(10), &b.video(0, true));
    wire.route(&mut router, start + ms(20), &a.audio(960));
    router.point(FEED, A);
    wire.route(&mut router, start + ms(40), &a.audio(1_920));
    let out = wire.of(VIEWER, MediaKind::Audio);
    assert_eq!(out.len(), 2, "no old sound under the new picture");
    assert_eq!(out[1].seq.0, out[0].seq.0 + 1);
    assert_eq!(out[1].timestamp.wrapping_sub(out[0].timestamp), 1_920);
}

#[test]
fn a_nack_is_answered_with_the_same_bytes_and_numbers_also_across_a_switch() {
    let (start, mut a, mut b, mut wire) = (Instant::now(), Source::new(A, 60_000), Source::new(B, 5), Wire::default());
    let mut router = router_with_viewer(start, A);
    let second = ConsumerId(2);
    router.add_consumer(start, second, FEED, 99).unwrap();
    wire.route(&mut router, start, &a.video(1_000_000, true));
    router.point(FEED, B);
    wire.route(&mut router, start + ms(33), &b.video(500, true));
    for viewer in [VIEWER, second] {
        let sent = wire.of(viewer, MediaKind::Video);
        let seqs: Vec<u16> = sent.iter().map(wire_seq).collect();
        assert_eq!(nack(&mut router, viewer, MediaKind::Video, &seqs), sent);
    }
    assert_ne!(wire.of(VIEWER, MediaKind::Video)[0].seq, wire.of(second, MediaKind::Video)[0].seq);
}

#[test]
fn a_retransmission_after_the_wrap_of_16_bits_keeps_its_full_number() {
    let (now, mut source, mut wire) = (Instant::now(), Source::new(A, 0), Wire::default());
    let mut router = router_with_viewer(now, A);
    for frame in 0..25_000 {
        wire.route(&mut router, now, &source.video(frame, frame == 0));
    }
    let sent = wire.of(VIEWER, MediaKind::Video);
    let last = &sent[sent.len() - 1000..];
    assert!(last[0].seq.0 > 65_535);
    let again: Vec<RtpOut> = last
        .chunks(200)
        .flat_map(|some| nack(&mut router, VIEWER, MediaKind::Video, &some.iter().map(wire_seq).collect::<Vec<_>>()))
        .collect();
    assert_eq!(again, last[..usize::from(RESEND_CREDIT_MAX)], "what the purse allows, oldest asked first");
}

#[test]
fn unknown_never_sent_and_too_old_numbers_are_ignored() {
    let (now, mut source, mut wire) = (Instant::now(), Source::new(A, 0), Wire::default());
    let mut router = router_with_viewer(now, A);
    assert!(nack(&mut router, VIEWER, MediaKind::Video, &[0, 1, u16::MAX]).is_empty(), "before the first packet");
    for frame in 0..1_000 {
        wire.route(&mut router, now, &source.video(frame, frame == 0));
    }
    let sent = wire.of(VIEWER, MediaKind::Video);
    let (first, last) = (wire_seq(&sent[0]), wire_seq(&sent[2_999]));
    let never = [first.wrapping_sub(1), last.wrapping_add(1), last.wrapping_add(30_000)];
    assert!(nack(&mut router, VIEWER, MediaKind::Video, &never).is_empty());
    assert!(nack(&mut router, VIEWER, MediaKind::Video, &[first]).is_empty(), "left the ring");
    assert!(nack(&mut router, VIEWER, MediaKind::Audio, &[last]).is_empty(), "the other kind");
    assert!(nack(&mut router, ConsumerId(9), MediaKind::Video, &[last]).is_empty(), "a stranger");
    assert_eq!(nack(&mut router, VIEWER, MediaKind::Video, &[last]), sent[2_999..]);
}

#[test]
fn a_nack_flood_costs_no_more_than_the_stream_itself() {
    let (now, mut source, mut wire) = (Instant::now(), Source::new(A, 0), Wire::default());
    let mut router = router_with_viewer(now, A);
    let (mut sent, mut resent) = (0, 0);
    for frame in 0..500 {
        wire.route(&mut router, now, &source.video(frame, frame == 0));
        sent += 3;
        let newest = wire_seq(wire.of(VIEWER, MediaKind::Video).last().unwrap());
        for _ in 0..20 {
            resent += nack(&mut router, VIEWER, MediaKind::Video, &[newest; 1_000]).len();
        }
    }
    assert!(resent <= sent + usize::from(RESEND_CREDIT_MAX), "{resent} for {sent}");
}

#[test]
fn all_viewers_share_one_ring_and_each_costs_little() {
    let (now, mut source, mut router) = (Instant::now(), Source::new(A, 0), Router::new());
    router.add_feed(FEED, Some(A));
    for viewer in 0..1_000 {
        router.add_consumer(now, ConsumerId(viewer), FEED, viewer).unwrap();
    }
    let frames: Vec<Arc<Frame>> = (0..10).map(|frame| source.video(frame, frame == 0)).collect();
    let mut calls = 0;
    frames.iter().for_each(|frame| router.route(now, frame, &mut |_, _| calls += 1));
    assert_eq!(calls, 10_000, "one call per viewer and frame");
    let ring = router.producer(A).unwrap().ring(MediaKind::Video);
    assert_eq!((router.producers.len(), ring.len()), (1, 30));
    assert!(frames.iter().all(|frame| Arc::strong_count(frame) == 2), "ours and the ring's: none per viewer");
    // All that grows with viewers: two map entries. Nodes of a BTreeMap are at least half full.
    let per_viewer = size_of::<Consumer>() + size_of::<(ConsumerId, ConsumerId, FeedId)>();
    assert!(2 * per_viewer <= 1_024, "{per_viewer} bytes, twice that in half-full nodes");
}

#[test]
fn steady_routing_keeps_its_buffer_and_holds_no_payload() {
    let (now, mut source, mut wire) = (Instant::now(), Source::new(A, 0), Wire::default());
    let mut router = router_with_viewer(now, A);
    wire.route(&mut router, now, &source.video(0, true));
    let (place, room) = (router.buffer.as_ptr(), router.buffer.capacity());
    for frame in 1..100 {
        wire.route(&mut router, now, &source.video(frame, false));
    }
    assert_eq!((router.buffer.as_ptr(), router.buffer.capacity(), router.buffer.len()), (place, room, 0));
}

#[test]
fn a_feed_that_ended_sends_nothing_and_frees_its_viewers_and_producers() {
    let (now, mut source, mut wire) = (Instant::now(), Source::new(A, 0), Wire::default());
    let mut router = router_with_viewer(now, A);
    wire.route(&mut router, now, &source.video(0, true));
    assert_eq!(router.remove_feed(FEED), [VIEWER]);
    wire.route(&mut router, now + RETIRE_AFTER, &source.video(1, true));
    assert_eq!(wire.of(VIEWER, MediaKind::Video).len(), 3);
    assert_eq!((router.consumers(), router.producers.len(), router.retiring), (0, 0, 0));
    assert_eq!(router.add_consumer(now, VIEWER, FEED, 1), Err(AddRefused::UnknownFeed(FEED)));
    assert_eq!(router.remove_feed(FEED), []);
}

#[test]
fn a_producer_left_behind_answers_for_two_seconds_and_is_then_forgotten() {
    let (start, mut a, mut b, mut wire) = (Instant::now(), Source::new(A, 60_000), Source::new(B, 5), Wire::default());
    let mut router = router_with_viewer(start, A);
    wire.route(&mut router, start, &a.video(0, true));
    router.point(FEED, B);
    wire.route(&mut router, start, &b.video(0, true));
    let old = wire_seq(&wire.of(VIEWER, MediaKind::Video)[0]);
    wire.route(&mut router, start + RETIRE_AFTER - ms(1), &b.video(1, false));
    assert_eq!(nack(&mut router, VIEWER, MediaKind::Video, &[old]).len(), 1);
    wire.route(&mut router, start + RETIRE_AFTER, &b.video(2, false));
    assert_eq!(nack(&mut router, VIEWER, MediaKind::Video, &[old]).len(), 0);
    assert!(router.producer(A).is_none());
}

#[test]
fn two_lives_join_one_producer_and_part_again() {
    let (start, mut a, mut b, mut shared) =
        (Instant::now(), Source::new(A, 1), Source::new(B, 1), Source::new(ProducerId(3), 1));
    let (mut router, mut wire) = (Router::new(), Wire::default());
    let viewers = [ConsumerId(1), ConsumerId(2)];
    for (viewer, (feed, producer)) in viewers.into_iter().zip([(FeedId(1), A), (FeedId(2), B)]) {
        router.add_feed(feed, Some(producer));
        router.add_consumer(start, viewer, feed, viewer.0).unwrap();
    }
    wire.route(&mut router, start, &a.video(0, true));
    wire.route(&mut router, start, &b.video(0, true));
    router.point(FeedId(1), shared.id);
    router.point(FeedId(2), shared.id);
    wire.route(&mut router, start + ms(33), &shared.video(0, true));
    router.point(FeedId(1), A);
    router.point(FeedId(2), B);
    wire.route(&mut router, start + ms(66), &a.video(6_000, true));
    wire.route(&mut router, start + ms(66), &shared.video(3_000, false));
    wire.route(&mut router, start + ms(66), &b.video(6_000, true));
    let whose =
        |viewer| wire.payloads(viewer, MediaKind::Video).iter().map(|text| text[..10].to_owned()).collect::<Vec<_>>();
    let runs = |names: [u8; 9]| names.map(|name| format!("producer {name}")).to_vec();
    assert_eq!(whose(viewers[0]), runs([1, 1, 1, 3, 3, 3, 1, 1, 1]));
    assert_eq!(wire.payloads(viewers[1], MediaKind::Video).len(), 12);
    for viewer in viewers {
        let out = wire.of(viewer, MediaKind::Video);
        assert!(out.iter().zip(out[0].seq.0..).all(|(packet, seq)| packet.seq.0 == seq));
    }
    assert!(!router.is_shown(shared.id));
}

#[test]
fn a_keyframe_is_asked_of_whom_the_feed_shows_or_waits_for() {
    let (now, mut source, mut wire) = (Instant::now(), Source::new(A, 0), Wire::default());
    let mut router = router_with_viewer(now, A);
    wire.route(&mut router, now, &source.video(0, true));
    assert_eq!(router.keyframe_wanted(VIEWER), Some(A));
    router.point(FEED, B);
    let late = ConsumerId(2);
    router.add_consumer(now, late, FEED, 2).unwrap();
    assert_eq!((router.keyframe_wanted(VIEWER), router.keyframe_wanted(late)), (Some(B), Some(B)));
    assert_eq!(router.keyframe_wanted(ConsumerId(3)), None);
}

#[test]
fn a_feed_without_viewers_moves_at_once_and_waits_for_nothing() {
    let mut router = Router::new();
    router.add_feed(FEED, None);
    assert_eq!(router.waiting().count(), 0);
    router.add_feed(FEED, Some(A));
    router.point(FEED, B);
    assert_eq!((router.is_shown(A), router.is_shown(B), router.waiting().count()), (false, true, 0));
    router.point(FeedId(9), A);
    assert!(!router.is_shown(A));
}

#[test]
fn the_report_maps_the_producers_now_to_the_consumers_line() {
    let (start, mut a, mut wire) = (Instant::now(), Source::new(A, 0), Wire::default());
    let mut router = router_with_viewer(start, A);
    assert_eq!(router.report(VIEWER, MediaKind::Video), None);
    wire.route(&mut router, start, &a.video(90_000, true));
    let mapping = router.report(VIEWER, MediaKind::Video).unwrap();
    let sent = wire.of(VIEWER, MediaKind::Video)[0].timestamp;
    assert_eq!((mapping.producer(), mapping.timestamp(90_000)), (A, sent));
    assert_eq!(mapping.timestamp(90_000 + 45_000), sent.wrapping_add(45_000), "half a second later");
}

#[test]
fn a_shard_takes_no_more_viewers_than_it_can_serve() {
    let (now, mut router) = (Instant::now(), Router::new());
    router.add_feed(FEED, Some(A));
    let added = (0..5_000).map(|viewer| router.add_consumer(now, ConsumerId(viewer), FEED, viewer));
    let results: Vec<_> = added.collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), CONSUMERS_MAX);
    assert_eq!(results[CONSUMERS_MAX], Err(AddRefused::Full));
    assert_eq!(router.add_consumer(now, ConsumerId(0), FEED, 0), Err(AddRefused::Known(ConsumerId(0))));
}
