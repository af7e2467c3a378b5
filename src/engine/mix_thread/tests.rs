use super::*;
use costage_media::codec::{VideoEncoder as _, openh264};
use costage_media::frame::{I420, Size};
use costage_media::jitter::h264::packetise;
use costage_media::kernel::Level;
use costage_media::packet::ExtSeq;
use costage_media::scene::{Battle, Template, Tile};
use costage_media::time::MediaTime;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const ALICE: SourceId = SourceId(1);
const SESSION: SessionKey = SessionKey(1);
const STAGE: StageId = StageId(1);
/// Each look at the clock takes this long: a machine far too slow for what it has to do.
const LOOK: Duration = Duration::from_millis(2);

struct Slow(Mutex<Instant>);

impl Clock for Slow {
    fn now(&self) -> Instant {
        let mut now = self.0.lock().expect("one thread");
        *now += LOOK;
        *now
    }

    fn wall_ms(&self) -> u64 {
        0
    }
}

fn packets(count: u64, now: Instant) -> Vec<RtpIn> {
    let size = Size { width: 64, height: 64 };
    let config = openh264::EncoderConfig { size, bitrate_bps: 300_000, max_fps: 30 };
    let mut encoder = openh264::Encoder::new(config).expect("a small encoder");
    let pictures = (0..count).flat_map(|n| {
        let mut picture = I420::black(size);
        picture.planes_mut()[0].fill(if n % 2 == 0 { 60 } else { 200 });
        let encoded = encoder.encode(picture.as_ref(), MediaTime(0), true).expect("a picture").expect("not skipped");
        let payloads = packetise(&encoded.nals, 1_180);
        payloads.into_iter().map(move |(payload, marker)| (n * 3_000, payload, marker)).collect::<Vec<_>>()
    });
    let packet = |(seq, (timestamp, payload, marker))| RtpIn {
        kind: MediaKind::Video,
        seq: ExtSeq(seq),
        timestamp,
        marker,
        payload,
        received_at: now,
    };
    (100..).zip(pictures).map(packet).collect()
}

/// A thread that shows Alice alone, and where its frames come out.
fn thread() -> (MixThread, MixHandle, Receiver<super::super::shard::Outgoing>) {
    let (shard, frames, _) = ShardHandle::unattended();
    let clock: Arc<dyn Clock> = Arc::new(Slow(Mutex::new(Instant::now())));
    let epoch = Epoch::start(&*clock);
    let config = MixConfig { kernels: Kernels::new(Level::Scalar), max_fps: 30, bitrate_bps: 1_000_000 };
    let shards: Arc<[_]> = Arc::new([shard.clone()]);
    let (mut thread, handle) = MixThread::new(Surroundings { clock, epoch, shards, gallery: Arc::default(), config });
    let tile = Tile { source: ALICE, name: "N".into(), camera: true, muted: false, ..Tile::default() };
    let canvas = Size { width: 180, height: 320 };
    let scene = Scene {
        canvas,
        template: Template::HostDynamicGrid,
        tiles: vec![tile],
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle::default(),
        names: false,
        sei: None,
    };
    let now = thread.clock.now();
    let sends = Sends { audio: true, video: true };
    thread.studio.obey(now, Order::Publish { source: ALICE, session: SESSION, shard, sends });
    thread.studio.obey(now, Order::Stage { stage: STAGE, scene, awaited: BTreeSet::new() });
    (thread, handle, frames)
}

#[test]
fn sound_goes_on_while_pictures_pile_up() {
    let (mut thread, handle, frames) = thread();
    for packet in packets(60, thread.clock.now()) {
        handle.feed(ALICE, SESSION, MixInput::Rtp(packet), true);
    }
    let voice = RtpIn { kind: MediaKind::Audio, ..packets(1, thread.clock.now()).remove(0) };
    handle.feed(ALICE, SESSION, MixInput::Rtp(voice), true);
    assert!(thread.turn().is_continue());
    assert!(thread.sounds.is_empty() && !thread.packets.is_empty(), "a voice does not queue behind pictures");
    let kinds: Vec<MediaKind> = std::iter::from_fn(|| frames.next()).map(|outgoing| outgoing.frame.kind).collect();
    let sounds = kinds.iter().filter(|kind| **kind == MediaKind::Audio).count();
    let pictures = kinds.len() - sounds;
    assert!(sounds >= 6 && pictures >= 3, "the turn was long: {kinds:?}");
    let longest = kinds.split(|kind| *kind == MediaKind::Video).map(<[MediaKind]>::len).max();
    assert!(longest.is_some_and(|run| run <= sounds / 2), "each block when it was due, not all at the end: {kinds:?}");
}
