//! Percentiles of samples, and how they are written down.

use serde::Serialize;

/// Three percentiles of some samples, in the samples' unit. Zero samples have none, and that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) samples: usize,
}

impl Percentiles {
    /// Nearest-rank percentiles: each is a value that was really seen. `None` without samples.
    pub(super) fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (samples.len() * percent).div_ceil(100).max(1);
            samples.get(rank - 1).copied()
        };
        Some(Self { p50: rounded(at(50)?), p95: rounded(at(95)?), p99: rounded(at(99)?), samples: samples.len() })
    }
}

/// Three digits after the point: microseconds, when the unit is the millisecond.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let samples = (1..=200).rev().map(f64::from).collect();
        let expected = Percentiles { p50: 100.0, p95: 190.0, p99: 198.0, samples: 200 };
        assert_eq!(Percentiles::of(samples), Some(expected));
    }

    #[test]
    fn one_sample_is_every_percentile_and_none_is_no_figure() {
        let expected = Percentiles { p50: 7.25, p95: 7.25, p99: 7.25, samples: 1 };
        assert_eq!(Percentiles::of(vec![7.25]), Some(expected));
        assert_eq!(Percentiles::of(vec![]), None);
    }
}
