//! The voices of a program as one: each 20 ms decode, sum, limit and encode once for all who listen; and once more for each
//! host who listens to the others.

mod minus;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::minus::Listeners;
use super::audio_source::AudioSource;
use super::limiter::{LOOKAHEAD_SAMPLES, Limiter};
use super::loudness::Loudness;
use super::speaking::Speaking;
use crate::codec::opus::Encoder;
use crate::codec::{AudioEncoder, EncodeError, SoundError};
use crate::frame::AudioBlock;
use crate::jitter::PlayoutStats;
use crate::kernel::Kernels;
use crate::kernel::sound::{Ramp, Sounds};
use crate::packet::RtpIn;
use crate::scene::SourceId;

pub use self::minus::LISTENERS_MAX;

/// Bits a second of the mixed sound: stereo music and voices without audible loss.
pub const SOUND_BITRATE_BPS: u32 = 96_000;
/// One block.
const BLOCK: Duration = Duration::from_millis(20);
/// Blocks that are made at once after a late wake-up; what is older than these is skipped, for it would be heard late.
const CATCH_UP_BLOCKS_MAX: u32 = 3;
/// Voices of one program: all seats of the largest connection, nine lives of fifty.
const VOICES_MAX: usize = 450;
/// Frames over which the sound of a voice that was taken away goes to zero: 5 ms.
const TAIL_SAMPLES: usize = 240;

/// 20 ms of mixed sound.
#[derive(Debug, Clone)]
pub struct MixedAudio {
    /// One Opus packet: everybody.
    pub packet: Bytes,
    /// One for each host who listens: everybody else.
    pub without: Vec<(SourceId, Bytes)>,
    /// When the block's first sample is heard: the playout instant of the samples in it.
    pub at: Instant,
}

/// What happened to the sound of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoundStats {
    /// To the packets of its voices, all together.
    pub playout: PlayoutStats,
    /// Blocks that were left out because nobody called in time.
    pub skipped_blocks: u64,
}

/// Sums voices on a grid of 20 ms.
pub struct AudioMixer {
    kernels: Sounds,
    voices: BTreeMap<SourceId, Voice>,
    /// Those of them that are not to be heard, whatever they send.
    silenced: BTreeSet<SourceId>,
    /// Voices that were removed and fade out in the next block.
    leaving: Vec<(SourceId, AudioSource)>,
    /// Voices that were left out because they panicked, until somebody asks.
    broken: Vec<SourceId>,
    /// The frames at which voices that were taken away stopped: the next block goes on from them to zero.
    cut: BTreeMap<SourceId, [f32; 2]>,
    listeners: Listeners,
    bitrate_bps: u32,
    speaking: Speaking,
    limiter: Limiter,
    encoder: Encoder,
    next: Instant,
    sum: AudioBlock,
    voice: AudioBlock,
    /// What is not told yet: of the mixer, and of voices that are gone.
    stats: SoundStats,
}

struct Voice {
    source: AudioSource,
    /// It was heard in the block before, at gain 1. Else the next one fades in, when it is to be heard at all.
    joined: bool,
    /// Its last frame in the mix.
    last: [f32; 2],
}

impl AudioMixer {
    /// A mixer whose first block is heard at `now`, at [`SOUND_BITRATE_BPS`].
    ///
    /// # Errors
    /// When libopus cannot make an encoder.
    pub fn new(kernels: Kernels, now: Instant) -> Result<Self, EncodeError> {
        Self::with_bitrate(kernels, now, SOUND_BITRATE_BPS)
    }

    /// As [`new`](Self::new), at `bitrate_bps`.
    ///
    /// # Errors
    /// When libopus cannot make an encoder.
    pub fn with_bitrate(kernels: Kernels, now: Instant, bitrate_bps: u32) -> Result<Self, EncodeError> {
        let kernels = Sounds::new(kernels.level());
        Ok(Self {
            kernels,
            voices: BTreeMap::new(),
            silenced: BTreeSet::new(),
            leaving: Vec::new(),
            broken: Vec::new(),
            cut: BTreeMap::new(),
            listeners: Listeners::default(),
            bitrate_bps,
            speaking: Speaking::default(),
            limiter: Limiter::new(kernels),
            encoder: Encoder::new(bitrate_bps)?,
            next: now,
            sum: AudioBlock::silent(),
            voice: AudioBlock::silent(),
            stats: SoundStats::default(),
        })
    }

