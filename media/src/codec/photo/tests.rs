use std::time::{Duration, Instant};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use proptest::prelude::*;

use super::*;

const SIDE: usize = 16;

/// Three bars from left to right, of RGBA.
fn bars(width: u32, height: u32, colours: [[u8; 4]; 3]) -> Vec<u8> {
    let pixel = |i: u32| colours[(i % width * 3 / width) as usize];
    (0..width * height).flat_map(pixel).collect()
}

fn file(kind: PhotoKind, width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(|pixel| pixel[..3].iter().copied()).collect();
    match kind {
        PhotoKind::Png => PngEncoder::new(&mut file).write_image(rgba, width, height, ExtendedColorType::Rgba8),
        PhotoKind::Jpeg => {
            JpegEncoder::new_with_quality(&mut file, 95).write_image(&rgb, width, height, ExtendedColorType::Rgb8)
        }
        PhotoKind::WebP => {
            WebPEncoder::new_lossless(&mut file).write_image(rgba, width, height, ExtendedColorType::Rgba8)
        }
    }
    .unwrap();
    file
}

/// The lowest byte.
fn low(number: u32) -> u8 {
    number.to_le_bytes()[0]
}

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

/// Y, U and V at this place of the square.
fn at(picture: &I420, x: usize, y: usize) -> [u8; 3] {
    let picture = picture.as_ref();
    let chroma = |plane: crate::frame::PlaneRef<'_>| plane.data[y / 2 * plane.stride + x / 2];
    [picture.y.data[y * picture.y.stride + x], chroma(picture.u), chroma(picture.v)]
}

#[track_caller]
fn is_about(found: [u8; 3], wanted: [u8; 3]) {
    assert!(found.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) <= 3), "{found:?} {wanted:?}");
}

#[test]
fn each_kind_becomes_the_middle_of_it_in_the_colours_of_the_canvas() {
    for kind in PhotoKind::ALL {
        for (width, height) in [(300, 100), (33, 11), (48, 16)] {
            let photo = file(kind, width, height, &bars(width, height, [RED, GREEN, BLUE]));
            let picture = square(kind, &photo, SIDE).unwrap();
            let side = SIDE.min((height as usize).next_multiple_of(2));
            assert_eq!(picture.size(), Size { width: side, height: side }, "{kind:?}");
            is_about(at(&picture, side / 2, side / 2), [145, 54, 34]);
        }
    }
}

#[test]
fn what_is_transparent_becomes_white() {
    for kind in [PhotoKind::Png, PhotoKind::WebP] {
        let photo = file(kind, 20, 20, &bars(20, 20, [[255, 0, 0, 0]; 3]));
        is_about(at(&square(kind, &photo, SIDE).unwrap(), 8, 8), [235, 128, 128]);
    }
}

#[test]
fn a_picture_is_turned_as_its_camera_says() {
    // Red left, blue right; orientation 6: what was left is on top.
    let upright = file(PhotoKind::Jpeg, 64, 64, &bars(64, 64, [RED, RED, BLUE]));
    let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let turned = [&upright[..2], &[0xFF, 0xE1], &length, exif, &upright[2..]].concat();
    let picture = square(PhotoKind::Jpeg, &turned, SIDE).unwrap();
    is_about(at(&picture, 2, 2), [81, 90, 240]);
    is_about(at(&picture, 13, 2), [81, 90, 240]);
    is_about(at(&picture, 2, 13), [41, 240, 110]);
}

#[test]
fn a_rectangle_is_cut_from_the_middle_after_the_picture_was_turned() {
    // Lies on its side, red left and blue right; turned, it stands with red on top.
    let lying = file(PhotoKind::Jpeg, 96, 48, &bars(96, 48, [RED, GREEN, BLUE]));
    let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let standing = [&lying[..2], &[0xFF, 0xE1], &length, exif, &lying[2..]].concat();
    let portrait = cover(PhotoKind::Jpeg, &standing, Size { width: 16, height: 32 }).unwrap();
    assert_eq!(portrait.size(), Size { width: 16, height: 32 });
    is_about(at(&portrait, 8, 2), [81, 90, 240]);
    is_about(at(&portrait, 8, 16), [145, 54, 34]);
    is_about(at(&portrait, 8, 29), [41, 240, 110]);
    let landscape = cover(PhotoKind::Jpeg, &standing, Size { width: 32, height: 16 }).unwrap();
    assert_eq!(landscape.size(), Size { width: 32, height: 16 });
    for y in [4, 8, 12] {
        is_about(at(&landscape, 16, y), [145, 54, 34]);
    }
    let small =
        cover(PhotoKind::Png, &file(PhotoKind::Png, 6, 90, &bars(6, 90, [RED; 3])), Size { width: 72, height: 128 });
    assert_eq!(small.unwrap().size(), Size { width: 6, height: 10 }, "never larger than what there is");
}

