mod battles;
mod changes;
mod overlap;
mod rings;
mod seats;

use std::time::Duration;

use super::*;
use crate::frame::I420;
use crate::mix::theme::colours;
use crate::scene::{Battle, Tile as Place};
use battles::battle;

const A: SourceId = SourceId(1);
const B: SourceId = SourceId(2);
const C: SourceId = SourceId(3);
const CANVAS: Size = Size { width: 720, height: 1280 };

/// Luma outside all tiles.
fn bare_luma() -> u8 {
    colours().background.yuv().0[0]
}

#[test]
fn a_silent_host_is_held_then_dimmed_then_the_avatar() {
    let (mut mixer, start) = (mixer(), Instant::now());
    mixer.set_scene(start, scene(&[A]));
    mixer.paint(start, A, picture(200).as_ref());
    mixer.compose(start);
    assert_eq!(luma(&mixer, 400, 400), 200);

    mixer.handle_timeout(after(start, 500));
    assert!(!mixer.is_dirty(), "the hold is silent");
    assert_eq!(mixer.poll_timeout(), Some(after(start, 2_000)));

    mixer.handle_timeout(after(start, 2_000));
    assert!(mixer.is_dirty());
    mixer.compose(after(start, 2_000));
    assert_eq!(luma(&mixer, 400, 400), 99); // 45 % of 200, 55 % of 16
    assert_eq!(mixer.poll_timeout(), Some(after(start, 5_000)));

    mixer.handle_timeout(after(start, 5_000));
    mixer.compose(after(start, 5_000));
    assert_eq!(luma(&mixer, 20, 20), no_picture().0[0]);
    assert_eq!((mixer.poll_timeout(), mixer.is_dirty()), (None, false));
}

#[test]
fn a_frame_brings_a_dimmed_or_lost_host_back() {
    for silence_ms in [2_000, 5_000] {
        let (mut mixer, start) = (mixer(), Instant::now());
        let now = after(start, silence_ms);
        mixer.set_scene(start, scene(&[A]));
        mixer.paint(start, A, picture(200).as_ref());
        mixer.handle_timeout(now);
        mixer.compose(now);
        mixer.paint(now, A, picture(90).as_ref());
        mixer.compose(now);
        assert_eq!([luma(&mixer, 20, 20), luma(&mixer, 360, 640)], [90, 90]);
        assert_eq!(mixer.poll_timeout(), Some(now + Duration::from_secs(2)));
    }
}

#[test]
fn a_closed_camera_is_the_avatar_at_once_whatever_arrives() {
    let (mut mixer, now) = (mixer(), Instant::now());
    mixer.set_scene(now, scene(&[A]));
    mixer.paint(now, A, picture(200).as_ref());
    let mut closed = scene(&[A]);
    closed.tiles[0].camera = false;
    mixer.set_scene(now, closed);
    mixer.paint(now, A, picture(200).as_ref());
    mixer.repaint(now, A, picture(200).as_ref(), now);
    mixer.compose(now);
    assert_eq!(luma(&mixer, 20, 20), no_picture().0[0]);

    mixer.set_scene(now, scene(&[A]));
    mixer.repaint(now, A, picture(200).as_ref(), now);
    mixer.compose(now);
    assert_eq!(luma(&mixer, 20, 20), no_picture().0[0], "what it showed before it closed stays hidden");
    mixer.paint(now, A, picture(120).as_ref());
    mixer.compose(now);
    assert_eq!(luma(&mixer, 20, 20), 120);
}

#[test]
fn one_silent_host_leaves_the_other_alone() {
    let (mut mixer, start) = (mixer(), Instant::now());
    mixer.set_scene(start, scene(&[A, B]));
    mixer.paint(start, A, picture(200).as_ref());
    let now = after(start, 3_000);
    mixer.paint(now, B, picture(90).as_ref());
    mixer.lose(now, A);
    mixer.compose(now);
    assert_eq!([luma(&mixer, 20, 400), luma(&mixer, 400, 400)], [99, 90]);
}

#[test]
fn a_source_that_is_not_shown_changes_nothing() {
    let (mut mixer, now) = (mixer(), Instant::now());
    mixer.set_scene(now, scene(&[A]));
    mixer.compose(now);
    mixer.paint(now, B, picture(200).as_ref());
    mixer.repaint(now, B, picture(200).as_ref(), now);
    mixer.lose(now, B);
    assert!(!mixer.is_dirty());
}

