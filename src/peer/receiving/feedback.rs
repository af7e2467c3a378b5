//! Transport-wide feedback and receiver reports, by the interceptors of the `rtc` crate, each driven on its own.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rtc::interceptor::{
    AttributedPacket, Interceptor, Packet, RTPHeaderExtension, ReceiverReportBuilder, ReceiverReportInterceptor,
    StreamInfo, TaggedPacket, TwccReceiverBuilder, TwccReceiverInterceptor,
};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtp;
use rtc::sansio::Protocol;
use rtc::shared::TransportContext;

use crate::peer::sdp::plan::TRANSPORT_CC;

/// Between two transport-wide reports, as libwebrtc has it at 1 Mbit/s and more.
const TRANSPORT_CC_INTERVAL: Duration = Duration::from_millis(50);
/// Between two receiver reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Says to a host how its packets arrive.
pub(super) struct Feedback {
    transport_cc: Option<(u8, TwccReceiverInterceptor)>,
    /// When to report; unset while nothing has arrived since the last report, so that a silent host wakes nobody.
    transport_cc_at: Option<Instant>,
    reports: ReceiverReportInterceptor,
    reports_at: Option<Instant>,
    outgoing: VecDeque<Box<dyn rtcp::Packet>>,
}

impl Feedback {
    /// `transport_cc` is the header extension's id, where negotiated.
    pub(super) fn new(transport_cc: Option<u8>) -> Self {
        let recorder = transport_cc.map(|id| {
            let mut recorder = TwccReceiverBuilder::new().with_interval(TRANSPORT_CC_INTERVAL).build();
            // Binding any stream makes the id hold for all SSRCs, known or not: feedback is about the transport.
            let extension = RTPHeaderExtension { uri: TRANSPORT_CC.to_owned(), id: u16::from(id) };
            recorder
                .bind_remote_stream(&StreamInfo { rtp_header_extensions: vec![extension], ..StreamInfo::default() });
            (id, recorder)
        });
        Self {
            transport_cc: recorder,
            transport_cc_at: None,
            reports: ReceiverReportBuilder::new().with_interval(REPORT_INTERVAL).build(),
            reports_at: None,
            outgoing: VecDeque::new(),
        }
    }

    /// A media SSRC: it gets receiver reports.
    pub(super) fn bind(&mut self, ssrc: u32, clock_hz: u32) {
        self.reports.bind_remote_stream(&StreamInfo { ssrc, clock_rate: clock_hz, ..StreamInfo::default() });
    }

    /// Any authentic packet of the wire; gives the header back.
    pub(super) fn arrived(&mut self, at: Instant, header: rtp::Header) -> rtp::Header {
        let Some((id, recorder)) = &mut self.transport_cc else { return header };
        if header.get_extension(*id).is_none() {
            return header;
        }
        self.transport_cc_at.get_or_insert(at + TRANSPORT_CC_INTERVAL);
        pass(recorder, at, header)
    }

    /// A packet of a bound SSRC, as first sent.
    pub(super) fn media_arrived(&mut self, at: Instant, header: &rtp::Header) {
        self.reports_at.get_or_insert(at + REPORT_INTERVAL);
        // What a report needs; extensions stay out of it.
        let header = rtp::Header {
            version: 2,
            ssrc: header.ssrc,
            sequence_number: header.sequence_number,
            timestamp: header.timestamp,
            ..rtp::Header::default()
        };
        pass(&mut self.reports, at, header);
    }

    /// Sender reports: receiver reports name the last.
    pub(super) fn reports_arrived(&mut self, now: Instant, packets: Vec<Box<dyn rtcp::Packet>>) {
        if self.reports.handle_read(tagged(now, Packet::Rtcp(packets))).is_ok() {
            while self.reports.poll_read().is_some() {}
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if let (Some((_, recorder)), Some(_)) = (&mut self.transport_cc, self.transport_cc_at.take_if(|at| *at <= now))
        {
            drain(recorder, now, &mut self.outgoing);
        }
        if self.reports_at.take_if(|at| *at <= now).is_some() {
            drain(&mut self.reports, now, &mut self.outgoing);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.transport_cc_at.into_iter().chain(self.reports_at).min()
    }

    pub(super) fn poll_rtcp(&mut self) -> Option<Box<dyn rtcp::Packet>> {
        self.outgoing.pop_front()
    }
}

/// The estimate of a receiver (draft-alvestrand-rmcat-remb-03 §2): a constant here, the host's share of our uplink.
pub(super) fn remb(sender_ssrc: u32, bitrate_bps: u32, ssrcs: Vec<u32>) -> Box<dyn rtcp::Packet> {
    #[allow(clippy::cast_precision_loss, reason = "REMB has 18 bits of mantissa, an f32 has 24")]
    let bitrate = bitrate_bps as f32;
    Box::new(ReceiverEstimatedMaximumBitrate { sender_ssrc, bitrate, ssrcs })
}

fn tagged(now: Instant, packet: Packet) -> TaggedPacket {
    TaggedPacket { now, transport: TransportContext::default(), message: AttributedPacket::new(packet) }
}

fn pass<I: Interceptor>(interceptor: &mut I, at: Instant, header: rtp::Header) -> rtp::Header {
    let packet = rtp::Packet { header, ..rtp::Packet::default() };
    // The two interceptors never refuse and give back what they took.
    let passed = interceptor.handle_read(tagged(at, Packet::Rtp(packet))).ok().and_then(|()| interceptor.poll_read());
    match passed.map(|passed| passed.message.packet) {
        Some(Packet::Rtp(packet)) => packet.header,
        _ => rtp::Header::default(),
    }
}

fn drain<I: Interceptor>(interceptor: &mut I, now: Instant, outgoing: &mut VecDeque<Box<dyn rtcp::Packet>>) {
    // It has no way to fail: it only moves packets between its queues.
    let _ = interceptor.handle_timeout(now);
    while let Some(written) = interceptor.poll_write() {
        if let Packet::Rtcp(packets) = written.message.packet {
            outgoing.extend(packets);
        }
    }
}
