//! What scenes look like, pixel by pixel: each state against a picture in `snapshots/`, equal at every SIMD level.
//!
//! A missing picture is written by the scalar level, and so are all with `UPDATE_SNAPSHOTS=1`: look at them before they
//! are committed. When a picture differs, expected, actual and difference are left in `target/snapshots/`. `./test gallery`
//! shows them all on one page; it names a folder in `SNAPSHOTS_SEEN`, where each picture that was compared leaves an empty
//! file of its name.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

mod absent;
mod between;
mod layouts;
#[path = "../picture/mod.rs"]
mod picture;
mod seats;
mod stage;

use std::time::{Duration, Instant};

use costage_media::frame::Size;
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::VideoMixer;
use costage_media::scene::{Battle, Countdown, Fit, Outcome, Rect, Region, Scene, Side, SourceId, Span, Template};

use picture::{CANVAS, owned, snapshot};
use stage::{battle, host, noise, paint_all, punished, results, scene, steps, whole_battle};

const HD: Size = Size { width: 1280, height: 720 };
const NAMES: [&str; 9] = ["Ada", "Grace Hopper", "Łukasz", "Ηλέκτρα", "Дмитрий", "Zoë", "Søren", "Nguyễn", "Émilie"];

#[test]
fn grids_of_one_to_nine_hosts() {
    for n in 1..=9 {
        snapshot(&format!("hosts-{n}"), |mixer, now| {
            mixer.set_scene(now, scene(n));
            paint_all(mixer, now, n);
            now
        });
    }
}

#[test]
fn score_bars() {
    for (name, left, right) in [("0-0", 0, 0), ("500-1200", 500, 1_200), ("12.3k-4.5M", 12_345, 4_567_890)] {
        snapshot(&format!("score-{name}"), |mixer, now| {
            mixer.set_scene(now, Scene { battle: battle(&[left, right]), ..scene(2) });
            paint_all(mixer, now, 2);
            now
        });
    }
}

#[test]
fn a_score_on_its_way() {
    snapshot("score-sliding", |mixer, now| {
        let bar = |left, right| Scene { battle: battle(&[left, right]), ..scene(2) };
        mixer.set_scene(now, bar(100, 900));
        paint_all(mixer, now, 2);
        mixer.set_scene(now, bar(900, 100));
        now + Duration::from_millis(100)
    });
}

#[test]
fn countdowns() {
    let span = |of, seconds: u64| move |now: Instant| Some(Countdown { of, end: now + Duration::from_secs(seconds) });
    for (name, n, countdown) in [("2", 2, span(Span::Battle, 83)), ("flash", 5, span(Span::Battle, 9))] {
        snapshot(&format!("countdown-{name}"), |mixer, now| {
            let scores: Vec<u64> = (0..u64::from(n)).map(|i| 700 * i * i).collect();
            mixer.set_scene(now, Scene { battle: Battle { countdown: countdown(now), ..battle(&scores) }, ..scene(n) });
            paint_all(mixer, now, n);
            now
        });
    }
    snapshot("countdown-punishment", |mixer, now| {
        mixer.set_scene(now, Scene { battle: punished(now, &[500, 12_345, 700]), ..scene(3) });
        paint_all(mixer, now, 3);
        now
    });
}

#[test]
fn marks_of_a_battle_of_more_than_two() {
    for (name, scores) in [("3", &[1_200, 500][..]), ("9", &[0, 12_345, 9_999, 700, 700, 4_567_890, 3, 21, 100_000])] {
        snapshot(&format!("marks-{name}"), |mixer, now| {
            let (n, mut battle) = (scores.len().max(3), battle(scores));
            let outside = |i| Side { source: SourceId(i), standing: None, verdict: None };
            battle.sides.extend((scores.len()..n).map(|i| outside(u32::try_from(i).unwrap())));
            battle.countdown = Some(Countdown { of: Span::Battle, end: now + Duration::from_secs(299) });
            let n = u32::try_from(n).unwrap();
            mixer.set_scene(now, Scene { battle, ..scene(n) });
            paint_all(mixer, now, n);
            now
        });
    }
}

#[test]
fn a_start_and_results() {
    snapshot("opening", |mixer, now| {
        let battle = Battle { opening: Some(now + Duration::from_secs(1)), ..battle(&[0, 0]) };
        mixer.set_scene(now, Scene { battle, ..scene(2) });
        paint_all(mixer, now, 2);
        now
    });
    snapshot("results-2", |mixer, now| {
        mixer.set_scene(now, Scene { battle: results(now, &[1_200, 500]), ..scene(2) });
        paint_all(mixer, now, 2);
        now
    });
    snapshot("results-5", |mixer, now| {
        // The third has left it before the others drew.
        let mut battle = results(now, &[500; 5]);
        battle.sides[2].verdict.as_mut().unwrap().outcome = Outcome::Defeat;
        battle.sides[2].standing.as_mut().unwrap().left = true;
        mixer.set_scene(now, Scene { battle, ..scene(5) });
        paint_all(mixer, now, 5);
        now
    });
}

#[test]
fn names_too_long_for_their_tile() {
    snapshot("names-long", |mixer, now| {
        let mut scene = scene(3);
        scene.tiles[0].name = "The one and only Augusta Ada King, Countess of Lovelace".into();
        scene.tiles[1].name = "Brewster Murray Hopper".into();
        scene.tiles[2].name = "日本語 😀 x".into();
        mixer.set_scene(now, scene);
        paint_all(mixer, now, 3);
        now
    });
}

