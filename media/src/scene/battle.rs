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
    /// In the battle that goes on; `None`: it is in none.
    pub standing: Option<Standing>,
    /// Of the last battle.
    pub verdict: Option<Verdict>,
}

/// A score and what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In which of the battles that go on here: those who fight each other have the same number.
    pub battle: u32,
    /// From 1; equal scores share one.
    pub rank: u32,
    /// Points.
    pub score: u64,
    /// It has left the battle before its end.
    pub left: bool,
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

/// What stands at the top of a tile while a battle goes on that has no bar.
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
    /// Exactly two connected, and both in the battle, of whom one may have left it since: the bar stays until the end.
    #[must_use]
    pub fn score_bar(&self) -> Option<ScoreBar> {
        let [left, right] = self.sides[..] else { return None };
        let (left, right) = (left.standing?, right.standing?);
        (left.battle == right.battle).then_some(ScoreBar { left: left.score, right: right.score })
    }

    /// What each tile is marked with in any other battle, in the order of places; empty while none goes on.
    pub(super) fn marks(&self) -> Vec<(SourceId, Mark)> {
        if self.score_bar().is_some() || self.sides.iter().all(|side| side.standing.is_none()) {
            return Vec::new();
        }
        let mark = |side: &Side| match side.standing {
            Some(Standing { rank, score, left: false, .. }) => Mark::Standing { rank, score },
            Some(Standing { left: true, .. }) | None => Mark::Connected,
        };
        self.sides.iter().map(|side| (side.source, mark(side))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each side the score, if it is in the battle, and whether it has left it.
    fn battle(sides: &[Option<(u64, bool)>]) -> Battle {
        let standing = |(score, left)| Standing { battle: 0, rank: 1, score, left };
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
        let marks: Vec<_> = battle.marks().into_iter().map(|(_, mark)| mark).collect();
        assert_eq!(marks, [Mark::Standing { rank: 1, score: 5 }, Mark::Connected, Mark::Connected]);
    }

    #[test]
    fn without_a_battle_nobody_is_marked() {
        for n in 0..4 {
            let battle = battle(&vec![None; n]);
            assert_eq!((battle.score_bar(), battle.marks()), (None, vec![]));
        }
    }
}
