//! SDP offers, as clients write them.
//!
//! `rtc::sdp` splits the lines; what the lines mean, and how many of each there may be, is decided here.

use std::io::Cursor;

use costage_media::packet::MediaKind;
use rtc::sdp::description::common::Attribute;
use rtc::sdp::description::media::MediaDescription;
use rtc::sdp::description::session::SessionDescription;

use super::fingerprint::Fingerprint;
use super::h264::H264Format;
use super::not_sdp::explain;
use crate::engine::OfferRefused;

/// Bytes of an offer. Chromium with every codec and simulcast writes 8 kB; the HTTP body may be as large.
pub(crate) const OFFER_BYTES_MAX: usize = 65_536;
/// Media lines of an offer: WHIP and WHEP need two; browsers that reuse a connection leave a few rejected ones.
pub(crate) const MEDIA_MAX: usize = 16;
/// Payload types of one media line; there are 128 in all.
const FORMATS_MAX: usize = 128;
/// SSRCs of one media line: three simulcast layers with RTX and some history.
const SSRCS_MAX: usize = 16;
/// Simulcast layers of one media line.
pub(crate) const RIDS_MAX: usize = 8;
/// Header extensions of one media line: one-byte headers have 14 ids.
const EXTENSIONS_MAX: usize = 64;
/// Fingerprints of an offer: three hashes, at session level and in each media line.
const FINGERPRINTS_MAX: usize = 24;
/// RFC 8839 §5.4: a ufrag has 4 to 256 letters, a password 22 to 256.
pub(crate) const ICE_TEXT_MAX: usize = 256;

/// Who speaks first in DTLS, as offered (RFC 8842 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    /// We choose.
    ActPass,
    /// The offerer sends the ClientHello.
    Active,
    /// The offerer waits for ours (ffmpeg).
    Passive,
}

/// Who sends (RFC 8866 §6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Both.
    SendRecv,
    /// The offerer.
    SendOnly,
    /// We.
    RecvOnly,
    /// Nobody.
    Inactive,
}

impl Direction {
    /// The offerer wants to send.
    pub(crate) fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// The offerer wants to receive.
    pub(crate) fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// A parsed offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// All media lines, in order.
    pub(crate) media: Vec<OfferedMedia>,
    /// The mids of the BUNDLE group; empty without one.
    pub(crate) bundle: Vec<String>,
    /// The offerer's ICE name.
    pub(crate) ufrag: String,
    /// The offerer's ICE password.
    pub(crate) password: String,
    /// What the offerer's certificate hashes to, by each hash that we know.
    pub(crate) fingerprints: Vec<Fingerprint>,
    /// Its DTLS role.
    pub(crate) setup: Setup,
}

/// One media line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferedMedia {
    /// `audio`, `video`, `application`, …
    pub(crate) name: String,
    /// What we could carry on it.
    pub(crate) kind: Option<MediaKind>,
    /// The protocol field, echoed in the answer.
    pub(crate) protocol: String,
    /// The formats field, echoed when the line is rejected.
    pub(crate) formats: Vec<String>,
    /// Port 0 without `bundle-only`: the offerer has stopped this line.
    pub(crate) stopped: bool,
    /// Its name in the BUNDLE group.
    pub(crate) mid: Option<String>,
    /// Who sends.
    pub(crate) direction: Direction,
    /// RTCP on the same port.
    pub(crate) rtcp_mux: bool,
    /// Feedback need not be in compound packets (RFC 5506 §5).
    pub(crate) rtcp_rsize: bool,
    /// H.264 and Opus formats with what belongs to them.
    pub(crate) codecs: Vec<OfferedCodec>,
    /// Header extensions: id and URI.
    pub(crate) extensions: Vec<(u8, String)>,
    /// Simulcast layers that the offerer sends, most wanted first (RFC 8853 §5.2).
    pub(crate) rids: Vec<String>,
    /// Announced SSRCs.
    pub(crate) ssrcs: Vec<u32>,
    /// Pairs of a stream's SSRC and its RTX's (RFC 5576 §4.2, FID).
    pub(crate) rtx_of: Vec<(u32, u32)>,
}

/// One payload type with a codec of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferedCodec {
    /// The payload type.
    pub(crate) payload_type: u8,
    /// H.264's parameters; `None` for Opus.
    pub(crate) h264: Option<H264Format>,
    /// The `profile-level-id` as written: some clients compare it as text.
    pub(crate) profile_level_id: Option<String>,
    /// The payload type of its retransmissions (RFC 4588 §8.1).
    pub(crate) rtx: Option<u8>,
    /// `a=rtcp-fb` values.
    pub(crate) feedback: Vec<String>,
}

