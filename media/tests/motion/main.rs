//! A layout, a bar and numbers that change, as viewers see it: each frame of a program encoded, packetised, decoded and looked at.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

mod bar;
mod show;
mod worn;

use costage_media::frame::I420;
use costage_media::scene::Template;

use show::{CANVAS, EDGE_PX, LUMA, SHADE, Show, assert_no_hole, column, edge, frame_at, row, whole_column};

#[test]
fn a_third_host_makes_the_others_move_over_300_ms_without_a_new_frame_of_anybody() {
    let mut show = Show::new();
    show.hosts(&[0, 1]);
    show.watch(500);
    show.hosts(&[0, 1, 2]);
    let frames = show.watch(1_000);
    assert!(frames.len() >= 12, "{} frames", frames.len());
    // Eased: 27ths of the way that are left after thirds of the time are 8 and 1.
    for (ms, between) in [(0, 360), (100, 444), (200, 476), (300, 480)] {
        let at = edge(row(frame_at(&frames, ms), 400), LUMA[0], LUMA[1]);
        assert!(at.abs_diff(between) <= 2 * EDGE_PX, "after {ms} ms the hosts meet at {at}, not {between}");
    }
    for (ms, between) in [(100, 636), (200, 530), (300, 516)] {
        let at = edge(column(frame_at(&frames, ms), 600), LUMA[1], LUMA[2]) + 276;
        assert!(at.abs_diff(between) <= 2 * EDGE_PX, "after {ms} ms the third shows from {at} on, not {between}");
    }
    // Where the new layout has tiles there are pictures in every frame.
    frames.iter().for_each(|(ms, frame)| assert_no_hole(*ms, frame, 276..756));
    let (last, _) = frames.last().unwrap();
    assert!((300..360).contains(last), "the last change is seen after {last} ms");
}

#[test]
fn who_comes_where_nobody_was_grows_and_who_goes_shrinks_while_nobody_moves() {
    let mut show = Show::new();
    show.hosts(&[0, 1, 2, 3, 4]);
    show.watch(500);
    let place = Template::HostDynamicGrid.regions(CANVAS, 6)[5].rect;
    // How much of its place the sixth host has: pixels of its own shade along the middle row.
    let share = |frame: &I420| {
        let middle = &row(frame, place.y + place.h / 2)[place.x..][..place.w];
        let own = middle.iter().filter(|luma| luma.abs_diff(LUMA[5]) <= 6).count();
        own * 100 / place.w
    };
    for (hosts, comes) in [(&[0, 1, 2, 3, 4, 5][..], true), (&[0, 1, 2, 3, 4], false)] {
        show.hosts(hosts);
        let frames = show.watch(900);
        let mut shares: Vec<_> = frames.iter().map(|(_, frame)| share(frame)).collect();
        if !comes {
            shares.reverse();
        }
        assert!(shares[0] <= 40 && *shares.last().unwrap() >= 96, "{shares:?}");
        assert!(shares.iter().filter(|share| (10..90).contains(*share)).count() >= 4, "by steps: {shares:?}");
        assert!(shares.windows(2).all(|pair| pair[1] + 6 >= pair[0]), "one way: {shares:?}");
    }
}

#[test]
fn who_leaves_leaves_no_hole() {
    let mut show = Show::new();
    show.hosts(&[0, 1, 2]);
    show.watch(500);
    show.hosts(&[0, 2]);
    let frames = show.watch(1_000);
    frames.iter().for_each(|(ms, frame)| assert_no_hole(*ms, frame, 276..756));
    let (_, last) = frames.last().unwrap();
    assert_no_hole(300, last, 276..920);
    assert!(edge(row(last, 900), LUMA[0], LUMA[2]).abs_diff(360) <= EDGE_PX);
}

#[test]
fn windows_above_the_first_host_come_go_and_move_without_a_hole() {
    let mut show = Show::new();
    show.hosts_in(Template::HostDynamic1v6, &[0, 1, 2]);
    let (_, last) = show.watch(500).pop().unwrap();
    // Upwards at the right: the second host's window, then the third's, the first all around.
    let in_the_windows = whole_column(&last, 632);
    let shades = |rows: &[usize]| rows.iter().map(|row| in_the_windows[*row]).collect::<Vec<_>>();
    for (found, wanted) in shades(&[1100, 1004, 900, 800]).into_iter().zip([LUMA[1], LUMA[0], LUMA[2], LUMA[0]]) {
        assert!(found.abs_diff(wanted) <= SHADE, "{found} {wanted}");
    }
    // The second goes: its window closes while the third moves down, and the first is whole behind both. In the grid there
    // is nothing above and below its tiles.
    let (windows, grid) = (Template::HostDynamic1v6, Template::HostDynamicGrid);
    for (hosts, template, rows) in [
        (&[0, 2][..], windows, 0..1280),
        (&[0, 2, 1][..], windows, 0..1280),
        (&[0, 2, 1][..], grid, 276..756),
        (&[0, 2, 1][..], windows, 276..756),
        (&[0][..], windows, 0..1280),
    ] {
        show.hosts_in(template, hosts);
        // Short enough for who did not move to be none that is silent.
        let frames = show.watch(900);
        frames.iter().for_each(|(ms, frame)| assert_no_hole(*ms, frame, rows.clone()));
    }
    let (_, last) = show.watch(500).pop().unwrap_or_else(|| {
        show.hosts(&[0]);
        show.program.request_keyframe(show.now);
        show.watch(500).pop().unwrap()
    });
    assert!(whole_column(&last, 632).iter().all(|luma| luma.abs_diff(LUMA[0]) <= SHADE), "no window is left");
}

#[test]
fn another_canvas_is_a_cut_at_a_keyframe_that_shows_everybody() {
    let mut show = Show::new();
    show.hosts(&[0, 1]);
    show.watch(500);
    for (template, rows) in [(Template::HostVideoLandscapeFixed2Seats, 180..540), (Template::HostDynamicGrid, 276..920)]
    {
        show.hosts_in(template, &[0, 1]);
        let frames = show.watch(1_000);
        let size = template.canvas(CANVAS);
        let (ms, first) = &frames[0];
        assert!(*ms < 40, "after {ms} ms");
        for (ms, frame) in &frames {
            assert_eq!(frame.size(), size, "after {ms} ms");
            let middle = row(frame, (rows.start + rows.end) / 2);
            let at = edge(middle, LUMA[0], LUMA[1]);
            assert!(at.abs_diff(size.width / 2) <= EDGE_PX, "after {ms} ms the hosts meet at {at}");
        }
        assert_no_hole(0, first, rows);
    }
}

#[test]
fn one_host_makes_room_for_a_second() {
    let mut show = Show::new();
    show.hosts(&[0]);
    show.watch(500);
    show.hosts(&[0, 1]);
    let frames = show.watch(1_000);
    frames.iter().for_each(|(ms, frame)| assert_no_hole(*ms, frame, 276..920));
    let mut before = 720;
    for (ms, frame) in &frames {
        let at = edge(row(frame, 600), LUMA[0], LUMA[1]);
        assert!(at <= before + EDGE_PX, "{before}, then {at} after {ms} ms");
        before = at;
    }
    assert!(before.abs_diff(360) <= EDGE_PX);
}
