//! Puts packets back in order, waits a bounded time for missing ones, and never stops for good.
//!
//! ```text
//!   next          newest
//!    │ gap │ held …  │  ≤ JUMP_MAX → waits for the gap   > JUMP_MAX → a second witness, then a restart
//! ───┴─────┴─────────┴──────────────────────────────────────────────────────────────────► sequence
//!  late: dropped, unless a whole run of them says that the sender went back
//! ```
//! Packets that come in order pass straight through: nothing is stored and nothing is allocated.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::packet::RtpIn;

/// How long a gap may hold everything behind it: a retransmission over 60 ms of round trip and a little.
pub const GAP_DEADLINE: Duration = Duration::from_millis(100);

/// Packets held behind a gap. 512 × 1.2 kB in 100 ms is 49 Mbit/s; above that the gap is given up early.
pub const RING_PACKETS_MAX: usize = 512;

/// A step forward beyond this is no loss but another place in the stream: a blackout, a restart, a stray packet.
/// Nobody retransmits so many packets in time.
pub const JUMP_MAX: u64 = 200;

/// Late packets in unbroken order, with none in time between them, that count as the sender having gone back once no
/// packet has been in time for [`GAP_DEADLINE`]: before, they may be the retransmissions of a gap that was given up, which
/// come in bursts between the packets of a stream that goes on.
const RUN_BACK: u32 = 8;

/// As long must a run have lasted within [`JUMP_MAX`], where retransmissions are likelier than a sender that goes back.
const RUN_BACK_QUIET: Duration = Duration::from_millis(500);

/// One packet in order.
#[derive(Debug, Clone)]
pub struct Ordered {
    /// The packet.
    pub packet: RtpIn,
    /// Packets before it were given up; what they carried is lost.
    pub after_loss: bool,
}

/// What became of a pushed packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// In order or ahead: will come out of [`ReorderRing::pop`].
    Kept,
    /// Already held.
    Duplicate,
    /// Its place has passed (or it came twice): dropped.
    Late,
    /// Far ahead: set aside until a second packet confirms the new place.
    Aside,
    /// The stream goes on from another place: forward with what was held given out, backward with it dropped.
    Restarted,
}

#[derive(Debug)]
struct Held {
    since: Instant,
    packet: RtpIn,
}

/// Late packets in a row, to notice a sender that went back.
#[derive(Debug, Clone, Copy)]
struct Run {
    last: u64,
    length: u32,
    since: Instant,
}

/// The reorder ring of one stream. Drain [`ReorderRing::pop`] after each `push` and `handle_timeout`.
#[derive(Debug)]
pub struct ReorderRing {
    deadline: Duration,
    /// The sequence number to go out next; `None` before the first packet.
    next: Option<u64>,
    /// The highest sequence number accepted.
    newest: u64,
    /// In order, ready to go out.
    ready: VecDeque<Ordered>,
    /// Behind the gap at `next`, at most [`RING_PACKETS_MAX`].
    held: BTreeMap<u64, Held>,
    /// When the gap at `next` became known; set exactly while something is held.
    gap_since: Option<Instant>,
    aside: Option<Held>,
    run: Option<Run>,
    /// When a packet was last in time.
    in_time_at: Option<Instant>,
    lost: bool,
    given_up: u64,
}

