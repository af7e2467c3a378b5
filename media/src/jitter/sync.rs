//! How long a host's sound must wait for its picture, from sender reports.

use std::time::{Duration, Instant};

use crate::packet::{MediaKind, SenderClock};
use crate::time::{AUDIO_CLOCK_HZ, Ntp, VIDEO_CLOCK_HZ};

/// The longest delay. Beyond it lips are off anyway, and more delay hurts the talk between hosts.
pub const TRIM_MAX: Duration = Duration::from_millis(200);

/// The picture is never held back, so sound that is late already stays so; below this step the trim is left as it
/// is, because each change costs a stretched or dropped piece of sound.
const TRIM_STEP: Duration = Duration::from_millis(10);

/// Hosts whose two clocks disagree by more than this do not stamp both kinds by one clock: no trim.
const SKEW_BELIEVED_MICROS: i64 = 2_000_000;

/// Weight of a new observation, 1/16: about half a second of pictures.
const SMOOTHING: i64 = 16;

/// Learns, for both kinds, how much later than its capture a packet arrives. Both captures are on the host's clock
/// and both arrivals on ours, so the unknown distance of the clocks falls out of the difference.
#[derive(Debug, Default)]
pub struct SyncTrim {
    /// Where both lines begin: our clock and the host's.
    base: Option<(Instant, Ntp)>,
    video: Line,
    audio: Line,
    picture_delay: Duration,
    trim: Duration,
}

#[derive(Debug, Default)]
struct Line {
    clock: Option<SenderClock>,
    /// Smoothed (arrival − capture), microseconds from the base.
    delay_micros: Option<i64>,
}

impl SyncTrim {
    /// Without sender reports the trim is zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the server itself adds to the picture between arrival and the time that the mix carries: decode and
    /// the wait for the encoder. Zero at first.
    pub fn set_picture_delay(&mut self, delay: Duration) {
        self.picture_delay = delay.min(TRIM_MAX);
    }

    /// Takes a sender report of either kind.
    pub fn clock(&mut self, clock: SenderClock) {
        let line = self.line(clock.kind);
        // A report far from the line so far: the host restarted its clock. Begin to learn anew.
        if let Some(known) = line.clock {
            let drift = capture_micros(clock, known.ntp, known.timestamp);
            if drift.abs() > SKEW_BELIEVED_MICROS {
                *self = Self { picture_delay: self.picture_delay, trim: self.trim, ..Self::default() };
            }
        }
        self.line(clock.kind).clock = Some(clock);
    }

    /// Takes the arrival of a whole picture or of a packet of sound, `timestamp` extended as in the reports.
    pub fn arrival(&mut self, kind: MediaKind, timestamp: u64, received_at: Instant) {
        let Some(clock) = self.line(kind).clock else { return };
        let (start, ntp) = *self.base.get_or_insert((received_at, clock.ntp));
        let Some(arrival) = micros_between(start, received_at) else { return };
        let delay = arrival.saturating_sub(capture_micros(clock, ntp, timestamp));
        let line = self.line(kind);
        line.delay_micros = Some(match line.delay_micros {
            Some(smooth) => smooth.saturating_add(delay.saturating_sub(smooth) / SMOOTHING),
            None => delay,
        });
        self.settle();
    }

    /// How much longer than usual to hold this host's sound.
    #[must_use]
    pub fn trim(&self) -> Duration {
        self.trim
    }

    fn line(&mut self, kind: MediaKind) -> &mut Line {
        match kind {
            MediaKind::Video => &mut self.video,
            MediaKind::Audio => &mut self.audio,
        }
    }

    fn settle(&mut self) {
        let (Some(video), Some(audio)) = (self.video.delay_micros, self.audio.delay_micros) else { return };
        let skew = video.saturating_sub(audio);
        let wanted = if skew.saturating_abs() > SKEW_BELIEVED_MICROS {
            Duration::ZERO
        } else {
            let picture_delay = i64::try_from(self.picture_delay.as_micros()).unwrap_or(0);
            Duration::from_micros(u64::try_from(skew + picture_delay).unwrap_or(0)).min(TRIM_MAX)
        };
        if wanted.abs_diff(self.trim) >= TRIM_STEP || wanted.is_zero() {
            self.trim = wanted;
        }
    }
}

