use super::*;
use crate::peer::sdp::fingerprint::Hash;

fn identity(now: Instant) -> Arc<Identity> {
    Identity::new(now).expect("cryptography works")
}

#[test]
fn cryptography_is_warm_before_the_first_peer_comes() {
    let before = HANDSHAKES.get();
    drop(identity(Instant::now()));
    assert_eq!(HANDSHAKES.get() - before, 2, "both ends of a whole handshake with ourselves");
}

fn deliver(now: Instant, from: &mut Link, to: &mut Link) -> Vec<LinkEvent> {
    let datagrams: Vec<BytesMut> = std::iter::from_fn(|| from.poll_transmit()).collect();
    datagrams.into_iter().flat_map(|datagram| to.handle(now, datagram)).collect()
}

/// Shakes hands; what each end heard.
fn shake(now: Instant, client: &mut Link, server: &mut Link) -> (Vec<LinkEvent>, Vec<LinkEvent>) {
    let (mut at_client, mut at_server) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        at_server.extend(deliver(now, client, server));
        at_client.extend(deliver(now, server, client));
    }
    (at_client, at_server)
}

fn keys(events: &[LinkEvent]) -> &SrtpKeys {
    match events {
        [LinkEvent::Connected(keys)] => keys,
        [] | [LinkEvent::Connected(_) | LinkEvent::Closed | LinkEvent::Failed, ..] => panic!("not connected, or more"),
    }
}

fn pair(now: Instant, preference: Preference) -> (Link, Link) {
    let (a, b) = (identity(now), identity(now));
    let server = Link::server(&b, vec![a.fingerprint().clone()], preference).expect("our own certificate is fine");
    let client = Link::client(now, &a, vec![b.fingerprint().clone()]).expect("our own certificate is fine");
    (client, server)
}

#[test]
fn both_roles_end_with_the_same_keys() {
    let now = Instant::now();
    for preference in [Preference::Gcm, Preference::Peers] {
        let (mut client, mut server) = pair(now, preference);
        let (at_client, at_server) = shake(now, &mut client, &mut server);
        let (client, server) = (keys(&at_client), keys(&at_server));
        assert!(matches!(server.profile, ProtectionProfile::AeadAes128Gcm));
        assert_eq!(client.keys.local_master_key, server.keys.remote_master_key);
        assert_eq!(client.keys.remote_master_salt, server.keys.local_master_salt);
        assert_ne!(client.keys.local_master_key, client.keys.remote_master_key);
    }
}

#[test]
fn a_certificate_other_than_promised_ends_the_handshake_on_either_side() {
    let now = Instant::now();
    let (a, b) = (identity(now), identity(now));
    let other = vec![Fingerprint::of(Hash::Sha256, b"another certificate")];
    let mut server = Link::server(&b, other.clone(), Preference::Gcm).expect("fine");
    let mut client = Link::client(now, &a, vec![b.fingerprint().clone()]).expect("fine");
    let (_, at_server) = shake(now, &mut client, &mut server);
    assert!(matches!(at_server[..], [LinkEvent::Failed]));

    let mut server = Link::server(&b, vec![a.fingerprint().clone()], Preference::Gcm).expect("fine");
    let mut client = Link::client(now, &a, other).expect("fine");
    let (at_client, at_server) = shake(now, &mut client, &mut server);
    assert!(matches!(at_client[..], [LinkEvent::Failed]));
    assert!(!at_server.iter().any(|event| matches!(event, LinkEvent::Connected(_))));
}

#[test]
fn goodbye_is_heard_at_once_in_both_directions() {
    let now = Instant::now();
    for from_client in [true, false] {
        let (mut client, mut server) = pair(now, Preference::Gcm);
        shake(now, &mut client, &mut server);
        let (from, to) = if from_client { (&mut client, &mut server) } else { (&mut server, &mut client) };
        from.close(now);
        assert!(matches!(deliver(now, from, to)[..], [LinkEvent::Closed]));
    }
}

#[test]
fn a_settled_association_hears_goodbye_and_says_it_in_both_roles() {
    let now = Instant::now();
    for from_client in [true, false] {
        for (settle_from, settle_to) in [(true, false), (false, true), (true, true)] {
            let (mut client, mut server) = pair(now, Preference::Gcm);
            shake(now, &mut client, &mut server);
            let (from, to) = if from_client { (&mut client, &mut server) } else { (&mut server, &mut client) };
            for (link, settle) in [(&mut *from, settle_from), (&mut *to, settle_to)] {
                if settle {
                    link.settle();
                    assert!(link.asleep.is_some() && link.endpoint.get_connection_state(PEER).is_none());
                }
            }
            from.close(now);
            assert!(matches!(deliver(now, from, to)[..], [LinkEvent::Closed]));
        }
    }
}

