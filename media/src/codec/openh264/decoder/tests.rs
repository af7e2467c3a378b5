use super::*;
use crate::codec::VideoEncoder;
use crate::codec::openh264::{Encoder, EncoderConfig};
use crate::codec::sps::SpsError;
use crate::codec::testing::{annex_b, luma_psnr, moving};
use crate::frame::Matrix;
use crate::time::MediaTime;

/// Access units of a moving scene: an IDR first, then `count − 1` P pictures.
fn stream(size: Size, count: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(EncoderConfig { size, bitrate_bps: 800_000, max_fps: 30 }).unwrap();
    (0..count)
        .map(|n| {
            let picture = moving(size, n);
            let at = MediaTime(n as i64 * 33_333);
            annex_b(&encoder.encode(picture.as_ref(), at, false).unwrap().unwrap().nals)
        })
        .collect()
}

fn size(width: usize, height: usize) -> Size {
    Size { width, height }
}

#[test]
fn each_unit_gives_its_picture_at_once_at_every_size() {
    for size in [size(16, 16), size(18, 16), size(322, 182), size(354, 626), size(1280, 720), size(1920, 1920)] {
        let mut decoder = Decoder::new();
        for (n, unit) in stream(size, 3).iter().enumerate() {
            let decoded = decoder.decode(unit).unwrap().expect("a picture a unit");
            assert_eq!(decoded.size(), size);
            assert_eq!((decoded.u.width, decoded.u.height), (size.width.div_ceil(2), size.height.div_ceil(2)));
            let psnr = luma_psnr(&moving(size, n).as_ref().y, &decoded.y);
            assert!(psnr > 24.0, "{size:?}: {psnr}");
        }
    }
}

#[test]
fn main_profile_is_not_held_back_for_reordering() {
    let size = size(320, 240);
    let config = EncoderConfig { size, bitrate_bps: 800_000, max_fps: 30 };
    let (mut encoder, mut decoder) = (Encoder::main_profile(config), Decoder::new());
    for n in 0..40 {
        let picture = moving(size, n);
        let encoded = encoder.encode(picture.as_ref(), MediaTime(n as i64 * 33_333), n == 20).unwrap().unwrap();
        if encoded.keyframe {
            assert_eq!(Sps::parse(encoded.nals[0]).unwrap().profile, 77);
        }
        let decoded = decoder.decode(&annex_b(&encoded.nals)).unwrap().expect("at once");
        assert!(luma_psnr(&picture.as_ref().y, &decoded.y) > 28.0, "its own picture, not the one before");
    }
}

#[test]
fn resolution_may_change_mid_stream() {
    let mut decoder = Decoder::new();
    for size in [size(640, 360), size(360, 640), size(16, 16), size(1280, 720), size(322, 182)] {
        for unit in stream(size, 3) {
            assert_eq!(decoder.decode(&unit).unwrap().unwrap().size(), size);
        }
    }
}

/// The unit with full-range BT.709 in its parameter set, where the encoder wrote BT.601: `video_full_range_flag`,
/// `colour_description_present_flag`, then primaries, transfer and matrix, each 6.
fn of_a_browser(unit: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = unit[..40].iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let written: Vec<u8> = "01000001100000011000000110".bytes().map(|digit| digit - b'0').collect();
    let at = bits.windows(written.len()).position(|window| window == written).expect("the encoder says its colours");
    let mut unit = unit.to_vec();
    let mut put = |bit: usize, value: u8| unit[bit / 8] = unit[bit / 8] & !(128 >> (bit % 8)) | value << (7 - bit % 8);
    put(at, 1);
    (0..8).zip([0, 0, 0, 0, 0, 0, 0, 1]).for_each(|(i, value)| put(at + 18 + i, value));
    unit
}

