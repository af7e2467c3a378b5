//! Characters that no font has: each is told once.

use std::collections::BTreeSet;

use super::shaped::shaped;

/// Characters that are remembered as told. Beyond it nothing new is told: who writes a thousand different ones has been
/// heard.
const TOLD_MAX: usize = 1_024;

/// What was met so far, and what of it nobody has been told.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    met: BTreeSet<char>,
    fresh: Vec<char>,
}

impl Unknown {
    /// `character` was drawn as a mark.
    pub(super) fn meet(&mut self, character: char) {
        if self.met.len() < TOLD_MAX && self.met.insert(character) {
            self.fresh.push(character);
        }
    }

    pub(super) fn take(&mut self) -> Vec<char> {
        std::mem::take(&mut self.fresh)
    }
}

/// The characters, met since the last call, that no font has and that were drawn as an empty box: each once in the life of
/// the process, at most 1,024 of them. For the log.
#[must_use]
pub fn unknown_characters() -> Vec<char> {
    shaped().unknown.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_is_told_once_and_no_more_than_so_many() {
        let mut unknown = Unknown::default();
        "日本日".chars().for_each(|character| unknown.meet(character));
        assert_eq!(unknown.take(), ['日', '本']);
        unknown.meet('日');
        assert_eq!(unknown.take(), []);
        (0x4E00..0x5E00).filter_map(char::from_u32).for_each(|character| unknown.meet(character));
        assert!(unknown.take().len() < TOLD_MAX && unknown.met.len() == TOLD_MAX);
    }
}