#[test]
fn a_scene_keeps_the_picture_of_a_tile_that_stays() {
    let (mut mixer, now) = (mixer(), Instant::now());
    let five: Vec<_> = (1..=5).map(SourceId).collect();
    mixer.set_scene(now, scene(&five));
    for (source, value) in five.iter().zip([50, 80, 110, 140, 170]) {
        mixer.paint(now, *source, picture(value).as_ref());
    }
    mixer.compose(now);
    let six: Vec<_> = (1..=6).map(SourceId).collect();
    mixer.set_scene(now, scene(&six));
    mixer.compose(now);
    assert_ne!(luma(&mixer, 500, 520), no_picture().0[0], "it grows");
    mixer.compose(after(now, 300));
    let middles = [(20, 280), (260, 280), (500, 280), (20, 520), (260, 520), (500, 520)];
    let shown = middles.map(|(x, y)| luma(&mixer, x, y));
    assert_eq!(shown, [50, 80, 110, 140, 170, no_picture().0[0]]);
    assert_eq!(luma(&mixer, 20, 800), bare_luma());
}

#[test]
fn a_tile_that_moves_keeps_its_picture_and_arrives_after_300_ms() {
    let (mut mixer, start) = (mixer(), Instant::now());
    mixer.set_scene(start, scene(&[A]));
    mixer.paint(start, A, picture(200).as_ref());
    mixer.compose(start);
    mixer.set_scene(start, scene(&[A, B]));
    mixer.compose(start);
    assert_eq!([luma(&mixer, 10, 10), luma(&mixer, 700, 280)], [200; 2], "it sets out from where it was");
    let mut steps = 0;
    while let Some(step) = mixer.poll_timeout().filter(|step| *step <= after(start, 300)) {
        mixer.handle_timeout(step);
        assert!(mixer.is_dirty());
        mixer.compose(step);
        assert_eq!(luma(&mixer, 10, 600), 200);
        steps += 1;
    }
    assert_eq!(steps, 18);
    assert_eq!([luma(&mixer, 10, 280), luma(&mixer, 400, 280)], [200, no_picture().0[0]]);
    assert_eq!(luma(&mixer, 10, 10), bare_luma(), "what the large tile left is cleared");
    assert_eq!(mixer.poll_timeout(), Some(after(start, 2_000)));
}

#[test]
fn who_comes_lies_under_the_movers_and_who_goes_shrinks_until_they_have_arrived() {
    let (mut mixer, start) = (mixer(), Instant::now());
    mixer.set_scene(start, scene(&[A, B]));
    mixer.paint(start, A, picture(60).as_ref());
    mixer.paint(start, B, picture(100).as_ref());
    mixer.compose(start);
    mixer.set_scene(start, scene(&[A, B, C]));
    mixer.repaint(start, C, picture(200).as_ref(), start);
    let column = |mixer: &VideoMixer| [280, 500, 530, 700].map(|y| luma(mixer, 500, y));
    mixer.compose(start);
    assert_eq!(column(&mixer), [100; 4], "the new one is still covered");
    mixer.compose(after(start, 100));
    assert_eq!(column(&mixer), [100, 100, 100, 200]);
    mixer.compose(after(start, 300));
    assert_eq!(column(&mixer), [100, 100, 200, 200]);

    mixer.set_scene(after(start, 1_000), scene(&[A, B]));
    mixer.compose(after(start, 1_000));
    assert_eq!(column(&mixer), [100, 100, 200, 200], "the one that goes is still there");
    mixer.compose(after(start, 1_020));
    let middle = |mixer: &VideoMixer| luma(mixer, 600, 636);
    assert_eq!((&column(&mixer)[..3], middle(&mixer)), (&[100; 3][..], 200));
    assert!((101..200).contains(&column(&mixer)[3]), "its edge has left what is behind");
    mixer.compose(after(start, 1_300));
    assert_eq!(column(&mixer), [100; 4]);
}

#[test]
fn frames_and_silence_count_while_tiles_move() {
    let (mut mixer, start) = (mixer(), Instant::now());
    mixer.set_scene(start, scene(&[A, B]));
    mixer.paint(start, A, picture(60).as_ref());
    mixer.paint(start, B, picture(200).as_ref());
    let now = after(start, 1_900);
    mixer.set_scene(now, scene(&[A, B, C]));
    mixer.paint(after(start, 1_950), A, picture(90).as_ref());
    mixer.compose(after(start, 1_950));
    assert_eq!([luma(&mixer, 10, 300), luma(&mixer, 700, 300)], [90, 200]);
    mixer.handle_timeout(after(start, 2_000));
    mixer.compose(after(start, 2_000));
    assert_eq!([luma(&mixer, 10, 300), luma(&mixer, 700, 300)], [90, 99], "B is silent for two seconds");
    mixer.compose(after(start, 2_200));
    assert_eq!([luma(&mixer, 10, 300), luma(&mixer, 700, 300)], [90, 99]);
}

