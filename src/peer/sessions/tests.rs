use super::*;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use costage_media::forward::FeedId;
use costage_media::scene::SourceId;

use crate::engine::{CloseReason, Datagram, Peer, PeerEvent};

const CHROMIUM_HOST: &str = include_str!("../sdp/offers/chromium_host.sdp");
const CHROMIUM_VIEWER: &str = include_str!("../sdp/offers/chromium_viewer.sdp");
const FFMPEG: &str = include_str!("../sdp/offers/ffmpeg_host.sdp");
const HOST: Role = Role::Host { source: SourceId(1) };
const VIEWER: Role = Role::Viewer { feed: FeedId(1) };

struct Nowhere;

impl Wire for Nowhere {
    fn send(&self, _: SocketAddr, _: Option<IpAddr>, _: &[u8], _: Option<usize>) {}

    fn segments_max(&self) -> usize {
        64
    }
}

/// Holds sessions without driving them.
#[derive(Default)]
struct Held {
    peers: Mutex<Vec<(SessionKey, Box<dyn Peer>)>>,
    closed: Mutex<Vec<SessionKey>>,
}

impl Shards for Held {
    fn adopt(&self, key: SessionKey, _: Role, peer: Box<dyn Peer>) {
        self.peers.lock().expect("one thread").push((key, peer));
    }

    fn deliver(&self, _: SessionKey, _: Datagram) {}

    fn close(&self, key: SessionKey) {
        self.closed.lock().expect("one thread").push(key);
    }
}

fn sessions(sessions_max: usize) -> (Sessions, Arc<Held>, Instant) {
    let now = Instant::now();
    let held = Arc::new(Held::default());
    let config = PeerConfig { sessions_max, ..PeerConfig::default() };
    let candidates = vec![SocketAddr::from(([127, 0, 0, 1], 8_081))];
    let identity = Identity::new(now).expect("cryptography works");
    let shards = Arc::clone(&held) as Arc<dyn Shards>;
    (Sessions::new(identity, candidates, Arc::new(Nowhere), shards, &config), held, now)
}

fn open(sessions: &Sessions, now: Instant, role: Role, offer: &str) -> Result<Opened, OfferRefused> {
    sessions.open(now, role, "ada".to_owned(), offer)
}

fn restart_fragment(ufrag: &str) -> String {
    format!("a=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789012345678901\r\n")
}

#[test]
fn a_session_is_known_by_an_unguessable_secret_and_its_owner() {
    let (sessions, held, now) = sessions(10);
    let first = open(&sessions, now, HOST, CHROMIUM_HOST).expect("good");
    let second = open(&sessions, now, VIEWER, CHROMIUM_VIEWER).expect("good");
    assert_ne!(first.secret, second.secret);
    assert_eq!(first.secret.len(), SECRET_LETTERS);
    assert_eq!(sessions.owner(&first.secret), Some("ada".to_owned()));
    assert_eq!(sessions.owner("guess"), None);
    assert_eq!(held.peers.lock().expect("one thread").len(), 2);
    assert!(first.etag.starts_with('"') && first.etag.ends_with('"'));
    assert!(first.answer.contains(&format!("a=ice-ufrag:{}", first.etag.trim_matches('"'))));
}

#[test]
fn every_answer_names_the_one_certificate_that_was_made_at_the_start() {
    let (sessions, _held, now) = sessions(10);
    let wanted = format!("a=fingerprint:{}\r\n", sessions.identity.fingerprint());
    for (role, offer) in [(HOST, CHROMIUM_HOST), (VIEWER, CHROMIUM_VIEWER), (HOST, FFMPEG)] {
        assert!(open(&sessions, now, role, offer).expect("good").answer.contains(&wanted));
    }
}

#[test]
fn closing_forgets_the_secret_and_tells_the_shard_once() {
    let (sessions, held, now) = sessions(10);
    let opened = open(&sessions, now, HOST, CHROMIUM_HOST).expect("good");
    assert_eq!(sessions.close(now, &opened.secret), Ok(()));
    assert_eq!(sessions.close(now, &opened.secret), Err(UnknownSession));
    assert_eq!(*held.closed.lock().expect("one thread"), [opened.key]);
    assert_eq!(sessions.sessions(), 0);
}

#[test]
fn a_dropped_session_leaves_nothing_behind() {
    let (sessions, held, now) = sessions(10);
    for _ in 0..1_000 {
        open(&sessions, now, VIEWER, CHROMIUM_VIEWER).expect("there is room again");
        held.peers.lock().expect("one thread").clear();
    }
    assert_eq!(sessions.sessions(), 0);
}

#[test]
fn offers_beyond_the_limit_and_while_draining_are_refused() {
    let (sessions, _held, now) = sessions(2);
    open(&sessions, now, VIEWER, CHROMIUM_VIEWER).expect("room for two");
    open(&sessions, now, VIEWER, CHROMIUM_VIEWER).expect("room for two");
    assert_eq!(open(&sessions, now, VIEWER, CHROMIUM_VIEWER), Err(OfferRefused::TooMany));
    sessions.drain();
    assert_eq!(open(&sessions, now, VIEWER, CHROMIUM_VIEWER), Err(OfferRefused::Draining));
    assert_eq!(sessions.sessions(), 2);
}

