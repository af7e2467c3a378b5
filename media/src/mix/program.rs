//! One stage's picture and sound, from tiles and voices to packets of one producer.

use super::pacing::{KeyframeMerge, Pacer};
use super::teller::Teller;
use super::{AudioMixer, AudioSource, SoundStats, VideoMixer};
use crate::codec::annexb::nal_type;
use crate::codec::{EncodeError, SoundError, VideoEncoder, openh264};
use crate::forward::{Frame, ProducerId};
use crate::frame::{PictureRef, Size};
use crate::jitter::h264::{PAYLOAD_BYTES_MAX, packetise};
use crate::kernel::Kernels;
use crate::packet::{ExtSeq, MediaKind, Packet, RtpIn};
use crate::scene::{Scene, SourceId};
use crate::time::{MediaTime, VIDEO_CLOCK_HZ};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What a program is made like.
#[derive(Debug, Clone, Copy)]
pub struct ProgramConfig {
    /// The picked SIMD level.
    pub kernels: Kernels,
    /// Encodes a second, at most.
    pub max_fps: u32,
    /// Video bit rate to aim at, bits per second.
    pub bitrate_bps: u32,
}

/// A picture that does not change is encoded once more after this: players and what lies between take a stream without
/// packets for a broken one.
const REPEAT_AFTER: Duration = Duration::from_secs(1);

/// A video frame that is ready to be sent.
#[derive(Debug)]
pub struct Produced {
    /// Its packets.
    pub frame: Frame,
    /// When composition was done and encoding began.
    pub composed: Instant,
}

/// Paints on arrival, encodes when something changed and a frame is due, sums the voices each 20 ms.
pub struct Program {
    producer: ProducerId,
    config: ProgramConfig,
    video: VideoMixer,
    /// Made for the first picture and for each of another size: megabytes that a program nobody ever sees does without.
    encoder: Option<(Size, Box<dyn VideoEncoder>)>,
    pacer: Pacer<SourceId>,
    keyframes: KeyframeMerge,
    /// When the last picture was encoded.
    encoded: Option<Instant>,
    teller: Teller,
    audio: AudioMixer,
    video_seq: ExtSeq,
    audio_seq: ExtSeq,
    /// Hosts who hear everybody but themselves, and as what producer.
    listeners: BTreeMap<SourceId, ProducerId>,
    /// What they are to hear of the blocks made since [`Program::take_returns`].
    returns: Vec<Frame>,
}

impl Program {
    /// A program with an empty picture of size `canvas`. Its first frame is a keyframe.
    ///
    /// # Errors
    /// When opus refuses to make an encoder.
    pub fn new(now: Instant, producer: ProducerId, config: ProgramConfig, canvas: Size) -> Result<Self, EncodeError> {
        let ProgramConfig { kernels, max_fps, .. } = config;
        let mut keyframes = KeyframeMerge::new();
        keyframes.request(now);
        Ok(Self {
            producer,
            config,
            video: VideoMixer::new(kernels, canvas),
            encoder: None,
            pacer: Pacer::new(now, max_fps),
            keyframes,
            encoded: None,
            teller: Teller::default(),
            audio: AudioMixer::new(kernels, now)?,
            video_seq: ExtSeq(0),
            audio_seq: ExtSeq(0),
            listeners: BTreeMap::new(),
            returns: Vec::new(),
        })
    }

    /// Begins with the picture of another program, which the next scene moves on from: viewers who come from there see
    /// their layout change, not a cut.
    pub fn continue_from(&mut self, before: &mut Self) {
        self.video.continue_from(&mut before.video);
    }

    /// An empty picture of size `canvas`, as a new program has: what was drawn before is of no use to who comes now. The
    /// voices stay as they are, and a keyframe is wanted.
    pub fn begin_anew(&mut self, now: Instant, canvas: Size) {
        self.video = VideoMixer::new(self.config.kernels, canvas);
        self.keyframes.request(now);
    }

    /// As [`Program::set_scene`], for the voices alone.
    pub fn set_voices(&mut self, scene: &Scene) {
        self.audio.silence(scene.muted());
    }

    /// What should be drawn and heard from now on. Who is muted is not heard, with a tile or without.
    pub fn set_scene(&mut self, now: Instant, mut scene: Scene) {
        self.set_voices(&scene);
        self.teller.set(scene.sei.take());
        self.video.set_scene(now, scene);
        self.redrawn(now);
    }

    /// A new picture of `source`, straight from its decoder; its last packet `arrived` then.
    pub fn paint(&mut self, now: Instant, source: SourceId, picture: PictureRef<'_>, arrived: Instant) {
        self.video.paint(now, source, picture);
        self.pacer.changed(now, Some((source, arrived)));
    }

