//! Watching one host alone, and hearing the others without oneself: which source and feed that is.

use costage_media::scene::SourceId;

use super::answer::{Answer, Return};
use super::ids::{LiveId, UserId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::rules::NOT_LIVE_RETRY;
use super::state::{Live, Presence};

/// Who publishes in a live.
struct Publisher {
    source: SourceId,
    is_up: bool,
}

impl Lives {
    /// May a viewer watch what `user` sends to `live`, untouched? While that user does not publish: as for the feed.
    pub(super) fn watch_host(&self, id: &LiveId, user: &UserId) -> Result<Answer, Refusal> {
        let live = self.live(id)?;
        let Some(publisher) = self.publisher(live, user) else {
            let there = self.publishers(live);
            return Err(Refusal::NoSuchHost { live: id.clone(), user: user.clone(), there });
        };
        if publisher.is_up {
            return Ok(Answer::Host(publisher.source));
        }
        Err(Refusal::HostNotLive { live: id.clone(), user: user.clone(), retry_after: NOT_LIVE_RETRY })
    }

    /// May `user` hear the stage of `live` without its own sound? Who speaks there may, publishing at the moment or not;
    /// before anybody does: as for the feed.
    pub(super) fn watch_return(&self, id: &LiveId, user: &UserId) -> Result<Answer, Refusal> {
        let live = self.live(id)?;
        let Some(publisher) = self.publisher(live, user) else {
            return Err(Refusal::NotOnStage { live: id.clone(), user: user.clone() });
        };
        self.watch(id)?;
        Ok(Answer::Return(Return { feed: live.feed(), source: publisher.source }))
    }

    /// The publisher that `user` is in `live`: its owner, or a guest on a seat.
    fn publisher(&self, live: &Live, user: &UserId) -> Option<Publisher> {
        let source = self.source_of(&live.info.live_id, user)?;
        let presence = if live.owner() == user {
            live.presence
        } else {
            self.state.seating.guests.get(&(live.info.live_id.clone(), user.clone()))?.presence
        };
        Some(Publisher { source, is_up: presence == Presence::Up })
    }

    /// Everybody of whom [`Lives::publisher`] knows in `live`: its owner, then the guests by their seats.
    fn publishers(&self, live: &Live) -> Vec<UserId> {
        let sitters = self.state.seating.of(&live.info.live_id).filter_map(|(_, seat)| seat.sitter.as_ref());
        let guests = sitters.map(|sitter| &sitter.user.user_id).filter(|user| *user != live.owner());
        std::iter::once(live.owner()).chain(guests).cloned().collect()
    }
}
