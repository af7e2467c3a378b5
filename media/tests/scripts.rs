//! Names in the world's scripts, each with the font that has it: what is built in, and fonts that an operator brings (here
//! cut down to a few characters, `fonts/README.md`).
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

mod picture;

use std::sync::Once;
use std::time::Instant;

use costage_media::frame::PlaneRef;
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::{FontFile, FontsRefused, VideoMixer, bring_fonts, has_letters, unknown_characters};
use costage_media::scene::{Battle, Cell, CellSitter, Rect, Scene, SourceId, Template, Tile};
use picture::{CANVAS, snapshot};

/// A script a name, the last of them mixed; in logical order, as they are typed.
const NAMES: [&str; 9] = [
    "王小明的直播间",
    "こんにちはライブ",
    "한국어라이브방송",
    "مرحبا بالعالم",
    "שלום עולם",
    "สวัสดีชาวโลก",
    "😀🎁🔥 👩‍👩‍👧‍👦🇯🇵👍🏽",
    "Ada مرحبا 42 世界",
    "שלום Ada, 3:1 🔥",
];

fn bring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let files = [&include_bytes!("fonts/cjk.otf")[..], &include_bytes!("fonts/emoji.ttf")[..]];
        let files = files.map(|bytes| FontFile::new(bytes.to_vec()).unwrap());
        bring_fonts(files.into(), None).unwrap();
    });
}

fn scene(tiles: Vec<Tile>, cells: Vec<Cell>) -> Scene {
    let template = if cells.is_empty() { Template::HostDynamicGrid } else { Template::HostStaticVoice6v6 };
    let battle = Battle::default();
    Scene { canvas: CANVAS, template, tiles, voices: Vec::new(), cells, battle, names: true, sei: None }
}

#[test]
fn every_script_has_its_letters() {
    bring();
    for name in NAMES {
        assert!(has_letters(name), "{name}");
    }
    assert_eq!(unknown_characters(), []);
    assert!(!has_letters("\u{13000}"), "a hieroglyph");
    assert_eq!(bring_fonts(Vec::new(), None), Err(FontsRefused::TooLate), "after the first text");
}

#[test]
fn names_of_hosts_without_picture() {
    bring();
    snapshot("names-scripts", |mixer, now| {
        let tile = |(i, name): (u32, &&str)| Tile { source: SourceId(i), name: (*name).into(), ..Tile::default() };
        mixer.set_scene(now, scene((0..).zip(&NAMES).map(tile).collect(), Vec::new()));
        now
    });
}

#[test]
fn a_name_of_emoji_has_its_first_one_for_an_initial() {
    bring();
    let drawn = |name: &str| {
        let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), CANVAS);
        let mut alone = scene(vec![Tile { source: SourceId(1), name: name.into(), ..Tile::default() }], Vec::new());
        alone.names = false;
        mixer.set_scene(Instant::now(), alone);
        let picture = mixer.compose(Instant::now());
        let at = move |x: usize, y: usize| {
            let chroma = |plane: PlaneRef<'_>| plane.data[y / 2 * plane.stride + x / 2];
            [picture.y.data[y * picture.y.stride + x], chroma(picture.u), chroma(picture.v)]
        };
        // The disc is 288 wide, in the middle; its edge has the colour that follows from the name.
        let middle: Vec<_> = (570..710).flat_map(|y| (290..430).map(move |x| at(x, y))).collect();
        (middle, at(360, 640 - 138))
    };
    // A smiling face is yellow: its blue is low; two small eyes are dark.
    let yellow = |[y, u, _]: &[u8; 3]| *y > 150 && *u < 90;
    for name in ["😀", "😀🎁🔥", "- 😀 -"] {
        let (middle, edge) = drawn(name);
        assert!(!yellow(&edge), "{name}");
        let share = middle.iter().filter(|pixel| yellow(pixel)).count() * 100 / middle.len();
        assert!((55..100).contains(&share), "{name}: {share} %");
    }
    let (outline, _) = drawn("---");
    assert!(outline.iter().filter(|[y, u, v]| *y > 230 && u.abs_diff(128) + v.abs_diff(128) < 4).count() > 2_000);
}

#[test]
fn names_under_seats() {
    bring();
    snapshot("names-scripts-seats", |mixer, now| {
        let cell = |(i, name): (u32, &&str)| {
            let (column, row) = (i as usize % 4, i as usize / 4);
            let sitter =
                CellSitter { source: SourceId(i), name: (*name).into(), muted: i % 2 == 1, ..CellSitter::default() };
            let rect = Rect { x: column * 180, y: 276 + row * 200, w: 180, h: 200 };
            Cell { seat: i + 1, locked: false, rect, sitter: Some(sitter) }
        };
        mixer.set_scene(now, scene(Vec::new(), (0..).zip(&NAMES).map(cell).collect()));
        now
    });
}
