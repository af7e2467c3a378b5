//! What is drawn of battles comes, changes and goes when it should.

use super::*;
use crate::scene::{Countdown, Mark, Outcome, Side, Span, Standing, Verdict};

#[test]
fn a_countdown_changes_each_second_without_frames_until_its_end() {
    let (mut mixer, start) = (mixer(), Instant::now());
    let countdown = Some(Countdown { of: Span::Battle, end: after(start, 12_000) });
    mixer.set_scene(start, Scene { battle: Battle { countdown, ..battle(&[0, 0]) }, ..scene(&[A, B]) });
    let badge = |mixer: &VideoMixer| {
        let rows = mixer.canvas.picture().y.data[276 * 720..].chunks(720).take(44);
        rows.map(|row| row[290..430].to_vec()).collect::<Vec<_>>()
    };
    mixer.compose(start);
    let (mut shown, mut seen) = (vec![0], vec![badge(&mixer)]);
    while let Some(step) = mixer.poll_timeout() {
        mixer.handle_timeout(step);
        assert!(mixer.is_dirty());
        mixer.compose(step);
        shown.push((step - start).as_millis());
        assert_ne!(seen.last(), Some(&badge(&mixer)), "{shown:?}");
        seen.push(badge(&mixer));
    }
    let flashes = (0..=20).map(|half| 2_000 + 500 * half);
    assert_eq!(shown, [0, 1_000].into_iter().chain(flashes).collect::<Vec<_>>());
}

#[test]
fn a_start_and_a_result_go_by_themselves_and_leave_no_trace() {
    let start = Instant::now();
    let verdict = Verdict { outcome: Outcome::Victory, until: after(start, 5_000) };
    let mut over = battle(&[0, 0, 0]);
    over.sides.iter_mut().for_each(|side| (side.standing, side.verdict) = (None, Some(verdict)));
    let begun = Battle { opening: Some(after(start, 1_000)), ..battle(&[1, 2, 3]) };
    for (battle, rest, until) in [(begun, battle(&[1, 2, 3]), 1_000), (over, Battle::default(), 5_000)] {
        let paint_all = |mixer: &mut VideoMixer, battle: &Battle| {
            let now = after(start, until - 10);
            mixer.set_scene(now, Scene { battle: battle.clone(), ..scene(&[A, B, C]) });
            [A, B, C].iter().zip([60, 90, 120]).for_each(|(id, luma)| mixer.paint(now, *id, picture(luma).as_ref()));
            owned(mixer.compose(now))
        };
        let (mut mixer, mut without) = (mixer(), mixer());
        let (seen, plain) = (paint_all(&mut mixer, &battle), paint_all(&mut without, &rest));
        assert_ne!(seen, plain);
        assert_eq!(mixer.poll_timeout(), Some(after(start, until)));
        mixer.handle_timeout(after(start, until));
        assert!(mixer.is_dirty() && owned(mixer.compose(after(start, until))) == plain);
        // Told again, it is not begun anew.
        mixer.set_scene(after(start, until), Scene { battle, ..scene(&[A, B, C]) });
        assert!(owned(mixer.compose(after(start, until))) == plain);
    }
}

/// The same, as it ended: it is shown until then.
fn ended(mut battle: Battle, until: Instant) -> Battle {
    let verdict = Some(Verdict { outcome: Outcome::Draw, until });
    battle.sides.iter_mut().for_each(|side| {
        side.verdict = verdict;
        side.standing.as_mut().unwrap().until = Some(until);
    });
    battle
}

