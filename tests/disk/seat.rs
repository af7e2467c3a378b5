//! A viewer who writes down when each picture came, what its bar showed, and whether the sound went on; and the test's own
//! standstills, which are no fault of the server's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use costage::client::whep::Viewer;
use costage::client::{Audience, Seen};
use costage_media::frame::{AudioBlock, PictureRef};

use crate::disk::now_us;
use crate::house::{House, PATIENCE};

/// Samples of chroma in the bar's row that are the left side's blue (U about 195; grey is 128).
const BLUE_U: u8 = 154;
/// A row of the bar above its numbers.
const BAR_ROW: usize = 243 / 2;
/// From 1900 to 1970, seconds (RFC 5905).
const NTP_TO_UNIX: u64 = 2_208_988_800;
/// Sleep of the one who looks at how the test's own process gets along.
const NAP: Duration = Duration::from_millis(10);

/// A picture that was decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shot {
    /// When its last packet came.
    pub(crate) came: u64,
    /// When the server composed it.
    pub(crate) composed: u64,
    /// Samples of the bar's row that are blue: the share of the first host.
    pub(crate) blue: usize,
}

#[derive(Debug, Default)]
struct Notes {
    shots: Vec<Shot>,
    /// When each block of sound came, and whether it was loud.
    blocks: Vec<(u64, bool)>,
    /// When the test's own process stood still, and for how long.
    stood: Vec<(u64, u64)>,
}

/// What came in a while.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) fps: f64,
    pub(crate) blocks_per_second: f64,
    /// When blocks of sound came that are silent.
    pub(crate) silent: Vec<u64>,
    /// Longest time without a picture.
    pub(crate) picture_gap: Duration,
    /// Longest time without a block of sound.
    pub(crate) sound_gap: Duration,
    /// Longest standstill of the test's own process.
    pub(crate) own: Duration,
}

pub(crate) struct Seat {
    notes: Arc<Mutex<Notes>>,
    pub(crate) viewer: Viewer,
}

struct Eyes(Arc<Mutex<Notes>>);

fn wall(seen: &Seen) -> u64 {
    now_us() - u64::try_from(seen.received_at.elapsed().as_micros()).unwrap()
}

impl Audience for Eyes {
    fn picture(&mut self, picture: PictureRef<'_>, seen: &Seen) {
        let Some(captured) = seen.captured else { return };
        let composed =
            ((captured.0 >> 32) - NTP_TO_UNIX) * 1_000_000 + (((captured.0 & 0xffff_ffff) * 1_000_000) >> 32);
        let row = &picture.u.data[BAR_ROW / 2 * picture.u.stride..][..picture.u.width];
        let blue = row.iter().filter(|u| **u > BLUE_U).count();
        self.0.lock().unwrap().shots.push(Shot { came: wall(seen), composed, blue });
    }

    fn sound(&mut self, block: &AudioBlock, seen: &Seen) {
        let loud = block.0.iter().any(|sample| sample.abs() > 0.05);
        self.0.lock().unwrap().blocks.push((wall(seen), loud));
    }
}

impl Seat {
    /// Takes it; there are pictures when this returns.
    pub(crate) async fn take(house: &House, live: &str) -> Self {
        let notes = Arc::<Mutex<Notes>>::default();
        let eyes = Box::new(Eyes(Arc::clone(&notes)));
        let viewer = Viewer::watch(&house.backend.whep(live), None, Arc::clone(&house.clock), eyes).await.unwrap();
        let seat = Self { notes, viewer };
        let first = async {
            while seat.notes.lock().unwrap().shots.is_empty() {
                tokio::time::sleep(NAP).await;
            }
        };
        tokio::time::timeout(PATIENCE, first).await.expect("a picture");
        seat
    }

    /// Notes from now on when the test's own tasks do not get along.
    pub(crate) fn note_standstills(&self) {
        let notes = Arc::clone(&self.notes);
        tokio::spawn(async move {
            loop {
                let before = now_us();
                tokio::time::sleep(NAP).await;
                let late = now_us().saturating_sub(before + 10_000);
                notes.lock().unwrap().stood.push((before, late));
            }
        });
    }

    /// Pictures that were composed in a while.
    pub(crate) fn shots(&self, from: u64, to: u64) -> Vec<Shot> {
        let notes = self.notes.lock().unwrap();
        notes.shots.iter().filter(|shot| (from..to).contains(&shot.composed)).copied().collect()
    }

    pub(crate) fn course(&self, from: u64, to: u64) -> Course {
        let notes = self.notes.lock().unwrap();
        let within = |at: &u64| (from..to).contains(at);
        let pictures: Vec<u64> = notes.shots.iter().map(|shot| shot.came).filter(within).collect();
        let blocks: Vec<(u64, bool)> = notes.blocks.iter().filter(|(at, _)| within(at)).copied().collect();
        let times: Vec<u64> = blocks.iter().map(|(at, _)| *at).collect();
        #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
        let rate = |count: usize| count as f64 * 1_000_000.0 / (to - from) as f64;
        let stood = notes.stood.iter().filter(|(at, late)| at + late >= from && *at < to);
        Course {
            fps: rate(pictures.len()),
            blocks_per_second: rate(blocks.len()),
            silent: blocks.iter().filter(|(_, loud)| !loud).map(|(at, _)| *at).collect(),
            picture_gap: longest_gap(from, &pictures, to),
            sound_gap: longest_gap(from, &times, to),
            own: Duration::from_micros(stood.map(|(_, late)| *late).max().unwrap_or(0)),
        }
    }
}

fn longest_gap(from: u64, times: &[u64], to: u64) -> Duration {
    let starts = std::iter::once(from).chain(times.iter().copied());
    let ends = times.iter().copied().chain([to]);
    Duration::from_micros(starts.zip(ends).map(|(start, end)| end.saturating_sub(start)).max().unwrap_or(0))
}