#[test]
fn a_picture_of_another_kind_than_it_is_said_to_be_is_refused() {
    let photo = file(PhotoKind::Png, 4, 4, &bars(4, 4, [RED, GREEN, BLUE]));
    let refused = square(PhotoKind::Jpeg, &photo, SIDE).unwrap_err();
    assert_eq!(refused, PhotoRefused::OtherKind { said: PhotoKind::Jpeg, found: Some(PhotoKind::Png) });
    assert_eq!(refused.to_string(), "the body is not image/jpeg: image/png");
    for other in ["<svg xmlns='http://www.w3.org/2000/svg'/>", "GIF89a\x01\0\x01\0", "", "\u{89}PNG"] {
        let refused = square(PhotoKind::Png, other.as_bytes(), SIDE).unwrap_err();
        assert_eq!(refused, PhotoRefused::OtherKind { said: PhotoKind::Png, found: None }, "{other}");
    }
}

/// A PNG's chunk.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [kind.as_slice(), data].concat();
    let crc = named.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1)))
    });
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &named, &(!crc).to_be_bytes()].concat()
}

/// A PNG that says it is this large.
fn png_of(width: u32, height: u32, colour_type: u8, depth: u8) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour_type, 0, 0, 0]].concat();
    let empty = [0x78, 0x9C, 0x03, 0, 0, 0, 0, 1];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &head), chunk(b"IDAT", &empty), chunk(b"IEND", b"")].concat()
}