/// When `timestamp` was captured by the host's clock, microseconds after `base`.
fn capture_micros(clock: SenderClock, base: Ntp, timestamp: u64) -> i64 {
    let hz = match clock.kind {
        MediaKind::Video => VIDEO_CLOCK_HZ,
        MediaKind::Audio => AUDIO_CLOCK_HZ,
    };
    let ticks = timestamp.wrapping_sub(clock.timestamp).cast_signed();
    let since_report = i128::from(ticks) * 1_000_000 / i128::from(hz);
    clock.ntp.micros_since(base).saturating_add(i64::try_from(since_report).unwrap_or(i64::MAX))
}

/// `b − a`, microseconds; `None` beyond 292,000 years.
fn micros_between(a: Instant, b: Instant) -> Option<i64> {
    let forward = i64::try_from(b.saturating_duration_since(a).as_micros()).ok()?;
    let back = i64::try_from(a.saturating_duration_since(b).as_micros()).ok()?;
    Some(forward - back)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NTP_SECOND: u64 = 1 << 32;

    /// Five seconds of a host whose picture takes `video_ms` and whose sound `audio_ms` on the way.
    fn feed(sync: &mut SyncTrim, start: Instant, video_ms: u64, audio_ms: u64) {
        for step in 0..250_u64 {
            let captured = Duration::from_millis(step * 20);
            let arrive = |ms| start + captured + Duration::from_millis(ms);
            sync.arrival(MediaKind::Video, 7_000 + step * 1_800, arrive(video_ms));
            sync.arrival(MediaKind::Audio, 900_000 + step * 960, arrive(audio_ms));
        }
    }

    fn report(sync: &mut SyncTrim, video_ntp: u64) {
        // One second before the first sample of either line.
        sync.clock(SenderClock {
            kind: MediaKind::Video,
            ntp: Ntp(video_ntp),
            timestamp: 7_000_u64.wrapping_sub(90_000),
        });
        sync.clock(SenderClock { kind: MediaKind::Audio, ntp: Ntp(77 * NTP_SECOND), timestamp: 900_000 - 48_000 });
    }

    #[test]
    fn without_sender_reports_there_is_no_trim() {
        let mut sync = SyncTrim::new();
        feed(&mut sync, Instant::now(), 150, 20);
        assert_eq!(sync.trim(), Duration::ZERO);
    }

    #[test]
    fn sound_waits_for_a_picture_that_takes_longer() {
        let mut sync = SyncTrim::new();
        report(&mut sync, 77 * NTP_SECOND);
        feed(&mut sync, Instant::now(), 150, 20);
        assert_eq!(sync.trim(), Duration::from_millis(130));
    }

    #[test]
    fn the_servers_own_delay_of_the_picture_is_added() {
        let mut sync = SyncTrim::new();
        sync.set_picture_delay(Duration::from_millis(15));
        report(&mut sync, 77 * NTP_SECOND);
        feed(&mut sync, Instant::now(), 60, 20);
        assert_eq!(sync.trim(), Duration::from_millis(55));
    }

    #[test]
    fn the_picture_is_never_held_back_and_the_trim_is_bounded() {
        let mut late_sound = SyncTrim::new();
        report(&mut late_sound, 77 * NTP_SECOND);
        feed(&mut late_sound, Instant::now(), 20, 150);
        assert_eq!(late_sound.trim(), Duration::ZERO);
        let mut late_picture = SyncTrim::new();
        report(&mut late_picture, 77 * NTP_SECOND);
        feed(&mut late_picture, Instant::now(), 900, 20);
        assert_eq!(late_picture.trim(), TRIM_MAX);
    }

    #[test]
    fn clocks_that_have_nothing_to_do_with_each_other_are_not_believed() {
        let mut sync = SyncTrim::new();
        report(&mut sync, 5_000 * NTP_SECOND);
        feed(&mut sync, Instant::now(), 150, 20);
        assert_eq!(sync.trim(), Duration::ZERO);
    }

    #[test]
    fn compared_are_ntp_times_and_not_arrivals() {
        // Both arrive together, but the picture was captured 80 ms earlier.
        let mut sync = SyncTrim::new();
        report(&mut sync, 77 * NTP_SECOND - NTP_SECOND * 80 / 1_000);
        feed(&mut sync, Instant::now(), 20, 20);
        let off = sync.trim().abs_diff(Duration::from_millis(80));
        assert!(off <= Duration::from_micros(2), "{off:?}");
    }
}
