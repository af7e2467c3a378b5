//! Where the score bar's boundary is in what the viewer decodes.

use crate::client::{Audience, Seen};
use crate::engine::Clock;
use anyhow::ensure;
use costage_media::frame::{PictureRef, Size};
use costage_media::scene::Template;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A slide of the bar lasts 500 ms (layouts); by then it and the last frame have come.
pub(super) const SLIDE: Duration = Duration::from_millis(650);
/// How long a score may take to be seen before the run is given up.
const SEEN_WITHIN: Duration = Duration::from_secs(5);
/// How often is looked whether it has been seen; when it was, the viewer's thread has noted.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Above it, U is the left side's blue (about 195), below it the right side's red (about 112).
const BLUE_U: u8 = 154;
/// Samples of chroma by which the boundary must have moved: more than encoding moves an edge, less than a slide's first step.
const MOVED: usize = 3;
/// The bar is 36 high above the tiles; its numbers are in the middle, this row is above them.
const ROW_ABOVE_TILES: usize = 33;
/// Boundaries that are kept: an hour at 60 pictures a second.
const KEPT_MAX: usize = 60 * 3_600;

type Seens = Arc<Mutex<Vec<(Instant, usize)>>>;

/// Reads the bar on the viewer's thread.
pub(super) struct BarReader {
    clock: Arc<dyn Clock>,
    row: usize,
    seen: Seens,
}

/// What a [`BarReader`] has read: when, and how many samples of the row are blue.
pub(super) struct Boundaries(Seens);

impl BarReader {
    /// For a battle of two in hostDynamicGrid.
    pub(super) fn new(clock: Arc<dyn Clock>, canvas: Size) -> (Self, Boundaries) {
        let tile = Template::HostDynamicGrid.regions(canvas, 2)[0].rect;
        let seen = Seens::default();
        let boundaries = Boundaries(Arc::clone(&seen));
        (Self { clock, row: (tile.y - ROW_ABOVE_TILES) / 2, seen }, boundaries)
    }
}

impl Audience for BarReader {
    fn picture(&mut self, picture: PictureRef<'_>, _: &Seen) {
        let at = self.clock.now();
        let Some(row) = picture.u.data.get(self.row * picture.u.stride..) else { return };
        let blue = row.iter().take(picture.u.width).filter(|u| **u > BLUE_U).count();
        let mut seen = lock(&self.seen);
        if seen.len() < KEPT_MAX {
            seen.push((at, blue));
        }
    }
}

impl Boundaries {
    /// Where it was last, in samples of chroma.
    pub(super) fn latest(&self) -> Option<usize> {
        lock(&self.0).last().map(|(_, boundary)| *boundary)
    }

    /// When it was first seen somewhere else.
    ///
    /// # Errors
    /// When it stays.
    pub(super) async fn first_other_than(&self, before: usize, clock: &Arc<dyn Clock>) -> anyhow::Result<Instant> {
        let deadline = clock.now() + SEEN_WITHIN;
        loop {
            let seen = {
                let seen = lock(&self.0);
                let moved = seen.iter().rev().take_while(|(_, at)| at.abs_diff(before) >= MOVED);
                moved.last().map(|(at, _)| *at)
            };
            if let Some(at) = seen {
                return Ok(at);
            }
            let wait = SEEN_WITHIN.as_secs();
            ensure!(clock.now() < deadline, "a score was answered and its bar did not move within {wait} s");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn lock(seen: &Seens) -> MutexGuard<'_, Vec<(Instant, usize)>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::clock::SystemClock;
    use costage_media::frame::I420;
    use costage_media::time::Ntp;

    #[tokio::test]
    async fn the_first_picture_whose_boundary_is_elsewhere_is_found() {
        let canvas = Size { width: 720, height: 1280 };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (mut reader, boundaries) = BarReader::new(Arc::clone(&clock), canvas);
        assert_eq!(boundaries.latest(), None);
        let mut times = Vec::new();
        for blue in [180, 180, 181, 200, 260, 300] {
            let mut picture = I420::black(canvas);
            let [_, u, _] = picture.planes_mut();
            u[243 / 2 * 360..][..360].fill(112);
            u[243 / 2 * 360..][..blue].fill(195);
            let seen = Seen { timestamp: 0, captured: Some(Ntp(0)), received_at: clock.now(), bytes: 0 };
            times.push(clock.now());
            reader.picture(picture.as_ref(), &seen);
        }
        let at = boundaries.first_other_than(180, &clock).await.unwrap();
        assert!(times[3] <= at && at <= times[4]);
        assert_eq!(boundaries.latest(), Some(300));
    }
}
