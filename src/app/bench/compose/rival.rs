//! Others' compositors: small C programs of `benches/compose` on their libraries, each a process that is asked line by line.

use super::layout::Layout;
use super::picture::distance;
use super::rounds::Contender;
use anyhow::{Context, bail, ensure};
use costage_media::frame::{I420, PictureRef};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// Whose work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Libyuv,
    Ffmpeg,
    Gstreamer,
}

impl Peer {
    pub(super) const ALL: [Self; 3] = [Self::Libyuv, Self::Ffmpeg, Self::Gstreamer];

    /// As its program and its figure are called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Libyuv => "libyuv",
            Self::Ffmpeg => "ffmpeg",
            Self::Gstreamer => "gstreamer",
        }
    }

    /// The filter of its figure, and a lesser one that is measured beside it. The first are what each takes who wants a
    /// picture as good as ours: libyuv's box (bilinear, as the library decides, below 2:1), and what ffmpeg's scale and
    /// GStreamer's compositor take when nobody says anything.
    pub(super) fn filters(self) -> [&'static str; 2] {
        match self {
            Self::Libyuv => ["box", "bilinear"],
            Self::Ffmpeg => ["bicubic", "bilinear"],
            Self::Gstreamer => ["cubic", "linear"],
        }
    }
}

/// Which rivals take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Wanted {
    /// All; what is missing of them is installed where that may be
    Install,
    /// Those whose libraries are there
    Installed,
    /// None
    None,
}

/// Where the rivals' sources are, and where their programs go: both in the working copy that this was built in.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compose");
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/compose-rivals");

/// Has the script of the bench build them. Whatever is missing afterwards says so when it is started.
///
/// # Errors
/// When the script is not there or does not run.
pub(super) fn set_up(wanted: Wanted) -> anyhow::Result<()> {
    let may = match wanted {
        Wanted::Install => "install",
        Wanted::Installed => "installed",
        Wanted::None => return Ok(()),
    };
    let script = Path::new(SOURCES).join("setup.sh");
    let status = Command::new(&script).args([PROGRAMS, may]).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot run {}", script.display()))?;
    ensure!(status.success(), "{} failed ({status})", script.display());
    Ok(())
}

/// How long any answer may take; a turn takes some hundredths of a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of an answer that wait to be read: each question has one.
const LINES_MAX: usize = 4;
/// How far the mean pixel may be from ours for the picture to be the same. Filters differ by tenths, libyuv's box rounds down
/// by one, and at 3:1 GStreamer's cubic lies half a pixel off, which is 3.3; a source in another's place is off by tens.
const SAME_WITHIN: f64 = 5.0;

/// A running rival; killed when dropped.
pub(super) struct Rival {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
    /// As it says itself.
    pub(super) version: String,
}

impl Rival {
    /// Starts the program of `peer` on a layout and sees that it draws the same picture.
    ///
    /// # Errors
    /// When it is not built, does not answer, or draws something else; the text says which.
    pub(super) fn start(
        peer: Peer,
        filter: &str,
        layout: &Layout,
        frames: usize,
        expected: &[u8],
    ) -> anyhow::Result<Self> {
        let program = Path::new(PROGRAMS).join(peer.name());
        ensure!(program.is_file(), "not built: see {}.log", program.display());
        let mut rival = Self::run_program(&program, filter, layout, frames)?;
        let picture = rival.picture()?;
        let distance = distance(layout, expected, &picture).context("its picture is too short")?;
        ensure!(distance <= SAME_WITHIN, "draws another picture: {distance:.1} levels from ours");
        Ok(rival)
    }

    fn run_program(program: &Path, filter: &str, layout: &Layout, frames: usize) -> anyhow::Result<Self> {
        let mut arguments = layout.arguments(frames);
        arguments.insert(2, filter.to_owned());
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let questions = child.stdin.take().context("its standard input")?;
        let output = child.stdout.take().context("its standard output")?;
        let (send, answers) = sync_channel(LINES_MAX);
        let reading = move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("rival".to_owned()).spawn(reading).context("a thread that reads its answers")?;
        let mut rival = Self { child, questions, answers, version: String::new() };
        rival.version = rival.answer("ready")?;
        Ok(rival)
    }

