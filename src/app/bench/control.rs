//! `costage bench control`: how soon a command is answered, and a score seen.

mod bar;
mod durable;
mod load;
mod wire;

use self::durable::{Durable, Folder, SideBySide};
use super::machine::{self, Machine};
use super::mixing;
use super::percentiles::{Percentiles, rounded};
use super::process::cpu_time;
use super::server::{ChildServer, Keeping, ServerSetup};
use crate::app::cast;
use crate::app::clock::SystemClock;
use crate::app::open_files;
use crate::client::whep::Viewer;
use crate::engine::Clock;
use anyhow::Context;
use costage_media::frame::Size;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What `costage bench control` can be told.
#[derive(Debug, Clone, clap::Args)]
pub struct ControlArgs {
    /// Commands a second, all workers together
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub rate: u32,
    /// Workers: pairs of lives that connect, battle, score and part, each over an HTTP connection of its own
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub workers: u32,
    /// Seconds of commands to measure
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Seconds before that, to be left out
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub warmup_seconds: u64,
    /// Scores to post and to wait for in the decoded picture
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub scores: u32,
    /// Clients that post scores to keep, each waiting for its answer before its next
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub clients: u32,
    /// Event sockets that hear of scores
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub sockets: u32,
    /// Folder that exists, on the disk to measure; the working directory when absent
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Write the figures to this file, as JSON
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// The picture of the second part: what the product's battle of two is measured with elsewhere.
const SOURCE: Size = Size { width: 1280, height: 720 };
const CANVAS: Size = Size { width: 720, height: 1280 };
const MAX_FPS: u32 = 30;
/// Hosts connected, viewer playing, before the first score.
const SETTLE: Duration = Duration::from_secs(2);

/// All figures of a run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    bench: &'static str,
    date: String,
    commit: String,
    machine: Machine,
    simd: String,
    /// What was asked for.
    rate: u32,
    workers: u32,
    seconds: u64,
    /// From the moment a command was due to its answer, with nothing kept: no command waits for a disk. A worker that is
    /// behind does not start the clock later.
    command_ms: Percentiles,
    commands_per_s: f64,
    /// CPU of the server while commands came, cores.
    cpu_cores: f64,
    /// From a score's sending to the first decoded picture whose bar differs. Scores are kept on disk.
    score_to_pixel_ms: Percentiles,
    /// On disk: the same as in `kept`.
    scores_per_s: f64,
    score_answer_ms: Percentiles,
    score_to_event_ms: Percentiles,
    kept: SideBySide,
}

/// Commands with their answers, and what they cost.
struct Commands {
    command_ms: Percentiles,
    commands_per_s: f64,
    cpu_cores: f64,
}

/// Measures and reports: each part with a server of its own.
///
/// # Errors
/// When a command is refused or a score never seen: both would make the figures mean something else.
pub(super) async fn run(args: &ControlArgs) -> anyhow::Result<Report> {
    open_files::raise_limit();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let folder = Folder::make(&args.disk()?).context("--data-dir")?;
    let loops = mixing::encode(2, SOURCE).await?;
    let server = ChildServer::start(&setup(Keeping::Nothing), clock.wall_ms()).await?;
    let measured = tokio::select! {
        measured = commands(args, &clock, &server) => measured,
        error = server.ended() => Err(error),
    };
    let Commands { command_ms, commands_per_s, cpu_cores } = measured.map_err(|error| with_words(error, &server))?;
    drop(server);
    let server = ChildServer::start(&setup(Keeping::In(folder.path().to_owned())), clock.wall_ms()).await?;
    let measured = tokio::select! {
        measured = scores_to_pixels(args, &clock, &server, loops) => measured,
        error = server.ended() => Err(error),
    };
    let score_to_pixel_ms = measured.map_err(|error| with_words(error, &server))?;
    drop((server, folder));
    let kept = durable::run(args, &clock).await?;
    Ok(Report {
        bench: "control",
        date: machine::date(clock.wall_ms()),
        commit: machine::commit(),
        machine: Machine::here(),
        simd: machine::simd_level(),
        rate: args.rate,
        workers: args.workers,
        seconds: args.seconds,
        command_ms,
        commands_per_s,
        cpu_cores,
        score_to_pixel_ms,
        scores_per_s: kept.disk.scores_per_s,
        score_answer_ms: kept.disk.score_answer_ms,
        score_to_event_ms: kept.disk.score_to_event_ms,
        kept,
    })
}

fn setup(keeping: Keeping) -> ServerSetup {
    ServerSetup { canvas: CANVAS, max_fps: MAX_FPS, keeping }
}

fn with_words(error: anyhow::Error, server: &ChildServer) -> anyhow::Error {
    error.context(format!("the server's last words:\n{}", server.last_words()))
}

impl ControlArgs {
    /// The folder below which a disk is measured.
    fn disk(&self) -> anyhow::Result<PathBuf> {
        self.data_dir.clone().map_or_else(|| std::env::current_dir().context("the working directory"), Ok)
    }
}

