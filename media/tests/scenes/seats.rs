//! Seats: of voices, and empty ones among pictures.

use std::time::{Duration, Instant};

use costage_media::frame::Size;
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::{Loudness, VideoMixer};
use costage_media::scene::{Battle, Cell, CellSitter, Countdown, Region, Scene, SourceId, Span, Template};

use crate::picture::{CANVAS, owned, snapshot};
use crate::stage::{battle, host, paint_all, punished, results, scene, steps};
use crate::{HD, NAMES};

#[test]
fn two_teams_of_voices() {
    snapshot("voice-6v6", |mixer, now| {
        let template = Template::HostStaticVoice6v6;
        let source = |i: usize| SourceId(u32::try_from(i).unwrap());
        let sitter = |i: usize| CellSitter {
            source: source(i),
            name: NAMES[i % 9].to_owned(),
            muted: i.is_multiple_of(4),
            ..CellSitter::default()
        };
        let cell = |(i, region): (usize, Region)| Cell {
            seat: u32::try_from(i % 6).unwrap(),
            locked: i == 8,
            rect: region.rect,
            sitter: (i % 5 < 3).then(|| sitter(i)),
        };
        let cells = template.regions(CANVAS, 12).into_iter().enumerate().map(cell).collect();
        let countdown = Some(Countdown { of: Span::Battle, end: now + Duration::from_secs(83) });
        let battle = Battle { countdown, ..battle(&[500, 1_200]) };
        // Hosts were seen before, and have shrunk away.
        mixer.set_scene(now, scene(2));
        paint_all(mixer, now, 2);
        mixer.set_scene(now, scene(3));
        mixer.set_scene(now, Scene { template, cells, battle, ..scene(0) });
        mixer.handle_timeout(now + Duration::from_millis(300));
        now + Duration::from_millis(300)
    });
}

#[test]
fn rings_of_each_step_around_seats() {
    snapshot("voice-6v6-speaking", |mixer, now| {
        let template = Template::HostStaticVoice6v6;
        let cell = |(region, i): (Region, u32)| {
            let sitter = CellSitter {
                source: SourceId(i),
                name: NAMES[i as usize % 9].to_owned(),
                muted: i == 5,
                ..CellSitter::default()
            };
            Cell { seat: i % 6, locked: i > 9, rect: region.rect, sitter: (i < 9).then_some(sitter) }
        };
        let cells = template.regions(CANVAS, 12).into_iter().zip(0..).map(cell).collect();
        mixer.set_scene(now, Scene { template, cells, battle: battle(&[500, 1_200]), ..scene(0) });
        mixer.compose(now);
        mixer.hear(steps);
        now
    });
}

#[test]
fn results_of_teams() {
    snapshot("results-6v6", |mixer, now| {
        let seats: Vec<u32> = (0..9).collect();
        let battle = results(now, &[500, 1_200]);
        mixer.set_scene(now, Scene { battle, ..seated(Template::HostStaticVoice6v6, CANVAS, 12, &seats, &[10]) });
        now
    });
}

#[test]
fn the_beginning_the_last_seconds_and_the_punishment_of_teams() {
    let seats: Vec<u32> = (0..9).collect();
    let teams = |battle| Scene { battle, ..seated(Template::HostStaticVoice6v6, CANVAS, 12, &seats, &[10]) };
    snapshot("voice-6v6-opening", |mixer, now| {
        let opening = Some(now + Duration::from_secs(1));
        mixer.set_scene(now, teams(Battle { opening, ..battle(&[0, 0]) }));
        now
    });
    snapshot("voice-6v6-last-seconds", |mixer, now| {
        let countdown = Some(Countdown { of: Span::Battle, end: now + Duration::from_secs(8) });
        mixer.set_scene(now, teams(Battle { countdown, ..battle(&[9_999, 12_345]) }));
        now
    });
    snapshot("voice-6v6-punishment", |mixer, now| {
        mixer.set_scene(now, teams(punished(now, &[9_999, 12_345])));
        now
    });
}

