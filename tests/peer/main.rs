//! Our sessions against the `webrtc` crate, over loopback.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test's panic is its failure")]

mod client;
mod early;
mod presence;
mod relay;
mod shards;

use std::time::{Duration, Instant};

use bytes::Bytes;
use costage::engine::{CloseReason, PeerEvent, Role, Signalling};
use costage_media::forward::FeedId;
use costage_media::packet::{ExtSeq, MediaKind, RtpOut};
use costage_media::scene::SourceId;
use costage_media::time::Ntp;

use client::{Client, Way};
use relay::Relay;
use shards::Server;

const HOST: Role = Role::Host { source: SourceId(1) };
const VIEWER: Role = Role::Viewer { feed: FeedId(1) };

/// A client connected to a new session of ours, straight or through a lossy relay.
async fn connect(
    server: &Server,
    role: Role,
    loss: Option<(u64, f64)>,
) -> (Client, costage::engine::Opened, Option<Relay>) {
    let client = Client::new(if role == HOST { Way::Out } else { Way::In }).await;
    let offer = client.offer().await;
    let opened = server.sessions.open(Instant::now(), role, "someone".to_owned(), &offer).expect("a good offer");
    let mut answer = opened.answer.clone();
    let relay = loss.map(|(seed, share)| Relay::start(server.address(), seed, share));
    if let Some(relay) = &relay {
        answer = relay.in_place_of(&answer, server.address());
    }
    client.answer(answer).await;
    client.connected().await;
    server.wait(|event| matches!(event, PeerEvent::Connected).then_some(())).await;
    (client, opened, relay)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_publishes_both_kinds_in_order() {
    let server = Server::start();
    let (client, _, _) = connect(&server, HOST, None).await;
    let publishing = client.publish(120);
    let mut last = None;
    let (mut video, mut audio) = (0, 0);
    while video < 100 || audio < 20 {
        let packet = server.wait(|event| if let PeerEvent::Rtp(packet) = event { Some(packet) } else { None }).await;
        match packet.kind {
            MediaKind::Video => {
                video += 1;
                assert!(last.is_none_or(|last| packet.seq.0 == last + 1), "no gap and no repetition on loopback");
                last = Some(packet.seq.0);
                assert_eq!(packet.payload.len(), 1_000);
            }
            MediaKind::Audio => audio += 1,
        }
    }
    publishing.await.expect("the publisher ran to its end");
    client.close().await;
    let reason = server.wait(|event| if let PeerEvent::Closed { reason } = event { Some(reason) } else { None }).await;
    assert_eq!(reason, CloseReason::Remote, "close_notify is noticed at once");
    assert_eq!(server.sessions.sessions(), 0, "and the session is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_host_loses_is_asked_for_and_filled_in() {
    let server = Server::start();
    let (client, _, relay) = connect(&server, HOST, Some((7, 0.05))).await;
    let publishing = client.publish(600);
    let mut seen = std::collections::BTreeSet::new();
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        let packet = server.wait(|event| if let PeerEvent::Rtp(packet) = event { Some(packet) } else { None }).await;
        if packet.kind == MediaKind::Video {
            assert!(seen.insert(packet.seq.0), "{} came twice", packet.seq.0);
            let number = u32::from_be_bytes(packet.payload[..4].try_into().expect("four bytes"));
            if number >= 590 {
                break;
            }
        }
    }
    publishing.await.expect("the publisher ran to its end");
    let lost = relay.expect("there is one").lost();
    let (first, last) = (seen.first().expect("some"), seen.last().expect("some"));
    let missing = usize::try_from(last - first + 1).expect("few") - seen.len();
    assert!(lost >= 10, "the relay lost {lost}");
    assert!(missing <= 3, "{missing} of {lost} lost packets never came");
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_is_asked_for_a_keyframe_by_pli() {
    let server = Server::start();
    let (client, opened, _) = connect(&server, HOST, None).await;
    let publishing = client.publish(200);
    server.wait(|event| matches!(event, PeerEvent::Rtp(packet) if packet.kind == MediaKind::Video).then_some(())).await;
    server.drive(opened.key, |now, peer| peer.request_keyframe(now));
    client.heard_pli().await;
    publishing.await.expect("the publisher ran to its end");
    client.close().await;
}

fn frame(number: u64, packets: u64) -> Vec<RtpOut> {
    let packet = |index: u64| RtpOut {
        kind: MediaKind::Video,
        seq: ExtSeq(65_500 + number * packets + index),
        timestamp: u32::try_from(number * 3_000).expect("short run"),
        marker: index + 1 == packets,
        payload: Bytes::from(vec![u8::try_from(index).expect("few"); if index + 1 == packets { 300 } else { 1_100 }]),
    };
    (0..packets).map(packet).collect()
}

/// Sends numbered frames, each with a report, and answers the NACKs that come meanwhile; how many packets they asked for.
async fn play(server: &Server, key: costage::engine::SessionKey, frames: u64) -> usize {
    let mut sent = std::collections::BTreeMap::new();
    let mut asked = 0;
    for number in 0..frames {
        let packets = frame(number, 7);
        for packet in &packets {
            sent.insert(u16::try_from(packet.seq.0 & 0xffff).expect("masked"), packet.clone());
        }
        server.drive(key, move |now, peer| {
            peer.send(now, &packets);
            peer.report(now, MediaKind::Video, Ntp(1 << 40), 1);
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        for seqs in server.take_nacks() {
            asked += seqs.len();
            for packet in seqs.iter().filter_map(|seq| sent.get(seq).cloned()) {
                server.drive(key, move |now, peer| peer.resend(now, &packet));
            }
        }
    }
    asked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_receives_every_packet_of_every_frame_over_the_roll_over() {
    let server = Server::start();
    let (client, opened, _) = connect(&server, VIEWER, None).await;
    play(&server, opened.key, 30).await;
    let received = client.received(30 * 7).await;
    let wanted: Vec<u16> = (0..210).map(|index| u16::try_from((65_500 + index) & 0xffff).expect("masked")).collect();
    assert_eq!(received, wanted);
    server.sessions.close(Instant::now(), &opened.secret).expect("it lives");
    let reason = server.wait(|event| if let PeerEvent::Closed { reason } = event { Some(reason) } else { None }).await;
    assert_eq!(reason, CloseReason::Local);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_viewer_loses_is_asked_for_and_sent_again() {
    let server = Server::start();
    let (client, opened, relay) = connect(&server, VIEWER, Some((11, 0.05))).await;
    let asked = play(&server, opened.key, 100).await;
    let received = client.received_so_far(Duration::from_millis(500)).await;
    let lost = relay.expect("there is one").lost();
    assert!(lost >= 10 && asked >= 10, "lost {lost}, asked {asked}");
    let distinct: std::collections::BTreeSet<u16> = received.into_iter().collect();
    let missing = 700 - distinct.len();
    assert!(missing * 4 <= lost, "{missing} of {lost} never came");
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_other_than_the_offers_is_refused() {
    let server = Server::start();
    let client = Client::new(Way::Out).await;
    let offer = client.offer().await;
    let line = offer.lines().find(|line| line.starts_with("a=fingerprint")).expect("there is one").to_owned();
    let digit = if line.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{digit}", &line[..line.len() - 1]);
    let offer = offer.replace(&line, &forged);
    let opened = server.sessions.open(Instant::now(), HOST, "someone".to_owned(), &offer).expect("a good offer");
    client.answer(opened.answer).await;
    let reason = server.wait(|event| if let PeerEvent::Closed { reason } = event { Some(reason) } else { None }).await;
    assert_eq!(reason, CloseReason::HandshakeFailed);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_strangers_disturb_nobody() {
    let server = Server::start();
    let (client, _, relay) = connect(&server, HOST, Some((1, 0.0))).await;
    let relay = relay.expect("asked for");
    let stranger = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback");
    let mut noise = relay::Noise::new(3);
    for index in 0..100_000 {
        let packet = noise.datagram();
        // Half from a stranger, half on the very path of the client.
        match index % 2 {
            0 => drop(stranger.send_to(&packet, server.address())),
            _ => relay.inject(&packet),
        }
        if index % 500 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let publishing = client.publish(60);
    let mut video = 0;
    while video < 40 {
        let packet = server.wait(|event| if let PeerEvent::Rtp(packet) = event { Some(packet) } else { None }).await;
        video += usize::from(packet.kind == MediaKind::Video);
    }
    publishing.await.expect("the publisher ran to its end");
    client.close().await;
}
