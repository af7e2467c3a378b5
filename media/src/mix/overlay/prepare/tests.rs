use std::time::{Duration, Instant};

use super::*;
use crate::frame::I420;
use crate::kernel::{Kernels, Level};
use crate::mix::VideoMixer;
use crate::mix::overlay::drawn::drawings;
use crate::mix::overlay::lettering::pen_strokes;
use crate::scene::{
    AVATAR_SIDE, Battle, Cell, CellSitter, Countdown, Outcome, Side, Standing, Template, Tile, Verdict,
};

const CANVAS: Size = Size { width: 720, height: 1280 };

fn tile(source: u32, name: &str) -> Tile {
    Tile { source: SourceId(source), name: name.into(), muted: source == 2, ..Tile::default() }
}

fn scene(template: Template, tiles: Vec<Tile>, scores: &[u64]) -> Scene {
    let standing = |score| Some(Standing { battle: 1, rank: 1, score, left: false, until: None });
    let side =
        |(source, score): (u32, &u64)| Side { source: SourceId(source), standing: standing(*score), verdict: None };
    let battle = Battle { sides: (1..).zip(scores).map(side).collect(), ..Battle::default() };
    Scene { canvas: CANVAS, template, tiles, voices: Vec::new(), cells: Vec::new(), battle, names: true, sei: None }
}

/// What this thread shaped of letters, and what it drew of figures, while it drew `scene`.
fn strokes_of(scene: Scene) -> [u64; 2] {
    let (letters, figures) = (pen_strokes(), drawings());
    let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), CANVAS);
    mixer.set_scene(Instant::now(), scene);
    let _ = mixer.compose(Instant::now());
    [pen_strokes() - letters, drawings() - figures]
}

#[test]
fn a_scene_that_was_prepared_needs_no_font_where_it_is_drawn() {
    let names = ["Qadir Xylo", "زينب القاهرة", "A name of such a length that it is not seen to its end anywhere"];
    let tiles: Vec<Tile> = (1..).zip(names).map(|(source, name)| tile(source, name)).collect();
    let [two, three] = [&tiles[..2], &tiles[..]].map(|tiles| tiles.to_vec());
    let mut voices = scene(Template::HostStaticVoice6v6, Vec::new(), &[]);
    let sitter = CellSitter { source: SourceId(1), name: "Voyteh Quince".into(), muted: true, ..CellSitter::default() };
    voices.cells =
        vec![Cell { seat: 1, locked: false, rect: Rect { x: 0, y: 276, w: 180, h: 200 }, sitter: Some(sitter) }];
    let empty = Cell { seat: 7, locked: false, rect: Rect { x: 180, y: 276, w: 180, h: 200 }, sitter: None };
    voices.cells.push(empty.clone());
    let picture = || Some(Avatar::new(I420::black(Size { width: AVATAR_SIDE, height: AVATAR_SIDE })));
    let shown =
        CellSitter { source: SourceId(2), name: "Zoltan Vex".into(), avatar: picture(), ..CellSitter::default() };
    let beside = Rect { x: 362, y: 278, w: 182, h: 200 };
    voices.cells.push(Cell { seat: 8, locked: false, rect: beside, sitter: Some(shown) });
    let pictured = (1..3).map(|source| Tile { avatar: picture(), ..tile(source, "Wim Jotz") }).collect();
    let mut windows = scene(Template::VideoFixedFloat7Seats, Vec::new(), &[]);
    windows.cells = vec![Cell { seat: 5, rect: Rect { x: 560, y: 272, w: 144, h: 176 }, ..empty }];
    for (scene, scores) in [
        (windows, None),
        (scene(Template::HostDynamicGrid, pictured, &[]), None),
        (scene(Template::HostDynamicGrid, two.clone(), &[1, 2]), Some([37_700, 465])),
        (scene(Template::HostDynamicGrid, three, &[17, 28, 39]), Some([988, 5_544_000])),
        (voices, None),
    ] {
        let prepared = scene.clone();
        std::thread::spawn(move || prepare(&prepared)).join().unwrap();
        assert_eq!(strokes_of(scene.clone()), [0; 2]);
        // Numbers that were never shown before are made of what is known.
        let Some(scores) = scores else { continue };
        let mut later = scene;
        for (side, score) in later.battle.sides.iter_mut().zip(scores) {
            side.standing = Some(Standing { battle: 1, rank: 2, score, left: false, until: None });
        }
        assert_eq!(strokes_of(later), [0; 2]);
    }
    let unprepared = scene(Template::HostDynamicGrid, vec![tile(1, "Ümit Żółć")], &[]);
    let [letters, figures] = strokes_of(unprepared);
    assert!(letters > 0 && figures == 2, "{letters} letters, {figures} figures: initials and name");
}

/// A mixer of this thread, for scenes that another prepares.
struct Stage {
    mixer: VideoMixer,
    canvas: Size,
    now: Instant,
}

impl Stage {
    /// Of a size that no other test has: nothing of it was drawn before.
    fn new(canvas: Size) -> Self {
        Self { mixer: VideoMixer::new(Kernels::new(Level::Scalar), canvas), canvas, now: Instant::now() }
    }

