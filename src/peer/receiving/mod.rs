//! A host's media coming in.
//!
//! The order of the stages is the one that senders understand (each is a trap when moved):
//! every packet of the wire → transport-wide feedback → RTX unwrapped → duplicates dropped → gaps asked for → [`RtpIn`].

mod feedback;
mod nack;
mod track;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use costage_media::packet::{MediaKind, RtpIn, SenderClock};
use costage_media::time::Ntp;
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::full_intra_request::{FirEntry, FullIntraRequest};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc::rtp;
use rtc::shared::marshal::MarshalSize;

use self::feedback::Feedback;
use self::track::{Arrival, Track};
use super::random;
use super::sdp::{KeyframeRequest, Plan};
use super::srtp::SSRCS_MAX;
use crate::engine::Sends;

/// A host encodes a keyframe per request; more often than this helps nobody.
const KEYFRAME_INTERVAL: Duration = Duration::from_millis(300);
/// Between two estimates for senders that know only REMB.
const REMB_INTERVAL: Duration = Duration::from_secs(1);

/// What a host's half tells its session.
#[derive(Debug)]
pub(crate) enum Received {
    /// A packet.
    Rtp(RtpIn),
    /// A sender report.
    Clock(SenderClock),
}

/// The receiving half of a session.
pub(crate) struct Receiving {
    tracks: Vec<Track>,
    /// What an SSRC carries; filled by packets that proved authentic.
    sources: BTreeMap<u32, Source>,
    feedback: Feedback,
    /// Our SSRC in feedback.
    ssrc: u32,
    keyframe: KeyframeState,
    remb: Option<Remb>,
    received: VecDeque<Received>,
    outgoing: VecDeque<Box<dyn rtcp::Packet>>,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    /// Media of this track.
    Media { track: usize },
    /// Retransmissions for the media SSRC, when that is known.
    Rtx { track: usize, repairs: Option<u32> },
}

#[derive(Debug, Default)]
struct KeyframeState {
    wanted: bool,
    last: Option<Instant>,
    fir_count: u8,
}

struct Remb {
    bitrate_bps: u32,
    next: Option<Instant>,
}

impl Receiving {
    /// For the streams of a plan. `bitrate_bps_max` is what a host may send, said to those that only know REMB.
    pub(crate) fn new(plan: &Plan, bitrate_bps_max: u32) -> Self {
        let tracks: Vec<Track> = plan.streams().cloned().map(Track::new).collect();
        let transport_cc = plan.streams().find_map(|stream| stream.transport_cc);
        let remb = plan.streams().any(|stream| stream.remb);
        Self {
            tracks,
            sources: BTreeMap::new(),
            feedback: Feedback::new(transport_cc),
            ssrc: random::number(),
            keyframe: KeyframeState::default(),
            remb: remb.then_some(Remb { bitrate_bps: bitrate_bps_max, next: None }),
            received: VecDeque::new(),
            outgoing: VecDeque::new(),
        }
    }

    /// Takes an authentic RTP packet in plain, with its header already read.
    pub(crate) fn handle_rtp(&mut self, received_at: Instant, header: rtp::Header, mut packet: BytesMut) {
        let header = self.feedback.arrived(received_at, header);
        let Some(source) = self.source(received_at, &header) else { return };
        let header_bytes = header.marshal_size();
        if packet.len() < header_bytes {
            return;
        }
        let payload = without_padding(header.padding, packet.split_off(header_bytes).freeze());
        let Some(payload) = payload else { return };
        match source {
            Source::Media { track } => {
                self.feedback.media_arrived(received_at, &header);
                let arrival = Arrival {
                    ssrc: header.ssrc,
                    sequence: header.sequence_number,
                    timestamp: header.timestamp,
                    marker: header.marker,
                    payload,
                    at: received_at,
                };
                self.accept(track, arrival);
            }
            Source::Rtx { track, repairs } => {
                if let Some(arrival) = unwrap_rtx(&header, payload, repairs, received_at) {
                    self.accept(track, arrival);
                }
            }
        }
    }

