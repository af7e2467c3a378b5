//! What is done for every picture asks for no memory.
#![allow(missing_docs, reason = "a test binary")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use costage_media::frame::{Colour, I420, Matrix, Size};
use costage_media::kernel::recolour::Recolour;
use costage_media::kernel::rows::{Rows, RowsMut};
use costage_media::kernel::taps::{AreaTaps, LinearTap, LinearTaps};
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::VideoMixer;
use costage_media::scene::{Battle, Countdown, Scene, Side, SourceId, Span, Standing, Template, Tile};

#[test]
fn what_asks_for_memory_is_noticed() {
    assert_eq!(measure(|| drop(black_box(vec![1_u8; 9]))).count_total, 1);
}

#[test]
fn kernels_allocate_nothing_at_any_level() {
    let by = Recolour::of(Colour { matrix: Matrix::Bt709, full_range: true }).unwrap();
    for level in Level::ALL {
        let kernels = Kernels::new(level);
        for width in [1, 7, 33, 64, 130, 481] {
            let (linear, area) = (LinearTaps::new(width * 3 / 2, width), AreaTaps::new(width * 7 / 2, width));
            let (between, runs) = ([LinearTap { index: 1, weight: 40 }; 8], AreaTaps::new(32, 8));
            let stride = width * 4 + 128;
            let (src, mut dst, mut shift) = (vec![90; stride * 34], vec![7; stride * 8], vec![0; width]);
            let asked = measure(|| {
                let rows = Rows::new(&src, stride);
                (kernels.begin)(rows, width);
                (kernels.lerp_rows)(RowsMut::new(&mut dst, stride), width, rows, &between);
                (kernels.lerp_columns)(RowsMut::new(&mut dst, stride), 8, rows, &linear);
                (kernels.average_rows)(RowsMut::new(&mut dst, stride), width, rows, runs.runs());
                (kernels.average_columns)(RowsMut::new(&mut dst, stride), 8, rows, &area);
                (kernels.halve)(RowsMut::new(&mut dst, stride), width, 8, rows);
                (kernels.quarter)(RowsMut::new(&mut dst, stride), width / 2, 4, rows);
                (kernels.blend_row)(&mut dst[..width], &src[..width], &src[1..]);
                (kernels.tint_row)(&mut dst[..width], 16, 140);
                let (u, v) = dst.split_at_mut(stride);
                (kernels.recolour_chroma)(&mut u[..width], &mut v[..width], &mut shift, &by);
                (kernels.recolour_luma)(&mut u[..width], &shift, &by);
            });
            assert_eq!(asked.count_total, 0, "{level}, {width} wide");
        }
    }
}

/// Two with a bar, three with marks; names, a countdown, and windows above a picture that fills the canvas.
#[test]
fn a_picture_in_which_everybody_has_a_new_frame_allocates_nothing() {
    for (template, hosts) in [
        (Template::HostDynamicGrid, 2),
        (Template::HostDynamicGrid, 3),
        (Template::HostDynamicGrid, 9),
        (Template::HostDynamic1v6, 4),
    ] {
        let start = Instant::now();
        let scene = scene(start, template, hosts);
        let mut mixer = VideoMixer::new(Kernels::pick(None), scene.canvas);
        mixer.set_scene(start, scene);
        let pictures = [Size { width: 640, height: 360 }, Size { width: 1280, height: 720 }].map(I420::black);
        let mut frame = |n: u32| {
            let now = start + Duration::from_millis(33) * n;
            mixer.handle_timeout(now);
            for i in 0..hosts {
                mixer.paint(now, SourceId(i), pictures[i as usize % 2].as_ref());
            }
            mixer.compose(now);
        };
        // Tiles arrive, rows and what overlays cover find their places.
        (0..15).for_each(&mut frame);
        // Less than a second: no other time is written meanwhile.
        let asked = measure(|| (16..26).for_each(&mut frame));
        assert_eq!(asked.count_total, 0, "{template:?} of {hosts}: {} bytes", asked.bytes_total);
    }
}

fn scene(now: Instant, template: Template, hosts: u32) -> Scene {
    let tile = |i| Tile { source: SourceId(i), name: format!("Host {i}"), camera: true, ..Tile::default() };
    let side = |i| {
        let standing = Standing { battle: 0, rank: 1, score: u64::from(i) * 700, left: false, until: None };
        Side { source: SourceId(i), standing: Some(standing), verdict: None }
    };
    let countdown = Some(Countdown { of: Span::Battle, end: now + Duration::from_secs(60) });
    Scene {
        canvas: Size { width: 720, height: 1280 },
        template,
        tiles: (0..hosts).map(tile).collect(),
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle { sides: (0..hosts).map(side).collect(), countdown, ..Battle::default() },
        names: true,
        sei: None,
    }
}
