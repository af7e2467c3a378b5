//! The whole way of a picture's bytes: packetised, disturbed on the line, put in order and joined again.

use std::time::{Duration, Instant};

use costage_media::jitter::h264::packetise;
use costage_media::jitter::{AccessUnit, GAP_DEADLINE, VideoEvent, VideoInput};
use costage_media::packet::{ExtSeq, MediaKind, RtpIn};
use proptest::collection::vec;
use proptest::prelude::*;

type Nals = Vec<Vec<u8>>;

/// Frames as an encoder makes them: the first an IDR behind its parameter sets, the others one to three slices.
fn frames() -> impl Strategy<Value = Vec<Nals>> {
    let slice = |header: u8| vec(any::<u8>(), 2..6_000).prop_map(move |body| [&[header][..], &body].concat());
    let key = (vec(any::<u8>(), 3..40), vec(any::<u8>(), 1..12), slice(0x65))
        .prop_map(|(sps, pps, idr)| vec![[&[0x67][..], &sps].concat(), [&[0x68][..], &pps].concat(), idr]);
    let rest = vec(vec(slice(0x41), 1..4), 0..12);
    (key, rest).prop_map(|(key, rest)| [vec![key], rest].concat())
}

fn packets(start: Instant, frames: &[Nals], payload_max: usize) -> Vec<RtpIn> {
    let mut packets = Vec::new();
    for (frame, nals) in frames.iter().enumerate() {
        let slices: Vec<&[u8]> = nals.iter().map(Vec::as_slice).collect();
        for (payload, marker) in packetise(&slices, payload_max) {
            packets.push(RtpIn {
                kind: MediaKind::Video,
                seq: ExtSeq(1_000 + packets.len() as u64),
                timestamp: frame as u64 * 3_000,
                marker,
                payload,
                received_at: start,
            });
        }
    }
    packets
}

fn annex_b(nals: &Nals) -> Vec<u8> {
    nals.iter().flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat()).collect()
}

fn units(input: &mut VideoInput) -> Vec<AccessUnit> {
    let events = std::iter::from_fn(|| input.poll());
    let unit = |event| match event {
        VideoEvent::Unit(unit) => Some(unit),
        VideoEvent::KeyframeNeeded => None,
    };
    events.filter_map(unit).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn frames_survive_any_order_and_repetition_within_the_ring(
        frames in frames(),
        payload_max in 100_usize..1_180,
        moves in vec((any::<prop::sample::Index>(), 0_usize..60), 0..80),
        repeats in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let start = Instant::now();
        let mut sent = packets(start, &frames, payload_max);
        // The first packet stays first: what comes before the first is not waited for.
        for (from, by) in moves {
            let from = 1 + from.index(sent.len() - 1).min(sent.len() - 2);
            let to = (from + by).min(sent.len() - 1);
            let packet = sent.remove(from);
            sent.insert(to, packet);
        }
        for repeat in repeats {
            let packet = sent[repeat.index(sent.len())].clone();
            sent.push(packet);
        }
        let mut input = VideoInput::new();
        sent.into_iter().for_each(|packet| input.push(start, packet));
        let expected: Vec<AccessUnit> = frames
            .iter()
            .zip(0..)
            .map(|(nals, number)| AccessUnit {
                data: annex_b(nals),
                timestamp: number * 3_000,
                keyframe: number == 0,
                arrived: start,
            })
            .collect();
        prop_assert_eq!(units(&mut input), expected);
    }

    #[test]
    fn what_loss_leaves_is_whole_frames_in_order_and_a_keyframe_first(
        groups in vec(frames(), 1..5),
        lost in vec(any::<prop::sample::Index>(), 1..8),
    ) {
        let start = Instant::now();
        let frames: Vec<Nals> = groups.concat();
        let mut sent = packets(start, &frames, 1_180);
        for lost in lost {
            let lost = lost.index(sent.len());
            if sent.len() > 1 {
                sent.remove(lost);
            }
        }
        let (mut input, mut now, mut out) = (VideoInput::new(), start, Vec::new());
        for packet in sent {
            now += Duration::from_millis(2);
            input.handle_timeout(now);
            input.push(now, packet);
            out.extend(units(&mut input));
        }
        input.handle_timeout(now + GAP_DEADLINE);
        out.extend(units(&mut input));
        let mut expected_next = None;
        for unit in out {
            let frame = usize::try_from(unit.timestamp / 3_000).unwrap();
            prop_assert_eq!(&unit.data, &annex_b(&frames[frame]), "frame {} is whole", frame);
            prop_assert!(unit.keyframe || expected_next == Some(frame), "frame {} has its reference", frame);
            expected_next = Some(frame + 1);
        }
    }
}
