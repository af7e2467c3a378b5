//! One host, or guest, as a mix thread holds it: reorder ring, decoder, and the clock map that keeps its sound beside its picture.

use super::clock::Clock;
use super::peer::{Sends, SessionKey};
use super::shard::ShardHandle;
use super::trace::SourceStamp;
use costage_media::codec::{DecodeError, VideoDecoder, openh264};
use costage_media::frame::PictureRef;
use costage_media::jitter::{AccessUnit, SyncTrim, VideoEvent, VideoInput};
use costage_media::packet::{MediaKind, RtpIn, SenderClock};
use costage_media::scene::SourceId;
use std::time::{Duration, Instant};

/// One host's receiving side in the mix. Moves between threads as a whole.
pub(super) struct Source {
    id: SourceId,
    session: SessionKey,
    shard: ShardHandle,
    sends: Sends,
    input: VideoInput,
    /// Of the packets that `input` gave up, those that are counted.
    given_up: u64,
    decoder: Box<dyn VideoDecoder>,
    sync: SyncTrim,
    /// When the last picture was decoded.
    seen_at: Option<Instant>,
    /// Its pictures are for nobody at the moment.
    passed_over: bool,
    /// When the last packet of such a picture came.
    passed_at: Option<Instant>,
}

impl Source {
    /// A host whose first session is `session` on `shard`.
    ///
    /// # Errors
    /// When openh264 gives no decoder.
    pub(super) fn new(
        id: SourceId,
        session: SessionKey,
        shard: ShardHandle,
        sends: Sends,
    ) -> Result<Self, DecodeError> {
        let decoder = Box::new(openh264::Decoder::new());
        let (input, sync) = (VideoInput::new(), synchroniser());
        let (seen_at, passed_over, passed_at) = (None, false, None);
        Ok(Self { id, session, shard, sends, input, given_up: 0, decoder, sync, seen_at, passed_over, passed_at })
    }

    /// Decodes with something else.
    #[cfg(test)]
    pub(super) fn set_decoder(&mut self, decoder: Box<dyn VideoDecoder>) {
        self.decoder = decoder;
    }

    pub(super) fn session(&self) -> SessionKey {
        self.session
    }

    /// What its session has.
    pub(super) fn sends(&self) -> Sends {
        self.sends
    }

    /// A new session publishes in this place: sequence numbers and clocks begin anew, the picture stays until the
    /// first new one.
    pub(super) fn restart(&mut self, session: SessionKey, shard: ShardHandle, sends: Sends) {
        (self.session, self.shard, self.sends) = (session, shard, sends);
        (self.input, self.given_up, self.sync) = (VideoInput::new(), 0, synchroniser());
    }

    /// The last decoded picture and when its host was last heard of by pictures, to paint it into another tile: who sends pictures
    /// that nobody sees is not silent.
    pub(super) fn last(&self) -> Option<(PictureRef<'_>, Instant)> {
        self.decoder.last().zip(self.seen_at.max(self.passed_at))
    }

    /// Leaves out a packet of a picture that nobody sees. The first one that is taken again, without a keyframe, has one
    /// asked for.
    pub(super) fn pass_over(&mut self, now: Instant) {
        self.passed_at = Some(now);
        if !std::mem::replace(&mut self.passed_over, true) {
            (self.input, self.given_up) = (VideoInput::new(), 0);
        }
    }

    /// Takes in one packet; audio is only looked at for its clock.
    pub(super) fn push(&mut self, now: Instant, packet: &RtpIn) {
        match packet.kind {
            MediaKind::Video => {
                self.passed_over = false;
                self.input.push(now, packet.clone());
            }
            MediaKind::Audio => self.sync.arrival(MediaKind::Audio, packet.timestamp, packet.received_at),
        }
    }

    pub(super) fn clock(&mut self, clock: SenderClock) {
        self.sync.clock(clock);
    }

    /// How much later than the fixed playout this host's sound should be heard.
    pub(super) fn trim(&self) -> Duration {
        self.sync.trim()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.input.poll_timeout()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.input.handle_timeout(now);
    }

    /// Decodes what is whole and shows each picture to `paint`, with the moments it passed.
    pub(super) fn decode(&mut self, clock: &dyn Clock, paint: &mut dyn FnMut(PictureRef<'_>, Passed)) {
        while let Some(event) = self.input.poll() {
            match event {
                VideoEvent::Unit(unit) => self.decode_unit(clock, &unit, paint),
                VideoEvent::KeyframeNeeded => self.ask(),
            }
        }
        let given_up = self.input.given_up();
        if given_up > self.given_up {
            metrics::counter!("costage_video_packets_lost_total").increment(given_up - self.given_up);
            self.given_up = given_up;
        }
    }

    fn decode_unit(&mut self, clock: &dyn Clock, unit: &AccessUnit, paint: &mut dyn FnMut(PictureRef<'_>, Passed)) {
        let whole = clock.now();
        self.sync.arrival(MediaKind::Video, unit.timestamp, unit.arrived);
        match self.decoder.decode(&unit.data) {
            Ok(Some(picture)) => {
                // RTP carries the low 32 bits; the sample names the frame as the host sent it.
                let timestamp = u32::try_from(unit.timestamp & 0xffff_ffff).expect("masked to 32 bits");
                let decoded = clock.now();
                self.seen_at = Some(decoded);
                paint(picture, Passed { source: self.id, timestamp, arrived: unit.arrived, whole, decoded });
            }
            Ok(None) => {}
            Err(error) => {
                metrics::counter!("costage_decode_errors_total").increment(1);
                tracing::debug!(source = self.id.0, %error, "access unit not decoded");
                self.input.refused(whole);
            }
        }
    }

    fn ask(&self) {
        self.shard.wish_keyframe(self.session);
    }
}

/// The mix takes it that a sound packet comes 20 ms after its first sample and a picture at once (`SOUND_AGE`): a host
/// whose packets say otherwise is trimmed by the difference.
fn synchroniser() -> SyncTrim {
    let mut sync = SyncTrim::new();
    sync.set_picture_delay(SOUND_PACKED);
    sync
}

/// Between the first sample of a packet and its leaving: Opus packets of WebRTC last 20 ms.
const SOUND_PACKED: Duration = Duration::from_millis(20);

/// The moments of a source frame up to its decoding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    source: SourceId,
    timestamp: u32,
    /// Return of the receive call for its last packet to arrive.
    pub(super) arrived: Instant,
    whole: Instant,
    decoded: Instant,
}

impl Passed {
    /// Completed by the moment it was painted.
    pub(super) fn painted(self, painted: Instant) -> SourceStamp {
        let Self { source, timestamp, arrived, whole, decoded } = self;
        SourceStamp { source, timestamp, arrived, whole, decoded, painted }
    }
}
