//! Our certificate: one for the life of the process, known by its fingerprint in every answer.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use bytes::BytesMut;
use rtc::crypto::{RTCCryptoProvider, default_provider};
use rtc::dtls::config::HandshakeConfig;
use rtc::dtls::crypto::Certificate;

use super::link::{self, Link, LinkEvent, Preference};
use crate::peer::sdp::fingerprint::{Fingerprint, Hash};

/// Certificate, key and where cryptography comes from; shared by all sessions.
pub(crate) struct Identity {
    pub(super) certificate: Certificate,
    pub(super) crypto: Arc<dyn RTCCryptoProvider>,
    /// For associations whose handshake is over; they share it.
    pub(super) settled: Arc<HandshakeConfig>,
    fingerprint: Fingerprint,
}

impl Identity {
    /// Makes an ECDSA P-256 key and its self-signed certificate, and shakes hands with itself once: the first handshake of a
    /// process is 50 ms slower than the rest, and a first viewer should not be the one to wait.
    ///
    /// # Errors
    /// When the cryptographic library cannot make keys or its two ends do not understand each other.
    pub(crate) fn new(now: Instant) -> Result<Arc<Self>> {
        let crypto = default_provider().context("no cryptography provider in the rtc crate")?;
        let certificate = Certificate::generate_self_signed(vec!["costage".to_owned()], crypto.crypto())
            .context("cannot make a certificate")?;
        let der = certificate.certificate.first().context("a certificate chain is never empty")?;
        let fingerprint = Fingerprint::of(Hash::Sha256, der.as_ref());
        let settled = link::settled_configuration(&crypto).context("cannot set up DTLS")?;
        let identity = Arc::new(Self { certificate, crypto, settled, fingerprint });
        identity.shake_hands_with_itself(now)?;
        Ok(identity)
    }

    /// The fingerprint that answers carry.
    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Where cryptography comes from.
    pub(crate) fn crypto(&self) -> Arc<dyn RTCCryptoProvider> {
        Arc::clone(&self.crypto)
    }

    fn shake_hands_with_itself(self: &Arc<Self>, now: Instant) -> Result<()> {
        /// Flights of a full handshake, with room.
        const FLIGHTS_MAX: usize = 16;
        let fingerprints = vec![self.fingerprint.clone()];
        let mut server = Link::server(self, fingerprints.clone(), Preference::Gcm)?;
        let mut client = Link::client(now, self, fingerprints)?;
        let mut connected = 0;
        for _ in 0..FLIGHTS_MAX {
            connected += deliver(now, &mut client, &mut server);
            connected += deliver(now, &mut server, &mut client);
        }
        ensure!(connected == 2, "the DTLS handshake with ourselves does not complete");
        Ok(())
    }
}

fn deliver(now: Instant, from: &mut Link, to: &mut Link) -> usize {
    let datagrams: Vec<BytesMut> = std::iter::from_fn(|| from.poll_transmit()).collect();
    let events = datagrams.into_iter().flat_map(|datagram| to.handle(now, datagram));
    events.filter(|event| matches!(event, LinkEvent::Connected(_))).count()
}