#[test]
fn a_settled_association_is_not_ended_by_forged_alerts() {
    let now = Instant::now();
    let (mut client, mut server) = pair(now, Preference::Gcm);
    shake(now, &mut client, &mut server);
    server.settle();
    for number in 0..100 {
        let alert = [21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, number, 0, 26];
        assert!(server.handle(now, BytesMut::from(&[&alert[..], &[9; 26]].concat()[..])).is_empty());
        assert!(server.handle(now, forged_message(u16::from(number))).is_empty());
    }
    client.close(now);
    assert!(matches!(deliver(now, &mut client, &mut server)[..], [LinkEvent::Closed]));
}

#[test]
fn a_repeated_last_flight_is_answered_until_the_association_is_settled() {
    let now = Instant::now();
    let (mut client, mut server) = pair(now, Preference::Gcm);
    let mut last_flight = Vec::new();
    for _ in 0..10 {
        deliver(now, &mut client, &mut server);
        let answers: Vec<BytesMut> = std::iter::from_fn(|| server.poll_transmit()).collect();
        if server.connected && !client.connected {
            // The server's Finished is lost.
            last_flight.extend(answers);
            break;
        }
        answers.into_iter().for_each(|answer| drop(client.handle(now, answer)));
    }
    assert!(!last_flight.is_empty() && !client.connected);
    let at = client.poll_timeout().expect("it waits for an answer");
    assert!(client.handle_timeout(at).is_none());
    deliver(at, &mut client, &mut server);
    assert!(matches!(deliver(at, &mut server, &mut client)[..], [LinkEvent::Connected(_)]), "the answer came again");
}

/// A record of epoch 0 with a whole handshake message of this number.
fn forged_message(number: u16) -> BytesMut {
    let message = [&[20, 0, 0, 200][..], &number.to_be_bytes(), &[0, 0, 0, 0, 0, 200], &[7; 200]].concat();
    let [high, low] = number.to_be_bytes();
    let length = u16::try_from(message.len()).expect("short").to_be_bytes();
    BytesMut::from(&[&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 9, high, low][..], &length, &message].concat()[..])
}

#[test]
fn handshake_records_after_the_handshake_are_not_read_unless_encrypted_and_few() {
    let now = Instant::now();
    let (mut client, mut server) = pair(now, Preference::Gcm);
    shake(now, &mut client, &mut server);
    for number in 0..10_000 {
        assert!(server.handle(now, forged_message(number)).is_empty());
    }
    assert_eq!(server.repeats, 0, "epoch 0 is over");
    assert!(server.poll_transmit().is_none(), "and answered by nothing");
    for number in 0..100 {
        let mut encrypted = forged_message(number);
        encrypted[4] = 1;
        assert!(server.handle(now, encrypted).is_empty());
    }
    assert_eq!(server.repeats, 0, "too long for a Finished: the endpoint would recurse into what is inside");
    for number in 0..100 {
        let repeat = [22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 7, number, 0, 48];
        assert!(server.handle(now, BytesMut::from(&[&repeat[..], &[9; 48]].concat()[..])).is_empty());
    }
    assert_eq!(server.repeats, REPEATS_MAX);
    client.close(now);
    assert!(
        matches!(deliver(now, &mut client, &mut server)[..], [LinkEvent::Closed]),
        "a goodbye is heard all the same"
    );
}

#[test]
fn bytes_of_an_endless_handshake_are_bounded() {
    let now = Instant::now();
    let (_, mut server) = pair(now, Preference::Gcm);
    for _ in 0..10 {
        let mut large = BytesMut::zeroed(60_000);
        large[..14].copy_from_slice(&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0]);
        assert!(server.handle(now, large).is_empty());
    }
    assert!(server.bytes > HANDSHAKE_BYTES_MAX, "the rest was dropped unread");
}

#[test]
fn a_lost_client_hello_is_sent_again_after_100_ms() {
    let now = Instant::now();
    let (mut client, mut server) = pair(now, Preference::Gcm);
    while client.poll_transmit().is_some() {}
    assert_eq!(client.poll_timeout(), Some(now + FLIGHT_INTERVAL));
    assert!(client.handle_timeout(now + FLIGHT_INTERVAL).is_none());
    let (at_client, _) = shake(now + FLIGHT_INTERVAL, &mut client, &mut server);
    keys(&at_client);
    assert_eq!(client.poll_timeout(), None, "nothing to repeat after the end");
}

