//! Everything one mix thread works on: its sources and its programs, and what is due when.

use super::mix_thread::{MixConfig, MixHandle, MixInput, Moved, Order, Surroundings, producer_of};
use super::peer::SessionKey;
use super::shard::{Outgoing, ShardHandle, earliest};
use super::source::Source;
use super::trace::{FrameTrace, SourceStamp};
use crate::live::StageId;
use costage_media::forward::{Frame, ProducerId};
use costage_media::jitter::PLAYOUT_DELAY;
use costage_media::mix::{Program, ProgramConfig};
use costage_media::packet::MediaKind;
use costage_media::scene::{Scene, SourceId};
use costage_media::time::AUDIO_CLOCK_HZ;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much older the sound that is heard at a moment is than the picture that is composed at it, when both were captured
/// together: it was packed for 20 ms, waited in the playout, and passed two Opus encoders (6.5 ms each, RFC 6716 §2) and
/// the limiter's look-ahead (1 ms); the picture took about 8 ms to be decoded and encoded. So both get the RTP time of
/// their capture. What a single host differs from that is `SyncTrim`'s.
const SOUND_AGE: Duration = PLAYOUT_DELAY.saturating_add(Duration::from_millis(20 + 14 - 8));

/// A program and what its next frame will be the first to show.
struct Running {
    program: Program,
    scene: Scene,
    /// Sources still on their way from other threads; the first frame waits for them, so that it shows everybody.
    awaited: BTreeSet<SourceId>,
    shows: BTreeMap<SourceId, SourceStamp>,
}

/// The sources and programs of one mix thread.
pub(super) struct Studio {
    surroundings: Surroundings,
    sources: BTreeMap<SourceId, Source>,
    programs: BTreeMap<StageId, Running>,
    /// Which program shows a source: the last stage that named it.
    shown_by: BTreeMap<SourceId, StageId>,
    /// Where sources went whose packets may still arrive here.
    moved: BTreeMap<SourceId, MixHandle>,
}

