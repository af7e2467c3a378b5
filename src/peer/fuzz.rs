//! What fuzzers run, and the replay of their corpus. A failure is a panic.
//!
//! Every body takes any bytes, makes of them what a stranger or a client could send, and asserts what must hold.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use rtc::crypto::default_provider;
use rtc::rtcp;
use rtc::rtp;
use rtc::sdp::description::session::SessionDescription;
use rtc::shared::marshal::Unmarshal;
use rtc::stun::attributes::ATTR_USERNAME;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, Message, Setter};

use super::dtls::HelloReader;
use super::ice::{self, Credentials, Ice, Path};
use super::receiving::Receiving;
use super::sdp::fingerprint::{Fingerprint, Hash};
use super::sdp::{Fragment, Local, Offer, Plan, Side};
use super::sending::Sending;

/// An offer or a trickle fragment. What we answer must be SDP again, and small enough for every client.
pub fn sdp(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = Fragment::parse(&text);
    let Ok(offer) = Offer::parse(&text) else { return };
    let fingerprint = Fingerprint::of(Hash::Sha256, b"certificate");
    let candidates = [([203, 0, 113, 9], 8_081).into()];
    let local = Local { ufrag: "ufrag", password: "password", fingerprint: &fingerprint, candidates: &candidates };
    for side in [Side::Host, Side::Viewer] {
        let Ok(plan) = Plan::new(&offer, side) else { continue };
        let answer = plan.answer(1, &local);
        assert!(answer.len() <= 8_191, "ffmpeg takes no more");
        let again = SessionDescription::unmarshal(&mut std::io::Cursor::new(answer.as_bytes()));
        let again = again.expect("an answer is SDP");
        assert_eq!(again.media_descriptions.len(), offer.media.len(), "every line is answered, none is injected");
        let _ = plan.restart_head().fragment(&local);
    }
}

/// A STUN datagram: as it is, and as the attributes of an authentic check.
pub fn stun(now: Instant, data: &[u8]) {
    let crypto = default_provider().expect("the build has one");
    let path = Path { remote: ([192, 0, 2, 1], 9).into(), local: None };
    let ours = || Credentials { ufrag: "ufrag".to_owned(), password: "password-password-password".to_owned() };
    let mut ice = Ice::new(now, ours());
    let _ = ice::ufrag_of(data);
    assert!(ice.handle(now, path, data, crypto.crypto()).is_err(), "nobody guesses a password");
    assert!(ice.selected().is_none());

    let mut message = Message::new();
    message.typ = BINDING_REQUEST;
    message.write_header();
    message.add(ATTR_USERNAME, b"ufrag:peer");
    // Attributes as they come: kind, length, value; the writer pads.
    let mut rest = data.get(..200).unwrap_or(data);
    while let [kind, length, tail @ ..] = rest {
        let (value, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        message.add(rtc::stun::attributes::AttrType(u16::from(*kind)), value);
        rest = tail;
    }
    let key = MessageIntegrity::new_raw_integrity_with_provider(ours().password.as_bytes(), crypto.crypto());
    if key.add_to(&mut message).is_ok() {
        let _ = ice::ufrag_of(&message.raw);
        let _ = ice.handle(now, path, &message.raw, crypto.crypto());
    }
}

/// Packets of an authentic but hostile host and viewer: records of a length byte, a kind byte and the packet.
pub fn rtp_rtcp(start: Instant, data: &[u8]) {
    let host = Offer::parse(include_str!("sdp/offers/chromium_simulcast.sdp")).expect("valid");
    let host = Plan::new(&host, Side::Host).expect("good");
    let viewer = Offer::parse(include_str!("sdp/offers/chromium_viewer.sdp")).expect("valid");
    let sending = Sending::new(&Plan::new(&viewer, Side::Viewer).expect("good"));
    let mut receiving = Receiving::new(&host, 1_000_000);
    let mut now = start;
    let mut rest = data;
    while let [length, kind, tail @ ..] = rest {
        let (packet, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        match kind % 4 {
            0 | 1 => {
                if let Ok(header) = rtp::Header::unmarshal(&mut &packet[..]) {
                    receiving.handle_rtp(now, header, BytesMut::from(packet));
                }
            }
            2 => {
                if let Ok(packets) = rtcp::packet::unmarshal(&mut Bytes::copy_from_slice(packet)) {
                    let _ = sending.feedback(&packets);
                    receiving.handle_rtcp(now, packets);
                }
            }
            _ => {
                now += Duration::from_millis(u64::from(*length));
                receiving.handle_timeout(now);
            }
        }
        while receiving.poll_received().is_some() {}
        while let Some(packet) = receiving.poll_rtcp() {
            assert!(rtcp::packet::marshal(&[packet]).is_ok(), "what we say can be written");
        }
        rest = tail;
    }
    let _ = HelloReader::default().read(data);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path as FilePath;

    /// Runs a body on every file of its corpus and of its past findings.
    fn replay(target: &str, body: impl Fn(&[u8])) {
        let corpus = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
        let mut files: Vec<_> = std::fs::read_dir(&corpus)
            .unwrap_or_else(|error| panic!("{}: {error}", corpus.display()))
            .map(|entry| entry.expect("a readable directory").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{} is empty", corpus.display());
        for file in files {
            body(&std::fs::read(&file).expect("a readable file"));
        }
    }

    #[test]
    fn the_corpus_of_sdp_holds() {
        replay("sdp", sdp);
    }

    #[test]
    fn the_corpus_of_stun_holds() {
        replay("stun", |data| stun(Instant::now(), data));
    }

    #[test]
    fn the_corpus_of_rtp_and_rtcp_holds() {
        replay("rtp_rtcp", |data| rtp_rtcp(Instant::now(), data));
    }
}
