//! Which fonts names are written with, beside those that are built in: from the system, or from files of the operator's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use costage_media::mix::{FontFile, FontsRefused, bring_fonts, has_letters};

/// Where systems keep fonts.
const SYSTEM: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];
/// Of these, what the built-in ones lack: Chinese, Japanese and Korean, and emoji.
const WANTED: [&str; 3] = ["NotoSansCJK-Regular.ttc", "NotoSansCJK-Regular.otf", "NotoColorEmoji.ttf"];
/// Kinds of files that are taken from a folder.
const KINDS: [&str; 4] = ["ttf", "otf", "ttc", "otc"];
/// Folders in folders that are looked into.
const DEPTH_MAX: usize = 6;
/// Files that are read, and bytes of them all: they stay in memory.
const FILES_MAX: usize = 1_000;
const BYTES_MAX: u64 = 256 << 20;
/// What stands for a look at the system.
const AUTO: &str = "auto";

/// What to try letters with, and what to do when there is none.
const SCRIPTS: [(&str, &str, &str); 2] =
    [("中あ한", "Chinese, Japanese and Korean", "fonts-noto-cjk"), ("😀", "emoji", "fonts-noto-color-emoji")];

/// Reads the fonts that `fonts` names, each "auto", a file or a folder, and hands them over; text is written in those of
/// `family` first, "" for the product's own. Says in the log which letters
/// there will be boxes for. The second server of a process has the fonts of the first.
///
/// # Errors
/// When a file is missing, no font, or too much; names it and the setting.
pub(super) fn bring(fonts: &[String], family: &str) -> anyhow::Result<()> {
    let files = files(fonts)?;
    if files.len() > FILES_MAX {
        bail!("`fonts` names {} files, of which {FILES_MAX} may be read: name fewer", files.len());
    }
    let (mut read, mut bytes) = (Vec::new(), 0);
    for file in &files {
        let content = fs::read(file).with_context(|| format!("`fonts`: cannot read {}", file.display()))?;
        bytes += content.len() as u64;
        if bytes > BYTES_MAX {
            bail!("`fonts` names more than {} MB, at {}: name fewer", BYTES_MAX >> 20, file.display());
        }
        let font = FontFile::new(content);
        read.push(font.with_context(|| {
            format!("`fonts`: {} is no TrueType or OpenType font; take it out of the list", file.display())
        })?);
    }
    match bring_fonts(read, Some(family).filter(|family| !family.is_empty())) {
        Ok(()) => tell(&files),
        Err(FontsRefused::TooLate) => tracing::debug!("fonts are those of this process's first server"),
        Err(refused @ FontsRefused::Family { .. }) => {
            bail!("`theme.font`: {refused}; name one of these, or its file in `fonts`")
        }
    }
    Ok(())
}

fn tell(files: &[PathBuf]) {
    if !files.is_empty() {
        let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        tracing::debug!(files = names.join(", "), "fonts beside those built in");
    }
    for (text, what, package) in SCRIPTS {
        if !has_letters(text) {
            tracing::info!(
                "no font has {what}: names in these are drawn as boxes. Install {package} (Debian's name), or name a font \
                 in `fonts`"
            );
        }
    }
}

fn files(fonts: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fonts {
        if entry == AUTO {
            let found = SYSTEM.iter().flat_map(|folder| under(Path::new(folder), DEPTH_MAX));
            let mut found: Vec<_> = found.filter(|file| WANTED.iter().any(|name| file.ends_with(name))).collect();
            // One of each: some systems have the same font in two places.
            found.sort_by_key(|file| file.file_name().map(std::ffi::OsStr::to_owned));
            found.dedup_by_key(|file| file.file_name().map(std::ffi::OsStr::to_owned));
            files.extend(found);
            continue;
        }
        let path = Path::new(entry);
        let about = fs::metadata(path).with_context(|| {
            format!("`fonts`: cannot read {entry:?}; name a font file, a folder of them, or {AUTO:?} for the system's")
        })?;
        if about.is_dir() {
            let mut found = under(path, DEPTH_MAX);
            found.retain(|file| {
                KINDS.iter().any(|kind| file.extension().is_some_and(|it| it.eq_ignore_ascii_case(kind)))
            });
            if found.is_empty() {
                bail!("`fonts`: the folder {entry:?} has no font in it (.{})", KINDS.join(", ."));
            }
            found.sort();
            files.extend(found);
        } else {
            files.push(path.to_owned());
        }
    }
    Ok(files)
}

/// Files below a folder, and in folders below it; none where it cannot be read.
fn under(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() && depth > 0 { under(&path, depth - 1) } else { vec![path] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("costage-fonts-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn refused(fonts: &[&str]) -> String {
        let fonts: Vec<String> = fonts.iter().map(|font| (*font).to_owned()).collect();
        format!("{:#}", bring(&fonts, "").unwrap_err())
    }

    #[test]
    fn what_is_no_font_is_refused_by_name_with_what_to_do() {
        let folder = Folder::new("refused");
        let path = |name: &str| folder.0.join(name).display().to_string();
        assert!(refused(&[&path("none.ttf")]).contains("none.ttf"));
        let empty = refused(&[&path("")]);
        assert!(empty.contains("`fonts`") && empty.contains("has no font in it"), "{empty}");
        fs::write(path("text.ttf"), "not a font").unwrap();
        for entry in [path("text.ttf"), path("")] {
            let said = refused(&["auto", &entry]);
            assert!(said.contains("text.ttf is no TrueType or OpenType font"), "{said}");
        }
    }

    #[test]
    fn a_family_that_no_font_has_is_refused_by_its_key() {
        let said = format!("{:#}", bring(&[], "Comic Sans").unwrap_err());
        assert!(
            said.starts_with("`theme.font`: no font is of the family \"Comic Sans\"; there are Noto Sans, "),
            "{said}"
        );
    }

    #[test]
    fn a_folder_is_looked_through_and_other_files_in_it_are_left_alone() {
        let folder = Folder::new("folder");
        fs::create_dir(folder.0.join("deep")).unwrap();
        for name in ["b.ttf", "deep/a.OTF", "readme.txt"] {
            fs::write(folder.0.join(name), "x").unwrap();
        }
        let found = files(&[folder.0.display().to_string()]).unwrap();
        let names: Vec<_> = found.iter().filter_map(|file| file.file_name()?.to_str()).collect();
        assert_eq!(names, ["b.ttf", "a.OTF"]);
    }
}
