//! Empty seats among pictures, and cells of voices.

use super::*;
use crate::scene::{Cell, CellSitter};

/// The upper left of a window, clear of its edge, of initials and of nickname.
const CORNER: usize = 6;

/// A on the whole canvas; B and C in the windows of those seats, where they have one; the others empty, `locked` one of them.
fn windows(seats: [Option<u32>; 2], locked: u32) -> Scene {
    let mut scene = Scene { template: Template::VideoFixedFloat7Seats, names: false, ..scene(&[A]) };
    for (seat, region) in (0..).zip(scene.template.regions(CANVAS, 7)) {
        let who = [(Some(0), A), (seats[0], B), (seats[1], C)].into_iter().find(|(at, _)| *at == Some(seat));
        match who {
            Some((_, A)) => scene.tiles[0].region = Some(region),
            Some((_, source)) => {
                scene.tiles.push(Place { source, camera: true, region: Some(region), ..Place::default() });
            }
            None => scene.cells.push(Cell { seat, locked: seat == locked, rect: region.rect, sitter: None }),
        }
    }
    scene
}

/// Luma in the corner of the window of each seat.
fn corners(mixer: &VideoMixer) -> [u8; 6] {
    let regions = Template::VideoFixedFloat7Seats.regions(CANVAS, 7);
    std::array::from_fn(|i| luma(mixer, regions[i + 1].rect.x + CORNER, regions[i + 1].rect.y + CORNER))
}

#[test]
fn frames_of_the_host_below_leave_empty_windows_as_they_are() {
    let (mut mixer, now) = (mixer(), Instant::now());
    mixer.set_scene(now, windows([Some(3), None], 0));
    let empty = no_picture().0[0];
    for host in [200, 90, 160] {
        mixer.paint(now, A, picture(host).as_ref());
        mixer.paint(now, B, picture(120).as_ref());
        mixer.compose(now);
        assert_eq!(corners(&mixer), [empty, empty, 120, empty, empty, empty]);
        assert_eq!([luma(&mixer, 20, 20), luma(&mixer, 550, 1_100)], [host; 2]);
    }
}

/// Where somebody is on the way to, the host below is seen until then: the seat is not empty any more.
#[test]
fn whoever_sits_down_moves_or_stands_up_no_frame_has_a_hole() {
    let (mut mixer, mut now) = (mixer(), Instant::now());
    let (host, empty) = (200, no_picture().0[0]);
    let steps = [
        ([Some(3), None], None),
        ([Some(3), Some(5)], None),
        ([Some(6), Some(5)], Some(6)),
        ([None, Some(5)], None),
        ([None, None], None),
    ];
    mixer.set_scene(now, windows([None, None], 0));
    for (seats, goal) in steps {
        mixer.paint(now, A, picture(host).as_ref());
        mixer.set_scene(now, windows(seats, 0));
        mixer.repaint(now, A, picture(host).as_ref(), now);
        for step in 0..20 {
            now += Duration::from_millis(20);
            mixer.handle_timeout(now);
            for (source, grey) in [(A, host), (B, 120), (C, 140)].into_iter().filter(|_| step % 2 == 0) {
                mixer.paint(now, source, picture(grey).as_ref());
            }
            mixer.compose(now);
            let seen = corners(&mixer);
            let may_be = |(seat, luma): (u32, u8)| {
                [empty, 120, 140].contains(&luma) || luma == host && goal == Some(seat) && step < 15
            };
            assert!((1..).zip(seen).all(may_be), "{seats:?}, frame {step}: {seen:?}");
            assert_eq!(luma(&mixer, 20, 20), host, "{seats:?}, frame {step}");
        }
        let wanted = |seat: u32| match seats {
            [Some(at), _] if at == seat => 120,
            [_, Some(at)] if at == seat => 140,
            _ => empty,
        };
        assert_eq!(corners(&mixer), [1, 2, 3, 4, 5, 6].map(wanted), "{seats:?}");
    }
}

#[test]
fn a_lock_changes_its_own_seat_and_goes_without_a_trace() {
    let (mut mixer, now) = (mixer(), Instant::now());
    let shown = |mixer: &mut VideoMixer, locked| {
        mixer.set_scene(now, windows([None, None], locked));
        mixer.paint(now, A, picture(200).as_ref());
        owned(mixer.compose(now))
    };
    let before = shown(&mut mixer, 0);
    let locked = shown(&mut mixer, 4);
    let rect = Template::VideoFixedFloat7Seats.regions(CANVAS, 7)[4].rect;
    let differs: Vec<_> = (0..before[0].len()).filter(|at| before[0][*at] != locked[0][*at]).collect();
    assert!(!differs.is_empty());
    let inside = |at: &usize| {
        let (x, y) = (at % CANVAS.width, at / CANVAS.width);
        (rect.x..rect.right()).contains(&x) && (rect.y..rect.bottom()).contains(&y)
    };
    assert!(differs.iter().all(inside));
    assert!(shown(&mut mixer, 0) == before);
}

