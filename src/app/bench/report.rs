//! What a run found: JSON for machines, a table for people.

use super::changes::{Changes, Flow};
use super::machine::Machine;
use super::percentiles::{Percentiles, rounded};
use super::tiles::{Observed, glass, skews_ms};
use super::trace::{TraceRow, within};
use crate::client::performance::SentPicture;
use anyhow::ensure;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

/// What was asked for.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Setup {
    pub(super) hosts: usize,
    pub(super) source: String,
    pub(super) canvas: String,
    pub(super) max_fps: u32,
    pub(super) seconds: u64,
    pub(super) warmup_seconds: u64,
    /// Frames per second of each host.
    pub(super) host_fps: Vec<f64>,
}

/// The stages of a source frame's way, ms. Per frame they add up to `mixing_ms`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Stages {
    reorder: Percentiles,
    decode: Percentiles,
    wait: Percentiles,
    compose: Percentiles,
    encode: Percentiles,
    send: Percentiles,
}

/// All figures of a run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    bench: &'static str,
    date: String,
    commit: String,
    machine: Machine,
    simd: String,
    setup: Setup,
    /// Capture of a source frame → the viewer has decoded the first mixed frame that shows it.
    glass_ms: Percentiles,
    /// In the server: last packet of a source frame in → last packet of the first mixed frame that shows it out.
    mixing_ms: Percentiles,
    stages_ms: Stages,
    /// The largest distance of a frame's stages, summed, from its `mixing_ms`: what is accounted to no stage.
    stages_residual_ms: f64,
    /// Distance of flash and beep in capture time, without its sign.
    av_skew_ms: Percentiles,
    /// Its mean with the sign: positive when the sound is late.
    av_skew_mean_ms: f64,
    /// Mixed frames a second at the viewer.
    fps: f64,
    /// Source frames that were seen in the mix, of those sent.
    shown_share: f64,
    /// Cores that the server process used.
    cpu_cores: f64,
    /// Cores that hosts and viewer used: what the server did not have.
    client_cpu_cores: f64,
    /// Video of the mix at the viewer, RTP payload, bits per second.
    bitrate_bps: u64,
    /// Freezes at the viewer, as browsers count them.
    freezes: u64,
    /// Tiles of decoded pictures whose number could not be read.
    unreadable_tiles: usize,
    /// After the measured time: what the viewer missed while everybody changed places.
    layout_changes: Option<Changes>,
}

/// What a run brought home.
pub(super) struct Findings {
    pub(super) date: String,
    pub(super) commit: String,
    pub(super) simd: String,
    pub(super) setup: Setup,
    /// The measured window.
    pub(super) from: Instant,
    pub(super) until: Instant,
    /// What each host sent.
    pub(super) sent: Vec<Vec<SentPicture>>,
    pub(super) observed: Observed,
    pub(super) trace: Vec<TraceRow>,
    pub(super) server_cpu: Duration,
    pub(super) client_cpu: Duration,
    pub(super) freezes: u64,
    /// `None` where there was nobody to change places with.
    pub(super) changes: Option<Changes>,
}

