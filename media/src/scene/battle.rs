//! What is drawn of battles: who stands where, for how long still, and who won.

use std::time::{Duration, Instant};

use super::SourceId;

/// How long "VS" is shown from the start of a battle on.
pub const OPENING: Duration = Duration::from_secs(1);

/// How long a result is shown from the end of a battle on.
pub const OUTCOME: Duration = Duration::from_secs(5);

/// What of battles a picture shows; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Battle {
    /// One for each live of the picture, in the order of places.
    pub sides: Vec<Side>,
    /// "VS" is shown until then.
    pub opening: Option<Instant>,
    /// What time is left of it.
    pub countdown: Option<Countdown>,
    /// Only what is on tiles is drawn of it, nothing that lies over all of them together: no bar, no countdown, no "VS", no
    /// result of a team.
    pub on_tiles_only: bool,
}

/// A live's part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Its host.
    pub source: SourceId,
    /// In the battle that goes on, or as the last one ended; `None`: there is none of which it is shown.
    pub standing: Option<Standing>,
    /// Of the last battle.
    pub verdict: Option<Verdict>,
}

/// A score and what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In which of the battles here: those who fight each other have the same number.
    pub battle: u32,
    /// From 1; equal scores share one.
    pub rank: u32,
    /// Points.
    pub score: u64,
    /// It has left the battle before its end.
    pub left: bool,
    /// The battle has ended so, which is shown until then; `None` while it goes on.
    pub until: Option<Instant>,
}

/// How a battle ended for one of its hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What is said.
    pub outcome: Outcome,
    /// Shown until then.
    pub until: Instant,
}

/// The end of a battle, as one of its hosts sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Alone or with others of the same score.
    Victory,
    /// Somebody else won, or it left before all others drew.
    Defeat,
    /// All who stayed have the same score.
    Draw,
}

/// The time that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Countdown {
    /// Of what.
    pub of: Span,
    /// When it is over.
    pub end: Instant,
}

/// What has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// The battle itself.
    Battle,
    /// What the loser does after it.
    Punishment,
}

/// The scores of a battle of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoreBar {
    /// Score of the first side.
    pub left: u64,
    /// Score of the second side.
    pub right: u64,
}

/// What stands at the top of a tile during a battle that has no bar, and for a while after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Its rank and score.
    Standing {
        /// From 1.
        rank: u32,
        /// Points.
        score: u64,
    },
    /// Connected, and not in the battle.
    Connected,
}

impl Battle {
    /// Exactly two connected, and both in the battle, of whom one may have left it since: the bar stays to the end, and then as
    /// long as [`Battle::bar_until`] says.
    #[must_use]
    pub fn score_bar(&self) -> Option<ScoreBar> {
        let [left, right] = self.sides[..] else { return None };
        let (left, right) = (left.standing?, right.standing?);
        (left.battle == right.battle).then_some(ScoreBar { left: left.score, right: right.score })
    }

    /// When the bar goes; `None` while its battle goes on.
    pub(super) fn bar_until(&self) -> Option<Instant> {
        self.sides.first()?.standing?.until
    }

    /// What each tile is marked with in any other battle, in the order of places, and until when, if that is known; of several
    /// marks of one tile the first that is not over. Empty while no battle is shown.
    pub(super) fn marks(&self) -> Vec<(SourceId, Mark, Option<Instant>)> {
        let shown = || self.sides.iter().filter_map(|side| side.standing);
        if self.score_bar().is_some() || shown().next().is_none() {
            return Vec::new();
        }
        let goes_on = shown().any(|standing| standing.until.is_none());
        let last = shown().filter_map(|standing| standing.until).max().filter(|_| !goes_on);
        let mut marks = Vec::new();
        for side in &self.sides {
            if let Some(Standing { rank, score, left: false, until, .. }) = side.standing {
                marks.push((side.source, Mark::Standing { rank, score }, until));
                if until == last {
                    continue;
                }
            }
            marks.push((side.source, Mark::Connected, last));
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each side the score, if it is in the battle, and whether it has left it.
    fn battle(sides: &[Option<(u64, bool)>]) -> Battle {
        let standing = |(score, left)| Standing { battle: 0, rank: 1, score, left, until: None };
        let side = |(i, of): (u32, &Option<_>)| Side { source: SourceId(i), standing: of.map(standing), verdict: None };
        Battle { sides: (0..).zip(sides).map(side).collect(), ..Battle::default() }
    }

    #[test]
    fn two_who_are_both_in_the_battle_have_a_bar_and_no_marks() {
        for left in [false, true] {
            let battle = battle(&[Some((5, left)), Some((7, false))]);
            assert_eq!(battle.score_bar(), Some(ScoreBar { left: 5, right: 7 }));
            assert_eq!(battle.marks(), []);
        }
    }

    #[test]
    fn two_who_fight_others_who_are_gone_have_marks_and_no_bar() {
        let mut battle = battle(&[Some((5, false)), Some((7, false))]);
        battle.sides[1].standing.as_mut().unwrap().battle = 1;
        assert_eq!((battle.score_bar(), battle.marks().len()), (None, 2));
    }

    #[test]
    fn all_others_have_marks_while_a_battle_goes_on() {
        let battle = battle(&[Some((5, false)), None, Some((7, true))]);
        assert_eq!(battle.score_bar(), None);
        let mark = |source, mark| (SourceId(source), mark, None);
        let (first, other) = (mark(0, Mark::Standing { rank: 1, score: 5 }), Mark::Connected);
        assert_eq!(battle.marks(), [first, mark(1, other), mark(2, other)]);
    }

    #[test]
    fn who_fought_a_battle_that_is_over_is_one_of_those_beside_until_the_last_is() {
        let mut battle = battle(&[Some((5, false)), Some((7, true)), Some((9, false)), None]);
        let (sooner, later) = (Some(Instant::now()), Some(Instant::now() + OUTCOME));
        for (side, until) in [(0, sooner), (1, sooner), (2, later)] {
            battle.sides[side].standing.as_mut().unwrap().until = until;
        }
        let mark = |score| Mark::Standing { rank: 1, score };
        let marks = |last| {
            let [a, b, c, d] = [0, 1, 2, 3].map(SourceId);
            let rest = [(a, Mark::Connected, last), (b, Mark::Connected, last), (c, mark(9), last)];
            [&[(a, mark(5), sooner)][..], &rest, &[(d, Mark::Connected, last)]].concat()
        };
        assert_eq!(battle.marks(), marks(later));
        battle.sides[2].standing.as_mut().unwrap().until = None;
        assert_eq!(battle.marks(), marks(None), "another goes on");
    }

    #[test]
    fn the_bar_goes_when_the_end_of_its_battle_has_been_shown() {
        let mut battle = battle(&[Some((5, false)), Some((7, true))]);
        assert_eq!(battle.bar_until(), None);
        let until = Some(Instant::now());
        battle.sides.iter_mut().filter_map(|side| side.standing.as_mut()).for_each(|standing| standing.until = until);
        assert_eq!((battle.score_bar(), battle.bar_until()), (Some(ScoreBar { left: 5, right: 7 }), until));
    }

    #[test]
    fn without_a_battle_nobody_is_marked() {
        for n in 0..4 {
            let battle = battle(&vec![None; n]);
            assert_eq!((battle.score_bar(), battle.marks()), (None, vec![]));
        }
    }
}
