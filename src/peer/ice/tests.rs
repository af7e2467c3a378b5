use super::*;
use rtc::crypto::default_provider;
use rtc::stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY};
use rtc::stun::message::{BINDING_SUCCESS, TransactionId};

fn path(port: u16) -> Path {
    Path { remote: SocketAddr::from(([192, 0, 2, 7], port)), local: None }
}

fn ours() -> Credentials {
    Credentials { ufrag: "ourufrag".into(), password: "ourpassword-ourpassword".into() }
}

/// A check as a client writes it.
struct Request<'a> {
    username: &'a str,
    password: &'a str,
    attributes: &'a [(AttrType, &'a [u8])],
    fingerprint: bool,
}

const GOOD: Request<'static> = Request {
    username: "ourufrag:theirs",
    password: "ourpassword-ourpassword",
    attributes: &[(ATTR_PRIORITY, &[0x6e, 0, 1, 0xff]), (ATTR_ICE_CONTROLLING, &[1; 8])],
    fingerprint: true,
};

impl Request<'_> {
    fn bytes(&self) -> Vec<u8> {
        let crypto = default_provider().expect("one");
        let mut message = Message::new();
        message.typ = BINDING_REQUEST;
        message.transaction_id = TransactionId([3; 12]);
        message.write_header();
        message.add(ATTR_USERNAME, self.username.as_bytes());
        for (kind, value) in self.attributes {
            message.add(*kind, value);
        }
        if !self.password.is_empty() {
            let integrity =
                MessageIntegrity::new_raw_integrity_with_provider(self.password.as_bytes(), crypto.crypto());
            integrity.add_to(&mut message).expect("it fits");
        }
        if self.fingerprint {
            FINGERPRINT.add_to(&mut message).expect("it fits");
        }
        message.raw
    }
}

fn nominating() -> Vec<u8> {
    let attributes: [(AttrType, &[u8]); 2] = [(ATTR_USE_CANDIDATE, &[]), (ATTR_ICE_CONTROLLING, &[1; 8])];
    Request { attributes: &attributes, ..GOOD }.bytes()
}

fn handle(ice: &mut Ice, now: Instant, path: Path, datagram: &[u8]) -> Result<Check, CheckRefused> {
    ice.handle(now, path, datagram, default_provider().expect("one").crypto())
}

#[test]
fn a_check_is_answered_with_the_address_it_came_from_and_proof() {
    let now = Instant::now();
    let mut ice = Ice::new(now, ours());
    let check = handle(&mut ice, now, path(5_000), &GOOD.bytes()).expect("authentic");
    let mut reply = Message::new();
    reply.unmarshal_binary(&check.reply).expect("well-formed");
    assert_eq!((reply.typ, reply.transaction_id), (BINDING_SUCCESS, TransactionId([3; 12])));
    let mut mapped = XorMappedAddress::default();
    mapped.get_from_as(&reply, rtc::stun::attributes::ATTR_XORMAPPED_ADDRESS).expect("present");
    assert_eq!((mapped.ip, mapped.port), (path(5_000).remote.ip(), 5_000));
    let crypto = default_provider().expect("one");
    FINGERPRINT.check(&reply).expect("right");
    MessageIntegrity::check(&mut reply, ours().password.as_bytes(), crypto.crypto()).expect("right");
    assert!(check.valid && ice.connected());
}

#[test]
fn checks_without_priority_role_and_fingerprint_are_fine() {
    let now = Instant::now();
    let mut ice = Ice::new(now, ours());
    let bare = Request { attributes: &[], fingerprint: false, ..GOOD }.bytes();
    assert!(handle(&mut ice, now, path(1), &bare).is_ok());
}

#[test]
fn what_is_not_authentic_changes_nothing() {
    let now = Instant::now();
    let mut ice = Ice::new(now, ours());
    let mut broken = GOOD.bytes();
    *broken.last_mut().expect("some") ^= 1;
    let cases = [
        (Request { password: "wrong", ..GOOD }.bytes(), CheckRefused::NotAuthentic),
        (Request { password: "", ..GOOD }.bytes(), CheckRefused::NotAuthentic),
        (Request { username: "stranger:x", ..GOOD }.bytes(), CheckRefused::UnknownUfrag),
        (Request { username: "", ..GOOD }.bytes(), CheckRefused::UnknownUfrag),
        (broken, CheckRefused::NotAuthentic),
        (vec![0; 30], CheckRefused::NotACheck),
    ];
    for (datagram, wanted) in cases {
        assert_eq!(handle(&mut ice, now, path(1), &datagram), Err(wanted));
    }
    assert_eq!(ice.selected(), None);
    assert!(!ice.connected());
    assert_eq!(ice.expires(), now + FIRST_CHECK_MAX);
}

