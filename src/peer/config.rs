//! What the operator decides about sessions.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::sdp::answer::{CANDIDATES_MAX, order_candidates};

/// Settings of the WebRTC side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerConfig {
    /// The UDP port of all sessions; 0 takes a free one.
    pub port: u16,
    /// Bind to this address alone; `None`: all, IPv6 and IPv4.
    pub bind: Option<IpAddr>,
    /// Local addresses to offer as candidates; empty: those of all interfaces.
    pub addresses: Vec<IpAddr>,
    /// Addresses at which a NAT makes this port reachable; offered before all others.
    pub public_addresses: Vec<IpAddr>,
    /// Offer loopback addresses too: for a client on the same machine. Without any other address they are offered anyway.
    pub loopback: bool,
    /// Sessions that may live at once, hosts and viewers; further offers are refused.
    pub sessions_max: usize,
    /// What a host may send at most, bit/s, said to those that know only REMB.
    pub host_bitrate_bps_max: u32,
}

impl Default for PeerConfig {
    fn default() -> Self {
        Self {
            port: 8_081,
            bind: None,
            addresses: Vec::new(),
            public_addresses: Vec::new(),
            loopback: false,
            sessions_max: 4_000,
            host_bitrate_bps_max: 6_000_000,
        }
    }
}

impl PeerConfig {
    /// The host candidates of every answer, best first: public, private, the rest.
    ///
    /// # Errors
    /// When the system does not tell its addresses.
    pub(super) fn candidates(&self, bound: SocketAddr) -> io::Result<Vec<SocketAddr>> {
        let mut local: Vec<IpAddr> = match (bound.ip().is_unspecified(), self.addresses.is_empty()) {
            (false, _) => vec![bound.ip()],
            (true, false) => self.addresses.clone(),
            (true, true) => interface_addresses()?,
        };
        if bound.is_ipv4() {
            local.retain(IpAddr::is_ipv4);
        }
        if !self.loopback && local.iter().any(|ip| !ip.is_loopback()) {
            local.retain(|ip| !ip.is_loopback());
        }
        let at_port = |ip: &IpAddr| SocketAddr::new(*ip, bound.port());
        let mut locals: Vec<SocketAddr> = local.iter().map(at_port).collect();
        order_candidates(&mut locals);
        let mut candidates: Vec<SocketAddr> = self.public_addresses.iter().map(at_port).collect();
        candidates.extend(locals.into_iter().filter(|local| !self.public_addresses.contains(&local.ip())));
        candidates.truncate(CANDIDATES_MAX);
        Ok(candidates)
    }
}

/// Addresses of interfaces that are up; those of virtual ones last. IPv6 link-local addresses need a zone that candidates
/// cannot name (RFC 8839 §5.1).
fn interface_addresses() -> io::Result<Vec<IpAddr>> {
    /// Bridges, containers and tunnels: real, but rarely the way a client comes.
    const VIRTUAL: [&str; 7] = ["docker", "br-", "veth", "virbr", "tun", "tap", "wg"];
    let mut interfaces = if_addrs::get_if_addrs()?;
    interfaces.retain(|interface| match interface.ip() {
        IpAddr::V4(ip) => !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    });
    interfaces.sort_by_key(|interface| VIRTUAL.iter().any(|name| interface.name.starts_with(name)));
    Ok(interfaces.iter().map(if_addrs::Interface::ip).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(addresses: &[&str]) -> Vec<IpAddr> {
        addresses.iter().map(|ip| ip.parse().expect("an address")).collect()
    }

    #[test]
    fn the_first_candidate_is_the_best_public_ipv4() {
        let config = PeerConfig {
            addresses: ips(&["::1", "fd00::1", "127.0.0.1", "10.0.0.1", "2001:db8::1", "203.0.113.9"]),
            loopback: true,
            ..PeerConfig::default()
        };
        let bound = "[::]:8081".parse().expect("an address");
        let found: Vec<IpAddr> = config.candidates(bound).expect("no system call").iter().map(SocketAddr::ip).collect();
        assert_eq!(found, ips(&["203.0.113.9", "10.0.0.1", "2001:db8::1", "fd00::1", "127.0.0.1", "::1"]));
        let behind_nat = PeerConfig { public_addresses: ips(&["198.51.100.1"]), loopback: false, ..config };
        let found = behind_nat.candidates(bound).expect("no system call");
        assert_eq!(found[0], SocketAddr::from(([198, 51, 100, 1], 8_081)));
        assert!(found.iter().all(|candidate| !candidate.ip().is_loopback()));
    }

    #[test]
    fn a_machine_with_loopback_alone_offers_it() {
        let config = PeerConfig { addresses: ips(&["127.0.0.1"]), ..PeerConfig::default() };
        assert_eq!(config.candidates("0.0.0.0:1".parse().expect("an address")).expect("no system call").len(), 1);
    }
}
