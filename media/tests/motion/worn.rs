//! What lies over all tiles, and what stands in the middle of one without picture, while tiles move.

use std::time::Duration;

use costage_media::frame::I420;
use costage_media::scene::{Battle, Countdown, Scene, Span, Template};

use crate::bar::scores;
use crate::show::{EDGE_PX, LUMA, SHADE, Show, assert_no_hole, even, row, scene, source, whole_column};

const MOTION_MS: u64 = 300;
/// A tile without picture.
const GROUND: u8 = 42;

/// The part of a way that is gone by then.
fn gone(ms: u64) -> f64 {
    let left = 1.0 - (ms as f64 / MOTION_MS as f64).min(1.0);
    1.0 - left * left * left
}

/// Rows of the bar's left colour, which is the bluest there is.
fn bar_rows(frame: &I420) -> Vec<usize> {
    let blue = frame.as_ref().u;
    let is_left = |row: &usize| blue.data[row * blue.width + 30] > 165;
    (0..blue.height).filter(is_left).map(|row| 2 * row).collect()
}

/// Rows in the middle that are as dark as the countdown, or bright as its digits, and no host's.
fn clock_rows(frame: &I420, bar: &[usize]) -> Vec<usize> {
    let (lowest, highest) = (LUMA[1] - SHADE, LUMA[0] + SHADE);
    let below = bar.last().map_or(0, |row| row + 2);
    let column = whole_column(frame, 300);
    (below..below + 60).filter(|row| !(lowest..=highest).contains(&column[*row])).collect()
}

#[test]
fn bar_and_countdown_move_with_the_tiles_below_them() {
    let (grid, windows) = (Template::HostDynamicGrid, Template::HostDynamic1v6);
    let mut show = Show::new();
    let countdown = Some(Countdown { of: Span::Battle, end: show.now + Duration::from_secs(250) });
    let battle = Battle { countdown, ..scores(500, 500) };
    show.battle_of(grid, &[0, 1], battle.clone());
    show.watch(500);
    for (template, from, to) in [(windows, 240.0, 0.0), (grid, 0.0, 240.0)] {
        show.battle_of(template, &[0, 1], battle.clone());
        let frames = show.watch(700);
        assert!(frames.len() >= 12, "{} frames", frames.len());
        for (ms, frame) in &frames {
            assert_no_hole(*ms, frame, 400..640);
            let bar = bar_rows(frame);
            let wanted = from + (to - from) * gone(*ms);
            let at = bar.first().copied().unwrap_or(usize::MAX);
            assert!((at as f64 - wanted).abs() <= EDGE_PX as f64, "after {ms} ms the bar is at {at}, not {wanted}");
            assert!(bar.len().abs_diff(18) <= 2, "after {ms} ms it is whole: {bar:?}");
            let clock = clock_rows(frame, &bar);
            // Near its round end: 22 of radius, 12 from the middle of that.
            assert!(clock.len().abs_diff(36) <= EDGE_PX, "after {ms} ms the countdown is right below: {clock:?}");
        }
        let (last, _) = frames.last().unwrap();
        assert!(*last >= 290, "{last}");
    }
}

#[test]
fn the_bar_becomes_as_wide_as_the_tiles_below_it() {
    let mut show = Show::new();
    show.battle_of(Template::HostDynamicGrid, &[0, 1], scores(500, 500));
    show.watch(500);
    // Of nine cells the first two are taken: 480 wide.
    show.battle_of(Template::HostVoiceConnection, &[0, 1], scores(500, 500));
    let (frames, mut before) = (show.watch(700), 720);
    for (ms, frame) in &frames {
        let red = frame.as_ref().v;
        let coloured = |x: &usize| red.data[(bar_rows(frame)[0] / 2 + 2) * red.width + x] > 165;
        let right = 2 * (0..red.width).rev().find(coloured).unwrap();
        let wanted = 720.0 - 240.0 * gone(*ms);
        assert!((right as f64 - wanted).abs() <= EDGE_PX as f64, "after {ms} ms it ends at {right}, not {wanted}");
        assert!(right <= before + 2, "{before}, then {right} after {ms} ms");
        before = right;
    }
}

/// Pixels from the first to the last that are not the tile's ground, of the part of this row that the tile has.
fn disc_width(frame: &I420, y: usize, tile: usize) -> usize {
    let line = row(frame, y);
    let other = |x: &usize| line[*x].abs_diff(GROUND) > 10;
    let ends = (0..tile).find(other).zip((0..tile).rev().find(other));
    ends.map_or(0, |(first, last)| last + 1 - first)
}

#[test]
fn an_avatar_grows_and_shrinks_with_its_tile_in_every_frame() {
    let mut show = Show::new();
    let hosts = |show: &mut Show, hosts: &[usize]| {
        let Scene { mut tiles, .. } = scene(Template::HostDynamicGrid, hosts, Battle::default());
        tiles[0].camera = false;
        let scene = Scene { tiles, ..scene(Template::HostDynamicGrid, hosts, Battle::default()) };
        show.program.set_scene(show.now, scene);
        for host in &hosts[1..] {
            show.program.repaint(show.now, source(*host), even(LUMA[*host]).as_ref(), show.now);
        }
    };
    hosts(&mut show, &[0, 1]);
    show.watch(500);
    // Two fifths of the shorter side: of 360, of 480, of 240, of 360.
    let mut from = 144.0;
    let ways =
        [(&[0, 1, 2][..], 192.0, [(644.0, 480.0), (360.0, 480.0)]), (&[0, 1, 2, 3, 4], 96.0, [(480.0, 240.0); 2])];
    for (others, to, tile) in ways {
        hosts(&mut show, others);
        let frames = show.watch(900);
        assert!(frames.len() >= 12, "{} frames", frames.len());
        for (ms, frame) in &frames {
            #[allow(clippy::cast_possible_truncation, reason = "pixels of a canvas")]
            let [height, width] = tile.map(|(from, to)| (from + (to - from) * gone(*ms)) as usize);
            let seen = disc_width(frame, 276 + height / 2, width - EDGE_PX) as f64;
            let wanted: f64 = from + (to - from) * gone(*ms);
            assert!((seen - wanted).abs() <= 3.0 * EDGE_PX as f64, "after {ms} ms it is {seen} wide, not {wanted}");
        }
        from = to;
    }
}
