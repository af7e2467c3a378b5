//! Our ear in the crate's chain of interceptors.
//!
//! The crate drops RTCP before the application sees it, and hands RTP over late and without the moment of its arrival;
//! here both pass by with the instant at which the socket was read.

use bytes::Bytes;
use costage_media::time::Ntp;
use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;
use tokio::sync::mpsc;

/// What passed by.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A packet, decrypted; may be a duplicate or out of order.
    Rtp(HeardRtp),
    /// A sender report (RFC 3550 §6.4.1).
    Report { ssrc: u32, ntp: Ntp, timestamp: u32 },
    /// PLI or FIR (RFC 4585 §6.3.1, RFC 5104 §4.3.1).
    KeyframeWanted,
}

/// The fields of an RTP packet that a receiver needs.
#[derive(Debug)]
pub(crate) struct HeardRtp {
    pub(crate) ssrc: u32,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Bytes,
    pub(crate) received_at: Instant,
}

/// What may wait between the socket's task and ours: two seconds at 500 packets a second. More is lost, as on a wire.
pub(crate) const HEARD_MAX: usize = 1_000;
/// Packets of each stream that the crate gets too: it learns SSRCs from them, for receiver reports and PLI.
const SHOWN_TO_CRATE: u32 = 4;
/// Streams that are told apart; a peer that invents more gets no reports for them.
const STREAMS_MAX: usize = 16;

/// The interceptor; stands nearest to the application, so that NACK and reports have seen every packet before.
pub(crate) struct Tap {
    heard: mpsc::Sender<Heard>,
    shown: BTreeMap<u32, u32>,
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

impl Tap {
    /// A tap and where to listen.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Heard>) {
        let (heard, listen) = mpsc::channel(HEARD_MAX);
        (Self { heard, shown: BTreeMap::new(), read: VecDeque::new(), write: VecDeque::new() }, listen)
    }

    fn say(&self, heard: Heard) {
        if self.heard.try_send(heard).is_err() {
            tracing::debug!("receiving task is behind or gone: packet dropped");
        }
    }

    /// Whether the crate shall see this packet of `ssrc` too.
    fn show(&mut self, ssrc: u32) -> bool {
        if self.shown.len() >= STREAMS_MAX && !self.shown.contains_key(&ssrc) {
            return false;
        }
        let shown = self.shown.entry(ssrc).or_default();
        *shown = shown.saturating_add(1);
        *shown <= SHOWN_TO_CRATE
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Tap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = rtc::shared::error::Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Self::Error> {
        match &message.message.packet {
            Packet::Rtp(packet) => {
                let header = &packet.header;
                self.say(Heard::Rtp(HeardRtp {
                    ssrc: header.ssrc,
                    payload_type: header.payload_type,
                    sequence: header.sequence_number,
                    timestamp: header.timestamp,
                    marker: header.marker,
                    payload: packet.payload.clone(),
                    received_at: message.now,
                }));
                if self.show(packet.header.ssrc) {
                    self.read.push_back(message);
                }
            }
            Packet::Rtcp(packets) => {
                packets.iter().filter_map(|packet| control(packet.as_any())).for_each(|heard| self.say(heard));
                self.read.push_back(message);
            }
            // The crate's enum is open: what it adds later is not ours to read.
            _ => self.read.push_back(message),
        }
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Self::Error> {
        self.write.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.write.pop_front()
    }
}

fn control(packet: &dyn std::any::Any) -> Option<Heard> {
    if let Some(report) = packet.downcast_ref::<SenderReport>() {
        return Some(Heard::Report { ssrc: report.ssrc, ntp: Ntp(report.ntp_time), timestamp: report.rtp_time });
    }
    let wanted = packet.is::<PictureLossIndication>() || packet.is::<FullIntraRequest>();
    wanted.then_some(Heard::KeyframeWanted)
}

impl Interceptor for Tap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
