//! The way out for a session's datagrams; a socket, or memory in tests.

use std::net::{IpAddr, SocketAddr};

/// Sends datagrams at once, without waiting: what the system does not take is lost, as on any network.
pub(crate) trait Wire: Send + Sync {
    /// Sends `contents` to `to`, from our address `from` where it is known.
    ///
    /// With `segment_bytes` the contents are several datagrams of that size, the last one of at most that size: one call of
    /// the system (UDP GSO), at most [`Wire::segments_max`] of them.
    fn send(&self, to: SocketAddr, from: Option<IpAddr>, contents: &[u8], segment_bytes: Option<usize>);

    /// Datagrams that one call may carry.
    fn segments_max(&self) -> usize;
}
