//! Every kernel at every level and size gives the bits of the scalar and touches nothing beyond its output.
#![allow(missing_docs, reason = "a test binary")]

use costage_media::frame::{Colour, Matrix};
use costage_media::kernel::fold::fold;
use costage_media::kernel::recolour::Recolour;
use costage_media::kernel::rows::{Rows, RowsMut};
use costage_media::kernel::taps::{AreaTaps, LinearTap, LinearTaps};
use costage_media::kernel::{Kernels, Level};

const SIZES: std::ops::RangeInclusive<usize> = 1..=130;
const GUARD: usize = 40;
const GUARD_BYTE: u8 = 0xA5;

#[test]
fn lerp_rows_equals_the_scalar() {
    for size in SIZES {
        for weights in [[0, 1, 32, 64, 96], [63, 65, 100, 127, 31]] {
            let (stride, taps) =
                (size + usize::from(weights[0]) % 7, weights.map(|weight| LinearTap { index: 1, weight }));
            let src = noise(stride * 2 + size, 1);
            same_in_all_rows(size, 5, |kernels, dst| (kernels.lerp_rows)(dst, size, Rows::new(&src, stride), &taps));
        }
    }
}

#[test]
fn lerp_rows_equals_the_scalar_for_every_pair_and_weight() {
    let pairs: Vec<_> = (0..=255u8).flat_map(|a| (0..=255u8).map(move |b| (a, b))).collect();
    let src: Vec<u8> = pairs.iter().map(|pair| pair.0).chain(pairs.iter().map(|pair| pair.1)).collect();
    for weight in 0..128 {
        let tap = [LinearTap { index: 0, weight }];
        let rows = Rows::new(&src, pairs.len());
        same_in_all_rows(pairs.len(), 1, |kernels, dst| (kernels.lerp_rows)(dst, pairs.len(), rows, &tap));
    }
}

#[test]
fn lerp_columns_equals_the_scalar() {
    for dst_size in SIZES {
        for src_size in [1, dst_size / 2, dst_size, dst_size * 9 / 8, dst_size * 3 / 2, dst_size * 2] {
            let taps = LinearTaps::new(src_size.max(1), dst_size);
            let stride = taps.row_len() + src_size % 3;
            let src = noise(stride * 7, 3);
            let rows = Rows::new(&src, stride);
            for count in [1, 4, 7] {
                same_in_all_rows(dst_size, count, |kernels, dst| (kernels.lerp_columns)(dst, count, rows, &taps));
            }
        }
    }
}

#[test]
fn average_rows_equals_the_scalar() {
    for size in SIZES {
        for rows in [5, 6, 7, 8, 15, 21, 363] {
            let stride = size + rows % 5; // odd strides among them
            let src = noise(stride * (rows - 1) + size, 4);
            let (src, taps) =
                (Rows::new(&src, stride), AreaTaps::new(rows, if rows == 5 { 1 } else { 3.min(rows / 3) }));
            let count = taps.runs().len();
            same_in_all_rows(size, count, |kernels, dst| (kernels.average_rows)(dst, size, src, taps.runs()));
        }
    }
}

#[test]
fn average_columns_equals_the_scalar() {
    for dst_size in SIZES {
        let (twice, thrice) = (2 * dst_size + 1, (3 * dst_size - 1).max(3));
        let more = [3 * dst_size, 4 * dst_size, 4 * dst_size + 1, 9 * dst_size / 2, 8 * dst_size, 15 * dst_size + 3];
        for src_size in [twice, thrice].into_iter().chain(more) {
            let taps = AreaTaps::new(src_size, dst_size);
            let stride = taps.row_len() + src_size % 3;
            let src = noise(stride * 6, 5);
            let rows = Rows::new(&src, stride);
            for count in [1, 4, 6] {
                same_in_all_rows(dst_size, count, |kernels, dst| (kernels.average_columns)(dst, count, rows, &taps));
            }
        }
    }
}

#[test]
fn halve_equals_the_scalar() {
    for size in SIZES {
        for stride in [2 * size, 2 * size + 3] {
            let src = noise(stride * 5 + 2 * size, 6);
            same_in_all_rows(size, 3, |kernels, dst| (kernels.halve)(dst, size, 3, Rows::new(&src, stride)));
        }
    }
}

