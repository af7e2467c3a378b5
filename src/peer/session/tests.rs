use super::*;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use costage_media::packet::ExtSeq;
use rtc::crypto::default_provider;
use rtc::shared::marshal::Marshal;
use rtc::stun::attributes::{ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, Message, Setter};

use crate::engine::SessionKey;
use crate::peer::dtls::{Identity, Preference};
use crate::peer::registration::Table;
use crate::peer::routes::{Changes, Routes};
use crate::peer::sdp::{Offer, Plan, Side};

const HOME: u16 = 1;
const AWAY: u16 = 2;
const STRANGER: u16 = 666;
const KEY: SessionKey = SessionKey(1);

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 7], port))
}

/// Keeps what a session sends, and where to.
#[derive(Default)]
struct Memory(Mutex<Vec<(SocketAddr, Vec<u8>)>>);

impl Wire for Memory {
    fn send(&self, to: SocketAddr, _: Option<IpAddr>, contents: &[u8], segment_bytes: Option<usize>) {
        let mut sent = self.0.lock().expect("one thread");
        sent.extend(contents.chunks(segment_bytes.unwrap_or(contents.len())).map(|datagram| (to, datagram.to_vec())));
    }

    fn segments_max(&self) -> usize {
        64
    }
}

/// A session and, in the same hands, its client.
struct Rig {
    now: Instant,
    session: Session,
    wire: Arc<Memory>,
    changes: Arc<Changes>,
    routes: Routes,
    restart: Arc<Restart>,
    client: Link,
    client_keys: Option<(Inbound, Sealer)>,
}

fn rig(side: Side, client_is_dtls_server: bool) -> Rig {
    let now = Instant::now();
    let (ours, theirs) = (Identity::new(now).expect("works"), Identity::new(now).expect("works"));
    let offer = match side {
        Side::Host => include_str!("../sdp/offers/chromium_host.sdp"),
        Side::Viewer => include_str!("../sdp/offers/chromium_viewer.sdp"),
    };
    let plan = Plan::new(&Offer::parse(offer).expect("valid"), side).expect("good");
    let peers = vec![theirs.fingerprint().clone()];
    let (link, client) = if client_is_dtls_server {
        let identity = Arc::clone(&ours);
        let start = move |now| Link::client(now, &identity, peers).ok();
        let client = Link::server(&theirs, vec![ours.fingerprint().clone()], Preference::Peers).expect("fine");
        (LinkStart::Client(Box::new(start)), client)
    } else {
        let link = Link::server(&ours, peers, Preference::Gcm).expect("fine");
        let client = Link::client(now, &theirs, vec![ours.fingerprint().clone()]).expect("fine");
        (LinkStart::Server(Box::new(link)), client)
    };
    let half = match side {
        Side::Host => Half::Receiving(Box::new(Receiving::new(&plan, 1_000_000))),
        Side::Viewer => Half::Sending(Box::new(Sending::new(&plan))),
    };
    let (wire, changes, restart) =
        (Arc::new(Memory::default()), Arc::new(Changes::default()), Arc::new(Restart::default()));
    changes.open(KEY, "ufrag".to_owned());
    let parts = Parts {
        credentials: Credentials { ufrag: "ufrag".into(), password: "password-password-password".into() },
        link,
        half,
        wire: Arc::clone(&wire) as Arc<dyn Wire>,
        registration: Registration {
            key: KEY,
            secret: "secret".into(),
            changes: Arc::clone(&changes),
            table: Arc::new(Table::default()),
        },
        restart: Arc::clone(&restart),
        crypto: default_provider().expect("one"),
    };
    let session = Session::new(now, parts);
    Rig { now, session, wire, changes, routes: Routes::default(), restart, client, client_keys: None }
}

fn check(ufrag: &str, password: &str, nominate: bool) -> Vec<u8> {
    let crypto = default_provider().expect("one");
    let mut message = Message::new();
    message.typ = BINDING_REQUEST;
    message.write_header();
    message.add(ATTR_USERNAME, format!("{ufrag}:client").as_bytes());
    if nominate {
        message.add(ATTR_USE_CANDIDATE, &[]);
    }
    let integrity = MessageIntegrity::new_raw_integrity_with_provider(password.as_bytes(), crypto.crypto());
    integrity.add_to(&mut message).expect("it fits");
    FINGERPRINT.add_to(&mut message).expect("it fits");
    message.raw
}

impl Rig {
    fn give(&mut self, from: u16, data: &[u8]) {
        let datagram = Datagram { from: address(from), local: None, data: BytesMut::from(data), received_at: self.now };
        self.session.handle_datagram(self.now, datagram);
    }

    /// What the session sent since the last time.
    fn sent(&self) -> Vec<(SocketAddr, Vec<u8>)> {
        std::mem::take(&mut *self.wire.0.lock().expect("one thread"))
    }

