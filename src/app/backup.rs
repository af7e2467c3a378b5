//! `costage backup`: a copy of the database while the server writes it.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use super::data::DataArgs;
use super::progress::Progress;
use crate::store::audit::Reader;
use crate::store::backup;

/// Where to.
#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// New file to write
    pub file: PathBuf,
    /// Where the database is.
    #[command(flatten)]
    pub data: DataArgs,
}

/// Copies the database; prints where the copy's ledger ends.
///
/// # Errors
/// When the database cannot be read or lacks commits that a server has noted, or the file is there already or cannot be written.
pub fn run(args: &BackupArgs) -> anyhow::Result<()> {
    let reader = Reader::open(&args.data.path()?)?;
    let mut progress = Progress::new("pages");
    let head = backup::backup(&reader, &args.file, &mut |done, of| progress.show(done, of))?;
    progress.end();
    writeln!(std::io::stdout(), "head {head}").context("cannot print")
}
