use super::*;
use crate::codec::VideoDecoder;
use crate::codec::annexb::nal_type;
use crate::codec::openh264::Decoder;
use crate::codec::sps::Sps;
use crate::codec::testing::{annex_b, luma_psnr, moving};
use crate::frame::{Colour, I420};

const PORTRAIT: Size = Size { width: 720, height: 1280 };

fn encoder(size: Size, bitrate_bps: u32, max_fps: u32) -> Encoder {
    Encoder::new(EncoderConfig { size, bitrate_bps, max_fps }).unwrap()
}

#[test]
fn stream_is_constrained_baseline_of_the_true_level() {
    for (max_fps, level) in [(15, 31), (30, 31), (60, 32)] {
        let mut encoder = encoder(PORTRAIT, 2_500_000, max_fps);
        let picture = moving(PORTRAIT, 0);
        let encoded = encoder.encode(picture.as_ref(), MediaTime(0), false).unwrap().unwrap();
        assert!(encoded.keyframe, "the first picture is an IDR unasked");
        let kinds: Vec<u8> = encoded.nals.iter().map(|nal| nal_type(nal)).collect();
        assert_eq!(kinds, [7, 8, 5]);
        let sps = Sps::parse(encoded.nals[0]).unwrap();
        assert_eq!((sps.profile, sps.level, sps.width, sps.height), (66, level, 720, 1280));
        assert_eq!(sps.constraints, 0xe0, "profile-level-id 42e0xx");
    }
}

#[test]
fn keyframes_come_on_demand_only_even_at_a_cut() {
    let size = Size { width: 320, height: 240 };
    let mut encoder = encoder(size, 500_000, 30);
    for n in 0..200_i64 {
        // A hard cut each 50 pictures.
        let picture = if n / 50 % 2 == 0 { moving(size, usize::try_from(n).unwrap()) } else { I420::black(size) };
        let asked = n == 120;
        let encoded = encoder.encode(picture.as_ref(), MediaTime(n * 33_333), asked).unwrap().unwrap();
        assert_eq!(encoded.keyframe, n == 0 || asked, "picture {n}");
        let kinds: Vec<u8> = encoded.nals.iter().map(|nal| nal_type(nal)).collect();
        assert_eq!(kinds, if encoded.keyframe { vec![7, 8, 5] } else { vec![1] });
    }
}

#[test]
fn every_picture_decodes_at_once_and_looks_like_its_source() {
    let size = Size { width: 360, height: 640 };
    let (mut encoder, mut decoder) = (encoder(size, 1_500_000, 30), Decoder::new());
    for n in 0..60 {
        let picture = moving(size, n);
        let encoded = encoder.encode(picture.as_ref(), MediaTime(n as i64 * 33_333), false).unwrap().unwrap();
        let unit = annex_b(&encoded.nals);
        let decoded = decoder.decode(&unit).unwrap().expect("no delay");
        assert_eq!(decoded.size(), size);
        let psnr = luma_psnr(&picture.as_ref().y, &decoded.y);
        assert!(psnr > 28.0, "picture {n}: {psnr:.1} dB");
    }
}

/// A scene of two seconds that runs to and fro, sixty pictures a second.
fn scene(size: Size) -> Vec<I420> {
    (0..120).map(|step| moving(size, step)).collect()
}

/// Encodes a moving scene at these times and says how far the bitrate is off, from the second second on.
fn bitrate_error(scene: &[I420], bps: u32, max_fps: u32, times: &[i64]) -> f64 {
    let mut encoder = encoder(scene[0].size(), bps, max_fps);
    let warm = times[0] + 1_000_000;
    let mut bits = 0.0;
    for &time in times {
        // The scene moves with time, not with pictures.
        let step = usize::try_from(time / 16_667).unwrap() % (2 * scene.len());
        let picture = &scene[step.min(2 * scene.len() - 1 - step)];
        let encoded = encoder.encode(picture.as_ref(), MediaTime(time), false).unwrap().unwrap();
        if time >= warm {
            bits += encoded.nals.iter().map(|nal| nal.len() + 4).sum::<usize>() as f64 * 8.0;
        }
    }
    let seconds = (times[times.len() - 1] - warm) as f64 / 1e6;
    bits / seconds / f64::from(bps) - 1.0
}

#[test]
fn bitrate_is_the_target_at_every_cadence() {
    let scene = scene(Size { width: 360, height: 640 });
    for bps in [400_000, 1_000_000] {
        for (max_fps, fps) in [(60, 15), (60, 30), (60, 60), (30, 15), (30, 30), (15, 15)] {
            let times: Vec<i64> = (0..fps * 5).map(|n| n * 1_000_000 / fps).collect();
            let error = bitrate_error(&scene, bps, max_fps, &times);
            assert!(error.abs() < 0.15, "{bps} bps, {fps} of {max_fps} a second: {:+.1} %", error * 100.0);
        }
    }
}

#[test]
fn bitrate_is_the_target_at_the_size_of_a_program() {
    let scene = scene(PORTRAIT);
    for (bps, fps) in [(1_000_000, 15), (1_000_000, 60), (2_500_000, 15), (2_500_000, 30), (2_500_000, 60)] {
        let times: Vec<i64> = (0..fps * 4).map(|n| n * 1_000_000 / fps).collect();
        let error = bitrate_error(&scene, bps, 60, &times);
        assert!(error.abs() < 0.15, "{bps} bps, {fps} a second: {:+.1} %", error * 100.0);
    }
}

