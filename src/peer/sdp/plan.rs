//! What we take of an offer: one codec a kind, the feedback that was offered and that we use, nothing else.

use costage_media::packet::MediaKind;

use super::fingerprint::Fingerprint;
use super::offer::{Direction, Offer, OfferedCodec, OfferedMedia, Setup};
use crate::engine::OfferRefused;
use crate::peer::random;

/// draft-holmer-rmcat-transport-wide-cc-extensions-01 §2
pub(crate) const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// RFC 9143 §15.2
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// RFC 8852 §3.1
const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// RFC 8852 §3.2
const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";

/// Which way media goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// WHIP: we receive. RFC 9725 §4.2: no partly accepted answers.
    Host,
    /// WHEP: we send; a kind that we cannot send is rejected alone.
    Viewer,
}

/// How a host is asked for a keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyframeRequest {
    /// RFC 4585 §6.3.1
    Pli,
    /// RFC 5104 §4.3.1, for those that offered nothing else.
    Fir,
}

/// The agreement with a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Which way media goes.
    pub(crate) side: Side,
    /// Every media line of the offer, in its order.
    pub(crate) lines: Vec<Line>,
    /// The client's ICE name.
    pub(crate) remote_ufrag: String,
    /// What its certificate must hash to.
    pub(crate) fingerprints: Vec<Fingerprint>,
    /// We send the ClientHello.
    pub(crate) we_are_client: bool,
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Media will flow.
    Accepted(Box<Stream>),
    /// Port 0 (RFC 3264 §6).
    Rejected {
        /// `audio`, `video`, …
        name: String,
        /// The offer's protocol.
        protocol: String,
        /// The offer's first format: an answer must name one.
        format: String,
        /// The offer's mid.
        mid: Option<String>,
    },
}

/// One stream that both ends agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Its kind.
    pub(crate) kind: MediaKind,
    /// The offer's protocol, echoed.
    pub(crate) protocol: String,
    /// Its name in the bundle.
    pub(crate) mid: Option<String>,
    /// In the BUNDLE group.
    pub(crate) bundled: bool,
    /// Feedback may be reduced in size, as offered.
    pub(crate) rtcp_rsize: bool,
    /// The codec's payload type, the offer's.
    pub(crate) payload_type: u8,
    /// The retransmissions' payload type (RFC 4588).
    pub(crate) rtx_payload_type: Option<u8>,
    /// H.264: the `profile-level-id` as offered and the packetization-mode.
    pub(crate) h264: Option<(Option<String>, u8)>,
    /// Lost packets may be asked for again.
    pub(crate) nack: bool,
    /// How keyframes may be asked for.
    pub(crate) keyframes: Option<KeyframeRequest>,
    /// Transport-wide feedback, by this header extension.
    pub(crate) transport_cc: Option<u8>,
    /// REMB (draft-alvestrand-rmcat-remb), for senders without transport-wide feedback.
    pub(crate) remb: bool,
    /// Header extension of the mid.
    pub(crate) mid_extension: Option<u8>,
    /// Header extension of the simulcast layer.
    pub(crate) rid_extension: Option<u8>,
    /// Header extension of the layer that an RTX packet repairs.
    pub(crate) repaired_rid_extension: Option<u8>,
    /// A host's simulcast layers, most wanted first; empty without simulcast.
    pub(crate) rids: Vec<String>,
    /// A host's announced SSRCs; Chromium's simulcast announces none.
    pub(crate) ssrcs: Vec<u32>,
    /// A host's SSRC and that of its retransmissions.
    pub(crate) rtx_of: Vec<(u32, u32)>,
    /// A viewer's: what we send with.
    pub(crate) sending: Option<SendingSsrcs>,
}

/// The SSRCs that we chose for a viewer's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SendingSsrcs {
    /// Of the media.
    pub(crate) media: u32,
    /// Of its retransmissions.
    pub(crate) rtx: Option<u32>,
}

