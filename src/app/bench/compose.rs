//! `costage bench compose`: the picture's cost beside the floor of the memory, libyuv, ffmpeg and GStreamer.
//!
//! ```text
//! for each layout:  sources ──► floor and ours at every level, each rival at two filters ──► rounds ──► medians ──► rows
//! rows, text ──► what must hold: met, MISSED or not shown
//! ```
//!
//! All take turns on one machine in one run, and each is charged the CPU time of its process or thread: other work on the
//! machine lengthens nobody's turn by the time it takes the core away, and what it does to caches meets all alike.

mod claims;
mod glyphs;
mod kernels;
mod layout;
mod ours;
mod picture;
mod quality;
mod report;
mod rival;
mod rounds;
mod text;

use self::layout::Layout;
use self::ours::{Floor, Ours};
use self::report::{Peers, Report, Row, Seen, Spreads};
use self::rival::{Peer, Rival};
use self::rounds::{Contender, Plan, Spread, interleave};
use super::machine::{self, Machine};
use crate::app::cast;
use crate::app::clock::SystemClock;
use crate::app::fonts;
use crate::engine::Clock;
use anyhow::Context;
use costage_media::kernel::{Kernels, Level};
use indicatif::ProgressBar;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

pub use rival::Wanted;

/// What `costage bench compose` can be told.
#[derive(Debug, Clone, clap::Args)]
pub struct ComposeArgs {
    /// Rounds: in each, everybody has a turn on every layout
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub rounds: u32,
    /// Milliseconds that a turn takes about
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub turn_ms: u64,
    /// Pictures of each source, taken in turn, so that caches do not flatter; when absent, so many that all sources of a layout
    /// are twice as large as the largest cache, where the system tells that, and 4 at least
    #[arg(long, value_parser = clap::value_parser!(u32).range(i64::from(FRAMES_MIN)..=i64::from(FRAMES_MAX)))]
    pub frames: Option<u32>,
    /// Rivals: what of them is missing is installed from Debian's packages, or left out
    #[arg(long, value_enum, default_value_t = Wanted::Install)]
    pub rivals: Wanted,
    /// Write the figures to this file, as JSON
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// Pictures of a source at least, and as many as rivals have room for.
const FRAMES_MIN: u32 = 4;
const FRAMES_MAX: u32 = 64;
/// What all pictures of a layout may take where nobody asks for more: every rival has them in a process of its own.
const SOURCES_BYTES_MAX: usize = 256 << 20;

impl ComposeArgs {
    /// Pictures of each source of a layout, in front of caches of so many bytes.
    fn frames(&self, layout: &Layout, largest_cache: usize) -> u32 {
        self.frames.unwrap_or_else(|| {
            let wanted = (2 * largest_cache).min(SOURCES_BYTES_MAX) / layout.bytes() + 1;
            u32::try_from(wanted).unwrap_or(FRAMES_MAX).clamp(FRAMES_MIN, FRAMES_MAX)
        })
    }
}

/// Measures all layouts at all levels.
///
/// # Errors
/// When our own figures cannot be had. A rival that is missing or fails is said to be absent, and is no error.
pub(super) fn run(args: &ComposeArgs) -> anyhow::Result<Report> {
    // Names in all scripts, as the server has them.
    fonts::bring(&["auto".to_owned()], "")?;
    let no_rivals = rival::set_up(args.rivals).err().map(|error| format!("{error:#}"));
    let frames = args.frames.unwrap_or(FRAMES_MIN);
    let plan = Plan { rounds: args.rounds, turn: Duration::from_millis(args.turn_ms), frames };
    let largest_cache = machine::largest_cache().unwrap_or(0);
    let levels = levels();
    let best = *levels.last().context("a processor has at least the scalar level")?;
    let (wanted, bar) = (args.rivals, cast::progress("Composing"));
    let mut stand = Stand { plan, wanted, no_rivals, seen: Vec::new(), bar };
    let before = load();
    let layouts = Layout::all();
    stand.bar.set_length((layouts.len() as u64 + 1) * u64::from(plan.rounds));
    let mut rows = Vec::new();
    for layout in &layouts {
        rows.extend(stand.rows(layout, args.frames(layout, largest_cache), &levels)?);
    }
    let copies = Layout::copies();
    let copies = stand.rows(&copies, args.frames(&copies, largest_cache), &levels)?;
    let text = text::measure(best, plan);
    let kernels = kernels::measure(&levels, plan);
    let quality =
        quality::measure(best, |filter, layout, expected| stand.enter(Peer::Libyuv, filter, layout, expected));
    stand.bar.finish_and_clear();
    let (rounds, turn_ms) = Report::planned(plan);
    Ok(Report {
        bench: "compose",
        date: machine::date(SystemClock.wall_ms()),
        commit: machine::commit(),
        machine: Machine::here(),
        simd: best.to_string(),
        load: [before, load()],
        rounds,
        turn_ms,
        rivals: stand.seen,
        claims: claims::judge(&rows, &copies, &text, &quality, &kernels),
        rows,
        copies,
        text,
        kernels,
        quality,
    })
}

/// The SIMD levels of this processor and build, up to what COSTAGE_SIMD allows. The scalar is what they are held to, not what
/// anybody runs: it has rows only where there is nothing else, as with COSTAGE_SIMD=scalar.
fn levels() -> Vec<Level> {
    let wish = std::env::var("COSTAGE_SIMD").ok().and_then(|wish| Level::parse(&wish));
    let best = Kernels::pick(wish).level();
    let mut levels: Vec<_> =
        Level::ALL.into_iter().filter(|it| *it <= best && Kernels::new(*it).level() == *it).collect();
    if levels.len() > 1 {
        levels.remove(0);
    }
    levels
}

/// Processes that run or wait to, over the last minute; 0 where nobody knows.
fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or_default()
}

