//! The sessions of one shard and everything that is done with them. A panic in one session ends that session alone.

mod host_feeds;
mod returns;

use super::control::ControlHandle;
use super::forwarding::Forwarding;
use super::host_line::{Attention, HostLine};
use super::mix_thread::{MixHandle, MixInput};
use super::nudge::Nudge;
use super::outbox::{DepartureId, Departures, Outbox};
use super::peer::{Datagram, Peer, PeerEvent, Role, SessionKey};
use super::producers::{Carries, carries, host_feed, return_feed};
use super::shard::{Order, Outgoing, ShardHandle, Surroundings, earliest};
use super::wishes::Wishes;
use crate::live::command::MediaState;
use costage_media::forward::{ConsumerId, FeedId, ProducerId, Router};
use costage_media::packet::{MediaKind, RtpOut};
use costage_media::scene::SourceId;
use costage_media::time::{AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sender reports towards viewers: the first one right away, then one a second, so that sound and picture are in step
/// from the start (RFC 3550 §6.2 allows it for unicast at these rates).
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How often a keyframe is asked for again while viewers wait for it: the wish, or the keyframe, may have been dropped.
const KEYFRAME_RETRY: Duration = Duration::from_secs(1);

struct Seat {
    role: Role,
    peer: Box<dyn Peer>,
    connected: bool,
    /// A newer session of the same host has taken its place: its end is no news.
    superseded: bool,
    wakes_at: Option<Instant>,
    reports_at: Option<Instant>,
    /// When a host's packets wake its mix thread.
    nudge: Nudge,
    outbox: Outbox,
    /// Of a host: its packets for those who watch it alone.
    forwarding: Option<Box<Forwarding>>,
}

/// Who makes a producer's packets.
enum Maker {
    Mix(MixHandle),
    Host(Arc<HostLine>),
}

/// The sessions of one shard.
pub(super) struct Seats {
    handle: ShardHandle,
    surroundings: Surroundings,
    seats: BTreeMap<SessionKey, Seat>,
    wakes: BTreeSet<(Instant, SessionKey)>,
    router: Router,
    producers: BTreeMap<ProducerId, Maker>,
    sources: BTreeMap<SourceId, MixHandle>,
    neighbours: Arc<[ShardHandle]>,
    /// The newest session of each host, on whichever shard.
    lines: BTreeMap<SourceId, Arc<HostLine>>,
    /// Hosts that viewers here watch alone.
    attention: BTreeMap<SourceId, Attention>,
    /// Feeds of hosts who listen here to the others: of which live's feed, without whom.
    listening: BTreeMap<FeedId, (FeedId, SourceId)>,
    /// Hosts of this shard who have something to be forwarded.
    ready: BTreeSet<SessionKey>,
    wishes: Wishes,
    /// While viewers wait for a keyframe that was asked for.
    ask_again_at: Option<Instant>,
    departures: Departures,
    control: Option<ControlHandle>,
}

impl Seats {
    pub(super) fn new(handle: ShardHandle, surroundings: Surroundings) -> Self {
        Self {
            handle,
            surroundings,
            seats: BTreeMap::new(),
            wakes: BTreeSet::new(),
            router: Router::new(),
            producers: BTreeMap::new(),
            sources: BTreeMap::new(),
            neighbours: Arc::new([]),
            lines: BTreeMap::new(),
            attention: BTreeMap::new(),
            listening: BTreeMap::new(),
            ready: BTreeSet::new(),
            wishes: Wishes::default(),
            ask_again_at: None,
            departures: Departures::default(),
            control: None,
        }
    }

    pub(super) fn obey(&mut self, now: Instant, order: Order) {
        match order {
            Order::Adopt { key, role, peer } => self.adopt(now, key, role, peer),
            Order::Close { key } => self.close(now, key),
            Order::Supersede { key } => {
                if let Some(seat) = self.seats.get_mut(&key) {
                    seat.superseded = true;
                }
                self.close(now, key);
            }
            Order::Route { feed, producer, mix } => self.route(now, feed, producer, mix),
            Order::EndFeed { feed } => self.end_feed(now, feed),
            Order::SourceAt { source, mix } => {
                self.sources.insert(source, mix);
            }
            Order::Neighbours(neighbours) => self.neighbours = neighbours,
            Order::HostAt(line) => self.host_at(now, line),
            Order::EndSource { source } => {
                self.sources.remove(&source);
                self.end_host_feed(now, source);
            }
            Order::Control(control) => self.control = Some(control),
            Order::CloseAll => {
                let keys: Vec<_> = self.seats.keys().copied().collect();
                keys.into_iter().for_each(|key| self.close(now, key));
            }
            Order::Stop => {}
        }
    }

    /// The mix needs a keyframe of the host behind this session.
    pub(super) fn ask_host(&mut self, now: Instant, key: SessionKey) {
        self.with(now, key, |now, seat| seat.peer.request_keyframe(now));
    }

    pub(super) fn receive(&mut self, now: Instant, key: SessionKey, datagram: Datagram) {
        self.with(now, key, |now, seat| seat.peer.handle_datagram(now, datagram));
    }

    /// Sends a frame to each viewer whose feed it belongs to, a large one spread over a few milliseconds; says whether there
    /// was a viewer.
    pub(super) fn send(&mut self, now: Instant, outgoing: &Outgoing) -> bool {
        let (seats, number) = (&mut self.seats, self.departures.number());
        let (mut sent, mut spread, mut broken) = (false, Vec::new(), Vec::new());
        self.router.route(now, &outgoing.frame, &mut |consumer, packets: &[RtpOut]| {
            let key = SessionKey(consumer.0);
            let Some(seat) = seats.get_mut(&key).filter(|seat| seat.connected) else { return };
            sent = true;
            let first = seat.outbox.offer(now, packets, number);
            if first.len() < packets.len() {
                spread.push(key);
            }
            if !first.is_empty() && catch_unwind(AssertUnwindSafe(|| seat.peer.send(now, first))).is_err() {
                broken.push(key);
            }
        });
        // A keyframe may have been what viewers of another producer waited for.
        if outgoing.frame.keyframe && outgoing.frame.kind == MediaKind::Video {
            self.note_watched();
        }
        if self.ask_again_at.is_some() && outgoing.frame.keyframe && self.router.waiting().next().is_none() {
            self.ask_again_at = None;
        }
        if let Some(trace) = outgoing.trace.as_ref().filter(|_| sent) {
            match spread.len() {
                0 => trace.sent(self.surroundings.clock.now(), &*self.surroundings.samples),
                outboxes => self.departures.wait(number, Arc::clone(trace), outboxes),
            }
        }
        spread.into_iter().for_each(|key| self.reschedule(key));
        broken.into_iter().for_each(|key| self.bury(key));
        sent
    }

    /// Sends what has waited long enough in a viewer's outbox.
    fn send_due(&mut self, now: Instant, key: SessionKey) {
        let Some(seat) = self.seats.get_mut(&key) else { return };
        let due = seat.outbox.take_due(now);
        if !due.packets.is_empty() {
            self.with(now, key, |now, seat| seat.peer.send(now, &due.packets));
        }
        due.departed.into_iter().for_each(|frame| self.departed(frame));
    }

    fn departed(&mut self, frame: DepartureId) {
        if let Some(trace) = self.departures.departed(frame) {
            trace.sent(self.surroundings.clock.now(), &*self.surroundings.samples);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        earliest([self.wakes.first().map(|(at, _)| *at), self.ask_again_at, self.wishes.poll_timeout()])
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.fire(now);
        self.forward_ready();
    }

    fn fire(&mut self, now: Instant) {
        if self.ask_again_at.is_some_and(|at| at <= now) {
            self.ask_for_keyframes(now);
        }
        self.wishes.due(now).into_iter().for_each(|producer| self.tell_maker(producer));
        while let Some(&(at, key)) = self.wakes.first() {
            if at > now {
                return;
            }
            self.wakes.pop_first();
            if let Some(seat) = self.seats.get_mut(&key) {
                seat.wakes_at = None;
            }
            self.send_due(now, key);
            self.with(now, key, |now, seat| seat.peer.handle_timeout(now));
            self.close_gaps(now, key);
            self.report_if_due(now, key);
        }
    }

    fn adopt(&mut self, now: Instant, key: SessionKey, role: Role, peer: Box<dyn Peer>) {
        let forwarding = self.forwarding_of(key, role);
        let seat = Seat {
            forwarding,
            role,
            peer,
            connected: false,
            superseded: false,
            wakes_at: None,
            reports_at: None,
            nudge: Nudge::default(),
            outbox: Outbox::default(),
        };
        self.seats.insert(key, seat);
        self.with(now, key, |_, _| {});
    }

    fn close(&mut self, now: Instant, key: SessionKey) {
        self.with(now, key, |now, seat| seat.peer.close(now));
        self.remove(key);
    }

    fn route(&mut self, now: Instant, feed: FeedId, producer: ProducerId, mix: MixHandle) {
        self.producers.insert(producer, Maker::Mix(mix));
        self.router.add_feed(feed, Some(producer));
        self.move_listeners(feed, producer);
        self.forget_idle_producers();
        self.note_watched();
        self.ask_for_keyframes(now);
    }

    fn end_feed(&mut self, now: Instant, feed: FeedId) {
        self.close_all(now, |role| match role {
            Role::Viewer { feed: of } | Role::Listener { feed: of, .. } => of == feed,
            Role::Onlooker { .. } | Role::Host { .. } => false,
        });
        let left = self.router.remove_feed(feed);
        debug_assert!(left.is_empty(), "every viewer of the feed was just closed");
        self.note_watched();
        self.forget_idle_producers();
    }

    /// Closes every session in such a role.
    fn close_all(&mut self, now: Instant, ends: impl Fn(Role) -> bool) {
        let found: Vec<_> = self.seats.iter().filter(|(_, seat)| ends(seat.role)).map(|(key, _)| *key).collect();
        found.into_iter().for_each(|key| self.close(now, key));
    }

    fn forget_idle_producers(&mut self) {
        let router = &self.router;
        self.producers.retain(|producer, _| router.is_shown(*producer));
        self.wishes.keep(|producer| router.is_shown(producer));
    }

    /// Runs `act` on one session and then everything that follows from it: its events and its next deadline.
    fn with(&mut self, now: Instant, key: SessionKey, act: impl FnOnce(Instant, &mut Seat)) {
        let Some(seat) = self.seats.get_mut(&key) else { return };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            act(now, seat);
            std::iter::from_fn(|| seat.peer.poll_event()).collect::<Vec<_>>()
        }));
        match outcome {
            Ok(events) => events.into_iter().for_each(|event| self.happened(now, key, event)),
            Err(_) => return self.bury(key),
        }
        self.reschedule(key);
    }

    fn reschedule(&mut self, key: SessionKey) {
        let Some(seat) = self.seats.get_mut(&key) else { return };
        let gaps = seat.forwarding.as_ref().and_then(|forwarding| forwarding.poll_timeout());
        let next = earliest([seat.peer.poll_timeout(), seat.reports_at, seat.outbox.poll_timeout(), gaps]);
        if next != seat.wakes_at {
            if let Some(at) = seat.wakes_at {
                self.wakes.remove(&(at, key));
            }
            if let Some(at) = next {
                self.wakes.insert((at, key));
            }
            seat.wakes_at = next;
        }
    }

    fn happened(&mut self, now: Instant, key: SessionKey, event: PeerEvent) {
        let Some(role) = self.seats.get(&key).map(|seat| seat.role) else { return };
        match (event, role) {
            (PeerEvent::Connected, role) => self.connected(now, key, role),
            (PeerEvent::MediaLost, Role::Host { source }) => self.tell_control(key, source, MediaState::Down),
            (PeerEvent::MediaBack, Role::Host { source }) => self.tell_control(key, source, MediaState::Up),
            (PeerEvent::Rtp(packet), Role::Host { source }) => {
                self.forward(now, key, &packet);
                let urgent = self.seats.get_mut(&key).is_none_or(|seat| seat.nudge.is_due(now, &packet));
                self.to_mix(source, key, MixInput::Rtp(packet), urgent);
            }
            // Needed when the next packet is; that one wakes the thread.
            (PeerEvent::SenderClock(clock), Role::Host { source }) => {
                self.note_clock(now, key, clock);
                self.to_mix(source, key, MixInput::Clock(clock), false);
            }
            (PeerEvent::KeyframeWanted, Role::Viewer { .. } | Role::Onlooker { .. } | Role::Listener { .. }) => {
                if let Some(producer) = self.router.keyframe_wanted(ConsumerId(key.0)) {
                    self.ask(now, producer);
                }
            }
            (PeerEvent::Nack { kind, seqs }, Role::Viewer { .. } | Role::Onlooker { .. } | Role::Listener { .. }) => {
                self.resend(now, key, kind, &seqs);
            }
            (PeerEvent::Closed { reason }, _) => {
                tracing::info!(session = key.0, ?reason, "session closed");
                self.remove(key);
            }
            // A viewer sends no media, a host asks for none: whoever does it anyway is ignored.
            (
                PeerEvent::Rtp(_) | PeerEvent::SenderClock(_) | PeerEvent::MediaLost | PeerEvent::MediaBack,
                Role::Viewer { .. } | Role::Onlooker { .. } | Role::Listener { .. },
            )
            | (PeerEvent::KeyframeWanted | PeerEvent::Nack { .. }, Role::Host { .. }) => {}
        }
    }

    fn connected(&mut self, now: Instant, key: SessionKey, role: Role) {
        let Some(seat) = self.seats.get_mut(&key) else { return };
        seat.connected = true;
        let sends = seat.peer.sends();
        match role {
            Role::Host { source } => {
                if let Some(mix) = self.sources.get(&source) {
                    mix.publish(source, key, self.handle.clone(), sends);
                }
                self.tell_control(key, source, MediaState::Up);
            }
            Role::Viewer { feed } => self.seated(now, key, feed),
            Role::Onlooker { source } => {
                self.open_host_feed(source);
                self.seated(now, key, host_feed(source));
            }
            Role::Listener { feed, source } => {
                self.open_return(feed, source);
                self.seated(now, key, return_feed(source));
            }
        }
    }

    /// A viewer is connected: it gets `feed` from now on.
    fn seated(&mut self, now: Instant, key: SessionKey, feed: FeedId) {
        let seed = scramble(self.surroundings.seed ^ key.0);
        if let Err(error) = self.router.add_consumer(now, ConsumerId(key.0), feed, seed) {
            tracing::info!(session = key.0, %error, "viewer not added");
            return self.close(now, key);
        }
        if let Some(seat) = self.seats.get_mut(&key) {
            let known = seat.reports_at.replace(now + REPORT_FIRST).is_some();
            if !known {
                self.surroundings.viewers.came(feed);
            }
        }
        self.note_watched();
        self.ask_for_keyframes(now);
    }

    /// A host's media came or went. The end of a session whose place another has taken is no news.
    fn tell_control(&self, key: SessionKey, source: SourceId, state: MediaState) {
        let superseded = self.seats.get(&key).is_some_and(|seat| seat.superseded);
        if let (false, Some(control)) = (superseded, &self.control) {
            tracing::info!(session = key.0, source = source.0, ?state, "a host's media");
            control.host_media(source, state);
        }
    }

    fn to_mix(&self, source: SourceId, key: SessionKey, input: MixInput, urgent: bool) {
        if let Some(mix) = self.sources.get(&source) {
            mix.feed(source, key, input, urgent);
        }
    }

    fn resend(&mut self, now: Instant, key: SessionKey, kind: MediaKind, seqs: &[u16]) {
        let Some(seat) = self.seats.get_mut(&key) else { return };
        let router = &mut self.router;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            router.nack(ConsumerId(key.0), kind, seqs, &mut |_, packet| seat.peer.resend(now, packet));
        }));
        if outcome.is_err() {
            self.bury(key);
        }
    }

    fn report_if_due(&mut self, now: Instant, key: SessionKey) {
        let Some(seat) = self.seats.get_mut(&key) else { return };
        if seat.reports_at.is_none_or(|at| at > now) {
            return;
        }
        seat.reports_at = Some(now + REPORT_INTERVAL);
        let epoch = self.surroundings.epoch;
        let reports = [MediaKind::Video, MediaKind::Audio].map(|kind| {
            let mapping = self.router.report(ConsumerId(key.0), kind)?;
            Some((kind, mapping.timestamp(self.stands_at(now, mapping.producer(), kind)?)))
        });
        self.with(now, key, |now, seat| {
            for (kind, timestamp) in reports.into_iter().flatten() {
                seat.peer.report(now, kind, epoch.ntp(now), timestamp);
            }
        });
    }

    /// Where the stream of `producer` stands now: programs on our media time line, hosts by their own clocks.
    fn stands_at(&self, now: Instant, producer: ProducerId, kind: MediaKind) -> Option<u64> {
        let epoch = self.surroundings.epoch;
        let hz = match kind {
            MediaKind::Video => VIDEO_CLOCK_HZ,
            MediaKind::Audio => AUDIO_CLOCK_HZ,
        };
        match carries(producer) {
            Carries::Program(_) | Carries::Return(..) => Some(epoch.media_time(now).ticks(hz)),
            Carries::Session(_) => match self.producers.get(&producer)? {
                Maker::Host(line) => line.stands_at(kind, epoch.ntp(now)),
                Maker::Mix(_) => None,
            },
        }
    }

    /// Asks for every keyframe that viewers wait for, now and each second until it has come.
    fn ask_for_keyframes(&mut self, now: Instant) {
        let waiting: BTreeSet<_> = self.router.waiting().collect();
        self.ask_again_at = (!waiting.is_empty()).then(|| now + KEYFRAME_RETRY);
        waiting.into_iter().for_each(|producer| self.ask(now, producer));
    }

    fn ask(&mut self, now: Instant, producer: ProducerId) {
        if self.wishes.wish(now, producer) {
            self.tell_maker(producer);
        }
    }

    fn tell_maker(&self, producer: ProducerId) {
        match self.producers.get(&producer) {
            Some(Maker::Mix(mix)) => mix.keyframe(producer),
            Some(Maker::Host(line)) => line.wish_keyframe(),
            None => {}
        }
    }

    /// A session has panicked: it alone ends.
    fn bury(&mut self, key: SessionKey) {
        metrics::counter!("costage_session_panics_total").increment(1);
        tracing::error!(session = key.0, "session panicked; it was ended, others go on");
        self.remove(key);
    }

    /// Says whose frames are wanted here. While one's are not, the gates that it is for stand where they stood.
    fn note_watched(&self) {
        self.handle.set_watched(self.router.watched().collect());
    }

    /// A viewer of `feed` has gone.
    fn unseated(&mut self, key: SessionKey, seat: &Seat, feed: FeedId) {
        if seat.reports_at.is_some() {
            self.surroundings.viewers.went(feed);
        }
        self.router.remove_consumer(ConsumerId(key.0));
        self.note_watched();
    }

    fn remove(&mut self, key: SessionKey) {
        let Some(seat) = self.seats.remove(&key) else { return };
        if let Some(at) = seat.wakes_at {
            self.wakes.remove(&(at, key));
        }
        seat.outbox.waiting().for_each(|frame| self.departed(frame));
        match seat.role {
            Role::Viewer { feed } => self.unseated(key, &seat, feed),
            Role::Onlooker { source } => {
                self.unseated(key, &seat, host_feed(source));
                self.close_host_feed_unless_watched(source);
            }
            Role::Listener { source, .. } => {
                self.unseated(key, &seat, return_feed(source));
                self.close_return_unless_heard(source);
            }
            Role::Host { source } => {
                if let Some(mix) = self.sources.get(&source) {
                    mix.silence(source, key);
                }
                if let (false, Some(control)) = (seat.superseded, &self.control) {
                    control.host_media(source, MediaState::Down);
                }
            }
        }
    }
}

/// The first sender report follows the first packets by this much.
const REPORT_FIRST: Duration = Duration::from_millis(50);

/// Spreads a counter over all 64 bits (the finaliser of SplitMix64), so that streams of one process begin at numbers
/// that do not tell of each other.
fn scramble(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests;
