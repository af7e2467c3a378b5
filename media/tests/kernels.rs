//! Every kernel at every level and size gives the bits of the scalar and touches nothing beyond its output.
#![allow(missing_docs, reason = "a test binary")]

use costage_media::frame::{Colour, Matrix};
use costage_media::kernel::recolour::Recolour;
use costage_media::kernel::taps::{AreaTaps, Window};
use costage_media::kernel::{Kernels, Level};

const SIZES: std::ops::RangeInclusive<usize> = 1..=130;
const GUARD: usize = 40;
const GUARD_BYTE: u8 = 0xA5;

#[test]
fn lerp_rows_equals_the_scalar() {
    for size in SIZES {
        for weight in [0, 1, 63, 64, 100, 127, 128] {
            let (a, b) = (noise(size, 1), noise(size, 2));
            same_at_all_levels(size, |kernels, dst| (kernels.lerp_rows)(dst, &a, &b, weight));
        }
    }
}

#[test]
fn lerp_row_equals_the_scalar() {
    for dst_size in SIZES {
        for src_size in [1, dst_size / 2, dst_size, dst_size * 9 / 8, dst_size * 3 / 2, dst_size * 2] {
            let src_size = src_size.max(1);
            let src = noise(src_size.max(Window::BYTES), 3);
            let windows = Window::linear(src_size, dst_size);
            same_at_all_levels(dst_size, |kernels, dst| (kernels.lerp_row)(dst, &src, &windows));
        }
    }
}

#[test]
fn average_rows_equals_the_scalar() {
    for size in SIZES {
        for rows in [2, 3, 4, 7, 120] {
            let stride = size + rows % 5; // odd strides among them
            let src = noise(stride * (rows - 1) + size, 4);
            let taps = AreaTaps::new(rows, 1);
            same_at_all_levels(size, |kernels, dst| (kernels.average_rows)(dst, &src, stride, taps.pixel(0).1));
        }
    }
}

#[test]
fn average_row_equals_the_scalar() {
    for dst_size in SIZES {
        for src_size in [
            2 * dst_size + 1,
            3 * dst_size,
            4 * dst_size,
            4 * dst_size + 1,
            9 * dst_size / 2,
            8 * dst_size,
            15 * dst_size + 3,
        ] {
            let taps = AreaTaps::new(src_size, dst_size);
            let src = noise(taps.row_len().max(src_size), 5);
            same_at_all_levels(dst_size, |kernels, dst| (kernels.average_row)(dst, &src, &taps));
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
    let windows = Window::linear(100, 64);
    let taps = AreaTaps::new(300, 64);
    let by = recolours().next().expect("some colours are not the canvas's");
    for length in 0..70 {
        let src = noise(length, 1);
        same_at_all_levels(64, |kernels, dst| {
            (kernels.lerp_rows)(dst, &src, &src, 255);
            (kernels.lerp_row)(dst, &src, &windows);
            (kernels.average_rows)(dst, &src, length, &[128, 128]);
            (kernels.average_row)(dst, &src, &taps);
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
