//! The fonts that text is drawn with: those built in, then those that the operator brought.

use std::sync::{Arc, OnceLock};

use cosmic_text::fontdb::{Database, Source};

/// Noto Sans, and of it what other scripts need, both weights; see `fonts/README.md`. Whoever has none of the operator's has
/// at least these, on every machine the same.
const BUILT_IN: [&[u8]; 8] = [
    include_bytes!("../../../fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../../../fonts/NotoSansArabic-Regular.ttf"),
    include_bytes!("../../../fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../../../fonts/NotoSansHebrew-Regular.ttf"),
    include_bytes!("../../../fonts/NotoSansHebrew-Bold.ttf"),
    include_bytes!("../../../fonts/NotoSansThai-Regular.ttf"),
    include_bytes!("../../../fonts/NotoSansThai-Bold.ttf"),
];

/// What names and numbers are written in.
pub(super) const FAMILY: &str = "Noto Sans";

static FONTS: OnceLock<Database> = OnceLock::new();

/// A file with at least one font in it: TrueType, OpenType or a collection of these.
#[derive(Debug)]
pub struct FontFile(Source);

impl FontFile {
    /// `None` when there is no font in it.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        let source = Source::Binary(Arc::new(bytes));
        let faces = Database::new().load_font_source(source.clone());
        (!faces.is_empty()).then_some(Self(source))
    }
}

/// Text was drawn already: which fonts there are is decided before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLate;

/// Adds fonts for what those built in lack, in this order. Once, before any text is drawn.
///
/// # Errors
/// [`TooLate`] after the first text, or the second time.
pub fn bring_fonts(files: Vec<FontFile>) -> Result<(), TooLate> {
    FONTS.set(database(files)).map_err(|_| TooLate)
}

/// All of them. A copy shares the files.
pub(super) fn fonts() -> Database {
    FONTS.get_or_init(|| database(Vec::new())).clone()
}

fn database(brought: Vec<FontFile>) -> Database {
    let mut fonts = Database::new();
    for bytes in BUILT_IN {
        fonts.load_font_source(Source::Binary(Arc::new(bytes)));
    }
    for FontFile(source) in brought {
        fonts.load_font_source(source);
    }
    fonts.set_sans_serif_family(FAMILY);
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_there_in_both_weights_and_no_other_file_is_a_font() {
        let fonts = database(Vec::new());
        let names: Vec<String> =
            fonts.faces().map(|face| format!("{} {}", face.families[0].0, face.weight.0)).collect();
        for family in [FAMILY, "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai"] {
            for weight in [400, 700] {
                assert!(names.contains(&format!("{family} {weight}")), "{names:?}");
            }
        }
        for bytes in [Vec::new(), b"GIF89a".to_vec(), BUILT_IN[0][..4_000].to_vec()] {
            assert!(FontFile::new(bytes).is_none());
        }
        assert!(FontFile::new(BUILT_IN[4].to_vec()).is_some());
    }
}
