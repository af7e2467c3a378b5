//! From scene to scene: programs are made, turn into others, end; sources move between programs and threads.

use super::{Away, Studio};
use crate::engine::gallery::Whose;
use crate::engine::mix_thread::{MixConfig, MixHandle, Moved, Order, producer_of};
use crate::engine::running::{Joins, Phase, Running};
use crate::engine::source::Source;
use crate::live::StageId;
use costage_media::mix::{MOTION, Program, ProgramConfig};
use costage_media::scene::{Scene, SourceId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How long a program turns into one that is open already. Keyframes are at most half a second apart there, and a wish for
/// one is repeated after a second.
const JOIN_MAX: Duration = Duration::from_secs(2);

impl Studio {
    pub(super) fn stage(&mut self, now: Instant, stage: StageId, scene: Scene, awaited: BTreeSet<SourceId>) {
        let fresh = !self.programs.contains_key(&stage);
        if fresh && !self.make(now, stage, &scene) {
            return;
        }
        let sources: BTreeSet<SourceId> = scene.sources().collect();
        let before: BTreeSet<StageId> =
            sources.iter().filter_map(|source| self.shown_by.get(source).copied()).collect();
        for source in &sources {
            self.bring(now, stage, *source);
        }
        let Some(running) = self.programs.get_mut(&stage) else { return };
        let old = std::mem::replace(&mut running.scene, scene);
        let mut last_awaited = false;
        for gone in old.sources().filter(|source| !sources.contains(source)) {
            running.program.mute(gone);
            last_awaited |= running.arrived(gone);
            if self.shown_by.get(&gone) == Some(&stage) {
                self.shown_by.remove(&gone);
            }
        }
        if last_awaited {
            self.open_after_turning(now, stage);
        }
        if fresh {
            self.follow_on(now, stage, &before, awaited);
        } else {
            before.into_iter().filter(|old| *old != stage).for_each(|old| self.join(now, old, stage, &sources));
        }
        self.show(now, stage);
    }

    /// A host comes to a program that runs already: its own turns into that one until the next keyframe there.
    fn join(&mut self, now: Instant, old: StageId, stage: StageId, sources: &BTreeSet<SourceId>) {
        let comes = |running: &&mut Running| running.is_shown() && running.goes_wholly_to(sources);
        if let Some(running) = self.programs.get_mut(&old).filter(comes) {
            running.phase = Phase::Turning(stage);
            running.joins = Some(Joins { asked: false, until: now + JOIN_MAX });
        }
    }

    /// A viewer asked for a keyframe of `stage`: the next one ends what turns into it.
    pub(super) fn note_wish(&mut self, stage: StageId) {
        for running in self.programs.values_mut().filter(|running| running.phase == Phase::Turning(stage)) {
            running.joins = running.joins.map(|joins| Joins { asked: true, ..joins });
        }
    }

    /// `stage` has made a keyframe: the viewers of what was turning into it, and asked for one, are there now.
    pub(super) fn end_joined(&mut self, stage: StageId) {
        let joined = |running: &Running| running.joins.is_some_and(|joins| joins.asked);
        self.programs.retain(|_, running| !(running.phase == Phase::Turning(stage) && joined(running)));
    }

    /// Ends what turned into a program that nobody asked for a keyframe.
    pub(super) fn end_overdue(&mut self, now: Instant) {
        self.programs.retain(|_, running| running.joins.is_none_or(|joins| joins.until > now));
    }

    /// Makes the program of a new stage.
    fn make(&mut self, now: Instant, stage: StageId, scene: &Scene) -> bool {
        let MixConfig { kernels, max_fps, bitrate_bps } = self.surroundings.config;
        let config = ProgramConfig { kernels, max_fps, bitrate_bps };
        match Program::new(now, producer_of(stage), config, scene.canvas) {
            Ok(program) => {
                let (scene, shows, resting) = (scene.clone(), BTreeMap::new(), !self.is_watched(stage));
                let (phase, joins, unseen_since) = (Phase::Open, None, None);
                let running = Running { program, scene, phase, shows, resting, unseen_since, joins };
                self.programs.insert(stage, running);
                true
            }
            Err(error) => {
                tracing::error!(stage = stage.0, %error, "no encoder of sound for this stage");
                false
            }
        }
    }

    /// A new program follows on those that had its sources before: where others stay behind, it goes on from that picture;
    /// those that it takes everybody from turn into it first. What rests shows nobody a change.
    fn follow_on(&mut self, now: Instant, stage: StageId, before: &BTreeSet<StageId>, awaited: BTreeSet<SourceId>) {
        let Some(mut new) = self.programs.remove(&stage) else { return };
        let sources: BTreeSet<SourceId> = new.scene.sources().collect();
        let followed = |(old, running): &(&StageId, &mut Running)| !running.resting && before.contains(*old);
        for (_, running) in self.programs.iter_mut().filter(followed) {
            if !running.goes_wholly_to(&sources) {
                // Its viewers are some of the other's, and are about to be pointed here.
                new.resting = false;
                new.program.continue_from(&mut running.program);
            } else if running.phase == Phase::Open {
                running.phase = Phase::Turning(stage);
            }
        }
        let complete = awaited.is_empty();
        new.phase = Phase::Awaiting(awaited);
        self.programs.insert(stage, new);
        if complete {
            self.open_after_turning(now, stage);
        }
    }

    /// All sources of a new program are here: it is seen when those that turn into it have done so.
    fn open_after_turning(&mut self, now: Instant, stage: StageId) {
        let turning = self.programs.values().any(|running| running.phase == Phase::Turning(stage));
        if let Some(running) = self.programs.get_mut(&stage) {
            running.phase = if turning { Phase::Opening(now + MOTION) } else { Phase::Open };
        }
    }

    /// Has `stage`, and the programs that turn into it, show its scene, with what is known of the hosts and their last
    /// pictures.
    pub(super) fn show(&mut self, now: Instant, stage: StageId) {
        let Some(scene) = self.programs.get(&stage).map(|running| running.scene.clone()) else { return };
        let dressed = self.dressed(&scene);
        let mut drawn = Vec::new();
        for (own, running) in self.programs.iter_mut().filter(|(id, running)| running.is_part_of(**id, stage)) {
            running.scene = scene.clone();
            drawn.push(*own);
        }
        drawn.into_iter().for_each(|own| self.draw(now, own, &dressed));
    }

    /// Has a program show this scene, with the hosts' last pictures; one that rests only hears it.
    pub(super) fn draw(&mut self, now: Instant, own: StageId, dressed: &Scene) {
        let Some(running) = self.programs.get_mut(&own) else { return };
        if running.resting {
            return running.program.set_voices(dressed);
        }
        running.program.set_scene(now, dressed.clone());
        for tile in &dressed.tiles {
            if let Some((picture, since)) = self.sources.get(&tile.source).and_then(Source::last) {
                running.program.repaint(now, tile.source, picture, since);
            }
        }
    }

    /// The scene with what the hosts' sessions say: one that sends no voice is muted, one that sends no picture has its
    /// camera closed. And with the pictures that they have uploaded.
    pub(super) fn dressed(&self, scene: &Scene) -> Scene {
        let mut scene = scene.clone();
        for tile in &mut scene.tiles {
            if let Some(source) = self.sources.get(&tile.source) {
                tile.muted |= !source.sends().audio;
                tile.camera &= source.sends().video;
            }
        }
        self.surroundings.gallery.dress(&mut scene);
        scene
    }

    /// Pictures that show these show the avatars that they have now.
    pub(super) fn redress(&mut self, now: Instant, whose: &Whose) {
        let shows = |running: &Running| running.scene.faces().any(|face| whose.is(face));
        let stages: Vec<_> = self.programs.iter().filter(|(_, running)| shows(running)).map(|(id, _)| *id).collect();
        stages.into_iter().for_each(|stage| self.show(now, stage));
    }

    /// Programs whose time has come are seen; those that have turned into them end.
    pub(super) fn open_what_is_due(&mut self, now: Instant) {
        let due = |running: &Running| matches!(running.phase, Phase::Opening(at) if at <= now);
        let opened: Vec<_> = self.programs.iter().filter(|(_, running)| due(running)).map(|(id, _)| *id).collect();
        for stage in opened {
            self.programs.retain(|_, running| running.phase != Phase::Turning(stage));
            if let Some(running) = self.programs.get_mut(&stage) {
                running.phase = Phase::Open;
            }
        }
    }

    pub(super) fn end_stage(&mut self, stage: StageId) {
        // One that turns into another ends when that one opens.
        let turning = self.programs.get(&stage).is_some_and(|running| matches!(running.phase, Phase::Turning(_)));
        if !turning {
            self.programs.remove(&stage);
            self.programs.retain(|_, running| running.phase != Phase::Turning(stage));
            self.shown_by.retain(|_, by| *by != stage);
        }
    }

    /// `source` is in `stage` from now on; its sound comes along from the program that had it. One that has not published
    /// yet gets a voice when it does: most of the seats of a large connection are silent.
    fn bring(&mut self, now: Instant, stage: StageId, source: SourceId) {
        let before = self.shown_by.insert(source, stage);
        if before == Some(stage) {
            return;
        }
        let sound = before.and_then(|old| self.programs.get_mut(&old)).and_then(|old| old.program.take_sound(source));
        let has_published = self.sources.contains_key(&source);
        if let Some(running) = self.programs.get_mut(&stage).filter(|_| has_published || sound.is_some()) {
            running.program.put_sound(now, source, sound);
        }
    }

    /// `id` leaves for another thread. If it has not come here yet itself, it is sent on when it does.
    pub(super) fn hand_over(&mut self, now: Instant, id: SourceId, to: MixHandle, number: u64) {
        let here = self.arrivals.get(&id).copied().unwrap_or(0) + 1 == number;
        let stage = self.shown_by.remove(&id);
        let shown_by = &self.shown_by;
        let program = stage.and_then(|stage| self.programs.get_mut(&stage));
        // Of a host and its guests, who go one after the other, the last takes their program along.
        let stays = |source: SourceId| shown_by.get(&source).copied() == stage;
        let open = program.as_ref().filter(|running| running.is_shown());
        let is_last = open.is_some_and(|running| !running.scene.sources().any(stays));
        let (mut sound, mut last_awaited) = (None, false);
        if let Some(running) = program {
            sound = running.program.take_sound(id);
            last_awaited = running.arrived(id);
        }
        if let Some(stage) = stage.filter(|_| last_awaited) {
            self.open_after_turning(now, stage);
        }
        if here {
            let program = stage.filter(|_| is_last).and_then(|stage| self.programs.remove_entry(&stage));
            let moved = Moved { source: id, number, video: self.sources.remove(&id), sound, program };
            to.order(Order::Attach(Box::new(moved)));
        }
        self.moved.insert(id, Away { to, number });
    }

    pub(super) fn attach(&mut self, now: Instant, moved: Moved) {
        let id = moved.source;
        if self.ended.has(id) {
            return;
        }
        self.arrivals.insert(id, moved.number);
        if let Some(away) = self.moved.get(&id).filter(|away| away.number > moved.number) {
            return away.to.order(Order::Attach(Box::new(Moved { number: away.number, ..moved })));
        }
        self.moved.remove(&id);
        if let Some(video) = moved.video {
            // A session that began meanwhile is here already.
            if self.sources.get(&id).is_none_or(|newer| newer.session() <= video.session()) {
                self.sources.insert(id, video);
            }
        }
        let Some(&stage) = self.shown_by.get(&id) else { return };
        let Some(running) = self.programs.get_mut(&stage) else { return };
        if moved.sound.is_some() || self.sources.contains_key(&id) {
            running.program.put_sound(now, id, moved.sound);
        }
        let (new, last) = (running.is_new(), running.arrived(id));
        if let Some((old, program)) = moved.program {
            let joins = (!new).then_some(Joins { asked: false, until: now + JOIN_MAX });
            self.programs.insert(old, Running { phase: Phase::Turning(stage), joins, ..program });
        }
        if last {
            self.open_after_turning(now, stage);
        }
        self.show(now, stage);
    }
}