#[test]
fn a_peer_that_thinks_itself_controlled_is_told_so_and_proves_no_path() {
    let now = Instant::now();
    let mut ice = Ice::new(now, ours());
    let conflicting = Request { attributes: &[(ATTR_ICE_CONTROLLED, &[1; 8])], ..GOOD }.bytes();
    let check = handle(&mut ice, now, path(1), &conflicting).expect("authentic");
    let mut reply = Message::new();
    reply.unmarshal_binary(&check.reply).expect("well-formed");
    assert_eq!(reply.typ, BINDING_ERROR);
    assert_eq!((check.valid, ice.selected()), (false, None));
}

#[test]
fn the_nominated_path_wins_and_a_later_nomination_is_roaming() {
    let now = Instant::now();
    let mut ice = Ice::new(now, ours());
    let selected = |ice: &Ice| ice.selected().map(|path| path.remote.port());
    handle(&mut ice, now, path(1), &GOOD.bytes()).expect("authentic");
    assert_eq!(selected(&ice), Some(1), "DTLS may begin before nomination");
    handle(&mut ice, now, path(2), &nominating()).expect("authentic");
    handle(&mut ice, now, path(1), &GOOD.bytes()).expect("authentic");
    assert_eq!(selected(&ice), Some(2), "a mere check does not undo a nomination");
    handle(&mut ice, now, path(3), &nominating()).expect("authentic");
    assert_eq!(selected(&ice), Some(3));
}

#[test]
fn every_check_renews_consent() {
    let now = Instant::now();
    let mut ice = Ice::new(now, ours());
    let later = now + Duration::from_secs(9);
    handle(&mut ice, later, path(1), &GOOD.bytes()).expect("authentic");
    assert_eq!(ice.expires(), later + CONSENT_MAX);
}

#[test]
fn the_old_ufrag_stays_valid_until_the_new_one_is_used() {
    let now = Instant::now();
    let mut ice = Ice::new(now, ours());
    handle(&mut ice, now, path(1), &nominating()).expect("authentic");
    let new = Credentials { ufrag: "newufrag".into(), password: "newpassword-newpassword".into() };
    assert_eq!(ice.restart(new), None);
    let old = handle(&mut ice, now, path(1), &GOOD.bytes()).expect("still valid");
    assert_eq!(old.retired, None);
    let renewed = Request { username: "newufrag:x", password: "newpassword-newpassword", ..GOOD };
    let used = handle(&mut ice, now, path(2), &renewed.bytes()).expect("authentic");
    assert_eq!(used.retired, Some("ourufrag".to_owned()));
    assert_eq!(ice.selected(), Some(path(2)), "the new session selects anew");
    assert_eq!(handle(&mut ice, now, path(1), &GOOD.bytes()), Err(CheckRefused::UnknownUfrag));
}

#[test]
fn a_restart_that_nobody_used_is_forgotten_for_the_next() {
    let mut ice = Ice::new(Instant::now(), ours());
    let other = |name: &str| Credentials { ufrag: name.into(), password: "p".repeat(22) };
    assert_eq!(ice.restart(other("first")), None);
    assert_eq!(ice.restart(other("second")), Some("first".to_owned()));
    assert_eq!(ice.earlier, Some(ours()));
}

#[test]
fn the_demultiplexers_reading_of_the_ufrag_agrees_with_the_parser() {
    assert_eq!(ufrag_of(&GOOD.bytes()), Some("ourufrag"));
    let whole = GOOD.bytes();
    for length in 0..whole.len() {
        let found = ufrag_of(&whole[..length]);
        assert!(found.is_none() || found == Some("ourufrag"));
    }
    let mut huge = Request { username: "ourufrag:theirs", ..GOOD }.bytes();
    huge.resize(CHECK_BYTES_MAX + 1, 0);
    assert_eq!(ufrag_of(&huge), None);
}

proptest::proptest! {
    #[test]
    fn no_datagram_makes_it_panic(mut bytes in proptest::collection::vec(0u8.., 0..200), stun in 0..2) {
        if stun == 1 && bytes.len() >= 8 {
            bytes[0] &= 3;
            bytes[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
        }
        let mut ice = Ice::new(Instant::now(), ours());
        let _ = ufrag_of(&bytes);
        proptest::prop_assert!(handle(&mut ice, Instant::now(), path(1), &bytes).is_err());
    }
}
