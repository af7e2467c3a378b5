//! One packet thread: the sessions that live on it, the router that fans frames out to them, their timers.

use super::bounded::{Bell, Policy, Receiver, Sender, bounded};
use super::clock::{Clock, Epoch};
use super::control::ControlHandle;
use super::host_line::HostLine;
use super::mix_thread::MixHandle;
use super::peer::{Datagram, Peer, Role, SessionKey};
use super::priority::spawn_media;
use super::seats::Seats;
use super::trace::{FrameTrace, Samples};
use super::viewers::Viewers;
use super::watched::Watched;
use crate::live::StageId;
use costage_media::forward::{FeedId, Frame, ProducerId};
use costage_media::scene::SourceId;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

/// Datagrams that may wait for a shard. 4,096 × 1.2 kB is 5 MB, a quarter of a second of a full 150 Mbit/s core.
const DATAGRAMS_MAX: usize = 4_096;
/// Frames that may wait for a shard: 100 ms of 60 fps video and 50 Hz audio of 23 programs, and as long of the packets of ten
/// hosts that are watched untouched.
const FRAMES_MAX: usize = 1_024;
/// Keyframe wishes that may wait: at most two a second come from each host's decoder.
const WISHES_MAX: usize = 256;
/// Orders that may wait: they are rare, and their senders wait when it is full.
const ORDERS_MAX: usize = 1_024;
/// Datagrams handled before timers and orders are looked at again.
const DATAGRAMS_PER_TURN: usize = 64;

/// What the control side tells a shard.
pub(super) enum Order {
    /// Take this session.
    Adopt { key: SessionKey, role: Role, peer: Box<dyn Peer> },
    /// Say goodbye to it.
    Close { key: SessionKey },
    /// Close it because a newer session of the same host has taken its place.
    Supersede { key: SessionKey },
    /// Viewers of `feed` get `producer`, which `mix` makes.
    Route { feed: FeedId, producer: ProducerId, mix: MixHandle },
    /// The feed is over; its viewers are closed.
    EndFeed { feed: FeedId },
    /// The packets of `source` go to `mix` from now on.
    SourceAt { source: SourceId, mix: MixHandle },
    /// All shards, this one among them.
    Neighbours(Arc<[ShardHandle]>),
    /// A host publishes by this session from now on.
    HostAt(Arc<HostLine>),
    /// There will be no packets of `source` any more.
    EndSource { source: SourceId },
    /// Who is told that a host's media came or went.
    Control(ControlHandle),
    /// Close every session.
    CloseAll,
    /// End the thread.
    Stop,
}

/// A frame on its way out: mixed, or a host's own.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) frame: Arc<Frame>,
    pub(super) trace: Option<Arc<FrameTrace>>,
}

/// The way to one shard; cheap to clone.
#[derive(Clone)]
pub(super) struct ShardHandle {
    orders: Sender<Order>,
    datagrams: Sender<(SessionKey, Datagram)>,
    frames: Sender<Outgoing>,
    wishes: Sender<SessionKey>,
    watched: Arc<Watched>,
}

impl ShardHandle {
    pub(super) fn order(&self, order: Order) {
        self.orders.put(order);
    }

    /// Hands a datagram to its session; the oldest waiting one is dropped when the shard cannot keep up.
    pub(super) fn deliver(&self, key: SessionKey, datagram: Datagram) {
        self.datagrams.put((key, datagram));
    }

    /// Hands on a frame. A shard where nobody sees that producer is left asleep: it would be woken a hundred times a
    /// second and program for nothing.
    pub(super) fn send(&self, outgoing: &Outgoing) {
        if self.watches(outgoing.frame.producer) {
            self.frames.put(outgoing.clone());
        }
    }

    /// Whether a viewer there sees this producer, or is about to.
    pub(super) fn watches(&self, producer: ProducerId) -> bool {
        self.watched.has(producer)
    }

    /// Whose hosts listen there to the others on `stage`.
    pub(super) fn listeners(&self, stage: StageId) -> Vec<SourceId> {
        self.watched.listeners(stage)
    }

    /// Whose frames are wanted there from now on.
    pub(super) fn set_watched(&self, producers: BTreeSet<ProducerId>) {
        self.watched.set(producers);
    }

    /// The host behind this session is wanted a keyframe of. Never waits: the mix must not stand still for it.
    pub(super) fn wish_keyframe(&self, key: SessionKey) {
        self.wishes.put(key);
    }
}