impl ReorderRing {
    /// A ring that waits `deadline` for a gap; see [`GAP_DEADLINE`].
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        Self {
            deadline,
            next: None,
            newest: 0,
            ready: VecDeque::new(),
            held: BTreeMap::new(),
            gap_since: None,
            aside: None,
            run: None,
            in_time_at: None,
            lost: false,
            given_up: 0,
        }
    }

    /// Sequence numbers given up so far; a jump counts as one.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Takes one packet in any order.
    pub fn push(&mut self, now: Instant, packet: RtpIn) -> Arrival {
        let seq = packet.seq.0;
        let Some(next) = self.next else {
            self.start_at(seq);
            self.accept(now, packet);
            return Arrival::Kept;
        };
        if seq < next {
            return self.push_late(now, packet);
        }
        if seq > self.newest.saturating_add(JUMP_MAX) {
            return self.push_far(now, packet);
        }
        (self.run, self.in_time_at) = (None, Some(now));
        if self.held.contains_key(&seq) {
            return Arrival::Duplicate;
        }
        self.accept(now, packet);
        Arrival::Kept
    }

    /// Gives up the gap when its deadline has passed. Early or twice does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.gap_since.is_some_and(|since| since + self.deadline <= now) {
            self.give_up_gap();
        }
    }

    /// When the present gap is given up; `None` without one.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.gap_since.map(|since| since + self.deadline)
    }

    /// The next packet in order.
    pub fn pop(&mut self) -> Option<Ordered> {
        self.ready.pop_front()
    }

    fn start_at(&mut self, seq: u64) {
        self.next = Some(seq);
        self.newest = seq;
        self.run = None;
        self.aside = None;
    }

    /// `packet` is at `next` or up to the window ahead of it, and not held yet.
    fn accept(&mut self, now: Instant, packet: RtpIn) {
        let seq = packet.seq.0;
        self.in_time_at = Some(now);
        self.newest = self.newest.max(seq);
        if self.next == Some(seq) {
            self.emit(packet);
            self.release();
            return;
        }
        self.held.insert(seq, Held { since: now, packet });
        if self.held.len() > RING_PACKETS_MAX {
            self.give_up_gap();
        }
        self.gap_since = self.gap_since.or((!self.held.is_empty()).then_some(now));
    }

    fn emit(&mut self, packet: RtpIn) {
        self.next = Some(packet.seq.0.saturating_add(1));
        self.ready.push_back(Ordered { packet, after_loss: std::mem::take(&mut self.lost) });
    }

    /// Moves out what follows without a gap; what is still held waits for another gap, known since the earliest
    /// of it arrived.
    fn release(&mut self) {
        if self.held.is_empty() {
            return;
        }
        while let Some(entry) = self.held.first_entry() {
            if self.next != Some(*entry.key()) {
                break;
            }
            let packet = entry.remove().packet;
            self.emit(packet);
        }
        self.gap_since = self.held.values().map(|held| held.since).min();
    }

    fn give_up_gap(&mut self) {
        let (Some(next), Some((&first, _))) = (self.next, self.held.first_key_value()) else { return };
        self.given_up += first.saturating_sub(next);
        self.lost = true;
        self.next = Some(first);
        self.release();
    }

    /// A step of more than [`JUMP_MAX`]: one packet may be a stray, two neighbours are the stream.
    fn push_far(&mut self, now: Instant, packet: RtpIn) -> Arrival {
        let seq = packet.seq.0;
        let Some(first) = self.aside.take() else {
            self.aside = Some(Held { since: now, packet });
            return Arrival::Aside;
        };
        let distance = first.packet.seq.0.abs_diff(seq);
        if distance == 0 || distance > JUMP_MAX {
            self.aside = Some(Held { since: now, packet });
            return Arrival::Aside;
        }
        while !self.held.is_empty() {
            self.give_up_gap();
        }
        self.given_up += 1;
        self.lost = true;
        self.start_at(first.packet.seq.0.min(seq));
        let (a, b) = if first.packet.seq.0 < seq { (first.packet, packet) } else { (packet, first.packet) };
        self.accept(now, a);
        self.accept(now, b);
        Arrival::Restarted
    }

    fn push_late(&mut self, now: Instant, packet: RtpIn) -> Arrival {
        let seq = packet.seq.0;
        let run = match self.run {
            Some(run) if seq == run.last.saturating_add(1) => Run { last: seq, length: run.length + 1, ..run },
            Some(run) if seq == run.last => run,
            Some(_) | None => Run { last: seq, length: 1, since: now },
        };
        self.run = Some(run);
        let far = self.next.is_some_and(|next| next - seq > JUMP_MAX);
        let (quiet_since, quiet) =
            if far { (self.in_time_at, GAP_DEADLINE) } else { (Some(run.since), RUN_BACK_QUIET) };
        let is_quiet = quiet_since.is_none_or(|since| now.saturating_duration_since(since) >= quiet);
        if run.length < RUN_BACK || !is_quiet {
            return Arrival::Late;
        }
        self.held.clear();
        self.gap_since = None;
        self.given_up += 1;
        self.lost = true;
        self.start_at(seq);
        self.accept(now, packet);
        Arrival::Restarted
    }
}

impl Default for ReorderRing {
    fn default() -> Self {
        Self::new(GAP_DEADLINE)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::packet::{ExtSeq, MediaKind};

    fn packet(now: Instant, seq: u64) -> RtpIn {
        RtpIn {
            kind: MediaKind::Video,
            seq: ExtSeq(seq),
            timestamp: seq * 10,
            marker: false,
            payload: Bytes::new(),
            received_at: now,
        }
    }

    /// Sequence numbers out; a minus sign in front of those after a loss.
    fn drain(ring: &mut ReorderRing) -> Vec<i64> {
        std::iter::from_fn(|| ring.pop())
            .map(|out| out.packet.seq.0.cast_signed() * if out.after_loss { -1 } else { 1 })
            .collect()
    }

    fn push_all(ring: &mut ReorderRing, now: Instant, seqs: &[u64]) -> Vec<Arrival> {
        seqs.iter().map(|&seq| ring.push(now, packet(now, seq))).collect()
    }

    #[test]
    fn packets_in_order_pass_without_waiting_or_being_held() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        for seq in 5..50 {
            ring.push(now, packet(now, seq));
            assert_eq!(drain(&mut ring), [seq.cast_signed()]);
            assert_eq!(ring.poll_timeout(), None);
        }
    }