    fn check(&mut self, from: u16, nominate: bool) {
        self.give(from, &check("ufrag", "password-password-password", nominate));
    }

    /// Who the receive thread would give media from this port to.
    fn routed(&mut self, port: u16) -> Option<SessionKey> {
        self.routes.update(Instant::now(), &self.changes);
        self.routes.route(address(port), &[0x80, 96])
    }

    /// Carries DTLS both ways until both are silent.
    fn shake(&mut self, from: u16) {
        for _ in 0..10 {
            while let Some(datagram) = self.client.poll_transmit() {
                self.give(from, &datagram);
            }
            for (_, datagram) in self.sent() {
                if (20..64).contains(&datagram[0]) {
                    for event in self.client.handle(self.now, BytesMut::from(&datagram[..])) {
                        if let LinkEvent::Connected(keys) = event {
                            let sealer = Sealer::new(&keys).expect("good keys");
                            self.client_keys = Some((Inbound::new(*keys).expect("good keys"), sealer));
                        }
                    }
                }
            }
        }
    }

    fn connect(&mut self) {
        self.check(HOME, true);
        self.shake(HOME);
        assert!(matches!(self.session.poll_event(), Some(PeerEvent::Connected)));
        assert!(self.client_keys.is_some());
    }

    fn media(&mut self, from: u16, sequence: u16) {
        let (_, sealer) = self.client_keys.as_mut().expect("connected");
        let mut packet = Vec::new();
        let header = crate::peer::srtp::RtpHeader { marker: true, payload_type: 103, sequence, timestamp: 1, ssrc: 7 };
        sealer.seal_rtp(&mut packet, header, 0, &[], b"payload").expect("seals");
        self.give(from, &packet);
    }

    fn events(&mut self) -> Vec<PeerEvent> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    fn closed(&mut self) -> Option<CloseReason> {
        self.events()
            .into_iter()
            .find_map(|event| if let PeerEvent::Closed { reason } = event { Some(reason) } else { None })
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.session.handle_timeout(self.now);
    }
}

#[test]
fn a_session_connects_in_both_dtls_roles() {
    for client_is_dtls_server in [false, true] {
        for side in [Side::Host, Side::Viewer] {
            rig(side, client_is_dtls_server).connect();
        }
    }
}

#[test]
fn a_client_hello_before_nomination_is_answered() {
    let mut rig = rig(Side::Host, false);
    rig.check(HOME, false);
    rig.shake(HOME);
    assert!(matches!(rig.session.poll_event(), Some(PeerEvent::Connected)));
}

#[test]
fn an_address_is_the_sessions_only_after_an_authentic_check() {
    let mut rig = rig(Side::Host, false);
    rig.give(STRANGER, &check("ufrag", "guess-guess-guess-guess", true));
    rig.give(STRANGER, &check("other", "password-password-password", true));
    rig.give(STRANGER, &[22, 0xfe, 0xfd, 0, 0]);
    assert!(rig.sent().is_empty(), "a stranger hears nothing");
    assert_eq!(rig.routed(STRANGER), None);
    rig.check(HOME, true);
    assert_eq!(rig.routed(HOME), Some(KEY));
    assert!(rig.sent().iter().all(|(to, _)| *to == address(HOME)));
}

#[test]
fn a_stranger_takes_over_neither_the_path_nor_the_media() {
    let mut rig = rig(Side::Viewer, false);
    rig.connect();
    rig.sent();
    rig.give(STRANGER, &check("ufrag", "guess-guess-guess-guess", true));
    for first in 0..=255u8 {
        rig.give(STRANGER, &[first; 60]);
    }
    let packet = RtpOut {
        kind: MediaKind::Video,
        seq: ExtSeq(1),
        timestamp: 0,
        marker: true,
        payload: Bytes::from_static(b"x"),
    };
    rig.session.send(rig.now, &[packet]);
    let sent = rig.sent();
    assert!(!sent.is_empty() && sent.iter().all(|(to, _)| *to == address(HOME)));
    assert_eq!(rig.routed(STRANGER), None);
}

#[test]
fn a_client_that_roams_keeps_its_session() {
    let mut rig = rig(Side::Host, false);
    rig.connect();
    rig.media(HOME, 1);
    rig.check(AWAY, true);
    rig.media(AWAY, 2);
    assert_eq!(rig.routed(AWAY), Some(KEY));
    let numbers: Vec<u64> = rig
        .events()
        .iter()
        .filter_map(|e| if let PeerEvent::Rtp(packet) = e { Some(packet.seq.0) } else { None })
        .collect();
    assert_eq!(numbers.len(), 2);
    assert_eq!(numbers[1], numbers[0] + 1);
    rig.sent();
    rig.session.request_keyframe(rig.now);
    rig.pass(Duration::from_secs(1));
    assert!(rig.sent().iter().all(|(to, _)| *to == address(AWAY)), "feedback goes where the client is");
}

