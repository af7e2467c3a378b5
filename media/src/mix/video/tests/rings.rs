//! Rings around the avatars of those who are heard.

use super::*;
use crate::mix::Loudness;
use crate::scene::{Cell as Place6, CellSitter, Outcome, Region, Side, Verdict};

/// B's avatar in a grid of two, and the square of its ring: 15 % of 144 and two pixels at most around it.
const SQUARE: Rect = Rect { x: 446, y: 504, w: 188, h: 188 };

fn loud(source: SourceId, step: u8) -> impl Fn(SourceId) -> Loudness {
    move |asked| if asked == source { Loudness::new(step) } else { Loudness::SILENT }
}

/// A sends pictures, B is an avatar.
fn two(now: Instant) -> VideoMixer {
    let mut mixer = mixer();
    mixer.set_scene(now, scene(&[A, B]));
    mixer.paint(now, A, picture(200).as_ref());
    mixer.compose(now);
    mixer
}

/// Where two pictures differ; the smallest rectangle with all of it.
fn difference(before: &[Vec<u8>; 3], after: &[Vec<u8>; 3]) -> Option<Rect> {
    let differs = |plane: usize, by: usize| {
        let width = CANVAS.width / by;
        let pairs = before[plane].iter().zip(&after[plane]).enumerate().filter(|(_, (a, b))| a != b);
        pairs.map(move |(at, _)| Rect { x: at % width * by, y: at / width * by, w: by, h: by })
    };
    differs(0, 1).chain(differs(1, 2)).chain(differs(2, 2)).reduce(Rect::around)
}

#[test]
fn a_voice_changes_the_square_around_its_avatar_alone_and_silence_leaves_no_trace() {
    let now = Instant::now();
    let mut mixer = two(now);
    let before = owned(mixer.compose(now));
    for step in [1, 4, 2, 3] {
        mixer.hear(loud(B, step));
        assert!(mixer.is_dirty(), "step {step} is painted");
        let after = owned(mixer.compose(now));
        let changed = difference(&before, &after).unwrap();
        assert_eq!(changed.common(SQUARE), Some(changed), "step {step}");
        assert!(changed.w > 144 && changed.h > 144, "around the avatar: {changed:?}");
        mixer.hear(loud(B, step));
        assert!(!mixer.is_dirty(), "nothing is painted while the step stays");
    }
    mixer.hear(|_| Loudness::SILENT);
    assert!(mixer.is_dirty());
    assert_eq!(difference(&before, &owned(mixer.compose(now))), None);
    mixer.hear(|_| Loudness::SILENT);
    assert!(!mixer.is_dirty());
}

#[test]
fn a_ring_that_nothing_lies_over_leaves_the_other_overlays_on_the_canvas() {
    let now = Instant::now();
    let mut mixer = two(now);
    mixer.hear(loud(B, 2));
    assert!(mixer.covered && !mixer.dirty && mixer.ringed);
}

#[test]
fn who_sends_pictures_wears_no_ring_and_has_it_at_once_when_the_camera_closes() {
    let now = Instant::now();
    let mut mixer = two(now);
    mixer.hear(loud(A, 4));
    assert!(!mixer.is_dirty());
    let mut closed = scene(&[A, B]);
    closed.tiles[0].camera = false;
    let mut silent = two(now);
    let [ringed, plain] = [&mut mixer, &mut silent].map(|mixer| {
        mixer.set_scene(now, closed.clone());
        owned(mixer.compose(now))
    });
    let changed = difference(&plain, &ringed).unwrap();
    assert!(changed.right() <= 360, "A's tile: {changed:?}");
    let mut opened = mixer;
    opened.set_scene(now, scene(&[A, B]));
    opened.paint(now, A, picture(200).as_ref());
    let before = owned(two(now).compose(now));
    assert_eq!(difference(&before, &owned(opened.compose(now))), None, "and loses it with the first picture");
}

