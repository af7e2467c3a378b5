//! A viewer's media going out: a frame's packets are sealed into one batch and leave in one call.

use std::cell::RefCell;
use std::collections::BTreeMap;

use costage_media::packet::{MediaKind, RtpOut};
use costage_media::time::Ntp;
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::source_description::{SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

use super::extend::SeenWindow;
use super::ice::Path;
use super::random;
use super::sdp::{Plan, Stream};
use super::srtp::{RtpHeader, Sealer, SentDigests};
use super::wire::Wire;
use crate::engine::PeerEvent;
use crate::engine::peer::NACK_SEQS_MAX;

/// Bytes that one call carries: the kernel splits no more than a UDP datagram's length.
const BATCH_BYTES_MAX: usize = 65_000;
/// Bytes of our largest packet's frame around the payload: header, OSN, tag.
const OVERHEAD_BYTES: usize = 12 + 2 + 16;
/// Our stream's canonical name (RFC 3550 §6.5.1).
const CNAME: &str = "costage";

/// The sending half of a session.
pub(crate) struct Sending {
    tracks: Vec<Track>,
}

struct Track {
    kind: MediaKind,
    payload_type: u8,
    ssrc: u32,
    rtx: Option<Rtx>,
    /// What was sealed on the media SSRC: nothing is sealed twice.
    sent: SeenWindow,
    /// Without RTX, what it was: only the very same may be sent again.
    digests: Option<SentDigests>,
    /// The roll-over counter of the first packet: receivers start at 0.
    first_roll_over: Option<u64>,
    packets: u32,
    octets: u32,
}

struct Rtx {
    payload_type: u8,
    ssrc: u32,
    /// Counts every retransmission, so that no two share a nonce.
    next: u64,
}

/// What leaves on the wire, in order.
pub(crate) struct Way<'a> {
    pub(crate) wire: &'a dyn Wire,
    pub(crate) path: Path,
    pub(crate) sealer: &'a mut Sealer,
}

thread_local! {
    /// The batch of whichever session sends on this thread: sessions keep none.
    static BATCH: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(BATCH_BYTES_MAX));
}

impl Sending {
    /// For the streams of a plan.
    pub(crate) fn new(plan: &Plan) -> Self {
        Self { tracks: plan.streams().filter_map(Track::new).collect() }
    }

    /// Seals and sends packets, equal-sized neighbours in one call.
    pub(crate) fn send(&mut self, way: Way<'_>, packets: &[RtpOut]) {
        BATCH.with_borrow_mut(|buffer| {
            let mut batch = Batch::new(way, buffer);
            for packet in packets {
                if let Some(track) = self.tracks.iter_mut().find(|track| track.kind == packet.kind) {
                    track.send(&mut batch, packet);
                }
            }
            batch.flush();
        });
    }

    /// Sends one packet again.
    pub(crate) fn resend(&mut self, way: Way<'_>, packet: &RtpOut) {
        BATCH.with_borrow_mut(|buffer| {
            let mut batch = Batch::new(way, buffer);
            if let Some(track) = self.tracks.iter_mut().find(|track| track.kind == packet.kind) {
                track.resend(&mut batch, packet);
            }
            batch.flush();
        });
    }

    /// The sender report of a kind, with its source description (RFC 3550 §6.1); `None` before its first packet.
    pub(crate) fn report(&self, kind: MediaKind, ntp: Ntp, timestamp: u32) -> Option<Vec<Box<dyn rtcp::Packet>>> {
        let track = self.tracks.iter().find(|track| track.kind == kind && track.packets > 0)?;
        let report = SenderReport {
            ssrc: track.ssrc,
            ntp_time: ntp.0,
            rtp_time: timestamp,
            packet_count: track.packets,
            octet_count: track.octets,
            ..SenderReport::default()
        };
        let name = SourceDescriptionItem { sdes_type: SdesType::SdesCname, text: CNAME.into() };
        let description =
            SourceDescription { chunks: vec![SourceDescriptionChunk { source: track.ssrc, items: vec![name] }] };
        Some(vec![Box::new(report), Box::new(description)])
    }

    /// What a viewer's feedback asks for; at most one keyframe and one list of losses a kind for a compound.
    pub(crate) fn feedback(&self, packets: &[Box<dyn rtcp::Packet>]) -> Vec<PeerEvent> {
        let mut keyframe = false;
        let mut lost: BTreeMap<MediaKind, Vec<u16>> = BTreeMap::new();
        for packet in packets.iter().map(|packet| packet.as_any()) {
            if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
                let Some(track) = self.tracks.iter().find(|track| track.ssrc == nack.media_ssrc) else { continue };
                let list = lost.entry(track.kind).or_default();
                let room = NACK_SEQS_MAX.saturating_sub(list.len());
                list.extend(nack.nacks.iter().flat_map(|pair| pair.packet_list()).take(room));
            } else if let Some(pli) = packet.downcast_ref::<PictureLossIndication>() {
                keyframe |= self.is_video(pli.media_ssrc);
            } else if let Some(fir) = packet.downcast_ref::<FullIntraRequest>() {
                keyframe |= fir.fir.iter().any(|entry| self.is_video(entry.ssrc));
            }
        }
        let nacks = lost.into_iter().filter(|(_, seqs)| !seqs.is_empty());
        let nacks = nacks.map(|(kind, seqs)| PeerEvent::Nack { kind, seqs });
        keyframe.then_some(PeerEvent::KeyframeWanted).into_iter().chain(nacks).collect()
    }

    fn is_video(&self, ssrc: u32) -> bool {
        self.tracks.iter().any(|track| track.kind == MediaKind::Video && track.ssrc == ssrc)
    }
}

