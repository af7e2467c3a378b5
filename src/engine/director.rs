//! Carries out what control decides: which thread mixes which stage, which shard serves which session.

use super::control::ControlHandle;
use super::ended::Ended;
use super::fetching::Errands;
use super::gallery::{Gallery, Whose};
use super::host_line::{Devices, HostLine};
use super::mix_thread::{MixHandle, Order as MixOrder, producer_of};
use super::peer::{Datagram, Peer, Role, SessionKey, Shards};
use super::shard::{Order as ShardOrder, ShardHandle};
use super::stagehand::Stagehand;
use crate::live::StageId;
use costage_media::forward::FeedId;
use costage_media::scene::{Scene, SourceId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The threads, and who is where. Locked at the rate of commands, never per packet.
#[derive(Clone)]
pub struct Director {
    shards: Arc<[ShardHandle]>,
    mixers: Arc<[MixHandle]>,
    places: Arc<Mutex<Places>>,
    gallery: Arc<Gallery>,
    errands: Errands,
}

#[derive(Default)]
struct Places {
    /// The mix thread that holds a source, and how often it has moved.
    sources: BTreeMap<SourceId, Home>,
    /// The mix thread that runs a stage.
    stages: BTreeMap<StageId, usize>,
    /// The newest session of each host.
    hosts: BTreeMap<SourceId, Arc<HostLine>>,
    /// What is closed on the seats of those who have a place on a stage.
    devices: BTreeMap<SourceId, Devices>,
    /// A session that was let in just before the end of its live comes too late.
    ended: Ended,
}

#[derive(Debug, Clone, Copy)]
struct Home {
    thread: usize,
    moves: u64,
}

impl Places {
    /// What is closed is not forwarded to who watches one host alone, either.
    fn note_devices(&mut self, scene: &Scene) {
        let seen = scene.tiles.iter().map(|tile| (tile.source, tile.camera, tile.muted));
        let heard = scene.voices.iter().map(|voice| (voice.source, voice.camera, voice.muted));
        for (source, camera, muted) in seen.chain(heard) {
            let devices = Devices { no_camera: !camera, no_microphone: muted };
            if self.devices.insert(source, devices) != Some(devices)
                && let Some(line) = self.hosts.get(&source)
            {
                line.set_devices(devices);
            }
        }
    }
}

impl Director {
    pub(super) fn new(shards: Arc<[ShardHandle]>, mixers: Arc<[MixHandle]>, gallery: Arc<Gallery>) -> Self {
        Self { shards, mixers, places: Arc::default(), gallery, errands: Errands::default() }
    }

    /// Tells every shard whom to tell of hosts that come and go.
    pub fn set_control(&self, control: &ControlHandle) {
        self.tell_shards(|| ShardOrder::Control(control.clone()));
    }

    /// Says goodbye to every session.
    pub fn close_all(&self) {
        self.tell_shards(|| ShardOrder::CloseAll);
    }

    /// The avatars of users.
    pub(super) fn gallery(&self) -> &Gallery {
        &self.gallery
    }

    /// Who brings avatars.
    pub(super) fn errands(&self) -> &Errands {
        &self.errands
    }

    /// Programs that show these get their avatars anew.
    pub(super) fn redress(&self, whose: &Whose) {
        self.mixers.iter().for_each(|mixer| mixer.order(MixOrder::Redress(whose.clone())));
    }

    pub(super) fn stop(&self) {
        self.tell_shards(|| ShardOrder::Stop);
        self.mixers.iter().for_each(|mixer| mixer.order(MixOrder::Stop));
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // A panic while it was held left at worst one stale entry: better than no more commands.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_shards(&self, order: impl Fn() -> ShardOrder) {
        self.shards.iter().for_each(|shard| shard.order(order()));
    }

    fn shard_of(&self, key: SessionKey) -> &ShardHandle {
        let count = u64::try_from(self.shards.len()).expect("a thread count fits");
        let index = usize::try_from(key.0 % count).expect("below a thread count");
        &self.shards[index]
    }

    fn home_of(&self, places: &mut Places, source: SourceId) -> usize {
        let fresh = usize::try_from(source.0).expect("u32 fits usize") % self.mixers.len();
        places.sources.entry(source).or_insert(Home { thread: fresh, moves: 0 }).thread
    }
}

impl Shards for Director {
    fn adopt(&self, key: SessionKey, role: Role, peer: Box<dyn Peer>) {
        let shard = self.shard_of(key);
        if let Role::Host { source } = role {
            // Held to the end: of two sessions of a host, the one that is superseded has been adopted before.
            let mut places = self.places();
            if places.ended.has(source) {
                shard.order(ShardOrder::Adopt { key, role, peer });
                return shard.order(ShardOrder::Supersede { key });
            }
            let home = self.home_of(&mut places, source);
            let line = Arc::new(HostLine::new(source, key, shard.clone()));
            line.set_devices(places.devices.get(&source).copied().unwrap_or_default());
            if let Some(old) = places.hosts.insert(source, Arc::clone(&line)).map(|old| old.session) {
                self.shard_of(old).order(ShardOrder::Supersede { key: old });
            }
            self.tell_shards(|| ShardOrder::HostAt(Arc::clone(&line)));
            self.tell_shards(|| ShardOrder::SourceAt { source, mix: self.mixers[home].clone() });
            return shard.order(ShardOrder::Adopt { key, role, peer });
        }
        shard.order(ShardOrder::Adopt { key, role, peer });
    }

    fn deliver(&self, key: SessionKey, datagram: Datagram) {
        self.shard_of(key).deliver(key, datagram);
    }

    fn close(&self, key: SessionKey) {
        self.shard_of(key).order(ShardOrder::Close { key });
    }

    fn profile_of(&self, source: SourceId) -> Option<u8> {
        self.places().hosts.get(&source).and_then(|line| line.profile())
    }
}

impl Stagehand for Director {
    fn stage(&mut self, stage: StageId, scene: Scene) {
        // New names are shaped and drawn here, once: a mix thread has frames to make.
        costage_media::mix::prepare(&scene);
        self.ask_for_avatars(&scene);
        let mut places = self.places();
        places.note_devices(&scene);
        // A new stage runs where its first host already is: the fewest sources move. Guests who are nowhere yet begin there.
        let first = scene.sources().next().map_or(0, |source| self.home_of(&mut places, source));
        let thread = *places.stages.entry(stage).or_insert(first);
        let mut home = |source| places.sources.entry(source).or_insert(Home { thread, moves: 0 }).thread;
        let moving: BTreeSet<_> = scene.sources().filter(|source| home(*source) != thread).collect();
        // The stage before the moves: so each source arrives where it is awaited.
        self.mixers[thread].order(MixOrder::Stage { stage, scene, awaited: moving.clone() });
        for source in moving {
            let Some(home) = places.sources.get_mut(&source) else { continue };
            let old = std::mem::replace(home, Home { thread, moves: home.moves + 1 });
            let (to, number) = (self.mixers[thread].clone(), home.moves);
            self.mixers[old.thread].order(MixOrder::Move { source, to, number });
            self.tell_shards(|| ShardOrder::SourceAt { source, mix: self.mixers[thread].clone() });
        }
    }

    fn route(&mut self, feed: FeedId, stage: StageId) {
        let thread = self.places().stages.get(&stage).copied();
        let Some(thread) = thread else {
            return tracing::error!(
                stage = stage.0,
                feed = feed.0,
                "a feed was pointed at a stage that does not exist"
            );
        };
        let producer = producer_of(stage);
        self.tell_shards(|| ShardOrder::Route { feed, producer, mix: self.mixers[thread].clone() });
    }

    fn end_stage(&mut self, stage: StageId) {
        if let Some(thread) = self.places().stages.remove(&stage) {
            self.mixers[thread].order(MixOrder::EndStage(stage));
        }
    }

    fn end_feed(&mut self, feed: FeedId) {
        self.tell_shards(|| ShardOrder::EndFeed { feed });
    }

    fn end_source(&mut self, source: SourceId) {
        let mut places = self.places();
        if let Some(key) = places.hosts.remove(&source).map(|line| line.session) {
            self.shard_of(key).order(ShardOrder::Close { key });
        }
        places.sources.remove(&source);
        places.devices.remove(&source);
        places.ended.remember(source);
        // All of them: a thread that a source has left still knows where it went.
        self.mixers.iter().for_each(|mixer| mixer.order(MixOrder::EndSource(source)));
        self.tell_shards(|| ShardOrder::EndSource { source });
    }
}

#[cfg(test)]
mod tests;
