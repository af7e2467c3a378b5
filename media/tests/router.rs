//! Random lives of a router. Whatever feeds, viewers and producers do: each viewer's numbers run on by one, no number
//! stands for two packets, pictures begin at a keyframe, and a retransmission is what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use costage_media::forward::{ConsumerId, FeedId, Frame, ProducerId, Router};
use costage_media::packet::{ExtSeq, MediaKind, Packet, RtpOut};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Frame { producer: u64, video: bool, keyframe: bool, packets: u64 },
    Point { feed: u32, producer: u64 },
    Join { consumer: u64, feed: u32 },
    Leave { consumer: u64 },
    EndFeed { feed: u32 },
    Nack { consumer: u64, video: bool, back: u64 },
    Pass { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..4_u64, any::<bool>(), prop::bool::weighted(0.3), 1..6_u64)
            .prop_map(|(producer, video, keyframe, packets)| Step::Frame { producer, video, keyframe, packets }),
        2 => (0..3_u32, 0..4_u64).prop_map(|(feed, producer)| Step::Point { feed, producer }),
        2 => (0..8_u64, 0..3_u32).prop_map(|(consumer, feed)| Step::Join { consumer, feed }),
        1 => (0..8_u64).prop_map(|consumer| Step::Leave { consumer }),
        1 => (0..3_u32).prop_map(|feed| Step::EndFeed { feed }),
        3 => (0..8_u64, any::<bool>(), 0..40_u64).prop_map(|(consumer, video, back)| Step::Nack { consumer, video, back }),
        2 => (0..700_u64).prop_map(|ms| Step::Pass { ms }),
    ]
}

/// What each viewer was sent, by kind and full sequence number.
type Sent = BTreeMap<(ConsumerId, bool), BTreeMap<u64, RtpOut>>;

fn kind(video: bool) -> MediaKind {
    if video { MediaKind::Video } else { MediaKind::Audio }
}

fn frame(seqs: &mut BTreeMap<(u64, bool), u64>, producer: u64, video: bool, keyframe: bool, count: u64) -> Arc<Frame> {
    let next = seqs.entry((producer, video)).or_insert(producer * 40_000);
    let packets = (0..count).map(|number| {
        let seq = *next;
        *next += 1;
        let payload = Bytes::from(format!("{producer} {video} {keyframe} {seq}"));
        Packet { seq: ExtSeq(seq), timestamp: seq * 100, marker: number + 1 == count, payload }
    });
    Arc::new(Frame { producer: ProducerId(producer.into()), kind: kind(video), keyframe, packets: packets.collect() })
}

fn record(sent: &mut Sent, watching: &mut BTreeSet<ConsumerId>, keyframe: bool, consumer: ConsumerId, out: &[RtpOut]) {
    for packet in out {
        let video = packet.kind == MediaKind::Video;
        assert!(!video || keyframe || watching.contains(&consumer), "{consumer} begins without a keyframe");
        let line = sent.entry((consumer, video)).or_default();
        if let Some((last, before)) = line.last_key_value() {
            assert_eq!(packet.seq.0, last + 1, "{consumer}: no gap, no repeat");
            let step = packet.timestamp.wrapping_sub(before.timestamp);
            assert!(step < u32::MAX / 2, "{consumer}: time runs backwards by {}", step.wrapping_neg());
        }
        line.insert(packet.seq.0, packet.clone());
    }
    if keyframe {
        watching.insert(consumer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn numbers_run_on_and_retransmissions_are_what_was_sent(steps in vec(step(), 1..400)) {
        let (mut router, mut now) = (Router::new(), Instant::now());
        let (mut sent, mut watching, mut seqs) = (Sent::new(), BTreeSet::new(), BTreeMap::new());
        let mut seed = 0;
        (0..3).for_each(|feed| router.add_feed(FeedId(feed), None));
        for step in steps {
            match step {
                Step::Frame { producer, video, keyframe, packets } => {
                    let frame = frame(&mut seqs, producer, video, keyframe, packets);
                    router.route(now, &frame, &mut |consumer, out| {
                        assert_eq!(out.len(), frame.packets.len(), "all packets of a frame at once");
                        record(&mut sent, &mut watching, video && keyframe, consumer, out);
                    });
                }
                Step::Point { feed, producer } => router.point(FeedId(feed.into()), ProducerId(producer.into())),
                Step::Join { consumer, feed } => {
                    seed += 0x1234_5678_9abc_def1;
                    let _known = router.add_consumer(now, ConsumerId(consumer), FeedId(feed.into()), seed);
                }
                Step::Leave { consumer } => {
                    router.remove_consumer(ConsumerId(consumer));
                    forget(&mut sent, &mut watching, ConsumerId(consumer));
                }
                Step::EndFeed { feed } => {
                    let left = router.remove_feed(FeedId(feed.into()));
                    left.into_iter().for_each(|consumer| forget(&mut sent, &mut watching, consumer));
                    router.add_feed(FeedId(feed.into()), None);
                }
                Step::Nack { consumer, video, back } => {
                    let line = sent.get(&(ConsumerId(consumer), video)).cloned().unwrap_or_default();
                    let newest = line.last_key_value().map_or(0, |(seq, _)| *seq);
                    let wire = u16::try_from(newest.saturating_sub(back) & 0xffff).expect("masked to 16 bits");
                    router.nack(ConsumerId(consumer), kind(video), &[wire], &mut |_, packet| {
                        assert_eq!(line.get(&packet.seq.0), Some(packet), "the very packet that was sent");
                    });
                }
                Step::Pass { ms } => now += Duration::from_millis(ms),
            }
            prop_assert!(router.waiting().count() <= 3);
        }
    }
}

fn forget(sent: &mut Sent, watching: &mut BTreeSet<ConsumerId>, consumer: ConsumerId) {
    sent.retain(|(of, _), _| *of != consumer);
    watching.remove(&consumer);
}
