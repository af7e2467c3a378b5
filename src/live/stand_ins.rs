//! Made-up hosts of previews: as many as are wished for, beside who is there.

use costage_media::scene::{Cell, CellSitter, Region, Scene, Side, SourceId, Template, Tile};

use super::custom::Custom;

/// A seat's place, and who has it.
struct Place {
    seat: u32,
    region: Region,
    locked: bool,
    who: Option<Who>,
}

enum Who {
    Seen(Tile),
    Heard(CellSitter),
}

/// As many of the scene's places taken as that; `custom` are its regions, where it has its own.
pub(super) fn fill(scene: &mut Scene, custom: Option<&Custom>, wanted: usize) {
    match custom {
        Some(custom) => {
            let places = custom.iter().map(|it| place(scene, (it.region, it.seat), |_| false)).collect();
            take(scene, places, wanted);
        }
        None if scene.template.has_empty_places() => take(scene, places(scene, wanted), wanted),
        None => line_up(scene, wanted),
    }
}

/// As many tiles as that: who is there first.
fn line_up(scene: &mut Scene, wanted: usize) {
    scene.tiles.truncate(wanted);
    scene.battle.sides.truncate(wanted);
    for number in scene.tiles.len() + 1..=wanted {
        let (source, name) = made_up(number);
        scene.tiles.push(Tile { source, name, camera: true, ..Tile::default() });
        scene.battle.sides.push(Side { source, standing: None, verdict: None });
    }
}

/// As many places taken as that: by who is there first, then the free ones from the first on, those that are locked last.
fn take(scene: &mut Scene, mut places: Vec<Place>, wanted: usize) {
    let taken = places.iter().filter(|place| place.who.is_some()).count();
    let last = places.iter_mut().rev().filter(|place| place.who.is_some());
    last.take(taken.saturating_sub(wanted)).for_each(|place| place.who = None);
    let (open, locked): (Vec<_>, Vec<_>) =
        places.iter_mut().filter(|place| place.who.is_none()).partition(|place| !place.locked);
    for (place, number) in open.into_iter().chain(locked).zip(taken + 1..=wanted) {
        let (source, name) = made_up(number);
        place.who = Some(if scene.template.is_of_voices() {
            Who::Heard(CellSitter { source, name, ..CellSitter::default() })
        } else {
            Who::Seen(Tile { source, name, camera: true, ..Tile::default() })
        });
    }
    (scene.tiles, scene.cells) = (Vec::new(), Vec::new());
    for Place { seat, region, locked, who } in places {
        let sitter = match who {
            Some(Who::Seen(tile)) => {
                scene.tiles.push(Tile { region: Some(region), ..tile });
                continue;
            }
            Some(Who::Heard(sitter)) => Some(sitter),
            // An empty region is not drawn.
            None if scene.template == Template::Custom => continue,
            None => None,
        };
        scene.cells.push(Cell { seat, locked, rect: region.rect, sitter });
    }
}

/// The places of the template, as many as the live has seats, or more where so many are wanted, with who is there. Teams have
/// all of theirs.
fn places(scene: &Scene, wanted: usize) -> Vec<Place> {
    let template = scene.template;
    let (there, team) = if template.capacity() > 1 {
        (template.places(), Template::TEAM_SEATS)
    } else {
        (scene.tiles.len() + scene.cells.len(), u32::MAX)
    };
    let regions = template.regions(scene.canvas, there.max(wanted)).into_iter().zip(0..);
    regions
        .map(|(region, number)| {
            // Cells of a salon stand elsewhere when there are more of them, those of a team are numbered from 0 again.
            let is_at = |cell: &Cell| if team == u32::MAX { cell.seat == number } else { cell.rect == region.rect };
            place(scene, (region, number % team), is_at)
        })
        .collect()
}

/// That region and number of a seat, with who is there: whose tile it is, or in the cell that `is_at` finds.
fn place(scene: &Scene, (region, seat): (Region, u32), is_at: impl Fn(&Cell) -> bool) -> Place {
    let cell = scene.cells.iter().find(|cell| is_at(cell));
    let tile = scene.tiles.iter().find(|tile| tile.region == Some(region)).cloned().map(Who::Seen);
    let sitter = cell.and_then(|cell| cell.sitter.clone()).map(Who::Heard);
    Place { seat, region, locked: cell.is_some_and(|cell| cell.locked), who: tile.or(sitter) }
}

/// No user has these numbers: they are counted up from 1.
fn made_up(number: usize) -> (SourceId, String) {
    (SourceId(u32::MAX - u32::try_from(number).unwrap_or(0)), format!("Host {number}"))
}