#[cfg(test)]
impl ShardHandle {
    /// A handle without a thread, and what is ordered through it.
    pub(super) fn with_orders() -> (Self, Receiver<Order>) {
        let (orders, orders_in) = bounded(ORDERS_MAX, Policy::Block, &Arc::default());
        (Self { orders, ..Self::unattended().0 }, orders_in)
    }

    /// A handle without a thread, and what is handed to it to be sent and wished for.
    pub(super) fn unattended() -> (Self, Receiver<Outgoing>, Receiver<SessionKey>) {
        let bell = Arc::default();
        let (orders, _) = bounded(ORDERS_MAX, Policy::Block, &bell);
        let (datagrams, _) = bounded(1, Policy::DropOldest, &bell);
        let (frames, frames_in) = bounded(FRAMES_MAX, Policy::DropOldest, &bell);
        let (wishes, wishes_in) = bounded(WISHES_MAX, Policy::DropOldest, &bell);
        // Whatever producers a test has.
        let watched = Arc::new(Watched::default());
        watched.set((0..100).map(ProducerId).collect());
        (Self { orders, datagrams, frames, wishes, watched }, frames_in, wishes_in)
    }
}

/// What a shard thread needs from the rest of the house.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) epoch: Epoch,
    pub(super) samples: Arc<dyn Samples>,
    pub(super) viewers: Arc<Viewers>,
    /// Random; what viewers' first sequence numbers are drawn from.
    pub(super) seed: u64,
}

/// Starts a shard's thread.
///
/// # Errors
/// When the operating system gives no thread.
pub(super) fn spawn(
    index: usize,
    surroundings: Surroundings,
) -> std::io::Result<(ShardHandle, std::thread::JoinHandle<()>)> {
    let bell = Arc::new(Bell::default());
    let (orders, orders_in) = bounded(ORDERS_MAX, Policy::Block, &bell);
    let (datagrams, datagrams_in) = bounded(DATAGRAMS_MAX, Policy::DropOldest, &bell);
    let (frames, frames_in) = bounded(FRAMES_MAX, Policy::DropOldest, &bell);
    let (wishes, wishes_in) = bounded(WISHES_MAX, Policy::DropOldest, &bell);
    let handle = ShardHandle { orders, datagrams, frames, wishes, watched: Arc::default() };
    let mut shard = Shard {
        bell,
        orders: orders_in,
        datagrams: datagrams_in,
        frames: frames_in,
        wishes: wishes_in,
        seats: Seats::new(handle.clone(), surroundings.clone()),
        surroundings,
    };
    let thread = spawn_media(format!("shard-{index}"), move || shard.run())?;
    Ok((handle, thread))
}

struct Shard {
    bell: Arc<Bell>,
    orders: Receiver<Order>,
    datagrams: Receiver<(SessionKey, Datagram)>,
    frames: Receiver<Outgoing>,
    wishes: Receiver<SessionKey>,
    seats: Seats,
    surroundings: Surroundings,
}

impl Shard {
    fn run(&mut self) {
        loop {
            while let Some(order) = self.orders.next() {
                if matches!(order, Order::Stop) {
                    return;
                }
                self.seats.obey(self.surroundings.clock.now(), order);
            }
            while let Some(key) = self.wishes.next() {
                self.seats.ask_host(self.surroundings.clock.now(), key);
            }
            while let Some(outgoing) = self.frames.next() {
                self.seats.send(self.surroundings.clock.now(), &outgoing);
            }
            self.receive();
            let now = self.surroundings.clock.now();
            self.seats.handle_timeout(now);
            self.count_drops();
            let deadline = self.seats.poll_timeout();
            self.bell.wait(now, deadline, || self.is_idle());
        }
    }

    fn is_idle(&self) -> bool {
        self.orders.is_empty() && self.wishes.is_empty() && self.datagrams.is_empty() && self.frames.is_empty()
    }

    fn receive(&mut self) {
        for _ in 0..DATAGRAMS_PER_TURN {
            let Some((key, datagram)) = self.datagrams.next() else { return };
            self.seats.receive(self.surroundings.clock.now(), key, datagram);
        }
    }

    fn count_drops(&self) {
        for (queue, dropped) in [("datagrams", self.datagrams.take_dropped()), ("frames", self.frames.take_dropped())] {
            if dropped > 0 {
                metrics::counter!("costage_shard_dropped_total", "queue" => queue).increment(dropped);
            }
        }
    }
}

/// When nothing is due.
pub(super) fn earliest(deadlines: impl IntoIterator<Item = Option<Instant>>) -> Option<Instant> {
    deadlines.into_iter().flatten().min()
}
