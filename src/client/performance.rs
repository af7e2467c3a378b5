//! What a host sends and when: a loop of encoded pictures, a voice, and the sender reports that tie both to one clock.
//!
//! Sans-IO: [`Performance::handle_timeout`] with the time, then [`Performance::poll_outgoing`] until `None`. Capture
//! times come from the plan (`start + n / rate`), not from when a timer fired, so that they are exact.

use super::video_loop::{Fragments, VideoLoop};
use bytes::Bytes;
use costage_media::codec::AudioEncoder;
use costage_media::frame::{AudioBlock, BLOCK_SAMPLES};
use costage_media::packet::MediaKind;
use costage_media::time::{AUDIO_CLOCK_HZ, Ntp, VIDEO_CLOCK_HZ};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Sound of one host, made 20 ms at a time.
pub trait Voice: Send {
    /// Fills `block` with the samples from `first` on, counted from the start of the performance.
    fn speak(&mut self, first: u64, block: &mut AudioBlock);

    /// A marked picture (a flash) was captured at sample `at`: a voice that beeps with it starts there.
    fn mark(&mut self, at: u64) {
        let _ = at;
    }
}

/// Frames per second, in thousandths: 29.95 fps is 29,950.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    millis: u32,
}

impl Rate {
    /// The rate nearest to `fps`, from 1 to 120.
    #[must_use]
    pub fn new(fps: f64) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1,000..=120,000")]
        let millis = (fps * 1_000.0).round().clamp(1_000.0, 120_000.0) as u32;
        Self { millis }
    }

    /// Whole frames per second, rounded up: what an encoder must be ready for.
    #[must_use]
    pub fn frames_per_second_max(self) -> u32 {
        self.millis.div_ceil(1_000)
    }

    /// When frame `index` is captured, from the start.
    #[must_use]
    pub fn time_of(self, index: u64) -> Duration {
        let nanos = u128::from(index) * 1_000_000_000_000 / u128::from(self.millis);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// When a performance starts, on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Capture time of the first frame and the first sample.
    pub instant: Instant,
    /// The same moment in the host's sender reports.
    pub ntp: Ntp,
    /// Where the RTP timestamps of both kinds start: random on the open net (RFC 3550 §5.1).
    pub offset: u32,
}

/// One thing to send now.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// A picture.
    Picture(SentPicture),
    /// 20 ms of Opus.
    Sound {
        /// RTP timestamp.
        timestamp: u32,
        /// The packet.
        payload: Bytes,
    },
    /// A sender report.
    Report {
        /// For which stream.
        kind: MediaKind,
        /// The host's clock now.
        ntp: Ntp,
        /// The same moment on the stream's RTP line.
        timestamp: u32,
    },
}

