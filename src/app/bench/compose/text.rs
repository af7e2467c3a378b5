//! What text costs the mixing thread: laying it over each picture, drawing a number anew, and names in letters never drawn.

use super::glyphs::{self, NewGlyphs};
use super::layout::Layout;
use super::ours::{cpu_time, scene};
use super::rounds::{Plan, Spread, microsecond_tenths};
use costage_media::frame::{I420, Size};
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::VideoMixer;
use costage_media::scene::{Battle, Scene, Side, SourceId, Standing};
use serde::Serialize;
use std::hint::black_box;
use std::time::Instant;

/// Figures of overlays; each is a difference of two scenes that are alike but for what is measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TextFigures {
    pub(super) level: String,
    /// Per frame: taking nine names and nine rank badges off the canvas, keeping what they cover and blending them again.
    pub(super) names_and_badges: Option<Spread>,
    /// A scene with another score and the next picture, in a battle of two: both numbers of the bar are drawn anew.
    pub(super) bar_change: Option<Spread>,
    /// The same in a battle of nine: the mark of one tile is.
    pub(super) mark_change: Option<Spread>,
    /// How much later a frame is when names come in letters that were never drawn.
    pub(super) new_glyphs: Option<NewGlyphs>,
}

/// Measurements in a turn.
const TURN: u64 = 64;
/// Scenes of new names for each round.
const SCENES: u32 = 2;

/// Measures on nine places of the portrait canvas, and the score bar on two.
pub(super) fn measure(level: Level, plan: Plan) -> TextFigures {
    let [_, _, nine, _] = Layout::all();
    let two = Layout { places: nine.places[..2].to_vec(), ..nine.clone() };
    let (worn, plain) = (battle(&nine, 100), scene(&nine));
    let mut stages = [worn, plain].map(|scene| Stage::new(level, scene));
    let names_and_badges = difference(plan, |which| stages[which].frames());
    let change = |layout: &Layout| {
        let mut stages = [0, 1].map(|_| Stage::new(level, battle(layout, 100)));
        // One stage's score moves on, the other's scene comes again as it is.
        difference(plan, |which| stages[which].scenes(layout, which == 0))
    };
    let (bar_change, mark_change) = (change(&two), change(&nine));
    let new_glyphs = glyphs::measure(level, plan.rounds * SCENES);
    TextFigures { level: level.to_string(), names_and_badges, bar_change, mark_change, new_glyphs }
}

impl TextFigures {
    /// Milliseconds of the change that takes more.
    pub(super) fn score_change_ms(&self) -> Option<f64> {
        self.bar_change.zip(self.mark_change).map(|(bar, mark)| bar.ms.max(mark.ms))
    }
}

/// A battle of all places with names, in which the first host has `score`.
fn battle(layout: &Layout, score: u64) -> Scene {
    let mut scene = scene(layout);
    scene.names = true;
    for tile in &mut scene.tiles {
        tile.name = format!("Host number {}", tile.source.0 + 1);
    }
    let side = |source: SourceId| {
        let score = if source == SourceId(0) { score } else { 90 - u64::from(source.0) };
        let standing = Standing { battle: 0, rank: source.0 + 1, score, left: false, until: None };
        Side { source, standing: Some(standing), verdict: None }
    };
    let sides = scene.tiles.iter().map(|tile| side(tile.source)).collect();
    scene.battle = Battle { sides, ..Battle::default() };
    scene
}

/// Milliseconds that the first of two takes more than the second, by rounds in which both have a turn.
fn difference(plan: Plan, mut turn: impl FnMut(usize) -> f64) -> Option<Spread> {
    let warm = [turn(0), turn(1)];
    black_box(warm);
    let more = |round: u32| {
        let first = usize::from(round % 2 == 1);
        let mut ms = [0.0; 2];
        for which in [first, 1 - first] {
            ms[which] = turn(which);
        }
        microsecond_tenths(ms[0] - ms[1])
    };
    Spread::of((0..plan.rounds).map(more).collect())
}

/// A mixer with a scene of its own.
struct Stage {
    mixer: VideoMixer,
    now: Instant,
    /// The smallest there is: painting it costs next to nothing, and what lies over the tiles has to come off for it.
    small: I420,
    score: u64,
}

impl Stage {
    fn new(level: Level, scene: Scene) -> Self {
        let now = Instant::now();
        let mut mixer = VideoMixer::new(Kernels::new(level), scene.canvas);
        let sources: Vec<_> = scene.sources().collect();
        mixer.set_scene(now, scene);
        let small = I420::black(Size { width: 16, height: 16 });
        for source in sources {
            mixer.paint(now, source, small.as_ref());
        }
        mixer.compose(now);
        Self { mixer, now, small, score: 100 }
    }

    /// Milliseconds a frame in which one tile has a new picture.
    fn frames(&mut self) -> f64 {
        let begun = cpu_time();
        for _ in 0..TURN {
            self.mixer.paint(self.now, SourceId(0), self.small.as_ref());
            black_box(self.mixer.compose(self.now));
        }
        per_frame(begun)
    }

    /// Milliseconds a scene with the next picture; with the next score where that moves on.
    fn scenes(&mut self, layout: &Layout, moves_on: bool) -> f64 {
        let first = self.score;
        let step = u64::from(moves_on);
        let scenes: Vec<_> = (1..=TURN).map(|i| battle(layout, first + i * step)).collect();
        self.score = first + TURN * step;
        let begun = cpu_time();
        for scene in scenes {
            self.mixer.set_scene(self.now, scene);
            black_box(self.mixer.compose(self.now));
        }
        per_frame(begun)
    }
}

fn per_frame(begun: std::time::Duration) -> f64 {
    cpu_time().saturating_sub(begun).as_secs_f64() * 1_000.0 / TURN as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn nine_places_have_names_and_badges_and_two_have_a_bar() {
        use costage_media::scene::Item;
        let [_, _, nine, _] = Layout::all();
        let items = battle(&nine, 100).draw_list().items;
        let count = |is: fn(&Item) -> bool| items.iter().filter(|item| is(item)).count();
        assert_eq!(count(|item| matches!(item, Item::Nickname { .. })), 9);
        assert_eq!(count(|item| matches!(item, Item::Badge { .. })), 9);
        let two = Layout { places: nine.places[..2].to_vec(), ..nine };
        let items = battle(&two, 100).draw_list().items;
        assert!(items.iter().any(|item| matches!(item, Item::ScoreBar { .. })));
    }

    #[test]
    fn a_difference_is_what_the_first_takes_more() {
        let plan = Plan { rounds: 5, turn: Duration::ZERO, frames: 1 };
        let found = difference(plan, |which| if which == 0 { 3.5 } else { 1.25 });
        assert_eq!(found.map(|found| found.ms), Some(2.25));
    }
}