/// So many seats of voices, the first `taken` of them by people.
fn voices(template: Template, seats: u32, taken: u32) -> Scene {
    let mut scene = Scene { template, ..scene(&[]) };
    for (seat, region) in (0..).zip(scene.template.regions(CANVAS, seats as usize)) {
        let sitter = CellSitter { source: SourceId(seat), name: "Ada".into(), ..CellSitter::default() };
        scene.cells.push(Cell { seat, locked: false, rect: region.rect, sitter: (seat < taken).then_some(sitter) });
    }
    scene
}

/// The picture of a mixer that has never shown another scene.
fn fresh(now: Instant, scene: Scene) -> [Vec<u8>; 3] {
    let mut fresh = mixer();
    fresh.set_scene(now, scene);
    owned(fresh.compose(now))
}

/// What is seen becomes another within 300 ms, pixel by pixel, and each step is asked for.
fn assert_fades(from: &Scene, to: &Scene) {
    let start = Instant::now();
    let (before, after) = (fresh(start, from.clone()), fresh(start, to.clone()));
    let mut mixer = mixer();
    mixer.set_scene(start, from.clone());
    mixer.compose(start);
    mixer.set_scene(start, to.clone());
    assert!(owned(mixer.compose(start)) == before, "it begins with what was seen");
    let (mut last, mut steps, mut now) = (before, 0, start);
    while let Some(step) = mixer.poll_timeout() {
        (now, steps) = (step, steps + 1);
        mixer.handle_timeout(now);
        assert!(mixer.is_dirty());
        let picture = owned(mixer.compose(now));
        // No pixel goes back, or beyond what is between the two, but for how it is rounded.
        for (plane, (was, is)) in last.iter().zip(&picture).enumerate() {
            let towards = |at: usize| {
                let (was, is, goal) = (was[at], is[at], after[plane][at]);
                is.abs_diff(goal) <= was.abs_diff(goal) + 1 && is.abs_diff(was) <= goal.abs_diff(was) + 1
            };
            assert!((0..is.len()).all(towards), "plane {plane}, step {steps}");
        }
        last = picture;
    }
    assert_eq!((now, steps), (start + MOTION, 18));
    assert!(last == after, "it ends as if it had always been so");
}

#[test]
fn who_sits_down_or_stands_up_fades_over_300_ms_and_nothing_else_changes() {
    let seated = |taken| voices(Template::AudioSalon, 6, taken);
    assert_fades(&seated(1), &seated(2));
    assert_fades(&seated(2), &seated(1));
}

#[test]
fn seats_become_another_layout_over_300_ms() {
    let salon = voices(Template::AudioSalon, 6, 2);
    assert_fades(&salon, &voices(Template::AudioSalon, 9, 2));
    assert_fades(&salon, &voices(Template::HostStaticVoice6v6, 12, 5));
    assert_fades(&salon, &scene(&[A, B]));
}

#[test]
fn seats_fade_out_over_frames_that_arrive_and_over_tiles_on_their_ways() {
    let (mut mixer, mut now) = (mixer(), Instant::now());
    let salon = voices(Template::AudioSalon, 6, 0);
    let (begun, away) = (now, (CANVAS.width / 4, CANVAS.height / 2));
    mixer.set_scene(now, salon.clone());
    mixer.compose(now);
    let mut last = luma(&mixer, away.0, away.1);
    mixer.set_scene(now, scene(&[A, B]));
    for sources in [&[A, B][..], &[A, B, C], &[A, C]] {
        mixer.set_scene(now, scene(sources));
        for _ in 0..4 {
            now = after(now, 24);
            mixer.handle_timeout(now);
            sources.iter().for_each(|source| mixer.paint(now, *source, picture(230).as_ref()));
            mixer.compose(now);
            let seen = luma(&mixer, away.0, away.1);
            assert!(last < seen || seen >= 228, "{last} then {seen}, {:?} after", now - begun);
            last = seen;
        }
    }
    now = begun + MOTION;
    mixer.handle_timeout(now);
    mixer.compose(now);
    assert_eq!(luma(&mixer, away.0, away.1), 230);
}

#[test]
fn what_follows_on_seats_shows_nothing_of_those_that_it_has_not() {
    let now = Instant::now();
    let (mut teams, mut salon) = (mixer(), mixer());
    teams.set_scene(now, voices(Template::HostStaticVoice6v6, 12, 5));
    teams.compose(now);
    salon.continue_from(&mut teams);
    salon.set_scene(now, voices(Template::AudioSalon, 4, 2));
    assert!(owned(salon.compose(now + MOTION)) == fresh(now, voices(Template::AudioSalon, 4, 2)));
}

#[test]
fn a_salon_that_grows_is_drawn_anew_as_if_it_had_always_been_so() {
    let mut now = Instant::now();
    let salon = |seats: u32| voices(Template::AudioSalon, seats, 2);
    let mut mixer = mixer();
    for seats in [3, 26, 50, 41, 5] {
        mixer.set_scene(now, salon(seats));
        now += MOTION;
        let after = owned(mixer.compose(now));
        assert!(fresh(now, salon(seats)) == after, "{seats} seats");
    }
}