    /// The last picture of `source` again, after its tile has moved; it was first painted at `since`.
    pub fn repaint(&mut self, now: Instant, source: SourceId, picture: PictureRef<'_>, since: Instant) {
        self.video.repaint(now, source, picture, since);
        self.redrawn(now);
    }

    /// The media of `source` has ended: its tile goes the way of a lost host. Its voice stays and falls silent by itself,
    /// when what waits of it has been heard; [`Program::rehear`] and [`Program::mute`] end it.
    pub fn lose(&mut self, now: Instant, source: SourceId) {
        self.video.lose(now, source);
        self.redrawn(now);
    }

    /// A sound packet of `source`.
    pub fn hear(&mut self, now: Instant, source: SourceId, packet: RtpIn) {
        self.audio.push(now, source, packet);
    }

    /// `source` publishes anew: its sound starts over.
    pub fn rehear(&mut self, now: Instant, source: SourceId) {
        self.audio.remove(source);
        self.audio.add(now, source);
    }

    /// `source` is not part of this program any more.
    pub fn mute(&mut self, source: SourceId) {
        self.audio.remove(source);
        self.pacer.forget(source);
    }

    /// Voices that were left out since the last call because decoding them panicked.
    pub fn take_broken(&mut self) -> Vec<SourceId> {
        self.audio.take_broken()
    }

    /// Delays the voice of `source` so that it fits its picture.
    pub fn set_trim(&mut self, source: SourceId, trim: Duration) {
        self.audio.set_trim(source, trim);
    }

    /// Takes the voice of `source` along to another program.
    pub fn take_sound(&mut self, source: SourceId) -> Option<AudioSource> {
        self.audio.take(source)
    }

    /// Puts a voice that another program had, or a new one.
    pub fn put_sound(&mut self, now: Instant, source: SourceId, sound: Option<AudioSource>) {
        match sound {
            Some(sound) => self.audio.put(now, source, sound),
            None => self.audio.add(now, source),
        }
    }

    /// A viewer needs a keyframe; requests are merged to at most two a second.
    pub fn request_keyframe(&mut self, now: Instant) {
        self.keyframes.request(now);
    }

    /// When [`Program::handle_timeout`] or [`Program::produce`] should next be called.
    #[must_use]
    pub fn poll_picture_timeout(&self) -> Option<Instant> {
        let [pacer, teller] = [self.pacer.poll_timeout(), self.teller.poll_timeout()];
        let repeat = self.encoded.map(|last| last + REPEAT_AFTER);
        let wakes = [pacer, teller, self.video.poll_timeout(), self.keyframes.poll_timeout(), repeat];
        wakes.into_iter().flatten().min()
    }

    /// When [`Program::speak`] should next be called.
    #[must_use]
    pub fn poll_sound_timeout(&self) -> Instant {
        self.audio.poll_timeout()
    }

