//! What the receive thread does with each datagram: to its session, kept for a moment, or dropped.

use std::sync::Arc;
use std::time::Instant;

use metrics::{Counter, counter};

use super::early::Early;
use super::routes::{Changes, Routes};
use crate::engine::{Datagram, Shards};

/// The demultiplexer of the port; owned by the receive thread.
pub(crate) struct Demux {
    changes: Arc<Changes>,
    shards: Arc<dyn Shards>,
    routes: Routes,
    early: Early,
    unknown: Counter,
}

impl Demux {
    /// Knows of no session yet; it hears of them by `changes`.
    pub(crate) fn new(changes: Arc<Changes>, shards: Arc<dyn Shards>) -> Self {
        let (routes, early) = (Routes::default(), Early::default());
        Self { changes, shards, routes, early, unknown: counter!("costage_udp_unknown_total") }
    }

    /// One datagram. Call [`Demux::take_up`] before the first of each receive call.
    pub(crate) fn take(&mut self, datagram: Datagram) {
        if let Some(key) = self.routes.route(datagram.from, &datagram.data) {
            return self.shards.deliver(key, datagram);
        }
        let now = datagram.received_at;
        if !self.early.hold(datagram) {
            return self.unknown.increment(1);
        }
        self.changes.want_addresses(true);
        // The address may have proved itself a moment ago.
        self.take_up(now);
    }

    /// Takes up what signalling and shards changed, and hands out what was held for it.
    pub(crate) fn take_up(&mut self, now: Instant) {
        if !self.routes.update(now, &self.changes) {
            return;
        }
        for (key, datagram) in self.early.release(now, |address| self.routes.holder(address)) {
            self.shards.deliver(key, datagram);
        }
        self.changes.want_addresses(!self.early.is_empty());
    }

    /// Waits until something changed for which a datagram may be held. Cancel-safe.
    pub(crate) async fn changed(&self) {
        self.changes.address_bound().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use std::sync::Mutex;

    use bytes::BytesMut;

    use crate::engine::{Peer, Role, SessionKey};

    const KEY: SessionKey = SessionKey(5);
    const HELLO: &[u8] = &[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 9];

    #[derive(Default)]
    struct Delivered(Mutex<Vec<(SessionKey, SocketAddr)>>);

    impl Shards for Delivered {
        fn adopt(&self, _: SessionKey, _: Role, _: Box<dyn Peer>) {}

        fn deliver(&self, key: SessionKey, datagram: Datagram) {
            self.0.lock().expect("one thread").push((key, datagram.from));
        }

        fn close(&self, _: SessionKey) {}
    }

    struct Rig {
        now: Instant,
        changes: Arc<Changes>,
        delivered: Arc<Delivered>,
        demux: Demux,
    }

    fn rig() -> Rig {
        let (changes, delivered) = (Arc::new(Changes::default()), Arc::new(Delivered::default()));
        changes.open(KEY, "ufrag".to_owned());
        let demux = Demux::new(Arc::clone(&changes), Arc::clone(&delivered) as Arc<dyn Shards>);
        Rig { now: Instant::now(), changes, delivered, demux }
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 7], port))
    }

    impl Rig {
        fn take(&mut self, port: u16, data: &[u8]) {
            self.demux.take_up(self.now);
            let data = BytesMut::from(data);
            self.demux.take(Datagram { from: address(port), local: None, data, received_at: self.now });
        }

        fn delivered(&self) -> Vec<(SessionKey, SocketAddr)> {
            std::mem::take(&mut *self.delivered.0.lock().expect("one thread"))
        }
    }

    fn is_woken(demux: &Demux) -> bool {
        let waiting = std::pin::pin!(demux.changed());
        waiting.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    #[test]
    fn a_client_hello_before_the_first_check_reaches_its_session_when_its_address_is_proved_and_never_before() {
        let mut rig = rig();
        rig.take(1, HELLO);
        rig.take(2, HELLO);
        assert!(rig.delivered().is_empty());
        assert!(!is_woken(&rig.demux));
        rig.changes.bind(KEY, address(1));
        assert!(is_woken(&rig.demux), "no datagram need come for it");
        rig.demux.take_up(rig.now);
        assert_eq!(rig.delivered(), [(KEY, address(1))], "and the other's is nobody's still");
        rig.take(1, HELLO);
        assert_eq!(rig.delivered(), [(KEY, address(1))], "from now on at once");
    }

    #[test]
    fn an_address_bound_while_the_hello_was_on_its_way_is_not_missed() {
        let mut rig = rig();
        rig.demux.take_up(rig.now);
        rig.changes.bind(KEY, address(1));
        rig.demux.take(Datagram { from: address(1), local: None, data: HELLO.into(), received_at: rig.now });
        assert_eq!(rig.delivered(), [(KEY, address(1))]);
    }

    #[test]
    fn nobody_is_woken_while_nothing_is_held() {
        let mut rig = rig();
        rig.changes.bind(KEY, address(1));
        assert!(!is_woken(&rig.demux));
        rig.take(2, HELLO);
        rig.take(2, &[0x80, 96, 0, 1]);
        rig.now += std::time::Duration::from_secs(2);
        rig.changes.bind(KEY, address(3));
        assert!(is_woken(&rig.demux));
        rig.demux.take_up(rig.now);
        rig.changes.bind(KEY, address(3));
        assert!(!is_woken(&rig.demux), "what was held has expired");
        assert!(rig.delivered().is_empty());
    }
}
