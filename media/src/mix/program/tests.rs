use super::*;
use crate::codec::sps::Sps;
use crate::codec::{EncodedVideo, VideoEncoder};
use crate::mix::pacing::KEYFRAMES_APART;
use crate::mix::testing::Host;
use crate::scene::{Battle, Template, Tile};

const CANVAS: Size = Size { width: 64, height: 64 };

/// An encoder that is broken, or makes no picture.
struct Broken {
    silent: bool,
}

impl VideoEncoder for Broken {
    fn encode(&mut self, _: PictureRef<'_>, _: MediaTime, _: bool) -> Result<Option<EncodedVideo<'_>>, EncodeError> {
        if self.silent { Ok(None) } else { Err(EncodeError::Plane) }
    }
}

fn program(now: Instant) -> Program {
    let config = ProgramConfig { kernels: Kernels::pick(None), max_fps: 30, bitrate_bps: 200_000 };
    Program::new(now, ProducerId(1), config, CANVAS).unwrap()
}

/// A picture of nobody.
fn empty(canvas: Size) -> Scene {
    Scene {
        canvas,
        template: Template::HostDynamicGrid,
        tiles: Vec::new(),
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle::default(),
        names: true,
        sei: None,
    }
}

fn produce(program: &mut Program, now: Instant) -> Result<Option<Produced>, EncodeError> {
    program.produce(now, MediaTime(0), &|| now)
}

#[test]
fn a_keyframe_that_fails_is_told_and_tried_again_later_and_wakes_nobody_before() {
    for silent in [false, true] {
        let now = Instant::now();
        let mut program = program(now);
        program.encoder = Some((CANVAS, Box::new(Broken { silent })));
        assert_eq!(produce(&mut program, now).is_err(), !silent);
        assert!(program.poll_picture_timeout().is_none_or(|at| at >= now + KEYFRAMES_APART));
        assert!(produce(&mut program, now + Duration::from_millis(100)).unwrap().is_none());
        program.encoder = None;
        assert!(produce(&mut program, now + KEYFRAMES_APART).unwrap().unwrap().frame.keyframe);
    }
}

#[test]
fn another_canvas_is_a_cut_at_a_keyframe_of_its_size() {
    let now = Instant::now();
    let mut program = program(now);
    assert!(produce(&mut program, now).unwrap().unwrap().frame.keyframe);
    let canvas = Size { width: 96, height: 48 };
    let later = now + Duration::from_secs(1);
    program.set_scene(later, empty(canvas));
    let frame = produce(&mut program, later).unwrap().unwrap().frame;
    assert!(frame.keyframe);
    // The parameter sets share a STAP-A: a byte of its own and two of length before the first.
    let sps = Sps::parse(&frame.packets[0].payload[3..]).unwrap();
    assert_eq!((sps.width, sps.height), (96, 48));
}

fn told(produced: &Produced) -> Option<String> {
    let payloads = produced.frame.packets.iter().map(|packet| &packet.payload[..]);
    payloads.filter_map(crate::codec::sei::data).map(|data| String::from_utf8(data).unwrap()).next()
}

#[test]
fn what_is_told_goes_before_the_picture_that_shows_it_and_makes_a_frame_of_its_own_when_the_picture_stays() {
    let now = Instant::now();
    let mut program = program(now);
    let scene = |event: u64| Scene {
        sei: Some(Box::new(crate::scene::Sei {
            events: format!("{{\"a\":{event}}}").into(),
            layout: "{}".into(),
            battles: "[]".into(),
            users: BTreeMap::new(),
        })),
        ..empty(CANVAS)
    };
    program.set_scene(now, scene(1));
    let first = produce(&mut program, now).unwrap().unwrap();
    assert!(first.frame.keyframe);
    assert_eq!(told(&first).unwrap(), r#"{"events":{"a":1},"layout":{},"battles":[],"speakers":[]}"#);
    assert!(!first.frame.packets.last().unwrap().payload.is_empty() && first.frame.packets.last().unwrap().marker);
    let later = now + Duration::from_secs(1);
    program.handle_timeout(later);
    while produce(&mut program, later).unwrap().is_some() {}
    program.set_scene(later, scene(2));
    let next = produce(&mut program, later).unwrap().expect("nothing but what is told has changed");
    assert_eq!((told(&next).unwrap(), next.frame.keyframe), (r#"{"events":{"a":2}}"#.to_owned(), false));
    assert!(produce(&mut program, later + Duration::from_millis(40)).unwrap().is_none());
}

#[test]
fn a_picture_that_does_not_change_is_encoded_once_a_second_and_costs_no_keyframe() {
    let now = Instant::now();
    let mut program = program(now);
    let first = produce(&mut program, now).unwrap().unwrap();
    assert!(first.frame.keyframe);
    let mut made = Vec::new();
    while let Some(next) = program.poll_picture_timeout().filter(|next| *next <= now + Duration::from_secs(5)) {
        program.handle_timeout(next);
        if let Some(produced) = produce(&mut program, next).unwrap() {
            let bytes: usize = produced.frame.packets.iter().map(|packet| packet.payload.len()).sum();
            assert!(!produced.frame.keyframe && bytes < 100, "{bytes}");
            made.push((next - now).as_millis());
        }
    }
    assert_eq!(made, [1_000, 2_000, 3_000, 4_000, 5_000]);
}

/// All blocks of sound that are due by `now`, and what `host` sends until then.
fn talk(program: &mut Program, source: SourceId, host: &mut Host, now: Instant) {
    while host.next_at() <= now {
        let packet = host.packet();
        program.hear(packet.received_at, source, packet);
    }
    while let Some(block) = program.speak(now, &|_| 0) {
        block.unwrap();
    }
}

#[test]
fn a_voice_has_its_ring_within_100_ms_and_silence_takes_it_away_within_300() {
    let (start, source) = (Instant::now(), SourceId(1));
    let canvas = Size { width: 360, height: 640 };
    let mut program = program(start);
    let tile = Tile { source, name: "Ada".into(), camera: true, ..Tile::default() };
    program.set_scene(start, Scene { tiles: vec![tile], ..empty(canvas) });
    program.put_sound(start, source, None);
    let picture = |program: &mut Program, now| program.video.compose(now).y.data.to_vec();
    let calm = picture(&mut program, start);
    // Silent first, so that the way of sound through packing and playout does not count.
    let ms = |ms: u64| start + Duration::from_millis(ms);
    let mut silent = Host::new(start, 440.0, 0.0);
    for at in (0..500).step_by(10) {
        talk(&mut program, source, &mut silent, ms(at));
        assert!(!program.video.is_dirty(), "{at} ms: nobody speaks");
    }
    // Root mean square of a sine of amplitude 0.1414: -20 dBFS.
    silent.set_amplitude(0.1414);
    let mut rises = None;
    for at in (500..1_000).step_by(10) {
        talk(&mut program, source, &mut silent, ms(at));
        if program.video.is_dirty() {
            assert_ne!(picture(&mut program, ms(at)), calm);
            assert!(rises.replace(at).is_none(), "{at} ms: a level that stays is painted once");
        }
    }
    silent.set_amplitude(0.0);
    let mut falls = Vec::new();
    for at in (1_000..2_000).step_by(10) {
        talk(&mut program, source, &mut silent, ms(at));
        if program.video.is_dirty() {
            falls.push((at, picture(&mut program, ms(at)) == calm));
        }
    }
    let rises = rises.expect("a ring");
    let (gone, is_calm) = *falls.last().unwrap();
    assert!(rises <= 600, "{rises}");
    assert!(is_calm && gone <= 1_300, "{falls:?}");
    assert!(falls.len() <= 4, "a step at a time: {falls:?}");
}
