//! Tiles above tiles: however a picture came about, it is what its tiles give from back to front.

use super::*;
use crate::scene::Region;

/// What happens to a mixer, drawn from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn even(&mut self, from: usize, to: usize) -> usize {
        from + 2 * self.below((to - from) / 2 + 1)
    }

    /// Some of the hosts, in places that may overlap, each with a z of its own.
    fn scene(&mut self) -> Scene {
        let mut scene = scene(&[A, B, C].map(|source| source)[..1 + self.below(3)]);
        let round = self.below(2) == 0;
        for (z, tile) in (0..).zip(&mut scene.tiles) {
            let (w, h) = (self.even(100, 400), self.even(100, 600));
            let rect = Rect { x: self.even(0, 720 - w), y: self.even(0, 1280 - h), w, h };
            let fit = [Fit::Cover, Fit::Contain, Fit::Fill][self.below(3)];
            let corner_radius = if round { self.even(0, 48) } else { 0 };
            tile.region = Some(Region { rect, z: 2 - z, fit, corner_radius });
            (tile.camera, tile.muted) = (self.below(5) > 0, self.below(2) == 0);
        }
        scene
    }
}

#[test]
fn a_picture_is_what_its_tiles_give_from_back_to_front_however_it_came_about() {
    for seed in 0..40 {
        let (mut random, start) = (Random(seed * 7_919 + 1), Instant::now());
        let (mut mixer, mut now) = (mixer(), start);
        let mut scene = random.scene();
        mixer.set_scene(now, scene.clone());
        for step in 0..12 {
            now = after(now, 20);
            if random.below(4) == 0 {
                scene = random.scene();
                mixer.set_scene(now, scene.clone());
            }
            for _ in 0..random.below(4) {
                let value = 40 + u8::try_from(random.below(180)).unwrap();
                let source = [A, B, C][random.below(3)];
                mixer.paint(now, source, picture(value).as_ref());
                if random.below(2) == 0 {
                    mixer.compose(now);
                }
            }
            now = after(now, [0, 20, 400][random.below(3)]);
            mixer.handle_timeout(now);
            // Everybody once more, so that both know the same; then at rest.
            let last = [90, 130, 170].map(|value| picture(value + step));
            let order = [[A, B, C], [C, A, B], [B, C, A]][random.below(3)];
            let frame = |source: SourceId| last[source.0 as usize - 1].as_ref();
            order.iter().for_each(|source| mixer.paint(now, *source, frame(*source)));
            now = after(now, 300);
            let mut fresh = super::mixer();
            fresh.set_scene(now, scene.clone());
            [A, B, C].iter().for_each(|source| fresh.paint(now, *source, frame(*source)));
            let rested = after(now, 300);
            let (found, wanted) = (owned(mixer.compose(now)), owned(fresh.compose(rested)));
            let differs = found[0].iter().zip(&wanted[0]).position(|(a, b)| a != b);
            assert!(found == wanted, "seed {seed}, step {step}: {differs:?} of {scene:?}");
        }
    }
}

#[test]
fn a_frame_paints_its_own_tile_and_no_other_though_windows_are_round() {
    let (mut mixer, now) = (mixer(), Instant::now());
    let mut scene = scene(&[A, B]);
    let window = Rect { x: 400, y: 100, w: 300, h: 400 };
    scene.tiles[0].region = Some(Region::plain(Rect { x: 0, y: 0, w: 720, h: 1280 }, 0));
    scene.tiles[1].region = Some(Region { corner_radius: 40, ..Region::plain(window, 1) });
    mixer.set_scene(now, scene);
    mixer.paint(now, A, picture(200).as_ref());
    mixer.paint(now, B, picture(90).as_ref());
    mixer.compose(now);
    // A mark of the test's own in each tile, which whoever paints it again wipes out.
    let [host, guest] = [Rect { x: 20, y: 20, w: 2, h: 2 }, Rect { x: 550, y: 300, w: 2, h: 2 }];
    for (painted, value, left) in [(A, 180, guest), (B, 60, host)] {
        [host, guest].into_iter().for_each(|mark| mixer.canvas.fill(mark, Rgb(0xFFFFFF).yuv()));
        mixer.paint(now, painted, picture(value).as_ref());
        mixer.compose(now);
        let marked = |mark: Rect| luma(&mixer, mark.x, mark.y) == 235;
        assert_eq!([host, guest].map(marked), [host, guest].map(|mark| mark == left), "{painted:?}");
    }
    // What is below is seen in the corner, what is above beside it.
    let corner = [(window.x, window.y), (window.right() - 1, window.bottom() - 1), (window.x + 60, window.y)];
    assert_eq!(corner.map(|(x, y)| luma(&mixer, x, y)), [180, 180, 60]);
}

#[test]
fn a_window_stays_above_whatever_is_painted_below_it() {
    let (mut mixer, start) = (mixer(), Instant::now());
    mixer.set_scene(start, Scene { template: Template::HostDynamic1v6, ..scene(&[A, B]) });
    mixer.paint(start, B, picture(90).as_ref());
    let in_window = |mixer: &VideoMixer| [(562, 1010), (632, 1096), (702, 1120)].map(|(x, y)| luma(mixer, x, y));
    for (ms, value) in [(0, 200), (20, 60), (40, 180)] {
        mixer.paint(after(start, ms), A, picture(value).as_ref());
        mixer.compose(after(start, ms));
        assert_eq!((in_window(&mixer), luma(&mixer, 300, 640)), ([90; 3], value));
    }
    // Dimmed, and then without a picture, it lies below no less.
    for (ms, below) in [(2_500, 88), (5_500, no_picture().0[0])] {
        let now = after(start, ms);
        mixer.paint(now, B, picture(90).as_ref());
        mixer.handle_timeout(now);
        mixer.compose(now);
        let seen = (in_window(&mixer), luma(&mixer, 20, 20));
        assert_eq!(seen.0, [90; 3], "after {ms} ms");
        assert!(seen.1.abs_diff(below) <= 3, "after {ms} ms: {}", seen.1);
    }
}

#[test]
fn what_lies_over_a_tile_lies_beneath_the_tile_above() {
    let (mut mixer, now) = (mixer(), Instant::now());
    let mut scene = scene(&[A, B]);
    let rect = |x, y, w, h| Some(Region::plain(Rect { x, y, w, h }, u32::from(x > 0)));
    scene.tiles[0].region = rect(0, 0, 720, 1280);
    // Over where the nickname of the first is.
    scene.tiles[1].region = rect(30, 1200, 300, 80);
    scene.tiles[1].name = String::new();
    mixer.set_scene(now, scene);
    for value in [200, 100] {
        mixer.paint(now, A, picture(value).as_ref());
        mixer.paint(now, B, picture(90).as_ref());
        mixer.compose(now);
        assert!(pill(&mixer)[8..].iter().all(|luma| *luma == 90), "{:?}", pill(&mixer));
    }
}