    fn accept(&mut self, track: usize, arrival: Arrival) {
        let at = arrival.at;
        let kind = self.tracks[track].kind();
        let accepted = self.tracks[track].accept(arrival);
        if let Some(packet) = accepted.packet {
            self.received.push_back(Received::Rtp(packet));
        }
        if accepted.new_lead && kind == MediaKind::Video {
            self.keyframe.wanted = true;
        }
        if let Some(remb) = &mut self.remb {
            remb.next.get_or_insert(at);
        }
        self.ask(at);
        self.ask_for_keyframe(at);
    }

    /// What the packet's SSRC carries; learnt from its payload type and its layer's name, which may stand in the first
    /// packets only.
    fn source(&mut self, at: Instant, header: &rtp::Header) -> Option<Source> {
        let known = self.sources.get(&header.ssrc).copied();
        match known {
            Some(Source::Media { .. } | Source::Rtx { repairs: Some(_), .. }) => return known,
            Some(Source::Rtx { repairs: None, .. }) => {}
            None if self.sources.len() >= SSRCS_MAX => return None,
            None => {}
        }
        let payload_type = header.payload_type;
        let media = self.tracks.iter().position(|track| track.plan().payload_type == payload_type);
        let rtx = self.tracks.iter().position(|track| track.plan().rtx_payload_type == Some(payload_type));
        let source = match (media, rtx) {
            (Some(track), _) => {
                let rid = text_extension(header, self.tracks[track].plan().rid_extension);
                if !self.tracks[track].meet(at, header.ssrc, rid) {
                    return None;
                }
                Source::Media { track }
            }
            (None, Some(track)) => Source::Rtx { track, repairs: self.repaired(track, header) },
            (None, None) => return None,
        };
        self.sources.insert(header.ssrc, source);
        if let Source::Media { .. } = source {
            let clock_hz = media.map_or(90_000, |track| self.tracks[track].clock_hz());
            self.feedback.bind(header.ssrc, clock_hz);
        }
        Some(source)
    }

    /// Which media SSRC an RTX SSRC repairs: as announced by FID, by the layer's name, or the only one there is.
    fn repaired(&self, track: usize, header: &rtp::Header) -> Option<u32> {
        let plan = self.tracks[track].plan();
        let announced = plan.rtx_of.iter().find(|(_, rtx)| *rtx == header.ssrc).map(|(media, _)| *media);
        let by_name = || {
            let rid = text_extension(header, plan.repaired_rid_extension)?;
            self.tracks[track].ssrc_of_layer(&rid)
        };
        announced.or_else(by_name).or_else(|| self.tracks[track].only_ssrc())
    }

