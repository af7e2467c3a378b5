//! Whether a host's media is there. The session itself lives on without it until its consent expires: a network that comes
//! back within half a minute finds everything as it was.
//!
//! ```text
//! checks  ✓  ✓  ✓  ✓  ✓                      ✓  ✓  ✓ …           ✓  ✓  ✓  ✓ …
//! media   ▬▬▬▬▬▬▬▬▬▬▬▬▬                            ▬▬▬▬▬▬▬▬▬▬▬▬▬
//!                     │──── UNHEARD_MAX ────▶ lost │ back     │──── SILENT_MAX ────▶ lost
//! ```

use std::time::{Duration, Instant};

use super::ice::CONSENT_MAX;

/// Nothing authentic for so long, neither a check nor media: the path is broken. ffmpeg checks every 5.02 s, so checks alone
/// do not keep up with this; its media does.
const UNHEARD_MAX: Duration = Duration::from_secs(5);
/// Media may pause for so long while checks go on: a microphone and a camera that are both switched off, an app in the
/// background, an encoder that is being restarted. After as long as an unheard path may last, nothing is published any more.
const SILENT_MAX: Duration = CONSENT_MAX;

/// A change of a host's media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is not there any more.
    Lost,
    /// It is there again.
    Back,
}

/// Watches the media of one connected host.
#[derive(Debug)]
pub(crate) struct Presence {
    /// The last authentic packet of any kind.
    heard_at: Instant,
    /// The last authentic RTP packet.
    media_at: Instant,
    lost: bool,
}

impl Presence {
    /// A host that has just connected: its media counts as there.
    pub(crate) fn new(now: Instant) -> Self {
        Self { heard_at: now, media_at: now, lost: false }
    }

    /// An authentic check or RTCP packet. Media that was lost is not back by it: whoever checks every five seconds and sends
    /// nothing would come and go with each check.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// An authentic RTP packet.
    pub(crate) fn flowed(&mut self, now: Instant) -> Option<Change> {
        (self.heard_at, self.media_at) = (now, now);
        std::mem::take(&mut self.lost).then_some(Change::Back)
    }

    /// Fires when the media has been missing for too long; once.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Change> {
        self.poll_timeout().filter(|at| *at <= now)?;
        self.lost = true;
        Some(Change::Lost)
    }

    /// When [`Presence::handle_timeout`] is due; `None` while the media is lost.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        (!self.lost).then(|| (self.heard_at + UNHEARD_MAX).min(self.media_at + SILENT_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn five_seconds_without_any_packet_lose_the_media_once_and_the_next_packet_brings_it_back() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        assert_eq!(presence.poll_timeout(), Some(start + UNHEARD_MAX));
        assert_eq!(presence.handle_timeout(start + UNHEARD_MAX - MS), None);
        assert_eq!(presence.handle_timeout(start + UNHEARD_MAX), Some(Change::Lost));
        assert_eq!((presence.handle_timeout(start + 2 * UNHEARD_MAX), presence.poll_timeout()), (None, None));
        let back = start + 3 * UNHEARD_MAX;
        assert_eq!((presence.flowed(back), presence.flowed(back)), (Some(Change::Back), None));
        assert_eq!(presence.poll_timeout(), Some(back + UNHEARD_MAX));
    }

    #[test]
    fn checks_bridge_a_pause_of_the_media_but_not_for_ever() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        let mut now = start;
        let lost = loop {
            now += Duration::from_millis(2_500);
            presence.heard(now);
            if let Some(change) = presence.handle_timeout(now) {
                break change;
            }
        };
        assert_eq!((lost, now - start), (Change::Lost, SILENT_MAX));
    }

    #[test]
    fn checks_every_five_seconds_beside_flowing_media_lose_nothing() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        for step in 1..10_000 {
            let now = start + step * 20 * MS;
            assert_eq!(presence.handle_timeout(now), None, "at {step}");
            assert_eq!(presence.flowed(now), None);
            if step % 251 == 0 {
                presence.heard(now);
            }
        }
    }

    #[test]
    fn lost_media_is_not_back_by_checks_alone() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        assert_eq!(presence.handle_timeout(start + UNHEARD_MAX), Some(Change::Lost));
        presence.heard(start + UNHEARD_MAX);
        assert_eq!(presence.handle_timeout(start + 10 * UNHEARD_MAX), None);
        assert_eq!(presence.flowed(start + 10 * UNHEARD_MAX), Some(Change::Back));
    }
}
