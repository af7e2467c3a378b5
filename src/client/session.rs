//! One peer connection of the `webrtc` crate, opened over WHIP or WHEP.
//!
//! Four things the crate leaves to us: it ignores interface settings (so it is bound to the one address that reaches
//! the server), it keeps RTCP from the application (see [`super::tap`]), its sender reports carry its own clock (so its
//! reporter is left out and ours go through the track), and it tells nobody of the peer's close_notify (so the state of
//! its DTLS transport is looked at).

use super::chain::{Way, chain};
use super::news::{News, is_over, news};
use super::signal::{self, Resource, SignalError};
use super::tap::{Heard, Tap};
use rtc::peer_connection::transport::RTCDtlsTransportState;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::transport::DtlsTransport;
use webrtc::peer_connection::{PeerConnection, PeerConnectionBuilder, RTCPeerConnectionState, RTCSessionDescription};
use webrtc::runtime::default_runtime;

/// How long gathering, ICE and DTLS may take together. Chromium takes 0.1 s; a ClientHello lost once costs 1 s.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at the DTLS transport: a lock and a copied state. Whoever waits for the end acts within seconds.
const GOODBYE_LOOK: Duration = Duration::from_millis(250);

/// Why a session did not come to be.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The HTTP exchange failed.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// No local address reaches the server.
    #[error("no local address reaches {server}: {source}")]
    NoRoute {
        /// The server's host and port.
        server: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The `webrtc` crate refused a step.
    #[error("webrtc: {0}")]
    Webrtc(#[from] webrtc::error::Error),
    /// ICE or DTLS did not finish in time.
    #[error("no media connection to {url} within {} s", CONNECT_WITHIN.as_secs())]
    NotConnected {
        /// The WHIP or WHEP endpoint.
        url: String,
    },
}

/// A session that is being opened: tracks are added, then [`Draft::open`].
pub(crate) struct Draft {
    pub(crate) peer: Arc<dyn PeerConnection>,
    heard: mpsc::Receiver<Heard>,
    news: News,
}

/// An open session.
pub(crate) struct Session {
    peer: Arc<dyn PeerConnection>,
    resource: Resource,
    state: watch::Receiver<RTCPeerConnectionState>,
    /// Of a connection that sends.
    dtls: Option<Arc<dyn DtlsTransport>>,
}

impl Draft {
    /// A peer connection towards the server of `endpoint`, without tracks.
    pub(crate) async fn new(endpoint: &str, way: Way) -> Result<Self, OpenError> {
        let (tap, heard) = Tap::new();
        let (media, registry) = chain(way, tap)?;
        let (teller, news) = news();
        let mut builder = PeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_interceptor_registry(registry)
            .with_handler(Arc::new(teller))
            .with_udp_addrs(vec![SocketAddr::new(local_address(endpoint)?, 0)]);
        if let Some(runtime) = default_runtime() {
            builder = builder.with_runtime(runtime);
        }
        let peer: Arc<dyn PeerConnection> = Arc::new(builder.build().await?);
        Ok(Self { peer, heard, news })
    }

    /// Offers, waits for the answer and for ICE and DTLS.
    pub(crate) async fn open(mut self, endpoint: &str, token: Option<&str>) -> Result<(Session, Ears), OpenError> {
        let opened = tokio::time::timeout(CONNECT_WITHIN, self.negotiate(endpoint, token)).await;
        let failed = match opened {
            Ok(Ok((resource, dtls))) => {
                let session = Session { peer: self.peer, resource, state: self.news.state, dtls };
                return Ok((session, Ears { heard: self.heard, remote_video: self.news.video }));
            }
            Ok(Err(error)) => error,
            Err(_) => OpenError::NotConnected { url: endpoint.to_owned() },
        };
        if let Err(error) = self.peer.close().await {
            tracing::debug!(%error, "half-open session not closed");
        }
        Err(failed)
    }

    async fn negotiate(
        &mut self,
        endpoint: &str,
        token: Option<&str>,
    ) -> Result<(Resource, Option<Arc<dyn DtlsTransport>>), OpenError> {
        let gone = || OpenError::NotConnected { url: endpoint.to_owned() };
        let offer = self.peer.create_offer(None).await?;
        self.peer.set_local_description(offer).await?;
        // All candidates go into the offer: with one local address that takes no time, and trickling buys nothing.
        self.news.gathered.wait_for(|gathered| *gathered).await.map_err(|_| gone())?;
        let offer = self.peer.local_description().await.ok_or_else(gone)?;
        let answered = signal::offer(endpoint, token, offer.sdp).await?;
        let connected = async {
            self.peer.set_remote_description(RTCSessionDescription::answer(answered.sdp)?).await?;
            let settled =
                |state: &RTCPeerConnectionState| *state == RTCPeerConnectionState::Connected || is_over(*state);
            let state = self.news.state.wait_for(settled).await.map_err(|_| gone())?;
            if is_over(*state) {
                return Err(gone());
            }
            drop(state);
            Ok(dtls_of(&*self.peer).await?)
        };
        match connected.await {
            Ok(dtls) => Ok((answered.resource, dtls)),
            Err(error) => {
                answered.resource.delete().await;
                Err(error)
            }
        }
    }
}

/// What an open session hears.
pub(crate) struct Ears {
    pub(crate) heard: mpsc::Receiver<Heard>,
    pub(crate) remote_video: watch::Receiver<Option<Arc<dyn TrackRemote>>>,
}

impl Session {
    /// Waits until the server has said goodbye (close_notify; noticed within [`GOODBYE_LOOK`] by who sends) or the network
    /// is gone (noticed after about 30 s).
    pub(crate) async fn ended(&self) {
        let mut state = self.state.clone();
        tokio::select! {
            // An error means that the peer connection itself is gone: ended as well.
            _ = state.wait_for(|state| is_over(*state)) => {}
            () = self.goodbye() => {}
        }
    }

    async fn goodbye(&self) {
        while !self.is_closed_by_server().await {
            tokio::time::sleep(GOODBYE_LOOK).await;
        }
    }

    async fn is_closed_by_server(&self) -> bool {
        let Some(dtls) = &self.dtls else { return false };
        matches!(dtls.state().await, Ok(RTCDtlsTransportState::Closed | RTCDtlsTransportState::Failed))
    }

    /// DELETE, then close_notify. A session that the server has ended is not there to delete: asking for it would be
    /// counted as guessing at addresses.
    pub(crate) async fn close(self) {
        if !self.is_closed_by_server().await {
            self.resource.delete().await;
        }
        if let Err(error) = self.peer.close().await {
            tracing::debug!(%error, "session not closed");
        }
    }
}

/// The one DTLS transport of a negotiated connection that sends; all its media are bundled. The crate has no handle on that
/// of a connection that only receives before its first packet has come, and nobody waits for the end of those.
async fn dtls_of(peer: &dyn PeerConnection) -> Result<Option<Arc<dyn DtlsTransport>>, webrtc::error::Error> {
    match peer.get_senders().await.first() {
        Some(sender) => sender.transport().await,
        None => Ok(None),
    }
}

/// The address of ours that the route to the server of `endpoint` uses. No packet is sent.
fn local_address(endpoint: &str) -> Result<IpAddr, OpenError> {
    let bad = || SignalError::BadUrl { url: endpoint.to_owned() };
    let url = reqwest::Url::parse(endpoint).map_err(|_| bad())?;
    let host = url.host_str().ok_or_else(bad)?.trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().ok_or_else(bad)?;
    let route = || {
        let mut addresses = (host.as_str(), port).to_socket_addrs()?.collect::<Vec<_>>();
        // The media port of a server listens on both; IPv4 is what every candidate list has.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        let server = addresses.first().copied().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
        let any: IpAddr = if server.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(server)?;
        Ok(socket.local_addr()?.ip())
    };
    route().map_err(|source| OpenError::NoRoute { server: format!("{host}:{port}"), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_loopback_is_reached_from_loopback() {
        let address = local_address("http://127.0.0.1:9/whip/a").expect("loopback exists");
        assert!(address.is_loopback(), "{address}");
    }

    #[test]
    fn an_endpoint_that_is_no_url_is_an_error() {
        assert!(matches!(local_address("whip/a"), Err(OpenError::Signal(SignalError::BadUrl { .. }))));
    }
}
