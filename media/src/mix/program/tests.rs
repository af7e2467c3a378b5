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
    let scene = Scene {
        canvas,
        template: Template::HostDynamicGrid,
        tiles: Vec::new(),
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle::default(),
        names: true,
    };
    let later = now + Duration::from_secs(1);
    program.set_scene(later, scene);
    let frame = produce(&mut program, later).unwrap().unwrap().frame;
    assert!(frame.keyframe);
    // The parameter sets share a STAP-A: a byte of its own and two of length before the first.
    let sps = Sps::parse(&frame.packets[0].payload[3..]).unwrap();
    assert_eq!((sps.width, sps.height), (96, 48));
}
