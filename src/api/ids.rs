//! Ids in paths and bodies, refused with the field's name.

use super::cases::Case;
use super::problem::{Problem, quoted};
use crate::live::ids::IdFault;
use crate::live::{BattleId, LiveId, UserId};

/// # Errors
/// 400 that names `field`.
pub(super) fn live_id(field: &str, text: &str) -> Result<LiveId, Problem> {
    LiveId::new(text).map_err(|fault| bad(field, text, &fault))
}

/// # Errors
/// 400 that names `field`.
pub(super) fn user_id(field: &str, text: &str) -> Result<UserId, Problem> {
    UserId::new(text).map_err(|fault| bad(field, text, &fault))
}

/// # Errors
/// 400 that names the field.
pub(super) fn battle_id(text: &str) -> Result<BattleId, Problem> {
    BattleId::parse(text).map_err(|fault| bad("battleId", text, &fault))
}

fn bad(field: &str, text: &str, fault: &IdFault) -> Problem {
    Problem::new(Case::BadRequest, format!("`{field}` {fault}; found {}", quoted(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_id_names_its_field_and_repeats_the_text_escaped() {
        let problem = live_id("liveId", "a\nb").unwrap_err();
        assert_eq!(problem.status(), 400);
        assert!(problem.detail.starts_with("`liveId` must"), "{}", problem.detail);
        assert!(problem.detail.ends_with("found \"a\\nb\""), "{}", problem.detail);
        assert_eq!(battle_id("7").unwrap_err().status(), 400);
    }
}
