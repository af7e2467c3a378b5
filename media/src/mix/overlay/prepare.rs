//! The letters of a scene, drawn before the scene is: by the thread that makes scenes, so that no thread that mixes waits for
//! a font.

use std::sync::{LazyLock, Mutex, PoisonError};

use super::lettering::{Style, lettering};
use super::shaped::Kept;
use super::vacancy::{CELL_SIGN, TILE_SIGN, free_disc};
use super::{CellStyle, Rgb, avatar, cell, label, plate, score};
use crate::scene::{Cell, Item, Rect, Scene, Vacancy, nickname_bounds};

/// Texts that are known to be drawn, each in its place.
const TEXTS_MAX: usize = 1_024;

static DONE: LazyLock<Mutex<Kept<Text, ()>>> = LazyLock::new(|| Mutex::new(Kept::new(TEXTS_MAX)));

/// One text of a scene, and what its shape and its images follow from.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Text {
    Nickname { text: String, muted: bool, room: (usize, usize), scale: u32 },
    Initials { name: String, diameter: usize },
    Sitter { name: String, muted: bool, named: bool, room: (usize, usize), size: u32 },
    Seat { number: u32, diameter: usize, sign: u32 },
    Numbers { size: u32 },
}

/// Shapes all texts of `scene` and draws their letters, those that were not drawn before; some hundred microseconds for a
/// new name, a few for a scene without any. Whoever draws the scene then finds them. A scene that was not prepared is drawn
/// the same, later.
pub fn prepare(scene: &Scene) {
    let list = scene.draw_list();
    let (proportion, scale) = (list.proportion, list.proportion.scale().to_bits());
    let cell_of = |item: &Item| if let Item::Cell { cell, .. } = item { Some(cell.rect) } else { None };
    let style = CellStyle::of(proportion, list.items.iter().filter_map(cell_of));
    let place = |source| list.items.iter().filter_map(Item::place).find(|(whose, _)| *whose == source);
    for item in &list.items {
        match item {
            Item::Tile { name, region, avatar: None, .. } => {
                let place = avatar::avatar_place(region.rect);
                let text = Text::Initials { name: name.clone(), diameter: place.w };
                once(text, || drop(avatar::face(place.w, name)));
            }
            Item::Nickname { source, text, muted } => {
                let Some((_, region)) = place(*source) else { continue };
                let bounds = nickname_bounds(proportion, region.rect);
                let (room, muted) = ((bounds.w, bounds.h), *muted);
                let known = Text::Nickname { text: text.clone(), muted, room, scale };
                once(known, || drop(label::nickname(proportion, Rect { x: 0, y: 0, ..bounds }, text, muted)));
            }
            Item::Cell { cell, named } => seat(style, cell, *named),
            Item::Vacancy { region, vacancy, .. } => number(avatar::avatar_place(region.rect).w, TILE_SIGN, *vacancy),
            Item::Badge { .. } => numbers(plate::BADGE_SIZE * proportion.scale()),
            Item::ScoreBar { .. } => numbers(score::TEXT_SIZE * proportion.scale()),
            Item::Tile { avatar: Some(_), .. }
            | Item::Verdict { .. }
            | Item::TeamVerdict { .. }
            | Item::Countdown { .. }
            | Item::Opening { .. } => {}
        }
    }
}

fn seat(style: CellStyle, seat: &Cell, named: bool) {
    let Some(who) = &seat.sitter else {
        let vacancy = Vacancy { seat: seat.seat, locked: seat.locked };
        return number(style.disc(seat.rect).w, CELL_SIGN, vacancy);
    };
    let (room, size) = ((seat.rect.w, seat.rect.h), style.name_size().to_bits());
    let text = Text::Sitter { name: who.name.clone(), muted: who.muted, named, room, size };
    once(text, || drop(cell(style, seat, named)));
}

/// Of an empty seat.
fn number(diameter: usize, sign: f32, vacancy: Vacancy) {
    if !vacancy.locked {
        let text = Text::Seat { number: vacancy.seat, diameter, sign: sign.to_bits() };
        once(text, || drop(free_disc(diameter, sign, vacancy)));
    }
}

