//! The fonts that text is drawn with: those built in, then those that the operator brought.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use cosmic_text::fontdb::{Database, Source};
use thiserror::Error;

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

/// What names and numbers are written in, unless the operator chooses another.
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

/// Why fonts are as they were.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FontsRefused {
    /// After the first text, or the second time.
    #[error("text was drawn already")]
    TooLate,
    /// None of them is of the family that was chosen.
    #[error("no font is of the family {wanted:?}; there are {}", there_are.join(", "))]
    Family {
        /// The one that was chosen.
        wanted: String,
        /// Those that could be.
        there_are: Vec<String>,
    },
}

/// Adds fonts for what those built in lack, in this order, and writes in those of `family` first; without one, in Noto Sans.
/// Once, before any text is drawn.
///
/// # Errors
/// See [`FontsRefused`].
pub fn bring_fonts(files: Vec<FontFile>, family: Option<&str>) -> Result<(), FontsRefused> {
    let mut fonts = database(files);
    if let Some(family) = family {
        choose(&mut fonts, family)?;
    }
    FONTS.set(fonts).map_err(|_| FontsRefused::TooLate)
}

/// Text is written in this family first, whatever the case of its name.
fn choose(fonts: &mut Database, wanted: &str) -> Result<(), FontsRefused> {
    let families: BTreeSet<&str> = fonts.faces().flat_map(|face| &face.families).map(|(name, _)| &**name).collect();
    let Some(family) = families.iter().find(|family| family.eq_ignore_ascii_case(wanted)) else {
        let there_are = families.into_iter().map(str::to_owned).collect();
        return Err(FontsRefused::Family { wanted: wanted.to_owned(), there_are });
    };
    let family = (*family).to_owned();
    fonts.set_sans_serif_family(family);
    Ok(())
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
    use cosmic_text::fontdb::Family;

    #[test]
    fn a_family_is_chosen_by_its_name_and_one_that_is_not_there_is_refused_with_those_that_are() {
        let mut fonts = database(Vec::new());
        assert_eq!(fonts.family_name(&Family::SansSerif), FAMILY);
        choose(&mut fonts, "noto sans hebrew").unwrap();
        assert_eq!(fonts.family_name(&Family::SansSerif), "Noto Sans Hebrew");
        let refused = choose(&mut fonts, "Comic Sans").unwrap_err().to_string();
        assert!(refused.starts_with("no font is of the family \"Comic Sans\"; there are Noto Sans, "), "{refused}");
    }

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
