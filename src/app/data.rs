//! Where commands that look at what is kept find it: the same way for all of them.

use std::path::PathBuf;

use anyhow::bail;

use super::settings::Settings;

/// Where the server keeps its files: the flag, or what the server itself would take with the same configuration and
/// environment (`data_dir`, `COSTAGE_DATA_DIR`).
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DataArgs {
    /// Data directory of the server; for a ledger also a backup [default: data_dir of the configuration]
    #[arg(long, value_name = "DIR", visible_alias = "data-dir")]
    pub data: Option<PathBuf>,
    /// Configuration file (TOML), for its data_dir
    #[arg(long, value_name = "FILE", env = "COSTAGE_CONFIG")]
    pub config: Option<PathBuf>,
}

impl DataArgs {
    /// The data directory, or the backup that was named.
    ///
    /// # Errors
    /// When the configuration cannot be read, or keeps nothing.
    pub(super) fn path(&self) -> anyhow::Result<PathBuf> {
        let path = match &self.data {
            Some(path) => path.clone(),
            None => Settings { config: self.config.clone(), ..Settings::default() }.look()?.data_dir,
        };
        if path.as_os_str().is_empty() {
            bail!("data_dir is \"\": nothing is kept; name the server's data directory by --data");
        }
        Ok(path)
    }
}