/// Seats of a live in `template`: who is `taken` is there, the first of them the host, and sends pictures where there are
/// any; these are `locked`.
pub(crate) fn seated(template: Template, canvas: Size, seats: u32, taken: &[u32], locked: &[u32]) -> Scene {
    let mut whole = Scene { canvas, template, ..scene(0) };
    let regions = template.regions(whole.canvas, seats as usize);
    // Each team counts its own seats.
    let team = if template == Template::HostStaticVoice6v6 { 6 } else { seats };
    for (seat, region) in (0..).zip(regions) {
        let who = taken.iter().position(|taken| *taken == seat);
        let name = |who: usize| NAMES[who % NAMES.len()].to_owned();
        let source = |who: usize| SourceId(u32::try_from(who).unwrap());
        if let Some(who) = who.filter(|_| !template.is_of_voices()) {
            let [mut tile] = <[_; 1]>::try_from(scene(1).tiles).unwrap();
            (tile.source, tile.name, tile.region) = (source(who), name(who), Some(region));
            whole.tiles.push(tile);
            continue;
        }
        let sitter = who.map(|who| {
            let muted = who % 7 == 2;
            CellSitter { source: source(who), name: name(who), muted, ..CellSitter::default() }
        });
        whole.cells.push(Cell { seat: seat % team, locked: locked.contains(&seat), rect: region.rect, sitter });
    }
    whole
}

/// The same with everybody's picture but that of the last one, who has closed the camera and is loud.
fn seen(name: &str, template: Template, taken: &[u32], locked: &[u32]) {
    snapshot(name, |mixer, now| {
        let places = u32::try_from(template.places()).unwrap();
        let mut scene = seated(template, CANVAS, places, taken, locked);
        let last = SourceId(u32::try_from(taken.len()).unwrap() - 1);
        scene
            .tiles
            .iter_mut()
            .filter(|tile| tile.source == last)
            .for_each(|tile| (tile.camera, tile.muted) = (false, false));
        mixer.set_scene(now, scene);
        (0..last.0.max(1)).for_each(|i| mixer.paint(now, SourceId(i), host(i, HD).as_ref()));
        mixer.hear(|source| if source == last { Loudness::new(3) } else { Loudness::SILENT });
        now
    });
}

#[test]
fn nine_fixed_seats() {
    let template = Template::VideoFixedGrid9Seats;
    snapshot("fixed-grid-empty", |mixer, now| {
        mixer.set_scene(now, seated(template, CANVAS, 9, &[0], &[]));
        paint_all(mixer, now, 1);
        now
    });
    seen("fixed-grid-some", template, &[0, 2, 3, 7], &[5, 8]);
    seen("fixed-grid-full", template, &[0, 1, 2, 3, 4, 5, 6, 7, 8], &[]);
    snapshot("fixed-grid-4-seats", |mixer, now| {
        mixer.set_scene(now, seated(template, CANVAS, 4, &[0, 2], &[3]));
        paint_all(mixer, now, 2);
        now
    });
}

#[test]
fn six_fixed_windows() {
    let template = Template::VideoFixedFloat7Seats;
    snapshot("fixed-float-empty", |mixer, now| {
        mixer.set_scene(now, seated(template, CANVAS, 7, &[0], &[]));
        paint_all(mixer, now, 1);
        now
    });
    seen("fixed-float-some", template, &[0, 1, 4, 5], &[3, 6]);
    seen("fixed-float-full", template, &[0, 1, 2, 3, 4, 5, 6], &[]);
}

/// Somebody sits down on a seat that was empty, another one stands up: nobody else's picture changes.
#[test]
fn a_guest_sits_down_in_a_window_over_the_host() {
    snapshot("fixed-float-sits-down", |mixer, now| {
        mixer.set_scene(now, seated(template(), CANVAS, 7, &[0, 2], &[]));
        paint_all(mixer, now, 2);
        mixer.compose(now);
        mixer.set_scene(now, seated(template(), CANVAS, 7, &[0, 5], &[2]));
        mixer.paint(now, SourceId(0), host(0, HD).as_ref());
        mixer.paint(now, SourceId(1), host(1, HD).as_ref());
        now + Duration::from_millis(400)
    });

    fn template() -> Template {
        Template::VideoFixedFloat7Seats
    }
}