#[test]
fn the_last_scores_of_bar_and_marks_stay_go_by_themselves_and_leave_no_trace() {
    let (start, end) = (Instant::now(), Duration::from_secs(5));
    for (scores, sources) in [(&[7_000, 300][..], &[A, B][..]), (&[7, 3, 5], &[A, B, C])] {
        let seen = |mixer: &mut VideoMixer, now, battle| {
            mixer.set_scene(now, Scene { battle, ..scene(sources) });
            sources.iter().for_each(|id| mixer.paint(now, *id, picture(90).as_ref()));
            owned(mixer.compose(now))
        };
        let mut mixer = mixer();
        let (goes_on, over) = (battle(scores), ended(battle(scores), start + end));
        let before = seen(&mut mixer, start, goes_on);
        let mut silent = over.clone();
        silent.sides.iter_mut().for_each(|side| side.verdict = None);
        assert!(seen(&mut mixer, start, silent) == before, "the figures stay as they are");
        let now = after(start, 4_000);
        assert_ne!(seen(&mut mixer, now, over.clone()), before);
        assert_eq!(mixer.poll_timeout(), Some(start + end));
        mixer.handle_timeout(start + end);
        assert!(mixer.is_dirty());
        let nothing = owned(mixer.compose(start + end));
        assert!(seen(&mut mixer, start + end, Battle::default()) == nothing);
        assert!(seen(&mut mixer, start + end, over) == nothing, "told again, it is not shown again");
    }
}

#[test]
fn a_result_becomes_as_large_as_the_tile_that_it_is_on_step_by_step() {
    let (mut mixer, start) = (mixer(), Instant::now());
    let verdict = Verdict { outcome: Outcome::Victory, until: after(start, 5_000) };
    let show = |mixer: &mut VideoMixer, now, sources| {
        let mut over = battle(&[7, 3]);
        over.sides.iter_mut().for_each(|side| (side.standing, side.verdict) = (None, Some(verdict)));
        mixer.set_scene(now, Scene { battle: over, ..scene(sources) });
        mixer.compose(now);
    };
    let place = |mixer: &VideoMixer| mixer.tiles[0].verdict.as_ref().unwrap().layer.as_ref().unwrap().rect();
    show(&mut mixer, start, &[A, B]);
    let mut from = place(&mixer);
    assert_eq!(from.w, 216);
    let mut now = start;
    for (sources, width) in [(&[A][..], 432), (&[A, B], 216)] {
        now = after(now, 400);
        show(&mut mixer, now, sources);
        assert_eq!(place(&mixer), from, "it begins as it was");
        let begun = now;
        while let Some(step) = mixer.poll_timeout().filter(|step| *step <= begun + MOTION) {
            mixer.handle_timeout(step);
            mixer.compose(step);
            let (seen, before) = (place(&mixer), from);
            assert!(seen.w.abs_diff(width) <= before.w.abs_diff(width), "{before:?} {seen:?}");
            assert!(seen.w.abs_diff(before.w) <= 40, "by steps: {before:?} {seen:?}");
            from = seen;
        }
        assert_eq!((from.w, from.h), (width, (width / 4) & !1));
    }
}

#[test]
fn who_fought_is_one_of_those_beside_when_another_battle_goes_on_longer() {
    let (mut mixer, start) = (mixer(), Instant::now());
    let mut battle = battle(&[7, 3, 5]);
    battle.sides[0].standing.as_mut().unwrap().until = Some(after(start, 1_000));
    let marked = |mixer: &VideoMixer| {
        let mark = |i: usize| mixer.tiles[i].badge.as_ref().map(|worn| worn.what);
        [0, 1, 2].map(mark)
    };
    mixer.set_scene(start, Scene { battle: battle.clone(), ..scene(&[A, B, C]) });
    let [first, others @ ..] = marked(&mixer);
    assert_eq!(first, Some(Mark::Standing { rank: 1, score: 7 }));
    mixer.compose(start);
    mixer.handle_timeout(after(start, 1_000));
    assert_eq!(marked(&mixer), [Some(Mark::Connected), others[0], others[1]]);
    battle.sides.iter_mut().for_each(|side| side.standing.as_mut().unwrap().until = Some(after(start, 1_500)));
    mixer.set_scene(after(start, 1_000), Scene { battle, ..scene(&[A, B, C]) });
    mixer.handle_timeout(after(start, 1_500));
    assert_eq!((marked(&mixer), mixer.tiles[0].points.is_some()), ([None; 3], false));
}

