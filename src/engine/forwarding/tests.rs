use super::*;
use crate::engine::host_line::{Attention, Devices};
use crate::engine::peer::SessionKey;
use crate::engine::producers;
use crate::engine::shard::ShardHandle;
use bytes::Bytes;
use costage_media::packet::ExtSeq;
use costage_media::scene::SourceId;

fn forwarding() -> (Forwarding, Arc<HostLine>) {
    let line = Arc::new(HostLine::new(SourceId(1), SessionKey(5), ShardHandle::unattended().0));
    (Forwarding::new(Arc::clone(&line)), line)
}

fn packet(kind: MediaKind, seq: u64, timestamp: u64, payload: &'static [u8]) -> RtpIn {
    let payload = Bytes::from_static(payload);
    RtpIn { kind, seq: ExtSeq(seq), timestamp, marker: false, payload, received_at: Instant::now() }
}

fn video(seq: u64, timestamp: u64, payload: &'static [u8]) -> RtpIn {
    packet(MediaKind::Video, seq, timestamp, payload)
}

const PARAMETERS: &[u8] = &[0x67, 100, 0, 31];
const IDR: &[u8] = &[0x65, 0x88];
const DELTA: &[u8] = &[0x41, 0x9a];

/// Whether each frame is a keyframe, and its sequence numbers.
fn shape(frames: &[Frame]) -> Vec<(bool, Vec<u64>)> {
    let numbers = |frame: &Frame| frame.packets.iter().map(|packet| packet.seq.0).collect();
    frames.iter().map(|frame| (frame.keyframe, numbers(frame))).collect()
}

#[test]
fn nothing_is_kept_of_a_host_that_nobody_watches() {
    let (mut forwarding, line) = forwarding();
    let now = Instant::now();
    assert!(!forwarding.take(now, &video(1, 0, PARAMETERS)));
    assert!(forwarding.lanes.is_none() && forwarding.take_ready().is_empty());
    assert_eq!(line.profile(), Some(100), "learnt once, for the offers of viewers");
    let attention = Attention::new(&line);
    assert!(forwarding.take(now, &video(2, 0, IDR)));
    drop(attention);
    assert!(!forwarding.take(now, &video(3, 0, DELTA)));
    assert!(forwarding.lanes.is_none(), "the last viewer has left");
}

#[test]
fn what_comes_together_leaves_together_in_order_and_as_it_came() {
    let (mut forwarding, line) = forwarding();
    let (now, _attention) = (Instant::now(), Attention::new(&line));
    for packet in [video(10, 0, DELTA), video(12, 3_000, IDR), video(11, 3_000, PARAMETERS), video(13, 3_000, IDR)] {
        forwarding.take(now, &packet);
    }
    forwarding.take(now, &video(14, 6_000, DELTA));
    let frames = forwarding.take_ready();
    assert_eq!(shape(&frames), [(false, vec![10]), (true, vec![11, 12, 13]), (false, vec![14])]);
    assert!(frames.iter().all(|frame| frame.producer == producers::session(SessionKey(5))));
    assert_eq!(frames[1].packets[0].payload, PARAMETERS);
    forwarding.take(now, &packet(MediaKind::Audio, 1, 0, b"a"));
    forwarding.take(now, &packet(MediaKind::Audio, 2, 960, b"b"));
    assert_eq!(forwarding.take_ready().len(), 2, "sound goes packet by packet");
}

#[test]
fn a_keyframe_is_where_its_access_unit_begins_also_when_it_comes_in_pieces() {
    let (mut forwarding, line) = forwarding();
    let (now, _attention) = (Instant::now(), Attention::new(&line));
    forwarding.take(now, &video(1, 0, PARAMETERS));
    assert_eq!(shape(&forwarding.take_ready()), [(true, vec![1])]);
    forwarding.take(now, &video(2, 0, IDR));
    assert_eq!(shape(&forwarding.take_ready()), [(false, vec![2])], "nobody may begin in its middle");
}

#[test]
fn nothing_passes_of_what_is_closed_on_the_seat_and_the_picture_begins_anew_with_a_keyframe() {
    let (mut forwarding, line) = forwarding();
    let (now, _attention) = (Instant::now(), Attention::new(&line));
    forwarding.take(now, &video(1, 0, IDR));
    forwarding.take(now, &packet(MediaKind::Audio, 1, 0, b"a"));
    assert_eq!(forwarding.take_ready().len(), 2);
    line.set_devices(Devices { no_camera: true, no_microphone: true });
    assert!(
        !forwarding.take(now, &video(2, 3_000, IDR)) && !forwarding.take(now, &packet(MediaKind::Audio, 2, 960, b"b"))
    );
    line.set_devices(Devices { no_camera: true, no_microphone: false });
    assert!(!forwarding.take(now, &video(3, 6_000, DELTA)));
    line.set_devices(Devices::default());
    assert!(!forwarding.take(now, &video(4, 9_000, DELTA)), "it follows on what nobody got");
    forwarding.take(now, &video(5, 12_000, IDR));
    forwarding.take(now, &video(6, 15_000, DELTA));
    forwarding.handle_timeout(now + GAP_DEADLINE);
    assert_eq!(shape(&forwarding.take_ready()), [(true, vec![5]), (false, vec![6])]);
}

#[test]
fn a_gap_is_waited_for_and_then_left() {
    let (mut forwarding, line) = forwarding();
    let (now, _attention) = (Instant::now(), Attention::new(&line));
    forwarding.take(now, &video(1, 0, DELTA));
    assert!(!forwarding.take_ready().is_empty());
    assert!(!forwarding.take(now, &video(3, 3_000, DELTA)));
    assert_eq!(forwarding.poll_timeout(), Some(now + GAP_DEADLINE));
    assert!(!forwarding.handle_timeout(now + GAP_DEADLINE / 2));
    assert!(forwarding.handle_timeout(now + GAP_DEADLINE));
    assert_eq!(shape(&forwarding.take_ready()), [(false, vec![3])]);
    forwarding.take(now, &packet(MediaKind::Audio, 7, 0, b"a"));
    forwarding.take(now, &packet(MediaKind::Audio, 9, 1_920, b"b"));
    assert_eq!(forwarding.poll_timeout(), Some(now + SOUND_GAP_DEADLINE));
}

#[test]
fn numbers_rise_also_when_the_host_goes_back() {
    let mut numbers = Numbers::default();
    let given: Vec<_> = [500, 501, 503, 20, 21, 24].map(|seq| numbers.of(ExtSeq(seq)).0).into();
    assert_eq!(given, [500, 501, 503, 504, 505, 508], "and gaps stay gaps");
}
