//! What a host sends and when: a loop of encoded pictures, a voice, and the sender reports that tie both to one clock.
//!
//! Sans-IO: [`Performance::handle_timeout`] with the time, then [`Performance::poll_outgoing`] until `None`. Capture
//! times come from the plan (`start + n / rate`), not from when a timer fired, so that they are exact.

mod plan;

use super::video_loop::VideoLoop;
use costage_media::codec::AudioEncoder;
use costage_media::frame::{AudioBlock, BLOCK_SAMPLES};
use costage_media::packet::MediaKind;
use costage_media::time::{AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ};
use plan::{block_time, ticks};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use plan::{Outgoing, Rate, SentPicture, Start};

/// Sound of one host, made 20 ms at a time.
pub trait Voice: Send {
    /// Fills `block` with the samples from `first` on, counted from the start of the performance.
    fn speak(&mut self, first: u64, block: &mut AudioBlock);

    /// A marked picture (a flash) was captured at sample `at`: a voice that beeps with it starts there.
    fn mark(&mut self, at: u64) {
        let _ = at;
    }
}

/// How far a performance may fall behind before it skips on to a keyframe instead of sending everything late.
const BEHIND_MAX: Duration = Duration::from_millis(500);
/// Sender reports this far apart. RFC 3550 allows 5 s; browsers send one a second.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// The duration of one block of sound.
const BLOCK: Duration = Duration::from_millis(20);

/// A running performance.
pub struct Performance {
    start: Start,
    rate: Rate,
    video: VideoLoop,
    voice: Box<dyn Voice>,
    encoder: Box<dyn AudioEncoder>,
    block: AudioBlock,
    next_picture: u64,
    position: usize,
    keyframe_wanted: bool,
    next_block: u64,
    next_report: u64,
    outgoing: VecDeque<Outgoing>,
}

impl Performance {
    /// Plays `video` at `rate` with `voice`, encoded by `encoder`, from `start` on.
    #[must_use]
    pub fn new(
        start: Start,
        rate: Rate,
        video: VideoLoop,
        voice: Box<dyn Voice>,
        encoder: Box<dyn AudioEncoder>,
    ) -> Self {
        Self {
            start,
            rate,
            video,
            voice,
            encoder,
            block: AudioBlock::silent(),
            next_picture: 0,
            position: 0,
            keyframe_wanted: false,
            next_block: 0,
            next_report: 0,
            outgoing: VecDeque::new(),
        }
    }

    /// The receiver cannot decode: the next picture is a keyframe.
    pub fn want_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        self.picture_due().min(self.block_due()).min(self.report_due())
    }

    /// Captures everything that is due at `now`, in order of time.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.skip_what_is_too_late(now);
        while self.poll_timeout() <= now {
            let due = self.poll_timeout();
            // A picture first: its beep starts in the block that ends now.
            if due == self.picture_due() {
                self.capture_picture();
            } else if due == self.block_due() {
                self.capture_block();
            } else {
                self.report();
            }
        }
    }

    /// The next thing to send.
    pub fn poll_outgoing(&mut self) -> Option<Outgoing> {
        self.outgoing.pop_front()
    }

    fn picture_due(&self) -> Instant {
        self.start.instant + self.rate.time_of(self.next_picture)
    }

    /// A block is complete, and may be sent, when its last sample was captured.
    fn block_due(&self) -> Instant {
        self.start.instant + block_time(self.next_block + 1)
    }

    /// Reports follow the first media by one block, then once a second.
    fn report_due(&self) -> Instant {
        let seconds = u32::try_from(self.next_report).unwrap_or(u32::MAX);
        self.start.instant + BLOCK + REPORT_EVERY.saturating_mul(seconds)
    }

    fn skip_what_is_too_late(&mut self, now: Instant) {
        if now.saturating_duration_since(self.poll_timeout()) <= BEHIND_MAX {
            return;
        }
        while self.picture_due() <= now {
            self.next_picture += 1;
        }
        while self.block_due() <= now {
            self.next_block += 1;
        }
        self.keyframe_wanted = true;
    }

    fn capture_picture(&mut self) {
        if std::mem::take(&mut self.keyframe_wanted) {
            self.position = self.video.keyframe_from(self.position);
        }
        let after = self.rate.time_of(self.next_picture);
        let frame = self.video.frame(self.position);
        if frame.mark {
            self.voice.mark(ticks(after, AUDIO_CLOCK_HZ));
        }
        self.outgoing.push_back(Outgoing::Picture(SentPicture {
            position: self.position,
            index: self.next_picture,
            captured: self.start.instant + after,
            timestamp: self.timestamp(after, VIDEO_CLOCK_HZ),
            fragments: frame.fragments.clone(),
        }));
        self.next_picture += 1;
        self.position = (self.position + 1) % self.video.len();
    }

    fn capture_block(&mut self) {
        let first = self.next_block * BLOCK_SAMPLES as u64;
        self.voice.speak(first, &mut self.block);
        let timestamp = self.timestamp(block_time(self.next_block), AUDIO_CLOCK_HZ);
        self.next_block += 1;
        match self.encoder.encode(&self.block) {
            Ok(payload) => self.outgoing.push_back(Outgoing::Sound { timestamp, payload }),
            Err(error) => tracing::debug!(%error, "block of sound not encoded"),
        }
    }

    fn report(&mut self) {
        let after = self.report_due().saturating_duration_since(self.start.instant);
        let ntp = self.start.ntp.plus(after);
        for (kind, hz) in [(MediaKind::Video, VIDEO_CLOCK_HZ), (MediaKind::Audio, AUDIO_CLOCK_HZ)] {
            self.outgoing.push_back(Outgoing::Report { kind, ntp, timestamp: self.timestamp(after, hz) });
        }
        self.next_report += 1;
    }

    #[allow(clippy::cast_possible_truncation, reason = "RTP timestamps are the low 32 bits (RFC 3550 §5.1)")]
    fn timestamp(&self, after: Duration, hz: u32) -> u32 {
        self.start.offset.wrapping_add(ticks(after, hz) as u32)
    }
}

#[cfg(test)]
mod tests;
