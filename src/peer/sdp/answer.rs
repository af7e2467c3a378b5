//! Writing an answer (RFC 9429 §5.3) and the fragment of an ICE restart (RFC 9725 §4.3.2).

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use costage_media::packet::MediaKind;

use super::fingerprint::Fingerprint;
use super::plan::{KeyframeRequest, Line, Plan, Side, Stream, TRANSPORT_CC};

/// Bytes of an answer. ffmpeg refuses more.
pub(crate) const ANSWER_BYTES_MAX: usize = 8_191;
/// Host candidates written: enough for every interface that matters, and they keep the answer small.
pub(crate) const CANDIDATES_MAX: usize = 16;
/// Our stream's name in `a=msid`.
const STREAM_ID: &str = "costage";

/// Our side of the transport.
#[derive(Debug, Clone)]
pub(crate) struct Local<'a> {
    /// Our ICE name.
    pub(crate) ufrag: &'a str,
    /// Our ICE password.
    pub(crate) password: &'a str,
    /// Our certificate's.
    pub(crate) fingerprint: &'a Fingerprint,
    /// Where we can be reached, best first.
    pub(crate) candidates: &'a [SocketAddr],
}

/// The part of an ICE restart's answer that is the same each time; all that signalling keeps of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RestartHead(Box<str>);

impl RestartHead {
    /// The fragment that answers an ICE restart: new credentials of the bundle's first line, and our candidates.
    pub(crate) fn fragment(&self, local: &Local<'_>) -> String {
        let mut out = String::from(&*self.0);
        write_ice(&mut out, local);
        write_candidates(&mut out, &local.candidates[..local.candidates.len().min(CANDIDATES_MAX)]);
        out
    }
}

impl Plan {
    /// The answer as text, at most [`ANSWER_BYTES_MAX`] bytes: candidates at the end of the list are left out where they
    /// would not fit.
    pub(crate) fn answer(&self, session_id: u32, local: &Local<'_>) -> String {
        let mut candidates = local.candidates.iter().take(CANDIDATES_MAX).count();
        loop {
            let text = self.answer_with(session_id, local, candidates);
            if text.len() <= ANSWER_BYTES_MAX || candidates == 0 {
                return text;
            }
            candidates -= 1;
        }
    }

    fn answer_with(&self, session_id: u32, local: &Local<'_>, candidates: usize) -> String {
        let mut out = format!("v=0\r\no=- {session_id} 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
        self.write_group(&mut out);
        out.push_str("a=ice-lite\r\na=msid-semantic: WMS *\r\n");
        let mut first = true;
        for line in &self.lines {
            match line {
                Line::Accepted(stream) => {
                    self.write_stream(&mut out, stream, local);
                    if std::mem::take(&mut first) {
                        write_candidates(&mut out, &local.candidates[..candidates]);
                    }
                }
                Line::Rejected { name, protocol, format, mid } => {
                    line_of(&mut out, format_args!("m={name} 0 {protocol} {format}"));
                    line_of(&mut out, format_args!("c=IN IP4 0.0.0.0"));
                    if let Some(mid) = mid {
                        line_of(&mut out, format_args!("a=mid:{mid}"));
                    }
                    line_of(&mut out, format_args!("a=inactive"));
                }
            }
        }
        out
    }

    /// What every fragment of this session begins with: the bundle and its first line.
    pub(crate) fn restart_head(&self) -> RestartHead {
        let mut head = String::new();
        self.write_group(&mut head);
        head.push_str("a=ice-lite\r\n");
        if let Some(stream) = self.streams().next() {
            write_media_line(&mut head, stream);
        }
        RestartHead(head.into())
    }

    fn write_group(&self, out: &mut String) {
        let mids: Vec<&str> =
            self.streams().filter(|stream| stream.bundled).filter_map(|stream| stream.mid.as_deref()).collect();
        if !mids.is_empty() {
            line_of(out, format_args!("a=group:BUNDLE {}", mids.join(" ")));
        }
    }

    fn write_stream(&self, out: &mut String, stream: &Stream, local: &Local<'_>) {
        write_media_line(out, stream);
        line_of(out, format_args!("c=IN IP4 0.0.0.0"));
        line_of(out, format_args!("a=rtcp:9 IN IP4 0.0.0.0"));
        write_ice(out, local);
        line_of(out, format_args!("a=fingerprint:{}", local.fingerprint));
        line_of(out, format_args!("a=setup:{}", if self.we_are_client { "active" } else { "passive" }));
        write_extensions(out, stream);
        line_of(out, format_args!("a={}", if self.side == Side::Host { "recvonly" } else { "sendonly" }));
        line_of(out, format_args!("a=rtcp-mux"));
        if stream.rtcp_rsize {
            line_of(out, format_args!("a=rtcp-rsize"));
        }
        write_codec(out, stream);
        write_simulcast(out, stream);
        write_sending(out, stream);
    }
}

fn line_of(out: &mut String, line: std::fmt::Arguments<'_>) {
    write!(out, "{line}\r\n").expect("a String takes any text");
}

fn write_media_line(out: &mut String, stream: &Stream) {
    let kind = kind_name(stream.kind);
    let rtx = stream.rtx_payload_type.map(|rtx| format!(" {rtx}")).unwrap_or_default();
    line_of(out, format_args!("m={kind} 9 {} {}{rtx}", stream.protocol, stream.payload_type));
    if let Some(mid) = &stream.mid {
        line_of(out, format_args!("a=mid:{mid}"));
    }
}

fn kind_name(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
    }
}

