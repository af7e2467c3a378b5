//! What each kernel takes at each level, beside its scalar: a SIMD kernel that is no faster is a mistake.

use super::ours::cpu_time;
use super::rounds::{Plan, Spread};
use costage_media::frame::{Colour, Matrix};
use costage_media::kernel::recolour::Recolour;
use costage_media::kernel::rows::{Rows, RowsMut};
use costage_media::kernel::taps::{AreaTaps, LinearTap, LinearTaps};
use costage_media::kernel::{Kernels, Level};
use serde::Serialize;
use std::hint::black_box;

/// A kernel at a level, over rows as tiles of the layouts have them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct KernelRow {
    pub(super) kernel: &'static str,
    pub(super) level: String,
    /// Microseconds a call: the median of the rounds.
    pub(super) us: f64,
    pub(super) scalar_us: f64,
}

impl KernelRow {
    /// How many times faster than the scalar.
    pub(super) fn gain(&self) -> f64 {
        self.scalar_us / self.us.max(1e-6)
    }
}

/// Rows of a tile that are worked on at once.
const ROWS: usize = 32;
/// Their pixels: of 720 become 480 by neighbours, or 240 by area.
const WIDE: usize = 720;
const LINEAR: usize = 480;
const AREA: usize = 240;
/// Calls in a turn.
const CALLS: u32 = 48;

type Call = Box<dyn FnMut(&Kernels)>;

/// Measures all kernels of `levels`.
pub(super) fn measure(levels: &[Level], plan: Plan) -> Vec<KernelRow> {
    calls().into_iter().flat_map(|(kernel, mut call)| of_kernel(kernel, &mut call, levels, plan)).collect()
}

fn of_kernel(kernel: &'static str, call: &mut Call, levels: &[Level], plan: Plan) -> Vec<KernelRow> {
    let all: Vec<_> = [Level::Scalar].iter().chain(levels).map(|level| Kernels::new(*level)).collect();
    let mut samples = vec![Vec::new(); all.len()];
    // The first round warms up.
    for round in 0..=plan.rounds as usize {
        for i in 0..all.len() {
            let which = (round + i) % all.len();
            let begun = cpu_time();
            (0..CALLS).for_each(|_| call(&all[which]));
            let took = cpu_time().saturating_sub(begun).as_secs_f64() * 1e6 / f64::from(CALLS);
            if round > 0 {
                samples[which].push(took);
            }
        }
    }
    let medians: Vec<_> = samples.into_iter().map(|samples| Spread::of(samples).map_or(0.0, |it| it.ms)).collect();
    let row =
        |(level, us): (&Level, &f64)| KernelRow { kernel, level: level.to_string(), us: *us, scalar_us: medians[0] };
    levels.iter().zip(&medians[1..]).map(row).collect()
}

/// Each kernel on bytes of its own.
fn calls() -> Vec<(&'static str, Call)> {
    let (linear, area) = (LinearTaps::new(WIDE, LINEAR), AreaTaps::new(WIDE, AREA));
    let between: Vec<_> = (0..ROWS).map(|j| LinearTap::of(j, ROWS * 3 / 2, ROWS)).collect();
    let runs = AreaTaps::new(ROWS * 3, ROWS);
    let stride = WIDE + 128;
    let src = bytes(stride * ROWS * 3);
    let by = Recolour::of(Colour { matrix: Matrix::Bt709, full_range: true }).expect("not the canvas's colours");
    let scaled = |kernel: fn(&Kernels, RowsMut<'_>, Rows<'_>, &Taps), taps: Taps| -> Call {
        let (src, mut dst) = (src.clone(), bytes(stride * ROWS));
        Box::new(move |kernels| {
            kernel(kernels, RowsMut::new(black_box(&mut dst), stride), Rows::new(black_box(&src), stride), &taps);
        })
    };
    let taps = Taps { linear, area, between, runs };
    let row = |kernel: fn(&Kernels, &mut [u8], &[u8], &Recolour)| -> Call {
        let (src, mut dst, by) = (bytes(WIDE * ROWS), bytes(WIDE * ROWS), by);
        Box::new(move |kernels| {
            let rows = black_box(&mut dst).chunks_exact_mut(WIDE).zip(black_box(&src).chunks_exact(WIDE));
            rows.for_each(|(dst, src)| kernel(kernels, dst, src, &by));
        })
    };
    vec![
        ("lerp_rows", scaled(|it, dst, src, taps| (it.lerp_rows)(dst, WIDE, src, &taps.between), taps.clone())),
        ("lerp_columns", scaled(|it, dst, src, taps| (it.lerp_columns)(dst, ROWS, src, &taps.linear), taps.clone())),
        (
            "average_rows",
            scaled(|it, dst, src, taps| (it.average_rows)(dst, WIDE, src, taps.runs.runs()), taps.clone()),
        ),
        (
            "average_columns",
            scaled(|it, dst, src, taps| (it.average_columns)(dst, ROWS, src, &taps.area), taps.clone()),
        ),
        ("halve", scaled(|it, dst, src, _| (it.halve)(dst, WIDE / 2, ROWS, src), taps.clone())),
        ("quarter", scaled(|it, dst, src, _| (it.quarter)(dst, WIDE / 4, ROWS / 2, src), taps.clone())),
        ("thirds", scaled(|it, dst, src, taps| (it.thirds)(dst, ROWS / 2, src, &taps.linear), taps)),
        ("blend_row", row(|it, dst, src, _| (it.blend_row)(dst, src, src))),
        ("tint_row", row(|it, dst, _, _| (it.tint_row)(dst, 16, 140))),
        ("recolour_luma", row(|it, dst, _, by| (it.recolour_luma)(dst, &[3; WIDE / 2], by))),
        (
            "recolour_chroma",
            row(|it, dst, _, by| {
                let (u, v) = dst.split_at_mut(WIDE / 2);
                (it.recolour_chroma)(u, v, &mut [0; WIDE / 2], by);
            }),
        ),
    ]
}

#[derive(Clone)]
struct Taps {
    linear: LinearTaps,
    area: AreaTaps,
    between: Vec<LinearTap>,
    runs: AreaTaps,
}

/// So many bytes that are not all alike.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_kernel_has_a_row_at_every_level_and_does_its_work() {
        let plan = Plan { rounds: 1, turn: Duration::ZERO, frames: 4 };
        let levels = [Level::Scalar, Level::detect()];
        let rows = measure(&levels, plan);
        assert_eq!(rows.len(), 2 * 11);
        assert!(rows.iter().all(|row| row.us > 0.0 && row.scalar_us > 0.0), "{rows:?}");
    }
}
