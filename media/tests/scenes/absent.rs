//! Who is muted, has closed the camera, is heard or is silent for a while, in layouts beside the grid.

use std::time::{Duration, Instant};

use costage_media::mix::{Loudness, VideoMixer};
use costage_media::scene::{Scene, SourceId, Template};

use crate::HD;
use crate::picture::{CANVAS, snapshot};
use crate::seats::seated;
use crate::stage::{SCORES, battle, beside_others, host, paint_all, regions, scene};

/// What it is called, and the scene as it was when all still sent pictures.
fn absent(name: &str, whole: &Scene, closed: &[u32], muted: &[u32], silent: &[u32]) {
    snapshot(name, |mixer, now| {
        let mut whole = whole.clone();
        for tile in &mut whole.tiles {
            (tile.camera, tile.muted) = (!closed.contains(&tile.source.0), muted.contains(&tile.source.0));
        }
        let hosts = u32::try_from(whole.tiles.len()).unwrap();
        mixer.set_scene(now, whole);
        paint_all(mixer, now, hosts);
        later(mixer, now, (0..hosts).filter(|host| !silent.contains(host)), closed)
    });
}

/// These go on sending pictures, and these speak.
fn later(mixer: &mut VideoMixer, now: Instant, sending: impl Iterator<Item = u32>, speaking: &[u32]) -> Instant {
    let later = now + Duration::from_millis(2_500);
    sending.for_each(|i| mixer.paint(later, SourceId(i), host(i, HD).as_ref()));
    mixer.handle_timeout(later);
    mixer.hear(|source| if speaking.contains(&source.0) { Loudness::new(3) } else { Loudness::SILENT });
    later
}

#[test]
fn four_in_landscape() {
    let template = Template::VideoLandscape4Seats;
    let whole = Scene { canvas: template.canvas(CANVAS), template, ..scene(4) };
    absent("landscape-seats-absent", &whole, &[1], &[0, 2], &[2]);
}

#[test]
fn seats_that_have_places_of_their_own() {
    let grid = seated(Template::VideoFixedGrid9Seats, CANVAS, 9, &[0, 1, 3, 4, 8], &[5]);
    absent("fixed-grid-absent", &grid, &[3], &[1, 2], &[2, 4]);
    let windows = seated(Template::VideoFixedFloat7Seats, CANVAS, 7, &[0, 1, 2, 4], &[6]);
    absent("fixed-float-absent", &windows, &[3], &[0, 2], &[1, 2]);
}

/// Regions of one's own that lie above each other by turns, three of four in a battle.
#[test]
fn a_battle_in_regions_of_ones_own() {
    absent("custom-battle", &Scene { battle: beside_others(battle(&SCORES)), ..regions() }, &[2], &[3], &[1]);
}