/// Where contenders meet.
struct Stand {
    plan: Plan,
    wanted: Wanted,
    /// Why none can be built, as where this runs without the working copy that it was built in.
    no_rivals: Option<String>,
    seen: Vec<Seen>,
    bar: ProgressBar,
}

impl Stand {
    /// A row of a layout for each level.
    fn rows(&mut self, layout: &Layout, frames: u32, levels: &[Level]) -> anyhow::Result<Vec<Row>> {
        self.plan.frames = frames;
        let sources = Rc::new(picture::sources(layout, frames as usize));
        let mut contenders: Vec<Box<dyn Contender>> = Vec::new();
        for level in levels {
            contenders.push(Box::new(Floor::new(layout, *level, Rc::clone(&sources))));
            contenders.push(Box::new(Ours::new(layout, *level, Rc::clone(&sources))));
        }
        let expected = Ours::new(layout, *levels.last().context("no level")?, sources).picture();
        let mut places = Vec::new();
        for (peer, filter) in entries() {
            if let Some(rival) = self.enter(peer, filter, layout, &expected) {
                places.push((peer, filter, contenders.len()));
                contenders.push(Box::new(rival));
            }
        }
        let found = interleave(&mut contenders, self.plan, || self.bar.inc(1));
        let own = |place: usize| found[place].clone().map_err(anyhow::Error::msg);
        for (peer, _, place) in &places {
            if let Err(reason) = &found[*place] {
                self.note(*peer, None, Some(format!("{}: {reason}", layout.name)));
            }
        }
        let of = |filter: usize| {
            Peers::by(|peer| {
                let place = places.iter().find(|entry| (entry.0, entry.1) == (peer, peer.filters()[filter]))?.2;
                found[place].clone().ok()
            })
        };
        let (peers, others) = (of(0), of(1));
        let ms = |spreads: Peers<Spread>| Peers::by(|peer| spreads.of(peer).map(|spread| spread.ms));
        let row = |(i, level): (usize, &Level)| {
            let (floor, ours) = (own(2 * i)?, own(2 * i + 1)?);
            let spread = Spreads { ours, floor, peers };
            let (level, layout) = (level.to_string(), layout.name);
            let (ms_ours, peers, others) = (spread.ours.ms, ms(peers), ms(others));
            Ok(Row { layout, level, frames, ms: ms_ours, floor_ms: floor.ms, peers, others, spread })
        };
        levels.iter().enumerate().map(row).collect()
    }

