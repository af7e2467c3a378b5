//! An association whose handshake is over and that has nothing to say: for most of a session's life.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rtc::crypto::RTCCryptoProvider;
use rtc::dtls::config::{ConfigBuilder, HandshakeConfig};
use rtc::dtls::endpoint::Endpoint;
use rtc::dtls::state::State;
use rtc::shared::TransportProtocol;
use rtc::shared::error::Error;

use super::Identity;

/// What is needed to hear a goodbye or to say one: some hundred bytes, most of them the peer's certificate, instead of an endpoint's 8,000.
pub(super) struct Asleep {
    state: Box<[u8]>,
    is_client: bool,
}

impl Asleep {
    /// Of a finished handshake's state.
    ///
    /// # Errors
    /// When the handshake is not finished.
    pub(super) fn new(state: &State) -> Result<Self, Error> {
        Ok(Self { state: state.marshal_binary()?.into(), is_client: state.is_client() })
    }

    /// The endpoint again, with `peer` as the other end.
    ///
    /// # Errors
    /// When the state cannot be read back.
    pub(super) fn wake(self, now: Instant, peer: SocketAddr, identity: &Identity) -> Result<Endpoint, Error> {
        let mut state = State::new(Arc::clone(&identity.crypto), self.is_client);
        state.unmarshal_binary(&self.state)?;
        let mut endpoint = Endpoint::new(peer, TransportProtocol::UDP, None);
        endpoint.connect(now, peer, Arc::clone(&identity.settled), Some(state))?;
        Ok(endpoint)
    }
}

/// The configuration of associations that are woken: none needs anything of its own.
///
/// # Errors
/// When the cryptography lacks something.
pub(super) fn configuration(
    crypto: &Arc<dyn RTCCryptoProvider>,
    peer: SocketAddr,
) -> Result<Arc<HandshakeConfig>, Error> {
    let config = ConfigBuilder::default().with_crypto_provider(Arc::clone(crypto)).with_insecure_skip_verify(true);
    Ok(Arc::new(config.build(true, Some(peer))?))
}