#[test]
fn a_restart_by_new_credentials_moves_the_session_and_retires_the_old() {
    let mut rig = rig(Side::Host, false);
    rig.connect();
    rig.changes.add_ufrag(KEY, "newufrag".to_owned());
    let credentials = Credentials { ufrag: "newufrag".into(), password: "another-password-another".into() };
    assert_eq!(rig.restart.put(credentials), None);
    rig.check(HOME, true);
    rig.sent();
    rig.give(AWAY, &check("newufrag", "another-password-another", true));
    assert_eq!(rig.sent().len(), 1, "answered");
    rig.media(AWAY, 1);
    assert!(rig.events().iter().any(|event| matches!(event, PeerEvent::Rtp(_))), "DTLS and SRTP go on");
    rig.sent();
    rig.check(HOME, true);
    assert!(rig.sent().is_empty(), "the old ufrag is over once the new is used");
    rig.routes.update(Instant::now(), &rig.changes);
    assert_eq!(rig.routes.route(address(9), &check("ufrag", "x", false)), None);
    assert_eq!(rig.routes.route(address(9), &check("newufrag", "x", false)), Some(KEY));
}

#[test]
fn consent_expires_30_seconds_after_the_last_check() {
    let mut rig = rig(Side::Viewer, false);
    rig.connect();
    rig.pass(Duration::from_secs(25));
    rig.check(HOME, false);
    rig.pass(Duration::from_millis(29_999));
    assert_eq!(rig.closed(), None);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.closed(), Some(CloseReason::ConsentExpired));
    assert_eq!(rig.session.poll_timeout(), None, "the dead wake nobody");
}

/// What the session says of its host's media when each step of 5.02 s brings a check, and packets of media before it.
fn media_changes(rig: &mut Rig, steps: u16, with_media: bool) -> Vec<PeerEvent> {
    let mut changes = Vec::new();
    for step in 0..steps {
        for part in 0..4 {
            if with_media {
                rig.media(HOME, step * 4 + part);
            }
            rig.pass(Duration::from_millis(1_255));
            changes.extend(rig.events().into_iter().filter(|event| !matches!(event, PeerEvent::Rtp(_))));
        }
        rig.check(HOME, false);
    }
    changes
}

#[test]
fn a_host_that_checks_every_5_02_seconds_while_its_media_flows_is_never_lost() {
    let mut rig = rig(Side::Host, false);
    rig.connect();
    assert!(media_changes(&mut rig, 100, true).is_empty(), "ffmpeg does so");
}

#[test]
fn a_host_without_a_packet_for_5_seconds_has_lost_its_media_and_the_session_lives_on() {
    let mut rig = rig(Side::Host, false);
    rig.connect();
    rig.media(HOME, 1);
    rig.events();
    rig.pass(Duration::from_millis(4_999));
    assert!(rig.events().is_empty());
    rig.pass(Duration::from_millis(1));
    assert!(matches!(rig.events()[..], [PeerEvent::MediaLost]));
    rig.pass(Duration::from_secs(24));
    assert!(rig.events().is_empty(), "once, and no end before the consent's");
    rig.check(HOME, false);
    assert!(rig.events().is_empty(), "a check alone brings no media back");
    rig.media(HOME, 2);
    assert!(matches!(rig.events()[..], [PeerEvent::MediaBack, PeerEvent::Rtp(_)]));
}

