//! Hosts that are watched alone.

use super::*;
use crate::engine::bounded::Receiver;
use costage_media::packet::{RtpIn, SenderClock};

const SOURCE: SourceId = SourceId(3);
const IDR: &[u8] = &[0x65, 0x88];
const DELTA: &[u8] = &[0x41, 0x9a];

/// A shard with hosts, and what leaves it for the shards of viewers: for itself.
struct House {
    start: Instant,
    seats: Seats,
    handle: ShardHandle,
    frames: Receiver<Outgoing>,
    wishes: Receiver<SessionKey>,
}

fn house() -> House {
    let start = Instant::now();
    let clock: Arc<dyn Clock> = Arc::new(Fixed(start));
    let epoch = Epoch::start(&*clock);
    let (handle, frames, wishes) = ShardHandle::unattended();
    handle.set_watched(BTreeSet::new());
    let samples: Arc<dyn Samples> = Arc::new(Counted::default());
    let surroundings = Surroundings { clock, epoch, samples, viewers: Arc::default(), seed: 1 };
    let mut seats = Seats::new(handle.clone(), surroundings);
    seats.obey(start, Order::Neighbours(Arc::new([handle.clone()])));
    House { start, seats, handle, frames, wishes }
}

impl House {
    fn adopt(&mut self, key: u64, role: Role) -> Script {
        let script = Script::default();
        script.lines().says.push(PeerEvent::Connected);
        self.seats.obey(self.start, Order::Adopt { key: SessionKey(key), role, peer: Box::new(script.clone()) });
        script
    }

    fn host(&mut self, key: u64) -> (Script, Arc<HostLine>) {
        let line = Arc::new(HostLine::new(SOURCE, SessionKey(key), self.handle.clone()));
        self.seats.obey(self.start, Order::HostAt(Arc::clone(&line)));
        (self.adopt(key, Role::Host { source: SOURCE }), line)
    }

    fn onlooker(&mut self, key: u64) -> Script {
        self.adopt(key, Role::Onlooker { source: SOURCE })
    }

    /// The host says something; how much of it goes out to viewers, in frames.
    fn says(&mut self, host: &Script, event: PeerEvent) -> usize {
        host.lines().says.push(event);
        let keys: Vec<_> = self.seats.seats.keys().copied().collect();
        keys.into_iter().for_each(|key| self.seats.ask_host(self.start, key));
        self.seats.handle_timeout(self.start);
        let frames: Vec<_> = std::iter::from_fn(|| self.frames.next()).collect();
        for outgoing in &frames {
            self.seats.send(self.start, outgoing);
        }
        frames.len()
    }

    fn sends(&mut self, host: &Script, seq: u64, payload: &'static [u8]) -> usize {
        let (kind, timestamp, received_at) = (MediaKind::Video, seq * 3_000, self.start);
        let (seq, payload) = (ExtSeq(seq), payload.into());
        self.says(host, PeerEvent::Rtp(RtpIn { kind, seq, timestamp, marker: true, payload, received_at }))
    }
}

fn sent(viewer: &Script) -> usize {
    viewer.asked().iter().filter(|asked| matches!(asked, Asked::Sent(_))).count()
}

#[test]
fn a_host_is_forwarded_while_somebody_watches_it_and_from_a_keyframe_on() {
    let mut house = house();
    let (host, line) = house.host(1);
    assert_eq!(house.sends(&host, 10, IDR), 0, "nobody watches");
    let viewer = house.onlooker(2);
    assert_eq!(house.wishes.next(), Some(SessionKey(1)), "a new viewer asks the host for a keyframe");
    assert_eq!((house.sends(&host, 11, DELTA), sent(&viewer)), (1, 0));
    assert_eq!((house.sends(&host, 12, IDR), sent(&viewer)), (1, 1));
    assert_eq!((house.sends(&host, 13, DELTA), sent(&viewer)), (1, 1));
    let second = house.onlooker(3);
    house.sends(&host, 14, DELTA);
    assert_eq!((sent(&viewer), sent(&second)), (1, 0));
    for key in [2, 3] {
        assert!(line.is_watched());
        house.seats.obey(house.start, Order::Close { key: SessionKey(key) });
    }
    assert!(!line.is_watched() && house.seats.producers.is_empty());
    assert_eq!(house.sends(&host, 15, IDR), 0, "the last one has left");
}

#[test]
fn viewers_go_on_with_the_first_keyframe_of_the_hosts_next_session() {
    let mut house = house();
    let (first, line) = house.host(1);
    let viewer = house.onlooker(2);
    house.sends(&first, 900, IDR);
    assert_eq!((sent(&viewer), house.wishes.next()), (1, Some(SessionKey(1))));
    let (second, _) = house.host(7);
    assert_eq!(house.wishes.next(), Some(SessionKey(7)), "it is asked for a keyframe");
    assert!(!line.is_watched(), "nothing is done for the old one");
    house.sends(&second, 5, DELTA);
    assert_eq!(sent(&viewer), 0);
    house.sends(&second, 6, IDR);
    house.sends(&second, 7, DELTA);
    assert_eq!(sent(&viewer), 2, "though its numbers are lower");
}

#[test]
fn the_end_of_a_live_ends_the_sessions_of_those_who_watch_its_host() {
    let mut house = house();
    let (_host, line) = house.host(1);
    let viewer = house.onlooker(2);
    house.seats.obey(house.start, Order::EndSource { source: SOURCE });
    assert!(viewer.asked().contains(&Asked::Closed) && !line.is_watched());
    let late = house.onlooker(4);
    assert!(late.asked().contains(&Asked::Closed), "who was let in just before comes too late");
}

#[test]
fn reports_say_where_the_host_stands_and_nothing_before_it_has_said_so() {
    let mut house = house();
    let (host, _line) = house.host(1);
    let viewer = house.onlooker(2);
    house.sends(&host, 10, IDR);
    let reports = |viewer: &Script| viewer.asked().iter().filter(|asked| matches!(asked, Asked::Report(_))).count();
    house.seats.handle_timeout(house.start + REPORT_FIRST);
    assert_eq!(reports(&viewer), 0);
    house.says(&host, PeerEvent::SenderClock(SenderClock { kind: MediaKind::Video, ntp: Ntp(1 << 50), timestamp: 9 }));
    house.seats.handle_timeout(house.start + REPORT_FIRST + REPORT_INTERVAL);
    assert_eq!(reports(&viewer), 1);
}
