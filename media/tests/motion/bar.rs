//! The score bar and its numbers on their way.

use std::time::Instant;

use costage_media::frame::I420;
use costage_media::kernel::Kernels;
use costage_media::mix::VideoMixer;
use costage_media::scene::{Battle, Side, SourceId, Standing, Template};

use crate::show::{CANVAS, EDGE_PX, Show, assert_no_hole, owned, row, scene};

/// Rows of the bar above two tiles, and one of them above its numbers.
const BAR: std::ops::Range<usize> = 240..276;
const ABOVE_NUMBERS: usize = 242;
/// Where the left number stands.
const NUMBER: std::ops::Range<usize> = 12..66;
const SLIDE_MS: u64 = 500;

pub(crate) fn scores(left: u64, right: u64) -> Battle {
    let side = |(source, score)| {
        let standing = Standing { battle: 0, rank: 1, score, left: false, until: None };
        Side { source: SourceId(source), standing: Some(standing), verdict: None }
    };
    Battle { sides: [(0, left), (1, right)].map(side).into(), ..Battle::default() }
}

/// Where the left colour ends, of which nothing but the two of the bar may be in the picture.
#[track_caller]
fn boundary(ms: u64, frame: &I420) -> usize {
    let picture = frame.as_ref();
    let width = picture.u.width;
    let blue = &picture.u.data[ABOVE_NUMBERS / 2 * width..][..width];
    let red = &picture.v.data[ABOVE_NUMBERS / 2 * width..][..width];
    let at = blue.iter().position(|blue| *blue < 154).unwrap_or(width);
    for x in 0..width {
        let is_left = blue[x] > 170 && red[x] < 120;
        let is_right = blue[x] < 135 && red[x] > 170;
        let meets = x.abs_diff(at) <= EDGE_PX / 2;
        let wanted = if x < at { is_left } else { is_right };
        assert!(wanted || meets, "after {ms} ms column {} is {} {}", 2 * x, blue[x], red[x]);
    }
    2 * at
}

/// The bright pixels' shades where the left number stands.
fn number(frame: &I420) -> Vec<u8> {
    BAR.flat_map(|y| row(frame, y)[NUMBER].to_vec()).collect()
}

/// What each of these scores looks like.
fn numbers(scores_of_left: std::ops::RangeInclusive<u64>) -> Vec<(u64, Vec<u8>)> {
    let now = Instant::now();
    let drawn = |left| {
        let mut mixer = VideoMixer::new(Kernels::pick(None), CANVAS);
        mixer.set_scene(now, scene(Template::HostDynamicGrid, &[0, 1], scores(left, 300)));
        (left, number(&owned(mixer.compose(now))))
    };
    scores_of_left.map(drawn).collect()
}

/// The score that looks most like it.
fn read(frame: &I420, numbers: &[(u64, Vec<u8>)]) -> u64 {
    let seen = number(frame);
    let distance = |drawn: &[u8]| -> u64 {
        drawn.iter().zip(&seen).map(|(drawn, seen)| u64::from(drawn.abs_diff(*seen)).pow(2)).sum()
    };
    numbers.iter().min_by_key(|(_, drawn)| distance(drawn)).unwrap().0
}

/// Of a way that ends after 500 ms, eased: nothing is left at its end, and an eighth in the middle.
fn gone(ms: u64) -> f64 {
    let left = 1.0 - (ms as f64 / SLIDE_MS as f64).min(1.0);
    1.0 - left * left * left
}

#[test]
fn the_bar_slides_and_its_number_counts_for_500_ms_in_every_frame_without_a_new_frame_of_anybody() {
    let mut show = Show::new();
    show.battle_of(Template::HostDynamicGrid, &[0, 1], scores(100, 300));
    let (ms, before) = show.watch(500).pop().unwrap();
    let numbers = numbers(100..=900);
    assert_eq!((boundary(ms, &before).abs_diff(180) <= EDGE_PX, read(&before, &numbers)), (true, 100));
    show.battle_of(Template::HostDynamicGrid, &[0, 1], scores(900, 300));
    let frames = show.watch(1_000);
    assert!(frames.windows(2).all(|pair| pair[1].0 - pair[0].0 <= 17), "a frame is missing");
    let (mut edge, mut count) = (180, 100);
    for (ms, frame) in &frames {
        assert_no_hole(*ms, frame, 276..920);
        let (at, number) = (boundary(*ms, frame), read(frame, &numbers));
        let wanted = [180.0 + 360.0 * gone(*ms), 100.0 + 800.0 * gone(*ms)];
        assert!((at as f64 - wanted[0]).abs() <= EDGE_PX as f64, "after {ms} ms it ends at {at}, not {wanted:?}");
        assert!((number as f64 - wanted[1]).abs() <= 8.0, "after {ms} ms it says {number}, not {wanted:?}");
        assert!(at + 2 >= edge && number >= count, "never back: {edge} {count}, then {at} {number} after {ms} ms");
        (edge, count) = (at, number);
    }
    let (last, frame) = frames.last().unwrap();
    // The last steps are less than a column and a point.
    assert!((430..SLIDE_MS + 20).contains(last), "the last change is seen after {last} ms");
    assert_eq!((boundary(*last, frame), read(frame, &numbers)), (540, 900));
}
