//! Files that a server has open must stay where they are: of one that was removed or replaced SQLite keeps what nobody finds
//! again, and says that all is well.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Which file it is, whatever its name.
type Identity = (u64, u64);

fn identity(data: &Metadata) -> Identity {
    (data.dev(), data.ino())
}

/// Names, and which files had them.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<(PathBuf, Identity)>);

impl Held {
    /// Of these those that are there.
    pub(super) fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let known = |file: PathBuf| fs::metadata(&file).ok().map(|data| (file, identity(&data)));
        Self(files.into_iter().filter_map(known).collect())
    }

    /// The first that is there no more, or is another one; a look at the file system for each, a microsecond.
    pub(super) fn displaced(&self) -> Option<&Path> {
        let is_there =
            |(file, held): &&(PathBuf, Identity)| fs::metadata(file).is_ok_and(|data| identity(&data) == *held);
        self.0.iter().find(|held| !is_there(held)).map(|(file, _)| file.as_path())
    }
}

/// What is said of one.
pub(super) fn of_displaced(file: &Path) -> String {
    format!(
        "{} was removed or replaced while the server runs: nothing is kept until it is back; end the server before its files are \
         changed",
        file.file_name().unwrap_or_default().display()
    )
}

/// Whether the file that is open is the one that has this name.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let one = |data: Metadata| identity(&data);
    file.metadata().map(one).ok() == fs::metadata(path).map(one).ok()
}
