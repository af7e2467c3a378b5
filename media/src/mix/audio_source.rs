//! One host's voice: its playout, its decoder and the samples in between. It moves between programs as it is.

use std::time::{Duration, Instant};

use crate::codec::opus::{Decoder, PACKET_SAMPLES_MAX};
use crate::frame::{AudioBlock, BLOCK_SAMPLES};
use crate::jitter::{CONCEAL_SAMPLES_MAX, Playout, PlayoutStats, Pull};
use crate::packet::RtpIn;

/// Pieces pulled for one block, at most: 20 ms are 8 packets of 2.5 ms, and each may be followed by a gap.
const PIECES_MAX: usize = 32;
/// Over how many samples sound fades in after silence, and out before a jump: 5 ms.
const FADE_SAMPLES: usize = 240;
/// Concealment stays at full level for this long, samples, and then fades until it ends.
const CONCEAL_FULL_SAMPLES: usize = 1_920;
/// Samples that interpolation looks ahead.
const LOOKAHEAD: usize = 2;

/// One host's sound, from packets to blocks.
pub struct AudioSource {
    playout: Playout,
    decoder: Decoder,
    /// Decoded and not yet heard, interleaved.
    samples: Vec<f32>,
    /// The frame heard last: what interpolation looks back at.
    before: [f32; 2],
    /// Gain that fades move, 0 to 1.
    level: f32,
    /// Samples concealed in a row.
    concealed: usize,
    /// Where packets are decoded to.
    scratch: Box<[f32]>,
}

impl AudioSource {
    /// Silent until packets come.
    #[must_use]
    pub fn new() -> Self {
        Self {
            playout: Playout::new(),
            decoder: Decoder::new(),
            samples: Vec::with_capacity(2 * (PACKET_SAMPLES_MAX + 2 * BLOCK_SAMPLES)),
            before: [0.0; 2],
            level: 0.0,
            concealed: 0,
            scratch: vec![0.0; 2 * PACKET_SAMPLES_MAX].into(),
        }
    }

    /// Has it panic where it next decodes or conceals.
    #[cfg(test)]
    pub(super) fn spoil(&mut self) {
        self.scratch = Box::default();
    }

    /// Takes in a packet, in any order.
    pub fn push(&mut self, now: Instant, packet: RtpIn) {
        self.playout.push(now, packet);
    }

    /// See [`Playout::set_trim`].
    pub fn set_trim(&mut self, trim: Duration) {
        self.playout.set_trim(trim);
    }

    /// What happened to its packets since this was last asked.
    pub fn take_stats(&mut self) -> PlayoutStats {
        self.playout.take_stats()
    }

    /// Time was skipped: the next block starts where the line is then.
    pub fn release(&mut self) {
        self.playout.release();
    }

    /// Fills `out` with the 20 ms whose first sample is heard at `at`. Calls must be 20 ms apart.
    pub fn render(&mut self, at: Instant, out: &mut AudioBlock) {
        let step = self.playout.align(at, self.samples.len() / 2);
        if step.jumped {
            self.conceal(FADE_SAMPLES, None, 0.0);
            self.playout.pass(FADE_SAMPLES);
        }
        let stretched = step.take != BLOCK_SAMPLES;
        let needed = 2 * (step.take + if stretched { LOOKAHEAD } else { 0 });
        for _piece in 0..PIECES_MAX {
            if self.samples.len() >= needed {
                break;
            }
            self.fetch();
        }
        if self.samples.len() < needed {
            self.samples.resize(needed, 0.0);
        }
        if stretched {
            resample(self.before, &self.samples, step.take, out);
        } else {
            out.0.copy_from_slice(&self.samples[..2 * BLOCK_SAMPLES]);
        }
        let taken = 2 * step.take;
        self.before = [self.samples[taken - 2], self.samples[taken - 1]];
        self.samples.drain(..taken);
    }

