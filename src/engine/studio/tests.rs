use super::*;
use crate::engine::bounded::Receiver;
use crate::engine::clock::{Clock, Epoch};
use costage_media::codec::{VideoDecoder, VideoEncoder, openh264};
use costage_media::frame::{I420, PictureRef, Size};
use costage_media::jitter::h264::packetise;
use costage_media::kernel::{Kernels, Level};
use costage_media::packet::{ExtSeq, RtpIn};
use costage_media::scene::{Template, Tile};
use costage_media::time::MediaTime;
use std::sync::Mutex;

/// Moves by hand.
struct Hand(Mutex<Instant>);

impl Clock for Hand {
    fn now(&self) -> Instant {
        *self.0.lock().expect("one thread")
    }

    fn wall_ms(&self) -> u64 {
        0
    }
}

const CANVAS: Size = Size { width: 180, height: 320 };
const SOURCE: Size = Size { width: 64, height: 64 };
const ALICE: SourceId = SourceId(1);
const BOB: SourceId = SourceId(2);
/// How far inside a tile is looked: clear of its edge and of the avatar's letter.
const INSIDE: usize = 8;
/// Luma of Alice's picture, and of Bob's.
const LIGHT: u8 = 200;
const DARK: u8 = 60;

/// A mix thread's insides with one shard that only collects.
struct Room {
    hand: Arc<Hand>,
    studio: Studio,
    frames: Receiver<Outgoing>,
    shard: ShardHandle,
    decoder: openh264::Decoder,
}

impl Room {
    fn new(hand: &Arc<Hand>) -> Self {
        let (shard, frames, _) = ShardHandle::unattended();
        let clock: Arc<dyn Clock> = Arc::clone(hand) as _;
        let epoch = Epoch::start(&*clock);
        let config = MixConfig { kernels: Kernels::new(Level::Scalar), max_fps: 30, bitrate_bps: 1_000_000 };
        let shards: Arc<[_]> = Arc::new([shard.clone()]);
        let studio = Studio::new(Surroundings { clock, epoch, shards, config });
        Self { hand: Arc::clone(hand), studio, frames, shard, decoder: openh264::Decoder::new() }
    }

    fn now(&self) -> Instant {
        self.hand.now()
    }

    fn publish(&mut self, source: SourceId) {
        let (now, shard) = (self.now(), self.shard.clone());
        self.studio.obey(now, Order::Publish { source, session: session(source), shard });
    }

    fn stage(&mut self, stage: u64, sources: &[SourceId], awaited: &[SourceId]) {
        let awaited = awaited.iter().copied().collect();
        self.studio.obey(self.now(), Order::Stage { stage: StageId(stage), scene: scene(sources), awaited });
    }

    /// A keyframe of an even grey, as a host sends it.
    fn feed(&mut self, source: SourceId, luma: u8) {
        for packet in keyframe(luma, self.now()) {
            self.studio.take(self.now(), source, session(source), MixInput::Rtp(packet));
        }
    }

    /// Lets the time go by and everything happen that is due.
    fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds {
            *self.hand.0.lock().expect("one thread") += Duration::from_millis(1);
            self.studio.handle_timeout(self.now());
        }
    }

    /// Luma near the corner of both tiles of a connection of two, in each video frame that came out of `stage`.
    fn seen(&mut self, stage: u64) -> Vec<[u8; 2]> {
        let mut seen = Vec::new();
        while let Some(outgoing) = self.frames.next() {
            let frame = &outgoing.frame;
            if frame.producer == producer_of(StageId(stage)) && frame.kind == MediaKind::Video {
                seen.push(corner_of_tiles(&mut self.decoder, frame));
            }
        }
        seen
    }
}

fn session(source: SourceId) -> SessionKey {
    SessionKey(u64::from(source.0))
}

fn scene(sources: &[SourceId]) -> Scene {
    let tile = |source: &SourceId| Tile { source: *source, name: "N".into(), camera: true };
    let tiles = sources.iter().map(tile).collect();
    Scene { canvas: CANVAS, template: Template::HostDynamicGrid, tiles, score_bar: None, names: false }
}