/// Every character of a shortened number, at each part of a pixel that it may stand at.
fn numbers(size: f32) {
    once(Text::Numbers { size: size.to_bits() }, || {
        let (lettering, style) = (lettering(), Style { size, bold: true });
        let Some(mut nowhere) = label::blank(1, 1) else { return };
        for numeral in NUMERALS.chars() {
            let one = lettering.number(numeral.encode_utf8(&mut [0; 4]), style);
            (0..4_u8).for_each(|quarter| lettering.draw(&one, &mut nowhere, f32::from(quarter) / 4.0, 0.0, Rgb(0)));
        }
    });
}

/// What numbers are made of ([`crate::scene::shortened`]).
const NUMERALS: &str = "0123456789.kMBT";

fn once(text: Text, draw: impl FnOnce()) {
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = done.get(&text).is_some();
    drop(done);
    if !known {
        draw();
        done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
        done.put(text, ());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::frame::Size;
    use crate::kernel::{Kernels, Level};
    use crate::mix::VideoMixer;
    use crate::mix::overlay::lettering::pen_strokes;
    use crate::scene::{Battle, CellSitter, Side, SourceId, Standing, Template, Tile};

    const CANVAS: Size = Size { width: 720, height: 1280 };

    fn tile(source: u32, name: &str) -> Tile {
        Tile { source: SourceId(source), name: name.into(), muted: source == 2, ..Tile::default() }
    }

    fn scene(template: Template, tiles: Vec<Tile>, scores: &[u64]) -> Scene {
        let standing = |score| Some(Standing { battle: 1, rank: 1, score, left: false });
        let side =
            |(source, score): (u32, &u64)| Side { source: SourceId(source), standing: standing(*score), verdict: None };
        let battle = Battle { sides: (1..).zip(scores).map(side).collect(), ..Battle::default() };
        Scene { canvas: CANVAS, template, tiles, voices: Vec::new(), cells: Vec::new(), battle, names: true, sei: None }
    }

    /// What this thread shaped and drew of letters while it drew `scene`.
    fn strokes_of(scene: Scene) -> u64 {
        let before = pen_strokes();
        let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), CANVAS);
        mixer.set_scene(Instant::now(), scene);
        let _ = mixer.compose(Instant::now());
        pen_strokes() - before
    }

    #[test]
    fn a_scene_that_was_prepared_needs_no_font_where_it_is_drawn() {
        let names = ["Qadir Xylo", "زينب القاهرة", "A name of such a length that it is not seen to its end anywhere"];
        let tiles: Vec<Tile> = (1..).zip(names).map(|(source, name)| tile(source, name)).collect();
        let [two, three] = [&tiles[..2], &tiles[..]].map(|tiles| tiles.to_vec());
        let mut voices = scene(Template::HostStaticVoice6v6, Vec::new(), &[]);
        let sitter =
            CellSitter { source: SourceId(1), name: "Voyteh Quince".into(), muted: true, ..CellSitter::default() };
        voices.cells =
            vec![Cell { seat: 1, locked: false, rect: Rect { x: 0, y: 276, w: 180, h: 200 }, sitter: Some(sitter) }];
        let empty = Cell { seat: 7, locked: false, rect: Rect { x: 180, y: 276, w: 180, h: 200 }, sitter: None };
        voices.cells.push(empty.clone());
        let mut windows = scene(Template::VideoFixedFloat7Seats, Vec::new(), &[]);
        windows.cells = vec![Cell { seat: 5, rect: Rect { x: 560, y: 272, w: 144, h: 176 }, ..empty }];
        for (scene, scores) in [
            (windows, None),
            (scene(Template::HostDynamicGrid, two.clone(), &[1, 2]), Some([37_700, 465])),
            (scene(Template::HostDynamicGrid, three, &[17, 28, 39]), Some([988, 5_544_000])),
            (voices, None),
        ] {
            let prepared = scene.clone();
            std::thread::spawn(move || prepare(&prepared)).join().unwrap();
            assert_eq!(strokes_of(scene.clone()), 0);
            // Numbers that were never shown before are made of what is known.
            let Some(scores) = scores else { continue };
            let mut later = scene;
            for (side, score) in later.battle.sides.iter_mut().zip(scores) {
                side.standing = Some(Standing { battle: 1, rank: 2, score, left: false });
            }
            assert_eq!(strokes_of(later), 0);
        }
        let unprepared = scene(Template::HostDynamicGrid, vec![tile(1, "Ümit Żółć")], &[]);
        assert!(strokes_of(unprepared) > 0);
    }
}
