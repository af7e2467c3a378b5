//! What fuzzers run, and the replay of their corpus. A failure is a panic.
//!
//! Every body takes any bytes, makes of them what a stranger or a client could send, and asserts what must hold.

use std::sync::{Arc, OnceLock};
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

use super::dtls::{HelloReader, Identity, Link, Preference};
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

/// A DTLS handshake between two of ours that a stranger meddles with: steps of it, datagrams and floods of fragments in
/// between, before and after its end.
pub fn dtls(start: Instant, data: &[u8]) {
    static IDENTITIES: OnceLock<[Arc<Identity>; 2]> = OnceLock::new();
    let identity = || Identity::new(start).expect("cryptography works");
    let [ours, theirs] = IDENTITIES.get_or_init(|| [identity(), identity()]);
    let peer = |identity: &Identity| vec![identity.fingerprint().clone()];
    let mut server = Link::server(ours, peer(theirs), Preference::Gcm).expect("our own certificate is fine");
    let mut client = Link::client(start, theirs, peer(ours)).expect("our own certificate is fine");
    let (mut now, mut rest) = (start, data);
    while let [step, length, tail @ ..] = rest {
        let (bytes, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        match step % 6 {
            0 => drop(pass(now, &mut client, &mut server)),
            1 => drop(pass(now, &mut server, &mut client)),
            2 => drop(server.handle(now, BytesMut::from(bytes))),
            3 => drop(server.handle(now, flood(bytes))),
            4 => server.settle(),
            _ => {
                now += Duration::from_millis(10 * u64::from(*length));
                let _ = (server.handle_timeout(now), client.handle_timeout(now));
            }
        }
        rest = tail;
    }
    server.close(now);
    let said = std::iter::from_fn(|| server.poll_transmit()).take(DTLS_DATAGRAMS_MAX).count();
    assert!(said < DTLS_DATAGRAMS_MAX, "what is said at the end comes to an end");
}

/// Datagrams that a link may have to say at once: a flight has a handful.
const DTLS_DATAGRAMS_MAX: usize = 4_096;

fn pass(now: Instant, from: &mut Link, to: &mut Link) -> usize {
    let datagrams: Vec<_> = std::iter::from_fn(|| from.poll_transmit()).take(DTLS_DATAGRAMS_MAX).collect();
    datagrams.into_iter().map(|datagram| to.handle(now, datagram).len()).sum()
}

/// A datagram of up to 4,000 handshake fragments after the pattern in `bytes`: epoch, message number, kind, length of the
/// message, of a fragment, and of its data, how far on the next one begins; the rest is data.
fn flood(bytes: &[u8]) -> BytesMut {
    let [epoch, number, kind, total, length, claimed, stride, count, data @ ..] = bytes else { return BytesMut::new() };
    let mut content = Vec::new();
    for index in 0..u32::from(*count) * 16 {
        let [_, offset @ ..] = (index * u32::from(*stride)).to_be_bytes();
        content.extend([*kind, 0, *total, 0, 0, *number]);
        content.extend(offset);
        content.extend([0, 0, *claimed]);
        content.extend(data.iter().cycle().take(usize::from(*length).min(data.len() * 8)));
    }
    content.truncate(60_000);
    let [high, low] = u16::try_from(content.len()).expect("just cut").to_be_bytes();
    let header = [22, 0xfe, 0xfd, 0, *epoch, 0, 0, 0, 0, *number, *number, high, low];
    BytesMut::from(&[&header[..], &content].concat()[..])
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

    #[test]
    fn the_corpus_of_dtls_holds() {
        replay("dtls", |data| dtls(Instant::now(), data));
    }
}
