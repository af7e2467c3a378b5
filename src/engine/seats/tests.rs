mod host_feeds;
mod returns;

use super::*;
use crate::engine::clock::{Clock, Epoch};
use crate::engine::peer::Sends;
use crate::engine::trace::{FrameTrace, Sample, Samples, SourceStamp};
use costage_media::forward::Frame;
use costage_media::packet::{ExtSeq, Packet};
use costage_media::time::Ntp;
use std::sync::Mutex;

struct Fixed(Instant);

impl Clock for Fixed {
    fn now(&self) -> Instant {
        self.0
    }

    fn wall_ms(&self) -> u64 {
        0
    }
}

/// Counts the samples it gets.
#[derive(Default)]
struct Counted(Mutex<usize>);

impl Samples for Counted {
    fn frame(&self, _: &Sample) {
        *self.0.lock().expect("one thread") += 1;
    }
}

/// What a session was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Sent(usize),
    Report(MediaKind),
    Keyframe,
    TimedOut(Instant),
    Closed,
}

/// A session that writes down what it is asked, and says what the test put in.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    asked: Vec<Asked>,
    says: Vec<PeerEvent>,
    wakes_at: Option<Instant>,
    breaks: bool,
}

impl Script {
    fn lines(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.lines().asked)
    }
}

impl Peer for Script {
    fn handle_datagram(&mut self, _: Instant, _: Datagram) {}

    fn handle_timeout(&mut self, now: Instant) {
        let mut lines = self.lines();
        if lines.wakes_at.is_some_and(|at| at <= now) {
            lines.wakes_at = None;
            lines.asked.push(Asked::TimedOut(now));
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.lines().wakes_at
    }

    fn poll_event(&mut self) -> Option<PeerEvent> {
        self.lines().says.pop()
    }

    fn send(&mut self, _: Instant, packets: &[RtpOut]) {
        let mut lines = self.lines();
        assert!(!lines.breaks, "this session breaks");
        lines.asked.push(Asked::Sent(packets.len()));
    }

    fn resend(&mut self, _: Instant, _: &RtpOut) {
        assert!(!self.lines().breaks, "this session breaks");
    }

    fn report(&mut self, _: Instant, kind: MediaKind, _: Ntp, _: u32) {
        self.lines().asked.push(Asked::Report(kind));
    }

    fn request_keyframe(&mut self, _: Instant) {
        self.lines().asked.push(Asked::Keyframe);
    }

    fn sends(&self) -> Sends {
        Sends { audio: false, video: true }
    }

    fn close(&mut self, _: Instant) {
        self.lines().asked.push(Asked::Closed);
    }
}

const FEED: FeedId = FeedId(1);
const PRODUCER: ProducerId = ProducerId(7);

/// A shard's sessions with one feed, and what its mix thread is told.
struct Shard {
    start: Instant,
    seats: Seats,
    samples: Arc<Counted>,
    orders: crate::engine::bounded::Receiver<crate::engine::mix_thread::Order>,
    wishes: crate::engine::bounded::Receiver<ProducerId>,
}

fn shard() -> Shard {
    let start = Instant::now();
    let clock: Arc<dyn Clock> = Arc::new(Fixed(start));
    let epoch = Epoch::start(&*clock);
    let (handle, _, _) = ShardHandle::unattended();
    let samples = Arc::new(Counted::default());
    let counted = Arc::clone(&samples) as Arc<dyn Samples>;
    let mut seats =
        Seats::new(handle, Surroundings { clock, epoch, samples: counted, viewers: Arc::default(), seed: 1 });
    let (mix, orders, wishes) = MixHandle::unattended();
    seats.obey(start, Order::Route { feed: FEED, producer: PRODUCER, mix: mix.clone() });
    seats.obey(start, Order::SourceAt { source: SourceId(3), mix });
    Shard { start, seats, samples, orders, wishes }
}

impl Shard {
    fn adopt(&mut self, key: u64, role: Role, says: Option<PeerEvent>) -> Script {
        let script = Script::default();
        script.lines().says.extend(says);
        self.seats.obey(self.start, Order::Adopt { key: SessionKey(key), role, peer: Box::new(script.clone()) });
        script
    }

