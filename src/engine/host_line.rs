//! One session of a host as those see it who forward its packets: who wants them, where keyframes are asked for, its clocks.
//!
//! Shared by the shard that the session lives on, the shards of its viewers and signalling. Nothing here is locked on the
//! way of a packet: while nobody watches, a packet costs its shard one look at a counter.

use super::peer::SessionKey;
use super::producers;
use super::shard::ShardHandle;
use costage_media::forward::ProducerId;
use costage_media::packet::{MediaKind, SenderClock};
use costage_media::scene::SourceId;
use costage_media::time::{AUDIO_CLOCK_HZ, Ntp, VIDEO_CLOCK_HZ};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A host's clock that has moved by more than this against ours was set.
const CLOCK_SET_MICROS: i64 = 500_000;

/// What is closed on a source's seat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Devices {
    pub(super) no_camera: bool,
    pub(super) no_microphone: bool,
}

/// A session of a host, from the outside.
pub(super) struct HostLine {
    pub(super) source: SourceId,
    pub(super) session: SessionKey,
    shard: ShardHandle,
    /// Shards with viewers of it.
    onlookers: AtomicUsize,
    /// `profile_idc` of what it sends; 0 while that is not known.
    profile: AtomicU8,
    no_camera: AtomicBool,
    no_microphone: AtomicBool,
    clocks: Mutex<Clocks>,
}

impl HostLine {
    /// A session that lives on `shard`.
    pub(super) fn new(source: SourceId, session: SessionKey, shard: ShardHandle) -> Self {
        let (onlookers, profile, clocks) = (AtomicUsize::new(0), AtomicU8::new(0), Mutex::default());
        let [no_camera, no_microphone] = Default::default();
        Self { source, session, shard, onlookers, profile, no_camera, no_microphone, clocks }
    }

    /// Its packets.
    pub(super) fn producer(&self) -> ProducerId {
        producers::session(self.session)
    }

    /// Whether anybody, on any shard, watches it.
    pub(super) fn is_watched(&self) -> bool {
        self.onlookers.load(Ordering::Relaxed) > 0
    }

    /// Camera or microphone are closed on its seat, or not: nothing of the kind is forwarded, whatever it sends.
    pub(super) fn set_devices(&self, Devices { no_camera, no_microphone }: Devices) {
        self.no_camera.store(no_camera, Ordering::Relaxed);
        self.no_microphone.store(no_microphone, Ordering::Relaxed);
    }

    /// Whether nothing of this kind may be forwarded.
    pub(super) fn is_closed(&self, kind: MediaKind) -> bool {
        match kind {
            MediaKind::Video => self.no_camera.load(Ordering::Relaxed),
            MediaKind::Audio => self.no_microphone.load(Ordering::Relaxed),
        }
    }

    /// A viewer needs a keyframe of it. Never waits.
    pub(super) fn wish_keyframe(&self) {
        self.shard.wish_keyframe(self.session);
    }

    /// `profile_idc` of the H.264 that it sends (H.264 §A.2); `None` until its first parameter set has come.
    pub(super) fn profile(&self) -> Option<u8> {
        Some(self.profile.load(Ordering::Relaxed)).filter(|profile| *profile != 0)
    }

    pub(super) fn set_profile(&self, profile: u8) {
        self.profile.store(profile, Ordering::Relaxed);
    }

    /// A sender report of its, received at `now`, our time.
    pub(super) fn clock(&self, now: Ntp, clock: SenderClock) {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner).take(now, clock);
    }

    /// Where its stream stands at `now`, our time, by its own clock; `None` before its first report of the kind.
    pub(super) fn stands_at(&self, kind: MediaKind, now: Ntp) -> Option<u64> {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner).at(kind, now)
    }
}

/// Viewers of one shard watch: as long as this lives.
pub(super) struct Attention(Arc<HostLine>);

impl Attention {
    pub(super) fn new(line: &Arc<HostLine>) -> Self {
        line.onlookers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(line))
    }
}

impl Drop for Attention {
    fn drop(&mut self) {
        self.0.onlookers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The latest report of each kind, and what ties the host's clock to ours: the same for both, so that its sound and its
/// picture stay as far apart as they were captured.
#[derive(Debug, Default)]
struct Clocks {
    video: Option<SenderClock>,
    audio: Option<SenderClock>,
    /// Our clock less the host's, microseconds: the least that a report took, so that a slow one moves nothing.
    ahead: Option<i64>,
}

impl Clocks {
    fn take(&mut self, now: Ntp, clock: SenderClock) {
        let ahead = now.micros_since(clock.ntp);
        let fits = |known: &i64| (0..CLOCK_SET_MICROS).contains(&ahead.saturating_sub(*known));
        self.ahead = self.ahead.filter(fits).or(Some(ahead));
        match clock.kind {
            MediaKind::Video => self.video = Some(clock),
            MediaKind::Audio => self.audio = Some(clock),
        }
    }

    fn at(&self, kind: MediaKind, now: Ntp) -> Option<u64> {
        let (clock, hz) = match kind {
            MediaKind::Video => (self.video?, VIDEO_CLOCK_HZ),
            MediaKind::Audio => (self.audio?, AUDIO_CLOCK_HZ),
        };
        let passed = now.micros_since(clock.ntp).saturating_sub(self.ahead?);
        let ticks = i128::from(passed) * i128::from(hz) / 1_000_000;
        Some(clock.timestamp.saturating_add_signed(i64::try_from(ticks).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(ms: u64) -> Ntp {
        Ntp(1 << 60).plus(Duration::from_millis(ms))
    }

    fn report(kind: MediaKind, host_ms: u64, timestamp: u64) -> SenderClock {
        // The host's clock is years behind.
        SenderClock { kind, ntp: Ntp(1 << 50).plus(Duration::from_millis(host_ms)), timestamp }
    }

    #[test]
    fn both_kinds_stand_where_the_hosts_clock_says_however_long_a_report_took() {
        let mut clocks = Clocks::default();
        clocks.take(at(1_030), report(MediaKind::Video, 1_000, 90_000));
        assert_eq!(clocks.at(MediaKind::Audio, at(1_030)), None, "nothing was said of it");
        clocks.take(at(1_480), report(MediaKind::Audio, 1_400, 48_000));
        let [video, audio] = [MediaKind::Video, MediaKind::Audio].map(|kind| clocks.at(kind, at(2_030)));
        assert_eq!((video, audio), (Some(180_000), Some(48_000 + 600 * 48)));
        clocks.take(at(3_010), report(MediaKind::Video, 3_000, 270_000));
        assert_eq!(clocks.at(MediaKind::Video, at(3_010)), Some(270_000), "a faster one is nearer to the truth");
    }

    #[test]
    fn a_clock_that_was_set_is_followed_in_both_directions() {
        let mut clocks = Clocks::default();
        clocks.take(at(0), report(MediaKind::Video, 10_000, 0));
        clocks.take(at(1_000), report(MediaKind::Video, 3_000, 90_000));
        assert_eq!(clocks.at(MediaKind::Video, at(1_000)), Some(90_000));
        clocks.take(at(2_000), report(MediaKind::Video, 90_000, 180_000));
        assert_eq!(clocks.at(MediaKind::Video, at(2_000)), Some(180_000));
    }
}
