//! One DTLS association of one session.
//!
//! The endpoint of `rtc::dtls` tells associations apart by address; a session has one association whatever its address is, so
//! a constant stands for the peer and roaming does not touch DTLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc::dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::shared::TransportProtocol;
use rtc::shared::error::Error;
use rtc::srtp::config::LABEL_EXTRACTOR_DTLS_SRTP;
use rtc::srtp::protection_profile::ProtectionProfile;

use super::Identity;
use super::admission::{Admission, may_be_finished};
use super::asleep::Asleep;
use super::client_hello::{HelloReader, Listing};
use super::record::{CONTENT_ALERT, records};
use crate::peer::sdp::fingerprint::Fingerprint;
use crate::peer::srtp::SrtpKeys;

/// The peer, to the endpoint (RFC 5737 documentation address).
pub(super) const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);
/// First wait before a flight is sent again. The RFC's second would be the longest part of joining.
const FLIGHT_INTERVAL: Duration = Duration::from_millis(100);
/// Longest wait: the endpoint gives up after seven, so doubling from 100 ms lasts 12 seconds.
const FLIGHT_INTERVAL_MAX: Duration = Duration::from_secs(6);
/// Datagrams that a handshake may take; a real one has ten. Beyond, they are dropped until the handshake times out.
const HANDSHAKE_DATAGRAMS_MAX: usize = 256;
/// Bytes of them; a real one has 5,000, and every flight may be lost a few times. What is read is remembered by the endpoint.
const HANDSHAKE_BYTES_MAX: usize = 64 << 10;
/// Times that a peer may repeat its last flight because ours was lost; it gives up before.
const REPEATS_MAX: usize = 16;
/// Datagrams held back while a ClientHello is incomplete.
const HELD_MAX: usize = 8;

/// Which protection we ask for where the peer leaves the choice to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preference {
    /// AES-GCM for peers that have it: viewers, whose packets we seal.
    Gcm,
    /// Whatever the peer lists first.
    Peers,
}

/// What happened to the association.
pub(crate) enum LinkEvent {
    /// The handshake is done and the peer is who the offer said: here are the keys.
    Connected(Box<SrtpKeys>),
    /// The peer said goodbye, or broke the association off.
    Closed,
    /// The handshake cannot succeed any more.
    Failed,
}

/// A DTLS association.
pub(crate) struct Link {
    endpoint: Endpoint,
    identity: Arc<Identity>,
    /// As a server before its first ClientHello is complete.
    waiting: Option<Waiting>,
    mismatch: Arc<AtomicBool>,
    datagrams: usize,
    bytes: usize,
    admission: Admission,
    repeats: usize,
    connected: bool,
    settled: bool,
    asleep: Option<Asleep>,
    over: bool,
    interval: Duration,
    retransmit_at: Option<Instant>,
    endpoint_timer: Option<Instant>,
}

struct Waiting {
    fingerprints: Vec<Fingerprint>,
    preference: Preference,
    hello: HelloReader,
    held: Vec<BytesMut>,
}

impl Link {
    /// Waits for the peer's ClientHello.
    ///
    /// # Errors
    /// When our own certificate cannot be used.
    pub(crate) fn server(
        identity: &Arc<Identity>,
        peer: Vec<Fingerprint>,
        preference: Preference,
    ) -> Result<Self, Error> {
        let mut link = Self::new(identity);
        // Built here once for its errors; the one that is used depends on the ClientHello.
        configuration(identity, &peer, &[SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm], false, &link.mismatch)?;
        link.waiting =
            Some(Waiting { fingerprints: peer, preference, hello: HelloReader::default(), held: Vec::new() });
        Ok(link)
    }

    /// Sends a ClientHello, for peers that offered `setup:passive`.
    ///
    /// # Errors
    /// When our own certificate cannot be used.
    pub(crate) fn client(now: Instant, identity: &Arc<Identity>, peer: Vec<Fingerprint>) -> Result<Self, Error> {
        let mut link = Self::new(identity);
        let profiles = both_profiles();
        let config = configuration(identity, &peer, &profiles, true, &link.mismatch)?;
        link.endpoint.connect(now, PEER, config, None)?;
        link.follow_endpoint_timer(now);
        Ok(link)
    }

    fn new(identity: &Arc<Identity>) -> Self {
        Self {
            endpoint: Endpoint::new(PEER, TransportProtocol::UDP, None),
            identity: Arc::clone(identity),
            waiting: None,
            mismatch: Arc::new(AtomicBool::new(false)),
            datagrams: 0,
            bytes: 0,
            admission: Admission::default(),
            repeats: 0,
            connected: false,
            settled: false,
            asleep: None,
            over: false,
            interval: FLIGHT_INTERVAL,
            retransmit_at: None,
            endpoint_timer: None,
        }
    }

