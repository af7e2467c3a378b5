//! When a host's sound is heard: a fixed time after its earliest packets arrive.
//!
//! ```text
//!   timestamp ──arrives──▶ │◀── 60 ms + trim ──▶│ heard
//!                          ▲ as the packets with the least transit of the last seconds do
//! ```
//! Transit is arrival minus timestamp on the host's clock. The least of it over some seconds is what the network and the
//! host need at best; packets that take longer have the 60 ms to catch up. So a late first packet shifts nothing, a host
//! whose clock drifts is followed, and two hosts stay aligned because each is held to its own line to the sample.
//! Small errors against the line are slewed away at 1 %, large ones are jumped, and while
//! nothing is heard the line is simply taken.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::codec::opus::packet_samples;
use crate::frame::BLOCK_SAMPLES;
use crate::jitter::TRIM_MAX;
use crate::packet::{ExtSeq, MediaKind, RtpIn};

/// How long after its arrival at best a sample is heard. Three packets of 20 ms: two late ones in a row still fit.
pub const PLAYOUT_DELAY: Duration = Duration::from_millis(60);
/// Packets that wait to be heard: delay and trim are 13 packets of 20 ms or 104 of 2.5 ms, and as much again for jitter.
const PACKETS_MAX: usize = 256;
/// Samples that a block may be stretched or squeezed by: 1 %, a sixth of a semitone.
const SLEW_SAMPLES_MAX: i64 = 10;
/// The error at which slewing starts: 5 ms.
const SLEW_START_SAMPLES: i64 = 240;
/// The error at which slewing ends: 1 ms.
const SLEW_END_SAMPLES: i64 = 48;
/// The error that is jumped and not slewed: 120 ms would take 12 s.
const JUMP_SAMPLES: i64 = 5_760;
/// Concealment in a row, samples; longer guesses sound like a robot. Then silence.
pub const CONCEAL_SAMPLES_MAX: usize = 4_800;
/// Packets in a row that come too late before their lateness is taken for the new state of the network.
const LATE_RUN_MAX: u32 = 10;
/// How far timestamps and arrivals may part between two packets before the stream is taken for a new one, nanoseconds.
const BREAK_NS: i64 = 1_000_000_000;
/// Timestamps stay below this, so that their sums and differences fit; three million years.
const TIMESTAMP_MAX: i64 = 1 << 62;
/// Half the time over which the least transit is taken.
const TRANSIT_WINDOW: Duration = Duration::from_secs(5);

/// What comes next on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pull {
    /// A packet to decode.
    Packet {
        /// The Opus packet.
        payload: Bytes,
        /// Samples per channel that it holds.
        samples: usize,
        /// Samples at its front that are over already.
        skip: usize,
    },
    /// A piece that is missing, to be concealed.
    Lost {
        /// Samples per channel.
        samples: usize,
        /// The packet right behind the piece, when it is here: it may carry a copy (in-band FEC).
        next: Option<Bytes>,
    },
    /// Nothing is heard: before the first packet, or after concealment has ended.
    Silent {
        /// Samples per channel.
        samples: usize,
    },
}

/// How the next block is to be taken from the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Samples per channel of the line that make the 20 ms.
    pub take: usize,
    /// The line breaks here; what was heard should fade.
    pub jumped: bool,
}

/// What happened to packets, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlayoutStats {
    /// Packets that came after their time.
    pub late: u64,
    /// Packets without a payload: padding, with which browsers probe the path (RFC 3550 §5.1). Nothing is lost by them.
    pub empty: u64,
    /// Packets that are not Opus.
    pub malformed: u64,
    /// Packets thrown away because too many waited.
    pub overflowed: u64,
    /// Samples that were concealed.
    pub concealed_samples: u64,
    /// Times the line was begun anew: a restarted stream, or a network that had become slower.
    pub restarts: u64,
    /// Times a large error was jumped.
    pub jumps: u64,
}

impl std::ops::AddAssign for PlayoutStats {
    fn add_assign(&mut self, more: Self) {
        self.late += more.late;
        self.empty += more.empty;
        self.malformed += more.malformed;
        self.overflowed += more.overflowed;
        self.concealed_samples += more.concealed_samples;
        self.restarts += more.restarts;
        self.jumps += more.jumps;
    }
}

