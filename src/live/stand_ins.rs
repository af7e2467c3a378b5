//! Made-up hosts of previews: as many as are wished for, beside who is there.

use costage_media::scene::{Cell, CellSitter, Region, Scene, Side, SourceId, Template, Tile};

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

/// As many tiles as that: who is there first.
pub(super) fn line_up(scene: &mut Scene, wanted: usize) {
    scene.tiles.truncate(wanted);
    scene.battle.sides.truncate(wanted);
    for number in scene.tiles.len() + 1..=wanted {
        let (source, name) = made_up(number);
        scene.tiles.push(Tile { source, name, camera: true, ..Tile::default() });
        scene.battle.sides.push(Side { source, standing: None, verdict: None });
    }
}

/// As many seats taken as that: by who is there first, then the free ones from the first on, those that are locked last.
/// Where the live has too few seats, it has as many more; teams have all of theirs.
pub(super) fn seat(scene: &mut Scene, wanted: usize) {
    let mut places = places(scene, wanted);
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
            None => None,
        };
        scene.cells.push(Cell { seat, locked, rect: region.rect, sitter });
    }
}

/// The places of the template, as many as the live has seats or are wanted, with who is there.
fn places(scene: &Scene, wanted: usize) -> Vec<Place> {
    let template = scene.template;
    let (there, team) = if template.capacity() > 1 {
        (template.places(), Template::TEAM_SEATS)
    } else {
        (scene.tiles.len() + scene.cells.len(), u32::MAX)
    };
    // Cells of a salon stand elsewhere when there are more of them, those of a team are numbered from 0 again.
    let is_at = |cell: &Cell, number: u32, region: &Region| {
        if team == u32::MAX { cell.seat == number } else { cell.rect == region.rect }
    };
    let place = |(region, number): (Region, u32)| {
        let cell = scene.cells.iter().find(|cell| is_at(cell, number, &region));
        let tile = scene.tiles.iter().find(|tile| tile.region == Some(region)).cloned().map(Who::Seen);
        let sitter = cell.and_then(|cell| cell.sitter.clone()).map(Who::Heard);
        Place { seat: number % team, region, locked: cell.is_some_and(|cell| cell.locked), who: tile.or(sitter) }
    };
    template.regions(scene.canvas, there.max(wanted)).into_iter().zip(0..).map(place).collect()
}

/// No user has these numbers: they are counted up from 1.
fn made_up(number: usize) -> (SourceId, String) {
    (SourceId(u32::MAX - u32::try_from(number).unwrap_or(0)), format!("Host {number}"))
}
