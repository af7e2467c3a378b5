//! Whose frames a shard wants: of the producers that its viewers see, or are about to.

use super::producers::{Carries, carries, first_return};
use crate::live::StageId;
use costage_media::forward::ProducerId;
use costage_media::scene::SourceId;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Written by one shard when a viewer comes, goes or changes over; read by mix threads before they make a frame. Who has
/// just come needs a keyframe first anyway, and asks for it after this has been written.
#[derive(Debug, Default)]
pub(super) struct Watched {
    producers: Mutex<BTreeSet<ProducerId>>,
    /// Whether a host listens to the others here.
    returns: AtomicBool,
}

impl Watched {
    /// From now on these, and no others.
    pub(super) fn set(&self, producers: BTreeSet<ProducerId>) {
        let returns = producers.last().is_some_and(|last| *last >= first_return());
        *self.producers.lock().unwrap_or_else(PoisonError::into_inner) = producers;
        self.returns.store(returns, Ordering::Release);
    }

    /// Whether anybody there sees `producer`.
    pub(super) fn has(&self, producer: ProducerId) -> bool {
        self.producers.lock().unwrap_or_else(PoisonError::into_inner).contains(&producer)
    }

    /// Whose hosts listen there to the others on `stage`.
    pub(super) fn listeners(&self, stage: StageId) -> Vec<SourceId> {
        if !self.returns.load(Ordering::Acquire) {
            return Vec::new();
        }
        let producers = self.producers.lock().unwrap_or_else(PoisonError::into_inner);
        let of_stage = |producer: &ProducerId| match carries(*producer) {
            Carries::Return(of, source) => (of == stage).then_some(source),
            Carries::Program(_) | Carries::Session(_) => None,
        };
        producers.range(first_return()..).filter_map(of_stage).collect()
    }
}