/// One host's sound, from packets in any order to pieces in order.
#[derive(Debug, Default)]
pub struct Playout {
    line: Option<Line>,
    packets: BTreeMap<i64, Waiting>,
    /// Timestamp of the next sample to pull.
    position: Option<i64>,
    /// Something is heard, so the position may not just be moved.
    heard: bool,
    slewing: bool,
    concealed: usize,
    late_run: u32,
    trim_samples: i64,
    /// The trim in force, on its way to the one that was set.
    trim_now: i64,
    stats: PlayoutStats,
}

#[derive(Debug)]
struct Waiting {
    payload: Bytes,
    samples: i64,
}

impl Playout {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a packet, in any order.
    pub fn push(&mut self, _now: Instant, packet: RtpIn) {
        if packet.kind != MediaKind::Audio {
            return;
        }
        if packet.payload.is_empty() {
            self.stats.empty += 1;
            return;
        }
        let Ok(samples) = packet_samples(&packet.payload) else {
            self.stats.malformed += 1;
            return;
        };
        let Some(timestamp) = i64::try_from(packet.timestamp).ok().filter(|&ticks| ticks < TIMESTAMP_MAX) else {
            self.stats.malformed += 1;
            return;
        };
        let samples = i64::try_from(samples).expect("at most 5760");
        let arrival = Arrival { seq: packet.seq, timestamp, at: packet.received_at };
        if self.line.as_ref().is_some_and(|line| line.breaks(arrival)) {
            self.restart();
        }
        let line = self.line.get_or_insert_with(|| Line::new(arrival));
        line.see(arrival);
        if self.position.is_some_and(|position| timestamp + samples <= position) {
            self.stats.late += 1;
            self.late_run += 1;
            if self.late_run < LATE_RUN_MAX {
                return;
            }
            self.restart();
            self.line = Some(Line::new(arrival));
        }
        self.late_run = 0;
        self.packets.insert(timestamp, Waiting { payload: packet.payload, samples });
        if self.packets.len() > PACKETS_MAX {
            self.packets.pop_first();
            self.stats.overflowed += 1;
        }
    }

    /// Delays this sound by `trim` more (at most [`TRIM_MAX`]); reached by slewing, so nothing clicks.
    pub fn set_trim(&mut self, trim: Duration) {
        let micros = i64::try_from(trim.min(TRIM_MAX).as_micros()).expect("at most 200 000");
        self.trim_samples = micros * 48 / 1000;
    }

    /// What happened since this was last asked.
    pub fn take_stats(&mut self) -> PlayoutStats {
        std::mem::take(&mut self.stats)
    }

    /// Before each block: holds the line to the time `at` at which the block's first sample is heard. `held` samples
    /// were pulled and not yet heard.
    pub fn align(&mut self, at: Instant, held: usize) -> Step {
        let whole = Step { take: BLOCK_SAMPLES, jumped: false };
        let Some(line) = &self.line else { return whole };
        let held = i64::try_from(held).expect("a few blocks");
        self.trim_now += if self.heard {
            (self.trim_samples - self.trim_now).clamp(-SLEW_SAMPLES_MAX, SLEW_SAMPLES_MAX)
        } else {
            self.trim_samples - self.trim_now
        };
        let wanted = line.heard_at(at) - self.trim_now;
        // Positive: ahead of the line, the host would be heard too early.
        let error = self.position.map_or(0, |position| position - held - wanted);
        let jumped = self.heard && error.abs() > JUMP_SAMPLES;
        if !self.heard || jumped || self.position.is_none() {
            self.position = Some(wanted + held);
            self.slewing = false;
            self.stats.jumps += u64::from(jumped);
            return Step { jumped, ..whole };
        }
        self.slewing = error.abs() > if self.slewing { SLEW_END_SAMPLES } else { SLEW_START_SAMPLES };
        let slew = if self.slewing { error.clamp(-SLEW_SAMPLES_MAX, SLEW_SAMPLES_MAX) } else { 0 };
        Step { take: BLOCK_SAMPLES.saturating_add_signed(-isize::try_from(slew).expect("at most 10")), jumped }
    }

