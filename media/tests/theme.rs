//! The look that an operator chooses, in a process of its own: each state against a picture in `snapshots/`, equal at every
//! level.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

mod picture;

use std::sync::Once;
use std::time::{Duration, Instant};

use costage_media::frame::{I420, PictureRef, Size};
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::{Colours, Loudness, MOTION, Rgb, Theme, TooLate, VideoMixer, bring_theme};
use costage_media::scene::{
    Battle, Cell, CellSitter, Countdown, Region, Scene, Side, SourceId, Span, Standing, Template, Tile,
};
use picture::{CANVAS, owned, snapshot};

/// Light where the product's own is dark, so that a colour that was forgotten is seen.
const COLOURS: Colours = Colours {
    background: Rgb(0xF4E9D8),
    tile: Rgb(0xE3D2B8),
    empty_seat: Rgb(0xC9B494),
    seat_number: Rgb(0x5B462A),
    pill: Rgb(0xFFFFFF),
    text: Rgb(0x3A124E),
    left: Rgb(0x1E8E5A),
    right: Rgb(0xE08A1E),
    winner: Rgb(0xB0007A),
    loser: Rgb(0x9A9A9A),
    draw: Rgb(0x6A5ACD),
    last_seconds: Rgb(0x00A0C0),
    ring: Rgb(0x8A2BE2),
    halo: Rgb(0xFF69B4),
};

/// Stripes with a slope, so that a part of it that is copied from elsewhere is seen.
fn background() -> I420 {
    let mut picture = I420::black(CANVAS);
    let [y, u, v] = picture.planes_mut();
    let value = |at: usize, scale: usize| 150 + 10 * ((at * scale / 40) % 5);
    for (i, luma) in y.iter_mut().enumerate() {
        *luma = u8::try_from(value(i % CANVAS.width + i / CANVAS.width, 1)).unwrap();
    }
    for (i, (u, v)) in u.iter_mut().zip(v).enumerate() {
        let row = i / (CANVAS.width / 2);
        (*u, *v) = (110, u8::try_from(120 + row * 60 / CANVAS.height).unwrap());
    }
    picture
}

fn bring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let theme = Theme { colours: COLOURS, corner_radius: 28, backgrounds: vec![background()] };
        bring_theme(theme).unwrap();
    });
}

fn tile(i: u32) -> Tile {
    let name = ["Ada", "Grace Hopper", "Łukasz", "Zoë"][i as usize % 4].to_owned();
    Tile { source: SourceId(i), name, camera: true, muted: i == 1, ..Tile::default() }
}

fn scene(template: Template, n: u32) -> Scene {
    let (tiles, battle) = ((0..n).map(tile).collect(), Battle::default());
    Scene { canvas: CANVAS, template, tiles, voices: Vec::new(), cells: Vec::new(), battle, names: true, sei: None }
}

fn grid(n: u32) -> Scene {
    scene(Template::HostDynamicGrid, n)
}

fn battle(now: Instant, scores: &[u64]) -> Battle {
    let side = |(source, score): (u32, &u64)| {
        let standing = Some(Standing { battle: 0, rank: 1 + source, score: *score, left: false, until: None });
        Side { source: SourceId(source), standing, verdict: None }
    };
    let countdown = Some(Countdown { of: Span::Battle, end: now + Duration::from_secs(83) });
    Battle { sides: (0..).zip(scores).map(side).collect(), countdown, ..Battle::default() }
}

/// An even grey with a darker frame.
fn grey(luma: u8) -> I420 {
    let size = Size { width: 320, height: 320 };
    let mut picture = I420::black(size);
    for (i, pixel) in picture.planes_mut()[0].iter_mut().enumerate() {
        let inside = [i % size.width, i / size.width].iter().all(|at| (12..308).contains(at));
        *pixel = if inside { luma } else { luma / 2 };
    }
    picture
}

fn paint(mixer: &mut VideoMixer, now: Instant, sources: impl Iterator<Item = u32>) {
    sources.for_each(|i| mixer.paint(now, SourceId(i), grey(60 + 40 * u8::try_from(i).unwrap()).as_ref()));
}