    /// Takes an authentic compound RTCP packet.
    pub(crate) fn handle_rtcp(&mut self, now: Instant, packets: Vec<Box<dyn rtcp::Packet>>) {
        for report in packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<SenderReport>()) {
            let clock = self.tracks.iter().find_map(|track| track.clock(report.ssrc, report.rtp_time));
            if let Some((kind, timestamp)) = clock {
                self.received.push_back(Received::Clock(SenderClock { kind, ntp: Ntp(report.ntp_time), timestamp }));
            }
        }
        self.feedback.reports_arrived(now, packets);
    }

    /// Which kinds of media the offer has.
    pub(crate) fn sends(&self) -> Sends {
        let has = |kind| self.tracks.iter().any(|track| track.kind() == kind);
        Sends { audio: has(MediaKind::Audio), video: has(MediaKind::Video) }
    }

    /// A keyframe is wanted; asked for now, or as soon as the last request is old enough or a stream is there to be asked.
    pub(crate) fn request_keyframe(&mut self, now: Instant) {
        self.keyframe.wanted = true;
        self.ask_for_keyframe(now);
    }

    fn ask_for_keyframe(&mut self, now: Instant) {
        if !self.keyframe.wanted || self.keyframe_at().is_some_and(|at| now < at) {
            return;
        }
        let video = self.tracks.iter().find(|track| track.kind() == MediaKind::Video);
        let Some((track, media_ssrc)) = video.and_then(|track| Some((track, track.lead()?))) else { return };
        self.keyframe.wanted = false;
        self.keyframe.last = Some(now);
        let request: Box<dyn rtcp::Packet> = match track.plan().keyframes {
            Some(KeyframeRequest::Pli) => Box::new(PictureLossIndication { sender_ssrc: self.ssrc, media_ssrc }),
            Some(KeyframeRequest::Fir) => {
                self.keyframe.fir_count = self.keyframe.fir_count.wrapping_add(1);
                let entry = FirEntry { ssrc: media_ssrc, sequence_number: self.keyframe.fir_count };
                Box::new(FullIntraRequest { sender_ssrc: self.ssrc, media_ssrc, fir: vec![entry] })
            }
            // Not offered (ffmpeg, OBS): keyframes come when they come.
            None => return,
        };
        self.outgoing.push_back(request);
    }

    /// When a wanted keyframe may be asked for.
    fn keyframe_at(&self) -> Option<Instant> {
        self.keyframe.last.map(|last| last + KEYFRAME_INTERVAL)
    }

    fn ask(&mut self, now: Instant) {
        for track in &mut self.tracks {
            let Some((media_ssrc, sequences)) = track.due_nacks(now) else { continue };
            let nacks = nack_pairs_from_sequence_numbers(&sequences);
            self.outgoing.push_back(Box::new(TransportLayerNack { sender_ssrc: self.ssrc, media_ssrc, nacks }));
        }
    }

    /// Fires what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.ask(now);
        self.ask_for_keyframe(now);
        self.feedback.handle_timeout(now);
        let ssrcs: Vec<u32> = self.tracks.iter().filter(|track| track.plan().remb).filter_map(Track::lead).collect();
        if let Some(remb) = self.remb.as_mut().filter(|remb| remb.next.is_some_and(|next| next <= now)) {
            remb.next = Some(now + REMB_INTERVAL);
            self.outgoing.push_back(feedback::remb(self.ssrc, remb.bitrate_bps, ssrcs));
        }
    }

    /// When [`Receiving::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let nacks = self.tracks.iter().filter_map(Track::nack_at).min();
        let can_ask = self.tracks.iter().any(|track| track.kind() == MediaKind::Video && track.lead().is_some());
        let keyframe = self.keyframe_at().filter(|_| self.keyframe.wanted && can_ask);
        let remb = self.remb.as_ref().and_then(|remb| remb.next);
        [nacks, keyframe, remb, self.feedback.poll_timeout()].into_iter().flatten().min()
    }

    /// What came in.
    pub(crate) fn poll_received(&mut self) -> Option<Received> {
        self.received.pop_front()
    }

    /// What goes back.
    pub(crate) fn poll_rtcp(&mut self) -> Option<Box<dyn rtcp::Packet>> {
        self.outgoing.pop_front().or_else(|| self.feedback.poll_rtcp())
    }
}

/// RFC 3550 §5.1: the last byte counts the padding. `None` where it lies.
fn without_padding(padded: bool, payload: Bytes) -> Option<Bytes> {
    if !padded {
        return Some(payload);
    }
    let padding = usize::from(*payload.last()?);
    (padding > 0 && padding <= payload.len()).then(|| payload.slice(..payload.len() - padding))
}

/// RFC 4588 §4: the first two bytes are the original sequence number. Probes without payload repair nothing.
fn unwrap_rtx(header: &rtp::Header, payload: Bytes, repairs: Option<u32>, at: Instant) -> Option<Arrival> {
    let sequence = u16::from_be_bytes(payload.get(..2)?.try_into().ok()?);
    Some(Arrival {
        ssrc: repairs?,
        sequence,
        timestamp: header.timestamp,
        marker: header.marker,
        payload: payload.slice(2..),
        at,
    })
}

fn text_extension(header: &rtp::Header, id: Option<u8>) -> Option<String> {
    let value = header.get_extension(id?)?;
    std::str::from_utf8(&value).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests;
