use super::*;
use crate::codec::sps::Sps;
use crate::codec::{EncodedVideo, VideoEncoder};
use crate::mix::pacing::KEYFRAMES_APART;
use crate::scene::{Battle, Template};

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