    /// Takes a datagram of the peer.
    pub(crate) fn handle(&mut self, now: Instant, datagram: BytesMut) -> Vec<LinkEvent> {
        if self.over {
            return Vec::new();
        }
        if self.connected {
            return self.handle_connected(now, &datagram);
        }
        self.datagrams += 1;
        self.bytes = self.bytes.saturating_add(datagram.len());
        if self.datagrams > HANDSHAKE_DATAGRAMS_MAX || self.bytes > HANDSHAKE_BYTES_MAX {
            return Vec::new();
        }
        if !self.admission.admits(&datagram) {
            return Vec::new();
        }
        let Some(mut waiting) = self.waiting.take() else { return self.read(now, datagram) };
        let listing = waiting.hello.read(&datagram);
        waiting.held.push(datagram);
        if listing == Listing::Incomplete && waiting.held.len() < HELD_MAX {
            self.waiting = Some(waiting);
            return Vec::new();
        }
        self.accept(now, waiting, listing)
    }

    /// After the handshake the endpoint would still remember every handshake record that it is shown, authentic or not. So it
    /// sees alerts, and a few times the peer's last flight again; of both only what is encrypted.
    fn handle_connected(&mut self, now: Instant, datagram: &[u8]) -> Vec<LinkEvent> {
        let mut events = Vec::new();
        for record in records(datagram).filter(|record| record.epoch > 0) {
            let repeats = !self.settled && self.repeats < REPEATS_MAX && may_be_finished(&record);
            self.repeats += usize::from(repeats);
            let wanted = record.content == CONTENT_ALERT || repeats;
            if wanted && !self.over {
                self.wake(now);
                events.extend(self.read(now, BytesMut::from(record.bytes)));
            }
        }
        events
    }

    /// The peer has used the keys, so its handshake is over too: all but the association's secrets is let go, more than half of
    /// what a session holds.
    pub(crate) fn settle(&mut self) {
        if !self.connected || self.over || std::mem::replace(&mut self.settled, true) {
            return;
        }
        // On an error the association goes on as it is.
        if let Some(asleep) = self.endpoint.get_connection_state(PEER).and_then(|state| Asleep::new(state).ok()) {
            self.asleep = Some(asleep);
            self.endpoint = Endpoint::new(PEER, TransportProtocol::UDP, None);
            self.endpoint_timer = None;
        }
    }

    /// There is something to read or to say after a long silence.
    fn wake(&mut self, now: Instant) {
        if let Some(asleep) = self.asleep.take()
            && let Ok(endpoint) = asleep.wake(now, PEER, &self.identity)
        {
            self.endpoint = endpoint;
        }
    }

