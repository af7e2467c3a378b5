//! What a viewer makes of the packets it hears: pictures and blocks of sound with their capture times, and figures.
//!
//! Sans-IO; pictures go to an [`Audience`] straight from the decoder's planes.

use super::chain::{AUDIO_PAYLOAD_TYPE, VIDEO_PAYLOAD_TYPE};
use super::freeze::FreezeCounter;
use super::tap::HeardRtp;
use super::unroll::Unroll;
use costage_media::codec::{AudioDecoder, VideoDecoder};
use costage_media::frame::{AudioBlock, PictureRef};
use costage_media::jitter::{AccessUnit, VideoEvent, VideoInput};
use costage_media::packet::{ExtSeq, MediaKind, RtpIn, SenderClock};
use costage_media::time::{AUDIO_CLOCK_HZ, Ntp, VIDEO_CLOCK_HZ};
use std::time::{Duration, Instant};

/// Is shown what a viewer receives, on the viewer's own thread.
pub trait Audience: Send {
    /// An access unit (Annex B) as it was received, before it is decoded.
    fn unit(&mut self, data: &[u8], keyframe: bool) {
        let _ = (data, keyframe);
    }

    /// The payload of a video packet as it came, in the order of arrival: units hold nothing that is not decoded.
    fn packet(&mut self, payload: &[u8]) {
        let _ = payload;
    }

    /// A decoded picture.
    fn picture(&mut self, picture: PictureRef<'_>, seen: &Seen);

    /// 20 ms of decoded sound; lost packets come as concealed blocks.
    fn sound(&mut self, block: &AudioBlock, seen: &Seen) {
        let _ = (block, seen);
    }
}

/// When something that is shown was captured and received.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Extended RTP timestamp.
    pub timestamp: u64,
    /// Capture time by the sender's clock; `None` before the stream's first sender report.
    pub captured: Option<Ntp>,
    /// When the last packet of it was read from the socket.
    pub received_at: Instant,
    /// Bytes of it on the wire, RTP payload only.
    pub bytes: usize,
}

/// What a viewer has seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ViewerFigures {
    /// RTP packets of both kinds.
    pub packets: u64,
    /// RTP payload bytes of video.
    pub video_bytes: u64,
    /// Pictures decoded.
    pub pictures: u64,
    /// Keyframes among them.
    pub keyframes: u64,
    /// Access units that the decoder refused.
    pub undecodable: u64,
    /// Keyframes asked for.
    pub keyframes_asked: u64,
    /// Blocks of sound, concealed ones too.
    pub blocks: u64,
    /// Blocks of sound that had to be concealed.
    pub concealed: u64,
    /// Freezes as the statistics of WebRTC count them (see [`super::freeze`]).
    pub freezes: u64,
}

/// Blocks concealed in a row at most: 100 ms. After a longer gap the sound just goes on.
const CONCEALED_MAX: u64 = 5;

/// One direction of one viewer.
pub(crate) struct Receiving {
    video: Line,
    audio: Line,
    input: VideoInput,
    decoder: Box<dyn VideoDecoder>,
    sound: Box<dyn AudioDecoder>,
    block: AudioBlock,
    next_block: Option<ExtSeq>,
    freezes: FreezeCounter,
    figures: ViewerFigures,
    keyframe_wanted: bool,
}

/// The wire's counters and clock of one stream.
struct Line {
    hz: u32,
    ssrc: Option<u32>,
    sequence: Unroll<16>,
    timestamp: Unroll<32>,
    clock: Option<SenderClock>,
}

impl Line {
    fn new(hz: u32) -> Self {
        Self { hz, ssrc: None, sequence: Unroll::default(), timestamp: Unroll::default(), clock: None }
    }

    fn captured(&self, timestamp: u64) -> Option<Ntp> {
        let clock = self.clock?;
        let micros = |ticks: u64| Duration::from_micros(ticks * 1_000_000 / u64::from(self.hz));
        if timestamp >= clock.timestamp {
            return Some(clock.ntp.plus(micros(timestamp - clock.timestamp)));
        }
        let back = Ntp(0).plus(micros(clock.timestamp - timestamp));
        Some(Ntp(clock.ntp.0.wrapping_sub(back.0)))
    }
}

impl Receiving {
    pub(crate) fn new(decoder: Box<dyn VideoDecoder>, sound: Box<dyn AudioDecoder>) -> Self {
        Self {
            video: Line::new(VIDEO_CLOCK_HZ),
            audio: Line::new(AUDIO_CLOCK_HZ),
            input: VideoInput::new(),
            decoder,
            sound,
            block: AudioBlock::silent(),
            next_block: None,
            freezes: FreezeCounter::default(),
            figures: ViewerFigures::default(),
            keyframe_wanted: false,
        }
    }

