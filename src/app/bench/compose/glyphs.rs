//! Whether a picture is later for letters that were never drawn: nine new names at a time, while frames are painted.
//!
//! ```text
//! another thread, as in the server:  new names ── shaped and drawn ──► scene ─┐
//! this thread, all the while:        frame, frame, frame …                   └► frame with it
//! beside each, on another mixer:     frame, frame, frame …                      frame with its scene once more
//! ```

use super::layout::Layout;
use super::ours::scene;
use super::rounds::microsecond_tenths;
use costage_media::frame::{I420, Size};
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::{VideoMixer, has_letters, prepare, warm};
use costage_media::scene::{Scene, SourceId};
use serde::Serialize;
use std::fs;
use std::hint::black_box;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How much later frames were for new names, in milliseconds: each beside a frame without, painted right before or after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct NewGlyphs {
    /// What names were written in: those of the scripts wanted that some font has letters of.
    pub(super) scripts: Vec<&'static str>,
    /// New names.
    pub(super) names: usize,
    /// Frames that brought nine of them.
    pub(super) scenes: usize,
    /// All frames, those among them that were painted while names were shaped.
    pub(super) frames: usize,
    /// Of frames that brought names, the median: by the clock on the wall, less what the thread that paints was ready to run
    /// and others had the core. What it waits for the thread that shapes counts.
    pub(super) ms: f64,
    /// Of all frames the most, measured so.
    pub(super) max_ms: f64,
    /// The same with what others had the core, whichever of both frames it met.
    pub(super) wall_max_ms: f64,
}

impl NewGlyphs {
    /// The most that a frame was later; `None` where nothing was shown, as without letters that take long.
    pub(super) fn latest(&self) -> Option<f64> {
        self.scripts.contains(&CHINESE.name).then_some(self.max_ms)
    }
}

/// A script, and letters of it that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Script {
    name: &'static str,
    first: u32,
    letters: u32,
}

const fn script(name: &'static str, first: u32, letters: u32) -> Script {
    Script { name, first, letters }
}

const CHINESE: Script = script("Chinese", 0x4E00, 20_000);
const KOREAN: Script = script("Korean", 0xAC00, 11_000);
const ARABIC: Script = script("Arabic", 0x0627, 20);
const EMOJI: Script = script("emoji", 0x1F400, 60);

/// What the nine names of a scene are written in: mostly what has letters enough for each to be new.
const WRITTEN: [Script; 9] = [
    CHINESE,
    KOREAN,
    CHINESE,
    ARABIC,
    CHINESE,
    EMOJI,
    CHINESE,
    script("Thai", 0x0E01, 46),
    script("Latin", 0x00C0, 190),
];

/// Letters of a name.
const LETTERS: u32 = 6;
/// Frames after one that brought names.
const AFTER: usize = 4;

impl Script {
    fn letter(&self, i: u32) -> char {
        char::from_u32(self.first + i % self.letters).unwrap_or(' ')
    }

    /// The name of this number, of letters that no other has where there are so many.
    fn name(&self, number: u32) -> String {
        let (letter, steps) = (number * LETTERS, if self.letters > 1_000 { 1 } else { 2 * number + 1 });
        (0..LETTERS).map(|i| self.letter(letter + i * steps)).collect()
    }
}

/// Measures `scenes` changes of all nine names on the portrait canvas. `None` when the thread that draws letters is gone.
pub(super) fn measure(level: Level, scenes: u32) -> Option<NewGlyphs> {
    // By another thread: this one is to know no letters but those that a mix thread begins with.
    let written = thread::spawn(|| WRITTEN.map(|it| has_letters(&it.letter(0).to_string()).then_some(it)));
    let written: Vec<Script> = written.join().ok()?.into_iter().flatten().collect();
    warm();
    let [_, _, nine, _] = Layout::all();
    let (ask, asked) = sync_channel(1);
    let (answer, answered) = sync_channel(1);
    thread::scope(move |scope| {
        scope.spawn(move || {
            for scene in asked {
                prepare(&scene);
                if answer.send(scene).is_err() {
                    return;
                }
            }
        });
        let found = Run::new(level, &nine, &written).through(scenes, &ask, &answered);
        drop(ask); // The other thread ends by it, for which the scope waits.
        found
    })
}

/// The layout with names of these numbers.
fn named(layout: &Layout, written: &[Script], turn: u32) -> Scene {
    let mut scene = scene(layout);
    scene.names = true;
    for (tile, script) in scene.tiles.iter_mut().zip(written.iter().cycle()) {
        tile.name = script.name(turn * 9 + tile.source.0);
    }
    scene
}

/// Two mixers, of which one is given new names, and what was found.
struct Run<'a> {
    layout: &'a Layout,
    written: &'a [Script],
    stages: [Stage; 2],
    plain: Scene,
    /// What a frame took more without and with waiting for a core, in milliseconds.
    brought: Vec<[f64; 2]>,
    others: Vec<[f64; 2]>,
}

