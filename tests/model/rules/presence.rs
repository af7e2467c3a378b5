//! Hosts come and go; the server starts again.

use super::{Link, Live, Model};
use crate::said::{Answer, Left};
use crate::twist::Twist;
use crate::words::Text;

/// How long media and socket of a host may both be gone before it has left.
pub(super) const HOST_GRACE_MS: u64 = 10_000;
/// How long all have to come back after a restart.
const RESTART_GRACE_MS: u64 = 60_000;
/// How long a live may be without its host.
const LIVE_IDLE_MS: u64 = 600_000;

impl Live {
    /// Since when nothing of its host is there, of what there was.
    fn absent_since(&self) -> Option<u64> {
        match (self.media, self.socket) {
            (Link::Here, _) | (_, Link::Here) | (Link::Never, Link::Never) => None,
            (Link::Lost(since), Link::Never) | (Link::Never, Link::Lost(since)) => Some(since),
            (Link::Lost(one), Link::Lost(other)) => Some(one.max(other)),
        }
    }

    /// When its host will have left.
    pub(super) fn grace_ends(&self, twist: Option<Twist>) -> Option<u64> {
        let since = self.absent_since().filter(|_| !self.gone)?;
        let spared = if twist == Some(Twist::NoRestartGrace) { 0 } else { self.spared };
        Some((since + HOST_GRACE_MS).max(spared))
    }

    /// When the server will end it. A host that never published is waited for from the beginning.
    pub(super) fn idle_ends(&self) -> Option<u64> {
        let since = match self.media {
            Link::Never => self.created,
            Link::Lost(_) => self.absent_since()?,
            Link::Here => return None,
        };
        Some((since + LIVE_IDLE_MS).max(self.spared))
    }
}

impl Model {
    /// Repeating what is known changes nothing; a live that has ended has no media.
    pub(super) fn media(&mut self, serial: u32, up: bool) -> Answer<'static> {
        let now = self.now;
        if let Some(live) = self.lives.iter_mut().find(|live| live.serial == serial) {
            live.media = next(live.media, up, now);
            live.gone &= !up;
            live.shown |= up;
            return Answer::Done;
        }
        self.guest_media(serial, up);
        Answer::Done
    }

    pub(super) fn socket(&mut self, serial: u32, open: bool) -> Answer<'static> {
        let now = self.now;
        if let Some(live) = self.lives.iter_mut().find(|live| live.serial == serial) {
            live.socket = next(live.socket, open, now);
            live.gone &= !open;
        }
        Answer::Done
    }

    /// The host did not come back in time.
    pub(super) fn lose_host(&mut self, live: Text) {
        self.live_mut(live).gone = true;
        self.leave(live, Left::Disconnected);
        self.withdraw_requests(live);
    }

    /// The server has died and goes on: nobody's media or socket has survived, and everybody may come back. The table of
    /// gifts comes with the configuration.
    pub(crate) fn restart(&mut self, down_ms: u64) {
        self.now += down_ms;
        let now = self.now;
        for live in &mut self.lives {
            for link in [&mut live.media, &mut live.socket] {
                if *link == Link::Here {
                    *link = Link::Lost(now);
                }
            }
            live.spared = now + RESTART_GRACE_MS;
        }
        self.lose_guests_media();
        // Whoever was asked and has not answered is asked again.
        self.requests.clear();
        self.lives.iter_mut().for_each(|live| live.pending.clear());
        self.table = crate::command::Table::default();
    }
}

pub(super) fn next(link: Link, here: bool, now: u64) -> Link {
    match (link, here) {
        (_, true) => Link::Here,
        (Link::Here, false) => Link::Lost(now),
        (Link::Never | Link::Lost(_), false) => link,
    }
}
