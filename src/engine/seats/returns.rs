//! Hosts who listen to the others: the pictures of their live's feed, and the sound of its stage without their own.
//!
//! Such a feed stands in a shard's router only while its host listens there. The mix makes a sound without a source while a
//! shard says that it is watched ([`Watched`](crate::engine::watched::Watched)), and at no other time.

use super::Seats;
use crate::engine::producers::{Carries, carries, return_feed, return_of};
use costage_media::forward::{FeedId, ProducerId};
use costage_media::scene::SourceId;

impl Seats {
    /// A host listens here. Where its live has no feed (any more), there is none for it either.
    pub(super) fn open_return(&mut self, feed: FeedId, source: SourceId) {
        let own = return_feed(source);
        let Some(picture) = self.router.target(feed).filter(|_| !self.listening.contains_key(&own)) else { return };
        self.listening.insert(own, (feed, source));
        self.router.add_feed(own, None);
        self.point_listener(own, picture, source);
    }

    /// `feed` shows another program from now on, and those who listen to its stage come along.
    pub(super) fn move_listeners(&mut self, feed: FeedId, picture: ProducerId) {
        let of_feed = self.listening.iter().filter(|(_, (of, _))| *of == feed);
        let moving: Vec<_> = of_feed.map(|(own, (_, source))| (*own, *source)).collect();
        moving.into_iter().for_each(|(own, source)| self.point_listener(own, picture, source));
    }

    fn point_listener(&mut self, own: FeedId, picture: ProducerId, source: SourceId) {
        if let Carries::Program(stage) = carries(picture) {
            self.router.point_apart(own, picture, return_of(stage, source));
        }
    }

    /// A host who listened has gone; with its last session its feed goes too.
    pub(super) fn close_return_unless_heard(&mut self, source: SourceId) {
        let own = return_feed(source);
        if self.listening.contains_key(&own) && !self.router.has_consumers(own) {
            self.listening.remove(&own);
            self.router.remove_feed(own);
            self.note_watched();
            self.forget_idle_producers();
        }
    }
}