#[test]
fn a_muted_host_has_a_sign_before_the_nickname() {
    snapshot("names-muted", |mixer, now| {
        let mut scene = scene(2);
        scene.tiles[1].muted = true;
        mixer.set_scene(now, scene);
        paint_all(mixer, now, 2);
        now
    });
}

#[test]
fn three_hosts_on_the_way_to_four() {
    snapshot("moving-3-4", |mixer, now| {
        mixer.set_scene(now, scene(3));
        paint_all(mixer, now, 3);
        mixer.set_scene(now, scene(4));
        // The fourth has no picture yet; the others are drawn from their last frames.
        (0..3).for_each(|n| mixer.repaint(now, SourceId(n), host(n, HD).as_ref(), now));
        now + Duration::from_millis(80)
    });
}

#[test]
fn a_silent_host_dims_then_gives_way_to_the_avatar() {
    for (name, after_ms) in [("silent-dimmed", 2_000), ("silent-avatar", 5_000)] {
        snapshot(name, |mixer, now| {
            mixer.set_scene(now, Scene { battle: battle(&[3, 1]), ..scene(2) });
            paint_all(mixer, now, 2);
            let later = now + Duration::from_millis(after_ms);
            mixer.paint(later, SourceId(1), host(1, HD).as_ref());
            mixer.handle_timeout(later);
            later
        });
    }
}

#[test]
fn avatars_of_hosts_without_picture() {
    snapshot("avatars", |mixer, now| {
        let mut scene = scene(5);
        scene.tiles[1].camera = false;
        scene.tiles[4].name = "***".into();
        mixer.set_scene(now, scene);
        for n in [0, 1] {
            mixer.paint(now, SourceId(n), host(n, HD).as_ref());
        }
        now
    });
}

#[test]
fn a_small_landscape_canvas() {
    snapshot("landscape-640x360", |mixer, now| {
        let battle = battle(&[500, 1_200]);
        mixer.set_scene(now, Scene { canvas: Size { width: 640, height: 360 }, battle, ..scene(2) });
        paint_all(mixer, now, 2);
        now
    });
}

#[test]
fn windows_above_the_first_host() {
    snapshot("windows-4", |mixer, now| {
        mixer.set_scene(now, Scene { template: Template::HostDynamic1v6, ..scene(4) });
        // The first last: its picture comes below those that are there.
        (0..4).rev().for_each(|n| mixer.paint(now, SourceId(n), host(n, HD).as_ref()));
        now
    });
}

#[test]
fn two_hosts_in_landscape() {
    snapshot("landscape-2", |mixer, now| {
        let template = Template::HostVideoLandscapeFixed2Seats;
        let battle = battle(&[500, 1_200]);
        mixer.set_scene(now, Scene { canvas: template.canvas(CANVAS), template, battle, ..scene(2) });
        paint_all(mixer, now, 2);
        now
    });
}

#[test]
fn rings_of_each_step_around_avatars() {
    snapshot("speaking-4", |mixer, now| {
        mixer.set_scene(now, scene(4));
        mixer.hear(steps);
        now
    });
    snapshot("voice-connection-9", |mixer, now| {
        mixer.set_scene(now, Scene { template: Template::HostVoiceConnection, ..scene(9) });
        mixer.hear(steps);
        now
    });
}

/// A host below, one in round corners above, one whole within its tile, one distorted to fill it.
#[test]
fn regions_of_ones_own() {
    snapshot("custom", |mixer, now| {
        let mut scene = scene(4);
        let mut place = |i: usize, [x, y, w, h]: [usize; 4], z, fit, corner_radius| {
            scene.tiles[i].region = Some(Region { rect: Rect { x, y, w, h }, z, fit, corner_radius });
        };
        place(0, [0, 0, 720, 800], 0, Fit::Cover, 0);
        place(1, [400, 560, 280, 360], 2, Fit::Cover, 60);
        place(2, [20, 860, 340, 400], 1, Fit::Contain, 40);
        place(3, [400, 960, 300, 300], 1, Fit::Fill, 0);
        mixer.set_scene(now, scene);
        paint_all(mixer, now, 4);
        now
    });
}

#[test]
fn sources_of_any_shape_cover_their_tiles() {
    snapshot("sources-odd", |mixer, now| {
        mixer.set_scene(now, scene(4));
        let sizes = [(16, 16), (641, 359), (1920, 1920), (97, 1919)];
        for (n, (width, height)) in (0..).zip(sizes) {
            mixer.paint(now, SourceId(n), host(n, Size { width, height }).as_ref());
        }
        now
    });
}

/// Sizes and strides as decoders and rotations bring them, on canvases of odd scale.
#[test]
fn any_source_on_any_canvas_is_the_same_at_every_level() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for case in 0..60 {
        let size = Size { width: 16 + random(700), height: 16 + random(700) };
        let canvas = Size { width: 64 + random(400), height: 64 + random(400) };
        let (n, padding) = (1 + u32::try_from(random(9)).unwrap(), random(40));
        let source = noise(size, padding, case);
        let now = Instant::now();
        let run = |level| {
            let mut mixer = VideoMixer::new(Kernels::new(level), CANVAS);
            mixer.set_scene(now, Scene { canvas, battle: whole_battle(now, n), ..scene(n) });
            (0..n).for_each(|i| mixer.paint(now, SourceId(i), source.as_ref()));
            owned(mixer.compose(now))
        };
        let scalar = run(Level::Scalar);
        for level in Level::ALL {
            assert!(run(level) == scalar, "{level}: {size:?}, padding {padding}, {n} hosts on {canvas:?}");
        }
    }
}