    fn ask(&mut self, question: &str, answer: &str) -> anyhow::Result<String> {
        writeln!(self.questions, "{question}").context("it has ended")?;
        self.questions.flush().context("it has ended")?;
        self.answer(answer)
    }

    /// The rest of a line that begins with `word`.
    fn answer(&mut self, word: &str) -> anyhow::Result<String> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => match line.strip_prefix(word) {
                Some(rest) => Ok(rest.trim().to_owned()),
                None => bail!("it says `{line}` instead of {word}"),
            },
            Err(RecvTimeoutError::Timeout) => bail!("no answer within {} s", PATIENCE.as_secs()),
            Err(RecvTimeoutError::Disconnected) => bail!("it has ended"),
        }
    }

    /// The canvas with another picture as the first source's first.
    ///
    /// # Errors
    /// When it gives no answer, or the picture cannot be handed over.
    pub(super) fn draw(&mut self, source: &I420) -> anyhow::Result<Vec<u8>> {
        let file = Saved(std::env::temp_dir().join(format!("costage-source-{}.i420", std::process::id())));
        let PictureRef { y, u, v, .. } = source.as_ref();
        fs::write(&file.0, [y.data, u.data, v.data].concat()).context("its source cannot be written")?;
        self.ask(&format!("load {}", file.0.display()), "loaded")?;
        self.picture()
    }

    /// The canvas of the first pictures.
    fn picture(&mut self) -> anyhow::Result<Vec<u8>> {
        let file = Saved(std::env::temp_dir().join(format!("costage-rival-{}.i420", std::process::id())));
        self.ask(&format!("save {}", file.0.display()), "saved")?;
        fs::read(&file.0).context("its picture cannot be read")
    }
}

impl Contender for Rival {
    fn run(&mut self, frames: u32) -> anyhow::Result<Duration> {
        let took = self.ask(&format!("run {frames}"), "ns")?;
        let took = took.parse().with_context(|| format!("it says `ns {took}`, which is no number"))?;
        Ok(Duration::from_nanos(took))
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A file that is removed when dropped.
struct Saved(PathBuf);

impl Drop for Saved {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A stand-in that answers as `script` says; `$picture` is a file with a canvas of 128.
    fn start(name: &str, script: &str) -> (anyhow::Result<Rival>, PathBuf) {
        let program = std::env::temp_dir().join(format!("costage-rival-{name}-{}", std::process::id()));
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let [layout, ..] = Layout::all();
        (Rival::run_program(&program, "box", &layout, 4), program)
    }

    #[test]
    fn a_rival_is_asked_line_by_line() {
        let script = "echo \"ready made up of $# for $3\"; while read -r what n; do echo \"ns ${n}000000\"; done";
        let (rival, program) = start("asked", script);
        let mut rival = rival.unwrap();
        assert_eq!(rival.version, "made up of 12 for box");
        assert_eq!(rival.run(7).unwrap(), Duration::from_millis(7));
        assert_eq!(rival.run(30).unwrap(), Duration::from_millis(30));
        drop(rival);
        fs::remove_file(program).unwrap();
    }

    #[test]
    fn one_that_ends_or_says_something_else_is_out_with_a_reason() {
        let (rival, program) = start("ends", "echo 'ready 1'; read -r line");
        let mut rival = rival.unwrap();
        assert!(rival.run(1).unwrap_err().to_string().contains("ended"));
        fs::remove_file(program).unwrap();
        let (rival, program) = start("babbles", "echo hello; read -r line");
        assert!(rival.err().unwrap().to_string().contains("`hello` instead of ready"));
        fs::remove_file(program).unwrap();
    }

    #[test]
    fn one_that_is_not_built_says_where_the_reason_stands() {
        assert!(Path::new(SOURCES).join("setup.sh").is_file());
        for peer in Peer::ALL {
            assert!(Path::new(SOURCES).join(format!("{}.c", peer.name())).is_file());
        }
    }
}