    /// Starts a rival, and writes down what it is or why it is absent.
    fn enter(&mut self, peer: Peer, filter: &'static str, layout: &Layout, expected: &[u8]) -> Option<Rival> {
        if self.wanted == Wanted::None || self.no_rivals.is_some() {
            self.note(peer, None, self.no_rivals.clone());
            return None;
        }
        match Rival::start(peer, filter, layout, self.plan.frames as usize, expected) {
            Ok(rival) => {
                self.note(peer, Some(rival.version.clone()), None);
                Some(rival)
            }
            Err(error) => {
                self.note(peer, None, Some(format!("{}, {filter}: {error:#}", layout.name)));
                None
            }
        }
    }

    /// The first version, and the first reason to be absent, stay.
    fn note(&mut self, peer: Peer, version: Option<String>, absent: Option<String>) {
        let name = peer.name();
        let known = match self.seen.iter().position(|seen| seen.name == name) {
            Some(known) => known,
            None => {
                self.seen.push(Seen { name, version: None, absent: None });
                self.seen.len() - 1
            }
        };
        let seen = &mut self.seen[known];
        seen.version = seen.version.take().or(version);
        seen.absent = seen.absent.take().or(absent);
    }
}

/// Every rival with each of its filters.
fn entries() -> impl Iterator<Item = (Peer, &'static str)> {
    Peer::ALL.into_iter().flat_map(|peer| peer.filters().map(|filter| (peer, filter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rivals_every_layout_has_a_row_of_each_level_and_nulls() {
        let args = ComposeArgs { rounds: 1, turn_ms: 1, frames: Some(4), rivals: Wanted::None, json: None };
        let report = run(&args).unwrap();
        let levels = levels();
        let expected: Vec<_> = Layout::all()
            .iter()
            .flat_map(|layout| levels.iter().map(|level| (layout.name, level.to_string())))
            .collect();
        let rows: Vec<_> = report.rows.iter().map(|row| (row.layout, row.level.clone())).collect();
        assert_eq!(rows, expected);
        assert_eq!(report.copies.len(), levels.len());
        for row in report.rows.iter().chain(&report.copies) {
            assert!(row.ms > 0.0 && row.floor_ms > 0.0 && row.peers == Peers::default(), "{row:?}");
        }
        assert!(report.claims.iter().filter(|claim| claim.claim.contains("libyuv")).all(|it| it.measured.is_none()));
        assert_eq!(report.rivals.len(), 3);
    }

    #[test]
    fn all_sources_are_twice_as_large_as_the_largest_cache_where_nothing_else_is_asked_for() {
        let args = |frames| ComposeArgs { rounds: 1, turn_ms: 1, frames, rivals: Wanted::None, json: None };
        let [small, large, ..] = Layout::all();
        let frames = |cache: usize| [&small, &large].map(|layout| args(None).frames(layout, cache));
        assert_eq!(frames(0), [4, 4]);
        assert_eq!(frames(32 << 20), [22, 6]);
        assert_eq!(frames(512 << 20), [64, 22], "no more than 256 MiB in each process");
        assert_eq!(args(Some(5)).frames(&small, 32 << 20), 5);
    }

    #[test]
    fn the_scalar_has_rows_only_where_there_is_nothing_else() {
        let levels = levels();
        assert!(!levels.is_empty() && (levels.len() == 1 || !levels.contains(&Level::Scalar)));
    }
}