    /// Appends the next piece of the line: exactly as many samples as the playout moved on.
    fn fetch(&mut self) {
        match self.playout.pull() {
            Pull::Packet { payload, samples, skip } => {
                let decoded = self.decoder.decode_any(&payload, &mut self.scratch);
                if decoded == Ok(samples) {
                    self.concealed = 0;
                    self.append(skip..samples, 1.0);
                } else {
                    self.conceal(samples - skip, None, 1.0);
                }
            }
            Pull::Lost { samples, next } => {
                self.concealed += samples;
                let left = CONCEAL_SAMPLES_MAX.saturating_sub(self.concealed);
                #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
                let level = left as f32 / (CONCEAL_SAMPLES_MAX - CONCEAL_FULL_SAMPLES) as f32;
                self.conceal(samples, next.as_deref(), level.min(self.level));
            }
            Pull::Silent { samples } => {
                (self.level, self.concealed) = (0.0, 0);
                self.samples.resize(self.samples.len() + 2 * samples, 0.0);
            }
        }
    }

    /// Appends a guess of `samples` whose level ends at `level`; from the copy in `next` when there is one.
    fn conceal(&mut self, samples: usize, next: Option<&[u8]>, level: f32) {
        let samples = samples.min(PACKET_SAMPLES_MAX);
        let room = &mut self.scratch[..2 * samples];
        let copied = next.is_some_and(|packet| self.decoder.decode_lost(packet, room).is_ok());
        if !copied {
            self.decoder.conceal_any(room);
        }
        self.append(0..samples, level);
    }

    /// Appends a part of what was decoded, while the level goes to `level`: up within a fade, down over the whole part.
    fn append(&mut self, part: std::ops::Range<usize>, level: f32) {
        let decoded = &self.scratch[2 * part.start..2 * part.end];
        let frames = part.len();
        let fade = if level > self.level { FADE_SAMPLES.min(frames) } else { frames };
        #[allow(clippy::cast_precision_loss, reason = "frames of a packet")]
        let step = (level - self.level) / fade.max(1) as f32;
        #[allow(clippy::float_cmp, reason = "levels at rest are exactly 0 or 1")]
        if level == self.level && level == 1.0 {
            self.samples.extend_from_slice(decoded);
        } else {
            for (n, frame) in decoded.chunks_exact(2).enumerate() {
                #[allow(clippy::cast_precision_loss, reason = "frames of a packet")]
                let gain = if n < fade { self.level + step * n as f32 } else { level };
                self.samples.extend(frame.iter().map(|sample| sample * gain));
            }
        }
        self.level = level;
    }
}

impl Default for AudioSource {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a block of `take` frames (and [`LOOKAHEAD`] behind them) by cubic interpolation (Catmull-Rom). `take` is within
/// 1 % of a block, so nothing audible folds back.
fn resample(before: [f32; 2], samples: &[f32], take: usize, out: &mut AudioBlock) {
    let frame = |at: usize, channel: usize| match at {
        0 => before[channel],
        at => samples[2 * (at - 1) + channel],
    };
    for (n, out) in out.0.chunks_exact_mut(2).enumerate() {
        // Frame n of the block stands at n · take / 960 of the input.
        let (whole, rest) = (n * take / BLOCK_SAMPLES, n * take % BLOCK_SAMPLES);
        #[allow(clippy::cast_precision_loss, reason = "below 960")]
        let t = rest as f32 / BLOCK_SAMPLES as f32;
        for (channel, out) in out.iter_mut().enumerate() {
            // `frame` counts from the one before.
            let [a, b, c, d] = [0, 1, 2, 3].map(|step| frame(whole + step, channel));
            let (slope_b, slope_c) = ((c - a) / 2.0, (d - b) / 2.0);
            let cubic = 2.0 * (b - c) + slope_b + slope_c;
            let square = 3.0 * (c - b) - 2.0 * slope_b - slope_c;
            *out = ((cubic * t + square) * t + slope_b) * t + b;
        }
    }
}

#[cfg(test)]
mod tests;
