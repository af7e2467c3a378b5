//! How near a scaled picture comes to Lanczos3, beside libyuv's filters.
//!
//! ```text
//! a picture as rich in detail as what cameras see ──► Lanczos3 in floating point ──► PSNR of ours, box, bilinear
//! ```

use super::layout::Layout;
use super::ours::Ours;
use super::rival::{Peer, Rival};
use super::rounds::microsecond_tenths;
use costage_media::frame::{I420, Size};
use costage_media::kernel::Level;
use costage_media::scene::Rect;
use serde::Serialize;
use std::f64::consts::{PI, TAU};
use std::rc::Rc;

/// Of luma, decibels above the noise; more is nearer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Quality {
    /// Source pixels for one of the picture, in both directions.
    pub(super) ratio: f64,
    pub(super) ours: f64,
    /// Of libyuv; `None` where it is absent.
    pub(super) boxed: Option<f64>,
    pub(super) bilinear: Option<f64>,
}

impl Quality {
    /// How much nearer than the better filter of libyuv; below 0 where that one is. `None` unless both were measured.
    pub(super) fn lead(&self) -> Option<f64> {
        self.boxed.zip(self.bilinear).map(|(one, other)| self.ours - one.max(other))
    }
}

/// Sides of sources, pixels, for a picture of [`SIDE`]: 4:1, 3:1, 2.25:1, 2:1, 1.5:1, 4:3, and upwards 3:4 and 1:2.
const SOURCES: [usize; 8] = [960, 720, 540, 480, 360, 320, 180, 120];
const SIDE: usize = 240;

/// One for each of [`SOURCES`]; `rival` brings libyuv by a filter where it is there.
pub(super) fn measure(
    level: Level,
    mut rival: impl FnMut(&'static str, &Layout, &[u8]) -> Option<Rival>,
) -> Vec<Quality> {
    let mut measure = |side: usize| {
        let (canvas, source) = (Size { width: SIDE, height: SIDE }, Size { width: side, height: side });
        let places = vec![Rect { x: 0, y: 0, w: SIDE, h: SIDE }];
        let layout = Layout { name: "quality", canvas, source, places };
        let picture = detailed(side);
        let wanted = lanczos3(picture.as_ref().y.data, side);
        let slopes = Rc::new(super::picture::sources(&layout, 1));
        let expected = Ours::new(&layout, level, slopes).picture();
        let [boxed, bilinear] = Peer::Libyuv.filters().map(|filter| {
            let drawn = rival(filter, &layout, &expected)?.draw(&picture).ok()?;
            Some(psnr(drawn.get(..SIDE * SIDE)?, &wanted))
        });
        let ours = Ours::new(&layout, level, Rc::new(vec![vec![picture]])).picture();
        Quality { ratio: side as f64 / SIDE as f64, ours: psnr(&ours[..SIDE * SIDE], &wanted), boxed, bilinear }
    };
    SOURCES.map(&mut measure).to_vec()
}

/// Waves in all directions, as many in each octave, as in what cameras see, and discs with hard edges.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates at both ends")]
fn detailed(side: usize) -> I420 {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let waves: Vec<[f64; 3]> = (0..48)
        .map(|_| {
            let (frequency, angle) = (0.5 * (2.0 / side as f64).powf(random()), TAU * random());
            [TAU * frequency * angle.cos(), TAU * frequency * angle.sin(), TAU * random()]
        })
        .collect();
    let discs: Vec<[f64; 4]> = (0..9)
        .map(|_| {
            let at = side as f64;
            [at * random(), at * random(), at * (0.02 + 0.1 * random()), 80.0 * (random() - 0.5)]
        })
        .collect();
    let mut picture = I420::black(Size { width: side, height: side });
    for (i, luma) in picture.planes_mut()[0].iter_mut().enumerate() {
        let (x, y) = ((i % side) as f64, (i / side) as f64);
        let wave: f64 = waves.iter().map(|[a, b, phase]| 8.0 * (a * x + b * y + phase).sin()).sum();
        let inside = |[a, b, radius, _]: &&[f64; 4]| (x - a).hypot(y - b) < *radius;
        let discs: f64 = discs.iter().filter(inside).map(|disc| disc[3]).sum();
        *luma = (126.0 + wave + discs).clamp(16.0, 235.0).round() as u8;
    }
    picture
}

/// A square of `side` × `side` as [`SIDE`] × [`SIDE`], one direction after the other.
fn lanczos3(luma: &[u8], side: usize) -> Vec<f64> {
    let taps = taps(side);
    let mixed = |at: &dyn Fn(usize) -> f64, (first, weights): &(usize, Vec<f64>)| {
        weights.iter().enumerate().map(|(k, weight)| weight * at(first + k)).sum::<f64>()
    };
    let row = |y: usize| taps.iter().map(move |taps| mixed(&|x| f64::from(luma[y * side + x]), taps));
    let rows: Vec<f64> = (0..side).flat_map(row).collect();
    let column = |i: usize| mixed(&|y| rows[y * SIDE + i % SIDE], &taps[i / SIDE]).clamp(0.0, 255.0);
    (0..SIDE * SIDE).map(column).collect()
}

/// First source pixel and weights of each output pixel: three lobes either way, as wide as the output's pixels where they are
/// the wider ones.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a source, kept inside")]
fn taps(side: usize) -> Vec<(usize, Vec<f64>)> {
    let ratio = side as f64 / SIDE as f64;
    let wide = ratio.max(1.0);
    let kernel = |x: f64| match x.abs() {
        x if x < 1e-9 => 1.0,
        x if x < 3.0 => 3.0 * (PI * x).sin() * (PI * x / 3.0).sin() / (PI * x).powi(2),
        _ => 0.0,
    };
    let of = |i: usize| {
        let centre = (i as f64 + 0.5) * ratio - 0.5;
        let first = (centre - 3.0 * wide).ceil().max(0.0) as usize;
        let last = ((centre + 3.0 * wide).floor() as usize).min(side - 1);
        let weights: Vec<f64> = (first..=last).map(|x| kernel((x as f64 - centre) / wide)).collect();
        let sum: f64 = weights.iter().sum();
        (first, weights.iter().map(|weight| weight / sum).collect())
    };
    (0..SIDE).map(of).collect()
}

fn psnr(luma: &[u8], wanted: &[f64]) -> f64 {
    let error: f64 = luma.iter().zip(wanted).map(|(&is, wanted)| (f64::from(is) - wanted).powi(2)).sum();
    microsecond_tenths(10.0 * (255.0 * 255.0 * wanted.len() as f64 / error.max(1e-9)).log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_leaves_a_picture_of_its_size_and_a_flat_one_alone() {
        let picture = detailed(SIDE);
        let luma = picture.as_ref().y.data;
        assert!(psnr(luma, &lanczos3(luma, SIDE)) > 90.0);
        let flat = lanczos3(&[77; 720 * 720], 720);
        assert!(flat.iter().all(|luma| (luma - 77.0).abs() < 1e-6));
    }

    #[test]
    fn every_ratio_is_measured_and_all_levels_are_alike() {
        let of = |level| measure(level, |_, _, _| None);
        let (scalar, best) = (of(Level::Scalar), of(Level::detect()));
        assert_eq!(scalar, best);
        assert_eq!(scalar.len(), SOURCES.len());
        assert!(scalar.iter().all(|it| it.ours > 25.0 && it.lead().is_none()), "{scalar:?}");
    }
}