#[test]
fn a_silent_peer_is_given_more_than_ten_seconds_and_then_up() {
    let start = Instant::now();
    let (mut client, _) = pair(start, Preference::Gcm);
    let mut failed = None;
    let mut flights = 0;
    while let Some(at) = client.poll_timeout() {
        if matches!(client.handle_timeout(at), Some(LinkEvent::Failed)) {
            failed = Some(at - start);
        }
        flights += std::iter::from_fn(|| client.poll_transmit()).count();
        assert!(flights < 50);
    }
    let failed = failed.expect("it gives up");
    assert!(failed > Duration::from_secs(10) && failed < Duration::from_secs(30), "{failed:?}");
}

#[test]
fn garbage_on_the_way_does_not_stop_a_handshake_nor_end_an_association() {
    let now = Instant::now();
    let (mut client, mut server) = pair(now, Preference::Peers);
    let garbage: [&[u8]; 4] = [&[23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 7], &[22], &[25; 40], &[63; 100]];
    let (mut at_client, mut at_server) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        at_server.extend(deliver(now, &mut client, &mut server));
        at_client.extend(deliver(now, &mut server, &mut client));
        for noise in &garbage[1..] {
            let _ = client.handle(now, BytesMut::from(*noise));
            at_server.extend(server.handle(now, BytesMut::from(*noise)));
        }
    }
    keys(&at_client);
    keys(&at_server);
    for noise in garbage {
        assert!(server.handle(now, BytesMut::from(noise)).is_empty());
    }
    // A plaintext alert needs no key to write.
    let alert = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 0];
    assert!(server.handle(now, BytesMut::from(&alert[..])).is_empty());
    client.close(now);
    assert!(matches!(deliver(now, &mut client, &mut server)[..], [LinkEvent::Closed]), "the association was alive");
}

#[test]
fn a_peer_without_gcm_gets_aes_cm() {
    let now = Instant::now();
    let (a, b) = (identity(now), identity(now));
    let mut server = Link::server(&b, vec![a.fingerprint().clone()], Preference::Gcm).expect("fine");
    let mut client = Link::new(&a);
    let only_cm = [SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80];
    let config = configuration(&a, &[b.fingerprint().clone()], &only_cm, true, &client.mismatch).expect("fine");
    client.endpoint.connect(now, PEER, config, None).expect("a first association");
    let (at_client, at_server) = shake(now, &mut client, &mut server);
    for events in [&at_client, &at_server] {
        assert!(matches!(keys(events).profile, ProtectionProfile::Aes128CmHmacSha1_80));
    }
}

#[test]
fn datagrams_of_an_endless_handshake_are_bounded() {
    let now = Instant::now();
    let (_, mut server) = pair(now, Preference::Gcm);
    for _ in 0..10_000 {
        assert!(server.handle(now, BytesMut::from(&[22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0][..])).is_empty());
    }
    assert!(server.datagrams > HANDSHAKE_DATAGRAMS_MAX, "the rest was dropped unread");
}

#[test]
fn a_flood_of_tiny_fragments_neither_overflows_the_stack_nor_stops_a_handshake() {
    let now = Instant::now();
    let (mut client, mut server) = pair(now, Preference::Gcm);
    deliver(now, &mut client, &mut server);
    let mut unread = 0;
    // Of a message that never comes, a byte at each place: 46,000 levels of recursion without a bound.
    for number in 0..6 {
        let fragment = |offset: u32| [&[11, 0, 0, 0, 0, 9][..], &offset.to_be_bytes()[1..], &[0, 0, 1, 7]].concat();
        let content: Vec<u8> = (0..4_000).flat_map(|index| fragment(4_000 * number + index)).collect();
        let length = u16::try_from(content.len()).expect("short").to_be_bytes();
        let flood = [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, 9][..], &length, &content].concat();
        assert!(server.handle(now, BytesMut::from(&flood[..])).is_empty());
        unread += usize::from(server.bytes > HANDSHAKE_BYTES_MAX);
    }
    assert!(unread > 0 && std::iter::from_fn(|| server.poll_transmit()).count() < 16);
    let (mut client, mut server) = pair(now, Preference::Gcm);
    for offset in 0..100 {
        let tiny =
            [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 2, offset, 0, 13, 11, 0, 0, 0, 0, 9, 0, 0, offset][..], &[0, 0, 1, 7]];
        assert!(server.handle(now, BytesMut::from(&tiny.concat()[..])).is_empty());
    }
    let (_, at_server) = shake(now, &mut client, &mut server);
    keys(&at_server);
}