    /// A new voice, silent until its packets come. One that is here already stays as it is.
    pub fn add(&mut self, now: Instant, source: SourceId) {
        if !self.voices.contains_key(&source) {
            self.put(now, source, AudioSource::new());
        }
    }

    /// A voice leaves: it fades out over the next block.
    pub fn remove(&mut self, source: SourceId) {
        let Some(mut voice) = self.voices.remove(&source) else { return };
        self.speaking.forget(source);
        self.stats.playout += voice.source.take_stats();
        if voice.joined && self.leaving.len() < VOICES_MAX {
            self.leaving.push((source, voice.source));
        }
    }

    /// Takes a voice out as it is, to be [`put`](Self::put) into another mixer, where it goes on.
    pub fn take(&mut self, source: SourceId) -> Option<AudioSource> {
        let voice = self.voices.remove(&source)?;
        self.speaking.forget(source);
        if voice.last != [0.0; 2] {
            self.cut.insert(source, voice.last);
        }
        Some(voice.source)
    }

    /// Puts a voice in that another mixer had; it fades in over the next block. One of the same name is replaced.
    pub fn put(&mut self, _now: Instant, source: SourceId, sound: AudioSource) {
        if self.voices.len() < VOICES_MAX || self.voices.contains_key(&source) {
            self.voices.insert(source, Voice { source: sound, joined: false, last: [0.0; 2] });
        }
    }

    /// Voices that were left out since the last call because decoding them panicked.
    pub fn take_broken(&mut self) -> Vec<SourceId> {
        std::mem::take(&mut self.broken)
    }

    /// A packet of `source`. Of one that is not here it is left out.
    pub fn push(&mut self, now: Instant, source: SourceId, packet: RtpIn) {
        if let Some(voice) = self.voices.get_mut(&source) {
            voice.source.push(now, packet);
        }
    }

    /// From the next block on, exactly these are not heard; who is silenced or heard again fades over that block. They
    /// are decoded all the same, so that they are in step when they are heard again.
    pub fn silence(&mut self, sources: impl IntoIterator<Item = SourceId>) {
        self.silenced = sources.into_iter().take(VOICES_MAX).collect();
    }

    /// From the next block on, these hosts hear everybody but themselves: at most [`LISTENERS_MAX`]. Each costs an encoder.
    ///
    /// # Errors
    /// When libopus cannot make an encoder; who listened before goes on.
    pub fn listen(&mut self, sources: impl IntoIterator<Item = SourceId, IntoIter: Clone>) -> Result<(), EncodeError> {
        self.listeners.set(self.kernels, self.bitrate_bps, sources)
    }

    /// Delays the sound of `source` so that it fits its picture, see [`Playout::set_trim`](crate::jitter::Playout).
    pub fn set_trim(&mut self, source: SourceId, trim: Duration) {
        if let Some(voice) = self.voices.get_mut(&source) {
            voice.source.set_trim(trim);
        }
    }

    /// Who speaks, of those who are heard.
    pub fn speakers(&self) -> impl Iterator<Item = SourceId> {
        self.speaking.speakers()
    }

    /// How loud `source` is, or was a moment ago; silent when it is not heard.
    #[must_use]
    pub fn loudness(&self, source: SourceId) -> Loudness {
        self.speaking.loudness(source)
    }

    /// What happened since this was last asked.
    pub fn take_stats(&mut self) -> SoundStats {
        let mut stats = std::mem::take(&mut self.stats);
        for voice in self.voices.values_mut() {
            stats.playout += voice.source.take_stats();
        }
        stats
    }

