//! A host: publishes H.264 and Opus over WHIP.

use super::chain::{AUDIO_PAYLOAD_TYPE, VIDEO_PAYLOAD_TYPE, Way, h264, opus};
use super::performance::{Outgoing, Performance, SentPicture};
use super::session::{Draft, Ears, OpenError, Session};
use super::tap::Heard;
use crate::engine::Clock;
use bytes::Bytes;
use costage_media::packet::MediaKind;
use costage_media::time::Ntp;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp::header::Header;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use tokio::task::JoinHandle;
use webrtc::media_stream::MediaStreamTrack;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

/// Is told of each picture as it leaves.
pub type Witness = Box<dyn FnMut(&SentPicture) + Send>;

/// A connected host. [`Host::close`] it: a dropped one is found dead by the server after seconds only.
#[must_use = "a host that is dropped does not say goodbye"]
pub struct Host {
    session: Session,
    ears: Option<Ears>,
    streams: Option<[Stream; 2]>,
    performing: Option<JoinHandle<()>>,
}

impl Host {
    /// Publishes to `endpoint` (`…/whip/{liveId}`) and returns when media can flow.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or no media connection comes about within ten seconds.
    pub async fn connect(endpoint: &str, token: Option<&str>) -> Result<Self, OpenError> {
        let draft = Draft::new(endpoint, Way::Out).await?;
        let audio = Stream::new(MediaKind::Audio);
        let video = Stream::new(MediaKind::Video);
        for stream in [&audio, &video] {
            draft.peer.add_track(Arc::clone(&stream.track) as Arc<dyn TrackLocal>).await?;
        }
        let (session, ears) = draft.open(endpoint, token).await?;
        let streams = Some([audio, video]);
        Ok(Self { session, ears: Some(ears), streams, performing: None })
    }

    /// Starts to send `performance`. A host performs once: a second call does nothing.
    pub fn perform(&mut self, clock: Arc<dyn Clock>, performance: Performance, witness: Option<Witness>) {
        let (Some(ears), Some(streams)) = (self.ears.take(), self.streams.take()) else { return };
        let stage = Stage { clock, performance, streams, witness };
        self.performing = Some(tokio::spawn(stage.run(ears)));
    }

    /// Waits until the server or the network has ended the session.
    pub async fn ended(&self) {
        self.session.ended().await;
    }

    /// Stops sending and leaves: DELETE, then close_notify.
    pub async fn close(self) {
        if let Some(performing) = self.performing {
            performing.abort();
        }
        self.session.close().await;
    }
}

/// A performance on its way to the wire.
struct Stage {
    clock: Arc<dyn Clock>,
    performance: Performance,
    streams: [Stream; 2],
    witness: Option<Witness>,
}

impl Stage {
    async fn run(mut self, mut ears: Ears) {
        loop {
            let due = self.performance.poll_timeout();
            tokio::select! {
                () = tokio::time::sleep_until(due.into()) => {
                    self.performance.handle_timeout(self.clock.now());
                    if self.send_all().await.is_err() {
                        return;
                    }
                }
                heard = ears.heard.recv() => match heard {
                    Some(Heard::KeyframeWanted) => self.performance.want_keyframe(),
                    Some(Heard::Rtp(_) | Heard::Report { .. }) => {}
                    None => return,
                }
            }
        }
    }

    async fn send_all(&mut self) -> Result<(), webrtc::error::Error> {
        while let Some(outgoing) = self.performance.poll_outgoing() {
            match outgoing {
                Outgoing::Picture(picture) => self.send_picture(&picture).await?,
                Outgoing::Sound { timestamp, payload } => {
                    self.streams[0].send(timestamp, false, payload).await?;
                }
                Outgoing::Report { kind, ntp, timestamp } => {
                    let stream = match kind {
                        MediaKind::Audio => &self.streams[0],
                        MediaKind::Video => &self.streams[1],
                    };
                    stream.report(ntp, timestamp).await?;
                }
            }
        }
        Ok(())
    }

    async fn send_picture(&mut self, picture: &SentPicture) -> Result<(), webrtc::error::Error> {
        if let Some(witness) = &mut self.witness {
            witness(picture);
        }
        for (payload, marker) in picture.fragments.iter() {
            self.streams[1].send(picture.timestamp, *marker, payload.clone()).await?;
        }
        Ok(())
    }
}

/// One outgoing RTP stream.
struct Stream {
    track: Arc<TrackLocalStaticRTP>,
    payload_type: u8,
    ssrc: u32,
    sequence: u16,
    packets: u32,
    octets: u32,
}

impl Stream {
    fn new(kind: MediaKind) -> Self {
        let (name, codec_kind, codec, payload_type) = match kind {
            MediaKind::Audio => ("audio", RtpCodecKind::Audio, opus(), AUDIO_PAYLOAD_TYPE),
            MediaKind::Video => ("video", RtpCodecKind::Video, h264(), VIDEO_PAYLOAD_TYPE),
        };
        let ssrc = random();
        #[allow(clippy::cast_possible_truncation, reason = "any 16 bits are a good start (RFC 3550 §5.1)")]
        let sequence = random() as u16;
        let track = Arc::new(TrackLocalStaticRTP::new(track(name, codec_kind, codec, ssrc)));
        Self { track, payload_type, ssrc, sequence, packets: 0, octets: 0 }
    }

    async fn send(&mut self, timestamp: u32, marker: bool, payload: Bytes) -> Result<(), webrtc::error::Error> {
        let header = Header {
            version: 2,
            marker,
            payload_type: self.payload_type,
            sequence_number: self.sequence,
            timestamp,
            ssrc: self.ssrc,
            ..Header::default()
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(payload.len()).unwrap_or(0));
        self.track.write_rtp(rtc::rtp::Packet { header, payload }).await
    }

    async fn report(&self, ntp: Ntp, timestamp: u32) -> Result<(), webrtc::error::Error> {
        let report = SenderReport {
            ssrc: self.ssrc,
            ntp_time: ntp.0,
            rtp_time: timestamp,
            packet_count: self.packets,
            octet_count: self.octets,
            ..SenderReport::default()
        };
        self.track.write_rtcp(vec![Box::new(report)]).await
    }
}

fn track(name: &str, kind: RtpCodecKind, codec: RTCRtpCodec, ssrc: u32) -> MediaStreamTrack {
    let rtp_coding_parameters = RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() };
    let encoding = RTCRtpEncodingParameters { rtp_coding_parameters, codec, ..RTCRtpEncodingParameters::default() };
    // One stream id for both: RFC 9725 §4.2 wants the same msid on all m-lines.
    MediaStreamTrack::new("costage".to_owned(), name.to_owned(), name.to_owned(), kind, vec![encoding])
}

/// 32 bits from the seed that the standard library draws for its hash maps. Not for secrets.
#[allow(clippy::cast_possible_truncation, reason = "the low half of a hash is as random as all of it")]
pub(crate) fn random() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}
