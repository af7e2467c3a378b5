//! Which lives' hosts hold an event socket open: several windows of one host count as one presence.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use costage_media::forward::FeedId;

use crate::engine::ControlHandle;
use crate::live::command::SocketState;

/// Open sockets of hosts by their live's feed; at most as many as there are places for event sockets.
#[derive(Clone, Debug, Default)]
pub(super) struct HostSockets(Arc<Mutex<BTreeMap<FeedId, usize>>>);

/// One open socket of a host; lost when this is dropped.
#[must_use = "dropping it says that the socket is lost"]
pub(super) struct HostSocket {
    sockets: HostSockets,
    control: ControlHandle,
    feed: FeedId,
}

impl HostSockets {
    /// A socket of the host of that live, told to control when it is the first.
    pub(super) fn open(&self, control: &ControlHandle, feed: FeedId) -> HostSocket {
        self.count(|open| {
            let own = open.entry(feed).or_default();
            *own += 1;
            // Told under the lock: what is told last is what is so.
            if *own == 1 {
                control.host_socket(feed, SocketState::Open);
            }
        });
        HostSocket { sockets: self.clone(), control: control.clone(), feed }
    }

    fn count(&self, change: impl FnOnce(&mut BTreeMap<FeedId, usize>)) {
        // The numbers are whole after any panic elsewhere: nothing under this lock can panic half-way.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for HostSocket {
    fn drop(&mut self) {
        self.sockets.count(|open| match open.get_mut(&self.feed) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => {
                open.remove(&self.feed);
                self.control.host_socket(self.feed, SocketState::Lost);
            }
        });
    }
}
