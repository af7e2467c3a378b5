//! Everything one mix thread works on: its sources and its programs, and what is due when.

mod resting;
mod staging;

use super::complaint::Complaint;
use super::ended::Ended;
use super::mix_thread::{MixHandle, MixInput, Order, Surroundings, producer_of};
use super::peer::{Sends, SessionKey};
use super::producers::{Carries, carries, return_of};
use super::running::{Phase, Running};
use super::shard::{Outgoing, ShardHandle, earliest};
use super::source::Source;
use super::trace::FrameTrace;
use crate::live::StageId;
use costage_media::forward::{Frame, ProducerId};
use costage_media::jitter::{PLAYOUT_DELAY, PlayoutStats};
use costage_media::mix::{SoundStats, unknown_characters};
use costage_media::packet::{MediaKind, RtpIn};
use costage_media::scene::SourceId;
use costage_media::time::AUDIO_CLOCK_HZ;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much older the sound that is heard at a moment is than the picture that is composed at it, when both were captured
/// together: it was packed for 20 ms, waited in the playout, and passed two Opus encoders (6.5 ms each, RFC 6716 §2) and
/// the limiter's look-ahead (1 ms); the picture took about 8 ms to be decoded and encoded. So both get the RTP time of
/// their capture. What a single host differs from that is `SyncTrim`'s.
const SOUND_AGE: Duration = PLAYOUT_DELAY.saturating_add(Duration::from_millis(20 + 14 - 8));

/// A source that has left.
struct Away {
    to: MixHandle,
    /// Which of its moves that was.
    number: u64,
}

/// The sources and programs of one mix thread.
pub(super) struct Studio {
    surroundings: Surroundings,
    sources: BTreeMap<SourceId, Source>,
    programs: BTreeMap<StageId, Running>,
    /// Which stage has a source: the last that named it. Its voice is there; its picture, while programs turn into that
    /// stage's, in those as well.
    shown_by: BTreeMap<SourceId, StageId>,
    /// Where sources went whose packets may still arrive here.
    moved: BTreeMap<SourceId, Away>,
    /// Which of its moves brought a source here; none for those that were here first.
    arrivals: BTreeMap<SourceId, u64>,
    /// What comes of these comes too late.
    ended: Ended,
    unencoded: Unencoded,
}