#[test]
fn one_to_four_in_landscape() {
    for n in 1..=4 {
        snapshot(&format!("landscape-seats-{n}"), |mixer, now| {
            let template = Template::VideoLandscape4Seats;
            mixer.set_scene(now, Scene { canvas: template.canvas(CANVAS), template, ..scene(n) });
            paint_all(mixer, now, n);
            now
        });
    }
}

#[test]
fn salons_of_few_and_of_many_seats() {
    let salon = Template::AudioSalon;
    let people = |n: u32| (0..n).collect::<Vec<_>>();
    for (name, template, seats, taken, locked) in [
        ("salon-10-empty", salon, 10, people(1), vec![]),
        ("salon-10-some", salon, 10, vec![0, 1, 4, 6, 7], vec![3, 9]),
        ("salon-3-full", salon, 3, people(3), vec![]),
        ("salon-30", salon, 30, vec![0, 1, 2, 3, 8, 9, 12, 20, 29], vec![15, 28]),
        ("salon-50-full", salon, 50, people(50), vec![]),
        ("karaoke-10-empty", Template::Karaoke, 10, people(1), vec![]),
        ("karaoke-20-full", Template::Karaoke, 20, people(20), vec![]),
        ("karaoke-50-some", Template::Karaoke, 50, (0..50).filter(|seat| seat % 3 < 2).collect(), vec![2, 47]),
        ("karaoke-8-some", Template::Karaoke, 8, vec![0, 1, 2, 5, 7], vec![6]),
    ] {
        snapshot(name, |mixer, now| {
            mixer.set_scene(now, seated(template, CANVAS, seats, &taken, &locked));
            mixer.compose(now);
            mixer.hear(steps);
            now
        });
    }
}

#[test]
fn a_salon_without_names_still_says_whose_microphone_is_off() {
    snapshot("salon-unnamed", |mixer, now| {
        mixer.set_scene(now, Scene { names: false, ..seated(Template::AudioSalon, CANVAS, 5, &[0, 1, 2, 3], &[]) });
        now
    });
}

#[test]
fn two_teams_of_lives_with_fewer_seats() {
    snapshot("voice-6v6-few", |mixer, now| {
        let template = Template::HostStaticVoice6v6;
        let cell = |(region, i): (Region, u32)| {
            let sitter =
                CellSitter { source: SourceId(i), name: NAMES[i as usize % 9].to_owned(), ..CellSitter::default() };
            Cell { seat: i % 6, locked: i == 9, rect: region.rect, sitter: (i % 6 < 2).then_some(sitter) }
        };
        let there = |(_, i): &(Region, u32)| *i < 1 || (6..10).contains(i);
        let cells = template.regions(CANVAS, 12).into_iter().zip(0..).filter(there).map(cell).collect();
        let countdown = Some(Countdown { of: Span::Battle, end: now + Duration::from_secs(83) });
        mixer.set_scene(
            now,
            Scene { template, cells, battle: Battle { countdown, ..battle(&[500, 1_200]) }, ..scene(0) },
        );
        now
    });
}

/// From the smallest canvas that may be configured to the largest, however odd its shape.
#[test]
fn every_template_is_drawn_on_any_canvas_and_alike_at_every_level() {
    let now = Instant::now();
    for (width, height) in [(64, 64), (64, 1920), (1920, 64), (222, 398), (854, 480), (1080, 1920), (1918, 1078)] {
        for template in Template::ALL {
            for places in [1, template.places().div_ceil(2), template.places()] {
                let seats = u32::try_from(places).unwrap();
                let canvas = template.canvas(Size { width, height });
                let taken: Vec<u32> = (0..seats).filter(|seat| seat % 3 != 1).collect();
                let whole = seated(template, canvas, seats, &taken, &[4]);
                let run = |level| {
                    let mut mixer = VideoMixer::new(Kernels::new(level), CANVAS);
                    mixer.set_scene(now, whole.clone());
                    mixer.paint(now, SourceId(0), host(0, HD).as_ref());
                    mixer.hear(steps);
                    owned(mixer.compose(now))
                };
                let scalar = run(Level::Scalar);
                assert_eq!(scalar.size(), canvas);
                for level in Level::ALL {
                    assert!(run(level) == scalar, "{level}: {template:?}, {places} places on {canvas:?}");
                }
            }
        }
    }
}