/// Painted by itself or with all that lies over it, the picture is the same.
#[test]
fn a_ring_lies_beneath_whatever_else_lies_there() {
    let now = Instant::now();
    let verdict = Verdict { outcome: Outcome::Victory, until: after(now, 5_000) };
    let side = |source| Side { source, standing: None, verdict: Some(verdict) };
    let judged = Battle { sides: vec![side(A), side(B)], ..Battle::default() };
    let opening = Battle { opening: Some(after(now, 1_000)), ..battle(&[3, 4]) };
    for battle in [judged, opening, battle(&[3, 4])] {
        let scene = Scene { battle, ..scene(&[A, B]) };
        let mut late = mixer();
        late.set_scene(now, scene.clone());
        late.compose(now);
        for step in [4, 1, 3] {
            late.hear(loud(B, step));
            let late = owned(late.compose(now));
            let mut early = mixer();
            early.set_scene(now, scene.clone());
            early.hear(loud(B, step));
            assert_eq!(difference(&owned(early.compose(now)), &late), None, "step {step}");
        }
    }
}

#[test]
fn a_window_above_hides_the_ring_beneath_it() {
    let now = Instant::now();
    let mut overlapping = scene(&[A, B]);
    let place = |x, y, w, h, z| Some(Region::plain(Rect { x, y, w, h }, z));
    overlapping.tiles[0].region = place(0, 0, 720, 1280, 0);
    overlapping.tiles[1].region = place(400, 500, 240, 240, 1);
    let mut mixer = mixer();
    mixer.set_scene(now, overlapping);
    mixer.paint(now, B, picture(90).as_ref());
    let before = owned(mixer.compose(now));
    mixer.hear(loud(A, 4));
    let after = owned(mixer.compose(now));
    let changed = difference(&before, &after).unwrap();
    assert!(changed.x < 400 && changed.right() > 400, "{changed:?}");
    assert!((500..740).all(|y| after[0][y * 720 + 400..][..240].iter().all(|luma| *luma == 90) || y > 690));
    mixer.hear(|_| Loudness::SILENT);
    assert_eq!(difference(&before, &owned(mixer.compose(now))), None);
}

#[test]
fn a_tile_on_its_way_gets_its_ring_when_it_has_arrived() {
    let start = Instant::now();
    let mut mixer = two(start);
    mixer.set_scene(start, scene(&[A, B, C]));
    let mut silent = two(start);
    silent.set_scene(start, scene(&[A, B, C]));
    for ms in [0, 100, 200] {
        mixer.hear(loud(B, 3));
        let pictures = [&mut mixer, &mut silent].map(|mixer| owned(mixer.compose(after(start, ms))));
        assert_eq!(difference(&pictures[1], &pictures[0]), None, "{ms} ms");
    }
    let pictures = [&mut mixer, &mut silent].map(|mixer| owned(mixer.compose(after(start, 300))));
    let changed = difference(&pictures[1], &pictures[0]).unwrap();
    let tile = Rect { x: 480, y: 276, w: 240, h: 240 };
    assert_eq!(changed.common(tile), Some(changed));
}

#[test]
fn a_voice_on_a_seat_changes_the_square_around_its_disc_alone() {
    let now = Instant::now();
    let template = Template::HostStaticVoice6v6;
    let cells = template.regions(CANVAS, 12).into_iter().zip(0..).map(|(region, seat)| {
        let source = SourceId(seat);
        let sitter = (seat != 4).then(|| CellSitter { source, name: "Ada".into(), ..CellSitter::default() });
        Place6 { seat: seat % 6, locked: false, rect: region.rect, sitter }
    });
    let mut scene = Scene { template, cells: cells.collect(), battle: battle(&[1, 2]), ..scene(&[]) };
    let mut mixer = mixer();
    mixer.set_scene(now, scene.clone());
    let before = owned(mixer.compose(now));
    mixer.hear(loud(SourceId(4), 4));
    assert!(!mixer.is_dirty(), "nobody sits there");
    mixer.hear(loud(SourceId(3), 4));
    let rings = owned(mixer.compose(now));
    let changed = difference(&before, &rings).unwrap();
    let square = Rect { x: 198, y: 476, w: 144, h: 144 };
    assert_eq!(changed.common(square), Some(changed));
    // Another seat's sitter goes; the ring stays, and goes with its voice.
    scene.cells[0].sitter = None;
    mixer.set_scene(now, scene.clone());
    mixer.hear(loud(SourceId(3), 4));
    assert_ne!(difference(&before, &owned(mixer.compose(now))), None);
    mixer.hear(|_| Loudness::SILENT);
    let later = now + MOTION;
    mixer.handle_timeout(later);
    let mut fresh = super::mixer();
    fresh.set_scene(later, scene);
    assert_eq!(difference(&owned(fresh.compose(later)), &owned(mixer.compose(later))), None);
}
