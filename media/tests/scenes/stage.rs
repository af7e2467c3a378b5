//! Scenes of made-up hosts, and what they send.

use std::time::{Duration, Instant};

use costage_media::frame::{Colour, PictureRef, Size};
use costage_media::mix::{Loudness, VideoMixer};
use costage_media::scene::{
    Battle, Countdown, Fit, Outcome, Rect, Region, Scene, Side, SourceId, Span, Standing, Template, Tile, Verdict,
};

use crate::picture::CANVAS;
use crate::{HD, NAMES};

pub(crate) fn scene(n: u32) -> Scene {
    let name = |i: u32| NAMES[i as usize].to_owned();
    Scene {
        canvas: CANVAS,
        template: Template::HostDynamicGrid,
        tiles: (0..n).map(|i| tile(SourceId(i), name(i))).collect(),
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle::default(),
        names: true,
        sei: None,
    }
}

/// All in one battle, with these scores.
pub(crate) fn battle(scores: &[u64]) -> Battle {
    let side = |(source, score): (u32, &u64)| {
        let rank = 1 + u32::try_from(scores.iter().filter(|other| *other > score).count()).unwrap();
        let standing = Some(Standing { battle: 0, rank, score: *score, left: false, until: None });
        Side { source: SourceId(source), standing, verdict: None }
    };
    Battle { sides: (0..).zip(scores).map(side).collect(), ..Battle::default() }
}

/// Of the first three in [`regions`].
pub(crate) const SCORES: [u64; 3] = [700, 12_345, 40];

/// With the fourth in [`regions`] beside it.
pub(crate) fn beside_others(mut battle: Battle) -> Battle {
    battle.sides.push(Side { source: SourceId(3), standing: None, verdict: None });
    battle
}

/// Four in regions of one's own that lie above each other by turns.
pub(crate) fn regions() -> Scene {
    let mut whole = scene(4);
    let mut place = |i: usize, [x, y, w, h]: [usize; 4], z, corner_radius| {
        whole.tiles[i].region = Some(Region { rect: Rect { x, y, w, h }, z, fit: Fit::Cover, corner_radius });
    };
    place(0, [0, 120, 720, 640], 0, 0);
    place(1, [40, 520, 360, 400], 2, 40);
    place(2, [300, 700, 380, 360], 3, 0);
    place(3, [0, 860, 420, 380], 1, 24);
    whole
}

/// The same when it has ended with these scores, which are shown so long.
fn ended(scores: &[u64], until: Instant) -> Battle {
    let mut battle = battle(scores);
    battle.sides.iter_mut().filter_map(|side| side.standing.as_mut()).for_each(|it| it.until = Some(until));
    battle
}

/// And how it ended for each.
pub(crate) fn results(now: Instant, scores: &[u64]) -> Battle {
    let until = now + Duration::from_secs(5);
    let draw = scores.iter().all(|score| *score == scores[0]);
    let mut battle = ended(scores, until);
    for side in &mut battle.sides {
        let is_best = side.standing.is_some_and(|it| it.rank == 1);
        let outcome = match (draw, is_best) {
            (true, _) => Outcome::Draw,
            (false, true) => Outcome::Victory,
            (false, false) => Outcome::Defeat,
        };
        side.verdict = Some(Verdict { outcome, until });
    }
    battle
}

/// Some time later, during the punishment.
pub(crate) fn punished(now: Instant, scores: &[u64]) -> Battle {
    let end = now + Duration::from_secs(27);
    Battle { countdown: Some(Countdown { of: Span::Punishment, end }), ..ended(scores, end) }
}

/// Everything at once, more than any battle has.
pub(crate) fn whole_battle(now: Instant, n: u32) -> Battle {
    let mut battle = battle(&(0..u64::from(n)).map(|i| 7_000 * i).collect::<Vec<_>>());
    let verdict = Verdict { outcome: Outcome::Draw, until: now + Duration::from_secs(5) };
    battle.sides.iter_mut().for_each(|side| side.verdict = Some(verdict));
    battle.opening = Some(verdict.until);
    battle.countdown = Some(Countdown { of: Span::Punishment, end: verdict.until });
    battle
}

fn tile(source: SourceId, name: String) -> Tile {
    Tile { source, name, camera: true, ..Tile::default() }
}

pub(crate) fn paint_all(mixer: &mut VideoMixer, now: Instant, n: u32) {
    for i in 0..n {
        mixer.paint(now, SourceId(i), host(i, HD).as_ref());
    }
}

/// Hosts 0 to 3 speak, each a step louder than the one before.
pub(crate) fn steps(source: SourceId) -> Loudness {
    if source.0 < 4 { Loudness::new(u8::try_from(source.0).unwrap() + 1) } else { Loudness::SILENT }
}

/// A host's picture, its planes as long as odd sizes ask.
pub(crate) struct Picture {
    size: Size,
    padding: usize,
    planes: [Vec<u8>; 3],
}

impl Picture {
    pub(crate) fn as_ref(&self) -> PictureRef<'_> {
        let half = Size { width: self.size.width.div_ceil(2), height: self.size.height.div_ceil(2) };
        let plane = |i: usize, size: Size| costage_media::frame::PlaneRef {
            data: &self.planes[i],
            stride: size.width + self.padding,
            width: size.width,
            height: size.height,
        };
        PictureRef { y: plane(0, self.size), u: plane(1, half), v: plane(2, half), colour: Colour::default() }
    }
}

/// Each host has a hue, a gradient from dark to bright, and a disc in the middle whose roundness shows any distortion.
pub(crate) fn host(n: u32, size: Size) -> Picture {
    const HUES: [[u8; 2]; 9] =
        [[150, 110], [108, 150], [112, 112], [140, 140], [100, 128], [128, 100], [158, 128], [128, 156], [120, 136]];
    let Size { width, height } = size;
    let radius = width.min(height) * 3 / 10;
    let mut y = Vec::with_capacity(width * height);
    for row in 0..height {
        for column in 0..width {
            let (dx, dy) = (column.abs_diff(width / 2), row.abs_diff(height / 2));
            let inside = dx * dx + dy * dy <= radius * radius;
            let shade = 60 + row * 120 / height;
            y.push(u8::try_from(if inside { 255 - shade } else { shade }).unwrap());
        }
    }
    let half = width.div_ceil(2) * height.div_ceil(2);
    let [u, v] = HUES[n as usize];
    Picture { size, padding: 0, planes: [y, vec![u; half], vec![v; half]] }
}

/// Every pixel its own, rows `padding` bytes apart.
pub(crate) fn noise(size: Size, padding: usize, seed: u32) -> Picture {
    let plane = |width: usize, height: usize, salt: u32| {
        let mut state = seed.wrapping_mul(2_654_435_761) ^ salt;
        let bytes = (0..(width + padding) * height).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        bytes.collect()
    };
    let (width, height) = (size.width.div_ceil(2), size.height.div_ceil(2));
    let planes = [plane(size.width, size.height, 1), plane(width, height, 2), plane(width, height, 3)];
    Picture { size, padding, planes }
}
