//! What a picture should be: who is shown where, and what is drawn over it. Plain data and pure geometry.
//!
//! ```text
//! Scene ── Template::regions ──► where each tile is
//!       └─ Scene::draw_list ───► DrawList: tiles, then what lies over them, from back to front
//! ```

mod avatar;
mod battle;
mod bounds;
mod draw;
mod item;
mod proportion;
mod region;
mod score;
mod sei;
mod template;

pub use avatar::{AVATAR_SIDE, Avatar};
pub use battle::{Battle, Countdown, Mark, OPENING, OUTCOME, Outcome, ScoreBar, Side, Span, Standing, Verdict};
pub(crate) use bounds::{badge_bounds, nickname_bounds, outcome_size};
pub use item::{DrawList, Item, Vacancy};
pub use proportion::Proportion;
pub(crate) use region::even;
pub use region::{Fit, Rect, Region};
pub use score::shortened;
pub use sei::Sei;
pub use template::Template;

use crate::frame::Size;

/// One publishing user as the control plane numbers it: a live's host, or a guest on a seat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// One occupied place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tile {
    /// Whose picture it shows.
    pub source: SourceId,
    /// Who it is, as uploaded avatars are kept by; never drawn.
    pub user: String,
    /// Where that user's avatar may be fetched from, as fetched ones are kept by; empty: nowhere.
    pub avatar_url: String,
    /// What is drawn while there is no picture, in place of the initials. The rules know none: `None` from them.
    pub avatar: Option<Avatar>,
    /// The nickname, any text; empty shows none.
    pub name: String,
    /// `false` when the host closed the camera: the avatar is shown at once, frames are not.
    pub camera: bool,
    /// The host's microphone is off: a sign before the nickname says so, and whatever it sends is not heard.
    pub muted: bool,
    /// Where it is; `None`: where the template has its place.
    pub region: Option<Region>,
}

/// A source that is heard and not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// Whose voice.
    pub source: SourceId,
    /// `false` when the camera is closed, as of a [`Tile`]: for who watches that one alone.
    pub camera: bool,
    /// The microphone is off: whatever it sends is not heard.
    pub muted: bool,
}

/// One seat of a layout without pictures, or an empty one of a layout that has a place for each seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its number, shown while nobody sits there.
    pub seat: u32,
    /// Nobody may sit down: a lock is shown in place of the number.
    pub locked: bool,
    /// Where it is.
    pub rect: Rect,
    /// Who sits there; in a layout of pictures nobody does: who sits is a [`Tile`].
    pub sitter: Option<CellSitter>,
}

/// Who sits on the seat of a cell, as shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellSitter {
    /// Whose voice the ring around the avatar follows.
    pub source: SourceId,
    /// Who it is, as uploaded avatars are kept by; never drawn.
    pub user: String,
    /// Where that user's avatar may be fetched from, as fetched ones are kept by; empty: nowhere.
    pub avatar_url: String,
    /// What is drawn in place of the initials. The rules know none: `None` from them.
    pub avatar: Option<Avatar>,
    /// The nickname, any text.
    pub name: String,
    /// The microphone is off.
    pub muted: bool,
}

/// Whose avatar it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face<'a> {
    /// Who; empty for nobody that is known.
    pub user: &'a str,
    /// Where the picture may be fetched from; empty: nowhere.
    pub avatar_url: &'a str,
}

/// Everything that decides a picture, the hosts' frames aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// Size of the picture; odd sizes are rounded up to even.
    pub canvas: Size,
    /// How the tiles are laid out.
    pub template: Template,
    /// In the order of places; those that the template has no place for are not shown.
    pub tiles: Vec<Tile>,
    /// Who is heard beside those that have a tile: guests of connected lives, and those beyond the template's places.
    pub voices: Vec<Voice>,
    /// Seats of voices, drawn below all tiles, or empty ones among the tiles; whose voices are heard is not said here.
    pub cells: Vec<Cell>,
    /// What is drawn of battles.
    pub battle: Battle,
    /// Whether nicknames are drawn.
    pub names: bool,
    /// What players are told beside the picture; `None`: nothing.
    pub sei: Option<Box<Sei>>,
}

impl Scene {
    /// Everybody in it, seen or heard, each once.
    pub fn sources(&self) -> impl Iterator<Item = SourceId> {
        self.tiles.iter().map(|tile| tile.source).chain(self.voices.iter().map(|voice| voice.source))
    }

    /// Everybody who has an avatar in it, and the place for that.
    pub fn faces_mut(&mut self) -> impl Iterator<Item = (Face<'_>, &mut Option<Avatar>)> {
        let tiles = self.tiles.iter_mut();
        let tiles = tiles.map(|Tile { user, avatar_url, avatar, .. }| (Face { user, avatar_url }, avatar));
        let sitters = self.cells.iter_mut().filter_map(|cell| cell.sitter.as_mut());
        tiles.chain(sitters.map(|CellSitter { user, avatar_url, avatar, .. }| (Face { user, avatar_url }, avatar)))
    }

    /// Everybody who has an avatar in it.
    pub fn faces(&self) -> impl Iterator<Item = Face<'_>> {
        let tiles = self.tiles.iter().map(|Tile { user, avatar_url, .. }| Face { user, avatar_url });
        let sitters = self.cells.iter().filter_map(|cell| cell.sitter.as_ref());
        tiles.chain(sitters.map(|CellSitter { user, avatar_url, .. }| Face { user, avatar_url }))
    }

    /// Whose microphone is off.
    pub(crate) fn muted(&self) -> impl Iterator<Item = SourceId> {
        let tiles = self.tiles.iter().filter(|tile| tile.muted).map(|tile| tile.source);
        tiles.chain(self.voices.iter().filter(|voice| voice.muted).map(|voice| voice.source))
    }
}