#[test]
fn quarter_equals_the_scalar() {
    for size in SIZES {
        for stride in [4 * size, 4 * size + 3] {
            let src = noise(stride * 11 + 4 * size, 7);
            same_in_all_rows(size, 3, |kernels, dst| (kernels.quarter)(dst, size, 3, Rows::new(&src, stride)));
        }
    }
}

#[test]
fn thirds_equals_the_scalar() {
    for dst_size in SIZES {
        for src_size in [dst_size / 2, dst_size, dst_size * 3 / 2 - dst_size / 100, dst_size * 3 / 2, dst_size * 2] {
            let taps = LinearTaps::new(src_size.max(1), dst_size);
            let stride = taps.row_len() + src_size % 3;
            let src = noise(stride * 11 + taps.row_len(), 8);
            for pairs in [1, 2, 4] {
                let rows = Rows::new(&src, stride);
                same_in_all_rows(dst_size, 2 * pairs, |kernels, dst| (kernels.thirds)(dst, pairs, rows, &taps));
            }
        }
    }
}

#[test]
fn every_byte_of_the_rows_is_folded_and_none_beside_them() {
    for size in SIZES {
        let (stride, rows) = (size + 3 + size % 2, 5);
        let src = noise(stride * rows, 9);
        let inside = (0..src.len()).filter(|at| at % stride < size).map(|at| src[at]).reduce(|all, byte| all ^ byte);
        for (level, ahead) in Level::ALL.into_iter().flat_map(|level| [(level, false), (level, true)]) {
            let folded = fold(level)(Rows::new(&src, stride), size, rows, ahead);
            assert_eq!(Some(folded), inside, "{level} at {size}");
        }
    }
}

#[test]
fn blend_row_equals_the_scalar() {
    for size in SIZES {
        for seed in 6..10 {
            let (src, alpha) = (noise(size, seed), noise(size, seed + 10));
            same_at_all_levels(size, |kernels, dst| (kernels.blend_row)(dst, &src, &alpha));
        }
    }
}

#[test]
fn tint_row_equals_the_scalar() {
    for size in SIZES {
        for (value, alpha) in [(0, 140), (255, 1), (16, 255), (90, 0), (201, 77)] {
            same_at_all_levels(size, |kernels, dst| (kernels.tint_row)(dst, value, alpha));
        }
    }
}

#[test]
fn blend_row_equals_the_scalar_for_every_source_and_alpha() {
    for alpha in 0..=255u8 {
        let src: Vec<u8> = (0..=255).collect();
        let alphas = vec![alpha; 256];
        same_at_all_levels(256, |kernels, dst| (kernels.blend_row)(dst, &src, &alphas));
    }
}

#[test]
fn recolouring_equals_the_scalar() {
    for by in recolours() {
        for size in SIZES {
            let (other, shift) = (noise(size, 21), words(size.div_ceil(2), 22));
            same_at_all_levels(size, |kernels, dst| (kernels.recolour_luma)(dst, &shift, &by));
            let mut shifts = Vec::new();
            same_at_all_levels(size, |kernels, dst| {
                let (mut v, mut shift) = (other.clone(), vec![-7; size + 3]);
                (kernels.recolour_chroma)(dst, &mut v, &mut shift, &by);
                shifts.push((v, shift));
            });
            assert!(shifts.iter().all(|other| *other == shifts[0]), "{size}");
            assert_eq!(shifts[0].1[size..], [-7; 3]);
        }
    }
}

#[test]
fn recolouring_equals_the_scalar_for_every_sample() {
    for by in recolours() {
        for v in 0..=255u8 {
            let shift: Vec<i16> = (0..128).map(|i| i16::from_be_bytes([v, i])).collect();
            same_at_all_levels(256, |kernels, dst| {
                dst.iter_mut().zip(0..=255).for_each(|(dst, value)| *dst = value);
                (kernels.recolour_luma)(dst, &shift, &by);
            });
            same_at_all_levels(256, |kernels, dst| {
                dst.iter_mut().zip(0..=255).for_each(|(dst, value)| *dst = value);
                (kernels.recolour_chroma)(dst, &mut [v; 256], &mut [0; 256], &by);
            });
        }
    }
}

