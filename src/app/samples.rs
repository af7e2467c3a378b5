//! Where the latency samples of mixed frames go: histograms at `/metrics`, and a CSV file when one is configured.

use crate::engine::bounded::{Bell, Policy, Receiver, Sender, bounded};
use crate::engine::trace::{Sample, Samples};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Samples that may wait for the disk: 30 s of two hosts at 60 fps.
const WAITING_MAX: usize = 4_096;
/// How often the file is brought up to date.
const FLUSH_INTERVAL: Duration = Duration::from_millis(200);
/// First line of the trace file: one line follows per source frame that a viewer was sent, durations in microseconds.
pub const TRACE_HEADER: &str =
    "source_id,rtp_timestamp,reorder_us,decode_us,wait_us,compose_us,encode_us,send_us,mixing_us";

/// Histograms of every stage, and the trace file. The file is complete when this is dropped.
pub struct FrameSamples {
    stages: Stages,
    mixing: metrics::Histogram,
    trace: Option<Trace>,
}

/// Each stage's histogram, and its part of a sample.
type Stages = [(metrics::Histogram, fn(&Sample) -> Duration); 6];

impl FrameSamples {
    /// Registers the histograms; with `trace_file` also writes each sample there (created, or emptied).
    ///
    /// # Errors
    /// When the file cannot be created, or its thread cannot be started.
    pub fn new(trace_file: Option<&Path>) -> std::io::Result<Self> {
        let stage = |name: &'static str| metrics::histogram!("costage_mixing_stage_seconds", "stage" => name);
        let stages: Stages = [
            (stage("reorder"), |sample| sample.reorder),
            (stage("decode"), |sample| sample.decode),
            (stage("wait"), |sample| sample.wait),
            (stage("compose"), |sample| sample.compose),
            (stage("encode"), |sample| sample.encode),
            (stage("send"), |sample| sample.send),
        ];
        let mixing = metrics::histogram!("costage_mixing_seconds");
        Ok(Self { stages, mixing, trace: trace_file.map(Trace::create).transpose()? })
    }
}

impl Samples for FrameSamples {
    fn frame(&self, sample: &Sample) {
        self.stages.iter().for_each(|(histogram, part)| histogram.record(part(sample)));
        self.mixing.record(sample.mixing);
        if let Some(trace) = &self.trace {
            trace.lines.put(*sample);
        }
    }
}

struct Trace {
    lines: Sender<Sample>,
    ended: Arc<AtomicBool>,
    bell: Arc<Bell>,
    writer: Option<JoinHandle<()>>,
}

impl Trace {
    fn create(path: &Path) -> std::io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "{TRACE_HEADER}")?;
        let bell = Arc::new(Bell::default());
        let ended = Arc::new(AtomicBool::new(false));
        // The queue rings a bell that nobody hears: samples come from packet threads, and waking the writer for each
        // would cost them a system call. It looks by itself.
        let (lines, waiting) = bounded(WAITING_MAX, Policy::DropOldest, &Arc::default());
        let (their_bell, their_end) = (Arc::clone(&bell), Arc::clone(&ended));
        let writer = std::thread::Builder::new().name("trace".into()).spawn(move || {
            if let Err(error) = write_lines(&mut file, &waiting, &their_bell, &their_end) {
                tracing::error!(%error, "the trace file is not written any more");
            }
        })?;
        Ok(Self { lines, ended, bell, writer: Some(writer) })
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        self.bell.ring();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the trace writer had panicked");
        }
    }
}

fn write_lines(
    file: &mut BufWriter<File>,
    waiting: &Receiver<Sample>,
    bell: &Bell,
    ended: &AtomicBool,
) -> std::io::Result<()> {
    loop {
        let last = ended.load(Ordering::Acquire);
        while let Some(sample) = waiting.next() {
            write_line(file, &sample)?;
        }
        let dropped = waiting.take_dropped();
        if dropped > 0 {
            tracing::warn!(dropped, "trace samples lost: the disk is too slow");
        }
        file.flush()?;
        if last {
            return Ok(());
        }
        let now = Instant::now();
        bell.wait(now, Some(now + FLUSH_INTERVAL), || !ended.load(Ordering::Acquire));
    }
}

fn write_line(file: &mut impl Write, sample: &Sample) -> std::io::Result<()> {
    let Sample { source, timestamp, reorder, decode, wait, compose, encode, send, mixing } = sample;
    write!(file, "{},{timestamp}", source.0)?;
    for part in [reorder, decode, wait, compose, encode, send, mixing] {
        write!(file, ",{}", part.as_micros())?;
    }
    writeln!(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use costage_media::scene::SourceId;

    #[test]
    fn every_sample_is_in_the_file_when_the_samples_are_dropped() {
        let path = std::env::temp_dir().join(format!("costage-trace-{}.csv", std::process::id()));
        let micros = Duration::from_micros;
        let sample = Sample {
            source: SourceId(3),
            timestamp: 90_000,
            reorder: micros(1),
            decode: micros(2),
            wait: micros(3),
            compose: micros(4),
            encode: micros(5),
            send: micros(6),
            mixing: micros(21),
        };
        let samples = FrameSamples::new(Some(&path)).expect("a writable temporary folder");
        samples.frame(&sample);
        samples.frame(&Sample { timestamp: 93_000, ..sample });
        drop(samples);
        let text = std::fs::read_to_string(&path).expect("the file is there");
        std::fs::remove_file(&path).expect("and is ours");
        assert_eq!(text, format!("{TRACE_HEADER}\n3,90000,1,2,3,4,5,6,21\n3,93000,1,2,3,4,5,6,21\n"));
    }
}