    /// Moves tiles, slides, holds and dims on.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.video.handle_timeout(now);
        self.redrawn(now);
    }

    /// Something but a source's frame may have changed the picture.
    fn redrawn(&mut self, now: Instant) {
        if self.video.is_dirty() || self.teller.is_due(now) {
            self.pacer.changed(now, None);
        }
    }

    /// The next video frame, if one is due: something changed and the pace allows it, or a keyframe is wanted, or nothing
    /// has changed for a second.
    /// `at` is `now` on the media time line; `clock` is asked between the steps, so that each can be measured.
    ///
    /// # Errors
    /// When the picture could not be encoded: it is lost, and a keyframe is due half a second later. Also when a scene of
    /// another size needs an encoder that cannot be made.
    pub fn produce(
        &mut self,
        now: Instant,
        at: MediaTime,
        clock: &dyn Fn() -> Instant,
    ) -> Result<Option<Produced>, EncodeError> {
        let idr = self.keyframes.due(now);
        let due = self.pacer.due(now);
        let repeat = self.encoded.is_some_and(|last| last + REPEAT_AFTER <= now);
        if !idr && !due && !repeat {
            return Ok(None);
        }
        if !idr && !repeat && !self.video.is_dirty() && !self.teller.is_due(now) {
            self.pacer.passed();
            return Ok(None);
        }
        // A keyframe out of turn costs no token: hosts of the full rate would never let it be earned back.
        if due {
            self.pacer.encoded(now)
        } else {
            self.pacer.passed()
        }
        // Also of one that failed: what is broken is not tried in a loop.
        self.encoded = Some(now);
        let produced = self.encode(now, at, idr, clock);
        // A keyframe that was wanted and did not come must not be due at once again; and what is left out of a stream
        // is made up for by a keyframe only.
        if produced.is_err() || idr && !matches!(&produced, Ok(Some(produced)) if produced.frame.keyframe) {
            self.keyframes.postpone(now);
        }
        produced
    }

    fn encode(
        &mut self,
        now: Instant,
        at: MediaTime,
        idr: bool,
        clock: &dyn Fn() -> Instant,
    ) -> Result<Option<Produced>, EncodeError> {
        let picture = self.video.compose(now);
        let composed = clock();
        let size = picture.size();
        // Another canvas is a cut: the new encoder's first picture is a keyframe with its own parameter sets.
        let fitting = self.encoder.take().filter(|(made_for, _)| *made_for == size);
        let (_, encoder) = self.encoder.insert(match fitting {
            Some(fitting) => fitting,
            None => (size, encoder_for(self.config, size)?),
        });
        let Some(encoded) = encoder.encode(picture, at, idr)? else { return Ok(None) };
        let keyframe = encoded.keyframe;
        if keyframe {
            self.keyframes.done(now);
        }
        let told = self.teller.tell(now, keyframe);
        let mut nals = encoded.nals;
        if let Some(told) = &told {
            // Parameter sets first (H.264 §7.4.1.2.3), then what is said of the picture, then the picture.
            let at = nals.iter().position(|nal| matches!(nal_type(nal), 1..=5)).unwrap_or(nals.len());
            nals.insert(at, told);
        }
        let payloads = packetise(&nals, PAYLOAD_BYTES_MAX);
        let timestamp = at.ticks(VIDEO_CLOCK_HZ);
        let packets = payloads
            .into_iter()
            .map(|(payload, marker)| Packet { seq: advance(&mut self.video_seq), timestamp, marker, payload })
            .collect();
        let producer = self.producer;
        Ok(Some(Produced { frame: Frame { producer, kind: MediaKind::Video, keyframe, packets }, composed }))
    }

    /// From now on these hosts hear everybody but themselves, each by a producer of its own: see [`Program::take_returns`].
    ///
    /// # Errors
    /// When opus refuses to make an encoder.
    pub fn listen(&mut self, listeners: BTreeMap<SourceId, ProducerId>) -> Result<(), EncodeError> {
        if self.listeners != listeners {
            self.audio.listen(listeners.keys().copied())?;
            self.listeners = listeners;
        }
        Ok(())
    }

    /// What listening hosts hear: of each block that [`Program::speak`] made since this was last called, a frame for each.
    pub fn take_returns(&mut self) -> Vec<Frame> {
        std::mem::take(&mut self.returns)
    }

    /// The next 20 ms of sound, if due; `label` gives the timestamp of the block that is heard at a moment. An error is a
    /// block that could not be encoded and is left out; the next one follows.
    pub fn speak(&mut self, now: Instant, label: &dyn Fn(Instant) -> u64) -> Option<Result<Frame, SoundError>> {
        let mixed = self.audio.mix(now)?;
        self.teller.hear(self.audio.speakers());
        self.video.hear(|source| self.audio.loudness(source));
        self.redrawn(now);
        Some(mixed.map(|mixed| {
            // The same numbers for all: a listener who comes back finds them risen.
            let (seq, timestamp) = (advance(&mut self.audio_seq), label(mixed.at));
            let frame = |producer, payload| {
                let packet = Packet { seq, timestamp, marker: false, payload };
                Frame { producer, kind: MediaKind::Audio, keyframe: true, packets: Box::new([packet]) }
            };
            let known = mixed.without.into_iter();
            let known = known.filter_map(|(source, payload)| Some((*self.listeners.get(&source)?, payload)));
            self.returns.extend(known.map(|(producer, payload)| frame(producer, payload)));
            frame(self.producer, mixed.packet)
        }))
    }

    /// Sound that is due and that nobody listens to passes.
    pub fn be_silent(&mut self, now: Instant) {
        self.audio.pass(now);
    }

    /// What happened to the voices since this was last asked.
    pub fn take_sound_stats(&mut self) -> SoundStats {
        self.audio.take_stats()
    }
}

fn encoder_for(config: ProgramConfig, size: Size) -> Result<Box<dyn VideoEncoder>, EncodeError> {
    let ProgramConfig { max_fps, bitrate_bps, .. } = config;
    Ok(Box::new(openh264::Encoder::new(openh264::EncoderConfig { size, bitrate_bps, max_fps })?))
}

fn advance(seq: &mut ExtSeq) -> ExtSeq {
    let this = *seq;
    seq.0 += 1;
    this
}

#[cfg(test)]
mod tests;
