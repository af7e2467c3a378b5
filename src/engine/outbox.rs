//! A viewer's pictures on their way out: a large one leaves spread over a few milliseconds, so that no switch, access point or
//! policer on the way has to take it as one burst.
//!
//! ```text
//! 9 packets    ▮                     a frame like most: at once
//! 70 packets   ▮ · ▮ · ▮ · ▮ · ▮     16 at once, then 16 each 2 ms
//! 300 packets  █ · █ · █ · █ · █ · █ 50 each 2 ms: never longer than 10 ms
//! ```
//! Sound passes by: it is one packet, and late sound is heard.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use costage_media::packet::{MediaKind, RtpOut};

use super::trace::FrameTrace;

/// Packets that leave together, 19 kB: a frame of 2.5 Mbit/s at 30 fps has nine, and the buffers of the cheapest switches and
/// access points hold 32 kB and more.
const BURST_PACKETS: usize = 16;
/// Between two bursts: 16 packets each 2 ms are 77 Mbit/s.
const STEP: Duration = Duration::from_millis(2);
/// Bursts after the first: what waits has left after 10 ms, before the next frame of 60 a second comes. Larger pictures leave
/// in larger bursts.
const STEPS_MAX: usize = 5;
/// Packets that may wait: a second of 10 Mbit/s. With more, all leave at once and in order: pictures with holes would cost
/// more than the burst.
const WAITING_MAX: usize = 1_024;

/// A frame whose last packets wait in outboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DepartureId(u64);

/// One viewer's packets that wait for their turn. Empty most of the time, and then nothing is allocated.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<RtpOut>,
    /// After how many of the waiting packets which frame has left.
    ends: VecDeque<(usize, DepartureId)>,
    burst: usize,
    next_at: Option<Instant>,
}

/// What leaves now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) packets: Vec<RtpOut>,
    /// Frames whose last packet is among them.
    pub(super) departed: Vec<DepartureId>,
}

impl Outbox {
    /// Takes one frame's packets: those returned leave now, the rest is kept.
    pub(super) fn offer<'a>(&mut self, now: Instant, packets: &'a [RtpOut], frame: DepartureId) -> &'a [RtpOut] {
        let is_sound = packets.first().is_some_and(|packet| packet.kind == MediaKind::Audio);
        if is_sound || (self.waiting.is_empty() && packets.len() <= BURST_PACKETS) {
            return packets;
        }
        let in_turn = self.waiting.len() + packets.len();
        self.burst = in_turn.div_ceil(STEPS_MAX + 1).max(BURST_PACKETS);
        let at_once = if self.waiting.is_empty() { self.burst } else { 0 };
        let (first, rest) = packets.split_at(at_once.min(packets.len()));
        self.waiting.extend(rest.iter().cloned());
        self.ends.push_back((self.waiting.len(), frame));
        let due = if self.waiting.len() > WAITING_MAX { now } else { now + STEP };
        self.next_at = Some(self.next_at.map_or(due, |at| at.min(due)));
        first
    }

    /// Takes out what is due: one burst, and one more for each step that the caller is late.
    pub(super) fn take_due(&mut self, now: Instant) -> Due {
        let Some(at) = self.next_at.filter(|at| *at <= now) else { return Due::default() };
        let late = now.saturating_duration_since(at).as_micros() / STEP.as_micros();
        let bursts = usize::try_from(late).unwrap_or(usize::MAX).saturating_add(1);
        let all = self.waiting.len();
        let count = if all > WAITING_MAX { all } else { self.burst.saturating_mul(bursts).min(all) };
        let packets: Vec<RtpOut> = self.waiting.drain(..count).collect();
        let mut departed = Vec::new();
        self.ends.retain_mut(|(after, frame)| {
            if *after <= count {
                departed.push(*frame);
                return false;
            }
            *after -= count;
            true
        });
        if self.waiting.is_empty() {
            *self = Self::default();
        } else {
            self.next_at = Some(now + STEP);
        }
        Due { packets, departed }
    }

    /// When [`Outbox::take_due`] has something.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.next_at
    }

    /// The frames that wait here.
    pub(super) fn waiting(&self) -> impl Iterator<Item = DepartureId> {
        self.ends.iter().map(|(_, frame)| *frame)
    }
}

/// The frames that wait in outboxes, and in how many.
#[derive(Debug, Default)]
pub(super) struct Departures {
    last: u64,
    waiting: BTreeMap<DepartureId, (Arc<FrameTrace>, usize)>,
}

impl Departures {
    /// A number for a frame.
    pub(super) fn number(&mut self) -> DepartureId {
        self.last += 1;
        DepartureId(self.last)
    }

    /// The end of this frame waits in so many outboxes, not none.
    pub(super) fn wait(&mut self, frame: DepartureId, trace: Arc<FrameTrace>, outboxes: usize) {
        self.waiting.insert(frame, (trace, outboxes));
    }