#[test]
fn marks_follow_the_scores_move_with_their_tiles_and_leave_no_trace() {
    let (mut mixer, mut moving, start) = (mixer(), mixer(), Instant::now());
    let of_three = |scores: &[u64]| Scene { battle: battle(scores), ..scene(&[A, B, C]) };
    let paint = |mixer: &mut VideoMixer, now| {
        [A, B, C].iter().for_each(|id| mixer.paint(now, *id, picture(200).as_ref()));
        owned(mixer.compose(now))
    };
    mixer.set_scene(start, Scene { battle: Battle::default(), ..of_three(&[]) });
    let plain = paint(&mut mixer, start);
    mixer.set_scene(start, of_three(&[3, 2, 1]));
    let first = paint(&mut mixer, start);
    // The pill's ground, left of its text: 16 16 into each tile.
    for (x, y) in [(0, 276), (480, 276), (480, 516)] {
        assert!(luma(&mixer, x + 22, y + 36) < 100, "{x} {y}");
    }
    mixer.set_scene(start, of_three(&[1, 2, 3]));
    assert_ne!(paint(&mut mixer, start), first);
    // Two on their way to where three are: the mark of the second is with its tile.
    moving.set_scene(start, Scene { battle: battle(&[1, 2, 3]), ..scene(&[A, B]) });
    [A, B].iter().for_each(|id| moving.paint(start, *id, picture(200).as_ref()));
    moving.compose(start);
    moving.set_scene(start, Scene { battle: battle(&[1, 2, 3]), ..scene(&[A, B, C]) });
    let now = after(start, 100);
    moving.compose(now);
    let tile = moving.tiles[1].rect_at(moving.left(now));
    assert!(tile.x > 360 && tile.x < 480);
    assert!(luma(&moving, tile.x + 22, tile.y + 36) < 100, "{tile:?}");
    mixer.set_scene(start, Scene { battle: Battle::default(), ..of_three(&[]) });
    assert_eq!(paint(&mut mixer, start), plain);
}

#[test]
fn numbers_of_bar_and_marks_count_for_half_a_second_and_come_to_rest_as_if_they_had_stood_there() {
    for sources in [&[A, B][..], &[A, B, C]] {
        let (mut mixer, mut fresh, start) = (mixer(), mixer(), Instant::now());
        let shows = |scores: &[u64]| Scene { battle: battle(&scores[..sources.len()]), ..scene(sources) };
        let paint = |mixer: &mut VideoMixer, now| {
            sources.iter().for_each(|id| mixer.paint(now, *id, picture(120).as_ref()));
            owned(mixer.compose(now))
        };
        mixer.set_scene(start, shows(&[7, 5, 3]));
        let before = paint(&mut mixer, start);
        mixer.set_scene(start, shows(&[8_007, 5_005, 3]));
        let mut seen = vec![before, owned(mixer.compose(start))];
        let mut now = start;
        while let Some(step) = mixer.poll_timeout().filter(|step| *step <= after(start, 500)) {
            now = step;
            mixer.handle_timeout(now);
            if mixer.is_dirty() {
                seen.push(owned(mixer.compose(now)));
            }
        }
        assert_eq!(now, after(start, 500));
        assert!(seen[0] != seen[1], "it is seen at once");
        let idle = seen.windows(2).filter(|two| two[0] == two[1]).count();
        assert!(seen.len() > 15 && idle <= 1, "{idle} of {} pictures show nothing new", seen.len());
        fresh.set_scene(now, shows(&[8_007, 5_005, 3]));
        assert!(seen.pop() == Some(paint(&mut fresh, now)));
    }
}

/// All in one battle, with these scores.
pub(super) fn battle(scores: &[u64]) -> Battle {
    let side = |(source, score): (&SourceId, &u64)| {
        let rank = 1 + u32::try_from(scores.iter().filter(|other| *other > score).count()).unwrap();
        let standing = Some(Standing { battle: 0, rank, score: *score, left: false, until: None });
        Side { source: *source, standing, verdict: None }
    };
    Battle { sides: [A, B, C].iter().zip(scores).map(side).collect(), ..Battle::default() }
}
