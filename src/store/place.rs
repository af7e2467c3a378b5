//! Whether what is written is found again: while the server runs, and at its end.

use std::time::Duration;

use super::fault::StoreFault;
use super::folder::{beside, private};
use super::held::of_displaced;
use super::keeper::Store;

/// How long the end waits for who reads the log.
const END_BUSY_MAX: Duration = Duration::from_millis(200);

/// At a clean end everything is in the one file, whoever else still reads it: who copies it then has all.
impl Drop for Store {
    fn drop(&mut self) {
        if !self.taken {
            return;
        }
        self.roll_back();
        // Without its log alone, all comes into the file as ever.
        if self.held.displaced() == Some(&self.file) {
            return self.rescue();
        }
        let into_file = || {
            self.db.busy_timeout(END_BUSY_MAX)?;
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        };
        match into_file() {
            Ok(false) => {}
            Ok(true) => tracing::warn!(file = %self.file.display(), "somebody reads it: its -wal belongs to it"),
            Err(error) => tracing::warn!(file = %self.file.display(), %error, "its -wal belongs to it"),
        }
    }
}

impl Store {
    /// Keeps in another file what the one has that was removed or replaced: it would go with the process.
    fn rescue(&self) {
        let to = beside(&self.file, &format!(".rescued-{}", self.ends.head.seq));
        let copied = || {
            let made = private().write(true).create_new(true).open(&to).map_err(|error| error.to_string())?;
            let progress = None::<fn(rusqlite::backup::Progress)>;
            self.db.backup("main", &to, progress).map_err(|error| error.to_string())?;
            made.sync_all().map_err(|error| error.to_string())
        };
        let file = self.file.display();
        match copied() {
            Ok(()) => {
                tracing::error!(%file, rescued = %to.display(), "removed or replaced: what was kept is in the other")
            }
            Err(error) => tracing::error!(%file, error, "removed or replaced, and what was kept could not be copied"),
        }
    }

    /// Whether what is written now would be found again, and nobody else writes here.
    pub(super) fn in_place(&mut self) -> Result<(), String> {
        if let Some(file) = self.held.displaced() {
            return Err(of_displaced(file));
        }
        self.folder.hold().map_err(|fault| {
            let StoreFault::InUse { pid, .. } = fault else {
                return format!("costage.lock was removed, and cannot be made anew: {fault}");
            };
            let which = pid.map_or(String::new(), |pid| format!(" (process {pid})"));
            format!("costage.lock was removed, and another costage has begun here{which}: end this one")
        })
    }
}
