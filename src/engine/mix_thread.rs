//! One frame thread: it decodes what arrives, paints it, and encodes the programs that are due.
//!
//! ```text
//! packets ─▶ Source (reorder, decode) ─▶ Program (paint, compose, encode, packetise) ─▶ every shard that has viewers
//! ```

use super::bounded::{Bell, Policy, Receiver, Sender, bounded};
use super::clock::{Clock, Epoch};
use super::gallery::{Gallery, Whose};
use super::peer::{Sends, SessionKey};
use super::priority::spawn_media;
use super::running::Running;
use super::shard::ShardHandle;
use super::source::Source;
use super::studio::Studio;
use crate::live::StageId;
use costage_media::forward::ProducerId;
use costage_media::kernel::Kernels;
use costage_media::mix::AudioSource;
use costage_media::packet::{MediaKind, RtpIn, SenderClock};
use costage_media::scene::{Scene, SourceId};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Packets of pictures that may wait for a mix thread: half a second of nine hosts at 2.5 Mbit/s.
const PACKETS_MAX: usize = 4_096;
/// Packets of sound: two seconds of forty voices.
const SOUNDS_MAX: usize = 4_096;
/// Orders that may wait; their senders wait when it is full.
const ORDERS_MAX: usize = 1_024;
/// Keyframe wishes that may wait. Each shard sends one a producer each 100 ms at most ([`super::wishes`]), far fewer than this;
/// one that is lost all the same is repeated while anybody waits.
const WISHES_MAX: usize = 1_024;
/// Packets handled before due frames are looked at again: a frame of 2.5 Mbit/s has about ten.
const PACKETS_PER_TURN: usize = 32;

/// The producer that carries this stage's program.
pub(super) fn producer_of(stage: StageId) -> ProducerId {
    super::producers::program(stage)
}

/// What a host's session hands on.
#[derive(Debug)]
pub(super) enum MixInput {
    Rtp(RtpIn),
    Clock(SenderClock),
}

/// What one session of a source received.
type Packet = (SourceId, SessionKey, MixInput);

/// What the control side tells a mix thread.
pub(super) enum Order {
    /// A session publishes as `source` from now on.
    Publish { source: SourceId, session: SessionKey, shard: ShardHandle, sends: Sends },
    /// That session is over.
    Silence { source: SourceId, session: SessionKey },
    /// Make or change a program; a new one starts when the `awaited` sources have arrived from other threads.
    Stage { stage: StageId, scene: Scene, awaited: BTreeSet<SourceId> },
    /// End a program.
    EndStage(StageId),
    /// Forget a source.
    EndSource(SourceId),
    /// Hand a source over to another thread, as its move of this number.
    Move { source: SourceId, to: MixHandle, number: u64 },
    /// A source from another thread.
    Attach(Box<Moved>),
    /// These have another avatar.
    Redress(Whose),
    /// End the thread.
    Stop,
}

/// A source in transit between threads; `None` where the old thread had nothing of it.
pub(super) struct Moved {
    pub(super) source: SourceId,
    /// Which of its moves this is, counted from 1.
    pub(super) number: u64,
    pub(super) video: Option<Source>,
    pub(super) sound: Option<AudioSource>,
    /// The program that nobody is left in without it: its viewers see it turn into the one that the source goes to.
    pub(super) program: Option<(StageId, Running)>,
}

/// The way to one mix thread; cheap to clone.
#[derive(Clone)]
pub(super) struct MixHandle {
    orders: Sender<Order>,
    packets: Sender<Packet>,
    sounds: Sender<Packet>,
    wishes: Sender<ProducerId>,
}

impl MixHandle {
    pub(super) fn order(&self, order: Order) {
        self.orders.put(order);
    }

    /// Hands on what a host's session received. What is not `urgent` waits until something that is wakes the thread.
    pub(super) fn feed(&self, source: SourceId, session: SessionKey, input: MixInput, urgent: bool) {
        let sound = matches!(&input, MixInput::Rtp(packet) if packet.kind == MediaKind::Audio);
        let queue = if sound { &self.sounds } else { &self.packets };
        let packet = (source, session, input);
        if urgent { queue.put(packet) } else { queue.leave(packet) }
    }

    pub(super) fn publish(&self, source: SourceId, session: SessionKey, shard: ShardHandle, sends: Sends) {
        self.order(Order::Publish { source, session, shard, sends });
    }

    pub(super) fn silence(&self, source: SourceId, session: SessionKey) {
        self.order(Order::Silence { source, session });
    }

    /// A viewer needs a keyframe of this producer. Never waits: a flood of wishes must not hold up a shard.
    pub(super) fn keyframe(&self, producer: ProducerId) {
        self.wishes.put(producer);
    }
}