async fn commands(args: &ControlArgs, clock: &Arc<dyn Clock>, server: &ChildServer) -> anyhow::Result<Commands> {
    let bar = cast::progress("Sending commands");
    bar.set_length(args.warmup_seconds + args.seconds);
    let load = load::start(args, clock, server.backend()).await?;
    mixing::wait(args.warmup_seconds, &bar).await;
    let (from, cpu_before) = (clock.now(), cpu_time(server.pid())?);
    mixing::wait(args.seconds, &bar).await;
    let (until, cpu_after) = (clock.now(), cpu_time(server.pid())?);
    let answered = load.finish(from, until).await?;
    bar.finish_and_clear();
    let window = until.saturating_duration_since(from).as_secs_f64();
    Ok(Commands {
        commands_per_s: rounded(answered.len() as f64 / window),
        command_ms: Percentiles::of(answered).context("command_ms: no command was answered")?,
        cpu_cores: rounded(cpu_after.saturating_sub(cpu_before).as_secs_f64() / window),
    })
}

/// Two hosts battle, a viewer decodes; the scores go from one end of the bar to the other and back.
async fn scores_to_pixels(
    args: &ControlArgs,
    clock: &Arc<dyn Clock>,
    server: &ChildServer,
    loops: Vec<crate::client::video_loop::VideoLoop>,
) -> anyhow::Result<Percentiles> {
    let backend = server.backend();
    let progress = cast::progress("Posting scores");
    progress.set_length(u64::from(args.scores));
    let mut hosts = Vec::new();
    for (place, video) in loops.into_iter().enumerate() {
        hosts.push(cast::enter(backend, clock, mixing::part(place, video, None)).await?);
    }
    let [left, right] = [mixing::live(0), mixing::live(1)];
    backend.connect(&left, &right).await?;
    let hour = Duration::from_secs(3_600);
    let battle = backend.start_battle(&left, &[&right], hour).await?;
    let (reader, boundaries) = bar::BarReader::new(Arc::clone(clock), CANVAS);
    let viewer =
        Viewer::watch(&backend.whep(&left), Some(backend.token()), Arc::clone(clock), Box::new(reader)).await?;
    tokio::time::sleep(SETTLE).await;
    let mut samples = Vec::new();
    for turn in 0..args.scores {
        let before = boundaries.latest().context("the viewer has not decoded a score bar")?;
        let scores = if turn % 2 == 0 { [(&*left, 0), (&*right, 100)] } else { [(&*left, 100), (&*right, 0)] };
        let sent = clock.now();
        backend.set_scores(&battle, &scores, &format!("score-{turn}")).await?;
        let seen = boundaries.first_other_than(before, clock).await?;
        samples.push(seen.saturating_duration_since(sent).as_secs_f64() * 1_000.0);
        // The slide ends, and the next score meets another phase of the hosts' frames.
        tokio::time::sleep(bar::SLIDE + Duration::from_millis(u64::from(turn * 37 % 67))).await;
        progress.inc(1);
    }
    progress.finish_and_clear();
    viewer.close().await;
    for host in hosts {
        host.close().await;
    }
    Percentiles::of(samples).context("score_to_pixel_ms: no score was posted")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, workers, seconds, .. } = self;
        writeln!(f, "control: {rate} commands/s by {workers} workers, {seconds} s measured, nothing kept")?;
        let Machine { cpu, cores, .. } = &self.machine;
        writeln!(f, "{cpu}, {cores} cores, {}, commit {}, {}\n", self.simd, self.commit, self.date)?;
        let head = |f: &mut fmt::Formatter<'_>| {
            writeln!(f, "{:<28}{:>9}{:>9}{:>9}{:>9}", "ms", "p50", "p95", "p99", "samples")
        };
        let line = |f: &mut fmt::Formatter<'_>, name: &str, figure: &Percentiles| {
            let Percentiles { p50, p95, p99, samples } = figure;
            writeln!(f, "{name:<28}{p50:>9.2}{p95:>9.2}{p99:>9.2}{samples:>9}")
        };
        head(f)?;
        line(f, "command", &self.command_ms)?;
        line(f, "score to pixel, on disk", &self.score_to_pixel_ms)?;
        writeln!(f, "\n{:<28}{:>9.0}", "commands/s", self.commands_per_s)?;
        writeln!(f, "{:<28}{:>9.3}", "server cores", self.cpu_cores)?;
        let SideBySide { clients, sockets, disk, memory, .. } = &self.kept;
        writeln!(f, "\nscores that are kept, {clients} clients, {sockets} event sockets")?;
        head(f)?;
        for (name, kept) in [("disk", disk), ("memory", memory)] {
            line(f, &format!("score answer, {name}"), &kept.score_answer_ms)?;
            line(f, &format!("score to event, {name}"), &kept.score_to_event_ms)?;
        }
        let apart = durable::SCORE_EVERY.as_millis();
        writeln!(
            f,
            "to event: one score each {apart} ms; to pixel: decoded by a viewer; both from the sending of the score"
        )?;
        for (name, kept) in [("disk", disk), ("memory", memory)] {
            let Durable { directory, scores_per_s, cpu_cores, .. } = kept;
            write!(
                f,
                "\n{:<28}{scores_per_s:>9.0}   {cpu_cores:.3} server cores, {directory}",
                format!("scores/s, {name}")
            )?;
        }
        Ok(())
    }
}
