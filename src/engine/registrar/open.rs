//! What was decided and is not kept yet.

use std::time::Instant;

use super::super::control::Reply;
use crate::live::{Answer, Command, Effect, Fact, Refusal};

/// Everything that waits for the next commit.
#[derive(Default)]
pub(super) struct Open {
    pub(super) facts: Vec<Fact>,
    /// The rest, in its order.
    pub(super) effects: Vec<Effect>,
    pub(super) replies: Vec<(Reply<Answer>, Result<Answer, Refusal>)>,
    /// When deadlines were last fired among it.
    pub(super) fired: Option<Instant>,
    /// What came of hosts' media and event sockets, and when: no decision, so it is never taken back for good.
    pub(super) news: Vec<(Instant, Command)>,
}

impl Open {
    pub(super) fn push(&mut self, effect: Effect) {
        match effect {
            Effect::Record(fact) => self.facts.push(fact),
            Effect::Notify { .. }
            | Effect::Stage { .. }
            | Effect::Route { .. }
            | Effect::EndStage(_)
            | Effect::EndFeed(_)
            | Effect::EndSource(_) => self.effects.push(effect),
        }
    }
}
