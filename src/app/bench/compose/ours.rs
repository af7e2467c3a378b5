//! The server's own mixer, and the floor below it.

use super::layout::Layout;
use super::picture::Sources;
use super::rounds::Contender;
use costage_media::frame::{I420, PictureRef, PlaneRef};
use costage_media::kernel::fold::{Fold, fold};
use costage_media::kernel::rows::Rows;
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::VideoMixer;
use costage_media::scene::{Battle, Rect, Region, Scene, SourceId, Template, Tile};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// CPU time of this thread so far: what others on the machine take does not count.
pub(super) fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let whole = Duration::from_secs(u64::try_from(now.tv_sec).unwrap_or_default());
    whole + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or_default())
}

/// The mixer that programs use, at one level: each source's picture is painted as if it just came from its decoder, then
/// the canvas is composed, without names or anything else over the tiles.
pub(super) struct Ours {
    mixer: VideoMixer,
    sources: Rc<Sources>,
    /// No time passes: nothing dims, and nothing moves.
    now: Instant,
    turn: usize,
}

impl Ours {
    pub(super) fn new(layout: &Layout, level: Level, sources: Rc<Sources>) -> Self {
        let now = Instant::now();
        let mut mixer = VideoMixer::new(Kernels::new(level), layout.canvas);
        mixer.set_scene(now, scene(layout));
        Self { mixer, sources, now, turn: 0 }
    }

    fn frame(&mut self) -> PictureRef<'_> {
        for (source, pictures) in (0..).zip(&*self.sources) {
            let picture = pictures[self.turn % pictures.len()].as_ref();
            self.mixer.paint(self.now, SourceId(source), picture);
        }
        self.turn += 1;
        self.mixer.compose(self.now)
    }

    /// The canvas of the first pictures, packed.
    pub(super) fn picture(&mut self) -> Vec<u8> {
        self.turn = 0;
        let PictureRef { y, u, v, .. } = self.frame();
        [y, u, v].iter().flat_map(|plane| plane.data.iter().copied()).collect()
    }
}

/// Tiles at the places of a layout and nothing else.
pub(super) fn scene(layout: &Layout) -> Scene {
    let tile = |(source, place): (u32, &Rect)| Tile {
        source: SourceId(source),
        camera: true,
        region: Some(Region::plain(*place, 0)),
        ..Tile::default()
    };
    Scene {
        canvas: layout.canvas,
        template: Template::Custom,
        tiles: (0..).zip(&layout.places).map(tile).collect(),
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle::default(),
        names: false,
        sei: None,
    }
}

impl Contender for Ours {
    fn run(&mut self, frames: u32) -> anyhow::Result<Duration> {
        let begun = cpu_time();
        for _ in 0..frames {
            black_box(self.frame());
        }
        Ok(cpu_time().saturating_sub(begun))
    }
}

/// What the memory alone takes: every pixel that is shown is read once, by the instructions of one level, and the canvas is
/// filled once.
pub(super) struct Floor {
    sources: Rc<Sources>,
    crops: Vec<Rect>,
    fold: Fold,
    way: Way,
    canvas: I420,
    turn: usize,
}

/// How a part of a plane is read. Memory is read ahead for who goes on without a gap, so that it may take less to read what
/// lies beside the part along with it, or to ask for lines before they are read; which it is, the machine decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    /// From its first pixel to its last; else row by row, nothing beside it.
    through: bool,
    /// The memory is asked ahead.
    ahead: bool,
}

impl Way {
    const ALL: [Self; 4] = [
        Self { through: false, ahead: false },
        Self { through: false, ahead: true },
        Self { through: true, ahead: false },
        Self { through: true, ahead: true },
    ];
}

/// Pictures of each source by which a floor finds its way.
const TRIAL_FRAMES: usize = 24;