fn keyframe(luma: u8, now: Instant) -> Vec<RtpIn> {
    let mut picture = I420::black(SOURCE);
    picture.planes_mut()[0].fill(luma);
    let config = openh264::EncoderConfig { size: SOURCE, bitrate_bps: 300_000, max_fps: 30 };
    let mut encoder = openh264::Encoder::new(config).expect("a small encoder");
    let encoded = encoder.encode(picture.as_ref(), MediaTime(0), true).expect("a picture").expect("is not skipped");
    let payloads = packetise(&encoded.nals, 1_180);
    let packet = |(n, (payload, marker)): (u64, (bytes::Bytes, bool))| RtpIn {
        kind: MediaKind::Video,
        seq: ExtSeq(100 + n),
        timestamp: 9_000,
        marker,
        payload,
        received_at: now,
    };
    (0..).zip(payloads).map(packet).collect()
}

fn corner_of_tiles(decoder: &mut openh264::Decoder, frame: &Frame) -> [u8; 2] {
    let mut input = costage_media::jitter::VideoInput::new();
    let now = Instant::now();
    for packet in &frame.packets {
        let (seq, timestamp, marker, payload) = (packet.seq, packet.timestamp, packet.marker, packet.payload.clone());
        input.push(now, RtpIn { kind: MediaKind::Video, seq, timestamp, marker, payload, received_at: now });
    }
    let Some(costage_media::jitter::VideoEvent::Unit(unit)) = input.poll() else { panic!("a frame is an access unit") };
    let picture: PictureRef<'_> = decoder.decode(&unit.data).expect("our own stream").expect("a picture");
    [0, 1].map(|tile| {
        let rect = Template::HostDynamicGrid.regions(CANVAS, 2)[tile].rect;
        picture.y.data[(rect.y + INSIDE) * picture.y.stride + rect.x + INSIDE]
    })
}

fn about(seen: [u8; 2], wanted: [u8; 2]) -> bool {
    seen.iter().zip(wanted).all(|(seen, wanted)| seen.abs_diff(wanted) < 12)
}

fn hand() -> Arc<Hand> {
    Arc::new(Hand(Mutex::new(Instant::now())))
}

#[test]
fn the_first_frame_of_a_connection_shows_both_hosts() {
    let mut room = Room::new(&hand());
    [ALICE, BOB].into_iter().for_each(|source| room.publish(source));
    room.stage(1, &[ALICE], &[]);
    room.stage(2, &[BOB], &[]);
    room.feed(ALICE, LIGHT);
    room.feed(BOB, DARK);
    room.pass(100);
    room.stage(3, &[ALICE, BOB], &[]);
    room.pass(40);
    let seen = room.seen(3);
    assert!(seen.first().is_some_and(|first| about(*first, [LIGHT, DARK])), "{seen:?}");
}

#[test]
fn a_connection_starts_when_its_hosts_have_come_from_other_threads_with_their_pictures() {
    let hand = hand();
    let (mut here, mut there) = (Room::new(&hand), Room::new(&hand));
    here.publish(ALICE);
    there.publish(BOB);
    here.stage(1, &[ALICE], &[]);
    there.stage(2, &[BOB], &[]);
    here.feed(ALICE, LIGHT);
    there.feed(BOB, DARK);
    here.stage(3, &[ALICE, BOB], &[BOB]);
    here.pass(50);
    assert_eq!(here.seen(3), Vec::<[u8; 2]>::new(), "nothing leaves while a host is awaited");

    let (to_here, orders, _) = MixHandle::unattended();
    there.studio.obey(hand.now(), Order::Move { source: BOB, to: to_here });
    while let Some(order) = orders.next() {
        here.studio.obey(hand.now(), order);
    }
    here.pass(40);
    let seen = here.seen(3);
    assert!(seen.first().is_some_and(|first| about(*first, [LIGHT, DARK])), "{seen:?}");
}

#[test]
fn packets_of_an_older_session_of_a_host_are_left_out() {
    let mut room = Room::new(&hand());
    room.publish(ALICE);
    room.stage(3, &[ALICE, BOB], &[]);
    let (now, shard) = (room.now(), room.shard.clone());
    room.studio.obey(now, Order::Publish { source: ALICE, session: SessionKey(99), shard });
    room.feed(ALICE, LIGHT);
    room.pass(50);
    let seen = room.seen(3);
    assert!(seen.iter().all(|tiles| tiles[0].abs_diff(LIGHT) > 50), "{seen:?}");
}

#[test]
fn an_ended_stage_makes_no_more_frames() {
    let mut room = Room::new(&hand());
    room.publish(ALICE);
    room.stage(1, &[ALICE], &[]);
    room.studio.obey(room.now(), Order::EndStage(StageId(1)));
    room.feed(ALICE, LIGHT);
    room.pass(100);
    assert!(room.frames.next().is_none());
    assert_eq!(room.studio.poll_timeout(), None);
}
