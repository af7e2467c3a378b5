//! A copy of the database while the server writes it.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::audit::{Reader, alone};
use super::chain::Head;
use super::fault::{StoreFault, is_damage};
use super::folder::{beside, log_of, private, remove};
use super::head;
use super::pages;

/// Pages copied between two looks at how far it is: 4 MiB; in tests so few that there are several looks.
const STEP_PAGES: i32 = if cfg!(test) { 16 } else { 1_024 };

/// Copies the database of `reader`, as it is at one moment, into the new file `to`, and syncs it; where the copy's ledger
/// ends. Commits go on meanwhile: only SQLite's log is not shortened until the copy is done. `to` has its name when it is whole.
///
/// # Errors
/// When `to` is there already or cannot be written, or the database cannot be read or lacks commits that a server has noted.
pub fn backup(reader: &Reader, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Head, StoreFault> {
    reader.lacks_nothing()?;
    let refused = |error| StoreFault::Target { file: to.to_owned(), error };
    for (name, why) in [
        (to.to_owned(), "it is there already".to_owned()),
        (log_of(to), format!("it would be read with {}, another database's log: remove that", log_of(to).display())),
        (beside(to, "-journal"), format!("{} is beside it: remove that", beside(to, "-journal").display())),
    ] {
        if name.symlink_metadata().is_ok() {
            return Err(refused(std::io::Error::other(why)));
        }
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(StoreFault::NoFolder { file: to.to_owned(), folder: folder.to_owned() });
    }
    let part = beside(to, ".part");
    let unmade = |error: std::io::Error| {
        if error.kind() != std::io::ErrorKind::AlreadyExists {
            return refused(error);
        }
        let said =
            std::io::Error::new(error.kind(), format!("{error}: what a backup that was ended left? then remove it"));
        StoreFault::Target { file: part.clone(), error: said }
    };
    let file = private().write(true).create_new(true).open(&part).map_err(unmade)?;
    let copied = copy(reader, &part, progress);
    let done = copied.map_err(|error| of_copy(to, &part, error)).and_then(|()| {
        file.sync_all().map_err(refused)?;
        let db = alone(&part).map_err(|error| StoreFault::of(&part, error))?;
        pages::check(&db, &reader.file).map_err(no_copy)?;
        let (head, _) = head::read(&db).map_err(|error| StoreFault::of(&part, error))?;
        let rows = db.query_row("SELECT count(*) FROM ledger", [], |row| row.get::<_, u64>(0));
        let rows = rows.map_err(|error| StoreFault::of(&part, error))?;
        head::check_rows(&reader.file, rows, head).map_err(no_copy)?;
        // Never over a file that came meanwhile: a link is refused where one is, a renaming is not.
        fs::hard_link(&part, to).map_err(refused)?;
        Ok(head)
    });
    drop(remove(&part));
    let head = done?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(refused)?;
    Ok(head)
}

/// Why a copy could not be written: nearly always because there is no room for it.
fn of_copy(to: &Path, part: &Path, error: rusqlite::Error) -> StoreFault {
    if is_damage(&error) {
        return StoreFault::of(part, error);
    }
    StoreFault::Target { file: to.to_owned(), error: std::io::Error::other(error) }
}

/// A copy of damaged pages is no backup.
fn no_copy(fault: StoreFault) -> StoreFault {
    let StoreFault::Damaged { file, reason } = &fault else { return fault };
    StoreFault::damaged(file, format!("no copy was made: {reason}"))
}

fn copy(reader: &Reader, part: &Path, progress: &mut dyn FnMut(u64, u64)) -> rusqlite::Result<()> {
    let mut target = Connection::open(part)?;
    // Nothing is there that a crash could spoil; the whole file is synced once, after.
    target.pragma_update(None, "synchronous", "OFF")?;
    // Nor is there anything to go back to: no journal that a full disk would leave beside it.
    target.pragma_update(None, "journal_mode", "MEMORY")?;
    // Held open over all steps: they copy one moment, and no commit makes them begin anew.
    let moment = reader.db.unchecked_transaction()?;
    moment.query_row("SELECT count(*) FROM head", [], |_| Ok(()))?;
    let steps = Backup::new(&reader.db, &mut target)?;
    loop {
        let step = steps.step(STEP_PAGES)?;
        let pages = steps.progress();
        let count = |pages: i32| u64::try_from(pages).unwrap_or(0);
        progress(count(pages.pagecount - pages.remaining), count(pages.pagecount));
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // Nobody else has the target, and a reader of a log waits for nobody.
            StepResult::Busy | StepResult::Locked | _ => std::thread::yield_now(),
        }
    }
    drop(steps);
    drop(moment);
    target.close().map_err(|(_, error)| error)
}