impl<'a> Run<'a> {
    fn new(level: Level, layout: &'a Layout, written: &'a [Script]) -> Self {
        let plain = Scene { names: true, ..scene(layout) };
        let stages = [0, 1].map(|_| Stage::new(level, plain.clone()));
        Self { layout, written, stages, plain, brought: Vec::new(), others: Vec::new() }
    }

    fn through(mut self, scenes: u32, ask: &SyncSender<Scene>, answered: &Receiver<Scene>) -> Option<NewGlyphs> {
        for _ in 0..AFTER {
            self.pair(None); // The memory is there after these.
        }
        for turn in 0..scenes {
            ask.send(named(self.layout, self.written, turn)).ok()?;
            let scene = loop {
                match answered.try_recv() {
                    Ok(scene) => break scene,
                    Err(TryRecvError::Empty) => {
                        let later = self.pair(None);
                        self.others.push(later);
                    }
                    Err(TryRecvError::Disconnected) => return None,
                }
            };
            let later = self.pair(Some(scene));
            self.brought.push(later);
            for _ in 0..AFTER {
                let later = self.pair(None);
                self.others.push(later);
            }
        }
        self.found()
    }

    /// A frame on each mixer, of which either is the first in turn; what that of the first mixer took more.
    fn pair(&mut self, scene: Option<Scene>) -> [f64; 2] {
        let first = self.brought.len() % 2;
        let mut scenes = [scene.is_some().then(|| self.plain.clone()), scene];
        let mut took = [[0.0; 2]; 2];
        for which in [first, 1 - first] {
            took[which] = self.stages[which].frame(scenes[1 - which].take());
        }
        [took[0][0] - took[1][0], took[0][1] - took[1][1]]
    }

    fn found(self) -> Option<NewGlyphs> {
        let Self { written, brought, others, .. } = self;
        let most = |which: usize| {
            let all = brought.iter().chain(&others).map(|later| later[which]);
            all.reduce(f64::max).map(microsecond_tenths)
        };
        let mut middle: Vec<_> = brought.iter().map(|later| later[0]).collect();
        middle.sort_by(f64::total_cmp);
        let mut scripts: Vec<_> = written.iter().map(|script| script.name).collect();
        scripts.sort_unstable();
        scripts.dedup();
        Some(NewGlyphs {
            scripts,
            names: brought.len() * self.layout.places.len(),
            scenes: brought.len(),
            frames: brought.len() + others.len(),
            ms: microsecond_tenths(*middle.get(middle.len() / 2)?),
            max_ms: most(0)?,
            wall_max_ms: most(1)?,
        })
    }
}

/// A mixer and the pictures for it.
struct Stage {
    mixer: VideoMixer,
    now: Instant,
    sources: Vec<SourceId>,
    small: I420,
}

impl Stage {
    fn new(level: Level, scene: Scene) -> Self {
        let now = Instant::now();
        let mut mixer = VideoMixer::new(Kernels::new(level), scene.canvas);
        let sources = scene.sources().collect();
        mixer.set_scene(now, scene);
        let small = I420::black(Size { width: 16, height: 16 });
        let mut stage = Self { mixer, now, sources, small };
        stage.frame(None);
        stage
    }

    /// What a frame takes in which every tile has a new picture, without and with waiting for a core, milliseconds; with another
    /// scene.
    fn frame(&mut self, scene: Option<Scene>) -> [f64; 2] {
        let (waited, begun) = (waited(), Instant::now());
        if let Some(scene) = scene {
            self.mixer.set_scene(self.now, scene);
        }
        for source in &self.sources {
            self.mixer.paint(self.now, *source, self.small.as_ref());
        }
        black_box(self.mixer.compose(self.now));
        let took = begun.elapsed();
        [took.saturating_sub(self::waited().saturating_sub(waited)), took].map(ms)
    }
}

/// How long this thread was ready to run so far and others had the cores
/// (<https://docs.kernel.org/scheduler/sched-stats.html>: the second number, nanoseconds); none where the kernel does not count it.
fn waited() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_default())
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_large_scripts_share_no_letter_and_no_two_names_are_alike() {
        let names: Vec<_> = (0..300).map(|number| CHINESE.name(number)).collect();
        let mut letters: Vec<char> = names.iter().flat_map(|name| name.chars()).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 300 * 6);
        let [_, _, nine, _] = Layout::all();
        let of = |turn| named(&nine, &WRITTEN, turn).tiles.into_iter().map(|tile| tile.name).collect::<Vec<_>>();
        assert!(of(0).iter().all(|name| name.chars().count() == 6 && !of(1).contains(name)));
    }

    #[test]
    fn new_names_come_in_while_frames_are_painted_and_all_frames_count() {
        let found = measure(Level::detect(), 3).unwrap();
        assert_eq!((found.scenes, found.names), (3, 27));
        assert!(found.frames >= 3 * (1 + AFTER) && found.max_ms >= found.ms, "{found:?}");
        assert!(found.scripts.contains(&"Latin"));
        let boxes = NewGlyphs { scripts: vec!["Latin"], ..found.clone() };
        assert_eq!(boxes.latest(), None, "nothing is shown without letters that take long");
        let all = NewGlyphs { scripts: vec!["Chinese"], ..found };
        assert_eq!(all.latest(), Some(all.max_ms));
    }
}