    fn viewer(&mut self, key: u64) -> Script {
        self.adopt(key, Role::Viewer { feed: FEED }, Some(PeerEvent::Connected))
    }

    fn send(&mut self, seq: u64) -> bool {
        self.seats.send(self.start, &Outgoing { frame: frame(seq, 2), trace: None })
    }
}

fn frame(seq: u64, count: u64) -> Arc<Frame> {
    let packet =
        |n| Packet { seq: ExtSeq(seq + n), timestamp: 90 * seq, marker: n + 1 == count, payload: vec![1; 9].into() };
    let packets = (0..count).map(packet).collect();
    Arc::new(Frame { producer: PRODUCER, kind: MediaKind::Video, keyframe: true, packets })
}

#[test]
fn a_panic_in_one_session_ends_that_session_alone() {
    let mut shard = shard();
    let (broken, sound) = (shard.viewer(1), shard.viewer(2));
    broken.lines().breaks = true;
    assert!(shard.send(10));
    assert!(shard.send(12));
    assert_eq!(sound.asked(), [Asked::Sent(2), Asked::Sent(2)]);
    assert_eq!(shard.seats.seats.len(), 1);
    assert_eq!(shard.seats.surroundings.viewers.of(FEED), 1);
}

#[test]
fn a_shard_is_handed_the_frames_of_what_its_viewers_see_or_are_about_to() {
    const OTHER: ProducerId = ProducerId(8);
    let mut shard = shard();
    let watched = |shard: &Shard| [PRODUCER, OTHER].map(|producer| shard.seats.handle.watches(producer));
    assert_eq!(watched(&shard), [false, false]);
    shard.adopt(1, Role::Host { source: SourceId(3) }, Some(PeerEvent::Connected));
    assert_eq!(watched(&shard), [false, false], "a host watches nothing");
    let viewers = [shard.viewer(2), shard.viewer(3)];
    assert_eq!(watched(&shard), [true, false]);
    assert_eq!(shard.wishes.next(), Some(PRODUCER), "said before the keyframe is asked for");
    shard.send(10);
    let (mix, _orders, _wishes) = MixHandle::unattended();
    shard.seats.obey(shard.start, Order::Route { feed: FEED, producer: OTHER, mix });
    assert_eq!(watched(&shard), [true, true], "the old picture goes on until the new one's keyframe");
    let packets = frame(10, 2).packets.clone();
    let first = Frame { producer: OTHER, kind: MediaKind::Video, keyframe: true, packets };
    shard.seats.send(shard.start, &Outgoing { frame: Arc::new(first), trace: None });
    assert_eq!(watched(&shard), [false, true]);
    for (key, wanted) in [(2, true), (3, false)] {
        shard.seats.obey(shard.start, Order::Close { key: SessionKey(key) });
        assert_eq!(watched(&shard), [false, wanted], "after {key} has left");
    }
    drop(viewers);
}

/// A frame of 40 packets that is the first to show one source frame.
fn large(start: Instant) -> Outgoing {
    let stamp =
        SourceStamp { source: SourceId(3), timestamp: 0, arrived: start, whole: start, decoded: start, painted: start };
    let trace = FrameTrace::new(vec![stamp], start, start, start);
    Outgoing { frame: frame(10, 40), trace: Some(Arc::new(trace)) }
}

#[test]
fn a_large_frame_is_spread_and_its_sample_ends_when_the_last_packet_has_left_to_the_last_viewer() {
    let mut shard = shard();
    let (first, second) = (shard.viewer(1), shard.viewer(2));
    shard.seats.send(shard.start, &large(shard.start));
    assert_eq!((first.asked(), second.asked()), (vec![Asked::Sent(16)], vec![Asked::Sent(16)]));
    let mut samples = Vec::new();
    let sent =
        |asked: Vec<Asked>| asked.into_iter().filter(|asked| matches!(asked, Asked::Sent(_))).collect::<Vec<_>>();
    for _ in 0..2 {
        samples.push(*shard.samples.0.lock().expect("one thread"));
        let at = shard.seats.poll_timeout().expect("packets wait");
        shard.seats.handle_timeout(at);
    }
    samples.push(*shard.samples.0.lock().expect("one thread"));
    assert_eq!(sent(first.asked()), [Asked::Sent(16), Asked::Sent(8)]);
    assert_eq!(sent(second.asked()), [Asked::Sent(16), Asked::Sent(8)]);
    assert_eq!(samples, [0, 0, 1]);
}

#[test]
fn a_viewer_that_goes_while_its_packets_wait_holds_no_sample_back() {
    let mut shard = shard();
    shard.viewer(1);
    shard.seats.send(shard.start, &large(shard.start));
    assert_eq!(*shard.samples.0.lock().expect("one thread"), 0);
    shard.seats.obey(shard.start, Order::Close { key: SessionKey(1) });
    assert_eq!(*shard.samples.0.lock().expect("one thread"), 1);
}

#[test]
fn a_panic_while_packets_are_sent_again_ends_that_session_alone() {
    let mut shard = shard();
    let (broken, sound) = (shard.viewer(1), shard.viewer(2));
    shard.send(10);
    broken.lines().breaks = true;
    for key in [1, 2] {
        let seqs: Vec<u16> = (0..=u16::MAX).collect();
        for seqs in seqs.chunks(255) {
            let nack = PeerEvent::Nack { kind: MediaKind::Video, seqs: seqs.to_vec() };
            [&broken, &sound][key - 1].lines().says.push(nack);
        }
        shard.seats.ask_host(shard.start, SessionKey(u64::try_from(key).expect("small")));
    }
    assert_eq!(shard.seats.seats.len(), 1);
}

#[test]
fn a_viewer_gets_nothing_before_it_is_connected() {
    let mut shard = shard();
    let waiting = shard.adopt(1, Role::Viewer { feed: FEED }, None);
    assert!(!shard.send(10), "nobody is there to send to");
    assert_eq!(shard.seats.surroundings.viewers.of(FEED), 0);
    assert_eq!(waiting.asked(), []);
}

#[test]
fn a_new_viewer_wishes_for_a_keyframe_of_what_its_feed_shows() {
    let mut shard = shard();
    shard.viewer(1);
    assert_eq!(shard.wishes.next(), Some(PRODUCER));
}

#[test]
fn sender_reports_come_soon_after_the_start_and_then_each_second() {
    let mut shard = shard();
    let viewer = shard.viewer(1);
    shard.send(10);
    viewer.asked();
    let first = shard.seats.poll_timeout().expect("a report is due");
    assert_eq!(first, shard.start + REPORT_FIRST);
    shard.seats.handle_timeout(first);
    assert_eq!(viewer.asked(), [Asked::Report(MediaKind::Video)]);
    assert_eq!(shard.seats.poll_timeout(), Some(first + REPORT_INTERVAL));
}

#[test]
fn each_session_is_woken_at_its_own_deadline_once() {
    let mut shard = shard();
    let host = shard.adopt(1, Role::Host { source: SourceId(3) }, None);
    let at = shard.start + Duration::from_millis(20);
    host.lines().wakes_at = Some(at);
    shard.seats.ask_host(shard.start, SessionKey(1));
    assert_eq!(shard.seats.poll_timeout(), Some(at));
    shard.seats.handle_timeout(at);
    shard.seats.handle_timeout(at);
    assert_eq!(host.asked(), [Asked::Keyframe, Asked::TimedOut(at)]);
    assert_eq!(shard.seats.poll_timeout(), None);
}

#[test]
fn of_an_ended_source_nothing_is_left() {
    let mut shard = shard();
    shard.seats.obey(shard.start, Order::EndSource { source: SourceId(3) });
    assert!(shard.seats.sources.is_empty());
}

#[test]
fn the_end_of_a_feed_closes_its_viewers_and_no_host() {
    let mut shard = shard();
    let (viewer, host) = (shard.viewer(1), shard.adopt(2, Role::Host { source: SourceId(3) }, None));
    shard.seats.obey(shard.start, Order::EndFeed { feed: FEED });
    assert_eq!((viewer.asked(), host.asked()), (vec![Asked::Closed], vec![]));
    assert_eq!(shard.seats.surroundings.viewers.of(FEED), 0);
    assert_eq!(shard.seats.seats.len(), 1);
}

#[test]
fn control_hears_of_media_that_comes_and_goes_but_not_of_a_superseded_sessions() {
    let mut shard = shard();
    let (control, mut told) = ControlHandle::unattended(Arc::new(Fixed(shard.start)));
    shard.seats.obey(shard.start, Order::Control(control));
    let source = SourceId(3);
    let host = shard.adopt(2, Role::Host { source }, Some(PeerEvent::Connected));
    assert_eq!(told(), Some((source, MediaState::Up)));
    let mut says = |shard: &mut Shard, event| {
        host.lines().says.push(event);
        shard.seats.ask_host(shard.start, SessionKey(2));
        told()
    };
    assert_eq!(says(&mut shard, PeerEvent::MediaLost), Some((source, MediaState::Down)));
    assert_eq!(says(&mut shard, PeerEvent::MediaBack), Some((source, MediaState::Up)));
    host.lines().says.push(PeerEvent::MediaLost);
    shard.seats.obey(shard.start, Order::Supersede { key: SessionKey(2) });
    assert_eq!(told(), None, "another session has its place");
}

#[test]
fn the_mix_hears_of_a_host_that_connects_and_of_one_that_goes() {
    use crate::engine::mix_thread::Order as MixOrder;
    let mut shard = shard();
    shard.adopt(2, Role::Host { source: SourceId(3) }, Some(PeerEvent::Connected));
    shard.seats.obey(shard.start, Order::Close { key: SessionKey(2) });
    let Some(MixOrder::Publish { source, session, sends, .. }) = shard.orders.next() else { panic!("a host came") };
    assert_eq!((source, session), (SourceId(3), SessionKey(2)));
    assert_eq!(sends, Sends { audio: false, video: true }, "what its session says");
    assert!(matches!(shard.orders.next(), Some(MixOrder::Silence { source: SourceId(3), session: SessionKey(2) })));
}

#[test]
fn a_keyframe_is_asked_for_each_second_until_it_comes() {
    let mut shard = shard();
    shard.viewer(1);
    assert_eq!(shard.wishes.next(), Some(PRODUCER));
    for second in 1..=3 {
        let at = shard.start + Duration::from_secs(second);
        shard.seats.handle_timeout(at - Duration::from_millis(1));
        assert_eq!(shard.wishes.next(), None);
        shard.seats.handle_timeout(at);
        assert_eq!(shard.wishes.next(), Some(PRODUCER), "the wish or its keyframe was lost");
    }
    shard.send(10);
    shard.seats.handle_timeout(shard.start + Duration::from_secs(9));
    assert_eq!(shard.wishes.next(), None, "it has come");
}

#[test]
fn a_flood_of_one_lives_wishes_leaves_room_for_anothers_and_loses_none() {
    let mut shard = shard();
    let flood = shard.viewer(1);
    let Maker::Mix(mix) = &shard.seats.producers[&PRODUCER] else { panic!("a program's") };
    let mix = mix.clone();
    let other = ProducerId(8);
    shard.seats.obey(shard.start, Order::Route { feed: FeedId(2), producer: other, mix });
    shard.adopt(2, Role::Viewer { feed: FeedId(2) }, Some(PeerEvent::Connected));
    for _ in 0..2_000 {
        flood.lines().says.push(PeerEvent::KeyframeWanted);
        shard.seats.ask_host(shard.start, SessionKey(1));
    }
    let asked: Vec<_> = std::iter::from_fn(|| shard.wishes.next()).collect();
    assert_eq!(asked, [PRODUCER, other]);
    shard.seats.handle_timeout(shard.start + Duration::from_millis(100));
    let asked: BTreeSet<_> = std::iter::from_fn(|| shard.wishes.next()).collect();
    assert!(asked.contains(&PRODUCER), "who asked meanwhile is heard");
}