#[test]
fn another_change_on_the_way_turns_the_tiles_from_where_they_are() {
    let (mut mixer, start) = (mixer(), Instant::now());
    mixer.set_scene(start, scene(&[A, B]));
    mixer.paint(start, A, picture(60).as_ref());
    mixer.paint(start, B, picture(200).as_ref());
    mixer.set_scene(start, scene(&[A, B, C]));
    let edge = |mixer: &VideoMixer| (0..720).find(|&x| luma(mixer, x, 300) > 130).unwrap();
    mixer.compose(after(start, 100));
    let there = edge(&mixer);
    assert!((440..460).contains(&there), "{there}");
    // A score changes nothing about the way; the guest who leaves turns it.
    mixer.set_scene(after(start, 100), scene(&[A, B, C]));
    mixer.compose(after(start, 100));
    assert_eq!(edge(&mixer), there);
    mixer.set_scene(after(start, 100), scene(&[A, B]));
    mixer.compose(after(start, 100));
    assert_eq!(edge(&mixer), there);
    mixer.compose(after(start, 200));
    assert!((360..there).contains(&edge(&mixer)));
    mixer.compose(after(start, 400));
    assert_eq!(edge(&mixer), 360);
}

#[test]
fn a_picture_goes_on_from_another_ones() {
    let (mut shared, mut alone, start) = (mixer(), mixer(), Instant::now());
    shared.set_scene(start, scene(&[A, B]));
    shared.paint(start, A, picture(60).as_ref());
    shared.paint(start, B, picture(200).as_ref());
    shared.compose(start);
    alone.continue_from(&mut shared);
    alone.set_scene(start, scene(&[A]));
    alone.compose(start);
    assert_eq!([luma(&alone, 10, 300), luma(&alone, 700, 300)], [60, 200]);
    assert_eq!([luma(&alone, 10, 10), luma(&alone, 700, 1_200)], [60, 200], "what is behind is as what was seen");
    alone.compose(after(start, 300));
    assert_eq!([luma(&alone, 10, 10), luma(&alone, 700, 1_200)], [60; 2]);
    let before = owned(shared.compose(start));
    shared.set_scene(start, scene(&[A, B]));
    assert!(owned(shared.compose(start)) == before, "the other one goes on undisturbed");
}

#[test]
fn a_last_frame_painted_again_does_not_bring_a_silent_host_back() {
    for (silence_ms, shown) in [(1_000, 200), (3_000, 99), (6_000, no_picture().0[0])] {
        let (mut mixer, start) = (mixer(), Instant::now());
        let now = after(start, silence_ms);
        mixer.set_scene(start, scene(&[A]));
        mixer.paint(start, A, picture(200).as_ref());
        mixer.handle_timeout(now);
        // A score repaints tiles that stayed, a guest tiles that moved.
        for scene in [scene(&[A]), scene(&[A, B])] {
            mixer.set_scene(now, scene);
            mixer.repaint(now, A, picture(200).as_ref(), start);
            mixer.compose(now);
            assert_eq!(luma(&mixer, 10, 280), shown, "after {silence_ms} ms");
        }
        mixer.handle_timeout(now + MOTION);
        assert!(mixer.poll_timeout().is_none_or(|next| next <= after(start, 5_000)));
    }
}

#[test]
fn another_canvas_size_starts_clean_and_keeps_the_age_of_frames() {
    let (mut mixer, start) = (mixer(), Instant::now());
    mixer.set_scene(start, scene(&[A]));
    mixer.paint(start, A, picture(200).as_ref());
    let canvas = Size { width: 361, height: 639 };
    mixer.set_scene(after(start, 3_000), Scene { canvas, ..scene(&[A]) });
    mixer.repaint(after(start, 3_000), A, picture(200).as_ref(), start);
    let size = mixer.compose(after(start, 3_000)).size();
    assert_eq!(size, Size { width: 362, height: 640 });
    assert_eq!(luma(&mixer, 20, 20), 99);
}