/// A JPEG that says it is this large: a real one with another start of frame.
fn jpeg_of(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let mut photo = file(PhotoKind::Jpeg, 16, 16, &bars(16, 16, [RED, GREEN, BLUE]));
    let at = photo.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    photo[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    photo[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    photo[at + 1] = if progressive { 0xC2 } else { 0xC0 };
    photo
}

#[test]
fn a_picture_with_too_many_pixels_is_refused_by_its_head_alone() {
    for (kind, photo) in [
        (PhotoKind::Png, png_of(50_000, 50_000, 6, 8)),
        (PhotoKind::Png, png_of(4_097, 1, 2, 8)),
        (PhotoKind::Png, png_of(4_000, 4_000, 6, 16)),
        (PhotoKind::Png, png_of(u32::MAX >> 1, u32::MAX >> 1, 0, 1)),
        (PhotoKind::Jpeg, jpeg_of(5_000, 100, false)),
        (PhotoKind::Jpeg, jpeg_of(4_000, 4_000, true)),
    ] {
        let began = Instant::now();
        let refused = square(kind, &photo, SIDE).unwrap_err();
        assert!(matches!(refused, PhotoRefused::TooLarge { .. }), "{refused:?}");
        assert!(refused.to_string().ends_with("send it smaller"), "{refused}");
        assert!(began.elapsed() < Duration::from_millis(100), "{kind:?}");
    }
    // Of WebP, which says it is 16383 pixels a side in the head of its only frame.
    let mut photo = file(PhotoKind::WebP, 16, 16, &bars(16, 16, [RED, GREEN, BLUE]));
    let head = photo.windows(4).position(|four| four == b"VP8L").unwrap() + 9;
    photo[head..head + 4].copy_from_slice(&0x0FFF_FFFE_u32.to_le_bytes());
    let refused = square(PhotoKind::WebP, &photo, SIDE).unwrap_err();
    assert!(matches!(refused, PhotoRefused::TooLarge { width: 16_383, .. }), "{refused:?}");
}

#[test]
fn a_picture_that_is_cut_off_is_refused() {
    for kind in PhotoKind::ALL {
        let noise: Vec<u8> = (0..64 * 64 * 4_u32).map(|i| low(i.wrapping_mul(2_654_435_761) >> 24)).collect();
        let photo = file(kind, 64, 64, &noise);
        for part in [20, photo.len() / 2] {
            assert_eq!(square(kind, &photo[..part], SIDE).unwrap_err(), PhotoRefused::Damaged, "{kind:?} {part}");
        }
    }
}

#[test]
fn a_picture_that_moves_is_refused() {
    let still = png_of(4, 4, 6, 8);
    let moves = chunk(b"acTL", &[0, 0, 0, 200, 0, 0, 0, 0]);
    let after_head = 8 + 25;
    let animated = [&still[..after_head], &moves, &still[after_head..]].concat();
    assert_eq!(square(PhotoKind::Png, &animated, SIDE).unwrap_err(), PhotoRefused::Animated);

    let still = file(PhotoKind::WebP, 4, 4, &bars(4, 4, [RED, GREEN, BLUE]));
    let frame = &still[12..];
    let u24 = |number: u32| number.to_le_bytes()[..3].to_vec();
    let part = |kind: &[u8; 4], data: Vec<u8>| {
        [kind.to_vec(), u32::try_from(data.len()).unwrap().to_le_bytes().to_vec(), data].concat()
    };
    let extended = part(b"VP8X", [vec![0x02, 0, 0, 0], u24(3), u24(3)].concat());
    let animation = part(b"ANIM", vec![0; 6]);
    let one = part(b"ANMF", [u24(0), u24(0), u24(3), u24(3), u24(100), vec![0], frame.to_vec()].concat());
    let body = [b"WEBP".to_vec(), extended, animation, one.clone(), one].concat();
    let animated = part(b"RIFF", body);
    assert_eq!(square(PhotoKind::WebP, &animated, SIDE).unwrap_err(), PhotoRefused::Animated);
}

#[test]
fn our_png_is_read_back_in_the_same_colours() {
    let photo = file(PhotoKind::Png, 32, 32, &bars(32, 32, [RED, BLUE, GREEN]));
    let picture = square(PhotoKind::Png, &photo, 32).unwrap();
    let again = square(PhotoKind::Png, &png(picture.as_ref()).unwrap(), 32).unwrap();
    for x in [4, 16, 28] {
        is_about(at(&again, x, 16), at(&picture, x, 16));
    }
}

/// A grey JPEG that is decoded scan by scan: the means of its blocks, then so many scans more, each of which looks at
/// all the rest and changes nothing.
fn scans_of(width: u16, height: u16, scans: usize) -> Vec<u8> {
    let segment = |marker: u8, data: &[u8]| {
        let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker], &length[..], data].concat()
    };
    let table = |class: u8, symbol: u8| segment(0xC4, &[&[class, 1][..], &[0; 15], &[symbol]].concat());
    let [h, w] = [height, width].map(u16::to_be_bytes);
    let frame = [&[8][..], &h, &w, &[1, 1, 0x11, 0]].concat();
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    // One bit a block: the mean of the one before. Then fifteen bits for 16,384 blocks in which nothing is.
    let means = [segment(0xDA, &[1, 1, 0, 0, 0, 0]), vec![0; blocks.div_ceil(8)]].concat();
    let rest = [segment(0xDA, &[1, 1, 0, 1, 63, 0x10]), vec![0; (blocks.div_ceil(1 << 14) * 15).div_ceil(8)]].concat();
    let head = [vec![0xFF, 0xD8], segment(0xDB, &[&[0][..], &[1; 64]].concat()), segment(0xC2, &frame)].concat();
    [head, table(0, 0), table(0x10, 0xE0), means, rest.repeat(scans), vec![0xFF, 0xD9]].concat()
}

#[test]
fn a_jpeg_is_decoded_in_so_many_scans_and_no_more() {
    let taken = square(PhotoKind::Jpeg, &scans_of(64, 64, SCANS_MAX - 1), SIDE).unwrap();
    is_about(at(&taken, 8, 8), [126, 128, 128]);
    for (width, height, scans) in [(64, 64, SCANS_MAX), (4096, 1820, 95)] {
        let refused = square(PhotoKind::Jpeg, &scans_of(width, height, scans), SIDE).unwrap_err();
        assert_eq!(refused, PhotoRefused::TooManyScans { scans: scans + 1 });
    }
    let longest = scans_of(4096, 1820, SCANS_MAX - 1);
    let began = Instant::now();
    square(PhotoKind::Jpeg, &longest, SIDE).unwrap();
    println!("Jpeg 4096x1820 in {SCANS_MAX} scans, {} kB: {} ms", longest.len() / 1000, began.elapsed().as_millis());
}