#[test]
fn pictures_have_the_colours_of_their_stream() {
    let units = stream(size(64, 64), 2);
    let mut decoder = Decoder::new();
    assert_eq!(decoder.decode(&units[0]).unwrap().unwrap().colour, Colour::default());
    let full_709 = Colour { matrix: Matrix::Bt709, full_range: true };
    assert_eq!(decoder.decode(&of_a_browser(&units[0])).unwrap().unwrap().colour, full_709);
    assert_eq!(decoder.decode(&units[1]).unwrap().unwrap().colour, full_709, "until the next parameter set");
    assert_eq!(decoder.last().unwrap().colour, full_709);
    assert_eq!(decoder.decode(&units[0]).unwrap().unwrap().colour, Colour::default());
}

#[test]
fn last_is_the_picture_of_the_latest_call() {
    let units = stream(size(64, 64), 2);
    let mut decoder = Decoder::new();
    assert!(decoder.last().is_none());
    let first = decoder.decode(&units[0]).unwrap().unwrap().y.data.to_vec();
    assert_eq!(decoder.last().unwrap().y.data, first);
    assert_ne!(decoder.decode(&units[1]).unwrap().unwrap().y.data, first);
    assert!(decoder.decode(&[0, 0, 0, 1, 0x67]).is_err());
    assert!(decoder.last().is_none(), "its memory may be another picture's by now");
}

#[test]
fn a_missing_reference_is_an_error_until_the_next_keyframe() {
    let units = stream(size(320, 240), 6);
    let mut decoder = Decoder::new();
    assert!(decoder.decode(&units[1]).is_err(), "a stream that starts in the middle");
    decoder.decode(&units[0]).unwrap().unwrap();
    decoder.decode(&units[1]).unwrap().unwrap();
    assert!(decoder.decode(&units[3]).is_err(), "picture 2 is missing");
    assert!(decoder.decode(&units[4]).is_err());
    assert_eq!(decoder.decode(&units[0]).unwrap().unwrap().size(), size(320, 240));
    decoder.decode(&units[1]).unwrap().unwrap();
}

/// NAL units of one unit.
fn pieces(unit: &[u8]) -> Vec<Vec<u8>> {
    nals(unit).map(<[u8]>::to_vec).collect()
}

