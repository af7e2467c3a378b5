//! ClientHellos that come before the first check of their address: a client may begin DTLS while ICE is still at work.
//!
//! They are for nobody until the address has proved itself to a session, and then for that session alone. What is held is
//! little and short-lived, for anyone may write to a UDP port: a hello that is lost here is sent again by its client.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::engine::{Datagram, SessionKey};

/// Datagrams held in all; one more pushes out the oldest. 64 of 1.5 kB are 96 kB.
const DATAGRAMS_MAX: usize = 64;
/// Datagrams held of one address: a post-quantum hello has two, and may be sent twice.
const OF_ONE_ADDRESS_MAX: usize = 4;
/// Bytes of one: a hello's fragments are cut to fit the path.
const BYTES_MAX: usize = 1_500;
/// How long one is worth keeping: RFC 6347 §4.2.4.1 has its client repeat it after a second.
const HELD_MAX: Duration = Duration::from_secs(1);

/// The store; owned by the receive thread.
#[derive(Debug, Default)]
pub(crate) struct Early {
    held: VecDeque<Datagram>,
}

impl Early {
    /// Keeps a datagram of an address that is nobody's; `false` when it is no ClientHello or one too many.
    pub(crate) fn hold(&mut self, datagram: Datagram) -> bool {
        self.expire(datagram.received_at);
        let of_address = self.held.iter().filter(|held| held.from == datagram.from).count();
        if !is_client_hello(&datagram.data) || of_address >= OF_ONE_ADDRESS_MAX {
            return false;
        }
        if self.held.len() >= DATAGRAMS_MAX {
            self.held.pop_front();
        }
        self.held.push_back(datagram);
        true
    }

    /// Gives out, in the order of arrival, what belongs to a session by now.
    pub(crate) fn release(
        &mut self,
        now: Instant,
        holder: impl Fn(SocketAddr) -> Option<SessionKey>,
    ) -> Vec<(SessionKey, Datagram)> {
        self.expire(now);
        let mut released = Vec::new();
        for datagram in std::mem::take(&mut self.held) {
            match holder(datagram.from) {
                Some(key) => released.push((key, datagram)),
                None => self.held.push_back(datagram),
            }
        }
        released
    }

    /// Nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn expire(&mut self, now: Instant) {
        let old = |held: &Datagram| now.saturating_duration_since(held.received_at) >= HELD_MAX;
        while self.held.front().is_some_and(old) {
            self.held.pop_front();
        }
    }
}

/// A handshake record (22) of the unencrypted epoch 0 that begins with a ClientHello (1) or a fragment of it:
/// RFC 6347 §4.1, §4.2.2.
fn is_client_hello(datagram: &[u8]) -> bool {
    datagram.len() <= BYTES_MAX && matches!(datagram, [22, 0xfe, 0xfd..=0xff, 0, 0, _, _, _, _, _, _, _, _, 1, ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;

    fn hello(now: Instant, port: u16, mark: u8) -> Datagram {
        let data = BytesMut::from(&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, mark][..]);
        Datagram { from: address(port), local: None, data, received_at: now }
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 7], port))
    }

    fn marks(released: &[(SessionKey, Datagram)]) -> Vec<(u64, u8)> {
        released.iter().map(|(key, datagram)| (key.0, datagram.data[14])).collect()
    }

    #[test]
    fn hellos_are_given_out_in_order_to_the_session_that_proves_their_address_and_to_no_other() {
        let (mut early, now) = (Early::default(), Instant::now());
        for (port, mark) in [(1, 10), (2, 20), (1, 11)] {
            assert!(early.hold(hello(now, port, mark)));
        }
        assert!(early.release(now, |_| None).is_empty());
        let released = early.release(now, |from| (from == address(1)).then_some(SessionKey(7)));
        assert_eq!(marks(&released), [(7, 10), (7, 11)]);
        assert!(early.release(now, |from| (from == address(1)).then_some(SessionKey(7))).is_empty(), "once");
        assert!(!early.is_empty(), "the other waits on");
    }

    #[test]
    fn a_hello_is_forgotten_after_a_second() {
        let (mut early, now) = (Early::default(), Instant::now());
        early.hold(hello(now, 1, 1));
        assert!(early.release(now + HELD_MAX, |_| Some(SessionKey(1))).is_empty());
        assert!(early.is_empty());
    }

    #[test]
    fn what_is_held_is_bounded_in_all_and_of_one_address() {
        let (mut early, now) = (Early::default(), Instant::now());
        let kept = (0..100).filter(|mark| early.hold(hello(now, 1, *mark))).count();
        assert_eq!(kept, OF_ONE_ADDRESS_MAX);
        for port in 2..1_000 {
            assert!(early.hold(hello(now, port, 0)), "the newest is kept");
            assert!(early.held.len() <= DATAGRAMS_MAX);
        }
        assert_eq!(early.held.front().map(|held| held.from), Some(address(1_000 - 64)), "the oldest went");
    }

    #[test]
    fn nothing_but_a_hello_is_held() {
        let (mut early, now) = (Early::default(), Instant::now());
        let of = |data: &[u8]| Datagram { data: data.into(), ..hello(now, 1, 1) };
        let (whole, long) = (hello(now, 1, 1).data, [&hello(now, 1, 1).data[..], &[0; BYTES_MAX]].concat());
        for length in 0..14 {
            assert!(!early.hold(of(&whole[..length])), "cut at {length}");
        }
        let mut other = whole.clone();
        other[13] = 11;
        let mut later = whole;
        later[4] = 1;
        for data in [&[0x80, 96, 0, 1][..], &[0, 1, 0, 0], &other, &later, &long] {
            assert!(!early.hold(of(data)));
        }
    }
}
