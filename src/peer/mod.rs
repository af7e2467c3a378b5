//! WebRTC sessions over one UDP port.
//!
//! ```text
//! socket → udp (one thread) → demux → shard → Session ─┬ ice        checks answered, addresses proved
//!                                                      ├ dtls       keys, bound to the offer's fingerprint
//!                                                      ├ srtp       packets opened and sealed
//!                                                      ├ presence   a host's media lost and back
//!                                                      ├ receiving  a host's media
//!                                                      └ sending    a viewer's media → socket, from the shard's thread
//! HTTP → api → Sessions (sdp) → a new Session → its shard
//! ```
//!
//! The only folder that names `rtc`, `quinn_udp`, `socket2` and `if_addrs`.
//!
//! **Invariant:** a datagram other than an authentic ICE check never changes where a session sends or who receives it.
//! **Invariant:** one (SSRC, roll-over counter, sequence number) never seals two different packets.
//! **Invariant:** nothing here decides who may publish or play.

mod config;
mod demux;
mod dtls;
mod early;
mod extend;
#[doc(hidden)]
pub mod fuzz;
mod ice;
mod presence;
mod random;
mod receiving;
mod registration;
mod routes;
mod sdp;
mod sending;
mod session;
mod sessions;
mod srtp;
mod udp;
mod wire;

use std::sync::Arc;

use anyhow::{Context as _, Result};

pub use config::PeerConfig;
pub use sessions::Sessions;
pub use udp::Receiver;

use crate::engine::{Clock, Shards};
use dtls::Identity;
use udp::UdpPort;

/// Binds the port, makes the certificate and starts receiving. Hand the [`Sessions`] to HTTP; keep the [`Receiver`]: dropping
/// it stops the receive thread (sessions should be closed before).
///
/// # Errors
/// When the port is taken, the machine has no address, or cryptography does not work.
pub fn start(config: &PeerConfig, clock: Arc<dyn Clock>, shards: Arc<dyn Shards>) -> Result<(Arc<Sessions>, Receiver)> {
    let identity = Identity::new(clock.now())?;
    let port = UdpPort::bind(config.bind, config.port)
        .with_context(|| format!("cannot bind UDP port {} for media", config.port))?;
    let candidates = config.candidates(port.address()).context("cannot list this machine's addresses")?;
    let wire = Arc::new(port.outlet().context("cannot duplicate the media socket")?);
    let sessions = Arc::new(Sessions::new(identity, candidates, wire, Arc::clone(&shards), config));
    let receiver = port.run(clock, shards, sessions.changes()).context("cannot start the media receive thread")?;
    Ok((sessions, receiver))
}