fn write_ice(out: &mut String, local: &Local<'_>) {
    line_of(out, format_args!("a=ice-ufrag:{}", local.ufrag));
    line_of(out, format_args!("a=ice-pwd:{}", local.password));
}

fn write_extensions(out: &mut String, stream: &Stream) {
    let extensions = [
        (stream.mid_extension, "urn:ietf:params:rtp-hdrext:sdes:mid"),
        (stream.rid_extension, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
        (stream.repaired_rid_extension, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"),
        (stream.transport_cc, TRANSPORT_CC),
    ];
    for (id, uri) in extensions.into_iter().filter_map(|(id, uri)| id.map(|id| (id, uri))) {
        line_of(out, format_args!("a=extmap:{id} {uri}"));
    }
}

fn write_codec(out: &mut String, stream: &Stream) {
    let payload_type = stream.payload_type;
    match &stream.h264 {
        Some((profile, mode)) => {
            line_of(out, format_args!("a=rtpmap:{payload_type} H264/90000"));
            let profile = profile.as_ref().map(|id| format!(";profile-level-id={id}")).unwrap_or_default();
            line_of(
                out,
                format_args!("a=fmtp:{payload_type} level-asymmetry-allowed=1;packetization-mode={mode}{profile}"),
            );
        }
        None => {
            line_of(out, format_args!("a=rtpmap:{payload_type} opus/48000/2"));
            // RFC 7587 §6.1: what we would like to receive, and what to expect of what we send.
            line_of(out, format_args!("a=fmtp:{payload_type} minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"));
        }
    }
    let feedback = [
        (stream.nack, "nack"),
        (stream.keyframes == Some(KeyframeRequest::Pli), "nack pli"),
        (stream.keyframes == Some(KeyframeRequest::Fir), "ccm fir"),
        (stream.transport_cc.is_some(), "transport-cc"),
        (stream.remb, "goog-remb"),
    ];
    for (_, name) in feedback.iter().filter(|(used, _)| *used) {
        line_of(out, format_args!("a=rtcp-fb:{payload_type} {name}"));
    }
    if let Some(rtx) = stream.rtx_payload_type {
        let clock_hz = if stream.kind == MediaKind::Video { 90_000 } else { 48_000 };
        line_of(out, format_args!("a=rtpmap:{rtx} rtx/{clock_hz}"));
        line_of(out, format_args!("a=fmtp:{rtx} apt={payload_type}"));
    }
}

/// All layers are taken: OBS gives up when one is refused.
fn write_simulcast(out: &mut String, stream: &Stream) {
    if stream.rids.is_empty() {
        return;
    }
    for rid in &stream.rids {
        line_of(out, format_args!("a=rid:{rid} recv"));
    }
    line_of(out, format_args!("a=simulcast:recv {}", stream.rids.join(";")));
}

fn write_sending(out: &mut String, stream: &Stream) {
    let Some(ssrcs) = stream.sending else { return };
    let track = kind_name(stream.kind);
    line_of(out, format_args!("a=msid:{STREAM_ID} {track}"));
    if let Some(rtx) = ssrcs.rtx {
        line_of(out, format_args!("a=ssrc-group:FID {} {rtx}", ssrcs.media));
    }
    for ssrc in [Some(ssrcs.media), ssrcs.rtx].into_iter().flatten() {
        line_of(out, format_args!("a=ssrc:{ssrc} cname:{STREAM_ID}"));
        line_of(out, format_args!("a=ssrc:{ssrc} msid:{STREAM_ID} {track}"));
    }
}

/// RFC 8839 §5.1. ffmpeg takes the first and no other.
fn write_candidates(out: &mut String, candidates: &[SocketAddr]) {
    for (index, address) in candidates.iter().enumerate() {
        let priority = priority(index);
        let ip = address.ip();
        line_of(out, format_args!("a=candidate:{} 1 udp {priority} {ip} {} typ host", index + 1, address.port()));
    }
    line_of(out, format_args!("a=end-of-candidates"));
}

/// RFC 8445 §5.1.2.1: host type preference 126, local preference by place in the list, component 1.
fn priority(index: usize) -> u32 {
    let local_preference = 65_535 - u32::try_from(index).unwrap_or(65_535).min(65_535);
    (126 << 24) | (local_preference << 8) | 255
}

/// Orders candidates: the first must be the best, for clients that look at no other.
pub(crate) fn order_candidates(candidates: &mut [SocketAddr]) {
    candidates.sort_by_key(|candidate| place(candidate.ip()));
}

fn place(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() => 4,
        IpAddr::V4(ip) if ip.is_link_local() => 5,
        IpAddr::V4(ip) if ip.is_private() => 1,
        IpAddr::V4(_) => 0,
        IpAddr::V6(ip) if ip.is_loopback() => 6,
        IpAddr::V6(ip) if ip.is_unique_local() => 3,
        IpAddr::V6(_) => 2,
    }
}

#[cfg(test)]
mod tests;
