//! RTP as the inside of the server sees it: parsed, authenticated, extended to 64 bits.

use bytes::Bytes;
use std::time::Instant;

/// What a stream carries. The server speaks H.264 and Opus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// H.264 (RFC 6184), 90 kHz.
    Video,
    /// Opus (RFC 7587), 48 kHz.
    Audio,
}

/// An RTP sequence number extended to 64 bits: never wraps, compares plainly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ExtSeq(pub u64);

/// One received packet: decrypted, RTX unwrapped, de-duplicated, **not** reordered.
#[derive(Debug, Clone)]
pub struct RtpIn {
    /// Which of the host's two streams.
    pub kind: MediaKind,
    /// Extended sequence number of the stream; the session keeps it running when the host restarts its SSRC.
    pub seq: ExtSeq,
    /// Extended timestamp, ticks of the kind's clock.
    pub timestamp: u64,
    /// The marker bit: for video, the last packet of an access unit (RFC 6184 §5.1).
    pub marker: bool,
    /// The payload without header, extensions and padding.
    pub payload: Bytes,
    /// When the receive call that brought it returned.
    pub received_at: Instant,
}

/// The pair of a sender report (RFC 3550 §6.4.1): at `ntp` of the host's clock its stream stood at `timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderClock {
    /// Which of the host's two streams.
    pub kind: MediaKind,
    /// The host's wall clock. Hosts' clocks need not agree with ours nor with each other.
    pub ntp: crate::time::Ntp,
    /// Extended timestamp, same line as [`RtpIn::timestamp`].
    pub timestamp: u64,
}

/// One packet of a producer: payload shared by handle with every consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The producer's own sequence number.
    pub seq: ExtSeq,
    /// The producer's own timestamp, ticks of the kind's clock.
    pub timestamp: u64,
    /// Last packet of its frame.
    pub marker: bool,
    /// RTP payload.
    pub payload: Bytes,
}

/// One packet as a consumer sends it, after munging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpOut {
    /// Which of the viewer's two streams; the session knows its SSRC and payload type.
    pub kind: MediaKind,
    /// The consumer's extended sequence number: low 16 bits on the wire, the rest is the SRTP roll-over counter.
    pub seq: ExtSeq,
    /// Low 32 bits on the wire.
    pub timestamp: u32,
    /// Marker bit.
    pub marker: bool,
    /// RTP payload, shared.
    pub payload: Bytes,
}
