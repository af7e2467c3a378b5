//! `costage bench`: measures the server as it is, over real WebRTC, from outside.

mod beep;
mod machine;
mod mixing;
mod percentiles;
mod process;
mod report;
mod server;
mod tiles;
mod trace;

pub use mixing::MixingArgs;

use anyhow::Context;
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
}

const MIXING_EXAMPLES: &str = "Examples:
  costage bench mixing --hosts 2 --seconds 20
  costage bench mixing --hosts 2 --source 1280x720 --canvas 720x1280 --max-fps 60 --seconds 20 --json figures.json";

/// Measures, prints a table to stdout and writes JSON where that is asked for.
///
/// # Errors
/// When something did not come about, or a figure has no samples; the text says which.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let Bench::Mixing(args) = args.what;
    // Before half a minute of measuring, not after it.
    let create =
        |path: &PathBuf| File::create(path).with_context(|| format!("--json: cannot write {}", path.display()));
    let mut json = args.json.as_ref().map(create).transpose()?;
    let report = mixing::run(&args).await?;
    if let Some(json) = &mut json {
        writeln!(json, "{}", serde_json::to_string_pretty(&report)?).context("--json: cannot write the figures")?;
    }
    writeln!(std::io::stdout(), "{report}").context("cannot print")
}
