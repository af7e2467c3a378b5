//! What a battle, silence and signs look like in the layouts beside the grid.

use super::*;

/// A state of a scene: what it is called, what the scene is then, and when it is looked at.
type State = (&'static str, fn(Instant, Scene) -> Scene, u64);

const STATES: [State; 6] = [
    ("battle", in_battle, 0),
    ("opening", opening, 0),
    ("result", |now, scene| Scene { battle: results(now, &scores(&scene)), ..scene }, 0),
    ("punishment", |now, scene| Scene { battle: punished(now, &scores(&scene)), ..scene }, 0),
    ("silent", |_, scene| scene, 2_500),
    ("cameras", cameras, 0),
];

fn opening(now: Instant, mut scene: Scene) -> Scene {
    let opening = Some(now + Duration::from_secs(1));
    scene.battle = Battle { opening, ..battle(&vec![0; scene.tiles.len()]) };
    scene
}

fn in_battle(now: Instant, mut scene: Scene) -> Scene {
    let countdown = Some(Countdown { of: Span::Battle, end: now + Duration::from_secs(83) });
    scene.battle = Battle { countdown, ..battle(&scores(&scene)) };
    scene
}

/// The last one is the best.
fn scores(scene: &Scene) -> Vec<u64> {
    (0..).map(|i: u64| 700 * i * i + 40).take(scene.tiles.len()).collect()
}

/// Closed and muted by turns.
fn cameras(_: Instant, mut scene: Scene) -> Scene {
    for (tile, i) in scene.tiles.iter_mut().zip(0..) {
        (tile.camera, tile.muted) = (i % 2 == 0, i % 3 == 1);
    }
    scene
}

fn snapshots(name: &str, template: Template, n: u32) {
    for (state, make, after_ms) in STATES {
        snapshot(&format!("{name}-{state}"), |mixer, now| {
            let canvas = template.canvas(CANVAS);
            mixer.set_scene(now, make(now, Scene { template, canvas, ..scene(n) }));
            (0..n).rev().for_each(|host_of| mixer.paint(now, SourceId(host_of), host(host_of, HD).as_ref()));
            let later = now + Duration::from_millis(after_ms);
            mixer.handle_timeout(later);
            later
        });
    }
}

#[test]
fn windows_above_the_first_host_in_a_battle() {
    snapshots("windows-7", Template::HostDynamic1v6, 7);
}

#[test]
fn two_hosts_side_by_side_in_a_battle() {
    snapshots("landscape-2", Template::HostVideoLandscapeFixed2Seats, 2);
}

#[test]
fn two_and_four_voices_in_a_battle() {
    snapshots("voice-connection-2", Template::HostVoiceConnection, 2);
    snapshots("voice-connection-4", Template::HostVoiceConnection, 4);
}
