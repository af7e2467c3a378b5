//! A client made of the `webrtc` crate.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use costage::client::chain::{AUDIO_PAYLOAD_TYPE, VIDEO_PAYLOAD_TYPE, chain, h264, opus};
use costage::client::news::news;
use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use rtc::sansio::Protocol;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use webrtc::media_stream::MediaStreamTrack;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{PeerConnection, PeerConnectionBuilder, RTCPeerConnectionState, RTCSessionDescription};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use webrtc::runtime::default_runtime;

pub(crate) use costage::client::chain::Way;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    peer: Arc<dyn PeerConnection>,
    state: watch::Receiver<RTCPeerConnectionState>,
    gathered: watch::Receiver<bool>,
    video: Arc<Mutex<Vec<u16>>>,
    tracks: Option<[(Arc<TrackLocalStaticRTP>, u8, u32); 2]>,
    pli: Arc<AtomicBool>,
}

impl Client {
    pub(crate) async fn new(way: Way) -> Self {
        let pli = Arc::new(AtomicBool::new(false));
        let tap = PliTap { pli: Arc::clone(&pli), read: Vec::new(), write: Vec::new() };
        let (media, registry) = chain(way, tap).unwrap();
        let (teller, news) = news();
        let numbers: Arc<Mutex<Vec<u16>>> = Arc::default();
        tokio::spawn(note_numbers(news.video, Arc::clone(&numbers)));
        let builder = PeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_interceptor_registry(registry)
            .with_handler(Arc::new(teller))
            .with_runtime(default_runtime().unwrap())
            .with_udp_addrs(vec!["127.0.0.1:0"]);
        let peer: Arc<dyn PeerConnection> = Arc::new(builder.build().await.unwrap());
        let mut tracks = None;
        match way {
            Way::Out => {
                let (video, audio) = (track(RtpCodecKind::Video, h264(), 0xa), track(RtpCodecKind::Audio, opus(), 0xb));
                for track in [&audio, &video] {
                    peer.add_track(Arc::clone(track) as Arc<dyn TrackLocal>).await.unwrap();
                }
                tracks = Some([(video, VIDEO_PAYLOAD_TYPE, 0xa), (audio, AUDIO_PAYLOAD_TYPE, 0xb)]);
            }
            Way::In => {
                for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
                    let direction = RTCRtpTransceiverDirection::Recvonly;
                    let init = RTCRtpTransceiverInit { direction, streams: vec![], send_encodings: vec![] };
                    peer.add_transceiver_from_kind(kind, Some(init)).await.unwrap();
                }
            }
        }
        Self { peer, state: news.state, gathered: news.gathered, video: numbers, tracks, pli }
    }

    pub(crate) async fn offer(&self) -> String {
        let offer = self.peer.create_offer(None).await.unwrap();
        self.peer.set_local_description(offer).await.unwrap();
        self.gathered.clone().wait_for(|gathered| *gathered).await.unwrap();
        self.peer.local_description().await.unwrap().sdp
    }

    pub(crate) async fn answer(&self, answer: String) {
        self.peer.set_remote_description(RTCSessionDescription::answer(answer).unwrap()).await.unwrap();
    }

    async fn reach(&self, wanted: impl Fn(RTCPeerConnectionState) -> bool) {
        let mut state = self.state.clone();
        tokio::time::timeout(PATIENCE, state.wait_for(|state| wanted(*state))).await.expect("in time").unwrap();
    }

    pub(crate) async fn connected(&self) {
        self.reach(|state| state == RTCPeerConnectionState::Connected).await;
    }

    /// Sends numbered video packets of 1,000 bytes, one every 5 ms, and an audio packet with every fourth.
    pub(crate) fn publish(&self, count: u32) -> JoinHandle<()> {
        let tracks = self.tracks.clone().expect("a publishing client");
        tokio::spawn(async move {
            for number in 0..count {
                for (index, (track, payload_type, ssrc)) in tracks.iter().enumerate() {
                    if index == 1 && number % 4 != 0 {
                        continue;
                    }
                    let mut payload = vec![0x41; if index == 0 { 1_000 } else { 60 }];
                    payload[..4].copy_from_slice(&number.to_be_bytes());
                    let header = rtp::Header {
                        version: 2,
                        payload_type: *payload_type,
                        ssrc: *ssrc,
                        sequence_number: u16::try_from(if index == 0 { number } else { number / 4 }).unwrap(),
                        timestamp: number * 450,
                        marker: true,
                        ..rtp::Header::default()
                    };
                    let packet = rtp::Packet { header, payload: Bytes::from(payload) };
                    track.write_rtp(packet).await.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    }

    pub(crate) async fn heard_pli(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.pli.load(Ordering::Relaxed) {
            assert!(Instant::now() < deadline, "no PLI");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The sequence numbers of the first `count` video packets.
    pub(crate) async fn received(&self, count: usize) -> Vec<u16> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.video.lock().unwrap().clone();
            if found.len() >= count {
                return found;
            }
            assert!(Instant::now() < deadline, "{} of {count} packets", found.len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn received_so_far(&self, patience: Duration) -> Vec<u16> {
        tokio::time::sleep(patience).await;
        self.video.lock().unwrap().clone()
    }

    pub(crate) async fn close(self) {
        self.peer.close().await.unwrap();
    }
}

/// Keeps the sequence number of each video packet.
async fn note_numbers(mut video: watch::Receiver<Option<Arc<dyn TrackRemote>>>, numbers: Arc<Mutex<Vec<u16>>>) {
    let Some(track) = video.wait_for(Option::is_some).await.ok().and_then(|track| track.clone()) else { return };
    while let Some(event) = track.poll().await {
        if let TrackRemoteEvent::OnRtpPacket(packet) = event {
            numbers.lock().unwrap().push(packet.header.sequence_number);
        }
    }
}

fn track(kind: RtpCodecKind, codec: RTCRtpCodec, ssrc: u32) -> Arc<TrackLocalStaticRTP> {
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() },
        codec,
        ..RTCRtpEncodingParameters::default()
    };
    let name = kind.to_string();
    Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
        "stream".to_owned(),
        name.clone(),
        name,
        kind,
        vec![encoding],
    )))
}

/// Sees a PLI before the crate swallows it.
struct PliTap {
    pli: Arc<AtomicBool>,
    read: Vec<TaggedPacket>,
    write: Vec<TaggedPacket>,
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for PliTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = rtc::shared::error::Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Self::Error> {
        if let Packet::Rtcp(packets) = &packet.message.packet {
            let is_pli = packets.iter().any(|packet| packet.as_any().is::<PictureLossIndication>());
            self.pli.fetch_or(is_pli, Ordering::Relaxed);
        }
        self.read.push(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        (!self.read.is_empty()).then(|| self.read.remove(0))
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Self::Error> {
        self.write.push(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        (!self.write.is_empty()).then(|| self.write.remove(0))
    }
}

impl Interceptor for PliTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
