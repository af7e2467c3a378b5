//! The seam between the engine and WebRTC sessions: what a shard asks of a session, and what signalling asks of both.
//!
//! `peer` implements [`Peer`] and [`Signalling`], the engine implements [`Shards`], `api` calls [`Signalling`].
//! So `api` and `peer` never name each other.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use bytes::BytesMut;
use costage_media::forward::FeedId;
use costage_media::packet::{MediaKind, RtpIn, RtpOut, SenderClock};
use costage_media::scene::SourceId;
use costage_media::time::Ntp;
use thiserror::Error;

/// A session inside this process. Never shown to clients: they hold the secret of [`Opened`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub u64);

/// Which half of a session is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A publishing client (WHIP): media comes in, as this source.
    Host {
        /// The source as control numbers it.
        source: SourceId,
    },
    /// A playing client (WHEP): media of this feed goes out.
    Viewer {
        /// The live's outgoing stream.
        feed: FeedId,
    },
    /// A playing client (WHEP) of one host alone: what that host sends goes out untouched.
    Onlooker {
        /// The host, as control numbers it.
        source: SourceId,
    },
    /// A host who listens to the others (WHEP): the picture of this feed, its sound without the host's own.
    Listener {
        /// The live's outgoing stream.
        feed: FeedId,
        /// Whose sound is left out.
        source: SourceId,
    },
}

/// One UDP payload for a session, already split where the kernel had joined several (GRO).
#[derive(Debug)]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// The local address it was sent to, where the system tells; answers leave from it.
    pub local: Option<IpAddr>,
    /// The payload.
    pub data: BytesMut,
    /// When the receive call that brought it returned.
    pub received_at: Instant,
}

/// A session as its shard drives it. Sans-IO but for the sends, which leave before the call returns.
///
/// Order of driving: call any `handle_*`, `send`, … with `now`; then [`Peer::poll_event`] until `None`; then ask
/// [`Peer::poll_timeout`] when to call [`Peer::handle_timeout`]. After [`PeerEvent::Closed`] drop the session: dropping
/// frees its addresses, its ufrags and its secret.
pub trait Peer: Send {
    /// Takes one datagram that the UDP thread assigned to this session: STUN, DTLS, SRTP or SRTCP.
    fn handle_datagram(&mut self, now: Instant, datagram: Datagram);
    /// Fires every deadline that is due; early or repeated calls do nothing.
    fn handle_timeout(&mut self, now: Instant);
    /// When it next wants [`Peer::handle_timeout`].
    fn poll_timeout(&self) -> Option<Instant>;
    /// What happened; drain after every call.
    fn poll_event(&mut self) -> Option<PeerEvent>;
    /// Sends the packets of one frame to a viewer: sealed into one batch and given to the kernel before it returns.
    /// Does nothing before [`PeerEvent::Connected`], for a kind that was not negotiated, or for a host.
    ///
    /// Sequence numbers must never repeat within a kind: use [`Peer::resend`] for what has been sent.
    fn send(&mut self, now: Instant, packets: &[RtpOut]);
    /// Sends a packet again, exactly as given to [`Peer::send`] before: by RTX when negotiated (RFC 4588), else
    /// byte-identically.
    fn resend(&mut self, now: Instant, packet: &RtpOut);
    /// Sends a sender report (RFC 3550 §6.4.1): at `ntp` the kind's outgoing stream stood at `timestamp`. Packet and
    /// octet counts are the session's own.
    fn report(&mut self, now: Instant, kind: MediaKind, ntp: Ntp, timestamp: u32);
    /// Asks a host for a keyframe (PLI, RFC 4585 §6.3.1). Throttled by the session; nothing for a viewer.
    fn request_keyframe(&mut self, now: Instant);
    /// Which kinds of media a host's offer has; none for a viewer. Never changes.
    fn sends(&self) -> Sends;
    /// Says goodbye (DTLS close_notify); [`PeerEvent::Closed`] follows. Idempotent.
    fn close(&mut self, now: Instant);
}

/// What a host publishes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sends {
    /// A voice; a host without one is shown as muted.
    pub audio: bool,
    /// A picture; a host without one is shown as its avatar.
    pub video: bool,
}

