//! What a scene brings, drawn before the scene is: by the thread that makes scenes, so that no thread that mixes waits for a
//! font, or draws nine pills for one frame.

use std::sync::{LazyLock, Mutex, PoisonError};

use super::lettering::{Style, lettering};
use super::shaped::Kept;
use super::{CellStyle, Rgb, avatar, cell, label, nickname, plate, score, vacancy};
use crate::scene::{Item, Scene, nickname_bounds};

/// Sizes of numbers that are remembered as drawn.
const SIZES_MAX: usize = 256;

static DONE: LazyLock<Mutex<Kept<u32, ()>>> = LazyLock::new(|| Mutex::new(Kept::new(SIZES_MAX)));

/// Draws what lies over the tiles of `scene`, as far as it was not drawn before, and the letters of its numbers; some hundred
/// microseconds for a new name, a few for a scene without any. Whoever draws the scene then finds it. A scene that was not
/// prepared is drawn the same, later.
pub fn prepare(scene: &Scene) {
    let list = scene.draw_list();
    let proportion = list.proportion;
    let cell_of = |item: &Item| if let Item::Cell { cell, .. } = item { Some(cell.rect) } else { None };
    let style = CellStyle::of(proportion, list.items.iter().filter_map(cell_of));
    let place = |source| list.items.iter().filter_map(Item::place).find(|(whose, _)| *whose == source);
    for item in &list.items {
        match item {
            Item::Tile { name, region, avatar: None, .. } => drop(avatar(region.rect, name)),
            Item::Nickname { source, text, muted } => {
                let Some((_, region)) = place(*source) else { continue };
                drop(nickname(proportion, nickname_bounds(proportion, region.rect), text, *muted));
            }
            Item::Cell { cell: seat, named } => drop(cell(style, seat, *named)),
            Item::Vacancy { region, vacancy: seat, .. } => drop(vacancy(region.rect, *seat)),
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

/// Every character of a shortened number, at each part of a pixel that it may stand at.
fn numbers(size: f32) {
    let lock = || DONE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().get(&size.to_bits()).is_some();
    if known {
        return;
    }
    let (lettering, style) = (lettering(), Style { size, bold: true });
    let Some(mut nowhere) = label::blank(1, 1) else { return };
    for numeral in NUMERALS.chars() {
        let one = lettering.number(numeral.encode_utf8(&mut [0; 4]), style);
        (0..4_u8).for_each(|quarter| lettering.draw(&one, &mut nowhere, f32::from(quarter) / 4.0, 0.0, Rgb(0)));
    }
    lock().put(size.to_bits(), ());
}

/// What numbers are made of ([`crate::scene::shortened`]).
const NUMERALS: &str = "0123456789.kMBT";

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::frame::Size;
    use crate::kernel::{Kernels, Level};
    use crate::mix::VideoMixer;
    use crate::mix::overlay::drawn::drawings;
    use crate::mix::overlay::lettering::pen_strokes;
    use crate::scene::{Battle, Cell, CellSitter, Rect, Side, SourceId, Standing, Template, Tile};

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

    /// What this thread shaped of letters, and what it drew of figures, while it drew `scene`.
    fn strokes_of(scene: Scene) -> [u64; 2] {
        let (letters, figures) = (pen_strokes(), drawings());
        let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), CANVAS);
        mixer.set_scene(Instant::now(), scene);
        let _ = mixer.compose(Instant::now());
        [pen_strokes() - letters, drawings() - figures]
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
            assert_eq!(strokes_of(scene.clone()), [0; 2]);
            // Numbers that were never shown before are made of what is known.
            let Some(scores) = scores else { continue };
            let mut later = scene;
            for (side, score) in later.battle.sides.iter_mut().zip(scores) {
                side.standing = Some(Standing { battle: 1, rank: 2, score, left: false });
            }
            assert_eq!(strokes_of(later), [0; 2]);
        }
        let unprepared = scene(Template::HostDynamicGrid, vec![tile(1, "Ümit Żółć")], &[]);
        let [letters, figures] = strokes_of(unprepared);
        assert!(letters > 0 && figures == 2, "{letters} letters, {figures} figures: initials and name");
    }
}