    #[test]
    fn a_retransmission_before_the_deadline_fills_the_gap_without_a_trace() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, now, &[1, 2, 5, 4]);
        assert_eq!(drain(&mut ring), [1, 2]);
        assert_eq!(ring.poll_timeout(), Some(now + GAP_DEADLINE));
        let later = now + GAP_DEADLINE - Duration::from_millis(1);
        ring.handle_timeout(later);
        push_all(&mut ring, later, &[3]);
        assert_eq!(drain(&mut ring), [3, 4, 5]);
        assert_eq!((ring.poll_timeout(), ring.given_up()), (None, 0));
    }

    #[test]
    fn a_gap_is_given_up_at_its_deadline_and_the_next_one_keeps_its_own() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, now, &[1, 3]);
        let second = now + Duration::from_millis(40);
        push_all(&mut ring, second, &[6]);
        ring.handle_timeout(now + GAP_DEADLINE);
        assert_eq!(drain(&mut ring), [1, -3]);
        assert_eq!(ring.poll_timeout(), Some(second + GAP_DEADLINE));
        ring.handle_timeout(second + GAP_DEADLINE);
        assert_eq!(drain(&mut ring), [-6]);
        assert_eq!(ring.given_up(), 3);
    }

    #[test]
    fn duplicates_and_late_packets_are_dropped() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        let arrivals = push_all(&mut ring, now, &[10, 11, 11, 10, 13, 13]);
        use Arrival::{Duplicate, Kept, Late};
        assert_eq!(arrivals, [Kept, Kept, Late, Late, Kept, Duplicate]);
        assert_eq!(drain(&mut ring), [10, 11]);
    }

    #[test]
    fn a_very_late_first_packet_is_no_gap() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, now, &[100, 5_000, 5_001, 5_002]);
        assert_eq!(drain(&mut ring), [100, -5_000, 5_001, 5_002]);
        assert_eq!(ring.poll_timeout(), None);
    }

    #[test]
    fn one_stray_packet_far_ahead_does_not_move_the_stream() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        let arrivals = push_all(&mut ring, now, &[1, 2, 900_000, 3, 900_000, 4]);
        assert_eq!((arrivals[2], arrivals[4]), (Arrival::Aside, Arrival::Aside));
        assert_eq!(drain(&mut ring), [1, 2, 3, 4]);
        assert_eq!(ring.poll_timeout(), None);
    }

    #[test]
    fn a_jump_gives_out_what_was_held_and_goes_on_from_the_new_place_in_either_order() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, now, &[1, 3, 4, 7_001, 7_000, 7_002]);
        assert_eq!(drain(&mut ring), [1, -3, 4, -7_000, 7_001, 7_002]);
    }

    #[test]
    fn a_sender_that_goes_far_back_is_followed_after_eight_packets() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, now, &[5_000, 5_001]);
        drain(&mut ring);
        push_all(&mut ring, now + GAP_DEADLINE, &[10, 11, 12]);
        push_all(&mut ring, now + 2 * GAP_DEADLINE, &[13, 14, 15, 16, 17, 18]);
        assert_eq!(drain(&mut ring), [-17, 18]);
    }

    #[test]
    fn a_burst_of_retransmissions_far_behind_does_not_move_the_stream_back() {
        let (mut ring, start) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, start, &[1_000, 1_301, 1_302]);
        drain(&mut ring);
        // Between two frames of the stream, 33 ms apart, comes what was asked for after the jump: all of it, too late.
        for frame in 0..30_u64 {
            let at = start + Duration::from_millis(33 * (frame + 1));
            let late: Vec<u64> = (1_001..1_050).collect();
            assert_eq!(push_all(&mut ring, at, &late), vec![Arrival::Late; late.len()]);
            push_all(&mut ring, at, &[1_303 + frame]);
        }
        assert_eq!(drain(&mut ring), (1_303..1_333).collect::<Vec<i64>>());
    }

    #[test]
    fn a_sender_that_goes_back_a_little_is_followed_when_nothing_else_comes() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, now, &[149, 150]);
        drain(&mut ring);
        push_all(&mut ring, now, &[10, 11, 12, 13, 14, 15, 16, 17, 18]);
        assert_eq!(drain(&mut ring), [], "may be retransmissions");
        let later = now + RUN_BACK_QUIET;
        push_all(&mut ring, later, &[19, 20]);
        assert_eq!(drain(&mut ring), [-19, 20]);
    }

    #[test]
    fn retransmissions_that_come_too_late_do_not_move_the_stream_back() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, now, &[1_000]);
        for round in 0..50_u64 {
            let at = now + Duration::from_millis(round * 33);
            push_all(&mut ring, at, &[600 + round, 1_001 + round]);
        }
        assert_eq!(drain(&mut ring), (1_000..1_051).collect::<Vec<i64>>());
    }

    #[test]
    fn the_ring_holds_no_more_than_its_bound() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        ring.push(now, packet(now, 0));
        for seq in (2..4_000).step_by(2) {
            ring.push(now, packet(now, seq));
            assert!(ring.held.len() <= RING_PACKETS_MAX);
        }
        assert_eq!(drain(&mut ring).len(), 2_000 - RING_PACKETS_MAX);
    }

    #[test]
    fn numbers_at_the_end_of_64_bits_do_not_panic() {
        let (mut ring, now) = (ReorderRing::default(), Instant::now());
        push_all(&mut ring, now, &[u64::MAX - 1, u64::MAX, u64::MAX, 0, u64::MAX]);
        assert!(!drain(&mut ring).is_empty());
    }
}