impl Plan {
    /// Decides what to take of an offer.
    ///
    /// # Errors
    /// See [`OfferRefused`]: no common codec, a wrong direction, or a transport we do not have.
    pub(crate) fn new(offer: &Offer, side: Side) -> Result<Self, OfferRefused> {
        Self::agreed(offer, side, None)
    }

    /// For a viewer of what a host sends as H.264 of this `profile_idc`. Of formats that the viewer offers, the one that
    /// the host's stream fits best is taken: its own profile, else one whose decoders decode it too, else the nearest.
    /// Nobody is refused for a profile: Firefox offers Baseline alone, and plays what it gets.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub(crate) fn to_forward(offer: &Offer, profile: Option<u8>) -> Result<Self, OfferRefused> {
        Self::agreed(offer, Side::Viewer, profile)
    }

    fn agreed(offer: &Offer, side: Side, profile: Option<u8>) -> Result<Self, OfferRefused> {
        let mut lines = Vec::with_capacity(offer.media.len());
        let mut missing = Vec::new();
        for media in &offer.media {
            let line = match line(offer, media, (side, profile), &lines) {
                Ok(line) => line,
                Err(Unfit::Refuse(refused)) => return Err(refused),
                Err(Unfit::NoCodec) if side == Side::Host => return Err(no_common_codec(media)),
                Err(Unfit::NoCodec) => {
                    missing.push(media.name.clone());
                    rejected(media)
                }
            };
            lines.push(line);
        }
        let plan = Self {
            side,
            lines,
            remote_ufrag: offer.ufrag.clone(),
            fingerprints: offer.fingerprints.clone(),
            we_are_client: offer.setup == Setup::Passive,
        };
        match plan.streams().count() {
            0 if missing.is_empty() => Err(OfferRefused::Unsupported { detail: "no audio or video line".to_owned() }),
            0 => Err(OfferRefused::NoCommonCodec { detail: format!("{}: {WANTED}", missing.join(" and ")) }),
            1 => Ok(plan),
            _ => plan.bundled_or_refused(),
        }
    }

    /// The streams that media will flow on, at most one a kind.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.lines.iter().filter_map(|line| match line {
            Line::Accepted(stream) => Some(stream.as_ref()),
            Line::Rejected { .. } => None,
        })
    }

    /// One transport carries everything here.
    fn bundled_or_refused(self) -> Result<Self, OfferRefused> {
        if self.streams().all(|stream| stream.bundled) {
            return Ok(self);
        }
        Err(OfferRefused::Unsupported { detail: "all media lines must be in one a=group:BUNDLE".to_owned() })
    }
}

const WANTED: &str = "wanted H.264 (Baseline, Main or High, packetization-mode 0 or 1; 1 to play) and opus/48000/2";

enum Unfit {
    Refuse(OfferRefused),
    NoCodec,
}

fn line(
    offer: &Offer,
    media: &OfferedMedia,
    (side, profile): (Side, Option<u8>),
    before: &[Line],
) -> Result<Line, Unfit> {
    let refuse = |detail: String| Err(Unfit::Refuse(OfferRefused::Unsupported { detail }));
    let Some(kind) = media.kind.filter(|_| !media.stopped) else { return Ok(rejected(media)) };
    check_direction(media, side).map_err(Unfit::Refuse)?;
    if side == Side::Viewer && !media.direction.receives() {
        return Ok(rejected(media));
    }
    let taken = before.iter().any(|line| matches!(line, Line::Accepted(stream) if stream.kind == kind));
    if taken && side == Side::Viewer {
        return Ok(rejected(media));
    }
    if taken {
        // RFC 9725 §4.2: at most one track a kind.
        return refuse(format!("more than one {} line", media.name));
    }
    if !media.protocol.ends_with("RTP/SAVPF") {
        return refuse("a media protocol other than UDP/TLS/RTP/SAVPF".to_owned());
    }
    if !media.rtcp_mux {
        return refuse(format!("a=rtcp-mux is missing in the {} line", media.name));
    }
    let codec = best_codec(&media.codecs, side, profile).ok_or(Unfit::NoCodec)?;
    Ok(Line::Accepted(Box::new(stream(offer, media, kind, codec, side))))
}

