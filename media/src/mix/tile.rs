//! One tile of a mix: what it shows now and what it shows when no frame comes.

use std::time::{Duration, Instant};

use super::overlay::Layer;
use super::scaler::Scaler;
use crate::scene::{Rect, SourceId};

/// From here on a tile without frames is dimmed and says that its host is reconnecting.
pub(super) const DIM_AFTER: Duration = Duration::from_secs(2);

/// From here on it is the avatar.
pub(super) const AVATAR_AFTER: Duration = Duration::from_secs(5);

/// What a tile shows.
///
/// ```text
/// frame ──► Live ── 2 s ──► Dimmed ── 5 s ──► Avatar ◄── camera closed, never a frame
///            ▲────────────────┴──── frame ──────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The last frame, which came at `since`.
    Live { since: Instant },
    /// The same, dimmed, with a notice over it.
    Dimmed { since: Instant },
    /// The avatar; `drawn` once it is on the canvas. Drawn when the next picture is made, since a frame may come first.
    Avatar { drawn: bool },
}

/// A place on the canvas and its source.
#[derive(Debug)]
pub(super) struct Tile {
    pub(super) source: SourceId,
    pub(super) rect: Rect,
    pub(super) name: String,
    pub(super) camera: bool,
    pub(super) look: Look,
    /// Set by a scene that put it here, until something is shown: it may have its last frame once more.
    pub(super) moved: bool,
    pub(super) scaler: Option<Scaler>,
    pub(super) nickname: Option<(Rect, String, Option<Layer>)>,
    pub(super) notice: Option<Layer>,
}

impl Tile {
    /// A tile that no frame has reached yet.
    pub(super) fn new(source: SourceId, rect: Rect) -> Self {
        Self {
            source,
            rect,
            name: String::new(),
            camera: true,
            look: Look::Avatar { drawn: false },
            moved: true,
            scaler: None,
            nickname: None,
            notice: None,
        }
    }

    /// Goes on from the place that the source had before: a host who was the avatar there stays it.
    pub(super) fn take_over(&mut self, before: &Self) {
        let showed = matches!(before.look, Look::Live { .. } | Look::Dimmed { .. });
        self.moved = showed || before.moved;
    }

    /// When it next looks different if no frame comes.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.look {
            Look::Live { since } => Some(since + DIM_AFTER),
            Look::Dimmed { since } => Some(since + AVATAR_AFTER),
            Look::Avatar { .. } => None,
        }
    }

    /// What it should show at `now`.
    pub(super) fn look_at(&self, now: Instant) -> Look {
        match self.look {
            Look::Live { since } | Look::Dimmed { since } => {
                let silence = now.saturating_duration_since(since);
                if silence >= AVATAR_AFTER {
                    Look::Avatar { drawn: false }
                } else if silence >= DIM_AFTER {
                    Look::Dimmed { since }
                } else {
                    self.look
                }
            }
            Look::Avatar { .. } => self.look,
        }
    }

    /// What lies over it, in the order of drawing.
    pub(super) fn layers(&mut self) -> impl DoubleEndedIterator<Item = &mut Layer> {
        let nickname = self.nickname.as_mut().and_then(|(_, _, layer)| layer.as_mut());
        self.notice.iter_mut().chain(nickname)
    }
}