    /// The next piece of the line; call until a block is full.
    pub fn pull(&mut self) -> Pull {
        let Some(position) = self.position else { return Pull::Silent { samples: BLOCK_SAMPLES } };
        // Bounded by PACKETS_MAX: each round takes one out.
        while let Some((&timestamp, waiting)) = self.packets.first_key_value() {
            let end = timestamp + waiting.samples;
            if timestamp > position {
                let gap = usize::try_from(timestamp - position).expect("positive");
                let next = waiting.payload.clone();
                return self.missing(gap.min(BLOCK_SAMPLES), (gap <= BLOCK_SAMPLES).then_some(next));
            }
            let (_key, waiting) = self.packets.pop_first().expect("it was just looked at");
            // Of a packet that overlaps what was heard, half must be left: a stream of overlaps would cost far more
            // decoding than it sounds.
            if 2 * (end - position) >= waiting.samples {
                self.position = Some(end);
                (self.heard, self.concealed) = (true, 0);
                let samples = usize::try_from(waiting.samples).expect("at most 5760");
                let skip = usize::try_from(position - timestamp).expect("not negative");
                return Pull::Packet { payload: waiting.payload, samples, skip };
            }
        }
        self.missing(BLOCK_SAMPLES, None)
    }

    /// Moves the line on by `samples` that the caller filled himself.
    pub fn pass(&mut self, samples: usize) {
        let samples = i64::try_from(samples).expect("a few blocks");
        self.position = self.position.map(|position| position + samples);
    }

    /// Takes the line anew at the next block, however far that is: after time was skipped.
    pub fn release(&mut self) {
        (self.heard, self.concealed) = (false, 0);
    }

    fn missing(&mut self, samples: usize, next: Option<Bytes>) -> Pull {
        self.pass(samples);
        if self.heard && self.concealed < CONCEAL_SAMPLES_MAX {
            self.concealed += samples;
            self.stats.concealed_samples += samples as u64;
            return Pull::Lost { samples, next };
        }
        self.heard = false;
        Pull::Silent { samples }
    }

    fn restart(&mut self) {
        self.stats.restarts += 1;
        self.packets.clear();
        (self.line, self.position) = (None, None);
        (self.heard, self.late_run, self.concealed) = (false, 0, 0);
    }
}

#[derive(Debug, Clone, Copy)]
struct Arrival {
    seq: ExtSeq,
    timestamp: i64,
    at: Instant,
}

/// The map from timestamps to the time of their arrival at best.
#[derive(Debug)]
struct Line {
    /// What transits are counted from.
    base: Arrival,
    /// The packet with the highest sequence number.
    newest: Arrival,
    /// The least transit of this window and of the one before, nanoseconds against `base`.
    least: [i64; 2],
    window_end: Instant,
}

impl Line {
    fn new(first: Arrival) -> Self {
        Self { base: first, newest: first, least: [0; 2], window_end: first.at + TRANSIT_WINDOW }
    }

    /// Whether `next` cannot belong to this stream: its timestamp moved otherwise than time did.
    fn breaks(&self, next: Arrival) -> bool {
        next.seq > self.newest.seq && (transit(self.newest, next)).abs() > BREAK_NS
    }

    fn see(&mut self, next: Arrival) {
        if next.seq > self.newest.seq {
            self.newest = next;
        }
        let transit = transit(self.base, next);
        if next.at >= self.window_end {
            self.window_end = next.at + TRANSIT_WINDOW;
            self.least = [transit, self.least[0]];
        }
        self.least[0] = self.least[0].min(transit);
    }

    /// The timestamp that is heard at `at`, without trim.
    fn heard_at(&self, at: Instant) -> i64 {
        let least = i128::from(self.least[0].min(self.least[1]));
        let delay = i128::try_from(PLAYOUT_DELAY.as_nanos()).expect("60 ms");
        let since = i128::from(nanoseconds(self.base.at, at)) - least - delay;
        // 48 kHz: three samples are 62,500 ns, so blocks of 20 ms are 960 samples apart to the sample.
        let samples = (since * 3).div_euclid(62_500);
        self.base.timestamp.saturating_add(i64::try_from(samples).expect("an i64 of nanoseconds, divided"))
    }
}

/// How much longer `next` was on its way than `base`, nanoseconds.
fn transit(base: Arrival, next: Arrival) -> i64 {
    let sent = i128::from(next.timestamp - base.timestamp) * 62_500 / 3;
    let late = i128::from(nanoseconds(base.at, next.at)) - sent;
    i64::try_from(late).unwrap_or(if late < 0 { i64::MIN / 2 } else { i64::MAX / 2 })
}

/// `to − from`, nanoseconds.
fn nanoseconds(from: Instant, to: Instant) -> i64 {
    let positive = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX / 2);
    match to.checked_duration_since(from) {
        Some(after) => positive(after),
        None => -positive(from.saturating_duration_since(to)),
    }
}

#[cfg(test)]
mod tests;