impl Track {
    fn new(stream: &Stream) -> Option<Self> {
        let ssrcs = stream.sending?;
        let rtx = stream.rtx_payload_type.zip(ssrcs.rtx).map(|(payload_type, ssrc)| Rtx {
            payload_type,
            ssrc,
            // RFC 3550 §5.1 wants a random start; half the range is left before the first roll-over.
            next: u64::from(random::number() & 0x7fff),
        });
        Some(Self {
            kind: stream.kind,
            payload_type: stream.payload_type,
            ssrc: ssrcs.media,
            digests: (rtx.is_none() && stream.nack).then(SentDigests::new),
            rtx,
            sent: SeenWindow::new(),
            first_roll_over: None,
            packets: 0,
            octets: 0,
        })
    }

    fn send(&mut self, batch: &mut Batch<'_>, packet: &RtpOut) {
        let first = *self.first_roll_over.get_or_insert(packet.seq.0 >> 16);
        let Some(roll_over) = roll_over(packet.seq.0, first) else { return };
        // The nonce rule: what is not certainly new is not sealed.
        if !self.sent.insert(packet.seq.0) {
            return;
        }
        if let Some(digests) = &mut self.digests {
            digests.remember(packet);
        }
        self.packets = self.packets.wrapping_add(1);
        let octets = u32::try_from(packet.payload.len()).unwrap_or(u32::MAX);
        self.octets = self.octets.wrapping_add(octets);
        batch.add(self.header(packet), roll_over, &[], &packet.payload);
    }

    fn resend(&mut self, batch: &mut Batch<'_>, packet: &RtpOut) {
        let Some(first) = self.first_roll_over.filter(|_| self.sent.contains(packet.seq.0)) else { return };
        if let Some(rtx) = &mut self.rtx {
            let counter = rtx.next;
            rtx.next += 1;
            let header = RtpHeader {
                payload_type: rtx.payload_type,
                ssrc: rtx.ssrc,
                sequence: low_16(counter),
                marker: packet.marker,
                timestamp: packet.timestamp,
            };
            let Ok(roll_over) = u32::try_from(counter >> 16) else { return };
            batch.add(header, roll_over, &low_16(packet.seq.0).to_be_bytes(), &packet.payload);
            return;
        }
        // Without RTX the packet itself goes again. Sealing the same bytes under the same nonce gives the same bytes.
        if self.digests.as_ref().is_some_and(|digests| digests.sent(packet)) {
            let Some(roll_over) = roll_over(packet.seq.0, first) else { return };
            batch.add(self.header(packet), roll_over, &[], &packet.payload);
        }
    }

    fn header(&self, packet: &RtpOut) -> RtpHeader {
        RtpHeader {
            marker: packet.marker,
            payload_type: self.payload_type,
            sequence: low_16(packet.seq.0),
            timestamp: packet.timestamp,
            ssrc: self.ssrc,
        }
    }
}

fn low_16(number: u64) -> u16 {
    u16::try_from(number & 0xffff).expect("masked to 16 bits")
}

fn roll_over(sequence: u64, first: u64) -> Option<u32> {
    u32::try_from((sequence >> 16).checked_sub(first)?).ok()
}

/// Sealed packets of one size, waiting to leave together.
struct Batch<'a> {
    way: Way<'a>,
    buffer: &'a mut Vec<u8>,
    /// Size of the batch's packets; the last may be smaller, and then it is the last.
    segment_bytes: usize,
    packets: usize,
    closed: bool,
}

impl<'a> Batch<'a> {
    fn new(way: Way<'a>, buffer: &'a mut Vec<u8>) -> Self {
        buffer.clear();
        Self { way, buffer, segment_bytes: 0, packets: 0, closed: false }
    }

    fn add(&mut self, header: RtpHeader, roll_over: u32, prefix: &[u8], payload: &[u8]) {
        let room = self.buffer.len() + payload.len() + OVERHEAD_BYTES <= BATCH_BYTES_MAX;
        if self.packets >= self.way.wire.segments_max() || !room {
            self.flush();
        }
        let start = self.buffer.len();
        if self.way.sealer.seal_rtp(self.buffer, header, roll_over, prefix, payload).is_err() {
            return;
        }
        let bytes = self.buffer.len() - start;
        if self.packets > 0 && (self.closed || bytes > self.segment_bytes) {
            self.flush_first(start);
        }
        if self.packets == 0 {
            self.segment_bytes = bytes;
        }
        self.closed = bytes < self.segment_bytes;
        self.packets += 1;
    }

    fn flush(&mut self) {
        self.flush_first(self.buffer.len());
    }

    /// Sends the first `bytes` of the buffer; the rest stays.
    fn flush_first(&mut self, bytes: usize) {
        if self.packets > 0 {
            let segment = (self.packets > 1).then_some(self.segment_bytes);
            self.way.wire.send(self.way.path.remote, self.way.path.local, &self.buffer[..bytes], segment);
        }
        self.buffer.drain(..bytes);
        self.packets = 0;
        self.closed = false;
    }
}

#[cfg(test)]
mod tests;