fn check_direction(media: &OfferedMedia, side: Side) -> Result<(), OfferRefused> {
    let wrong = match side {
        Side::Host => !media.direction.sends(),
        Side::Viewer => media.direction == Direction::SendOnly,
    };
    if !wrong {
        return Ok(());
    }
    let wanted = match side {
        Side::Host => "a publisher offers sendonly or sendrecv",
        Side::Viewer => "a player offers recvonly or sendrecv",
    };
    Err(OfferRefused::WrongDirection { detail: format!("{wanted}; the {} line does not", media.name) })
}

/// Of equals, the one offered first. `profile` is what a viewer will be sent; `None`: ours.
fn best_codec(codecs: &[OfferedCodec], side: Side, profile: Option<u8>) -> Option<&OfferedCodec> {
    let ranked = codecs.iter().filter_map(|codec| {
        let rank = match (codec.h264, side) {
            (None, _) => Some(0),
            (Some(format), Side::Host) => Some(format.rank_to_receive()),
            (Some(format), Side::Viewer) => match profile {
                None => format.rank_to_send(),
                Some(profile) => format.rank_to_forward(profile),
            },
        };
        rank.map(|rank| (rank, codec))
    });
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, codec)| codec)
}

fn stream(offer: &Offer, media: &OfferedMedia, kind: MediaKind, codec: &OfferedCodec, side: Side) -> Stream {
    let offered = |wanted: &str| codec.feedback.iter().any(|feedback| feedback == wanted);
    let receiving = side == Side::Host;
    let transport_cc = media.extension(TRANSPORT_CC).filter(|_| receiving && offered("transport-cc"));
    let nack = offered("nack");
    let rtx_payload_type = codec.rtx.filter(|_| nack);
    Stream {
        kind,
        protocol: media.protocol.clone(),
        mid: media.mid.clone(),
        bundled: media.mid.as_ref().is_some_and(|mid| offer.bundle.contains(mid)),
        rtcp_rsize: media.rtcp_rsize,
        payload_type: codec.payload_type,
        rtx_payload_type,
        h264: codec.h264.map(|format| (codec.profile_level_id.clone(), format.packetization_mode)),
        nack,
        keyframes: match (kind, offered("nack pli"), offered("ccm fir")) {
            (MediaKind::Video, true, _) => Some(KeyframeRequest::Pli),
            (MediaKind::Video, false, true) => Some(KeyframeRequest::Fir),
            (MediaKind::Video, false, false) | (MediaKind::Audio, _, _) => None,
        },
        transport_cc,
        remb: receiving && transport_cc.is_none() && offered("goog-remb"),
        mid_extension: media.extension(MID).filter(|_| receiving),
        rid_extension: media.extension(RID).filter(|_| receiving && !media.rids.is_empty()),
        repaired_rid_extension: media.extension(REPAIRED_RID).filter(|_| receiving && !media.rids.is_empty()),
        rids: if receiving { media.rids.clone() } else { Vec::new() },
        ssrcs: media.ssrcs.clone(),
        rtx_of: media.rtx_of.clone(),
        sending: (!receiving)
            .then(|| SendingSsrcs { media: random::number(), rtx: rtx_payload_type.map(|_| random::number()) }),
    }
}

fn rejected(media: &OfferedMedia) -> Line {
    let plain = |format: &&String| format.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    Line::Rejected {
        name: media.name.clone(),
        protocol: media.protocol.clone(),
        format: media.formats.first().filter(plain).map_or_else(|| "0".to_owned(), Clone::clone),
        mid: media.mid.clone(),
    }
}

fn no_common_codec(media: &OfferedMedia) -> OfferRefused {
    OfferRefused::NoCommonCodec { detail: format!("{}: {WANTED}", media.name) }
}