/// What a session tells its shard.
#[derive(Debug, Clone)]
pub enum PeerEvent {
    /// ICE and DTLS are done and the keys are in place: media may flow. Once per session.
    Connected,
    /// A connected host's media has been missing for too long: nothing authentic for 5 s, or checks alone for 30 s. The session
    /// lives on.
    MediaLost,
    /// The media of a host that had lost it flows again.
    MediaBack,
    /// A host's packet.
    Rtp(RtpIn),
    /// A host's sender report.
    SenderClock(SenderClock),
    /// A viewer asked for a keyframe (PLI or FIR). Not throttled here: `KeyframeMerge` does that for all viewers.
    KeyframeWanted,
    /// A viewer misses these of its packets: wire sequence numbers, at most [`NACK_SEQS_MAX`].
    Nack {
        /// Of which of its streams.
        kind: MediaKind,
        /// Sequence numbers as on the wire.
        seqs: Vec<u16>,
    },
    /// The session is over; drop it. The last event.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// Sequence numbers one [`PeerEvent::Nack`] may carry; a compound asking for more is cut. 17 per FCI entry, so this is
/// 15 entries: a lost keyframe burst.
pub const NACK_SEQS_MAX: usize = 255;

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloseReason {
    /// We ended it: DELETE, takeover, end of the live, drain.
    Local,
    /// The peer sent close_notify or a fatal alert.
    Remote,
    /// No authenticated ICE check came in time after the offer.
    IceTimeout,
    /// ICE checks stopped (RFC 7675 §5.1: consent expires after 30 s).
    ConsentExpired,
    /// DTLS did not finish in time.
    HandshakeTimeout,
    /// DTLS failed: no common parameters, bad signature, a certificate other than the offer's fingerprint.
    HandshakeFailed,
}

/// The threads that drive sessions; implemented by the engine, used by `peer`.
pub trait Shards: Send + Sync {
    /// Gives a new session to a shard, which drives it until [`PeerEvent::Closed`] and then drops it.
    fn adopt(&self, key: SessionKey, role: Role, peer: Box<dyn Peer>);
    /// Hands a datagram to the shard of `key`. Bounded: the shard's oldest are dropped (and counted) when it cannot keep
    /// up. An unknown key is ignored.
    fn deliver(&self, key: SessionKey, datagram: Datagram);
    /// Has the shard call [`Peer::close`] on the session. An unknown key is ignored.
    fn close(&self, key: SessionKey);
    /// `profile_idc` (H.264 §7.4.2.1.1) of what this host really sends, so that the answer to who plays it untouched can
    /// name a format that it fits; `None` while no parameter set of its has come.
    fn profile_of(&self, source: SourceId) -> Option<u8> {
        let _ = source;
        None
    }
}

/// What HTTP asks of sessions. Calls take about a millisecond and never wait for the network.
pub trait Signalling: Send + Sync {
    /// Answers an SDP offer and starts the session that the answer describes.
    ///
    /// `owner` is the subject of the bearer token: who may trickle and close.
    ///
    /// # Errors
    /// See [`OfferRefused`]; nothing has been started then.
    fn open(&self, now: Instant, role: Role, owner: String, offer: &str) -> Result<Opened, OfferRefused>;

    /// Takes an `application/trickle-ice-sdpfrag` (RFC 8840, as RFC 9725 §4.3 uses it): candidates, or an ICE restart when
    /// its ufrag differs from the session's.
    ///
    /// `if_match` is the header's value as sent; `*` and `"*"` are a restart's.
    ///
    /// # Errors
    /// See [`TrickleRefused`]; the session goes on as it was.
    fn trickle(
        &self,
        now: Instant,
        secret: &str,
        if_match: Option<&str>,
        fragment: &str,
    ) -> Result<Trickled, TrickleRefused>;

    /// Ends a session, saying goodbye to the peer. The secret is unknown from then on.
    ///
    /// # Errors
    /// When no live session has this secret.
    fn close(&self, now: Instant, secret: &str) -> Result<(), UnknownSession>;

    /// Who opened the session with this secret; `None` when there is none (any more).
    fn owner(&self, secret: &str) -> Option<String>;

    /// Refuses every offer from now on ([`OfferRefused::Draining`]). Sessions go on.
    fn drain(&self);

    /// Sessions that live now, both roles.
    fn sessions(&self) -> usize;
}

/// A session just started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// For the inside.
    pub key: SessionKey,
    /// The unguessable last part of the session's URL: 192 random bits, URL-safe.
    pub secret: String,
    /// The ICE session's strong entity tag, with its quotes (RFC 9725 §4.3.1).
    pub etag: String,
    /// The SDP answer, below 8,192 bytes.
    pub answer: String,
}

/// Why an offer is not answered. `detail` is one sentence for the client's developer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OfferRefused {
    /// Not an SDP offer of WebRTC, or beyond our limits of size.
    #[error("malformed offer: {detail}")]
    Malformed {
        /// What was expected and what was found.
        detail: String,
    },
    /// A kind has none of our codecs: H.264 (packetization-mode 0 or 1, Baseline to High) and Opus.
    #[error("no common codec: {detail}")]
    NoCommonCodec {
        /// Which kind, and what was offered.
        detail: String,
    },
    /// A host that does not send, or a viewer that does not receive.
    #[error("wrong direction: {detail}")]
    WrongDirection {
        /// What was expected and what was found.
        detail: String,
    },
    /// Well-formed, but something this server does not do: no BUNDLE, no rtcp-mux, no DTLS fingerprint we can check, two
    /// tracks of a kind.
    #[error("unsupported offer: {detail}")]
    Unsupported {
        /// What.
        detail: String,
    },
    /// The server is shutting down: 503.
    #[error("the server is shutting down")]
    Draining,
    /// The server has as many sessions as it may have: 503.
    #[error("all places for sessions are taken: raise `limits.sessions`, or try again when others have ended")]
    TooMany,
}

/// What became of a PATCH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trickled {
    /// Candidates taken: 204, without ETag.
    Accepted,
    /// ICE restarted: 200 with a new ETag and this fragment. The old credentials stay valid until the new are used.
    Restarted {
        /// The new entity tag, with its quotes.
        etag: String,
        /// Our new credentials and candidates, `application/trickle-ice-sdpfrag`.
        fragment: String,
    },
}

/// Why a PATCH is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrickleRefused {
    /// 404.
    #[error("no such session")]
    UnknownSession,
    /// 428: If-Match is required (RFC 9725 §4.3.1).
    #[error(
        "If-Match is missing; send the ETag that the 201 answer or the latest ICE restart gave, or * for a restart"
    )]
    MatchMissing,
    /// 412: the tag is of an earlier ICE session.
    #[error("If-Match names an earlier ICE session; use the ETag of the latest ICE restart's answer")]
    MatchStale,
    /// 400.
    #[error("malformed fragment: {detail}")]
    Malformed {
        /// What was expected and what was found.
        detail: String,
    },
}

/// No live session has this secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no such session")]
pub struct UnknownSession;