#[cfg(test)]
impl MixHandle {
    /// A handle without a thread, and what is ordered and wished for through it.
    pub(super) fn unattended() -> (Self, Receiver<Order>, Receiver<ProducerId>) {
        let bell = Arc::default();
        let (orders, orders_in) = bounded(ORDERS_MAX, Policy::Block, &bell);
        let (packets, _) = bounded(1, Policy::DropOldest, &bell);
        let (sounds, _) = bounded(1, Policy::DropOldest, &bell);
        let (wishes, wishes_in) = bounded(WISHES_MAX, Policy::DropOldest, &bell);
        (Self { orders, packets, sounds, wishes }, orders_in, wishes_in)
    }
}

/// What a program is made like.
#[derive(Debug, Clone, Copy)]
pub struct MixConfig {
    /// The picked SIMD level.
    pub kernels: Kernels,
    /// Encodes a second, at most; 1 to 60.
    pub max_fps: u32,
    /// Target of each program's video, bits per second.
    pub bitrate_bps: u32,
}

/// What a mix thread needs from the rest of the house.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) epoch: Epoch,
    pub(super) shards: Arc<[ShardHandle]>,
    pub(super) gallery: Arc<Gallery>,
    pub(super) config: MixConfig,
}

/// Starts a mix thread.
///
/// # Errors
/// When the operating system gives no thread.
pub(super) fn spawn(
    index: usize,
    surroundings: Surroundings,
) -> std::io::Result<(MixHandle, std::thread::JoinHandle<()>)> {
    let (mut thread, handle) = MixThread::new(surroundings);
    let join = spawn_media(format!("mix-{index}"), move || {
        // What a thread's first text costs is paid here and not by the pictures of a live.
        costage_media::mix::warm();
        thread.run();
    })?;
    Ok((handle, join))
}

struct MixThread {
    bell: Arc<Bell>,
    orders: Receiver<Order>,
    packets: Receiver<Packet>,
    sounds: Receiver<Packet>,
    wishes: Receiver<ProducerId>,
    studio: Studio,
    clock: Arc<dyn Clock>,
}

impl MixThread {
    fn new(surroundings: Surroundings) -> (Self, MixHandle) {
        let bell = Arc::new(Bell::default());
        let (orders, orders_in) = bounded(ORDERS_MAX, Policy::Block, &bell);
        let (packets, packets_in) = bounded(PACKETS_MAX, Policy::DropOldest, &bell);
        let (sounds, sounds_in) = bounded(SOUNDS_MAX, Policy::DropOldest, &bell);
        let (wishes, wishes_in) = bounded(WISHES_MAX, Policy::DropOldest, &bell);
        let thread = Self {
            bell,
            orders: orders_in,
            packets: packets_in,
            sounds: sounds_in,
            wishes: wishes_in,
            clock: Arc::clone(&surroundings.clock),
            studio: Studio::new(surroundings),
        };
        (thread, MixHandle { orders, packets, sounds, wishes })
    }

    fn run(&mut self) {
        while self.turn().is_continue() {
            let deadline = self.studio.poll_timeout();
            let idle = || [&self.packets, &self.sounds].into_iter().all(Receiver::is_empty);
            self.bell.wait(self.clock.now(), deadline, || self.orders.is_empty() && idle() && self.wishes.is_empty());
        }
    }

    /// Works off what waits, and what is due.
    fn turn(&mut self) -> ControlFlow<()> {
        while let Some(order) = self.orders.next() {
            if matches!(order, Order::Stop) {
                return ControlFlow::Break(());
            }
            self.studio.obey(self.clock.now(), order);
        }
        while let Some(producer) = self.wishes.next() {
            self.studio.wish(self.clock.now(), producer);
        }
        for _ in 0..PACKETS_PER_TURN {
            self.sound();
            let Some((source, session, input)) = self.packets.next() else { break };
            self.studio.take(self.clock.now(), source, session, input);
        }
        self.studio.handle_timeout(self.clock.now());
        let dropped = self.packets.take_dropped() + self.sounds.take_dropped();
        if dropped > 0 {
            metrics::counter!("costage_mix_packets_dropped_total").increment(dropped);
        }
        ControlFlow::Continue(())
    }

    /// Sound goes before pictures: it costs little, and nothing hides a gap in it.
    fn sound(&mut self) {
        while let Some((source, session, input)) = self.sounds.next() {
            self.studio.take(self.clock.now(), source, session, input);
        }
        self.studio.speak_when_due(self.clock.now());
    }
}

#[cfg(test)]
mod tests;
