//! The plan of a performance: what is captured when, and what is sent of it.

use super::super::video_loop::Fragments;
use bytes::Bytes;
use costage_media::packet::MediaKind;
use costage_media::time::Ntp;
use std::time::{Duration, Instant};

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

/// When block `index` of 20 ms begins, from the start.
pub(super) fn block_time(index: u64) -> Duration {
    Duration::from_millis(index * 20)
}

/// `after` in ticks of `hz`, rounded to the nearest.
pub(super) fn ticks(after: Duration, hz: u32) -> u64 {
    let ticks = (after.as_nanos() * u128::from(hz) + 500_000_000) / 1_000_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}
