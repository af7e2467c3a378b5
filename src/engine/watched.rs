//! Whose frames a shard wants: of the producers that its viewers see, or are about to.

use costage_media::forward::ProducerId;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Written by one shard when a viewer comes, goes or changes over; read by mix threads before they make a frame. Who has
/// just come needs a keyframe first anyway, and asks for it after this has been written.
#[derive(Debug, Default)]
pub(super) struct Watched(Mutex<BTreeSet<ProducerId>>);

impl Watched {
    /// From now on these, and no others.
    pub(super) fn set(&self, producers: BTreeSet<ProducerId>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = producers;
    }

    /// Whether anybody there sees `producer`.
    pub(super) fn has(&self, producer: ProducerId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&producer)
    }
}
