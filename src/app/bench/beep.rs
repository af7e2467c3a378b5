//! When a beep of a known pitch begins, in sound that went through two encoders and a mixer.

use costage_media::frame::AudioBlock;
use costage_media::time::Ntp;
use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::time::Duration;

/// Samples over which the pitch is looked for: 5 ms, whole cycles of every pitch used.
const WINDOW: usize = 240;
/// Samples from one look to the next: the detector's resolution, 0.5 ms.
const STEP: usize = 24;
/// Amplitude from which a tone is a beep: a quarter of the voices' peak, −24 dBFS.
const LOUD: f32 = 0.063;
/// A tone below this is over; between the two nothing changes.
const QUIET: f32 = 0.02;

/// Listens for one pitch.
pub(super) struct BeepDetector {
    hz: f32,
    samples: VecDeque<f32>,
    /// Capture time of the first sample in `samples`.
    first: Option<Ntp>,
    /// Amplitudes of the looks since the tone was last quiet, with the capture time of each window's middle.
    rising: Vec<(Ntp, f32)>,
    sounding: bool,
}

impl BeepDetector {
    pub(super) fn new(hz: f32) -> Self {
        Self { hz, samples: VecDeque::new(), first: None, rising: Vec::new(), sounding: false }
    }

    /// Takes the next block, captured from `at` on, and calls `begun` with the capture time of each beep that begins.
    pub(super) fn hear(&mut self, block: &AudioBlock, at: Ntp, begun: &mut dyn FnMut(Ntp)) {
        let waiting = self.samples.len();
        self.first = Some(earlier(at, waiting));
        self.samples.extend(block.0.chunks_exact(2).map(|pair| pair[0]));
        while self.samples.len() >= WINDOW {
            let start = self.first.unwrap_or(at);
            self.look(start.plus(samples(WINDOW / 2)), begun);
            self.samples.drain(..STEP);
            self.first = Some(start.plus(samples(STEP)));
        }
    }

    /// The onset is where the window is half full of the tone: its amplitude is then half of what follows.
    fn look(&mut self, middle: Ntp, begun: &mut dyn FnMut(Ntp)) {
        let amplitude = self.amplitude();
        if self.sounding {
            self.sounding = amplitude > QUIET;
            return;
        }
        if amplitude <= QUIET {
            self.rising.clear();
            return;
        }
        self.rising.push((middle, amplitude));
        let settled = self.rising.len() * STEP >= WINDOW;
        if settled && amplitude >= LOUD {
            let half = amplitude / 2.0;
            if let Some((onset, _)) = self.rising.iter().find(|(_, amplitude)| *amplitude >= half) {
                begun(*onset);
            }
            self.sounding = true;
            self.rising.clear();
        } else if self.rising.len() > RISING_MAX {
            self.rising.remove(0);
        }
    }

    /// Goertzel: the amplitude of the pitch in the window.
    fn amplitude(&self) -> f32 {
        let coefficient = 2.0 * (TAU * self.hz / 48_000.0).cos();
        let (mut last, mut before) = (0.0_f32, 0.0_f32);
        for sample in self.samples.iter().take(WINDOW) {
            (last, before) = (sample + coefficient * last - before, last);
        }
        let power = last * last + before * before - coefficient * last * before;
        power.max(0.0).sqrt() * 2.0 / WINDOW as f32
    }
}

/// Looks kept of a tone that rises without becoming loud: 50 ms.
const RISING_MAX: usize = 100;

fn samples(count: usize) -> Duration {
    Duration::from_nanos(count as u64 * 1_000_000_000 / 48_000)
}

fn earlier(at: Ntp, count: usize) -> Ntp {
    Ntp(at.0.wrapping_sub(Ntp(0).plus(samples(count)).0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::performance::Voice;
    use crate::client::synthetic::{Beeps, beep_hz};
    use costage_media::codec::opus::{Decoder, Encoder};
    use costage_media::codec::{AudioDecoder, AudioEncoder};

    const START: Ntp = Ntp(900 << 32);

    /// Onsets found by the detector of `listener` in a second in which `speaker` beeps at `marks`, in µs.
    fn found(speaker: usize, listener: usize, marks: &[u64], coded: bool) -> Vec<i64> {
        let mut voice = Beeps::new(speaker);
        let mut marks = marks.iter().copied().peekable();
        let mut detector = BeepDetector::new(beep_hz(listener));
        let (mut encoder, mut decoder) = (Encoder::new(96_000).expect("a known bitrate"), Decoder::new());
        let mut found = Vec::new();
        let mut block = AudioBlock::silent();
        for index in 0..50_u64 {
            let first = index * 960;
            while marks.peek().is_some_and(|mark| *mark < first + 960) {
                voice.mark(marks.next().expect("just peeked"));
            }
            voice.speak(first, &mut block);
            if coded {
                let packet = encoder.encode(&block).expect("encodes");
                decoder.decode(&packet, &mut block).expect("decodes");
            }
            let at = START.plus(Duration::from_millis(index * 20));
            detector.hear(&block, at, &mut |onset| found.push(onset.micros_since(START)));
        }
        found
    }

    #[test]
    fn beeps_are_found_within_a_millisecond_wherever_they_begin() {
        for mark in [4_800, 5_000, 9_599, 20_011] {
            let found = found(0, 0, &[mark], false);
            let expected = i64::try_from(mark * 1_000_000 / 48_000).expect("small");
            assert_eq!(found.len(), 1, "{found:?}");
            assert!((found[0] - expected).abs() <= 1_000, "{} for {expected}", found[0]);
        }
    }

    #[test]
    fn two_beeps_are_two_and_another_hosts_beep_is_none() {
        assert_eq!(found(1, 1, &[9_600, 33_600], false).len(), 2);
        assert!(found(0, 1, &[9_600, 33_600], false).is_empty());
        assert!(found(1, 0, &[9_600, 33_600], false).is_empty());
    }

    #[test]
    fn opus_delays_the_beep_by_its_lookahead_and_no_more() {
        let found = found(0, 0, &[14_400], true);
        assert_eq!(found.len(), 1, "{found:?}");
        let delay = found[0] - 300_000;
        assert!((0..=9_000).contains(&delay), "{delay} µs");
    }
}
