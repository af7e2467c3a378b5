//! Threads and bounded channels: packet shards, mix threads, the control thread.
//!
//! ```text
//! UDP thread ─datagrams─▶ shard ─packets─▶ mix thread ─frames─▶ every shard with viewers ─▶ viewers
//!                           ▲ └─ untouched, to whoever watches one host ─▶ every shard with viewers
//!                           │                  ▲
//!                           └── orders ── Director ◀── control (Stagehand), peer (Shards)
//! ```
//! **Invariant:** no lock on the packet path; every queue has a bound and a written policy ([`bounded`]).
//! **Invariant:** a panic in one session or of one host's media ends that alone; of a thread that falls [`Engine::fallen`] tells.

pub mod books;
pub mod bounded;
pub mod clock;
mod complaint;
pub mod control;
mod director;
mod ended;
pub mod events;
mod fetched;
mod fetching;
mod forwarding;
mod gallery;
mod host_line;
mod inbox;
pub mod journal;
mod mix_thread;
mod nudge;
mod outbox;
pub mod outbox_log;
pub mod peer;
mod pictures;
mod priority;
mod producers;
mod registrar;
mod running;
mod seats;
mod shard;
mod source;
pub mod stagehand;
mod studio;
pub mod trace;
mod viewers;
mod watched;
mod wishes;

pub use books::Books;
pub use clock::{Clock, Epoch};
pub use control::{ControlConfig, ControlHandle, ControlThread, Reply};
pub use director::Director;
pub use events::{CutOff, EventReader, First, Notice, Resume, Subscription};
pub use fetching::{AvatarFetcher, Fetched, Wanted};
pub use gallery::AVATARS_MAX;
pub use journal::{Batch, Fact, Journal, JournalError, KeptRow};
pub use mix_thread::MixConfig;
pub use outbox_log::{DeliveryLog, LogFault, OutboxBell, OutboxLog, OutboxRow, StoreId};
pub use peer::{
    CloseReason, Datagram, OfferRefused, Opened, Peer, PeerEvent, Role, Sends, SessionKey, Shards, Signalling,
    TrickleRefused, Trickled, UnknownSession,
};
pub use pictures::{AvatarRefused, NotDrawn, Pictures};
pub(crate) use priority::spawn_media;
pub use stagehand::Stagehand;
pub use viewers::Viewers;

use std::sync::Arc;
use std::thread::JoinHandle;
use trace::Samples;

/// How many threads of each kind, and what programs are made like.
#[derive(Debug, Clone)]
pub struct Config {
    /// Packet threads; at least one.
    pub shards: usize,
    /// Frame threads; at least one.
    pub mixers: usize,
    /// What programs are made like.
    pub mix: MixConfig,
    /// Random, another at each start: first sequence numbers and timestamps come from it (RFC 3550 §5.1).
    pub seed: u64,
}

/// The running media threads. Dropping it ends them.
#[must_use = "dropping the engine ends its threads"]
pub struct Engine {
    director: Director,
    viewers: Arc<Viewers>,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Starts all media threads.
    ///
    /// # Errors
    /// When the operating system gives no more threads.
    pub fn start(config: &Config, clock: &Arc<dyn Clock>, samples: &Arc<dyn Samples>) -> std::io::Result<Self> {
        let epoch = Epoch::start(&**clock);
        let viewers = Arc::new(Viewers::default());
        let mut threads = Vec::new();
        let mut shards = Vec::new();
        for index in 0..config.shards.max(1) {
            let surroundings = shard::Surroundings {
                clock: Arc::clone(clock),
                epoch,
                samples: Arc::clone(samples),
                viewers: Arc::clone(&viewers),
                seed: config.seed,
            };
            let (handle, thread) = shard::spawn(index, surroundings)?;
            shards.push(handle);
            threads.push(thread);
        }
        let shards: Arc<[_]> = shards.into();
        // A host's packets go from its shard to those of its viewers.
        shards.iter().for_each(|shard: &shard::ShardHandle| shard.order(shard::Order::Neighbours(Arc::clone(&shards))));
        let gallery = Arc::new(gallery::Gallery::default());
        let mut mixers = Vec::new();
        for index in 0..config.mixers.max(1) {
            let (clock, shards, gallery) = (Arc::clone(clock), Arc::clone(&shards), Arc::clone(&gallery));
            let surroundings = mix_thread::Surroundings { clock, epoch, shards, gallery, config: config.mix };
            let (handle, thread) = mix_thread::spawn(index, surroundings)?;
            mixers.push(handle);
            threads.push(thread);
        }
        Ok(Self { director: Director::new(shards, mixers.into(), gallery), viewers, threads })
    }

    /// The way to the threads, for control (as [`Stagehand`]) and sessions (as [`Shards`]).
    #[must_use]
    pub fn director(&self) -> Director {
        self.director.clone()
    }

    /// The name of a thread that has ended without having been told to: it has panicked, and what it did is done by nobody.
    #[must_use]
    pub fn fallen(&self) -> Option<String> {
        let fallen = self.threads.iter().find(|thread| thread.is_finished())?;
        Some(fallen.thread().name().unwrap_or_default().to_owned())
    }

    /// How many viewers each feed has.
    #[must_use]
    pub fn viewers(&self) -> Arc<Viewers> {
        Arc::clone(&self.viewers)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.director.stop();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a media thread had panicked");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_is_known_by_its_name() {
        let shards: Arc<[_]> = Arc::new([shard::ShardHandle::unattended().0]);
        let director = Director::new(shards, Arc::new([mix_thread::MixHandle::unattended().0]), Arc::default());
        let (stay, stays) = std::sync::mpsc::channel::<()>();
        let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().name(name.to_owned()).spawn(body).expect("a thread")
        };
        let mut engine = Engine { director, viewers: Arc::default(), threads: Vec::new() };
        engine.threads.push(spawn("shard-0", Box::new(move || assert!(stays.recv().is_err()))));
        assert_eq!(engine.fallen(), None);
        engine.threads.push(spawn("mix-0", Box::new(|| panic!("a defect, on purpose"))));
        while engine.fallen().is_none() {
            std::thread::yield_now();
        }
        assert_eq!(engine.fallen(), Some("mix-0".to_owned()));
        drop(stay);
    }
}