impl Offer {
    /// Parses an offer.
    ///
    /// # Errors
    /// [`OfferRefused::Malformed`] for what is not SDP, exceeds a limit or contradicts itself, [`OfferRefused::Unsupported`]
    /// for what no peer of ours can do without: ICE credentials, a fingerprint.
    pub(crate) fn parse(text: &str) -> Result<Self, OfferRefused> {
        if text.len() > OFFER_BYTES_MAX {
            return Err(malformed(format!("at most {OFFER_BYTES_MAX} bytes, found {}", text.len())));
        }
        if text.bytes().any(|byte| byte == 0) {
            return Err(malformed("a zero byte".to_owned()));
        }
        let mut reader = Cursor::new(text.as_bytes());
        let session = SessionDescription::unmarshal(&mut reader).map_err(|error| {
            let position = usize::try_from(reader.position()).unwrap_or(text.len());
            malformed(explain(text, position, &error.to_string()))
        })?;
        let count = session.media_descriptions.len();
        if count == 0 || count > MEDIA_MAX {
            return Err(malformed(format!("1 to {MEDIA_MAX} media lines, found {count}")));
        }
        let media = session.media_descriptions.iter().map(OfferedMedia::read).collect::<Result<Vec<_>, _>>()?;
        distinct_mids(&media)?;
        Ok(Self {
            bundle: bundle(&session.attributes),
            ufrag: credential(&session, "ice-ufrag", 4)?,
            password: credential(&session, "ice-pwd", 22)?,
            fingerprints: fingerprints(&session)?,
            setup: setup(&session)?,
            media,
        })
    }
}

impl OfferedMedia {
    fn read(description: &MediaDescription) -> Result<Self, OfferRefused> {
        let name = &description.media_name;
        let attributes = &description.attributes;
        if name.formats.len() > FORMATS_MAX {
            return Err(malformed(format!(
                "at most {FORMATS_MAX} formats in a media line, found {}",
                name.formats.len()
            )));
        }
        let kind = match name.media.as_str() {
            "audio" => Some(MediaKind::Audio),
            "video" => Some(MediaKind::Video),
            _ => None,
        };
        let mid = value(attributes, "mid").map(str::to_owned);
        if mid.as_deref().is_some_and(|mid| !is_token(mid)) {
            return Err(malformed("a=mid must be a token of at most 32 letters".to_owned()));
        }
        Ok(Self {
            name: name.media.clone(),
            kind,
            protocol: name.protos.join("/"),
            formats: name.formats.clone(),
            stopped: name.port.value == 0 && !has(attributes, "bundle-only"),
            mid,
            direction: direction(attributes),
            rtcp_mux: has(attributes, "rtcp-mux"),
            rtcp_rsize: has(attributes, "rtcp-rsize"),
            codecs: kind.map(|kind| codecs(kind, &name.formats, attributes)).unwrap_or_default(),
            extensions: extensions(attributes)?,
            rids: rids(attributes)?,
            ssrcs: ssrcs(attributes)?,
            rtx_of: rtx_groups(attributes),
        })
    }

    /// The id of a header extension.
    pub(crate) fn extension(&self, uri: &str) -> Option<u8> {
        self.extensions.iter().find(|(_, offered)| offered == uri).map(|(id, _)| *id)
    }
}

fn malformed(detail: String) -> OfferRefused {
    OfferRefused::Malformed { detail }
}

/// Texts of others are cut before they reach a log or an answer.
pub(super) fn brief(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

fn value<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    attributes.iter().find(|attribute| attribute.key == key).and_then(|attribute| attribute.value.as_deref())
}

fn values<'a>(attributes: &'a [Attribute], key: &'a str) -> impl Iterator<Item = &'a str> {
    attributes.iter().filter(move |attribute| attribute.key == key).filter_map(|attribute| attribute.value.as_deref())
}

fn has(attributes: &[Attribute], key: &str) -> bool {
    attributes.iter().any(|attribute| attribute.key == key)
}

/// RFC 4566 §9 `token`, with a bound: what we echo must not be able to start another line.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]".contains(&b))
}

fn direction(attributes: &[Attribute]) -> Direction {
    let named = attributes.iter().find_map(|attribute| match attribute.key.as_str() {
        "sendrecv" => Some(Direction::SendRecv),
        "sendonly" => Some(Direction::SendOnly),
        "recvonly" => Some(Direction::RecvOnly),
        "inactive" => Some(Direction::Inactive),
        _ => None,
    });
    // RFC 8866 §6.7: sendrecv is the default.
    named.unwrap_or(Direction::SendRecv)
}