/// How long the largest that is taken of each kind takes: what the bounds on pixels were chosen for. Printed; the machine
/// decides what it may be.
#[test]
fn the_largest_picture_of_each_kind_takes_a_moment() {
    for (kind, side) in [(PhotoKind::Png, 4_096_u32), (PhotoKind::Jpeg, 4_096), (PhotoKind::WebP, 1_024)] {
        let rgba: Vec<u8> = (0..side * side).flat_map(|i| [low(i / side), low(i), low(i >> 12), 255]).collect();
        let photo = file(kind, side, side, &rgba);
        let began = Instant::now();
        square(kind, &photo, SIDE).unwrap();
        let took = began.elapsed();
        println!("{kind:?} {side}x{side}, {} kB: {} ms", photo.len() / 1000, took.as_millis());
        assert!(took < Duration::from_secs(5), "{kind:?}: {took:?}");
    }
}

/// Noise, 1024x1024, lossy (libwebp, quality 1): as large as is taken. The encoder at hand writes no lossy ones.
const NOISE: &[u8] = include_bytes!("tests/noise.webp");
/// Where its frame says how wide it is, and how high: after RIFF, size, WEBP, the chunk's head, tag and start code.
const NOISE_SIDES: usize = 12 + 8 + 6;

/// The same file, whose frame says that it is this large.
fn noise_of(width: u16, height: u16) -> Vec<u8> {
    let mut noise = NOISE.to_vec();
    noise[NOISE_SIDES..NOISE_SIDES + 2].copy_from_slice(&width.to_le_bytes());
    noise[NOISE_SIDES + 2..NOISE_SIDES + 4].copy_from_slice(&height.to_le_bytes());
    noise
}

