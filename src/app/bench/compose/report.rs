//! What a run of `costage bench compose` found: JSON for machines, a table and what it shows for people.

use super::claims::Claim;
use super::glyphs::NewGlyphs;
use super::kernels::KernelRow;
use super::quality::Quality;
use super::rival::Peer;
use super::rounds::{Plan, Spread};
use super::text::TextFigures;
use crate::app::bench::machine::Machine;
use serde::Serialize;
use std::fmt;

/// One figure of each rival, ms a picture; `None` where it is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Peers<T> {
    pub(super) libyuv: Option<T>,
    pub(super) ffmpeg: Option<T>,
    pub(super) gstreamer: Option<T>,
}

impl<T: Copy> Peers<T> {
    pub(super) fn of(&self, peer: Peer) -> Option<T> {
        match peer {
            Peer::Libyuv => self.libyuv,
            Peer::Ffmpeg => self.ffmpeg,
            Peer::Gstreamer => self.gstreamer,
        }
    }

    /// Each rival's by `figure`.
    pub(super) fn by(mut figure: impl FnMut(Peer) -> Option<T>) -> Self {
        Self { libyuv: figure(Peer::Libyuv), ffmpeg: figure(Peer::Ffmpeg), gstreamer: figure(Peer::Gstreamer) }
    }
}

/// How far apart the rounds were.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Spreads {
    pub(super) ours: Spread,
    pub(super) floor: Spread,
    pub(super) peers: Peers<Spread>,
}

/// A layout at a level, in milliseconds of CPU time a picture: medians of the rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) layout: &'static str,
    pub(super) level: String,
    /// Pictures of each source, taken in turn.
    pub(super) frames: u32,
    pub(super) ms: f64,
    /// What the memory alone takes, by the same instructions.
    pub(super) floor_ms: f64,
    /// libyuv's box, ffmpeg's bicubic, GStreamer's default (cubic).
    pub(super) peers: Peers<f64>,
    /// Bilinear: quicker, and no match for a picture that shrinks to a third.
    pub(super) others: Peers<f64>,
    pub(super) spread: Spreads,
}

impl Row {
    /// By whichever filter it is faster; `None` unless both were measured.
    pub(super) fn fastest_libyuv(&self) -> Option<f64> {
        self.peers.libyuv.zip(self.others.libyuv).map(|(one, other)| one.min(other))
    }
}

/// What a rival is, or why it is absent: the first reason that it gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Seen {
    pub(super) name: &'static str,
    pub(super) version: Option<String>,
    pub(super) absent: Option<String>,
}

/// All figures of a run.
#[derive(Debug, Clone, Serialize)]
pub(in crate::app::bench) struct Report {
    pub(super) bench: &'static str,
    pub(super) date: String,
    pub(super) commit: String,
    pub(super) machine: Machine,
    /// The best level of the run.
    pub(super) simd: String,
    /// What else the machine did, processes that ran or waited to: before and after, over the last minute.
    pub(super) load: [f64; 2],
    pub(super) rounds: u32,
    pub(super) turn_ms: u64,
    /// Pictures of each source, taken in turn.
    pub(super) rivals: Vec<Seen>,
    /// One for each layout and level.
    pub(super) rows: Vec<Row>,
    /// The same for plain copies.
    pub(super) copies: Vec<Row>,
    pub(super) text: TextFigures,
    /// Each kernel at each level beside its scalar.
    pub(super) kernels: Vec<KernelRow>,
    pub(super) quality: Vec<Quality>,
    pub(super) claims: Vec<Claim>,
}