fn distinct_mids(media: &[OfferedMedia]) -> Result<(), OfferRefused> {
    let mut mids: Vec<&str> = media.iter().filter_map(|media| media.mid.as_deref()).collect();
    mids.sort_unstable();
    if mids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(malformed("two media lines have the same a=mid".to_owned()));
    }
    Ok(())
}

fn bundle(attributes: &[Attribute]) -> Vec<String> {
    values(attributes, "group")
        .filter_map(|group| group.strip_prefix("BUNDLE"))
        .flat_map(str::split_ascii_whitespace)
        .take(MEDIA_MAX)
        .map(str::to_owned)
        .collect()
}

/// Attributes of the session and then of each media line. Those of the first line hold for the whole bundle (RFC 9143 §7.1.3).
fn levels(session: &SessionDescription) -> impl Iterator<Item = &[Attribute]> {
    std::iter::once(session.attributes.as_slice())
        .chain(session.media_descriptions.iter().map(|media| media.attributes.as_slice()))
}

fn credential(session: &SessionDescription, key: &str, length_min: usize) -> Result<String, OfferRefused> {
    let found = levels(session).find_map(|attributes| value(attributes, key));
    let found = found.ok_or_else(|| OfferRefused::Unsupported { detail: format!("a={key} is missing") })?;
    if found.len() < length_min || found.len() > ICE_TEXT_MAX || !found.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed(format!("a={key} must have {length_min} to {ICE_TEXT_MAX} letters")));
    }
    Ok(found.to_owned())
}

fn fingerprints(session: &SessionDescription) -> Result<Vec<Fingerprint>, OfferRefused> {
    let mut found: Vec<Fingerprint> = Vec::new();
    for text in levels(session).flat_map(|attributes| values(attributes, "fingerprint")) {
        let Some(fingerprint) = Fingerprint::parse(text).map_err(malformed)? else { continue };
        if !found.contains(&fingerprint) {
            found.push(fingerprint);
        }
        if found.len() > FINGERPRINTS_MAX {
            return Err(malformed(format!("more than {FINGERPRINTS_MAX} fingerprints")));
        }
    }
    if found.is_empty() {
        return Err(OfferRefused::Unsupported {
            detail: "no a=fingerprint with sha-256, sha-384 or sha-512".to_owned(),
        });
    }
    Ok(found)
}

fn setup(session: &SessionDescription) -> Result<Setup, OfferRefused> {
    match levels(session).find_map(|attributes| value(attributes, "setup")) {
        None | Some("actpass") => Ok(Setup::ActPass),
        Some("active") => Ok(Setup::Active),
        Some("passive") => Ok(Setup::Passive),
        Some(other) => Err(OfferRefused::Unsupported { detail: format!("a=setup:{}", brief(other)) }),
    }
}

fn codecs(kind: MediaKind, formats: &[String], attributes: &[Attribute]) -> Vec<OfferedCodec> {
    formats.iter().filter_map(|format| codec(kind, format.parse().ok().filter(|pt| *pt < 128)?, attributes)).collect()
}

fn codec(kind: MediaKind, payload_type: u8, attributes: &[Attribute]) -> Option<OfferedCodec> {
    let wanted = match kind {
        MediaKind::Video => "H264/90000",
        MediaKind::Audio => "opus/48000/2",
    };
    let encoding = of_payload_type(attributes, "rtpmap", payload_type).next()?;
    if !encoding.trim().eq_ignore_ascii_case(wanted) {
        return None;
    }
    let fmtp = of_payload_type(attributes, "fmtp", payload_type).next().unwrap_or("");
    let h264 = match kind {
        MediaKind::Video => Some(H264Format::parse(fmtp)?),
        MediaKind::Audio => None,
    };
    let profile_level_id = parameter(fmtp, "profile-level-id").filter(|_| h264.is_some()).map(str::to_owned);
    let feedback = of_payload_type(attributes, "rtcp-fb", payload_type).take(16).map(str::to_owned).collect();
    Some(OfferedCodec { payload_type, h264, profile_level_id, rtx: rtx_of(payload_type, attributes), feedback })
}

/// Values of `a=<key>:<payload type> <value>`; `*` stands for every payload type (RFC 4585 §4.2).
fn of_payload_type<'a>(attributes: &'a [Attribute], key: &'a str, wanted: u8) -> impl Iterator<Item = &'a str> {
    values(attributes, key).filter_map(move |value| {
        let (payload_type, rest) = value.split_once(' ')?;
        (payload_type == "*" || payload_type.parse() == Ok(wanted)).then_some(rest.trim())
    })
}

