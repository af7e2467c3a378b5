//! From any layout to any other: once all have arrived, the picture is that of a mixer which never showed another.

use super::*;
use crate::scene::{Cell, CellSitter, Region, Side, Standing};

/// Where geometry is the same and a walk through all of them is short.
const SMALL: Size = Size { width: 180, height: 320 };

/// `n` people in so many `places` of a template, which are more where it has empty ones.
fn layout(template: Template, n: usize, places: usize) -> Scene {
    let canvas = template.canvas(SMALL);
    let mut whole = Scene { canvas, template, ..scene(&[]) };
    for (place, region) in (0..).zip(template.regions(canvas, places)) {
        let sitter = |source| CellSitter { source, name: "Ada".into(), ..CellSitter::default() };
        let source = Some(SourceId(place)).filter(|source| (source.0 as usize) < n);
        match source {
            Some(source) if !template.is_of_voices() => whole.tiles.push(host(source, region)),
            _ => whole.cells.push(Cell { seat: place, locked: false, rect: region.rect, sitter: source.map(sitter) }),
        }
    }
    whole
}

/// Each third has closed the camera.
fn host(source: SourceId, region: Region) -> Place {
    Place { source, name: "Ada".into(), camera: source.0 % 3 != 2, region: Some(region), ..Place::default() }
}

/// Regions of one's own, of which the second lies above the first.
fn own(corner_radius: usize) -> Scene {
    let rects = [(30, 70, 90, 110), (70, 120, 60, 60), (0, 250, 44, 50)];
    let region = |(x, y, w, h), z| Region { z, corner_radius, ..Region::plain(Rect { x, y, w, h }, 0) };
    let tiles = (0..).zip(rects).map(|(i, rect)| host(SourceId(i), region(rect, i))).collect();
    Scene { canvas: SMALL, template: Template::Custom, tiles, ..scene(&[]) }
}

/// Each template with few and with many, and regions of one's own.
fn layouts() -> Vec<Scene> {
    let mut all = vec![own(0), own(20)];
    for template in Template::ALL {
        let (few, many) = (2.min(template.places()), template.places().min(7));
        if template.has_empty_places() {
            all.extend([(1, few), (few, template.places())].map(|(n, places)| layout(template, n, places)));
        } else {
            all.extend([1, few, many].map(|n| layout(template, n, n)));
        }
    }
    all.dedup();
    all
}

/// What is seen 800 ms after a scene was set, with frames meanwhile: by then all have arrived.
fn settled(mixer: &mut VideoMixer, now: &mut Instant, scene: &Scene) -> [Vec<u8>; 3] {
    mixer.set_scene(*now, scene.clone());
    for _ in 0..4 {
        *now += Duration::from_millis(200);
        mixer.handle_timeout(*now);
        for tile in &scene.tiles {
            mixer.paint(*now, tile.source, frame(tile.source).as_ref());
        }
        mixer.compose(*now);
    }
    owned(mixer.compose(*now))
}

/// Of a grey that is this host's.
fn frame(source: SourceId) -> I420 {
    let mut frame = I420::black(Size { width: 32, height: 64 });
    frame.planes_mut()[0].fill(60 + 10 * u8::try_from(source.0).unwrap());
    frame
}

fn told(scene: &Scene) -> String {
    format!("{:?} with {} tiles and {} cells", scene.template, scene.tiles.len(), scene.cells.len())
}

fn small() -> VideoMixer {
    VideoMixer::new(Kernels::pick(None), SMALL)
}

#[test]
fn every_layout_becomes_every_other_without_a_trace() {
    let (layouts, mut now) = (layouts(), Instant::now());
    let fresh: Vec<_> = layouts.iter().map(|scene| settled(&mut small(), &mut now, scene)).collect();
    let mut traces = Vec::new();
    for (from, before) in layouts.iter().zip(&fresh) {
        let mut old = small();
        settled(&mut old, &mut now, from);
        for (to, expected) in layouts.iter().zip(&fresh) {
            let mut mixer = small();
            settled(&mut mixer, &mut now, from);
            if settled(&mut mixer, &mut now, to) != *expected {
                traces.push(format!("{} → {}", told(from), told(to)));
            }
            let mut next = small();
            next.continue_from(&mut old);
            if settled(&mut next, &mut now, to) != *expected {
                traces.push(format!("{} → {}, continued", told(from), told(to)));
            }
        }
        assert!(settled(&mut old, &mut now, from) == *before, "{}: others went on from it", told(from));
    }
    assert!(traces.is_empty(), "{} of {}: {traces:#?}", traces.len(), 2 * layouts.len() * layouts.len());
}

/// Layouts, names, cameras, marks and hosts change before those before have arrived.
#[test]
fn however_layouts_follow_on_each_other_the_last_one_leaves_no_trace_of_them() {
    let layouts = layouts();
    for cells in [false, true] {
        for seed in 1..600 {
            let (mut random, mut now, mut mixer) = (Random(seed), Instant::now(), small());
            let fitting: Vec<_> = layouts.iter().filter(|scene| cells || scene.cells.is_empty()).collect();
            let any = |random: &mut Random| {
                let scene = fitting[random.below(fitting.len())].clone();
                random.change(scene)
            };
            let mut way = Vec::new();
            for _ in 0..4 {
                let scene = any(&mut random);
                way.push(told(&scene));
                let sources: Vec<_> = scene.tiles.iter().map(|tile| tile.source).collect();
                mixer.set_scene(now, scene);
                for _ in 0..random.below(6) {
                    now += Duration::from_millis(random.below(120) as u64);
                    mixer.handle_timeout(now);
                    let who = sources.iter().filter(|_| random.below(2) == 0);
                    who.for_each(|source| mixer.paint(now, *source, frame(*source).as_ref()));
                    mixer.compose(now);
                }
            }
            let last = any(&mut random);
            let seen = settled(&mut mixer, &mut now, &last);
            assert!(seen == settled(&mut small(), &mut now, &last), "seed {seed}: {way:#?} → {}", told(&last));
        }
    }
}

/// The same numbers in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn change(&mut self, mut scene: Scene) -> Scene {
        for tile in &mut scene.tiles {
            tile.camera = self.below(4) > 0;
            tile.source = SourceId(tile.source.0 + if self.below(3) == 0 { 8 } else { 0 });
        }
        scene.names = self.below(4) > 0;
        let marked = self.below(2) == 0;
        let sitters = scene.cells.iter().filter_map(|cell| cell.sitter.as_ref()).map(|sitter| sitter.source);
        let sources = scene.tiles.iter().map(|tile| tile.source).chain(sitters).filter(|_| marked);
        let standing = |score| Standing { battle: 0, rank: 1, score, left: false, until: None };
        let side = |(score, source)| Side { source, standing: Some(standing(score)), verdict: None };
        scene.battle.sides = (5..).zip(sources).map(side).collect();
        scene
    }
}
