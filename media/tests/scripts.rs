//! Names in the world's scripts, each with the font that has it: what is built in, and fonts that an operator brings (here
//! cut down to a few characters, `fonts/README.md`).
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

mod picture;

use std::sync::Once;

use costage_media::mix::{FontFile, FontsRefused, bring_fonts, has_letters, unknown_characters};
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