    /// When the next block is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        self.next
    }

    /// The next block, if it is due; call until `None`. After a pause at most three blocks are caught up. An error is a
    /// block that libopus did not encode: it takes any floats, so that would be a bug, and the block is left out.
    pub fn mix(&mut self, now: Instant) -> Option<Result<MixedAudio, SoundError>> {
        let at = self.sum_due(now)?;
        Some(self.encode(at))
    }

    /// Nobody listens: what is due is summed, so that all voices stay in step, and not encoded.
    pub fn pass(&mut self, now: Instant) {
        while self.sum_due(now).is_some() {}
    }

    /// Sums the next block, if it is due, and tells when its first sample is heard.
    fn sum_due(&mut self, now: Instant) -> Option<Instant> {
        if now < self.next {
            return None;
        }
        self.skip_to(now);
        let at = self.next;
        self.next += BLOCK;
        self.sum_voices(at);
        self.limiter.process(&mut self.sum);
        // What the limiter holds back comes out with the next block, so this one begins that much earlier.
        Some(at.checked_sub(LOOKAHEAD).unwrap_or(at))
    }

    fn encode(&mut self, at: Instant) -> Result<MixedAudio, SoundError> {
        let without = self.listeners.encode()?;
        Ok(MixedAudio { packet: self.encoder.encode(&self.sum)?, without, at })
    }

    /// Leaves out whole blocks until at most three are due.
    fn skip_to(&mut self, now: Instant) {
        let due = now.saturating_duration_since(self.next).as_micros() / BLOCK.as_micros() + 1;
        let skip = due.saturating_sub(u128::from(CATCH_UP_BLOCKS_MAX));
        if skip == 0 {
            return;
        }
        // A pause of more than 2.7 years is a clock that is wrong; the rest is then skipped by the next calls.
        let skip = u32::try_from(skip).unwrap_or(u32::MAX);
        self.next += BLOCK * skip;
        self.stats.skipped_blocks += u64::from(skip);
        for voice in self.voices.values_mut() {
            voice.source.release();
        }
    }

    fn sum_voices(&mut self, at: Instant) {
        self.sum.0.fill(0.0);
        self.listeners.clear();
        let frames = self.sum.0.len() / 2;
        let broken_before = self.broken.len();
        for (id, voice) in &mut self.voices {
            if !renders(&mut voice.source, at, &mut self.voice) {
                self.broken.push(*id);
                continue;
            }
            let wanted = !self.silenced.contains(id);
            let gain = match (std::mem::replace(&mut voice.joined, wanted), wanted) {
                (true, true) => Ramp::flat(1.0),
                (false, true) => Ramp::between(0.0, 1.0, frames),
                (true, false) => Ramp::between(1.0, 0.0, frames),
                (false, false) => continue,
            };
            if wanted {
                self.speaking.note(*id, &self.voice.0[..]);
            } else {
                self.speaking.forget(*id);
            }
            voice.last = [self.voice.0[2 * frames - 2], self.voice.0[2 * frames - 1]];
            (self.kernels.add)(&mut self.sum.0[..], &self.voice.0[..], gain);
            self.listeners.add(self.kernels, *id, &self.voice.0[..], gain);
            if !wanted {
                voice.last = [0.0; 2];
            }
        }
        for (id, mut source) in self.leaving.drain(..) {
            if renders(&mut source, at, &mut self.voice) {
                let gain = Ramp::between(1.0, 0.0, frames);
                (self.kernels.add)(&mut self.sum.0[..], &self.voice.0[..], gain);
                self.listeners.add(self.kernels, id, &self.voice.0[..], gain);
            }
        }
        for id in &self.broken[broken_before..] {
            self.voices.remove(id);
            self.speaking.forget(*id);
        }
        self.broken.truncate(VOICES_MAX);
        self.end_cut();
    }

    fn end_cut(&mut self) {
        while let Some((id, last)) = self.cut.pop_first() {
            let tail = &mut self.voice.0[..2 * TAIL_SAMPLES];
            tail.chunks_exact_mut(2).for_each(|frame| frame.copy_from_slice(&last));
            let gain = Ramp::between(1.0, 0.0, TAIL_SAMPLES);
            (self.kernels.add)(&mut self.sum.0[..2 * TAIL_SAMPLES], tail, gain);
            self.listeners.add(self.kernels, id, tail, gain);
        }
    }
}

/// Decodes a voice. `false` when that panicked: it must not be used any more, and the others go on.
fn renders(source: &mut AudioSource, at: Instant, out: &mut AudioBlock) -> bool {
    catch_unwind(AssertUnwindSafe(|| source.render(at, out))).is_ok()
}

/// The limiter's delay as time.
const LOOKAHEAD: Duration = Duration::from_micros(LOOKAHEAD_SAMPLES as u64 * 1000 / 48);

#[cfg(test)]
mod tests;