#[test]
fn kernels_never_panic_on_short_slices() {
    let (taps, area, halves) = (LinearTaps::new(100, 64), AreaTaps::new(300, 64), AreaTaps::new(9, 3));
    let tap = LinearTap { index: 1, weight: 3 };
    let by = recolours().next().expect("some colours are not the canvas's");
    for length in 0..70 {
        let src = noise(length, 1);
        for stride in [0, 1, length, 64] {
            let rows = Rows::new(&src, stride);
            same_in_all_rows(64, 4, |kernels, dst| (kernels.lerp_rows)(dst, 64, rows, &[tap; 5]));
            same_in_all_rows(64, 4, |kernels, dst| (kernels.lerp_columns)(dst, 5, rows, &taps));
            same_in_all_rows(64, 4, |kernels, dst| (kernels.average_rows)(dst, 64, rows, halves.runs()));
            same_in_all_rows(64, 4, |kernels, dst| (kernels.average_columns)(dst, 5, rows, &area));
            same_in_all_rows(64, 4, |kernels, dst| (kernels.halve)(dst, 64, 5, rows));
            same_in_all_rows(64, 4, |kernels, dst| (kernels.quarter)(dst, 64, 5, rows));
            let wide = noise(1_000, 2);
            same_at_all_levels(64, |kernels, dst| {
                (kernels.lerp_rows)(RowsMut::new(dst, stride), length, Rows::new(&wide, 100), &[tap; 4]);
                (kernels.lerp_columns)(RowsMut::new(dst, stride), 4, Rows::new(&wide, 200), &taps);
                (kernels.average_rows)(RowsMut::new(dst, stride), length, Rows::new(&wide, 100), halves.runs());
                (kernels.halve)(RowsMut::new(dst, stride), length, 4, Rows::new(&wide, 100));
                (kernels.quarter)(RowsMut::new(dst, stride), length, 4, Rows::new(&wide, 60));
            });
        }
        same_at_all_levels(64, |kernels, dst| {
            (kernels.blend_row)(dst, &src, &src);
            (kernels.recolour_luma)(dst, &words(length, 2), &by);
            (kernels.recolour_chroma)(dst, &mut src.clone(), &mut words(70 - length, 3), &by);
        });
    }
}

/// Every conversion there is.
fn recolours() -> impl Iterator<Item = Recolour> {
    let kinds = [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020].into_iter();
    let colours = kinds.flat_map(|matrix| [false, true].map(|full_range| Colour { matrix, full_range }));
    colours.filter_map(Recolour::of)
}

fn words(size: usize, seed: u64) -> Vec<i16> {
    noise(size * 2, seed).chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Runs `kernel` at all levels into so many rows of `width` bytes, an odd number of bytes apart, and compares whole buffers:
/// what lies between rows is untouched.
fn same_in_all_rows(width: usize, rows: usize, mut kernel: impl FnMut(&Kernels, RowsMut<'_>)) {
    let stride = width + 7 - width % 2;
    let untouched = noise(stride * rows, 99);
    same_at_all_levels(stride * (rows - 1) + width, |kernels, dst| {
        kernel(kernels, RowsMut::new(dst, stride));
        for (dst, untouched) in dst.chunks_mut(stride).zip(untouched.chunks(stride)) {
            assert_eq!(dst.get(width..).unwrap_or_default(), &untouched[width..dst.len().max(width)]);
        }
    });
}

/// Runs `kernel` at all levels, each into its own row between guard bytes, and compares whole buffers.
fn same_at_all_levels(size: usize, mut kernel: impl FnMut(&Kernels, &mut [u8])) {
    let mut run = |level| {
        let mut buffer = vec![GUARD_BYTE; GUARD + size + GUARD];
        buffer[GUARD..GUARD + size].copy_from_slice(&noise(size, 99));
        kernel(&Kernels::new(level), &mut buffer[GUARD..GUARD + size]);
        buffer
    };
    let expected = run(Level::Scalar);
    let guards = [&expected[..GUARD], &expected[GUARD + size..]].concat();
    assert_eq!(guards, [GUARD_BYTE; 2 * GUARD], "the scalar wrote beyond {size}");
    for level in Level::ALL {
        assert_eq!(run(level), expected, "{level} at {size}");
    }
}

/// The same bytes for the same seed, full range, with runs of the extremes.
fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..size)
        .map(|_| match next() {
            0..16 => 0,
            240..=255 => 255,
            _ => next(),
        })
        .collect()
}
