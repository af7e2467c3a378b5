//! What the bench's viewer sees: which source frame each tile shows, when lamps flash, when beeps begin.

use super::beep::BeepDetector;
use crate::client::performance::SentPicture;
use crate::client::synthetic::{barcode, beep_hz, flash_level};
use crate::client::{Audience, Seen};
use crate::engine::Clock;
use costage_media::frame::{AudioBlock, PictureRef, Size};
use costage_media::scene::Rect;
use costage_media::time::Ntp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lamp levels: above lit, below dark, between undecided.
const LIT: u32 = 150;
const DARK: u32 = 100;

/// A tile of the decoded mix showed a number that it had not shown before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) position: usize,
    /// When the decoded picture was in the viewer's hands.
    pub(super) at: Instant,
}

/// All that was seen of one host.
#[derive(Debug, Clone, Default)]
pub(super) struct HostSeen {
    pub(super) sightings: Vec<Sighting>,
    /// When the first picture of each flash was seen, and its capture time by the mix's sender reports.
    pub(super) flashes: Vec<(Instant, Ntp)>,
    /// Capture times of the beginnings of its beeps.
    pub(super) beeps: Vec<Ntp>,
    /// Pictures in which its tile could not be read.
    pub(super) unreadable: usize,
    lit: bool,
    latest: Option<usize>,
}

/// All that was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Observed {
    pub(super) hosts: Vec<HostSeen>,
    pub(super) pictures: Vec<Picture>,
}

/// A mixed picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    /// When its last packet had arrived.
    pub(super) at: Instant,
    /// By the mix's sender reports.
    pub(super) captured: Option<Ntp>,
    /// RTP payload.
    pub(super) bytes: usize,
}

/// Bound of every list here: an hour at 60 pictures a second. Benches run for seconds.
const SEEN_MAX: usize = 60 * 3_600;

/// Reads tiles on the viewer's thread.
pub(super) struct TileReader {
    clock: Arc<dyn Clock>,
    tiles: Vec<Rect>,
    source: Size,
    detectors: Vec<BeepDetector>,
    observed: Arc<Mutex<Observed>>,
}

/// Shared view of what a [`TileReader`] has seen.
#[derive(Clone)]
pub(super) struct Notes(Arc<Mutex<Observed>>);

impl Notes {
    pub(super) fn read(&self) -> MutexGuard<'_, Observed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TileReader {
    /// Reads the hosts in `tiles` (in order of places), whose sources are of `source` size.
    pub(super) fn new(clock: Arc<dyn Clock>, tiles: Vec<Rect>, source: Size) -> (Self, Notes) {
        let hosts = vec![HostSeen::default(); tiles.len()];
        let observed = Arc::new(Mutex::new(Observed { hosts, pictures: Vec::new() }));
        let detectors = (0..tiles.len()).map(|place| BeepDetector::new(beep_hz(place))).collect();
        let notes = Notes(Arc::clone(&observed));
        (Self { clock, tiles, source, detectors, observed }, notes)
    }
}

impl Audience for TileReader {
    fn picture(&mut self, picture: PictureRef<'_>, seen: &Seen) {
        let at = self.clock.now();
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        if observed.pictures.len() >= SEEN_MAX {
            return;
        }
        observed.pictures.push(Picture { at: seen.received_at, captured: seen.captured, bytes: seen.bytes });
        for (host, tile) in observed.hosts.iter_mut().zip(&self.tiles) {
            match barcode::read(picture, *tile, self.source) {
                Some(number) => host.sight(usize::from(number), at),
                None => host.unreadable += 1,
            }
            let level = flash_level(picture, *tile, self.source).unwrap_or_default();
            if level >= LIT && !host.lit && host.flashes.len() < SEEN_MAX {
                host.lit = true;
                host.flashes.extend(seen.captured.map(|captured| (at, captured)));
            } else if level <= DARK {
                host.lit = false;
            }
        }
    }

    fn sound(&mut self, block: &AudioBlock, seen: &Seen) {
        let Some(captured) = seen.captured else { return };
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        for (host, detector) in observed.hosts.iter_mut().zip(&mut self.detectors) {
            if host.beeps.len() < SEEN_MAX {
                detector.hear(block, captured, &mut |onset| host.beeps.push(onset));
            }
        }
    }
}