impl Studio {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        let (sources, programs) = (BTreeMap::new(), BTreeMap::new());
        let (shown_by, moved, arrivals) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (ended, unencoded) = (Ended::default(), Unencoded::default());
        Self { surroundings, sources, programs, shown_by, moved, arrivals, ended, unencoded }
    }

    pub(super) fn obey(&mut self, now: Instant, order: Order) {
        match order {
            Order::Publish { source, session, shard, sends } => self.publish(now, source, session, shard, sends),
            Order::Silence { source, session } => self.silence(now, source, session),
            Order::Stage { stage, scene, awaited } => self.stage(now, stage, scene, awaited),
            Order::EndStage(stage) => self.end_stage(stage),
            Order::EndSource(source) => self.end_source(source),
            Order::Move { source, to, number } => self.hand_over(now, source, to, number),
            Order::Attach(moved) => self.attach(now, *moved),
            Order::Redress(whose) => self.redress(now, &whose),
            Order::Stop => {}
        }
    }

    /// A viewer needs a keyframe of `producer`.
    pub(super) fn wish(&mut self, now: Instant, producer: ProducerId) {
        let Carries::Program(stage) = carries(producer) else { return };
        self.wake(now, stage);
        if let Some(running) = self.programs.get_mut(&stage) {
            running.program.request_keyframe(now);
            self.note_wish(stage);
        }
    }

    /// One packet or report of a host.
    pub(super) fn take(&mut self, now: Instant, id: SourceId, session: SessionKey, input: MixInput) {
        if let Some(away) = self.moved.get(&id) {
            return away.to.feed(id, session, input, true);
        }
        let Some(source) = self.sources.get_mut(&id).filter(|source| source.session() == session) else { return };
        match input {
            MixInput::Clock(clock) => source.clock(clock),
            MixInput::Rtp(packet) => {
                let kind = packet.kind;
                self.guarded(now, id, |studio| studio.take_rtp(now, id, packet));
                if kind == MediaKind::Video {
                    // A frame that is due goes out before the next packet is looked at.
                    self.produce();
                }
            }
        }
    }

    fn take_rtp(&mut self, now: Instant, id: SourceId, packet: RtpIn) {
        let Some(source) = self.sources.get_mut(&id) else { return };
        let program = self.shown_by.get(&id).and_then(|stage| self.programs.get_mut(stage));
        let kind = packet.kind;
        if kind == MediaKind::Video && program.as_ref().is_some_and(|running| running.only_hears(id)) {
            return source.pass_over(now);
        }
        source.push(now, &packet);
        if let Some(running) = program {
            if kind == MediaKind::Audio {
                running.program.hear(now, id, packet);
            }
            running.program.set_trim(id, source.trim());
        }
        if kind == MediaKind::Video {
            self.decode(id);
        }
    }

    /// Works on what one host sent. A panic in there ends that host's media alone, until its next session.
    fn guarded(&mut self, now: Instant, id: SourceId, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.bury(now, id);
        }
    }

    /// The media of a host has panicked: its decoder and its voice are given up, and its tile goes the way of a lost host.
    fn bury(&mut self, now: Instant, id: SourceId) {
        metrics::counter!("costage_source_panics_total").increment(1);
        tracing::error!(source = id.0, "a host's media panicked; it was ended, others go on");
        self.sources.remove(&id);
        let Some(&stage) = self.shown_by.get(&id) else { return };
        for (_, running) in self.programs.iter_mut().filter(|(own, running)| running.is_part_of(**own, stage)) {
            running.program.mute(id);
            running.program.lose(now, id);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let due = |source: &Source| source.poll_timeout().is_some_and(|at| at <= now);
        let late: Vec<_> = self.sources.iter().filter(|(_, source)| due(source)).map(|(id, _)| *id).collect();
        for id in late {
            self.guarded(now, id, |studio| {
                if let Some(source) = studio.sources.get_mut(&id) {
                    source.handle_timeout(now);
                }
                studio.decode(id);
            });
        }
        self.rest_and_wake(now);
        let drawn = |running: &&mut Running| !running.resting && !matches!(running.phase, Phase::Awaiting(_));
        for running in self.programs.values_mut().filter(drawn) {
            running.program.handle_timeout(now);
        }
        self.open_what_is_due(now);
        self.end_overdue(now);
        self.produce();
        self.speak(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let programs = self.programs.iter().map(|(stage, running)| running.poll_timeout(self.is_watched(*stage)));
        earliest(programs.chain(self.sources.values().map(Source::poll_timeout)))
    }

    /// Whether a viewer sees this program, or is about to.
    fn is_watched(&self, stage: StageId) -> bool {
        is_watched(&self.surroundings.shards, stage)
    }

    fn publish(&mut self, now: Instant, id: SourceId, session: SessionKey, shard: ShardHandle, sends: Sends) {
        if let Some(away) = self.moved.get(&id) {
            return away.to.publish(id, session, shard, sends);
        }
        if self.ended.has(id) {
            return;
        }
        if let Some(source) = self.sources.get_mut(&id) {
            source.restart(session, shard, sends);
        } else {
            match Source::new(id, session, shard, sends) {
                Ok(source) => drop(self.sources.insert(id, source)),
                Err(error) => return tracing::error!(source = id.0, %error, "no decoder for this host"),
            }
        }
        let Some(&stage) = self.shown_by.get(&id) else { return };
        if let Some(running) = self.programs.get_mut(&stage) {
            running.program.rehear(now, id);
        }
        self.show(now, stage);
    }

    fn silence(&mut self, now: Instant, id: SourceId, session: SessionKey) {
        if let Some(away) = self.moved.get(&id) {
            return away.to.silence(id, session);
        }
        let Some(_) = self.sources.get(&id).filter(|source| source.session() == session) else { return };
        if let Some(running) = self.shown_by.get(&id).and_then(|stage| self.programs.get_mut(stage)) {
            running.program.lose(now, id);
        }
    }

    fn end_source(&mut self, id: SourceId) {
        self.sources.remove(&id);
        self.moved.remove(&id);
        self.arrivals.remove(&id);
        self.ended.remember(id);
        if let Some(running) = self.shown_by.remove(&id).and_then(|stage| self.programs.get_mut(&stage)) {
            running.program.mute(id);
        }
    }

    /// Decodes what is whole of one source, straight into its tile.
    fn decode(&mut self, id: SourceId) {
        let clock = &*self.surroundings.clock;
        let Some(source) = self.sources.get_mut(&id) else { return };
        let (programs, stage, shards) = (&mut self.programs, self.shown_by.get(&id), &self.surroundings.shards);
        source.decode(clock, &mut |picture, passed| {
            let Some(&stage) = stage else { return };
            let drawn =
                |(own, running): &(&StageId, &mut Running)| !running.resting && running.is_part_of(**own, stage);
            for (own, running) in programs.iter_mut().filter(drawn) {
                running.program.paint(clock.now(), id, picture, passed.arrived);
                if running.is_seen() && is_watched(shards, *own) {
                    running.shows.insert(id, passed.painted(clock.now()));
                }
            }
        });
    }

    /// Encodes every program that has something new to show and may. One that nobody sees is not encoded, and rests before
    /// long.
    fn produce(&mut self) {
        let Surroundings { clock, epoch, shards, .. } = &self.surroundings;
        let mut keyframes = Vec::new();
        let seen = self.programs.iter_mut().filter(|(_, running)| running.is_seen() && !running.resting);
        for (stage, running) in seen.filter(|(stage, _)| is_watched(shards, **stage)) {
            let started = clock.now();
            let produced = match running.program.produce(started, epoch.media_time(started), &|| clock.now()) {
                Ok(Some(produced)) => produced,
                Ok(None) => continue,
                Err(error) => {
                    self.unencoded.happened(started, MediaKind::Video, &error);
                    continue;
                }
            };
            metrics::counter!("costage_mixed_frames_total").increment(1);
            count_bytes(&produced.frame);
            if produced.frame.keyframe {
                keyframes.push(*stage);
            }
            let shows = std::mem::take(&mut running.shows).into_values().collect();
            let trace = FrameTrace::new(shows, started, produced.composed, clock.now());
            send(shards, &Outgoing { frame: Arc::new(produced.frame), trace: Some(Arc::new(trace)) });
            tell_unknown_characters();
        }
        keyframes.into_iter().for_each(|stage| self.end_joined(stage));
    }

    /// Mixes the sound that is due, between one packet and the next.
    pub(super) fn speak_when_due(&mut self, now: Instant) {
        let mut heard = self.programs.values().filter(|running| running.is_heard());
        if heard.any(|running| running.program.poll_sound_timeout() <= now) {
            self.speak(now);
        }
    }

    /// Mixes the sound that is due, and encodes it where somebody listens.
    fn speak(&mut self, now: Instant) {
        let Surroundings { epoch, shards, .. } = &self.surroundings;
        let mut broken = Vec::new();
        for (stage, running) in self.programs.iter_mut().filter(|(_, running)| running.is_heard()) {
            if let Err(error) = running.program.listen(listeners(shards, *stage)) {
                self.unencoded.happened(now, MediaKind::Audio, &error);
            }
            // Who listens to the others watches the program's picture as well.
            if !is_watched(shards, *stage) {
                running.program.be_silent(now);
            }
            let label = |at: Instant| {
                let captured = at.checked_sub(SOUND_AGE).unwrap_or(at);
                epoch.media_time(captured).ticks(AUDIO_CLOCK_HZ)
            };
            while let Some(frame) = running.program.speak(now, &label) {
                match frame {
                    Ok(frame) => {
                        count_bytes(&frame);
                        send(shards, &Outgoing { frame: Arc::new(frame), trace: None });
                    }
                    Err(error) => self.unencoded.happened(now, MediaKind::Audio, &error),
                }
            }
            for frame in running.program.take_returns() {
                count_bytes(&frame);
                send(shards, &Outgoing { frame: Arc::new(frame), trace: None });
            }
            count_sound(running.program.take_sound_stats());
            broken.extend(running.program.take_broken());
        }
        broken.into_iter().for_each(|id| self.bury(now, id));
    }
}

fn is_watched(shards: &[ShardHandle], stage: StageId) -> bool {
    shards.iter().any(|shard| shard.watches(producer_of(stage)))
}

/// Hosts who listen to the others on a stage, and as what producer.
fn listeners(shards: &[ShardHandle], stage: StageId) -> BTreeMap<SourceId, ProducerId> {
    let sources = shards.iter().flat_map(|shard| shard.listeners(stage));
    sources.map(|source| (source, return_of(stage, source))).collect()
}

/// Nicknames may be in any script, the fonts are not: what was drawn as a box is told, each character once.
fn tell_unknown_characters() {
    for character in unknown_characters() {
        let code_point = format!("U+{:04X}", u32::from(character));
        tracing::warn!(code_point, "no font has this character of a nickname; a box is drawn in its place");
    }
}

/// Pictures and blocks of sound that an encoder has failed at.
#[derive(Default)]
struct Unencoded {
    video: Complaint,
    audio: Complaint,
}

impl Unencoded {
    /// An encoder that fails is a bug: all are counted, and the log hears of it without being flooded by each frame.
    fn happened(&mut self, now: Instant, kind: MediaKind, error: &dyn std::error::Error) {
        metrics::counter!("costage_encode_errors_total").increment(1);
        let complaint = match kind {
            MediaKind::Video => &mut self.video,
            MediaKind::Audio => &mut self.audio,
        };
        if let Some(times) = complaint.happened(now) {
            tracing::error!(?kind, %error, times, "not encoded; `times` since this was last said");
        }
    }
}

fn count_sound(stats: SoundStats) {
    let SoundStats { playout, skipped_blocks } = stats;
    let PlayoutStats { late, empty, malformed, overflowed, concealed_samples, restarts, jumps } = playout;
    for (reason, packets) in [("late", late), ("empty", empty), ("malformed", malformed), ("overflow", overflowed)] {
        count("costage_sound_packets_dropped_total", Some(reason), packets);
    }
    for (reason, breaks) in [("restart", restarts), ("jump", jumps)] {
        count("costage_sound_breaks_total", Some(reason), breaks);
    }
    count("costage_sound_concealed_samples_total", None, concealed_samples);
    count("costage_sound_blocks_skipped_total", None, skipped_blocks);
}

/// Adds to a counter, unless there is nothing to add: most of the time there is not.
fn count(name: &'static str, reason: Option<&'static str>, more: u64) {
    match reason {
        _ if more == 0 => {}
        Some(reason) => metrics::counter!(name, "reason" => reason).increment(more),
        None => metrics::counter!(name).increment(more),
    }
}

fn count_bytes(frame: &Frame) {
    let bytes: usize = frame.packets.iter().map(|packet| packet.payload.len()).sum();
    metrics::counter!("costage_mixed_bytes_total").increment(u64::try_from(bytes).unwrap_or(u64::MAX));
}

fn send(shards: &[ShardHandle], outgoing: &Outgoing) {
    shards.iter().for_each(|shard| shard.send(outgoing));
}

#[cfg(test)]
mod tests;
