//! What was decided and is not kept yet.

use std::time::Instant;

use super::super::control::Reply;
use super::super::events::{Resume, Subscription};
use crate::live::{Answer, Command, Effect, Fact, LiveId, Refusal};

/// Everything that waits for the next commit.
#[derive(Default)]
pub(super) struct Open {
    pub(super) facts: Vec<Fact>,
    /// The rest, in its order.
    pub(super) effects: Vec<Effect>,
    /// Who waits for an answer.
    pub(super) asked: Vec<Asked>,
    /// Who wants to read events.
    pub(super) readers: Vec<Reader>,
    /// When deadlines were last fired among it.
    pub(super) fired: Option<Instant>,
    /// What came of hosts' media and event sockets, and when: no decision, so it is never taken back for good.
    pub(super) news: Vec<(Instant, Command)>,
}

/// A command, and what it would be answered with.
pub(super) struct Asked {
    pub(super) received: Instant,
    pub(super) command: Command,
    pub(super) reply: Reply<Answer>,
    pub(super) outcome: Result<Answer, Refusal>,
}

/// Who wants to read the events of a live.
pub(super) struct Reader {
    pub(super) received: Instant,
    pub(super) live: LiveId,
    pub(super) resume: Option<Resume>,
    pub(super) reply: Reply<Subscription>,
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
