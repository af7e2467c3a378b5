//! Hosts who listen to the others.

use super::*;
use crate::engine::producers::return_of;
use crate::live::StageId;

const SOURCE: SourceId = SourceId(3);
const OTHER: ProducerId = ProducerId(8);

fn listener(shard: &mut Shard, key: u64) -> Script {
    shard.adopt(key, Role::Listener { feed: FEED, source: SOURCE }, Some(PeerEvent::Connected))
}

/// One packet of this producer arrives; how many were sent to the listener.
fn sends(shard: &mut Shard, listener: &Script, producer: ProducerId, kind: MediaKind) -> usize {
    let packets = frame(10, 1).packets.clone();
    let frame = Frame { producer, kind, keyframe: true, packets };
    shard.seats.send(shard.start, &Outgoing { frame: Arc::new(frame), trace: None });
    listener.asked().iter().filter(|asked| matches!(asked, Asked::Sent(_))).count()
}

#[test]
fn a_listening_host_sees_its_feed_hears_the_others_and_comes_along_when_the_feed_moves() {
    let mut shard = shard();
    let before = shard.seats.handle.listeners(StageId(7));
    assert!(before.is_empty(), "nobody listens, and nothing is made for it");
    let host = listener(&mut shard, 5);
    assert_eq!(shard.wishes.next(), Some(PRODUCER));
    let own = return_of(StageId(7), SOURCE);
    assert!(shard.seats.handle.watches(PRODUCER) && shard.seats.handle.watches(own));
    assert_eq!(shard.seats.handle.listeners(StageId(7)), [SOURCE]);
    assert_eq!(sends(&mut shard, &host, PRODUCER, MediaKind::Video), 1);
    assert_eq!(sends(&mut shard, &host, PRODUCER, MediaKind::Audio), 0, "its own voice is in that");
    assert_eq!(sends(&mut shard, &host, own, MediaKind::Audio), 1);

    let (mix, _orders, _wishes) = MixHandle::unattended();
    shard.seats.obey(shard.start, Order::Route { feed: FEED, producer: OTHER, mix });
    assert_eq!(shard.seats.handle.listeners(StageId(8)), [SOURCE]);
    assert_eq!(sends(&mut shard, &host, return_of(StageId(8), SOURCE), MediaKind::Audio), 1);
    assert_eq!(sends(&mut shard, &host, OTHER, MediaKind::Video), 1);
    assert_eq!(shard.seats.handle.listeners(StageId(7)), [], "nothing of the old stage is wanted any more");
    shard.seats.handle_timeout(shard.start + REPORT_FIRST);
    let reports = host.asked().into_iter().filter(|asked| matches!(asked, Asked::Report(_))).count();
    assert_eq!(reports, 2, "of its picture and its sound, though they are of two producers");

    shard.seats.obey(shard.start, Order::Close { key: SessionKey(5) });
    assert!(shard.seats.listening.is_empty() && shard.seats.handle.listeners(StageId(8)).is_empty());
}

#[test]
fn a_host_with_two_sessions_listens_until_the_last_one_ends_and_the_end_of_its_live_ends_it() {
    let mut shard = shard();
    let (first, second) = (listener(&mut shard, 5), listener(&mut shard, 6));
    shard.seats.obey(shard.start, Order::Close { key: SessionKey(5) });
    assert!(first.asked().contains(&Asked::Closed));
    assert_eq!(shard.seats.handle.listeners(StageId(7)), [SOURCE]);
    shard.seats.obey(shard.start, Order::EndFeed { feed: FEED });
    assert!(second.asked().contains(&Asked::Closed) && shard.seats.listening.is_empty());
    let late = listener(&mut shard, 7);
    assert!(late.asked().contains(&Asked::Closed), "there is no feed any more");
}

#[test]
fn who_has_left_the_stage_does_not_listen_any_more() {
    let mut shard = shard();
    let guest = listener(&mut shard, 5);
    shard.seats.obey(shard.start, Order::EndSource { source: SOURCE });
    assert!(guest.asked().contains(&Asked::Closed) && shard.seats.listening.is_empty());
}