/// A picture on its way out, with what a bench wants to know about it.
#[derive(Debug, Clone)]
pub struct SentPicture {
    /// Place in the loop: the number that is drawn in the picture.
    pub position: usize,
    /// Frames of the plan before this one.
    pub index: u64,
    /// When it was captured, by the plan.
    pub captured: Instant,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Its RTP payloads in order.
    pub fragments: Fragments,
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

fn block_time(index: u64) -> Duration {
    Duration::from_millis(index * 20)
}

/// `after` in ticks of `hz`, rounded to the nearest.
fn ticks(after: Duration, hz: u32) -> u64 {
    let ticks = (after.as_nanos() * u128::from(hz) + 500_000_000) / 1_000_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::video_loop::LoopFrame;
    use super::*;
    use costage_media::codec::SoundError;
    use std::sync::{Arc, Mutex};

    struct Marks(Arc<Mutex<Vec<u64>>>);

    impl Voice for Marks {
        fn speak(&mut self, _: u64, _: &mut AudioBlock) {}
        fn mark(&mut self, at: u64) {
            self.0.lock().expect("one thread").push(at);
        }
    }

    struct Raw;

    impl AudioEncoder for Raw {
        fn encode(&mut self, _: &AudioBlock) -> Result<Bytes, SoundError> {
            Ok(Bytes::from_static(&[1]))
        }
    }

    fn ten_frames() -> VideoLoop {
        let frame = |position: usize| LoopFrame {
            fragments: Arc::from([(Bytes::from_static(&[0x65]), true)]),
            keyframe: position.is_multiple_of(5),
            mark: position == 3,
        };
        VideoLoop::new((0..10).map(frame).collect()).expect("starts with a keyframe")
    }

    fn performance(marks: &Arc<Mutex<Vec<u64>>>, fps: f64) -> (Instant, Performance) {
        let start = Start { instant: Instant::now(), ntp: Ntp(7 << 32), offset: u32::MAX };
        let voice = Box::new(Marks(Arc::clone(marks)));
        (start.instant, Performance::new(start, Rate::new(fps), ten_frames(), voice, Box::new(Raw)))
    }

    /// Everything until `until`, waking only when asked to.
    fn run(performance: &mut Performance, until: Instant) -> Vec<Outgoing> {
        let mut sent = Vec::new();
        while performance.poll_timeout() <= until {
            performance.handle_timeout(performance.poll_timeout());
            while let Some(outgoing) = performance.poll_outgoing() {
                sent.push(outgoing);
            }
        }
        sent
    }

    fn pictures(sent: &[Outgoing]) -> Vec<&SentPicture> {
        sent.iter()
            .filter_map(|outgoing| match outgoing {
                Outgoing::Picture(picture) => Some(picture),
                Outgoing::Sound { .. } | Outgoing::Report { .. } => None,
            })
            .collect()
    }

    #[test]
    fn a_second_holds_thirty_pictures_fifty_blocks_and_two_reports_of_each_kind() {
        let (start, mut performance) = performance(&Arc::default(), 30.0);
        let sent = run(&mut performance, start + Duration::from_millis(1_025));
        let count = |wanted: fn(&Outgoing) -> bool| sent.iter().filter(|outgoing| wanted(outgoing)).count();
        assert_eq!(pictures(&sent).len(), 31);
        assert_eq!(count(|outgoing| matches!(outgoing, Outgoing::Sound { .. })), 51);
        assert_eq!(count(|outgoing| matches!(outgoing, Outgoing::Report { .. })), 4);
    }

    #[test]
    fn capture_times_and_timestamps_follow_the_plan_without_drift() {
        let (start, mut performance) = performance(&Arc::default(), 29.95);
        let sent = run(&mut performance, start + Duration::from_secs(20));
        let last = *pictures(&sent).last().expect("pictures were sent");
        assert_eq!(last.index, 599);
        assert_eq!(last.captured - start, Duration::from_nanos(20_000_000_000));
        assert_eq!(last.timestamp, u32::MAX.wrapping_add(1_800_000));
    }

    #[test]
    fn a_wanted_keyframe_is_the_next_picture() {
        let (start, mut performance) = performance(&Arc::default(), 30.0);
        run(&mut performance, start + Duration::from_millis(40));
        performance.want_keyframe();
        let sent = run(&mut performance, start + Duration::from_millis(110));
        let positions: Vec<_> = pictures(&sent).iter().map(|picture| picture.position).collect();
        assert_eq!(positions, [5, 6]);
    }

    #[test]
    fn the_voice_hears_of_a_marked_picture_at_its_sample() {
        let marks = Arc::default();
        let (start, mut performance) = performance(&marks, 30.0);
        run(&mut performance, start + Duration::from_millis(450));
        assert_eq!(*marks.lock().expect("one thread"), [4_800, 4_800 + 16_000]);
    }

    #[test]
    fn after_a_stall_it_goes_on_with_a_keyframe_and_sends_nothing_late() {
        let (start, mut performance) = performance(&Arc::default(), 30.0);
        run(&mut performance, start + Duration::from_millis(50));
        let late = start + Duration::from_secs(3);
        performance.handle_timeout(late);
        let sent = run(&mut performance, late + Duration::from_millis(40));
        let first = pictures(&sent)[0].clone();
        assert_eq!(first.position, 5);
        assert!(first.captured > late);
    }
}