    /// One outbox has let go of the frame's end; its trace when that was the last.
    pub(super) fn departed(&mut self, frame: DepartureId) -> Option<Arc<FrameTrace>> {
        let (_, outboxes) = self.waiting.get_mut(&frame)?;
        *outboxes -= 1;
        if *outboxes > 0 {
            return None;
        }
        self.waiting.remove(&frame).map(|(trace, _)| trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use costage_media::packet::ExtSeq;

    const FRAME: DepartureId = DepartureId(1);
    const NEXT: DepartureId = DepartureId(2);

    fn frame(first: u64, count: u64) -> Vec<RtpOut> {
        let packet = |seq| RtpOut {
            kind: MediaKind::Video,
            seq: ExtSeq(seq),
            timestamp: 0,
            marker: false,
            payload: Bytes::from_static(b"x"),
        };
        (first..first + count).map(packet).collect()
    }

    /// Serves every deadline; what left after which time, and what had departed with it.
    fn run(outbox: &mut Outbox, start: Instant) -> Vec<(Duration, usize, Vec<DepartureId>)> {
        std::iter::from_fn(|| {
            let at = outbox.poll_timeout()?;
            let due = outbox.take_due(at);
            Some((at - start, due.packets.len(), due.departed))
        })
        .collect()
    }

    #[test]
    fn a_small_frame_leaves_at_once_and_leaves_nothing_behind() {
        let (mut outbox, now) = (Outbox::default(), Instant::now());
        let packets = frame(0, 16);
        assert_eq!(outbox.offer(now, &packets, FRAME), packets);
        assert_eq!(outbox.poll_timeout(), None);
    }

    #[test]
    fn a_keyframe_leaves_in_bursts_and_has_departed_with_its_last_packet() {
        let (mut outbox, now) = (Outbox::default(), Instant::now());
        let packets = frame(0, 70);
        assert_eq!(outbox.offer(now, &packets, FRAME), &packets[..16]);
        let ms = Duration::from_millis;
        assert_eq!(
            run(&mut outbox, now),
            [(ms(2), 16, vec![]), (ms(4), 16, vec![]), (ms(6), 16, vec![]), (ms(8), 6, vec![FRAME])]
        );
        assert_eq!(outbox.waiting.capacity(), 0, "viewers keep no room for keyframes");
    }

    #[test]
    fn however_large_a_picture_it_has_left_after_10_ms() {
        for count in [17, 96, 97, 300, 1_000] {
            let (mut outbox, now) = (Outbox::default(), Instant::now());
            let packets = frame(0, count);
            let mut left = outbox.offer(now, &packets, FRAME).len();
            let bursts = run(&mut outbox, now);
            left += bursts.iter().map(|(_, count, _)| count).sum::<usize>();
            assert_eq!(left, packets.len());
            assert!(bursts.last().expect("it was spread").0 <= Duration::from_millis(10), "{count}");
        }
    }

    #[test]
    fn a_frame_behind_a_waiting_one_keeps_the_order_and_sound_passes_both() {
        let (mut outbox, now) = (Outbox::default(), Instant::now());
        let mut left = outbox.offer(now, &frame(0, 40), FRAME).to_vec();
        assert!(outbox.offer(now, &frame(40, 3), NEXT).is_empty());
        let sound = [RtpOut { kind: MediaKind::Audio, ..frame(0, 1).remove(0) }];
        assert_eq!(outbox.offer(now, &sound, DepartureId(3)), sound);
        let mut departed = Vec::new();
        while let Some(at) = outbox.poll_timeout() {
            let due = outbox.take_due(at);
            left.extend(due.packets);
            departed.extend(due.departed);
        }
        assert_eq!(left, frame(0, 43));
        assert_eq!(departed, [FRAME, NEXT]);
    }

    #[test]
    fn a_late_caller_makes_up_for_its_steps() {
        let (mut outbox, now) = (Outbox::default(), Instant::now());
        outbox.offer(now, &frame(0, 96), FRAME);
        assert!(outbox.take_due(now + STEP - Duration::from_micros(1)).packets.is_empty());
        assert_eq!(outbox.take_due(now + 3 * STEP).packets.len(), 3 * BURST_PACKETS);
    }

    #[test]
    fn beyond_the_bound_all_leave_at_once_and_in_order() {
        let (mut outbox, now) = (Outbox::default(), Instant::now());
        let mut left = Vec::new();
        for index in 0..40 {
            left.extend_from_slice(outbox.offer(now, &frame(index * 50, 50), FRAME));
            assert!(outbox.waiting.len() <= WAITING_MAX + 50);
            left.extend(outbox.take_due(now).packets);
        }
        while let Some(at) = outbox.poll_timeout() {
            left.extend(outbox.take_due(at).packets);
        }
        assert_eq!(left, frame(0, 2_000));
    }
}
