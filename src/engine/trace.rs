//! What one frame's way through the mix took, stage by stage: the headline figure of the product.

use costage_media::scene::SourceId;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A source frame on its way to a mixed one. Each moment is taken right after the step it names.
#[derive(Debug, Clone, Copy)]
pub struct SourceStamp {
    /// Whose frame.
    pub source: SourceId,
    /// Its RTP timestamp as the host sent it.
    pub timestamp: u32,
    /// Return of the receive call for its last packet to arrive.
    pub arrived: Instant,
    /// Handed to the decoder.
    pub whole: Instant,
    /// Decoded.
    pub decoded: Instant,
    /// Scaled into its tile.
    pub painted: Instant,
}

/// The mixed frame that first shows some source frames.
#[derive(Debug)]
pub struct FrameTrace {
    /// The source frames that this mixed frame is the first to show.
    pub shows: Vec<SourceStamp>,
    /// Composition began.
    pub started: Instant,
    /// Overlays blended.
    pub composed: Instant,
    /// Encoded and packetised.
    pub encoded: Instant,
    sent: OnceLock<()>,
}

impl FrameTrace {
    /// A trace of a frame that has not been sent yet.
    #[must_use]
    pub fn new(shows: Vec<SourceStamp>, started: Instant, composed: Instant, encoded: Instant) -> Self {
        Self { shows, started, composed, encoded, sent: OnceLock::new() }
    }

    /// Reports each source frame once, by the first shard that has sent the mixed frame to all of its viewers.
    pub fn sent(&self, now: Instant, samples: &dyn Samples) {
        if self.sent.set(()).is_ok() {
            self.shows.iter().for_each(|stamp| samples.frame(&self.sample(stamp, now)));
        }
    }

    fn sample(&self, stamp: &SourceStamp, sent: Instant) -> Sample {
        let between = |from: Instant, to: Instant| to.saturating_duration_since(from);
        Sample {
            source: stamp.source,
            timestamp: stamp.timestamp,
            reorder: between(stamp.arrived, stamp.whole),
            decode: between(stamp.whole, stamp.decoded),
            wait: between(stamp.painted, self.started),
            compose: between(stamp.decoded, stamp.painted) + between(self.started, self.composed),
            encode: between(self.composed, self.encoded),
            send: between(self.encoded, sent),
            mixing: between(stamp.arrived, sent),
        }
    }
}

/// One source frame's stages; they add up to `mixing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Whose frame.
    pub source: SourceId,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// Last packet in → handed to the decoder, queues between threads included.
    pub reorder: Duration,
    /// In the decoder.
    pub decode: Duration,
    /// Painted → composition of the mixed frame begins.
    pub wait: Duration,
    /// Painting the tile and blending the overlays.
    pub compose: Duration,
    /// Encoding and packetising.
    pub encode: Duration,
    /// Packets out, queues between threads included.
    pub send: Duration,
    /// Return of the receive call for its last packet → return of the send call for the mixed frame's last packet.
    pub mixing: Duration,
}

/// Where samples go: `app` fills histograms and the trace file. Called on packet threads: must not block.
pub trait Samples: Send + Sync {
    /// One source frame was shown for the first time.
    fn frame(&self, sample: &Sample);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Kept(Mutex<Vec<Sample>>);

    impl Samples for Kept {
        fn frame(&self, sample: &Sample) {
            self.0.lock().expect("one thread").push(*sample);
        }
    }

    #[test]
    fn stages_add_up_and_a_frame_is_reported_once() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let stamp = SourceStamp {
            source: SourceId(7),
            timestamp: 90,
            arrived: at(0),
            whole: at(1),
            decoded: at(4),
            painted: at(5),
        };
        let trace = FrameTrace::new(vec![stamp], at(11), at(12), at(16));
        let kept = Kept::default();
        trace.sent(at(18), &kept);
        trace.sent(at(30), &kept);
        let samples = kept.0.lock().expect("one thread");
        let [sample] = samples.as_slice() else { panic!("one sample, found {}", samples.len()) };
        assert_eq!(sample.mixing, Duration::from_millis(18));
        let sum = sample.reorder + sample.decode + sample.wait + sample.compose + sample.encode + sample.send;
        assert_eq!(sum, sample.mixing);
    }
}