#[test]
fn what_nobody_sealed_keeps_no_media_alive() {
    let mut rig = rig(Side::Host, false);
    rig.connect();
    rig.media(HOME, 1);
    rig.events();
    for step in 0..50_u8 {
        rig.pass(Duration::from_millis(100));
        rig.give(
            HOME,
            &[0x80, 103, 0, step, 0, 0, 0, 1, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
        );
        rig.give(HOME, &check("ufrag", "guess-guess-guess-guess", true));
    }
    assert!(matches!(rig.events()[..], [PeerEvent::MediaLost]));
}

#[test]
fn a_host_that_only_checks_has_lost_its_media_after_30_seconds() {
    let mut rig = rig(Side::Host, false);
    rig.connect();
    let mut passed = Duration::ZERO;
    while rig.events().is_empty() {
        rig.check(HOME, false);
        rig.pass(Duration::from_millis(2_500));
        passed += Duration::from_millis(2_500);
    }
    assert_eq!(passed, Duration::from_secs(30));
    assert_eq!(media_changes(&mut rig, 50, false).len(), 0, "nor does it come and go with the checks");
}

#[test]
fn a_viewer_is_silent_by_nature() {
    let mut rig = rig(Side::Viewer, false);
    rig.connect();
    rig.pass(Duration::from_secs(29));
    assert!(rig.events().is_empty());
}

#[test]
fn sessions_wake_by_deadlines_and_not_by_a_tick() {
    for side in [Side::Host, Side::Viewer] {
        let mut rig = rig(side, false);
        rig.connect();
        let (end, mut wakes) = (rig.now + Duration::from_secs(25), 0);
        while let Some(at) = rig.session.poll_timeout().filter(|at| *at < end) {
            rig.now = at;
            rig.session.handle_timeout(at);
            wakes += 1;
            assert!(wakes <= 10, "an idle session is woken {wakes} times in 25 s");
        }
    }
}

#[test]
fn ice_without_dtls_is_freed_after_20_seconds() {
    let mut rig = rig(Side::Host, false);
    let start = rig.now;
    while rig.now < start + HANDSHAKE_MAX {
        assert_eq!(rig.closed(), None);
        rig.check(HOME, true);
        rig.pass(Duration::from_secs(1));
    }
    assert_eq!(rig.closed(), Some(CloseReason::HandshakeTimeout));
}

#[test]
fn goodbye_is_noticed_and_said() {
    let mut leaving = rig(Side::Host, false);
    leaving.connect();
    let now = leaving.now;
    leaving.client.close(now);
    leaving.shake(HOME);
    assert_eq!(leaving.closed(), Some(CloseReason::Remote));

    let mut dismissed = rig(Side::Viewer, false);
    dismissed.connect();
    let now = dismissed.now;
    dismissed.session.close(now);
    dismissed.session.close(now);
    let events: Vec<LinkEvent> = dismissed
        .sent()
        .into_iter()
        .flat_map(|(_, datagram)| dismissed.client.handle(now, BytesMut::from(&datagram[..])))
        .collect();
    assert!(matches!(events[..], [LinkEvent::Closed]), "close_notify reached the client");
    assert_eq!(dismissed.closed(), Some(CloseReason::Local));
    assert_eq!(dismissed.closed(), None, "once");
}

#[test]
fn garbage_on_the_right_path_ends_nothing_and_replays_count_once() {
    let mut rig = rig(Side::Host, false);
    rig.connect();
    let mut seed = 1_u64;
    for _ in 0..100_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut packet = [0; 48];
        for (index, byte) in packet.iter_mut().enumerate() {
            *byte = seed.to_be_bytes()[index % 8].wrapping_add(u8::try_from(index).expect("few"));
        }
        packet[0] = [0x80, 0x90, 22, 23, 0][(seed >> 33) as usize % 5];
        rig.give(HOME, &packet);
    }
    assert!(rig.events().is_empty());
    rig.media(HOME, 1);
    let sealed = {
        let (_, sealer) = rig.client_keys.as_mut().expect("connected");
        let mut packet = Vec::new();
        let header =
            crate::peer::srtp::RtpHeader { marker: true, payload_type: 103, sequence: 2, timestamp: 1, ssrc: 7 };
        sealer.seal_rtp(&mut packet, header, 0, &[], b"payload").expect("seals");
        packet
    };
    for _ in 0..3 {
        rig.give(HOME, &sealed);
    }
    assert_eq!(rig.events().iter().filter(|event| matches!(event, PeerEvent::Rtp(_))).count(), 2);
}

#[test]
fn a_viewers_wishes_reach_the_shard() {
    let mut rig = rig(Side::Viewer, false);
    rig.connect();
    let ssrc = {
        let packet = RtpOut {
            kind: MediaKind::Video,
            seq: ExtSeq(1),
            timestamp: 0,
            marker: true,
            payload: Bytes::from_static(b"x"),
        };
        rig.session.send(rig.now, &[packet]);
        let (_, datagram) = rig.sent().pop().expect("it was sent");
        u32::from_be_bytes(datagram[8..12].try_into().expect("four bytes"))
    };
    let pli =
        rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication { sender_ssrc: 5, media_ssrc: ssrc };
    let (_, sealer) = rig.client_keys.as_mut().expect("connected");
    let sealed = sealer.seal_rtcp(&pli.marshal().expect("it fits")).expect("seals");
    rig.give(HOME, &sealed);
    assert!(matches!(rig.events()[..], [PeerEvent::KeyframeWanted]));
}

#[test]
fn dropping_a_session_frees_its_routes() {
    let mut rig = rig(Side::Host, false);
    rig.connect();
    assert_eq!(rig.routed(HOME), Some(KEY));
    let Rig { session, changes, mut routes, .. } = rig;
    drop(session);
    routes.update(Instant::now(), &changes);
    assert_eq!(routes.route(address(HOME), &[0x80, 96]), None);
    assert_eq!(routes.route(address(HOME), &check("ufrag", "x", false)), None);
}