impl Report {
    /// The plan's part of it.
    pub(super) fn planned(plan: Plan) -> (u32, u64) {
        (plan.rounds, u64::try_from(plan.turn.as_millis()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, turn_ms, load: [before, after], .. } = self;
        writeln!(f, "compose: medians of {rounds} interleaved rounds of {turn_ms} ms")?;
        let Machine { cpu, cores, .. } = &self.machine;
        writeln!(f, "{cpu}, {cores} cores, {}, commit {}, {}", self.simd, self.commit, self.date)?;
        writeln!(f, "load {before} before, {after} after; all figures are ms of CPU time a picture, one thread")?;
        for Seen { name, version, absent } in &self.rivals {
            match (version, absent) {
                (Some(version), None) => writeln!(f, "{name}: {version}")?,
                (_, Some(reason)) => writeln!(f, "{name}: absent ({reason})")?,
                (None, None) => writeln!(f, "{name}: left out")?,
            }
        }
        let heads =
            ["pictures", "floor", "ms", "x floor", "low", "high", "libyuv", "ffmpeg", "gstreamer", "x", "x", "x"];
        write!(f, "\n{:<17}{:<8}", "layout", "level")?;
        heads.iter().try_for_each(|head| write!(f, "{head:>10}"))?;
        for row in self.rows.iter().chain(&self.copies) {
            write!(f, "\n{row}")?;
        }
        writeln!(f, "\n\nlesser filters       libyuv bilinear  ffmpeg bilinear gstreamer linear")?;
        let mut layouts: Vec<_> = self.rows.iter().chain(&self.copies).collect();
        layouts.dedup_by_key(|row| row.layout);
        for Row { layout, others, .. } in layouts {
            write!(f, "{layout:<19}")?;
            Peer::ALL.iter().try_for_each(|peer| write!(f, "{:>17}", Figure(others.of(*peer), 3).to_string()))?;
            writeln!(f)?;
        }
        let TextFigures { level, names_and_badges, bar_change, mark_change, new_glyphs } = &self.text;
        let texts = [
            ("nine names and badges, a frame", names_and_badges),
            ("a score change, bar of two", bar_change),
            ("a score change, mark of nine", mark_change),
        ];
        writeln!(f)?;
        for (what, spread) in texts {
            let ms = |of: fn(&Spread) -> f64| Figure(spread.as_ref().map(of), 4);
            writeln!(f, "{what:<32}{level:<8}{} ({} to {})", ms(|it| it.ms), ms(|it| it.low), ms(|it| it.high))?;
        }
        if let Some(NewGlyphs { scripts, scenes, frames, ms, max_ms, wall_max_ms, .. }) = new_glyphs {
            let what = "later for nine names of new glyphs";
            writeln!(
                f,
                "{what:<34}  {level:<8}{ms:.4} (max {max_ms:.4}, with waiting for a core {wall_max_ms:.4}), {scenes} times in"
            )?;
            writeln!(f, "    {frames} frames; {}", scripts.join(", "))?;
        }
        writeln!(f, "\nkernel            level   us a call    scalar         x")?;
        for row in &self.kernels {
            let KernelRow { kernel, level, us, scalar_us } = row;
            writeln!(f, "{kernel:<18}{level:<8}{us:>9.2}{scalar_us:>10.2}{:>10.1}", row.gain())?;
        }
        writeln!(f, "\nPSNR against Lanczos3, dB        ours  libyuv box  libyuv bilinear")?;
        for Quality { ratio, ours, boxed, bilinear } in &self.quality {
            let [boxed, bilinear] = [boxed, bilinear].map(|psnr| Figure(*psnr, 3).to_string());
            writeln!(f, "{ratio:>6.2}:1{ours:>28.3}{boxed:>12}{bilinear:>17}")?;
        }
        writeln!(f, "\n{:<72}{:>10}", "must hold", "measured")?;
        let lines = self.claims.iter().map(|Claim { claim, measured, verdict }| {
            format!("{claim:<72}{:>10}  {verdict}", Figure(*measured, 3).to_string())
        });
        write!(f, "{}", lines.collect::<Vec<_>>().join("\n"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layout, level, frames, ms, floor_ms, peers, spread, .. } = self;
        write!(f, "{layout:<17}{level:<8}{frames:>10}{floor_ms:>10.3}{ms:>10.3}{:>10.2}", ms / floor_ms)?;
        write!(f, "{:>10.3}{:>10.3}", spread.ours.low, spread.ours.high)?;
        Peer::ALL.iter().try_for_each(|peer| write!(f, "{:>10}", Figure(peers.of(*peer), 3).to_string()))?;
        let times = |peer: &Peer| Figure(peers.of(*peer).map(|peer| peer / ms), 1).to_string();
        Peer::ALL.iter().try_for_each(|peer| write!(f, "{:>10}", times(peer)))
    }
}

/// A figure with so many digits after the point, or a dash for none.
struct Figure(Option<f64>, usize);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Some(value), digits) => write!(f, "{value:.digits$}"),
            Self(None, _) => f.write_str("-"),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::claims;
    use super::*;

