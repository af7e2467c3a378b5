//! `costage bench`: measures the server as it is, over real HTTP and WebRTC, from outside; and its compositor beside others.

mod beep;
mod changes;
mod compose;
mod control;
mod machine;
mod mixing;
mod percentiles;
mod process;
mod report;
mod server;
mod tiles;
mod trace;
mod verdict;

pub use compose::{ComposeArgs, Wanted};
pub use control::ControlArgs;
pub use mixing::MixingArgs;

use anyhow::Context;
use serde::Serialize;
use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// What `costage bench` can be told.
#[derive(Debug, Clone, clap::Args)]
pub struct BenchArgs {
    /// What to measure
    #[command(subcommand)]
    pub what: Bench,
}

/// The measurements there are.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Bench {
    /// Latency, skew and cost of mixing hosts into one picture
    #[command(after_help = MIXING_EXAMPLES)]
    Mixing(MixingArgs),
    /// How soon commands are answered, and scores seen in the picture
    #[command(after_help = CONTROL_EXAMPLES)]
    Control(ControlArgs),
    /// Cost of composing a picture, beside the memory's floor, libyuv, ffmpeg and GStreamer
    #[command(after_help = COMPOSE_EXAMPLES)]
    Compose(ComposeArgs),
}

const MIXING_EXAMPLES: &str = "Examples:
  costage bench mixing --hosts 2 --seconds 20
  costage bench mixing --hosts 2 --source 1280x720 --canvas 720x1280 --max-fps 60 --seconds 20 --json figures.json";

const CONTROL_EXAMPLES: &str = "Examples:
  costage bench control
  costage bench control --rate 5000 --workers 64 --seconds 20 --json figures.json";

const COMPOSE_EXAMPLES: &str = "Layouts, in ms of CPU time a picture:
  9x360p-720p      nine 640x360 sources, 3x3 on 1280x720
  9x720p-720p      nine 1280x720 sources, 3x3 on 1280x720
  9x720p-portrait  nine 1280x720 sources on 720x1280 as hostDynamicGrid has them: the middle 720x720 of each at 240x240
  4x720p-720p      four 1280x720 sources, 2x2 on 1280x720: exactly 2:1
  4x360p-720p      four 640x360 sources, 2x2 on 1280x720: plain copies
The floor reads every pixel that is shown once and fills the canvas once. Rivals do the same job, one thread each: libyuv's
I420Scale (box), ffmpeg's scale+xstack (bicubic), GStreamer's compositor (its default, cubic). They are built by
benches/compose/setup.sh in the working copy; an absent one is null in JSON, and what it decides is `not shown`.

Examples:
  costage bench compose
  costage bench compose --json figures.json
  costage bench compose --rivals none --rounds 5
  COSTAGE_SIMD=scalar costage bench compose --rivals installed";

/// Measures, prints a table to stdout and writes JSON where that is asked for.
///
/// # Errors
/// When something did not come about, or a figure has no samples; the text says which.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let json = match &args.what {
        Bench::Mixing(args) => &args.json,
        Bench::Control(args) => &args.json,
        Bench::Compose(args) => &args.json,
    };
    // Before half a minute of measuring, not after it.
    let create =
        |path: &PathBuf| File::create(path).with_context(|| format!("--json: cannot write {}", path.display()));
    let json = json.as_ref().map(create).transpose()?;
    match &args.what {
        Bench::Mixing(args) => publish(json, &mixing::run(args).await?),
        Bench::Control(args) => publish(json, &control::run(args).await?),
        Bench::Compose(args) => publish(json, &compose::run(args)?),
    }
}

fn publish(json: Option<File>, report: &(impl Serialize + Display)) -> anyhow::Result<()> {
    if let Some(mut json) = json {
        writeln!(json, "{}", serde_json::to_string_pretty(report)?).context("--json: cannot write the figures")?;
    }
    writeln!(std::io::stdout(), "{report}").context("cannot print")
}