#[test]
fn hosts_with_and_without_pictures_on_a_background() {
    bring();
    snapshot("theme-hosts-3", |mixer, now| {
        mixer.set_scene(now, Scene { battle: battle(now, &[4_200, 700]), ..grid(3) });
        paint(mixer, now, 0..2);
        mixer.hear(|source| if source == SourceId(2) { Loudness::new(Loudness::STEPS) } else { Loudness::SILENT });
        now
    });
}

#[test]
fn a_bar_and_a_countdown_in_the_themes_colours() {
    bring();
    snapshot("theme-battle-2", |mixer, now| {
        mixer.set_scene(now, Scene { battle: battle(now, &[4_200, 700]), ..grid(2) });
        paint(mixer, now, 0..2);
        now
    });
}

#[test]
fn windows_above_a_host_are_round_too() {
    bring();
    snapshot("theme-windows-3", |mixer, now| {
        mixer.set_scene(now, scene(Template::HostDynamic1v6, 3));
        paint(mixer, now, 0..2);
        now
    });
}

#[test]
fn seats_of_voices() {
    bring();
    snapshot("theme-salon", |mixer, now| {
        let template = Template::AudioSalon;
        let cell = |(i, region): (u32, Region)| Cell {
            seat: i,
            locked: i == 3,
            rect: region.rect,
            sitter: (i < 2).then(|| CellSitter { source: SourceId(i), name: tile(i).name, ..CellSitter::default() }),
        };
        let cells = (0..).zip(template.regions(CANVAS, 7)).map(cell).collect();
        mixer.set_scene(now, Scene { cells, ..scene(template, 0) });
        mixer.hear(|source| if source == SourceId(0) { Loudness::new(2) } else { Loudness::SILENT });
        now
    });
}

/// The lower right pixel of the newcomer's place, beside the mover: the picture before is not seen there either.
#[test]
fn round_corners_are_open_while_tiles_move() {
    bring();
    let (kernels, start) = (Kernels::new(Level::Scalar), Instant::now());
    let luma = |mixer: &mut VideoMixer, now| mixer.compose(now).y.data[919 * CANVAS.width + 719];
    let mut bare = VideoMixer::new(kernels, CANVAS);
    let bare = luma(&mut bare, start);
    let mut mixer = VideoMixer::new(kernels, CANVAS);
    mixer.set_scene(start, grid(1));
    paint(&mut mixer, start, 0..1);
    assert_ne!(luma(&mut mixer, start), bare);
    mixer.set_scene(start, grid(2));
    paint(&mut mixer, start, 0..2);
    for step in 1..=6 {
        assert_eq!(luma(&mut mixer, start + step * MOTION / 6), bare, "{step}");
    }
}

/// Where tiles have been, the background is as if they had never been.
#[test]
fn what_tiles_leave_is_the_background_again() {
    bring();
    for level in Level::ALL {
        let (kernels, start) = (Kernels::new(level), Instant::now());
        let show = |mixer: &mut VideoMixer, now: Instant| {
            mixer.set_scene(now, grid(2));
            paint(mixer, now, 0..2);
        };
        let mut fresh = VideoMixer::new(kernels, CANVAS);
        show(&mut fresh, start);
        let fresh = owned(fresh.compose(start));
        let mut mixer = VideoMixer::new(kernels, CANVAS);
        mixer.set_scene(start, grid(4));
        paint(&mut mixer, start, 0..4);
        drop(owned(mixer.compose(start)));
        show(&mut mixer, start);
        let half = start + MOTION / 2;
        assert!(owned(mixer.compose(half)) != fresh, "on their way");
        let arrived = start + MOTION;
        mixer.handle_timeout(arrived);
        paint(&mut mixer, arrived, 0..2);
        assert!(owned(mixer.compose(arrived)) == fresh, "{level}");
    }
}

#[test]
fn another_size_of_canvas_has_the_colour_instead_and_a_theme_is_chosen_once() {
    bring();
    let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), Size { width: 64, height: 64 });
    let luma = |picture: PictureRef<'_>| picture.y.data[0];
    assert!(luma(mixer.compose(Instant::now())).abs_diff(218) < 3);
    assert_eq!(bring_theme(Theme::default()), Err(TooLate));
}