impl Report {
    /// Reckons all figures.
    ///
    /// # Errors
    /// When one of the sources of figures is empty: a figure is never made up.
    pub(super) fn new(findings: Findings) -> anyhow::Result<Self> {
        let window = findings.until.saturating_duration_since(findings.from).as_secs_f64();
        let in_window = |at: &Instant| (findings.from..findings.until).contains(at);
        let pictures: Vec<_> = findings.observed.pictures.iter().filter(|picture| in_window(&picture.at)).collect();
        ensure!(!pictures.is_empty(), "the viewer decoded no picture of the mix in the measured time");

        let seen = findings.observed.hosts.iter().zip(&findings.sent);
        let hosts: Vec<_> =
            seen.map(|(seen, sent)| glass(sent, &seen.sightings, findings.from, findings.until)).collect();
        let sent: usize = hosts.iter().map(|host| host.sent).sum();
        let latencies: Vec<f64> = hosts.into_iter().flat_map(|host| host.latencies_ms).collect();
        let shown_share = latencies.len() as f64 / sent.max(1) as f64;
        let glass_ms = figure("glass_ms: no source frame was read in the mix", latencies)?;

        let measured: BTreeSet<u32> = findings
            .sent
            .iter()
            .flatten()
            .filter(|frame| in_window(&frame.captured))
            .map(|frame| frame.timestamp)
            .collect();
        let rows = within(findings.trace, &measured);
        let mixing_ms = figure("mixing_ms: the server traced no measured frame", millis(&rows, |row| row.mixing_us))?;
        let residual = |row: &TraceRow| row.stages_us.iter().sum::<u64>().abs_diff(row.mixing_us);
        let stages_residual_ms = rows.iter().map(residual).max().unwrap_or_default() as f64 / 1_000.0;

        let skews: Vec<f64> =
            findings.observed.hosts.iter().flat_map(|host| skews_ms(host, findings.from, findings.until)).collect();
        let av_skew_mean_ms = rounded(skews.iter().sum::<f64>() / skews.len().max(1) as f64);
        let av_skew_ms =
            figure("av_skew_ms: no flash with a beep was found in the mix", skews.into_iter().map(f64::abs).collect())?;

        let bytes: usize = pictures.iter().map(|picture| picture.bytes).sum();
        Ok(Self {
            bench: "mixing",
            date: findings.date,
            commit: findings.commit,
            machine: Machine::here(),
            simd: findings.simd,
            setup: findings.setup,
            glass_ms,
            mixing_ms,
            stages_ms: Stages::of(&rows)?,
            stages_residual_ms,
            av_skew_ms,
            av_skew_mean_ms,
            fps: rounded(pictures.len() as f64 / window),
            shown_share: rounded(shown_share),
            cpu_cores: rounded(findings.server_cpu.as_secs_f64() / window),
            client_cpu_cores: rounded(findings.client_cpu.as_secs_f64() / window),
            bitrate_bps: bits_per_second(bytes, findings.until.saturating_duration_since(findings.from)),
            freezes: findings.freezes,
            unreadable_tiles: findings.observed.hosts.iter().map(|host| host.unreadable).sum(),
            layout_changes: findings.changes,
        })
    }
}

impl Stages {
    fn of(rows: &[TraceRow]) -> anyhow::Result<Self> {
        let stage =
            |at: usize| figure("stages_ms: the server traced no measured frame", millis(rows, |row| row.stages_us[at]));
        Ok(Self {
            reorder: stage(0)?,
            decode: stage(1)?,
            wait: stage(2)?,
            compose: stage(3)?,
            encode: stage(4)?,
            send: stage(5)?,
        })
    }
}

fn figure(missing: &'static str, samples: Vec<f64>) -> anyhow::Result<Percentiles> {
    Percentiles::of(samples).ok_or_else(|| anyhow::anyhow!(missing))
}

fn millis(rows: &[TraceRow], micros: impl Fn(&TraceRow) -> u64) -> Vec<f64> {
    rows.iter().map(|row| micros(row) as f64 / 1_000.0).collect()
}

