//! A file that has its name when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Written as `NAME.part` beside the name, and given the name at the end; gone when it never gets there. A process that is
/// killed leaves the part, which the next one does not write over.
pub(super) struct NewFile {
    to: PathBuf,
    part: PathBuf,
    out: BufWriter<File>,
}

impl NewFile {
    /// For `to`, which must not be there.
    ///
    /// # Errors
    /// When it is, or the part cannot be made.
    pub(super) fn create(to: &Path) -> anyhow::Result<Self> {
        if fs::symlink_metadata(to).is_ok() {
            bail!("cannot write to {}: name a file that is not there yet", to.display());
        }
        let mut part = to.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let made = File::create_new(&part);
        let file = match made {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                bail!("{} is there already: what one that was ended left? then remove it", part.display())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let (to, folder) = (to.display(), folder_of(to).display());
                bail!("cannot write to {to}: there is no directory {folder}: make it, or name another file")
            }
            Err(error) => return Err(error).with_context(|| format!("cannot write to {}", part.display())),
        };
        Ok(Self { to: to.to_owned(), part, out: BufWriter::new(file) })
    }

    /// All of it was written: syncs it and gives it its name.
    ///
    /// # Errors
    /// When the disk does not take the rest, or a file of the name came meanwhile.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        let named = || format!("cannot write to {}", self.to.display());
        self.out.flush().with_context(named)?;
        self.out.get_ref().sync_all().with_context(named)?;
        name(&self.part, &self.to).with_context(named)?;
        File::open(folder_of(&self.to)).and_then(|folder| folder.sync_all()).with_context(named)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Gone already where it was renamed.
        drop(fs::remove_file(&self.part));
    }
}

/// The directory that a file stands in.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A link is refused where a file is, a renaming is not; but not every file system has links.
fn name(part: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(part, to) {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
            if to.exists() {
                Err(ErrorKind::AlreadyExists.into())
            } else {
                fs::rename(part, to)
            }
        }
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("costage-new-file-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_none_is_left_otherwise() {
        let folder = Folder::new("whole");
        let to = folder.0.join("a");
        let mut file = NewFile::create(&to).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(folder.names(), ["a.part"]);
        drop(file);
        assert!(folder.names().is_empty());
        let mut file = NewFile::create(&to).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!((folder.names(), fs::read(&to).unwrap()), (vec!["a".to_owned()], b"whole".to_vec()));
    }

    #[test]
    fn nothing_is_written_over() {
        let folder = Folder::new("over");
        let to = folder.0.join("a");
        let late = NewFile::create(&to).unwrap();
        let part = folder.0.join("a.part");
        let said = NewFile::create(&to).err().expect("refused").to_string();
        assert!(said.contains("a.part is there already"), "{said}");
        assert!(part.exists(), "nor removed");
        fs::write(&to, "another's").unwrap();
        late.finish().unwrap_err();
        assert!(NewFile::create(&to).is_err());
        assert_eq!((folder.names(), fs::read(&to).unwrap()), (vec!["a".to_owned()], b"another's".to_vec()));
    }
}
