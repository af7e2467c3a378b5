//! Where requests may go: only to addresses of the public internet, unless the operator allows others.
//!
//! The check is made on the addresses that are connected to: a name is resolved once for each connection, here, and the
//! connection is made to one of the addresses that were checked and to no other. So a name that answers differently each time
//! (DNS rebinding) gains nothing. Addresses written in the URL itself are checked before each request; the URL parser
//! (WHATWG URL §3.5) has then turned decimal, octal, hexadecimal and short forms into the four numbers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

/// Resolves names. The system's in production ([`SystemResolver`]), another in tests.
pub trait Resolver: Send + Sync {
    /// The addresses of `host`.
    fn resolve(&self, host: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.take(ADDRESSES_MAX).map(|address| address.ip()).collect())
        })
    }
}

/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 64;

/// An address that nothing is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{address} is not a public address ({what}); `allow_private` lets such be reached")]
pub struct NotPublic {
    /// Which.
    pub address: IpAddr,
    /// What it is.
    pub what: &'static str,
}

/// Why a name gave no address.
#[derive(Debug, Error)]
pub(super) enum LookUpFault {
    #[error("cannot resolve {host}: {error}")]
    Failed { host: String, error: io::Error },
    #[error("{host} has no address")]
    Nothing { host: String },
    #[error("{host} resolves to an address that is refused: {refused}")]
    Refused { host: String, refused: NotPublic },
}

/// Lets connections be made to what may be connected to. One for each client.
#[derive(Clone)]
pub struct Guard {
    resolver: Arc<dyn Resolver>,
    check: fn(IpAddr) -> Result<(), NotPublic>,
}

impl Guard {
    /// A guard, of all but public addresses or of nothing.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>, allow_private: bool) -> Self {
        Self { resolver, check: if allow_private { |_| Ok(()) } else { public } }
    }

    /// With a check of its own: on a test's machine all addresses are private.
    #[cfg(test)]
    pub(crate) fn with(resolver: Arc<dyn Resolver>, check: fn(IpAddr) -> Result<(), NotPublic>) -> Self {
        Self { resolver, check }
    }

    /// Checks the address in `url`, when it has one instead of a name.
    ///
    /// # Errors
    /// When nothing may be sent there.
    pub fn check(&self, url: &Url) -> Result<(), NotPublic> {
        literal(url).map_or(Ok(()), self.check)
    }

    async fn addresses(self, host: String) -> Result<Vec<IpAddr>, LookUpFault> {
        let found = self.resolver.resolve(host.clone()).await;
        let found = found.map_err(|error| LookUpFault::Failed { host: host.clone(), error })?;
        if found.is_empty() {
            return Err(LookUpFault::Nothing { host });
        }
        // One that is refused refuses all: a name of ours has no private address beside a public one.
        let refused = found.iter().find_map(|address| (self.check)(*address).err());
        refused.map_or(Ok(found), |refused| Err(LookUpFault::Refused { host, refused }))
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, host) = (self.clone(), name.as_str().to_owned());
        Box::pin(async move {
            let found = guard.addresses(host).await?;
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// The address that a URL has instead of a name.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Is this an address of the public internet?
///
/// # Errors
/// When it is not, or is a cloud's own although it looks public.
pub fn public(address: IpAddr) -> Result<(), NotPublic> {
    let what = match address {
        IpAddr::V4(four) => special_four(four),
        IpAddr::V6(six) => special_six(six),
    };
    what.map_or(Ok(()), |what| Err(NotPublic { address, what }))
}

/// What an IPv4 address is, if not public (IANA IPv4 Special-Purpose Address Registry).
fn special_four(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [0, ..] => Some("this network"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("private"),
        [100, 64..=127, ..] => Some("shared by carriers' NAT"),
        [127, ..] => Some("loopback"),
        [169, 254, ..] => Some("link-local, clouds' metadata among them"),
        [192, 0, 0, _] => Some("IETF protocols, a cloud's metadata among them"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some("documentation"),
        [192, 88, 99, _] => Some("6to4 relays"),
        [198, 18..=19, ..] => Some("benchmarks"),
        // Not in the registry: Azure's services for its own machines.
        [168, 63, 129, 16] => Some("a cloud's metadata"),
        [224..=239, ..] => Some("multicast"),
        [240..=255, ..] => Some("reserved"),
        _ => None,
    }
}

/// The same of an IPv6 address (IANA IPv6 Special-Purpose Address Registry): public is what lies in 2000::/3 and is not set
/// apart there. Forms that lead to an IPv4 address are judged by that.
fn special_six(address: Ipv6Addr) -> Option<&'static str> {
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        special_four(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("unspecified"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("loopback"),
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => four(high, low),
        [0, 0, 0, 0, 0, 0, ..] => Some("IPv4-compatible, which nobody uses"),
        [0x2002, high, low, ..] => four(high, low),
        [0x2001, 0..=0x1ff, ..] => Some("IETF protocols, Teredo among them"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("documentation"),
        [0x2000..=0x3fff, ..] => None,
        [0xfc00..=0xfdff, ..] => Some("unique local"),
        [0xfe80..=0xfebf, ..] => Some("link-local"),
        [0xff00..=0xffff, ..] => Some("multicast"),
        _ => Some("not global"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::sync::Mutex;

    /// Answers each question with the next of these.
    struct Script(Mutex<VecDeque<Vec<IpAddr>>>);

    impl Script {
        fn of(answers: &[&[&str]]) -> Arc<Self> {
            let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
            Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
        }
    }

    impl Resolver for Script {
        fn resolve(&self, _: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
            let answer = self.0.lock().unwrap().pop_front().unwrap_or_default();
            Box::pin(async move { Ok(answer) })
        }
    }

    fn refused(address: &str) -> bool {
        public(address.parse().unwrap()).is_err()
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:0808:0808::1",
        ] {
            assert!(!refused(address), "{address}");
        }
    }

    #[test]
    fn all_others_are_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "4000::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(refused(address), "{address}");
        }
    }

    #[test]
    fn an_address_in_the_url_is_refused_in_every_form_that_the_parser_takes() {
        let guard = Guard::new(Script::of(&[]), false);
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "127.0.1",
            "0",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:127.0.0.1]",
            "[fe80::1]",
            "169.254.169.254",
            "2852039166",
        ] {
            let url = Url::parse(&format!("http://{host}/hook")).unwrap();
            assert!(guard.check(&url).is_err(), "{host}");
            assert_eq!(Guard::new(Script::of(&[]), true).check(&url), Ok(()), "{host}");
        }
        for name in ["https://example.com/", "https://8.8.8.8/", "https://[2606:4700::1111]/"] {
            assert_eq!(guard.check(&Url::parse(name).unwrap()), Ok(()));
        }
    }

    #[tokio::test]
    async fn a_name_that_answers_differently_the_second_time_is_checked_the_second_time() {
        let guard =
            Guard::new(Script::of(&[&["93.184.216.34"], &["127.0.0.1"], &["93.184.216.34", "10.0.0.1"]]), false);
        let ask = || guard.clone().addresses("rebind.example".to_owned());
        assert_eq!(ask().await.unwrap(), ["93.184.216.34".parse::<IpAddr>().unwrap()]);
        let fault = ask().await.unwrap_err().to_string();
        assert!(fault.contains("127.0.0.1") && fault.contains("allow_private"), "{fault}");
        assert!(ask().await.unwrap_err().to_string().contains("10.0.0.1"), "one private among public ones");
        assert!(ask().await.unwrap_err().to_string().contains("has no address"));
    }
}
