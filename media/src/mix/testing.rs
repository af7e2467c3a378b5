//! Hosts that sound tones, and ears that measure them.

use std::time::{Duration, Instant};

use crate::codec::AudioEncoder;
use crate::codec::opus::Encoder;
use crate::frame::{AudioBlock, BLOCK_SAMPLES};
use crate::packet::{ExtSeq, MediaKind, RtpIn};

/// A host that sends a tone in packets of 20 ms, one each 20 ms from `start` on.
pub(super) struct Host {
    encoder: Encoder,
    hz: f64,
    amplitude: f64,
    start: Instant,
    sent: u32,
}

impl Host {
    pub(super) fn new(start: Instant, hz: f64, amplitude: f64) -> Self {
        Self { encoder: Encoder::new(96_000).unwrap(), hz, amplitude, start, sent: 0 }
    }

    /// From the next packet on.
    pub(super) fn set_amplitude(&mut self, amplitude: f64) {
        self.amplitude = amplitude;
    }

    /// When the next packet comes.
    pub(super) fn next_at(&self) -> Instant {
        self.start + Duration::from_millis(20) * self.sent
    }

    pub(super) fn packet(&mut self) -> RtpIn {
        let mut block = AudioBlock::silent();
        for (n, frame) in block.0.chunks_exact_mut(2).enumerate() {
            let n = n + self.sent as usize * BLOCK_SAMPLES;
            let value = self.amplitude * (std::f64::consts::TAU * self.hz * n as f64 / 48_000.0).sin();
            #[allow(clippy::cast_possible_truncation, reason = "a sample is a float of 32 bits")]
            frame.fill(value as f32);
        }
        let received_at = self.next_at();
        let n = u64::from(self.sent);
        self.sent += 1;
        RtpIn {
            kind: MediaKind::Audio,
            seq: ExtSeq(70_000 + n),
            timestamp: (1 << 33) + n * BLOCK_SAMPLES as u64,
            marker: false,
            payload: self.encoder.encode(&block).unwrap(),
            received_at,
        }
    }
}

/// The amplitude of `hz` in the left channel of interleaved samples, dBFS.
pub(super) fn level_db(hz: f64, samples: &[f32]) -> f64 {
    let (mut sine, mut cosine, mut weights) = (0.0, 0.0, 0.0);
    let frames = samples.len() / 2;
    for (n, frame) in samples.chunks_exact(2).enumerate() {
        let turn = std::f64::consts::TAU * n as f64;
        // A Hann window, so that one tone does not leak into another's measure.
        let weight = 1.0 - (turn / frames as f64).cos();
        sine += weight * f64::from(frame[0]) * (turn * hz / 48_000.0).sin();
        cosine += weight * f64::from(frame[0]) * (turn * hz / 48_000.0).cos();
        weights += weight;
    }
    20.0 * (2.0 * sine.hypot(cosine) / weights).log10()
}

/// The largest change from one sample to the next, of the left channel.
pub(super) fn largest_step(samples: &[f32]) -> f32 {
    let left: Vec<f32> = samples.chunks_exact(2).map(|frame| frame[0]).collect();
    left.windows(2).fold(0.0, |step, pair| step.max((pair[1] - pair[0]).abs()))
}