#[test]
fn viewers_leave_places_to_hosts() {
    let (sessions, _held, now) = sessions(16);
    let host = |source| open(&sessions, now, Role::Host { source: SourceId(source) }, FFMPEG);
    let viewers = (0..100).filter(|_| open(&sessions, now, VIEWER, CHROMIUM_VIEWER).is_ok()).count();
    assert_eq!(viewers, 14);
    assert!(host(1).is_ok() && host(2).is_ok());
    let full = host(3).expect_err("full");
    assert!(full.to_string().contains("limits.sessions"), "{full}");
}

#[test]
fn a_host_that_comes_back_to_a_full_server_takes_its_own_place_and_no_more() {
    let (sessions, held, now) = sessions(2);
    open(&sessions, now, VIEWER, CHROMIUM_VIEWER).expect("room for two");
    open(&sessions, now, HOST, FFMPEG).expect("room for two");
    open(&sessions, now, HOST, FFMPEG).expect("its own place");
    assert_eq!(open(&sessions, now, HOST, FFMPEG), Err(OfferRefused::TooMany), "until the old session has ended");
    held.peers.lock().expect("one thread").remove(1);
    open(&sessions, now, HOST, FFMPEG).expect("its own place");
    assert_eq!(open(&sessions, now, VIEWER, CHROMIUM_VIEWER), Err(OfferRefused::TooMany));
}

#[test]
fn trickling_needs_the_current_tag() {
    let (sessions, _held, now) = sessions(10);
    let opened = open(&sessions, now, HOST, CHROMIUM_HOST).expect("good");
    let candidate =
        "a=ice-ufrag:kEqf\r\na=ice-pwd:d0b7w8V2xT5mS4rZ1nQ6yL3c\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
    let trickle = |tag: Option<&str>, text: &str| sessions.trickle(now, &opened.secret, tag, text);
    assert_eq!(trickle(None, candidate), Err(TrickleRefused::MatchMissing));
    assert_eq!(trickle(Some("\"stale\""), candidate), Err(TrickleRefused::MatchStale));
    assert_eq!(trickle(Some(&opened.etag), candidate), Ok(Trickled::Accepted));
    assert_eq!(trickle(Some("*"), candidate), Ok(Trickled::Accepted));
    assert!(matches!(trickle(Some(&opened.etag), "nonsense"), Err(TrickleRefused::Malformed { .. })));
    assert_eq!(sessions.trickle(now, "guess", Some("*"), candidate), Err(TrickleRefused::UnknownSession));
}

#[test]
fn a_restart_gives_new_credentials_and_a_new_tag() {
    let (sessions, _held, now) = sessions(10);
    let opened = open(&sessions, now, HOST, CHROMIUM_HOST).expect("good");
    for (tag, ufrag) in [("*", "newone"), ("\"*\"", "newtwo")] {
        let restarted = sessions.trickle(now, &opened.secret, Some(tag), &restart_fragment(ufrag)).expect("accepted");
        let Trickled::Restarted { etag, fragment } = restarted else { panic!("not a restart") };
        assert_ne!(etag, opened.etag);
        assert!(fragment.contains(&format!("a=ice-ufrag:{}\r\n", etag.trim_matches('"'))));
        let again = sessions.trickle(now, &opened.secret, Some(&etag), &restart_fragment(ufrag));
        assert_eq!(again, Ok(Trickled::Accepted), "the same ufrag is no second restart");
    }
    let stale = sessions.trickle(now, &opened.secret, Some(&opened.etag), &restart_fragment("newthree"));
    assert_eq!(stale, Err(TrickleRefused::MatchStale));
    let half = sessions.trickle(now, &opened.secret, Some("*"), "a=ice-ufrag:newfour\r\n");
    assert!(matches!(half, Err(TrickleRefused::Malformed { .. })));
}

#[test]
fn a_client_that_never_checks_is_freed_after_10_seconds() {
    for offer in [CHROMIUM_HOST, FFMPEG] {
        let (sessions, held, now) = sessions(10);
        open(&sessions, now, HOST, offer).expect("good");
        let (_, mut peer) = held.peers.lock().expect("one thread").pop().expect("adopted");
        assert_eq!(peer.poll_timeout(), Some(now + Duration::from_secs(10)));
        peer.handle_timeout(now + Duration::from_millis(9_999));
        assert!(peer.poll_event().is_none());
        peer.handle_timeout(now + Duration::from_secs(10));
        assert!(matches!(peer.poll_event(), Some(PeerEvent::Closed { reason: CloseReason::IceTimeout })));
        drop(peer);
        assert_eq!(sessions.sessions(), 0);
    }
}
