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

/// The last 0.68 s of the page's sound as samples in −1..1, both channels averaged.
pub(crate) fn record(page: &Page<'_>) -> Vec<f64> {
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

/// The peak level of a sine of `hz` within the samples, dBFS: median over windows.
pub(crate) fn tone_dbfs(samples: &[f64], hz: f64) -> f64 {
    let mut levels: Vec<f64> = samples.chunks_exact(WINDOW).map(|window| amplitude(window, hz)).collect();
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
        assert!(tone_dbfs(&[0.0; SAMPLES], 440.0) < -150.0);
    }
}
