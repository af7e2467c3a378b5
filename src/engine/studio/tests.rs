use super::*;
use crate::engine::bounded::Receiver;
use crate::engine::clock::{Clock, Epoch};
use crate::engine::mix_thread::MixConfig;
use costage_media::codec::{VideoDecoder, VideoEncoder, openh264};
use costage_media::frame::{I420, PictureRef, Size};
use costage_media::jitter::h264::packetise;
use costage_media::kernel::{Kernels, Level};
use costage_media::packet::{ExtSeq, RtpIn};
use costage_media::scene::{Battle, Scene, Template, Tile};
use costage_media::time::MediaTime;
use std::sync::Mutex;
use std::time::Duration;

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
    /// What came out of each stage.
    screens: BTreeMap<u64, Screen>,
    /// The number of each source's next packet.
    next: BTreeMap<SourceId, u64>,
}

/// A viewer of one stage.
#[derive(Default)]
struct Screen {
    input: costage_media::jitter::VideoInput,
    decoder: openh264::Decoder,
    seen: Vec<Picture>,
}

/// Luma of a decoded frame, row by row.
type Picture = Vec<Vec<u8>>;

impl Room {
    fn new(hand: &Arc<Hand>) -> Self {
        let (shard, frames, _) = ShardHandle::unattended();
        let clock: Arc<dyn Clock> = Arc::clone(hand) as _;
        let epoch = Epoch::start(&*clock);
        let config = MixConfig { kernels: Kernels::new(Level::Scalar), max_fps: 30, bitrate_bps: 1_000_000 };
        let shards: Arc<[_]> = Arc::new([shard.clone()]);
        let studio = Studio::new(Surroundings { clock, epoch, shards, gallery: Arc::default(), config });
        Self { hand: Arc::clone(hand), studio, frames, shard, screens: BTreeMap::new(), next: BTreeMap::new() }
    }

    fn now(&self) -> Instant {
        self.hand.now()
    }

    fn publish(&mut self, source: SourceId) {
        let (now, shard) = (self.now(), self.shard.clone());
        let sends = Sends { audio: true, video: true };
        self.studio.obey(now, Order::Publish { source, session: session(source), shard, sends });
    }

    fn stage(&mut self, stage: u64, sources: &[SourceId], awaited: &[SourceId]) {
        let awaited = awaited.iter().copied().collect();
        self.studio.obey(self.now(), Order::Stage { stage: StageId(stage), scene: scene(sources), awaited });
    }

