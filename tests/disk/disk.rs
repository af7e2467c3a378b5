//! The disk under a server, in the test's hands: a shim in C that is preloaded into the server's process.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const SHIM: &str = include_str!("shim.c");

/// Microseconds since 1970: on the clock that the shim writes down.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    since.as_micros().try_into().unwrap()
}

/// What is wrong with the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ill {
    /// Writes are refused: there is no room.
    Full,
    /// Syncs fail, after the time that a disk takes to give up.
    Broken,
    /// Each sync takes so many milliseconds longer.
    Slow(i32),
    /// No sync returns.
    Hangs,
}

/// One sync of a file, as the shim has written it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sync {
    pub(crate) file: String,
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    pub(crate) failed: bool,
}

pub(crate) struct Disk {
    folder: PathBuf,
    control: File,
}

impl Disk {
    /// A healthy disk; its files stand in `folder`, which is there and has no symbolic link in its path.
    pub(crate) fn new(folder: &Path) -> Self {
        let (source, shim) = (folder.join("shim.c"), folder.join("shim.so"));
        std::fs::write(&source, SHIM).unwrap();
        let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        let made = cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&shim).arg(&source).status();
        assert!(made.expect("a C compiler, as for the build").success(), "the shim does not compile");
        let control = File::create(folder.join("control")).unwrap();
        control.set_len(16).unwrap();
        Self { folder: folder.to_owned(), control }
    }

    /// Where the server is to keep its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the server's process needs in its environment.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 4] {
        [
            ("LD_PRELOAD", self.folder.join("shim.so").into()),
            ("DISK_CONTROL", self.folder.join("control").into()),
            ("DISK_LOG", self.folder.join("syncs").into()),
            ("DISK_FOLDER", self.data().into()),
        ]
    }

    pub(crate) fn fall_ill(&self, ill: Ill) {
        const EIO: i32 = 5;
        const ENOSPC: i32 = 28;
        self.set(match ill {
            Ill::Full => [ENOSPC, 0, 0, 0],
            Ill::Broken => [0, EIO, 100, 0],
            Ill::Slow(ms) => [0, 0, ms, 0],
            Ill::Hangs => [0, 0, 0, 1],
        });
    }

    pub(crate) fn get_well(&self) {
        self.set([0; 4]);
    }

    fn set(&self, numbers: [i32; 4]) {
        let bytes: Vec<u8> = numbers.into_iter().flat_map(i32::to_ne_bytes).collect();
        self.control.write_all_at(&bytes, 0).unwrap();
    }

    /// All syncs of the main file and its log so far, in the order in which they ended.
    pub(crate) fn syncs(&self) -> Vec<Sync> {
        let log = std::fs::read_to_string(self.folder.join("syncs")).unwrap_or_default();
        let read = |line: &str| {
            let [file, begun, ended, error] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let (begun, ended) = (begun.parse().unwrap(), ended.parse().unwrap());
            Sync { file: file.to_owned(), begun, ended, failed: error != "0" }
        };
        log.lines().map(read).filter(|sync| sync.file.starts_with("costage.db")).collect()
    }
}