    pub(crate) fn figures(&self) -> ViewerFigures {
        ViewerFigures { freezes: self.freezes.count(), ..self.figures }
    }

    /// The video stream's SSRC, if a keyframe should be asked for now.
    pub(crate) fn poll_keyframe_wanted(&mut self) -> Option<u32> {
        let ssrc = self.video.ssrc?;
        let wanted = std::mem::take(&mut self.keyframe_wanted);
        self.figures.keyframes_asked += u64::from(wanted);
        wanted.then_some(ssrc)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.input.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, audience: &mut dyn Audience) {
        self.input.handle_timeout(now);
        self.show_units(audience);
    }

    pub(crate) fn handle_report(&mut self, ssrc: u32, ntp: Ntp, timestamp: u32) {
        for (line, kind) in [(&mut self.video, MediaKind::Video), (&mut self.audio, MediaKind::Audio)] {
            if line.ssrc == Some(ssrc) {
                let timestamp = line.timestamp.extend(timestamp);
                line.clock = Some(SenderClock { kind, ntp, timestamp });
            }
        }
    }

    pub(crate) fn handle_rtp(&mut self, heard: HeardRtp, audience: &mut dyn Audience) {
        let (line, kind) = match heard.payload_type {
            VIDEO_PAYLOAD_TYPE => (&mut self.video, MediaKind::Video),
            AUDIO_PAYLOAD_TYPE => (&mut self.audio, MediaKind::Audio),
            _ => return,
        };
        line.ssrc = Some(heard.ssrc);
        self.figures.packets += 1;
        let packet = RtpIn {
            kind,
            seq: ExtSeq(line.sequence.extend(u32::from(heard.sequence))),
            timestamp: line.timestamp.extend(heard.timestamp),
            marker: heard.marker,
            payload: heard.payload,
            received_at: heard.received_at,
        };
        match kind {
            MediaKind::Video => {
                self.figures.video_bytes += packet.payload.len() as u64;
                audience.packet(&packet.payload);
                self.input.push(packet.received_at, packet);
                self.show_units(audience);
            }
            MediaKind::Audio => self.hear(&packet, audience),
        }
    }

    fn show_units(&mut self, audience: &mut dyn Audience) {
        while let Some(event) = self.input.poll() {
            match event {
                VideoEvent::Unit(unit) => self.show(&unit, audience),
                VideoEvent::KeyframeNeeded => self.keyframe_wanted = true,
            }
        }
    }

    fn show(&mut self, unit: &AccessUnit, audience: &mut dyn Audience) {
        audience.unit(&unit.data, unit.keyframe);
        match self.decoder.decode(&unit.data) {
            Ok(Some(picture)) => {
                self.figures.pictures += 1;
                self.figures.keyframes += u64::from(unit.keyframe);
                self.freezes.shown(unit.arrived);
                let seen = Seen {
                    timestamp: unit.timestamp,
                    captured: self.video.captured(unit.timestamp),
                    received_at: unit.arrived,
                    bytes: unit.data.len(),
                };
                audience.picture(picture, &seen);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "picture not decoded");
                self.figures.undecodable += 1;
                self.keyframe_wanted = true;
            }
        }
    }

    fn hear(&mut self, packet: &RtpIn, audience: &mut dyn Audience) {
        let expected = self.next_block.unwrap_or(packet.seq);
        if packet.seq < expected {
            return;
        }
        let missing = packet.seq.0 - expected.0;
        if missing <= CONCEALED_MAX {
            for back in (1..=missing).rev() {
                self.sound.conceal(&mut self.block);
                self.figures.concealed += 1;
                self.play(packet.timestamp.saturating_sub(back * 960), packet, audience);
            }
        }
        self.next_block = Some(ExtSeq(packet.seq.0 + 1));
        match self.sound.decode(&packet.payload, &mut self.block) {
            Ok(()) => self.play(packet.timestamp, packet, audience),
            Err(error) => tracing::debug!(%error, "sound not decoded"),
        }
    }

    fn play(&mut self, timestamp: u64, packet: &RtpIn, audience: &mut dyn Audience) {
        self.figures.blocks += 1;
        let seen = Seen {
            timestamp,
            captured: self.audio.captured(timestamp),
            received_at: packet.received_at,
            bytes: packet.payload.len(),
        };
        audience.sound(&self.block, &seen);
    }
}
