//! What a scene is drawn of.

use std::time::Instant;

use super::{Avatar, Cell, Countdown, Mark, Proportion, Rect, Region, ScoreBar, SourceId, Verdict};

/// One thing to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A host's picture, or the avatar while there is none.
    Tile {
        /// Whose.
        source: SourceId,
        /// Where.
        region: Region,
        /// The part of that in whose middle a result or a notice is seen once the tile stands.
        open: Rect,
        /// For the initials on the avatar.
        name: String,
        /// In place of the initials.
        avatar: Option<Avatar>,
        /// `false`: the avatar, whatever arrives.
        camera: bool,
    },
    /// A seat without picture.
    Cell {
        /// Which, where, and who sits there.
        cell: Cell,
        /// Whether the name is written under the avatar.
        named: bool,
    },
    /// A seat that nobody sits on, where others of its kind show pictures.
    Vacancy {
        /// What it goes by among the tiles: nobody's.
        source: SourceId,
        /// Where.
        region: Region,
        /// What is drawn on it.
        vacancy: Vacancy,
    },
    /// A nickname in a pill, at the bottom left of its host's tile wherever that is.
    Nickname {
        /// Whose.
        source: SourceId,
        /// Not yet shortened to fit.
        text: String,
        /// With the sign of a microphone that is off before it.
        muted: bool,
    },
    /// What a tile is marked with in a battle, at its top left wherever that is.
    Badge {
        /// Whose tile. Several may be of one tile: the first that is not over is shown.
        source: SourceId,
        /// What it says.
        mark: Mark,
        /// When it goes, if that is known.
        until: Option<Instant>,
    },
    /// How a battle ended for a host, in the middle of its tile wherever that is.
    Verdict {
        /// Whose tile.
        source: SourceId,
        /// What it says, and for how long.
        verdict: Verdict,
    },
    /// The same for a team, in the middle of its seats.
    TeamVerdict {
        /// All of it.
        rect: Rect,
        /// What it says, and for how long.
        verdict: Verdict,
    },
    /// The bar of a battle of two.
    ScoreBar {
        /// All of it.
        rect: Rect,
        /// What it shows.
        scores: ScoreBar,
        /// When it goes, if that is known.
        until: Option<Instant>,
    },
    /// The time that is left.
    Countdown {
        /// All of it.
        rect: Rect,
        /// Of what, and to when.
        countdown: Countdown,
    },
    /// "VS", at the start of a battle.
    Opening {
        /// All of it.
        rect: Rect,
        /// When it goes.
        until: Instant,
    },
}

/// An empty seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vacancy {
    /// Its number.
    pub seat: u32,
    /// Nobody may sit down: a lock is shown in place of the number.
    pub locked: bool,
}

/// Empty seats go by the numbers below this one, which no user has: these are counted up from 1.
pub(super) const VACANT: u32 = u32::MAX - 1_000;

impl Item {
    /// Whose tile it is and where, when it is one, empty or not.
    pub(crate) fn place(&self) -> Option<(SourceId, Region)> {
        if let Self::Tile { source, region, .. } | Self::Vacancy { source, region, .. } = self {
            Some((*source, *region))
        } else {
            None
        }
    }
}

/// What to draw, from back to front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawList {
    /// The scale of texts, pills and bars.
    pub proportion: Proportion,
    /// Back first.
    pub items: Vec<Item>,
}