fn joined(nals: &[Vec<u8>]) -> Vec<u8> {
    annex_b(&nals.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// Reads every sample, so that memory that is gone is noticed.
fn touch(picture: PictureRef<'_>) -> u64 {
    let sum = |plane: PlaneRef<'_>| plane.data.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    sum(picture.y) + sum(picture.u) + sum(picture.v)
}

#[test]
fn a_unit_of_two_pictures_is_refused() {
    let (large, small) = (stream(size(1280, 720), 2), stream(size(16, 16), 1));
    let mut decoder = Decoder::new();
    for second in [&small[0], &large[1], &large[0]] {
        for cut in [0, 1, 5] {
            let unit = [&large[0], &second[..second.len() - cut]].concat();
            assert_eq!(decoder.decode(&unit).unwrap_err(), DecodeError::Pictures);
            assert!(decoder.last().is_none());
        }
    }
    assert_eq!(decoder.decode(&large[0]).unwrap().unwrap().size(), size(1280, 720));
}

/// What `inspect` cannot see: the second picture begins with a slice that is not its first. The library decodes the first
/// picture when that slice comes and, in a call of its own, allocates for the second, which frees the first.
#[test]
fn no_picture_is_got_from_the_library_that_a_later_call_may_have_freed() {
    for main in [false, true] {
        let sets = |size: Size| {
            let config = EncoderConfig { size, bitrate_bps: 800_000, max_fps: 30 };
            let mut encoder = if main { Encoder::main_profile(config) } else { Encoder::new(config).unwrap() };
            let picture = moving(size, 0);
            let encoded = encoder.encode(picture.as_ref(), MediaTime(0), true).unwrap().unwrap();
            encoded.nals.iter().map(|nal| nal.to_vec()).collect::<Vec<_>>()
        };
        let (large, small) = (sets(size(1280, 720)), sets(size(16, 16)));
        let mut raw = Raw::new();
        // Both pictures in one call, past `inspect`: the object must be given up.
        assert_eq!(raw.begin_unit(&[joined(&large), joined(&small)].concat()), None, "main profile: {main}");
        // And one picture is not given up.
        let mut raw = Raw::new();
        assert_eq!(raw.begin_unit(&joined(&large)), Some(0));
        let (state, planes) = raw.end_unit();
        let planes = planes.or_else(|| raw.take_held()).unwrap();
        assert_eq!((state, raw.held(), planes.size), (0, 0, size(1280, 720)));
        assert_ne!(touch(planes.borrow(&raw)), 0);
    }
}

#[test]
fn damage_leaves_no_picture_held_back_for_a_later_unit() {
    let config = |size| EncoderConfig { size, bitrate_bps: 800_000, max_fps: 30 };
    let units = |size: Size| -> Vec<Vec<u8>> {
        let mut encoder = Encoder::main_profile(config(size));
        let picture = |n: usize| (moving(size, n), MediaTime(n as i64 * 33_333));
        (0..3)
            .map(|n| {
                let (picture, at) = picture(n);
                annex_b(&encoder.encode(picture.as_ref(), at, false).unwrap().unwrap().nals)
            })
            .collect()
    };
    let (large, small) = (units(size(1280, 720)), units(size(16, 16)));
    let mut decoder = Decoder::new();
    for round in 0..40 {
        let source = if round % 2 == 0 { &large } else { &small };
        for unit in source {
            // Both slices whole, one broken off, a picture whose start is lost.
            let broken = match round % 4 {
                0 => unit.clone(),
                1 => unit[..unit.len() * 2 / 3].to_vec(),
                2 => [&unit[..], &[0, 0, 0, 1, 0x41, 0x40 + round, 0x9a, 1, 2, 3, 4][..]].concat(),
                _more => [&unit[..], &[0, 0, 0, 1, 0x01, 0x20 + round, 9, 9][..]].concat(),
            };
            if let Ok(Some(picture)) = decoder.decode(&broken) {
                std::hint::black_box(touch(picture));
            }
            assert_eq!(decoder.raw.held(), 0);
        }
    }
}

#[test]
fn delimiters_and_sei_between_slices_do_not_end_a_picture() {
    let units = stream(size(640, 360), 2);
    let mut decoder = Decoder::new();
    for unit in &units {
        let mut noisy = vec![vec![9, 0xf0]];
        for nal in pieces(unit) {
            noisy.extend([nal, vec![6, 5, 1, 7, 0x80], vec![9, 0xf0]]);
        }
        assert!(decoder.decode(&joined(&noisy)).unwrap().is_some());
    }
}

#[test]
fn references_are_bounded_by_their_memory() {
    let mut decoder = Decoder::new();
    let mut accepts = |width, height, references| decoder.decode(&parameter_set_of(width, height, references)).is_ok();
    // What real encoders write at most: the standard's sixteen up to 1920×1088.
    assert!(accepts(120, 68, 16) && accepts(80, 45, 16) && accepts(120, 120, 9) && accepts(1, 1, 16));
    assert!(!accepts(120, 120, 10) && !accepts(120, 68, 17) && !accepts(1, 1, 17) && !accepts(45, 80, 1 << 20));
}

fn parameter_set(width_mbs: u32, height_mbs: u32) -> Vec<u8> {
    parameter_set_of(width_mbs, height_mbs, 1)
}

/// A parameter set of Baseline, level 5.2, with these many macroblocks and references.
fn parameter_set_of(width_mbs: u32, height_mbs: u32, references: u32) -> Vec<u8> {
    let mut bits = String::new();
    let put_ue = |bits: &mut String, value: u32| {
        let code = format!("{:b}", value + 1);
        bits.push_str(&"0".repeat(code.len() - 1));
        bits.push_str(&code);
    };
    for value in [0, 0, 2, references] {
        put_ue(&mut bits, value);
    }
    bits.push('0');
    put_ue(&mut bits, width_mbs - 1);
    put_ue(&mut bits, height_mbs - 1);
    bits.push_str("11001");
    let mut unit = vec![0, 0, 0, 1, 0x67, 66, 0xe0, 52];
    for byte in bits.as_bytes().chunks(8) {
        let text = format!("{:0<8}", std::str::from_utf8(byte).unwrap());
        unit.push(u8::from_str_radix(&text, 2).unwrap());
    }
    unit
}

#[test]
fn sizes_out_of_bounds_are_refused_before_the_library_sees_them() {
    let mut decoder = Decoder::new();
    for (width, height) in [(121, 2), (2, 121), (1000, 1000), (60_000, 60_000)] {
        let error = decoder.decode(&parameter_set(width, height)).unwrap_err();
        let (width, height) = (u64::from(width) * 16, u64::from(height) * 16);
        assert_eq!(error, DecodeError::Size { width, height });
    }
    assert!(decoder.decode(&parameter_set(120, 120)).is_ok());
    assert_eq!(decoder.decode(&[0, 0, 1, 0x67, 66]).unwrap_err(), DecodeError::Sps(SpsError::Short));
    let long = vec![1; ACCESS_UNIT_BYTES_MAX + 1];
    assert!(matches!(decoder.decode(&long), Err(DecodeError::TooLong { .. })));
    let units = stream(size(64, 64), 1);
    assert!(decoder.decode(&units[0]).unwrap().is_some());
}

#[test]
fn units_of_other_kinds_are_left_out_and_the_picture_decodes() {
    let units = stream(size(64, 64), 2);
    let mut decoder = Decoder::new();
    decoder.decode(&units[0]).unwrap().unwrap();
    // A delimiter, a prefix NAL unit (14), filler (12), an SVC slice (20) and a partition (2) around the picture.
    let noisy = [&[0, 0, 1, 9, 0xf0, 0, 0, 1, 0x6e, 1, 2, 3, 0, 0, 1, 12, 255, 128][..], &units[1]].concat();
    let noisy = [&noisy[..], &[0, 0, 1, 0x74, 1, 2, 3, 4, 0, 0, 1, 2, 9, 9]].concat();
    assert!(decoder.decode(&noisy).unwrap().is_some());
}

#[test]
fn garbage_never_crashes_and_a_keyframe_recovers() {
    let units = stream(size(96, 80), 12);
    let other = stream(size(48, 144), 4);
    let mut decoder = Decoder::new();
    let mut random = 1_u32;
    let mut next = |below: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % below
    };
    let (mut pictures, mut errors) = (0, 0);
    for round in 0..3000 {
        let source = if next(4) == 0 { &other } else { &units };
        // Keyframes often, since without one nothing decodes at all.
        let at = if next(2) == 0 { 0 } else { next(source.len()) };
        let mut unit = source[at].clone();
        for _ in 0..next(6) {
            let at = next(unit.len());
            match next(5) {
                0 => unit[at] ^= 1 << next(8),
                1 => unit[at] = u8::try_from(next(256)).unwrap(),
                2 => unit.truncate(at.max(1)),
                3 => {
                    let piece = units[next(units.len())].clone();
                    unit.splice(at..at, piece[..next(piece.len())].iter().copied());
                }
                _more => {
                    unit.drain(at..(at + next(40)).min(unit.len()));
                }
            }
            if unit.is_empty() {
                unit.push(0);
            }
        }
        match decoder.decode(&unit) {
            Ok(Some(picture)) => {
                pictures += 1;
                std::hint::black_box(touch(picture));
            }
            Ok(None) => {}
            Err(_) => errors += 1,
        }
        if round % 100 == 99 {
            for unit in &units[..3] {
                let good = decoder.decode(unit).is_ok_and(|picture| picture.is_some());
                assert!(good, "round {round}: a clean keyframe and what follows decode");
            }
        }
    }
    assert!(pictures > 100 && errors > 100, "{pictures} pictures, {errors} errors");
}