fn parameter<'a>(fmtp: &'a str, name: &str) -> Option<&'a str> {
    fmtp.split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, v)| v.trim())
}

fn rtx_of(payload_type: u8, attributes: &[Attribute]) -> Option<u8> {
    let rtx_types = values(attributes, "rtpmap").filter_map(|value| {
        let (rtx, encoding) = value.split_once(' ')?;
        encoding.trim().eq_ignore_ascii_case("rtx/90000").then(|| rtx.parse().ok()).flatten()
    });
    rtx_types.filter(|rtx: &u8| *rtx < 128).find(|rtx| {
        let fmtp = of_payload_type(attributes, "fmtp", *rtx).next().unwrap_or("");
        parameter(fmtp, "apt").and_then(|apt| apt.parse().ok()) == Some(payload_type)
    })
}

fn extensions(attributes: &[Attribute]) -> Result<Vec<(u8, String)>, OfferRefused> {
    let mut found = Vec::new();
    for line in values(attributes, "extmap") {
        let mut words = line.split_ascii_whitespace();
        let (Some(id), Some(uri)) = (words.next(), words.next()) else { continue };
        let id = id.split('/').next().unwrap_or(id);
        // RFC 8285 §4.2: one-byte ids are 1 to 14; others would need two-byte headers, which we do not answer.
        let Some(id) = id.parse().ok().filter(|id| (1..=14).contains(id)) else { continue };
        found.push((id, uri.to_owned()));
        if found.len() > EXTENSIONS_MAX {
            return Err(malformed(format!("more than {EXTENSIONS_MAX} a=extmap in a media line")));
        }
    }
    Ok(found)
}

/// Layers in the order of `a=simulcast` (RFC 8853 §5.1), else in that of `a=rid` (RFC 8851 §4).
fn rids(attributes: &[Attribute]) -> Result<Vec<String>, OfferRefused> {
    let mut sent: Vec<&str> = Vec::new();
    for line in values(attributes, "rid") {
        let mut words = line.split_ascii_whitespace();
        if let (Some(rid), Some("send")) = (words.next(), words.next()) {
            sent.push(rid);
        }
    }
    if sent.len() > RIDS_MAX || sent.iter().any(|rid| !is_rid(rid)) {
        return Err(malformed(format!("at most {RIDS_MAX} a=rid lines, each of 1 to 16 letters and digits")));
    }
    let mut ordered: Vec<String> = Vec::new();
    let mut words = value(attributes, "simulcast").unwrap_or("").split_ascii_whitespace();
    while let Some(word) = words.next() {
        let list = words.next().unwrap_or("");
        for rid in list.split([';', ',']).map(|rid| rid.trim_start_matches('~')).filter(|_| word == "send") {
            if sent.contains(&rid) && !ordered.iter().any(|known| known == rid) {
                ordered.push(rid.to_owned());
            }
        }
    }
    let rest = sent.into_iter().filter(|rid| !ordered.iter().any(|known| known == rid)).map(str::to_owned);
    let rest: Vec<String> = rest.collect();
    ordered.extend(rest);
    Ok(ordered)
}

fn is_rid(rid: &str) -> bool {
    (1..=16).contains(&rid.len()) && rid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn ssrcs(attributes: &[Attribute]) -> Result<Vec<u32>, OfferRefused> {
    let mut found: Vec<u32> = Vec::new();
    for line in values(attributes, "ssrc") {
        let Some(ssrc) = line.split_ascii_whitespace().next().and_then(|ssrc| ssrc.parse().ok()) else { continue };
        if !found.contains(&ssrc) {
            found.push(ssrc);
        }
        if found.len() > SSRCS_MAX {
            return Err(malformed(format!("more than {SSRCS_MAX} SSRCs in a media line")));
        }
    }
    Ok(found)
}

fn rtx_groups(attributes: &[Attribute]) -> Vec<(u32, u32)> {
    let groups = values(attributes, "ssrc-group").filter_map(|group| group.strip_prefix("FID "));
    let pairs = groups.filter_map(|group| {
        let mut ssrcs = group.split_ascii_whitespace().map_while(|ssrc| ssrc.parse().ok());
        Some((ssrcs.next()?, ssrcs.next()?))
    });
    pairs.take(SSRCS_MAX).collect()
}

#[cfg(test)]
mod tests;