fn bits_per_second(bytes: usize, window: Duration) -> u64 {
    let bits = bytes as u128 * 8_000 / window.as_millis().max(1);
    u64::try_from(bits).unwrap_or(u64::MAX)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setup = &self.setup;
        writeln!(
            f,
            "mixing: {} hosts of {} → {}, at most {} fps, {} s measured",
            setup.hosts, setup.source, setup.canvas, setup.max_fps, setup.seconds
        )?;
        writeln!(
            f,
            "{}, {} cores, {}, commit {}, {}\n",
            self.machine.cpu, self.machine.cores, self.simd, self.commit, self.date
        )?;
        writeln!(f, "{:<22}{:>9}{:>9}{:>9}{:>9}", "ms", "p50", "p95", "p99", "samples")?;
        let stages = &self.stages_ms;
        let rows = [
            ("glass to glass", &self.glass_ms),
            ("mixing", &self.mixing_ms),
            ("  reorder", &stages.reorder),
            ("  decode", &stages.decode),
            ("  wait", &stages.wait),
            ("  compose", &stages.compose),
            ("  encode", &stages.encode),
            ("  send", &stages.send),
            ("sound/picture skew", &self.av_skew_ms),
        ];
        for (name, figure) in rows {
            let Percentiles { p50, p95, p99, samples } = figure;
            writeln!(f, "{name:<22}{p50:>9.2}{p95:>9.2}{p99:>9.2}{samples:>9}")?;
        }
        writeln!(f, "\n{:<22}{:>9.2}", "mixed frames/s", self.fps)?;
        writeln!(f, "{:<22}{:>8.1}%", "source frames shown", self.shown_share * 100.0)?;
        writeln!(f, "{:<22}{:>9.3}", "server cores", self.cpu_cores)?;
        writeln!(f, "{:<22}{:>9.3}", "client cores", self.client_cpu_cores)?;
        writeln!(f, "{:<22}{:>9.0}", "mix kbit/s", self.bitrate_bps as f64 / 1_000.0)?;
        writeln!(f, "{:<22}{:>9}", "freezes", self.freezes)?;
        write!(f, "{:<22}{:>+9.2}", "mean skew, ms", self.av_skew_mean_ms)?;
        let Some(Changes { changes, moving, standing, verdict }) = self.layout_changes else { return Ok(()) };
        write!(f, "\n\n{:<38}{:>9}{:>9}{:>9}{:>16}", "mixed pictures", "came", "missed", "late", "longest gap, ms")?;
        for (when, flow) in [
            (format!("in the second after {changes} layout changes"), moving),
            ("in the measured time".to_owned(), standing),
        ] {
            let Flow { pictures, missed, late, longest_gap_ms } = flow;
            write!(f, "\n{when:<38}{pictures:>9}{missed:>9}{late:>9}{longest_gap_ms:>16.1}")?;
        }
        write!(f, "\n{:<38}{verdict:>9}", "a layout change misses no picture")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tiles::{HostSeen, Picture, Sighting};
    use super::*;
    use costage_media::time::Ntp;
    use std::sync::Arc;

    /// One host of 30 fps for two seconds, each frame seen 50 ms later, each second's flash with a beep 12 ms later.
    fn findings() -> Findings {
        let from = Instant::now();
        let frame = |index: u32| SentPicture {
            position: index as usize,
            index: u64::from(index),
            captured: from + Duration::from_millis(u64::from(index) * 33),
            timestamp: index * 3_000,
            fragments: Arc::from([]),
        };
        let sent: Vec<_> = (0..60).map(frame).collect();
        let late = Duration::from_millis(50);
        let at = |ms| Ntp(1 << 40).plus(Duration::from_millis(ms));
        let mut host = HostSeen::default();
        host.sightings =
            sent.iter().map(|frame| Sighting { position: frame.position, at: frame.captured + late }).collect();
        (host.flashes, host.beeps) = (vec![(from, at(0)), (from + late, at(1_000))], vec![at(12), at(1_012)]);
        let pictures = sent.iter().map(|frame| Picture { at: frame.captured, captured: None, bytes: 1_000 }).collect();
        let row = |frame: &SentPicture| TraceRow {
            source: 1,
            timestamp: frame.timestamp,
            stages_us: [100, 2_000, 5_000, 50, 3_000, 150],
            mixing_us: 10_300,
        };
        let setup = Setup {
            hosts: 1,
            source: "1280x720".to_owned(),
            canvas: "720x1280".to_owned(),
            max_fps: 30,
            seconds: 2,
            warmup_seconds: 0,
            host_fps: vec![30.0],
        };
        Findings {
            date: String::new(),
            commit: String::new(),
            simd: String::new(),
            setup,
            from,
            until: from + Duration::from_secs(2),
            trace: sent.iter().map(row).collect(),
            sent: vec![sent],
            observed: Observed { hosts: vec![host], pictures },
            server_cpu: Duration::from_millis(400),
            client_cpu: Duration::from_millis(200),
            freezes: 0,
            changes: None,
        }
    }

    #[test]
    fn a_report_says_what_was_found() {
        let report = Report::new(findings()).expect("all figures are there");
        assert_eq!((report.glass_ms.p50, report.glass_ms.samples), (50.0, 60));
        assert_eq!((report.mixing_ms.p99, report.stages_ms.wait.p50, report.stages_residual_ms), (10.3, 5.0, 0.0));
        // NTP fractions round down, by less than a microsecond each.
        assert!((report.av_skew_ms.p50 - 12.0).abs() < 0.01 && (report.av_skew_mean_ms - 12.0).abs() < 0.01);
        assert_eq!((report.fps, report.shown_share, report.cpu_cores), (30.0, 1.0, 0.2));
        assert_eq!(report.bitrate_bps, 240_000);
        assert!(report.to_string().ends_with("mean skew, ms            +12.00"), "nobody has changed places: {report}");
        let json = serde_json::to_value(&report).expect("plain data");
        for field in ["glass_ms", "mixing_ms", "stages_ms", "av_skew_ms"] {
            assert!(json[field].is_object(), "{field}");
        }
    }

    #[test]
    fn a_run_without_trace_pictures_or_beeps_is_an_error_that_says_so() {
        let error = |spoil: fn(&mut Findings)| {
            let mut findings = findings();
            spoil(&mut findings);
            Report::new(findings).expect_err("a source of figures is empty").to_string()
        };
        assert!(error(|findings| findings.trace.clear()).contains("traced no measured frame"));
        assert!(error(|findings| findings.observed.pictures.clear()).contains("decoded no picture"));
        assert!(error(|findings| findings.observed.hosts[0].beeps.clear()).contains("flash"));
        assert!(error(|findings| findings.observed.hosts[0].sightings.clear()).contains("glass_ms"));
    }
}
