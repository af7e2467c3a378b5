//! On the way from one layout to another, with all that a battle lays over tiles; and what is switched off.

use std::time::{Duration, Instant};

use costage_media::mix::VideoMixer;
use costage_media::scene::{Battle, Countdown, Scene, SourceId, Span, Template};

use crate::HD;
use crate::picture::snapshot;
use crate::stage::{SCORES, battle, beside_others, host, paint_all, punished, regions, results, scene};

/// 80 ms into the way from one to the other; the hosts' last frames once more, as a server has them.
fn on_the_way(mixer: &mut VideoMixer, now: Instant, from: Scene, to: Scene) -> Instant {
    let hosts = u32::try_from(from.tiles.len()).unwrap();
    mixer.set_scene(now, from);
    paint_all(mixer, now, hosts);
    let later = now + Duration::from_millis(1_500);
    mixer.handle_timeout(later);
    paint_all(mixer, later, hosts);
    mixer.set_scene(later, to);
    (0..hosts).for_each(|n| mixer.repaint(later, SourceId(n), host(n, HD).as_ref(), later));
    later + Duration::from_millis(80)
}

fn fought(now: Instant, scores: &[u64]) -> Battle {
    let end = now + Duration::from_secs(95);
    Battle { countdown: Some(Countdown { of: Span::Battle, end }), ..battle(scores) }
}

#[test]
fn bar_countdown_and_avatar_on_the_way_from_windows_to_the_grid() {
    snapshot("moving-battle", |mixer, now| {
        let mut windows = scene(2);
        windows.template = Template::HostDynamic1v6;
        (windows.tiles[1].camera, windows.battle) = (false, fought(now, &[500, 1_200]));
        let grid = Scene { template: Template::HostDynamicGrid, ..windows.clone() };
        on_the_way(mixer, now, windows, grid)
    });
}

#[test]
fn marks_and_results_on_the_way_from_three_to_four() {
    snapshot("moving-result", |mixer, now| {
        let over = results(now, &SCORES);
        let to = Scene { battle: over.clone(), ..scene(4) };
        on_the_way(mixer, now, Scene { battle: over, ..scene(3) }, to)
    });
}

/// Of so many hosts in a scene, all of whom send pictures.
fn shown(name: &str, whole: impl Fn(Instant) -> Scene) {
    snapshot(name, |mixer, now| {
        let whole = whole(now);
        let hosts = u32::try_from(whole.tiles.len()).unwrap();
        mixer.set_scene(now, whole);
        paint_all(mixer, now, hosts);
        now
    });
}

#[test]
fn a_battle_in_regions_of_ones_own_begins_ends_and_is_punished() {
    let of = |battle| Scene { battle: beside_others(battle), ..regions() };
    let opening = |now| Some(now + Duration::from_secs(1));
    shown("custom-opening", |now| of(Battle { opening: opening(now), ..fought(now, &SCORES) }));
    shown("custom-result", |now| of(results(now, &SCORES)));
    shown("custom-punishment", |now| of(punished(now, &SCORES)));
}

#[test]
fn names_what_lies_over_all_and_battles_switched_off() {
    let whole = |now| Scene { battle: fought(now, &[500, 1_200]), ..scene(2) };
    let on_tiles_only = |battle| Battle { on_tiles_only: true, ..battle };
    shown("without-names", |now| Scene { names: false, ..whole(now) });
    shown("without-container", |now| Scene { battle: on_tiles_only(whole(now).battle), ..whole(now) });
    shown("without-anything", |now| Scene { names: false, battle: Battle::default(), ..whole(now) });
}