#[test]
fn bitrate_is_the_target_at_an_uneven_cadence() {
    let scene = scene(Size { width: 360, height: 640 });
    let mut time = 0;
    // Two hosts out of step, a stall now and then, a second of few pictures.
    let times: Vec<i64> = (0..200)
        .map(|n| {
            time += match n % 50 {
                17 => 180_000,
                30..40 => 66_000,
                step if step % 2 == 0 => 9_000,
                _odd => 25_000,
            };
            time
        })
        .collect();
    for bps in [400_000, 1_000_000] {
        let error = bitrate_error(&scene, bps, 60, &times);
        assert!(error.abs() < 0.15, "{bps} bps: {:+.1} %", error * 100.0);
    }
}

#[test]
fn keyframes_are_paid_back() {
    let size = Size { width: 360, height: 640 };
    let mut encoder = encoder(size, 1_000_000, 30);
    let mut measured = 0.0;
    for n in 0..180_usize {
        let picture = moving(size, n);
        // An IDR each two seconds.
        let encoded = encoder.encode(picture.as_ref(), MediaTime(n as i64 * 33_333), n % 60 == 0).unwrap().unwrap();
        if n >= 60 {
            measured += encoded.nals.iter().map(|nal| nal.len() + 4).sum::<usize>() as f64 * 8.0 / 4.0;
        }
    }
    assert!((measured / 1_000_000.0 - 1.0).abs() < 0.15, "{measured:?}");
}

#[test]
fn wrong_sizes_and_short_planes_are_errors() {
    let refused =
        |width, height| Encoder::new(EncoderConfig { size: Size { width, height }, bitrate_bps: 1, max_fps: 1 });
    assert!(refused(721, 1280).is_err());
    assert!(refused(14, 16).is_err());
    assert!(refused(16, 1922).is_err());
    let size = Size { width: 64, height: 48 };
    let mut encoder = encoder(size, 100_000, 30);
    let other = I420::black(Size { width: 64, height: 64 });
    assert!(matches!(encoder.encode(other.as_ref(), MediaTime(0), false), Err(EncodeError::Size { .. })));
    let picture = I420::black(size);
    let mut short = picture.as_ref();
    short.u.data = &short.u.data[..10];
    assert_eq!(encoder.encode(short, MediaTime(0), false).unwrap_err(), EncodeError::Plane);
    assert!(encoder.encode(picture.as_ref(), MediaTime(0), false).unwrap().unwrap().keyframe);
}

#[test]
fn planes_with_wider_strides_encode_as_tight_ones() {
    let size = Size { width: 64, height: 48 };
    let tight = moving(size, 3);
    let padded: Vec<(Vec<u8>, PlaneRef<'_>)> = [tight.as_ref().y, tight.as_ref().u, tight.as_ref().v]
        .into_iter()
        .map(|plane| (plane.data.chunks(plane.stride).flat_map(|row| [row, &[7; 13]].concat()).collect(), plane))
        .collect();
    let plane = |at: usize| {
        let (data, plane) = &padded[at];
        PlaneRef { data, stride: plane.stride + 13, ..*plane }
    };
    let wide = PictureRef { y: plane(0), u: plane(1), v: plane(2), colour: Colour::default() };
    let encode = |picture| {
        let mut encoder = encoder(size, 100_000, 30);
        annex_b(&encoder.encode(picture, MediaTime(0), false).unwrap().unwrap().nals)
    };
    assert_eq!(encode(wide), encode(tight.as_ref()));
}

#[test]
fn white_noise_encodes_and_decodes() {
    // The worst that can be asked: every picture new, far more bits than the target.
    for size in [Size { width: 16, height: 16 }, Size { width: 320, height: 240 }, PORTRAIT] {
        let (mut encoder, mut decoder) = (encoder(size, 1_000_000, 30), Decoder::new());
        let mut state = 1_u32;
        for n in 0..4 {
            let mut picture = I420::black(size);
            for sample in picture.planes_mut().into_iter().flatten() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = state.to_be_bytes()[0];
            }
            let encoded = encoder.encode(picture.as_ref(), MediaTime(n * 33_333), n == 2).unwrap().unwrap();
            assert_eq!(decoder.decode(&annex_b(&encoded.nals)).unwrap().unwrap().size(), size);
        }
    }
}

/// Not a test of a rule: prints the cost of a picture, for choosing settings. Run it alone, with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn print_cost_of_a_picture() {
    let pictures: Vec<I420> = (0..60).map(|n| moving(PORTRAIT, n)).collect();
    let (mut encoder, mut decoder) = (encoder(PORTRAIT, 2_500_000, 30), Decoder::new());
    let (mut encode_ms, mut decode_ms) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    let mut psnr = 0.0;
    for n in 0..300_usize {
        let picture = &pictures[if n / 60 % 2 == 0 { n % 60 } else { 59 - n % 60 }];
        let start = std::time::Instant::now();
        let encoded = encoder.encode(picture.as_ref(), MediaTime(n as i64 * 33_333), false).unwrap().unwrap();
        encode_ms.push(start.elapsed().as_secs_f64() * 1e3);
        let unit = annex_b(&encoded.nals);
        bytes += unit.len();
        let start = std::time::Instant::now();
        let decoded = decoder.decode(&unit).unwrap().unwrap();
        decode_ms.push(start.elapsed().as_secs_f64() * 1e3);
        psnr += luma_psnr(&picture.as_ref().y, &decoded.y) / 300.0;
    }
    let line = |name: &str, ms: &mut Vec<f64>| {
        ms.remove(0);
        ms.sort_by(f64::total_cmp);
        println!("{name}: p50 {:.2} ms, p95 {:.2} ms", ms[ms.len() / 2], ms[ms.len() * 95 / 100]);
    };
    line("encode 720×1280", &mut encode_ms);
    line("decode 720×1280", &mut decode_ms);
    println!("{:.2} Mbit/s, {psnr:.2} dB", bytes as f64 * 8.0 / 10.0 / 1e6);
}
