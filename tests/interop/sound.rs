//! What a viewer's page hears.

use std::f64::consts::TAU;

use serde_json::Value;

use crate::chromium::Page;

/// The page records at this rate.
const SAMPLE_HZ: f64 = 48_000.0;
/// The analyser's largest buffer: 0.68 s.
const SAMPLES: usize = 32_768;
/// A window of 85 ms tells 440 from 1000 Hz by 47 bins, and is short against the stretching of a jitter buffer.
const WINDOW: usize = 4096;
/// A host's sound that is ahead of its line, or behind, is played up to 1 % faster or slower until it is on it; at 1 kHz
/// that is a bin of a window, which would pass for 4.5 dB less.
const PITCHES: [f64; 5] = [0.99, 0.995, 1.0, 1.005, 1.01];
/// How often a page may listen to itself in vain before that counts as silence.
const TRIES: usize = 4;
/// The analyser missed sound when the receiver played this many times as loudly: a gap of what is received is in both.
const MISSED: f64 = 1.5;

/// Runs before a page's own scripts: keeps its connections within reach, for what their receivers say of the sound.
pub(crate) const LISTEN: &str = "window.connections = [];
    window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...given) { super(...given); window.connections.push(this); }
    };";

/// The last 0.68 s of the page's sound as samples in −1..1, both channels averaged; the page runs [`LISTEN`].
///
/// Sound has two ways in a browser: to the loudspeaker, and to an analyser on a clock of its own, which on a busy machine
/// gets nothing at times of what the loudspeaker gets. So silence counts only when the receiver says so too.
pub(crate) fn record(page: &Page<'_>) -> Vec<f64> {
    for _ in 1..TRIES {
        let before = Played::so_far(page);
        let samples = analyse(page);
        let played = Played::so_far(page).since(&before);
        let heard = loudness(&samples);
        eprintln!(
            "loudness {heard:.4} in the analyser; the receiver played {:.4}, {:.3} of {:.3} s made up",
            played.loudness(),
            played.made_up,
            played.seconds
        );
        if played.loudness() < MISSED * heard.max(1e-9) {
            return samples;
        }
    }
    analyse(page)
}

/// What a receiver has played (W3C webrtc-stats: `totalAudioEnergy`, `totalSamplesDuration`, `concealedSamples`).
struct Played {
    energy: f64,
    seconds: f64,
    /// Seconds for which no packet was there.
    made_up: f64,
}

impl Played {
    fn so_far(page: &Page<'_>) -> Self {
        let of = |field: &str| {
            let stats = page.evaluate(&format!(
                "(async () => {{
                    const stats = [...(await window.connections.at(-1).getStats()).values()];
                    return stats.find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'audio').{field};
                }})()"
            ));
            stats.as_f64().expect("a receiver of sound says how much it played")
        };
        let made_up = of("concealedSamples") / SAMPLE_HZ;
        Self { energy: of("totalAudioEnergy"), seconds: of("totalSamplesDuration"), made_up }
    }

    fn since(self, before: &Self) -> Self {
        Self {
            energy: self.energy - before.energy,
            seconds: self.seconds - before.seconds,
            made_up: self.made_up - before.made_up,
        }
    }

    /// As [`loudness`].
    fn loudness(&self) -> f64 {
        self.energy / self.seconds.max(0.01)
    }
}

/// The mean over blocks of 10 ms of the square of the highest sample, as `totalAudioEnergy` has it for a second.
fn loudness(samples: &[f64]) -> f64 {
    let highest = |block: &[f64]| block.iter().fold(0.0, |highest, sample| sample.abs().max(highest)).powi(2);
    let blocks = samples.chunks_exact(480);
    let count = blocks.len();
    blocks.map(highest).sum::<f64>() / count as f64
}

fn analyse(page: &Page<'_>) -> Vec<f64> {
    let samples = page.evaluate(&format!(
        "(async () => {{
            const audio = new AudioContext({{ sampleRate: {SAMPLE_HZ} }});
            await audio.resume();
            const analyser = new AnalyserNode(audio, {{ fftSize: {SAMPLES} }});
            audio.createMediaStreamSource(document.querySelector('#video').srcObject).connect(analyser);
            const full = audio.currentTime + 1.2 * {SAMPLES} / {SAMPLE_HZ};
            while (audio.currentTime < full) await new Promise((tick) => setTimeout(tick, 20));
            const samples = new Float32Array({SAMPLES});
            analyser.getFloatTimeDomainData(samples);
            await audio.close();
            return Array.from(samples);
        }})()"
    ));
    let number = |value: &Value| value.as_f64().expect("a sample is a number");
    samples.as_array().expect("samples come as an array").iter().map(number).collect()
}

/// The peak level of a sine of about `hz` within the samples, dBFS: median over windows.
pub(crate) fn tone_dbfs(samples: &[f64], hz: f64) -> f64 {
    let level = |window| PITCHES.iter().map(|pitch| amplitude(window, hz * pitch)).fold(0.0, f64::max);
    let mut levels: Vec<f64> = samples.chunks_exact(WINDOW).map(level).collect();
    levels.sort_by(f64::total_cmp);
    let median = levels.get(levels.len() / 2).copied().unwrap_or(0.0);
    20.0 * median.max(1e-9).log10()
}

/// Amplitude of the component at `hz`, through a Hann window: |Σ w·x·e^(−jωn)| · 2 / Σ w.
fn amplitude(window: &[f64], hz: f64) -> f64 {
    let step = TAU * hz / SAMPLE_HZ;
    let length = window.len() as f64;
    let (mut re, mut im, mut weight) = (0.0, 0.0, 0.0);
    for (index, sample) in window.iter().enumerate() {
        let index = index as f64;
        let hann = 0.5 - 0.5 * (TAU * index / length).cos();
        re += hann * sample * (step * index).cos();
        im -= hann * sample * (step * index).sin();
        weight += hann;
    }
    re.hypot(im) * 2.0 / weight
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sines(parts: &[(f64, f64)]) -> Vec<f64> {
        let at = |n: usize| parts.iter().map(|(level, hz)| level * (TAU * hz * n as f64 / SAMPLE_HZ + 0.3).sin()).sum();
        (0..SAMPLES).map(at).collect()
    }

    #[test]
    fn two_tones_are_measured_apart() {
        let samples = sines(&[(0.25, 440.0), (0.1, 1000.0)]);
        assert!((tone_dbfs(&samples, 440.0) - -12.04).abs() < 0.1);
        assert!((tone_dbfs(&samples, 1000.0) - -20.0).abs() < 0.1);
        assert!(tone_dbfs(&samples, 700.0) < -60.0);
        assert!((tone_dbfs(&sines(&[(0.25, 1010.0)]), 1000.0) - -12.04).abs() < 0.1, "played 1 % faster");
        assert!(tone_dbfs(&[0.0; SAMPLES], 440.0) < -150.0);
    }
}