/// A canvas of 16x16 around the same frame.
fn under_a_small_canvas(file: &[u8]) -> Vec<u8> {
    let canvas = [&b"VP8X\x0a\0\0\0"[..], &[0; 4], &[15, 0, 0], &[15, 0, 0]].concat();
    let body = [b"WEBP", &canvas[..], &file[12..]].concat();
    [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
}

#[test]
fn a_webp_from_anybody_has_a_million_pixels_and_no_more() {
    assert_eq!(noise_of(1024, 1024), NOISE);
    let began = Instant::now();
    let taken = square(PhotoKind::WebP, NOISE, SIDE).unwrap();
    let took = began.elapsed();
    println!("WebP 1024x1024, lossy noise: {} ms", took.as_millis());
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(taken.size(), Size { width: SIDE, height: SIDE });
    for (width, height) in [(1025, 1024), (1024, 1025), (4096, 257), (2896, 2896), (16_383, 16_383)] {
        let too_large = PhotoRefused::TooLarge { width: width.into(), height: height.into(), pixels_max: 1_048_576 };
        assert!(too_large.to_string().contains("1048576 pixels altogether"), "{too_large}");
        let photo = noise_of(width, height);
        assert_eq!(square(PhotoKind::WebP, &photo, SIDE), Err(too_large.clone()));
        assert_eq!(
            square(PhotoKind::WebP, &under_a_small_canvas(&photo), SIDE),
            Err(too_large),
            "whatever the canvas says"
        );
    }
    assert_eq!(square(PhotoKind::WebP, &under_a_small_canvas(NOISE), SIDE), Err(PhotoRefused::Damaged));
    // Without loss it is the same bound.
    let rgba: Vec<u8> = (0..1_025 * 1_024_u32).flat_map(|i| [low(i), low(i >> 8), 0, 255]).collect();
    let photo = file(PhotoKind::WebP, 1_025, 1_024, &rgba);
    let refused = square(PhotoKind::WebP, &photo, SIDE).unwrap_err();
    assert_eq!(refused, PhotoRefused::TooLarge { width: 1_025, height: 1_024, pixels_max: 1_048_576 });
    // A file of the operator's own may be larger.
    assert!(cover(PhotoKind::WebP, &photo, Size { width: SIDE, height: SIDE }).is_ok());
}

/// A WebP of 16x16 without loss, in one colour, that has so many groups of codes: each of five, whose longest have ten bits.
fn codes_of(groups: u32) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let number =
        |bits: &mut Vec<bool>, number: u32, count: u32| bits.extend((0..count).map(|i| (number >> i) & 1 == 1));
    // Signature, sides, no alpha, version; no transform, no cache; groups of blocks of 4x4, no cache.
    for (value, count) in [(0x2F, 8), (15, 14), (15, 14), (0, 4), (0, 1), (0, 1), (1, 1), (0, 3), (0, 1)] {
        number(&mut bits, value, count);
    }
    // All blocks are of the last group, as codes of one symbol say: green, red, blue, alpha, distance.
    for symbol in [(groups - 1) & 0xFF, (groups - 1) >> 8, 0, 0, 0] {
        number(&mut bits, 0b101 | (symbol << 3), 11);
    }
    // Lengths 1 to 9, 10 and 10, in a code of their own: which lengths occur, for eleven symbols, and these.
    let mut code = Vec::new();
    number(&mut code, 10 << 1, 5);
    for length in [0, 0, 0, 3, 3, 3, 3, 3, 0, 4, 4, 4, 4, 3] {
        number(&mut code, length, 3);
    }
    number(&mut code, 1 | (1 << 1) | (9 << 4), 8);
    let (short, long) = (|at: u32| (at, 3), |at: u32| (12 + at, 4));
    let words =
        [short(0), short(1), short(2), short(3), short(4), long(0), long(1), long(2), long(3), short(5), short(5)];
    for (word, count) in words {
        code.extend((0..count).rev().map(|i| (word >> i) & 1 == 1));
    }
    (0..groups * 5).for_each(|_| bits.extend(&code));
    // Each pixel is the first symbol, of one bit, four times.
    bits.extend([false; 16 * 16 * 4]);
    bits.resize(bits.len().next_multiple_of(16), false);
    let byte = |bits: &[bool]| (0..8).map(|i| u8::from(bits[i]) << i).sum();
    let stream: Vec<u8> = bits.chunks(8).map(byte).collect();
    let chunk = [b"WEBPVP8L", &u32::try_from(stream.len()).unwrap().to_le_bytes()[..], &stream].concat();
    [b"RIFF", &u32::try_from(chunk.len()).unwrap().to_le_bytes()[..], &chunk].concat()
}

#[test]
fn a_webp_whose_codes_would_take_a_gigabyte_is_refused_before_they_are_made() {
    let whole = codes_of(1_000);
    assert!((50_000..LOSSLESS_BYTES_MAX).contains(&whole.len()) && square(PhotoKind::WebP, &whole, SIDE).is_ok());
    for groups in [3_000, 65_536] {
        let bomb = codes_of(groups);
        let bytes = bomb.len() - 20;
        let refused = PhotoRefused::TooMuchLossless { bytes };
        assert_eq!(square(PhotoKind::WebP, &bomb, SIDE), Err(refused.clone()), "{groups}");
        assert!(refused.to_string().ends_with("at most 131072 are taken: save it with loss, or as PNG"), "{refused}");
    }
}

proptest! {
    #[test]
    fn whatever_bytes_arrive_the_answer_is_a_square_or_a_refusal(
        kind in prop::sample::select(&PhotoKind::ALL[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut photo = file(kind, 24, 17, &bars(24, 17, [RED, [9, 200, 77, 128], BLUE]));
        for (place, value) in changes {
            let place = place.index(photo.len());
            photo[place] = value;
        }
        let end = if whole { photo.len() } else { cut.index(photo.len()) };
        drop(square(kind, &photo[..end], SIDE));
    }

    #[test]
    fn noise_behind_a_right_beginning_is_a_square_or_a_refusal(
        kind in prop::sample::select(&PhotoKind::ALL[..]),
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let begin: &[u8] = match kind {
            PhotoKind::Png => b"\x89PNG\r\n\x1a\n",
            PhotoKind::Jpeg => b"\xFF\xD8\xFF",
            PhotoKind::WebP => b"RIFF\0\x02\0\0WEBPVP8L",
        };
        drop(square(kind, &[begin, &noise].concat(), SIDE));
    }
}
