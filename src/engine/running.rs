//! A program at work: whether its viewers are with it yet, and what its next frame will be the first to show.
//!
//! ```text
//! two hosts connect, each alone in a program until now (300 ms from the moment both are on this thread):
//!
//!   program of A   A ──── turns: A shrinks to its half, uncovering B ────┐ ends
//!   program of B   B ──── turns: B shrinks to its half, uncovering A ────┤ ends
//!   shared program        sound of both at once, no picture ─────────────┴─ keyframe, the same picture ──▶
//! ```
//! Everybody sees a layout change from what they saw before, while the shared program needs one encode for all. Viewers
//! of a new program come with its first keyframe; who is alone again starts from the shared picture, which only its own
//! viewers see. A host who joins a shared program that runs already brings its own along in the same way: that one turns
//! until the shared one's next keyframe, which may be half a second away, so that nobody's picture stands still.

use super::trace::SourceStamp;
use crate::live::StageId;
use costage_media::mix::Program;
use costage_media::scene::{Scene, SourceId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// What a program does at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is silent and dark until these sources have arrived from other threads: its first frame shows everybody.
    Awaiting(BTreeSet<SourceId>),
    /// It is heard already; until then its viewers see the programs that turn into it.
    Opening(Instant),
    /// It is seen and heard.
    Open,
    /// Its voices have gone ahead to that stage, which its picture is turning into.
    Turning(StageId),
}

/// A program, and what its next frame will be the first to show.
pub(super) struct Running {
    pub(super) program: Program,
    pub(super) scene: Scene,
    pub(super) phase: Phase,
    pub(super) shows: BTreeMap<SourceId, SourceStamp>,
    /// Nobody sees it, and it is not drawn.
    pub(super) resting: bool,
    /// Since when nobody has seen it that does not rest yet.
    pub(super) unseen_since: Option<Instant>,
    /// Of one that turns into a program that is open already.
    pub(super) joins: Option<Joins>,
}

/// When a program ends that turns into one that is open already: with the first keyframe there that was asked for after
/// it had begun to, because its viewers ask as soon as they are pointed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Joins {
    /// Whether one was asked for.
    pub(super) asked: bool,
    /// The end if nobody asks: it has no viewers.
    pub(super) until: Instant,
}

impl Running {
    /// Whether its pictures go out.
    pub(super) fn is_seen(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Turning(_))
    }

    /// Whether its viewers, if it has any, see it and nothing else.
    pub(super) fn is_shown(&self) -> bool {
        self.phase == Phase::Open && !self.resting
    }

    /// Whether its sound goes out.
    pub(super) fn is_heard(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Opening(_))
    }

    /// Whether nobody's viewers are with it yet.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.phase, Phase::Awaiting(_) | Phase::Opening(_))
    }

    /// Whether this, the program of stage `own`, shows the scene of `stage`: it is that stage's, or turns into it.
    pub(super) fn is_part_of(&self, own: StageId, stage: StageId) -> bool {
        own == stage || self.phase == Phase::Turning(stage)
    }

    /// Whether all that it shows and lets be heard is among these: a live's own program, whose host and guests go into a
    /// connection together. A connection's that a live leaves keeps the others.
    pub(super) fn goes_wholly_to(&self, sources: &BTreeSet<SourceId>) -> bool {
        self.scene.sources().all(|source| sources.contains(&source))
    }

    /// Whether that source is heard and not seen: its pictures are for nobody.
    pub(super) fn only_hears(&self, source: SourceId) -> bool {
        self.scene.voices.iter().any(|voice| voice.source == source)
    }

    /// One that was awaited has arrived; `true` when it was the last.
    pub(super) fn arrived(&mut self, source: SourceId) -> bool {
        match &mut self.phase {
            Phase::Awaiting(awaited) => awaited.remove(&source) && awaited.is_empty(),
            Phase::Opening(_) | Phase::Open | Phase::Turning(_) => false,
        }
    }

    /// When something is due. A picture that nobody watches is not; it is caught up with when somebody does, whose wish for
    /// a keyframe wakes the thread.
    pub(super) fn poll_timeout(&self, watched: bool) -> Option<Instant> {
        let picture = || self.program.poll_picture_timeout().filter(|_| watched);
        match self.phase {
            Phase::Awaiting(_) => None,
            Phase::Opening(at) => Some(at.min(self.program.poll_sound_timeout())),
            Phase::Turning(_) => [picture(), self.joins.map(|joins| joins.until)].into_iter().flatten().min(),
            Phase::Open => {
                let sound = self.program.poll_sound_timeout();
                Some(picture().map_or(sound, |picture| picture.min(sound)))
            }
        }
    }
}