    fn set(&mut self, scene: &Scene) {
        let scene = Scene { canvas: self.canvas, ..scene.clone() };
        let prepared = scene.clone();
        std::thread::spawn(move || prepare(&prepared)).join().unwrap();
        self.mixer.set_scene(self.now, scene);
        let _ = self.mixer.compose(self.now);
    }

    /// Each picture that is wanted until then.
    fn run(&mut self, for_ms: u64) {
        let end = self.now + Duration::from_millis(for_ms);
        while let Some(due) = self.mixer.poll_timeout().filter(|due| *due <= end) {
            self.mixer.handle_timeout(due);
            let _ = self.mixer.compose(due);
        }
        self.now = end;
    }
}

/// What `story` has this thread shape and draw.
fn strokes_in(story: impl FnOnce()) -> [u64; 2] {
    let before = [pen_strokes(), drawings()];
    story();
    [pen_strokes() - before[0], drawings() - before[1]]
}

#[test]
fn a_battle_from_its_start_to_the_end_of_the_punishment_needs_nothing_new() {
    let mut stage = Stage::new(Size { width: 702, height: 1248 });
    let tiles = vec![tile(1, "Opal Quist"), tile(2, "Jorvik Thane")];
    let mut scene = scene(Template::HostDynamicGrid, tiles, &[0, 0]);
    let start = stage.now;
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut shown = Vec::new();
    let strokes = strokes_in(|| {
        scene.battle.opening = Some(after(1));
        scene.battle.countdown = Some(Countdown { of: Span::Battle, end: after(12) });
        stage.set(&scene);
        shown.push(stage.mixer.compose(stage.now).y.data.to_vec());
        stage.run(2_000);
        // A score counts through numbers of any length.
        scene.battle.sides[0].standing.as_mut().unwrap().score = 123_456_789;
        stage.set(&scene);
        stage.run(10_000);
        let verdict = |outcome| Some(Verdict { outcome, until: after(17) });
        for (side, outcome) in scene.battle.sides.iter_mut().zip([Outcome::Victory, Outcome::Defeat]) {
            (side.standing, side.verdict) = (None, verdict(outcome));
        }
        scene.battle.countdown = Some(Countdown { of: Span::Punishment, end: after(12 + 61) });
        stage.set(&scene);
        shown.push(stage.mixer.compose(stage.now).y.data.to_vec());
        stage.run(70_000);
        // Its camera was open and nothing came, and then something did, and then nothing.
        scene.tiles[0].camera = true;
        stage.set(&scene);
        let picture = I420::black(Size { width: 16, height: 16 });
        stage.mixer.paint(stage.now, SourceId(1), picture.as_ref());
        stage.run(6_000);
    });
    assert_eq!(strokes, [0; 2]);
    assert_ne!(shown[0], shown[1], "it was drawn");
}

#[test]
fn marks_that_are_written_smaller_need_nothing_new_while_they_count() {
    let mut stage = Stage::new(Size { width: 666, height: 1184 });
    let tiles = (1..=7).map(|source| tile(source, "Zuma")).collect();
    let mut scene = scene(Template::HostDynamic1v6, tiles, &[0, 1, 2, 3, 4, 5, 6]);
    scene.battle.sides[6].standing = None;
    let strokes = strokes_in(|| {
        stage.set(&scene);
        for score in [77, 8_642, 75_310, 975_310, 86_420_000, 999_000_000_000] {
            for side in &mut scene.battle.sides[..6] {
                side.standing.as_mut().unwrap().score += score;
            }
            stage.set(&scene);
            stage.run(1_000);
        }
    });
    assert_eq!(strokes, [0; 2]);
}

#[test]
fn who_joins_and_leaves_while_tiles_are_on_their_ways_has_nothing_drawn_anew() {
    let mut stage = Stage::new(Size { width: 684, height: 1216 });
    let long = "Wenceslas of the long and winding name that no tile has room for";
    let tiles: Vec<_> = (21..30).map(|source| tile(source, &format!("{source} {long}"))).collect();
    let of = |count: usize| scene(Template::HostDynamicGrid, tiles[..count].to_vec(), &[]);
    let strokes = strokes_in(|| {
        // Each is sent on before it has arrived, from wherever it is by then.
        for (count, after) in [(1, 0), (2, 100), (1, 130), (3, 70), (9, 40), (2, 210), (4, 110), (1, 90)] {
            stage.set(&of(count));
            stage.run(after);
        }
        // So is one who has another name by now, whose microphone is off, and who has won.
        for (count, after) in [(2, 500), (9, 50), (1, 60), (4, 100), (2, 1_000)] {
            let mut scene = of(count);
            scene.tiles[0].name = format!("{count} Now {long}");
            scene.tiles[0].muted = count % 2 == 0;
            let verdict = Some(Verdict { outcome: Outcome::Victory, until: stage.now + Duration::from_secs(5) });
            scene.battle.sides = vec![Side { source: SourceId(21), standing: None, verdict }];
            stage.set(&scene);
            stage.run(after);
        }
    });
    assert_eq!(strokes, [0; 2]);
}