    /// A keyframe of an even grey, as a host sends it.
    fn feed(&mut self, source: SourceId, luma: u8) {
        let first = self.next.entry(source).or_insert(100);
        let packets = keyframe(luma, self.hand.now(), *first);
        *first += u64::try_from(packets.len()).expect("a few");
        for packet in packets {
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

    /// Each picture that came out of `stage` since the last look.
    fn pictures(&mut self, stage: u64) -> Vec<Picture> {
        while let Some(outgoing) = self.frames.next() {
            let frame = &outgoing.frame;
            if frame.kind == MediaKind::Video {
                self.screens.entry(u64::try_from(frame.producer.0).expect("a stage")).or_default().show(frame);
            }
        }
        self.screens.get_mut(&stage).map_or_else(Vec::new, |screen| std::mem::take(&mut screen.seen))
    }

    /// Luma near the corner of both tiles of a connection of two, in each video frame that came out of `stage`.
    fn seen(&mut self, stage: u64) -> Vec<[u8; 2]> {
        self.pictures(stage).iter().map(corner_of_tiles).collect()
    }
}

fn session(source: SourceId) -> SessionKey {
    SessionKey(u64::from(source.0))
}

fn scene(sources: &[SourceId]) -> Scene {
    let tile =
        |source: &SourceId| Tile { source: *source, name: "N".into(), camera: true, muted: false, ..Tile::default() };
    let tiles = sources.iter().map(tile).collect();
    Scene {
        canvas: CANVAS,
        template: Template::HostDynamicGrid,
        tiles,
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle::default(),
        names: false,
        sei: None,
    }
}

fn keyframe(luma: u8, now: Instant, first: u64) -> Vec<RtpIn> {
    let mut picture = I420::black(SOURCE);
    picture.planes_mut()[0].fill(luma);
    let config = openh264::EncoderConfig { size: SOURCE, bitrate_bps: 300_000, max_fps: 30 };
    let mut encoder = openh264::Encoder::new(config).expect("a small encoder");
    let encoded = encoder.encode(picture.as_ref(), MediaTime(0), true).expect("a picture").expect("is not skipped");
    let payloads = packetise(&encoded.nals, 1_180);
    let packet = |(n, (payload, marker)): (u64, (bytes::Bytes, bool))| RtpIn {
        kind: MediaKind::Video,
        seq: ExtSeq(first + n),
        timestamp: 90 * first,
        marker,
        payload,
        received_at: now,
    };
    (0..).zip(payloads).map(packet).collect()
}

impl Screen {
    fn show(&mut self, frame: &Frame) {
        let now = Instant::now();
        for packet in &frame.packets {
            let (seq, timestamp, marker) = (packet.seq, packet.timestamp, packet.marker);
            let (kind, payload) = (MediaKind::Video, packet.payload.clone());
            self.input.push(now, RtpIn { kind, seq, timestamp, marker, payload, received_at: now });
        }
        // Who comes between keyframes sees nothing yet.
        let Some(costage_media::jitter::VideoEvent::Unit(unit)) = self.input.poll() else { return };
        let picture: PictureRef<'_> = self.decoder.decode(&unit.data).expect("our own stream").expect("a picture");
        let rows = picture.y.data.chunks(picture.y.stride);
        self.seen.push(rows.map(|row| row[..picture.y.width].to_vec()).collect());
    }
}

fn corner_of_tiles(picture: &Picture) -> [u8; 2] {
    [0, 1].map(|tile| {
        let rect = Template::HostDynamicGrid.regions(CANVAS, 2)[tile].rect;
        picture[rect.y + INSIDE][rect.x + INSIDE]
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
    room.pass(340);
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
    there.studio.obey(hand.now(), Order::Move { source: BOB, to: to_here, number: 1 });
    while let Some(order) = orders.next() {
        here.studio.obey(hand.now(), order);
    }
    here.pass(340);
    let seen = here.seen(3);
    assert!(seen.first().is_some_and(|first| about(*first, [LIGHT, DARK])), "{seen:?}");
}

/// Where the light host's picture ends and the dark one's begins, on a row that both tiles have.
fn border(picture: &Picture) -> usize {
    picture[CANVAS.height / 2].iter().take_while(|luma| **luma > LIGHT.midpoint(DARK)).count()
}

/// All that both tiles of a connection have in common with a picture of either alone shows hosts: not the background,
/// not an avatar, not black.
fn assert_no_hole(pictures: &[Picture]) {
    for (n, picture) in pictures.iter().enumerate() {
        let rows = &picture[76..222];
        let darkest = rows.iter().flatten().min().expect("rows have pixels");
        assert!(*darkest > 47, "picture {n} has {darkest}");
    }
}

#[test]
fn when_two_connect_the_viewers_of_each_see_their_host_make_room_for_the_other() {
    let mut room = Room::new(&hand());
    [ALICE, BOB].into_iter().for_each(|source| room.publish(source));
    room.stage(1, &[ALICE], &[]);
    room.stage(2, &[BOB], &[]);
    room.feed(ALICE, LIGHT);
    room.feed(BOB, DARK);
    room.pass(100);
    [1, 2].into_iter().for_each(|stage| drop(room.pictures(stage)));
    room.stage(3, &[ALICE, BOB], &[]);
    [1, 2].into_iter().for_each(|stage| room.studio.obey(room.hand.now(), Order::EndStage(StageId(stage))));
    room.pass(1_000);
    for (stage, from) in [(1, 180), (2, 0)] {
        let pictures = room.pictures(stage);
        assert!(pictures.len() >= 8, "{} pictures of stage {stage}", pictures.len());
        assert_no_hole(&pictures);
        let borders: Vec<usize> = pictures.iter().map(border).collect();
        assert!(borders[0].abs_diff(from) <= 4, "{borders:?}");
        assert!(borders.last().is_some_and(|last| last.abs_diff(90) <= 4), "{borders:?}");
        assert!(borders.is_sorted_by(|a, b| a.abs_diff(90) + 2 >= b.abs_diff(90)), "{borders:?}");
    }
    let shared = room.pictures(3);
    assert_no_hole(&shared);
    assert!(shared.iter().all(|picture| about(corner_of_tiles(picture), [LIGHT, DARK])));
}

#[test]
fn viewers_of_a_host_who_comes_from_another_thread_see_their_picture_turn_too() {
    let hand = hand();
    let (mut here, mut there) = (Room::new(&hand), Room::new(&hand));
    here.publish(ALICE);
    there.publish(BOB);
    here.stage(1, &[ALICE], &[]);
    there.stage(2, &[BOB], &[]);
    here.feed(ALICE, LIGHT);
    there.feed(BOB, DARK);
    there.pass(50);
    assert!(!there.pictures(2).is_empty());
    here.stage(3, &[ALICE, BOB], &[BOB]);
    let (to_here, orders, _) = MixHandle::unattended();
    there.studio.obey(hand.now(), Order::Move { source: BOB, to: to_here, number: 1 });
    there.studio.obey(hand.now(), Order::EndStage(StageId(2)));
    while let Some(order) = orders.next() {
        here.studio.obey(hand.now(), order);
    }
    // The viewer stays: what comes from here goes on where the other thread was.
    here.screens.insert(2, there.screens.remove(&2).expect("it was on the air"));
    here.pass(1_000);
    let pictures = here.pictures(2);
    assert_no_hole(&pictures);
    let borders: Vec<usize> = pictures.iter().map(border).collect();
    assert!(borders[0] <= 4 && borders.last().is_some_and(|last| last.abs_diff(90) <= 4), "{borders:?}");
    assert!(borders.len() >= 8 && borders.iter().any(|border| (30..80).contains(border)), "{borders:?}");
    assert!(here.studio.programs.keys().eq([&StageId(3)]), "programs that have turned end");
}

/// A connection of two that has just made a keyframe, and a third host alone beside it, who joins.
fn join(room: &mut Room) {
    let carol = SourceId(3);
    for (source, luma) in [(ALICE, LIGHT), (BOB, DARK), (carol, LIGHT)] {
        room.publish(source);
        room.feed(source, luma);
    }
    room.stage(1, &[ALICE, BOB], &[]);
    room.stage(3, &[carol], &[]);
    room.pass(1_000);
    room.studio.wish(room.now(), ProducerId(1));
    room.pass(40);
    room.pictures(3);
    room.stage(1, &[ALICE, BOB, carol], &[]);
    room.studio.obey(room.now(), Order::EndStage(StageId(3)));
}

#[test]
fn viewers_of_a_host_who_joins_see_it_until_the_keyframe_they_asked_for() {
    let hand = hand();
    let mut room = Room::new(&hand);
    join(&mut room);
    room.studio.wish(room.now(), ProducerId(1));
    room.pass(400);
    assert!(room.pictures(3).len() >= 8, "it makes room for the others meanwhile");
    assert!(room.studio.programs.contains_key(&StageId(3)), "the next keyframe is half a second after the last");
    room.pass(100);
    assert!(!room.studio.programs.contains_key(&StageId(3)), "its viewers are with the others now");
}

#[test]
fn a_host_without_viewers_who_joins_leaves_its_program_behind_before_long() {
    let hand = hand();
    let mut room = Room::new(&hand);
    join(&mut room);
    room.pass(1_990);
    assert!(room.studio.programs.contains_key(&StageId(3)), "a wish may still come");
    room.pass(10);
    assert!(!room.studio.programs.contains_key(&StageId(3)));
    let spins = room.studio.poll_timeout().is_some_and(|at| at <= room.now());
    assert!(!spins);
}

#[test]
fn who_is_alone_again_fills_the_picture_from_where_it_was() {
    let mut room = Room::new(&hand());
    [ALICE, BOB].into_iter().for_each(|source| room.publish(source));
    room.stage(3, &[ALICE, BOB], &[]);
    room.feed(ALICE, LIGHT);
    room.feed(BOB, DARK);
    room.pass(100);
    for (stage, source) in [(4, ALICE), (5, BOB)] {
        room.stage(stage, &[source], &[]);
    }
    room.studio.obey(room.now(), Order::EndStage(StageId(3)));
    room.pass(1_000);
    for (stage, to) in [(4, 180), (5, 0)] {
        let pictures = room.pictures(stage);
        assert_no_hole(&pictures);
        let borders: Vec<usize> = pictures.iter().map(border).collect();
        assert!(borders[0].abs_diff(90) <= 4, "{borders:?}");
        assert!(borders.last().is_some_and(|last| last.abs_diff(to) <= 4), "{borders:?}");
        assert!(borders.len() >= 8, "{borders:?}");
    }
}

#[test]
fn connecting_and_parting_in_haste_leaves_nothing_behind_and_never_spins() {
    let mut room = Room::new(&hand());
    [ALICE, BOB].into_iter().for_each(|source| room.publish(source));
    let mut alone = [1, 2];
    for (stage, source) in [(1, ALICE), (2, BOB)] {
        room.stage(stage, &[source], &[]);
    }
    room.feed(ALICE, LIGHT);
    room.feed(BOB, DARK);
    for round in 1..=4 {
        let (shared, after) = (10 * round, [10 * round + 1, 10 * round + 2]);
        room.stage(shared, &[ALICE, BOB], &[]);
        alone.into_iter().for_each(|stage| room.studio.obey(room.hand.now(), Order::EndStage(StageId(stage))));
        for _ in 0..100 * (round - 1) {
            room.pass(1);
            assert!(room.studio.poll_timeout().is_none_or(|next| next > room.now()), "nothing is left undone");
        }
        for (stage, source) in after.into_iter().zip([ALICE, BOB]) {
            room.stage(stage, &[source], &[]);
        }
        room.studio.obey(room.now(), Order::EndStage(StageId(shared)));
        room.pass(50);
        assert!(room.studio.programs.keys().map(|stage| stage.0).eq(after), "round {round}");
        alone = after;
    }
}

#[test]
fn a_host_without_a_voice_is_muted_and_one_without_a_picture_has_its_camera_closed() {
    let mut room = Room::new(&hand());
    let now = room.now();
    for (source, audio, video) in [(ALICE, false, true), (BOB, true, false)] {
        let (shard, sends) = (room.shard.clone(), Sends { audio, video });
        room.studio.obey(now, Order::Publish { source, session: session(source), shard, sends });
    }
    let known = room.studio.dressed(&scene(&[ALICE, BOB, SourceId(3)])).tiles;
    let known: Vec<_> = known.iter().map(|tile| (tile.muted, tile.camera)).collect();
    assert_eq!(known, [(true, true), (false, false), (false, true)]);
}

#[test]
fn packets_of_an_older_session_of_a_host_are_left_out() {
    let mut room = Room::new(&hand());
    room.publish(ALICE);
    room.stage(3, &[ALICE, BOB], &[]);
    let (now, shard) = (room.now(), room.shard.clone());
    room.studio.obey(now, Order::Publish { source: ALICE, session: SessionKey(99), shard, sends: Sends::default() });
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

/// A decoder with a defect.
struct Defect;

impl VideoDecoder for Defect {
    fn decode(&mut self, _: &[u8]) -> Result<Option<PictureRef<'_>>, costage_media::codec::DecodeError> {
        panic!("a defect, on purpose")
    }

    fn last(&self) -> Option<PictureRef<'_>> {
        None
    }
}

#[test]
fn a_panic_in_one_hosts_media_ends_it_alone_until_its_next_session() {
    let mut room = Room::new(&hand());
    [ALICE, BOB].into_iter().for_each(|source| room.publish(source));
    room.stage(3, &[ALICE, BOB], &[]);
    room.studio.sources.get_mut(&ALICE).expect("she publishes").set_decoder(Box::new(Defect));
    room.feed(ALICE, LIGHT);
    room.feed(BOB, DARK);
    room.pass(100);
    let last = room.seen(3).pop().expect("the program goes on");
    assert!(last[1].abs_diff(DARK) < 12 && last[0].abs_diff(LIGHT) > 50, "{last:?}");
    assert!(room.studio.sources.keys().eq([&BOB]));
    room.publish(ALICE);
    room.feed(ALICE, LIGHT);
    room.pass(400);
    let last = room.seen(3).pop().expect("it goes on");
    assert!(about(last, [LIGHT, DARK]), "{last:?}");
}

/// Three threads; the source that goes around is held by the first. The ways to the others, and what was sent there.
fn threads(hand: &Arc<Hand>) -> ([Room; 3], [(MixHandle, Receiver<Order>); 2]) {
    let mut rooms = [Room::new(hand), Room::new(hand), Room::new(hand)];
    rooms[0].publish(ALICE);
    rooms[0].feed(ALICE, LIGHT);
    let ways = [(); 2].map(|()| {
        let (to, orders, _) = MixHandle::unattended();
        (to, orders)
    });
    (rooms, ways)
}

fn arrive(room: &mut Room, orders: &Receiver<Order>) {
    while let Some(order) = orders.next() {
        room.studio.obey(room.hand.now(), order);
    }
}

#[test]
fn a_source_that_moves_on_before_it_has_come_is_sent_after_its_destination() {
    let hand = hand();
    let ([mut a, mut b, mut c], [(to_b, at_b), (to_c, at_c)]) = threads(&hand);
    c.stage(3, &[ALICE, BOB], &[ALICE]);
    b.studio.obey(hand.now(), Order::Move { source: ALICE, to: to_c, number: 2 });
    arrive(&mut c, &at_c);
    a.studio.obey(hand.now(), Order::Move { source: ALICE, to: to_b, number: 1 });
    c.pass(100);
    assert!(c.seen(3).is_empty(), "it is awaited still");
    arrive(&mut b, &at_b);
    arrive(&mut c, &at_c);
    assert!(a.studio.sources.is_empty() && b.studio.sources.is_empty(), "nothing is stranded");
    c.pass(400);
    let seen = c.seen(3);
    assert!(seen.first().is_some_and(|first| first[0].abs_diff(LIGHT) < 12), "{seen:?}");
}

#[test]
fn a_source_that_goes_away_and_back_in_haste_ends_where_it_belongs() {
    let hand = hand();
    let ([mut a, mut b, mut c], [(to_b, at_b), (to_c, at_c)]) = threads(&hand);
    let (to_a, at_a, _) = MixHandle::unattended();
    a.studio.obey(hand.now(), Order::Move { source: ALICE, to: to_b, number: 1 });
    a.studio.obey(hand.now(), Order::Move { source: ALICE, to: to_c, number: 3 });
    b.studio.obey(hand.now(), Order::Move { source: ALICE, to: to_a, number: 2 });
    arrive(&mut b, &at_b);
    arrive(&mut a, &at_a);
    arrive(&mut c, &at_c);
    assert!(a.studio.sources.is_empty() && b.studio.sources.is_empty());
    assert!(c.studio.sources.keys().eq([&ALICE]));
    assert!(c.studio.sources[&ALICE].last().is_some(), "with its picture");
}

#[test]
fn a_source_that_ends_on_its_way_leaves_nothing_anywhere() {
    let hand = hand();
    let ([mut a, mut b, mut c], [(to_b, at_b), (to_c, _at_c)]) = threads(&hand);
    a.studio.obey(hand.now(), Order::Move { source: ALICE, to: to_b, number: 1 });
    b.studio.obey(hand.now(), Order::Move { source: ALICE, to: to_c, number: 2 });
    for room in [&mut a, &mut b, &mut c] {
        room.studio.obey(hand.now(), Order::EndSource(ALICE));
    }
    arrive(&mut b, &at_b);
    c.publish(ALICE);
    for room in [&a, &b, &c] {
        let studio = &room.studio;
        assert!(studio.sources.is_empty() && studio.moved.is_empty() && studio.arrivals.is_empty());
    }
}

#[test]
fn a_program_that_nobody_watches_is_not_encoded_and_begins_with_what_is_true_now() {
    let mut room = Room::new(&hand());
    let watching = |room: &Room, stages: &[u64]| {
        room.shard.set_watched(stages.iter().map(|stage| ProducerId((*stage).into())).collect())
    };
    watching(&room, &[]);
    [ALICE, BOB].into_iter().for_each(|source| room.publish(source));
    room.stage(3, &[ALICE, BOB], &[]);
    room.pass(500);
    room.feed(ALICE, LIGHT);
    room.feed(BOB, DARK);
    room.pass(100);
    assert_eq!(room.seen(3), Vec::<[u8; 2]>::new());
    assert!(room.studio.poll_timeout().is_none_or(|at| at > room.now()), "nothing spins");
    watching(&room, &[3]);
    room.studio.wish(room.now(), ProducerId(3));
    room.pass(1);
    let seen = room.seen(3);
    assert!(seen.len() == 1 && about(seen[0], [LIGHT, DARK]), "{seen:?}");
}

#[test]
fn a_program_that_nobody_has_seen_for_a_second_rests_and_is_drawn_anew_for_who_comes() {
    let mut room = Room::new(&hand());
    let watching = |room: &Room, stages: &[u64]| {
        room.shard.set_watched(stages.iter().map(|stage| ProducerId((*stage).into())).collect())
    };
    room.publish(ALICE);
    room.stage(1, &[ALICE], &[]);
    room.feed(ALICE, LIGHT);
    room.pass(100);
    assert!(!room.seen(1).is_empty());
    let resting = |room: &Room| room.studio.programs[&StageId(1)].resting;
    watching(&room, &[]);
    room.pass(900);
    watching(&room, &[1]);
    room.pass(100);
    watching(&room, &[]);
    room.pass(990);
    assert!(!resting(&room), "who comes back within a second finds it as it was");
    room.pass(30);
    assert!(resting(&room));
    // Before that the unchanged picture was sent once more, as each second.
    drop(room.seen(1));
    // What comes now is decoded only, and so is a new scene heard only.
    room.publish(BOB);
    room.stage(1, &[ALICE, BOB], &[]);
    room.feed(ALICE, LIGHT);
    room.feed(BOB, DARK);
    assert!(room.studio.poll_timeout().is_none_or(|at| at > room.now()), "nothing spins");
    watching(&room, &[1]);
    room.studio.wish(room.now(), ProducerId(1));
    assert!(!resting(&room));
    room.pass(20);
    let seen = room.seen(1);
    assert!(
        seen.len() == 1 && about(seen[0], [LIGHT, DARK]),
        "nothing moves there from what was seen before: {seen:?}"
    );
}

mod guests;
