//! Whether what is written is found again: while the server runs, and at its end.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::displaced::{Displaced, leave, rescue};
use super::fault::{StoreFault, is_damage, of_commit};
use super::folder::beside;
use super::head;
use super::held::Held;
use super::keeper::{Ends, Store};
use super::witness;

/// How long the end waits for who reads the log.
const END_BUSY_MAX: Duration = Duration::from_millis(200);

/// At a clean end everything is in the one file, whoever else still reads it: who copies it then has all.
impl Drop for Store {
    fn drop(&mut self) {
        if !self.taken {
            return;
        }
        self.roll_back();
        let displaced = self.held.as_mut().and_then(|held| held.displaced(&self.db)).or_else(|| self.is_forgotten());
        if displaced.is_some() {
            self.bear_witness();
        }
        match displaced {
            None => drop(self.merge_log()),
            Some(Displaced::Database(_)) => rescue(&self.db, &self.file, self.ends.head.seq),
            Some(Displaced::Log(log)) => {
                if !self.merge_log() {
                    rescue(&self.db, &self.file, self.ends.head.seq);
                } else if log.exists() {
                    self.set_aside(&log);
                }
            }
            // What is left is not mixed: the other may be whole.
            Some(
                other @ (Displaced::Index(_)
                | Displaced::Spoilt(_)
                | Displaced::GoneBack(_)
                | Displaced::Damaged(_)
                | Displaced::Unseen(..)),
            ) => leave(&self.db, &self.file, &other),
        }
    }
}

impl Store {
    /// Brings all of the log into the file; whether it could be done.
    fn merge_log(&self) -> bool {
        let merged = || {
            self.db.busy_timeout(END_BUSY_MAX)?;
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        };
        match merged() {
            Ok(false) => return true,
            Ok(true) => tracing::warn!(file = %self.file.display(), "somebody reads it: its -wal belongs to it"),
            Err(error) => tracing::warn!(file = %self.file.display(), %error, "its -wal belongs to it"),
        }
        false
    }

    /// Another log than the one that was open would be merged into the file at the next start.
    fn set_aside(&self, log: &Path) {
        let aside = beside(log, &format!(".displaced-{}", self.ends.head.seq));
        let (displaced, aside_name) = (log.display(), aside.display());
        match fs::rename(log, &aside) {
            Ok(()) => tracing::error!(%displaced, aside = %aside_name, "not the log of this database: set aside"),
            Err(error) => tracing::error!(%displaced, %error, "not the log of this database: move it away"),
        }
    }

    /// To be called after each transaction, with what it came to: whether what it wrote will be found again.
    pub(super) fn found_whole(&mut self, written: rusqlite::Result<Ends>) -> Result<Ends, String> {
        match written {
            Ok(ends) => {
                self.still_whole()?;
                if let Some(held) = &mut self.held {
                    held.bring_in(&self.db);
                }
                Ok(ends)
            }
            Err(rusqlite::Error::StatementChangedRows(_)) => {
                self.roll_back();
                Err(self.gone_back())
            }
            Err(error) if is_damage(&error) => {
                // What is in the log stays there.
                self.roll_back();
                if let Some(held) = &mut self.held {
                    held.met_damage();
                }
                Err(of_commit(&error))
            }
            Err(error) => {
                self.still_whole()?;
                Err(of_commit(&error))
            }
        }
    }

    /// What this process wrote last is not there any more: nothing is written from now on, and the next start is to miss it. What is
    /// said of it.
    pub(super) fn gone_back(&mut self) -> String {
        let gone_back = self.held.as_mut().map(Held::has_gone_back);
        self.bear_witness();
        gone_back.map_or_else(String::new, |gone_back| gone_back.said())
    }

    /// Whether the last commit is not what is read now.
    fn is_forgotten(&mut self) -> Option<Displaced> {
        let found = head::print(&self.db).is_ok_and(|print| print == self.ends.print);
        if found { None } else { self.held.as_mut().map(Held::has_gone_back) }
    }

    /// To be called after each transaction, kept or not: whether files were written over meanwhile, and what was written is found
    /// again by nobody.
    fn still_whole(&mut self) -> Result<(), String> {
        self.roll_back();
        match self.held.as_mut().and_then(|held| held.spoilt(&self.db)) {
            None => Ok(()),
            Some(spoilt) => {
                self.bear_witness();
                Err(spoilt.said())
            }
        }
    }

    /// Whatever is there at the next start, it is to be held against what was answered.
    fn bear_witness(&mut self) {
        if let Some(witness) = &mut self.witness {
            witness.keep(&witness::line(self.ends.seen()));
        }
    }

    /// Whether what is written now would be found again, and nobody else writes here.
    pub(super) fn in_place(&mut self) -> Result<(), String> {
        if let Some(displaced) = self.held.as_mut().and_then(|held| held.displaced(&self.db)) {
            // Who is killed now has said it.
            self.bear_witness();
            return Err(displaced.said());
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