impl Studio {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        let (sources, programs) = (BTreeMap::new(), BTreeMap::new());
        Self { surroundings, sources, programs, shown_by: BTreeMap::new(), moved: BTreeMap::new() }
    }

    pub(super) fn obey(&mut self, now: Instant, order: Order) {
        match order {
            Order::Publish { source, session, shard } => self.publish(now, source, session, shard),
            Order::Silence { source, session } => self.silence(now, source, session),
            Order::Stage { stage, scene, awaited } => self.stage(now, stage, scene, awaited),
            Order::EndStage(stage) => {
                self.programs.remove(&stage);
                self.shown_by.retain(|_, by| *by != stage);
            }
            Order::EndSource(source) => self.end_source(source),
            Order::Move { source, to } => self.hand_over(source, to),
            Order::Attach(moved) => self.attach(now, *moved),
            Order::Stop => {}
        }
    }

    /// A viewer needs a keyframe of `producer`.
    pub(super) fn wish(&mut self, now: Instant, producer: ProducerId) {
        if let Some(running) = self.programs.get_mut(&StageId(producer.0)) {
            running.program.request_keyframe(now);
        }
    }

    /// One packet or report of a host.
    pub(super) fn take(&mut self, now: Instant, id: SourceId, session: SessionKey, input: MixInput) {
        if let Some(to) = self.moved.get(&id) {
            return to.feed(id, session, input, true);
        }
        let Some(source) = self.sources.get_mut(&id).filter(|source| source.session() == session) else { return };
        match input {
            MixInput::Clock(clock) => source.clock(clock),
            MixInput::Rtp(packet) => {
                source.push(now, &packet);
                let kind = packet.kind;
                if let Some(running) = self.shown_by.get(&id).and_then(|stage| self.programs.get_mut(stage)) {
                    if kind == MediaKind::Audio {
                        running.program.hear(now, id, packet);
                    }
                    running.program.set_trim(id, source.trim());
                }
                if kind == MediaKind::Video {
                    self.decode(id);
                    // A frame that is due goes out before the next packet is looked at.
                    self.produce();
                }
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let due = |source: &Source| source.poll_timeout().is_some_and(|at| at <= now);
        let late: Vec<_> = self.sources.iter().filter(|(_, source)| due(source)).map(|(id, _)| *id).collect();
        for id in late {
            if let Some(source) = self.sources.get_mut(&id) {
                source.handle_timeout(now);
            }
            self.decode(id);
        }
        for running in self.programs.values_mut().filter(|running| running.awaited.is_empty()) {
            running.program.handle_timeout(now);
        }
        self.produce();
        self.speak(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let running = self.programs.values().filter(|running| running.awaited.is_empty());
        let programs = running.map(|running| running.program.poll_timeout());
        earliest(programs.chain(self.sources.values().map(Source::poll_timeout)))
    }

    fn publish(&mut self, now: Instant, id: SourceId, session: SessionKey, shard: ShardHandle) {
        if let Some(to) = self.moved.get(&id) {
            return to.publish(id, session, shard);
        }
        if let Some(source) = self.sources.get_mut(&id) {
            source.restart(session, shard);
        } else {
            match Source::new(id, session, shard) {
                Ok(source) => drop(self.sources.insert(id, source)),
                Err(error) => return tracing::error!(source = id.0, %error, "no decoder for this host"),
            }
        }
        if let Some(running) = self.shown_by.get(&id).and_then(|stage| self.programs.get_mut(stage)) {
            running.program.rehear(now, id);
        }
    }

    fn silence(&mut self, now: Instant, id: SourceId, session: SessionKey) {
        if let Some(to) = self.moved.get(&id) {
            return to.silence(id, session);
        }
        let Some(_) = self.sources.get(&id).filter(|source| source.session() == session) else { return };
        if let Some(running) = self.shown_by.get(&id).and_then(|stage| self.programs.get_mut(stage)) {
            running.program.lose(now, id);
        }
    }

    fn stage(&mut self, now: Instant, stage: StageId, scene: Scene, awaited: BTreeSet<SourceId>) {
        if let Entry::Vacant(place) = self.programs.entry(stage) {
            let MixConfig { kernels, max_fps, bitrate_bps } = self.surroundings.config;
            let config = ProgramConfig { kernels, max_fps, bitrate_bps };
            match Program::new(now, producer_of(stage), config, scene.canvas) {
                Ok(program) => {
                    place.insert(Running { program, scene: scene.clone(), awaited, shows: BTreeMap::new() });
                }
                Err(error) => return tracing::error!(stage = stage.0, %error, "no encoder for this stage"),
            }
        }
        for tile in &scene.tiles {
            self.bring(now, stage, tile.source);
        }
        let Some(running) = self.programs.get_mut(&stage) else { return };
        let gone = running.scene.tiles.iter().filter(|tile| scene.tiles.iter().all(|kept| kept.source != tile.source));
        for tile in gone {
            running.program.mute(tile.source);
            if self.shown_by.get(&tile.source) == Some(&stage) {
                self.shown_by.remove(&tile.source);
            }
        }
        running.program.set_scene(now, scene.clone());
        for tile in &scene.tiles {
            if let Some((picture, since)) = self.sources.get(&tile.source).and_then(Source::last) {
                running.program.repaint(now, tile.source, picture, since);
            }
        }
        running.scene = scene;
    }

    /// `source` is shown by `stage` from now on; its sound comes along from the program that had it.
    fn bring(&mut self, now: Instant, stage: StageId, source: SourceId) {
        let before = self.shown_by.insert(source, stage);
        if before == Some(stage) {
            return;
        }
        let sound = before.and_then(|old| self.programs.get_mut(&old)).and_then(|old| old.program.take_sound(source));
        if let Some(running) = self.programs.get_mut(&stage) {
            running.program.put_sound(now, source, sound);
        }
    }

    fn end_source(&mut self, id: SourceId) {
        self.sources.remove(&id);
        self.moved.remove(&id);
        if let Some(running) = self.shown_by.remove(&id).and_then(|stage| self.programs.get_mut(&stage)) {
            running.program.mute(id);
        }
    }

    fn hand_over(&mut self, id: SourceId, to: MixHandle) {
        let program = self.shown_by.remove(&id).and_then(|stage| self.programs.get_mut(&stage));
        let sound = program.and_then(|running| running.program.take_sound(id));
        let moved = Moved { source: id, video: self.sources.remove(&id), sound };
        to.order(Order::Attach(Box::new(moved)));
        self.moved.insert(id, to);
    }

    fn attach(&mut self, now: Instant, moved: Moved) {
        let id = moved.source;
        self.moved.remove(&id);
        if let Some(video) = moved.video {
            self.sources.insert(id, video);
        }
        let Some(running) = self.shown_by.get(&id).and_then(|stage| self.programs.get_mut(stage)) else { return };
        running.program.put_sound(now, id, moved.sound);
        if let Some((picture, since)) = self.sources.get(&id).and_then(Source::last) {
            running.program.repaint(now, id, picture, since);
        }
        running.awaited.remove(&id);
    }

    /// Decodes what is whole of one source, straight into its tile.
    fn decode(&mut self, id: SourceId) {
        let clock = &*self.surroundings.clock;
        let Some(source) = self.sources.get_mut(&id) else { return };
        let mut running = self.shown_by.get(&id).and_then(|stage| self.programs.get_mut(stage));
        source.decode(clock, &mut |picture, passed| {
            if let Some(running) = &mut running {
                running.program.paint(clock.now(), id, picture);
                running.shows.insert(id, passed.painted(clock.now()));
            }
        });
    }

    /// Encodes every program that has something new to show and may.
    fn produce(&mut self) {
        let Surroundings { clock, epoch, shards, .. } = &self.surroundings;
        for running in self.programs.values_mut().filter(|running| running.awaited.is_empty()) {
            let started = clock.now();
            let Some(produced) = running.program.produce(started, epoch.media_time(started), &|| clock.now()) else {
                continue;
            };
            metrics::counter!("costage_mixed_frames_total").increment(1);
            count_bytes(&produced.frame);
            let shows = std::mem::take(&mut running.shows).into_values().collect();
            let trace = FrameTrace::new(shows, started, produced.composed, clock.now());
            send(shards, &Outgoing { frame: Arc::new(produced.frame), trace: Some(Arc::new(trace)) });
        }
    }

    /// Mixes the sound that is due.
    fn speak(&mut self, now: Instant) {
        let Surroundings { epoch, shards, .. } = &self.surroundings;
        for running in self.programs.values_mut().filter(|running| running.awaited.is_empty()) {
            let label = |at: Instant| {
                let captured = at.checked_sub(SOUND_AGE).unwrap_or(at);
                epoch.media_time(captured).ticks(AUDIO_CLOCK_HZ)
            };
            while let Some(frame) = running.program.speak(now, &label) {
                count_bytes(&frame);
                send(shards, &Outgoing { frame: Arc::new(frame), trace: None });
            }
        }
    }
}

fn count_bytes(frame: &Frame) {
    let bytes: usize = frame.packets.iter().map(|packet| packet.payload.len()).sum();
    metrics::counter!("costage_mixed_bytes_total").increment(u64::try_from(bytes).unwrap_or(u64::MAX));
}

fn send(shards: &[ShardHandle], outgoing: &Outgoing) {
    shards.iter().for_each(|shard| shard.send(outgoing.clone()));
}

#[cfg(test)]
mod tests;