    /// The ClientHello is known: the association begins.
    fn accept(&mut self, now: Instant, waiting: Waiting, listing: Listing) -> Vec<LinkEvent> {
        let profiles = match (listing, waiting.preference) {
            (Listing::Gcm, Preference::Gcm) => vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm],
            (Listing::NoGcm | Listing::Incomplete, Preference::Gcm) => {
                vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80]
            }
            (Listing::Gcm | Listing::NoGcm | Listing::Incomplete, Preference::Peers) => both_profiles(),
        };
        let Ok(config) = configuration(&self.identity, &waiting.fingerprints, &profiles, false, &self.mismatch) else {
            return vec![LinkEvent::Failed];
        };
        self.endpoint.set_server_config(Some(config));
        let events = waiting.held.into_iter().flat_map(|datagram| self.read(now, datagram)).collect();
        // A finished association must not be followed by a second one.
        self.endpoint.set_server_config(None);
        events
    }

    fn read(&mut self, now: Instant, datagram: BytesMut) -> Vec<LinkEvent> {
        let outcome = self.endpoint.read(now, PEER, None, datagram);
        self.follow_endpoint_timer(now);
        match outcome {
            Ok(events) => events.into_iter().filter_map(|event| self.event(event)).collect(),
            Err(_) if self.mismatch.load(Ordering::Relaxed) => self.end(LinkEvent::Failed),
            Err(Error::ErrAlertFatalOrClose) if self.connected => self.end(LinkEvent::Closed),
            Err(Error::ErrAlertFatalOrClose) => self.end(LinkEvent::Failed),
            // Anything may be written on a UDP port; what does not parse or verify is not the peer's last word.
            Err(_) => Vec::new(),
        }
    }

    fn event(&mut self, event: EndpointEvent) -> Option<LinkEvent> {
        match event {
            EndpointEvent::HandshakeComplete => {
                self.connected = true;
                self.retransmit_at = None;
                #[cfg(test)]
                HANDSHAKES.set(HANDSHAKES.get() + 1);
                Some(self.keys().map_or(LinkEvent::Failed, |keys| LinkEvent::Connected(Box::new(keys))))
            }
            EndpointEvent::PeerClosed => self.end(LinkEvent::Closed).pop(),
            // Data channels are not negotiated.
            EndpointEvent::ApplicationData(_) => None,
            #[allow(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive enum of rtc")]
            _ => None,
        }
    }

    fn end(&mut self, event: LinkEvent) -> Vec<LinkEvent> {
        self.over = true;
        self.retransmit_at = None;
        vec![event]
    }

    fn keys(&self) -> Option<SrtpKeys> {
        let state = self.endpoint.get_connection_state(PEER)?;
        let negotiated = state.srtp_protection_profile();
        let profile = if negotiated == SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm {
            ProtectionProfile::AeadAes128Gcm
        } else if negotiated == SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 {
            ProtectionProfile::Aes128CmHmacSha1_80
        } else {
            return None;
        };
        let length = SrtpKeys::material_bytes(profile);
        let material = state.export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], length).ok()?;
        SrtpKeys::split(profile, material.as_ref(), state.is_client(), Arc::clone(&self.identity.crypto)).ok()
    }

    /// The next datagram for the peer.
    pub(crate) fn poll_transmit(&mut self) -> Option<BytesMut> {
        self.endpoint.poll_transmit().map(|transmit| transmit.message)
    }

    /// When [`Link::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.retransmit_at
    }

    /// Sends a flight again when its answer is late.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<LinkEvent> {
        if self.retransmit_at.is_none_or(|at| now < at) {
            return None;
        }
        self.interval = (self.interval * 2).min(FLIGHT_INTERVAL_MAX);
        let outcome = self.endpoint.handle_timeout(PEER, now);
        self.endpoint_timer = self.endpoint.poll_timeout(&PEER);
        self.retransmit_at = self.endpoint_timer.map(|_| now + self.interval);
        match outcome {
            Ok(()) => None,
            Err(_) => self.end(LinkEvent::Failed).pop(),
        }
    }

    /// The endpoint repeats a flight every 100 ms and gives up after seven: less than a second, too little for a slow path.
    /// So its timer is served later each time, and anew with each flight.
    fn follow_endpoint_timer(&mut self, now: Instant) {
        let timer = self.endpoint.poll_timeout(&PEER);
        if timer != self.endpoint_timer {
            self.endpoint_timer = timer;
            self.interval = FLIGHT_INTERVAL;
            self.retransmit_at = timer.map(|_| now + FLIGHT_INTERVAL);
        }
    }

    /// Says goodbye (close_notify).
    pub(crate) fn close(&mut self, now: Instant) {
        self.over = true;
        self.retransmit_at = None;
        self.wake(now);
        // Only a full disk of queues could fail here; the peer then finds out by consent.
        let _ = self.endpoint.close(now);
    }
}

fn both_profiles() -> Vec<SrtpProtectionProfile> {
    vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm, SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80]
}

fn configuration(
    identity: &Identity,
    peer: &[Fingerprint],
    profiles: &[SrtpProtectionProfile],
    we_are_client: bool,
    mismatch: &Arc<AtomicBool>,
) -> Result<Arc<HandshakeConfig>, Error> {
    let (peer, mismatch) = (peer.to_vec(), Arc::clone(mismatch));
    let verify = move |certificates: &[Vec<u8>], _: &[_]| {
        let first = certificates.first();
        if first.is_some_and(|certificate| Fingerprint::any_matches(&peer, certificate)) {
            return Ok(());
        }
        mismatch.store(true, Ordering::Relaxed);
        Err(Error::Other("the peer's certificate is not the one of its offer".to_owned()))
    };
    let config = ConfigBuilder::default()
        .with_crypto_provider(Arc::clone(&identity.crypto))
        .with_certificates(vec![identity.certificate.clone()])
        .with_srtp_protection_profiles(profiles.to_vec())
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        // Certificates are self-signed: the fingerprint of the offer is what vouches for them (RFC 8827 §5.6.4).
        .with_insecure_skip_verify(true)
        .with_verify_peer_certificate(Some(Arc::new(verify)))
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_flight_interval(FLIGHT_INTERVAL)
        .build(we_are_client, Some(PEER))?;
    Ok(Arc::new(config))
}

#[cfg(test)]
thread_local! {
    /// Ends of handshakes that this thread has seen complete.
    static HANDSHAKES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests;