    /// A row of a floor of 0.16 ms and rivals of 1.8, 2 and 6 ms, bilinear a fifth less.
    pub(in crate::app::bench::compose) fn row(layout: &'static str, level: &str, ms: f64) -> Row {
        let peers = Peers { libyuv: Some(1.8), ffmpeg: Some(2.0), gstreamer: Some(6.0) };
        let others = Peers::by(|peer| peers.of(peer).map(|ms| ms * 0.8));
        let spread = |ms| Spread { ms, low: ms, high: ms };
        let spread = Spreads { ours: spread(ms), floor: spread(0.16), peers: Peers::by(|it| peers.of(it).map(spread)) };
        Row { layout, level: level.to_owned(), frames: 4, ms, floor_ms: 0.16, peers, others, spread }
    }

    fn report() -> Report {
        let mut absent = row("4x720p-720p", "scalar", 0.9);
        (absent.peers.gstreamer, absent.others.gstreamer) = (None, None);
        let rows = vec![row("9x360p-720p", "avx2", 0.25), absent];
        let level = "avx2".to_owned();
        let (names_and_badges, bar_change, mark_change, new_glyphs) = (None, None, None, None);
        let text = TextFigures { level, names_and_badges, bar_change, mark_change, new_glyphs };
        let seen = |name, version: Option<&str>, absent: Option<&str>| Seen {
            name,
            version: version.map(str::to_owned),
            absent: absent.map(str::to_owned),
        };
        Report {
            bench: "compose",
            date: "2026-11-22T02:00:00Z".to_owned(),
            commit: "abc".to_owned(),
            machine: Machine::here(),
            simd: "avx2".to_owned(),
            load: [0.5, 1.5],
            rounds: 3,
            turn_ms: 20,
            rivals: vec![seen("libyuv", Some("libyuv 1860"), None), seen("gstreamer", None, Some("not built"))],
            claims: claims::judge(&rows, &[], &text, &[], &[]),
            kernels: Vec::new(),
            quality: Vec::new(),
            rows,
            copies: Vec::new(),
            text,
        }
    }

    #[test]
    fn json_has_a_row_for_each_layout_and_level_with_null_for_absent_rivals() {
        let json = serde_json::to_value(report()).unwrap();
        let row = &json["rows"][0];
        assert_eq!((&row["layout"], &row["level"]), (&"9x360p-720p".into(), &"avx2".into()));
        assert_eq!((&row["ms"], &row["floor_ms"]), (&0.25.into(), &0.16.into()));
        assert_eq!(row["peers"], serde_json::json!({"libyuv": 1.8, "ffmpeg": 2.0, "gstreamer": 6.0}));
        assert!(json["rows"][1]["peers"]["gstreamer"].is_null());
        assert_eq!(row["spread"]["ours"], serde_json::json!({"ms": 0.25, "low": 0.25, "high": 0.25}));
        for field in ["machine", "simd", "commit", "date"] {
            assert!(!json[field].is_null(), "{field}");
        }
        assert_eq!(json["claims"][0]["verdict"], "not shown");
        assert!(json["claims"][0]["measured"].is_null());
    }

    #[test]
    fn the_table_has_every_row_and_says_of_every_claim_what_is_shown() {
        let report = report();
        let table = report.to_string();
        assert!(table.contains("gstreamer: absent (not built)"), "{table}");
        for claim in &report.claims {
            let line = table.lines().find(|line| line.starts_with(&claim.claim)).expect("each has its line");
            assert!(line.ends_with(&claim.verdict.to_string()), "{line}");
        }
        let row = table.lines().find(|line| line.starts_with("4x720p-720p")).expect("a line for each row");
        assert_eq!(row.split_whitespace().nth(1), Some("scalar"));
        assert_eq!(row.split_whitespace().last(), Some("-"));
    }
}