impl HostSeen {
    fn sight(&mut self, position: usize, at: Instant) {
        if self.latest.replace(position) != Some(position) {
            self.sightings.push(Sighting { position, at });
        }
    }
}

/// Sound after picture, ms, for each flash of one host seen in `from..until` whose beep was heard: negative when the beep
/// came first. A beep farther away than half a second belongs to another flash, or was lost.
pub(super) fn skews_ms(host: &HostSeen, from: Instant, until: Instant) -> Vec<f64> {
    let nearest = |flash: &Ntp| {
        let micros = host.beeps.iter().map(|beep| beep.micros_since(*flash)).min_by_key(|micros| micros.abs())?;
        (micros.abs() < 500_000).then_some(micros as f64 / 1_000.0)
    };
    let measured = host.flashes.iter().filter(|(at, _)| (from..until).contains(at));
    measured.filter_map(|(_, flash)| nearest(flash)).collect()
}

/// What the viewer saw of the frames that one host sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glass {
    /// Capture → decoded mixed picture that first shows it, ms, for each frame shown.
    pub(super) latencies_ms: Vec<f64>,
    /// Frames sent.
    pub(super) sent: usize,
}

/// Matches sightings with the frames captured in `from..until`. A number comes back with every turn of the loop; what is
/// seen is the latest frame of that number that had been captured.
pub(super) fn glass(sent: &[SentPicture], sightings: &[Sighting], from: Instant, until: Instant) -> Glass {
    let measured = sent.iter().filter(|frame| (from..until).contains(&frame.captured));
    let mut latencies_ms = Vec::new();
    let mut count = 0;
    for frame in measured {
        count += 1;
        // The frame is the latest of its number until the loop comes round; nothing is seen later than that.
        let shown = sightings.iter().find(|sighting| {
            let age = sighting.at.checked_duration_since(frame.captured);
            sighting.position == frame.position && age.is_some_and(|age| age < LATENCY_MAX)
        });
        if let Some(sighting) = shown {
            latencies_ms.push(sighting.at.saturating_duration_since(frame.captured).as_secs_f64() * 1_000.0);
        }
    }
    Glass { latencies_ms, sent: count }
}

/// A frame that is not shown by then counts as not shown. Less than any loop lasts.
pub(super) const LATENCY_MAX: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn sent(start: Instant, index: u64, loop_frames: usize) -> SentPicture {
        SentPicture {
            position: usize::try_from(index).expect("small") % loop_frames,
            index,
            captured: start + Duration::from_millis(33 * index),
            timestamp: 0,
            fragments: Arc::from([]),
        }
    }

    #[test]
    fn each_frame_is_matched_with_its_own_turn_of_the_loop() {
        let start = Instant::now();
        let frames: Vec<_> = (0..300).map(|index| sent(start, index, 90)).collect();
        let sightings: Vec<_> = frames
            .iter()
            .filter(|frame| frame.index % 10 != 9)
            .map(|frame| Sighting { position: frame.position, at: frame.captured + Duration::from_millis(40) })
            .collect();
        let window = (start + Duration::from_millis(33 * 100), start + Duration::from_millis(33 * 200));
        let glass = glass(&frames, &sightings, window.0, window.1);
        assert_eq!((glass.sent, glass.latencies_ms.len()), (100, 90));
        assert!(glass.latencies_ms.iter().all(|latency| (latency - 40.0).abs() < 0.001));
    }

    #[test]
    fn skew_is_positive_when_the_sound_is_late_and_lost_beeps_count_nothing() {
        let start = Instant::now();
        let at = |ms: u64| Ntp(5 << 32).plus(Duration::from_millis(ms));
        let flash = |ms: u64| (start + Duration::from_millis(ms + 40), at(ms));
        let host = HostSeen {
            flashes: vec![flash(0), flash(1_000), flash(2_000), flash(3_000)],
            beeps: vec![at(300), at(1_030), at(1_980)],
            ..HostSeen::default()
        };
        let skews = skews_ms(&host, start + Duration::from_millis(500), start + Duration::from_secs(9));
        assert_eq!(skews.len(), 2);
        assert!((skews[0] - 30.0).abs() < 0.01 && (skews[1] + 20.0).abs() < 0.01, "{skews:?}");
    }
}