impl Floor {
    /// Tries all ways and takes the one that takes least: a floor has nothing below it.
    pub(super) fn new(layout: &Layout, level: Level, sources: Rc<Sources>) -> Self {
        let (crops, canvas) = (layout.crops().collect(), I420::black(layout.canvas));
        let mut floor = Self { sources, crops, fold: fold(level), way: Way::ALL[0], canvas, turn: 0 };
        let mut median = |way: &Way| {
            floor.way = *way;
            let mut times: Vec<_> = (0..TRIAL_FRAMES).map(|_| floor.timed(1)).collect();
            times.sort();
            times[TRIAL_FRAMES / 2]
        };
        let way = Way::ALL.into_iter().min_by_key(&mut median).unwrap_or(Way::ALL[0]);
        floor.way = way;
        floor
    }

    fn timed(&mut self, frames: u32) -> Duration {
        let begun = cpu_time();
        for _ in 0..frames {
            self.frame();
        }
        cpu_time().saturating_sub(begun)
    }

    fn frame(&mut self) {
        for (pictures, crop) in self.sources.iter().zip(&self.crops) {
            let PictureRef { y, u, v, .. } = pictures[self.turn % pictures.len()].as_ref();
            let half = Rect { x: crop.x / 2, y: crop.y / 2, w: crop.w / 2, h: crop.h / 2 };
            for (plane, part) in [(y, *crop), (u, half), (v, half)] {
                black_box(read(self.fold, plane, part, self.way));
            }
        }
        self.canvas.planes_mut().into_iter().for_each(|plane| plane.fill(128));
        black_box(&mut self.canvas);
        self.turn += 1;
    }
}

impl Contender for Floor {
    fn run(&mut self, frames: u32) -> anyhow::Result<Duration> {
        Ok(self.timed(frames))
    }
}

/// Every byte of a part of a plane, folded into one.
fn read(fold: Fold, plane: PlaneRef<'_>, part: Rect, way: Way) -> u8 {
    let rows = Rows::new(&plane.data[part.y * plane.stride + part.x..], plane.stride);
    let (width, count) =
        if way.through { (part.h.saturating_sub(1) * plane.stride + part.w, 1) } else { (part.w, part.h) };
    fold(rows, width, count, way.ahead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::bench::compose::picture::{distance, sources};

    #[test]
    fn every_pixel_that_is_shown_is_read() {
        let picture = I420::black(costage_media::frame::Size { width: 640, height: 4 });
        let part = Rect { x: 280, y: 1, w: 200, h: 2 };
        for (level, way) in Level::ALL.into_iter().flat_map(|level| Way::ALL.map(|way| (level, way))) {
            let before = read(fold(level), picture.as_ref().y, part, way);
            for (x, y) in (0..640).flat_map(|x| (0..4).map(move |y| (x, y))) {
                let mut other = picture.clone();
                other.planes_mut()[0][y * 640 + x] ^= 64;
                let inside = (part.x..part.right()).contains(&x) && (part.y..part.bottom()).contains(&y);
                let is_read = read(fold(level), other.as_ref().y, part, way) != before;
                assert!(is_read || !inside, "{x} {y} is not read ({way:?})");
                assert!(inside || !is_read || way.through, "{x} {y} lies beside the part");
            }
        }
    }

    #[test]
    fn the_mixer_fills_every_place_with_its_source() {
        for layout in Layout::all() {
            let sources = Rc::new(sources(&layout, 1));
            let picture = Ours::new(&layout, Level::detect(), Rc::clone(&sources)).picture();
            let mut expected = vec![0; picture.len()];
            for ((source, crop), place) in sources.iter().zip(layout.crops()).zip(&layout.places) {
                for (x, y) in (0..place.h).flat_map(|y| (0..place.w).map(move |x| (x, y))) {
                    let (from_x, from_y) = (crop.x + x * crop.w / place.w, crop.y + y * crop.h / place.h);
                    expected[(place.y + y) * layout.canvas.width + place.x + x] =
                        source[0].as_ref().y.data[from_y * layout.source.width + from_x];
                }
            }
            let distance = distance(&layout, &picture, &expected).expect("both are whole");
            assert!(distance < 5.0, "{}: {distance}, as far as a nearest neighbour may be", layout.name);
        }
    }
}
