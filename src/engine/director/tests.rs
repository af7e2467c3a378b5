use super::*;
use crate::engine::bounded::Receiver;
use crate::engine::peer::{PeerEvent, Sends};
use costage_media::packet::{MediaKind, RtpOut};
use costage_media::time::Ntp;
use std::time::Instant;

/// A session that does nothing.
struct Idle;

impl Peer for Idle {
    fn handle_datagram(&mut self, _: Instant, _: Datagram) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    fn poll_event(&mut self) -> Option<PeerEvent> {
        None
    }
    fn send(&mut self, _: Instant, _: &[RtpOut]) {}
    fn resend(&mut self, _: Instant, _: &RtpOut) {}
    fn report(&mut self, _: Instant, _: MediaKind, _: Ntp, _: u32) {}
    fn request_keyframe(&mut self, _: Instant) {}
    fn sends(&self) -> Sends {
        Sends::default()
    }
    fn close(&mut self, _: Instant) {}
}

const SOURCE: SourceId = SourceId(3);
const HOST: Role = Role::Host { source: SOURCE };

fn director() -> (Director, Receiver<ShardOrder>) {
    let (shard, orders) = ShardHandle::with_orders();
    (Director::new(Arc::new([shard]), Arc::new([MixHandle::unattended().0]), Arc::default()), orders)
}

/// The sessions that live after these orders; none is ended before it has begun.
fn living(orders: &Receiver<ShardOrder>) -> Vec<SessionKey> {
    let mut living = Vec::new();
    while let Some(order) = orders.next() {
        if let ShardOrder::Adopt { key, .. } = order {
            living.push(key);
        } else if let ShardOrder::Supersede { key } | ShardOrder::Close { key } = order {
            assert!(living.contains(&key), "{key:?} is ended before it is adopted, and lives on");
            living.retain(|other| *other != key);
        }
    }
    living
}

#[test]
fn of_sessions_of_one_host_at_once_one_lives() {
    for _ in 0..20 {
        let (director, orders) = director();
        std::thread::scope(|scope| {
            for offset in [0, 1_000] {
                let director = &director;
                scope.spawn(move || (0..50).for_each(|n| director.adopt(SessionKey(offset + n), HOST, Box::new(Idle))));
            }
        });
        assert_eq!(living(&orders).len(), 1);
    }
}

#[test]
fn a_session_that_races_the_end_of_its_live_is_closed_and_leaves_nothing() {
    let (mut director, orders) = director();
    director.adopt(SessionKey(1), HOST, Box::new(Idle));
    director.end_source(SOURCE);
    director.adopt(SessionKey(2), HOST, Box::new(Idle));
    assert_eq!(living(&orders), []);
    let places = director.places();
    assert!(places.sources.is_empty() && places.hosts.is_empty());
}

#[test]
fn what_is_closed_on_a_seat_holds_for_the_session_there_is_and_for_each_after_it_seen_or_only_heard() {
    use costage_media::frame::Size;
    use costage_media::scene::{Battle, Template, Tile, Voice};
    let scene = |tiles, voices| Scene {
        canvas: Size { width: 720, height: 1280 },
        template: Template::HostDynamicGrid,
        tiles,
        voices,
        cells: Vec::new(),
        battle: Battle::default(),
        names: true,
        sei: None,
    };
    let closed = |director: &Director| {
        let line = Arc::clone(&director.places().hosts[&SOURCE]);
        [MediaKind::Video, MediaKind::Audio].map(|kind| line.is_closed(kind))
    };
    let (mut director, _orders) = director();
    director.adopt(SessionKey(1), HOST, Box::new(Idle));
    let tile = Tile { source: SOURCE, camera: false, muted: false, ..Tile::default() };
    director.stage(StageId(1), scene(vec![tile], Vec::new()));
    assert_eq!(closed(&director), [true, false]);
    director.stage(StageId(1), scene(Vec::new(), vec![Voice { source: SOURCE, camera: true, muted: true }]));
    assert_eq!(closed(&director), [false, true]);
    director.adopt(SessionKey(2), HOST, Box::new(Idle));
    assert_eq!(closed(&director), [false, true], "a session that takes over");
}