#[test]
fn a_new_score_slides_and_then_rests() {
    let (mut mixer, start) = (mixer(), Instant::now());
    let scored = |left, right| Scene { battle: battle(&[left, right]), ..scene(&[A, B]) };
    mixer.set_scene(start, scored(0, 0));
    mixer.compose(start);
    assert_eq!((boundary(&mixer), mixer.poll_timeout()), (360, None));

    mixer.set_scene(start, scored(300, 100));
    let mut seen = 360;
    while let Some(step) = mixer.poll_timeout() {
        mixer.handle_timeout(step);
        let dirty = mixer.is_dirty();
        mixer.compose(step);
        assert!(boundary(&mixer) == seen || boundary(&mixer) > seen && dirty);
        seen = boundary(&mixer);
    }
    assert_eq!(seen, 540);
}

#[test]
fn composing_between_frames_leaves_no_trace() {
    let now = Instant::now();
    let scored = Scene { battle: battle(&[5, 7]), ..scene(&[A, B]) };
    let mut often = mixer();
    often.set_scene(now, scored.clone());
    for value in 40..90 {
        often.paint(now, A, picture(value).as_ref());
        often.compose(now);
        often.paint(now, B, picture(value + 100).as_ref());
        often.compose(now);
    }
    let mut once = mixer();
    once.set_scene(now, scored);
    once.paint(now, A, picture(89).as_ref());
    once.paint(now, B, picture(189).as_ref());
    let (often, once) = (often.compose(now), once.compose(now));
    assert!(often.y.data == once.y.data && often.u.data == once.u.data && often.v.data == once.v.data);
}

#[test]
fn names_come_and_go_without_a_trace() {
    let (mut mixer, now) = (mixer(), Instant::now());
    let nameless = Scene { names: false, ..scene(&[A]) };
    mixer.set_scene(now, nameless.clone());
    mixer.paint(now, A, picture(200).as_ref());
    mixer.compose(now);
    assert!(pill(&mixer).iter().all(|&luma| luma == 200));
    mixer.set_scene(now, scene(&[A]));
    mixer.compose(now);
    assert!(pill(&mixer).iter().any(|&luma| luma < 150) && pill(&mixer).iter().any(|&luma| luma > 225));
    mixer.set_scene(now, nameless);
    mixer.compose(now);
    assert!(pill(&mixer).iter().all(|&luma| luma == 200));
}

#[test]
fn pictures_that_cannot_be_are_ignored() {
    let (mut mixer, now) = (mixer(), Instant::now());
    mixer.set_scene(now, scene(&[A]));
    mixer.compose(now);
    let whole = picture(200);
    let spoil: [fn(&mut PictureRef<'_>); 6] = [
        |picture| picture.y.width = 0,
        |picture| picture.y.height = 1,
        |picture| picture.y.data = &picture.y.data[..100],
        |picture| picture.u.stride = usize::MAX,
        |picture| picture.v.width = 3,
        |picture| picture.y.stride = 4,
    ];
    for spoil in spoil {
        let mut picture = whole.as_ref();
        spoil(&mut picture);
        mixer.paint(now, A, picture);
        assert!(!mixer.is_dirty());
    }
}

fn mixer() -> VideoMixer {
    VideoMixer::new(Kernels::pick(None), CANVAS)
}

fn scene(sources: &[SourceId]) -> Scene {
    let tile = |&source| Place { source, name: "Ada".into(), camera: true, ..Place::default() };
    let tiles = sources.iter().map(tile).collect();
    Scene {
        canvas: CANVAS,
        template: Template::HostDynamicGrid,
        tiles,
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle::default(),
        names: true,
        sei: None,
    }
}

/// 640×360 of one grey.
fn picture(luma: u8) -> I420 {
    let mut picture = I420::black(Size { width: 640, height: 360 });
    picture.planes_mut()[0].fill(luma);
    picture
}

fn owned(picture: PictureRef<'_>) -> [Vec<u8>; 3] {
    [picture.y, picture.u, picture.v].map(|plane| plane.data.to_vec())
}

fn after(start: Instant, ms: u64) -> Instant {
    start + Duration::from_millis(ms)
}

fn luma(mixer: &VideoMixer, x: usize, y: usize) -> u8 {
    let plane = mixer.canvas.picture().y;
    plane.data[y * plane.stride + x]
}

/// Where the score bar changes its colour, seen on its first row.
fn boundary(mixer: &VideoMixer) -> usize {
    let row = &mixer.canvas.picture().y.data[240 * 720..][..720];
    row.iter().position(|&luma| luma != row[0]).unwrap()
}

/// The middle row of where a nickname may be in a tile that fills the canvas.
fn pill(mixer: &VideoMixer) -> &[u8] {
    &mixer.canvas.picture().y.data[(1280 - 8 - 18) * 720..][24..60]
}
