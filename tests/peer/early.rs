//! A client that begins DTLS before ICE has proved its address.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use costage::engine::Signalling;
use rtc::crypto::default_provider;
use rtc::dtls::config::ConfigBuilder;
use rtc::dtls::crypto::Certificate;
use rtc::dtls::endpoint::Endpoint;
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::shared::TransportProtocol;
use rtc::stun::attributes::ATTR_USERNAME;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, Message, Setter};

use super::HOST;
use super::client::{Client, Way};
use super::shards::Server;

/// Longer than any answer over loopback takes.
const QUIET: Duration = Duration::from_millis(200);

fn client_hello(now: Instant, server: std::net::SocketAddr) -> Vec<Vec<u8>> {
    let crypto = default_provider().unwrap();
    let certificate = Certificate::generate_self_signed(vec!["test".to_owned()], crypto.crypto()).unwrap();
    let config = ConfigBuilder::default()
        .with_crypto_provider(crypto)
        .with_certificates(vec![certificate])
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
        .with_insecure_skip_verify(true)
        .build(true, Some(server))
        .unwrap();
    let mut endpoint = Endpoint::new(server, TransportProtocol::UDP, None);
    endpoint.connect(now, server, std::sync::Arc::new(config), None).unwrap();
    std::iter::from_fn(|| endpoint.poll_transmit()).map(|transmit| transmit.message.to_vec()).collect()
}

fn check(answer: &str) -> Vec<u8> {
    let value = |key: &str| answer.lines().find_map(|line| line.strip_prefix(key)).unwrap().trim().to_owned();
    let crypto = default_provider().unwrap();
    let mut message = Message::new();
    message.typ = BINDING_REQUEST;
    message.write_header();
    message.add(ATTR_USERNAME, format!("{}:client", value("a=ice-ufrag:")).as_bytes());
    let password = value("a=ice-pwd:");
    let integrity = MessageIntegrity::new_raw_integrity_with_provider(password.as_bytes(), crypto.crypto());
    integrity.add_to(&mut message).unwrap();
    message.raw
}

/// The next datagram's first byte and, of a handshake record, its message type.
fn next(socket: &UdpSocket) -> Option<(u8, Option<u8>)> {
    let mut buffer = [0; 2_048];
    let length = socket.recv(&mut buffer).ok()?;
    Some((buffer[0], buffer[..length].get(13).copied().filter(|_| buffer[0] == 22)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_hello_before_the_first_check_is_answered_when_the_address_is_proved_and_not_before() {
    let server = Server::start();
    let offer = Client::new(Way::Out).await.offer().await;
    let opened = server.sessions.open(Instant::now(), HOST, "someone".to_owned(), &offer).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server.address()).unwrap();
    socket.set_read_timeout(Some(QUIET)).unwrap();
    for datagram in client_hello(Instant::now(), server.address()) {
        socket.send(&datagram).unwrap();
    }
    assert_eq!(next(&socket), None, "a stranger hears nothing");

    socket.send(&check(&opened.answer)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = [next(&socket), next(&socket)];
    const HELLO_VERIFY_REQUEST: u8 = 3;
    assert!(heard.contains(&Some((1, None))), "the check: {heard:?}");
    assert!(heard.contains(&Some((22, Some(HELLO_VERIFY_REQUEST)))), "the hello, without sending it again: {heard:?}");
}
