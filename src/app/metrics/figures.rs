//! The demo page's figures, read off the recorder: rates and latencies of the last few seconds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Metrics;
use super::text::{Histogram, histograms, total};
use crate::api::figures::{Figures, Quantiles, Snapshot, Stages};
use crate::engine::Clock;

/// Keeps a few past readings, so that rates are of the last seconds and not since the start.
pub struct LiveFigures {
    read: Box<dyn Fn() -> String + Send + Sync>,
    clock: Arc<dyn Clock>,
    simd: String,
    openh264_assembly: bool,
    past: Mutex<VecDeque<Reading>>,
}

/// The metrics at one moment.
#[derive(Clone, Debug)]
struct Reading {
    at: Instant,
    frames: f64,
    bytes: f64,
    viewers: f64,
    mixing: Histogram,
    stages: [Histogram; 6],
}

impl LiveFigures {
    /// Figures of `metrics`.
    pub fn new(metrics: Metrics, clock: Arc<dyn Clock>, simd: String, openh264_assembly: bool) -> Self {
        Self::reading(Box::new(move || metrics.render()), clock, simd, openh264_assembly)
    }

    fn reading(
        read: Box<dyn Fn() -> String + Send + Sync>,
        clock: Arc<dyn Clock>,
        simd: String,
        openh264_assembly: bool,
    ) -> Self {
        Self { read, clock, simd, openh264_assembly, past: Mutex::default() }
    }

    fn take(&self, now: Instant) -> Reading {
        let text = (self.read)();
        let mut stages = histograms(&text, "costage_mixing_stage_seconds", "stage");
        let stages = STAGES.map(|stage| stages.remove(stage).unwrap_or_default());
        Reading {
            at: now,
            frames: total(&text, "costage_mixed_frames_total"),
            bytes: total(&text, "costage_mixed_bytes_total"),
            viewers: total(&text, "costage_viewers"),
            mixing: histograms(&text, "costage_mixing_seconds", "").remove("").unwrap_or_default(),
            stages,
        }
    }

    fn between(&self, before: &Reading, after: &Reading) -> Snapshot {
        let seconds = after.at.saturating_duration_since(before.at).as_secs_f64();
        let rate = |before: f64, after: f64| if seconds > 0.0 { (after - before) / seconds } else { 0.0 };
        let mixing = after.mixing.since(&before.mixing);
        let quantile = |share| Some(mixing.quantile(share)? * 1000.0);
        let mixing_ms = quantile(0.5).zip(quantile(0.95)).map(|(p50, p95)| Quantiles { p50, p95 });
        let mut means = after.stages.iter().zip(&before.stages).map(|(after, before)| after.since(before).mean());
        let mut mean = || means.next().flatten().map_or(0.0, |seconds| seconds * 1000.0);
        // In the order of STAGES.
        let (reorder, decode, wait, compose, encode, send) = (mean(), mean(), mean(), mean(), mean(), mean());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a small whole number")]
        let viewers = after.viewers.clamp(0.0, 1e9) as u64;
        Snapshot {
            bitrate_bps: rate(before.bytes, after.bytes) * 8.0,
            fps: rate(before.frames, after.frames),
            viewers,
            mixing_ms,
            stages_ms: mixing_ms.map(|_| Stages { reorder, decode, wait, compose, encode, send }),
            simd: self.simd.clone(),
            openh264_assembly: self.openh264_assembly,
        }
    }
}

impl Figures for LiveFigures {
    fn snapshot(&self) -> Snapshot {
        let now = self.clock.now();
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |reading: &&Reading| now.saturating_duration_since(reading.at) < FRESH;
        let after = match past.back().filter(fresh) {
            Some(reading) => reading.clone(),
            None => {
                let reading = self.take(now);
                past.push_back(reading.clone());
                reading
            }
        };
        // The window begins at the newest reading that is old enough; older ones are forgotten.
        while past.get(1).is_some_and(|second| after.at.saturating_duration_since(second.at) >= WINDOW) {
            past.pop_front();
        }
        let before = past.front().cloned().unwrap_or_else(|| after.clone());
        self.between(&before, &after)
    }
}

/// The stages of the way, in the order of [`Stages`].
const STAGES: [&str; 6] = ["reorder", "decode", "wait", "compose", "encode", "send"];

/// What the figures are about: long enough to be calm, short enough to follow what one does.
const WINDOW: Duration = Duration::from_secs(5);

/// A reading serves all pages for this long, so that many of them cost one. With [`WINDOW`] it bounds what is kept: 21.
const FRESH: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Hand(Arc<Mutex<(Instant, String)>>);

    impl Clock for Hand {
        fn now(&self) -> Instant {
            self.0.lock().unwrap().0
        }

        fn wall_ms(&self) -> u64 {
            0
        }
    }

    fn text(frames: u32, samples: u32) -> String {
        let mut text = format!("costage_mixed_frames_total {frames}\ncostage_mixed_bytes_total {}\n", frames * 1000);
        text += "costage_viewers 2\n";
        for (name, sum) in [("costage_mixing_seconds", 0.010), ("costage_mixing_stage_seconds", 0.002)] {
            let stage = if name.contains("stage") { "stage=\"decode\"," } else { "" };
            text +=
                &format!("{name}_bucket{{{stage}le=\"0.008\"}} 0\n{name}_bucket{{{stage}le=\"0.012\"}} {samples}\n");
            text += &format!("{name}_bucket{{{stage}le=\"+Inf\"}} {samples}\n");
            text +=
                &format!("{name}_sum{{{stage}}} {}\n", f64::from(samples) * sum).replace(",}", "}").replace("{}", "");
            text += &format!("{name}_count{{{stage}}} {samples}\n").replace(",}", "}").replace("{}", "");
        }
        text
    }

    #[test]
    fn figures_are_of_the_last_seconds() {
        let begun = Instant::now();
        let hand = Hand(Arc::new(Mutex::new((begun, text(1000, 500)))));
        let read = hand.clone();
        let read = Box::new(move || read.0.lock().unwrap().1.clone());
        let figures = LiveFigures::reading(read, Arc::new(hand.clone()), "avx2".into(), true);
        let first = figures.snapshot();
        assert_eq!((first.fps, first.viewers, first.mixing_ms, first.stages_ms), (0.0, 2, None, None));

        *hand.0.lock().unwrap() = (begun + Duration::from_secs(2), text(1060, 620));
        let second = figures.snapshot();
        assert_eq!((second.fps, second.bitrate_bps), (30.0, 240_000.0));
        let mixing = second.mixing_ms.unwrap();
        assert!((mixing.p50 - 10.0).abs() < 1e-6 && (mixing.p95 - 11.8).abs() < 1e-6, "{mixing:?}");
        let decode = second.stages_ms.unwrap().decode;
        assert!((decode - 2.0).abs() < 1e-6, "{decode}");

        // Nothing mixed for longer than the window: nothing to say about latency.
        for second in 3..10 {
            hand.0.lock().unwrap().0 = begun + Duration::from_secs(second);
            figures.snapshot();
        }
        let idle = figures.snapshot();
        assert_eq!((idle.fps, idle.mixing_ms), (0.0, None));
    }
}
