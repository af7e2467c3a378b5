//! Text into pixels. What was drawn before is shared by all threads; what is new is shaped by the fonts of the thread that
//! wants it, so that no thread waits for another's letters.

use std::cell::RefCell;
use std::sync::Arc;

use cosmic_text::{
    Attrs, Buffer, CacheKey, Family, FontSystem, LayoutGlyph, Metrics, PhysicalGlyph, Shaping, SwashCache,
    SwashContent, SwashImage, Weight, Wrap,
};
use tiny_skia::{Pixmap, PremultipliedColorU8};
use unicode_segmentation::UnicodeSegmentation;

use super::Rgb;
use super::fonts::fonts;
use super::shaped::shaped;

/// One thread's fonts and its drawing of glyphs.
struct Pen {
    fonts: FontSystem,
    glyphs: SwashCache,
}

thread_local! {
    static PEN: RefCell<Option<Pen>> = const { RefCell::new(None) };
}

#[cfg(test)]
thread_local! {
    static STROKES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// How often this thread has shaped or drawn something new.
#[cfg(test)]
pub(super) fn pen_strokes() -> u64 {
    STROKES.get()
}

/// This thread's pen. The first time takes a millisecond or two ([`warm`]).
fn with_pen<T>(work: impl FnOnce(&mut Pen) -> T) -> T {
    #[cfg(test)]
    STROKES.set(STROKES.get() + 1);
    PEN.with_borrow_mut(|pen| {
        work(pen.get_or_insert_with(|| {
            // The locale only steers the choice among the shapes of Han characters.
            let fonts = FontSystem::new_with_locale_and_db("en-US".into(), fonts());
            Pen { fonts, glyphs: SwashCache::new() }
        }))
    })
}

/// The way to write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lettering;

/// What a line was shaped from: the text, the bits of its size, whether it is bold, and the bits of the width that it was
/// shortened to.
pub(super) type LineKey = (String, u32, bool, Option<u32>);

/// A shaped line of text.
#[derive(Clone)]
pub(super) struct Line {
    glyphs: Vec<LayoutGlyph>,
    /// Advance width, pixels.
    pub(super) width: f32,
}

impl Line {
    /// Puts another line behind it, whose text begins at byte `start` of the whole.
    pub(super) fn push(&mut self, start: usize, other: &Self) {
        self.glyphs.extend(other.glyphs.iter().map(|glyph| LayoutGlyph {
            start: start + glyph.start,
            end: start + glyph.end,
            x: self.width + glyph.x,
            ..glyph.clone()
        }));
        self.width += other.width;
    }

    /// How much of the width is of the text's first `bytes`.
    fn width_up_to(&self, bytes: usize) -> f32 {
        self.glyphs.iter().filter(|glyph| glyph.end <= bytes).map(|glyph| glyph.w).sum()
    }
}

/// Size in pixels per em, and weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) bold: bool,
}

/// Height of capitals and digits of Noto Sans, in em.
pub(super) const CAP_HEIGHT: f32 = 0.714;

/// The glyph that a font draws for a character it does not have, `.notdef`.
const NO_GLYPH: u16 = 0;

/// Characters of a text that are looked at. A tile shows some forty; a name may be hostile.
const CHARS_MAX: usize = 256;

/// Times a text that is too long is shaped anew with one grapheme less, before the ellipsis alone is left.
const CUTS_MAX: usize = 3;

/// Reads the fonts and shapes with both weights, which the first text of a thread would otherwise do: some ten
/// milliseconds. Call it in each thread that mixes, before it does.
pub fn warm() {
    with_pen(|pen| {
        for bold in [false, true] {
            pen.shape("Ag 0…", Style { size: 20.0, bold });
        }
    });
}

/// Whether some font has all characters of `text`. Those that none has are not told by it: they were in nobody's name.
#[must_use]
pub fn has_letters(text: &str) -> bool {
    let line = with_pen(|pen| pen.shape(text, Style { size: 20.0, bold: false }));
    line.glyphs.iter().all(|glyph| glyph.glyph_id != NO_GLYPH)
}

/// The way to write.
pub(super) fn lettering() -> Lettering {
    Lettering
}

impl Pen {
    /// Shapes one line; what comes after a paragraph separator is left out. A character without a glyph becomes the
    /// font's empty box.
    fn shape(&mut self, text: &str, style: Style) -> Line {
        let mut buffer = Buffer::new(&mut self.fonts, Metrics::new(style.size, style.size * 1.5));
        let weight = if style.bold { Weight::BOLD } else { Weight::NORMAL };
        buffer.set_wrap(Wrap::None);
        buffer.set_size(None, None);
        buffer.set_text(text, &Attrs::new().family(Family::SansSerif).weight(weight), Shaping::Advanced, None);
        buffer.shape_until_scroll(&mut self.fonts, false);
        let Some(run) = buffer.layout_runs().next() else { return Line { glyphs: Vec::new(), width: 0.0 } };
        Line { glyphs: run.glyphs.to_vec(), width: run.line_w }
    }

    fn image(&mut self, key: CacheKey) -> Option<Arc<SwashImage>> {
        self.glyphs.get_image_uncached(&mut self.fonts, key).map(Arc::new)
    }
}

impl Lettering {
    /// One line; what comes after a paragraph separator is left out. A character without a glyph becomes the font's empty
    /// box, and is remembered as unknown.
    pub(super) fn line(self, text: &str, style: Style) -> Arc<Line> {
        kept((text.to_owned(), style.size.to_bits(), style.bold, None), || {
            let line = with_pen(|pen| pen.shape(text, style));
            for boxed in line.glyphs.iter().filter(|glyph| glyph.glyph_id == NO_GLYPH) {
                let characters = text.get(boxed.start..boxed.end).unwrap_or_default().chars();
                characters.for_each(|character| shaped().unknown.meet(character));
            }
            Arc::new(line)
        })
    }

    /// A number: its characters side by side, none of which changes the shape of another. So one that was never written
    /// before needs nothing new.
    pub(super) fn number(self, text: &str, style: Style) -> Line {
        let mut line = Line { glyphs: Vec::with_capacity(text.len()), width: 0.0 };
        for (start, character) in text.char_indices() {
            line.push(start, &self.line(character.encode_utf8(&mut [0; 4]), style));
        }
        line
    }

    /// [`Lettering::line`] of as much as fits `width_max`: cut at a grapheme boundary, then an ellipsis.
    pub(super) fn line_within(self, text: &str, style: Style, width_max: f32) -> Arc<Line> {
        let (bounded, cut) = bounded(text);
        let key = (bounded.clone(), style.size.to_bits(), style.bold, Some(width_max.to_bits()));
        kept(key, || self.fitted(&bounded, cut, style, width_max))
    }

    /// The first emoji in `text` that a font has in colours, with all that belongs to it.
    pub(super) fn first_coloured(self, text: &str, style: Style) -> Option<String> {
        let (bounded, _) = bounded(text);
        let line = self.line(&bounded, style);
        let at = line.glyphs.iter().find(|glyph| is_coloured(glyph))?.start;
        let grapheme = bounded.grapheme_indices(true).take_while(|&(start, _)| start <= at).last();
        grapheme.map(|(_, grapheme)| grapheme.to_owned())
    }

    fn fitted(self, bounded: &str, cut: bool, style: Style, width_max: f32) -> Arc<Line> {
        let whole = self.line(bounded, style);
        if !cut && whole.width <= width_max {
            return whole;
        }
        let room = width_max - self.line("…", style).width;
        let starts = bounded.grapheme_indices(true).map(|(start, _)| start);
        let mut ends: Vec<usize> = starts.chain([bounded.len()]).collect();
        ends.retain(|&end| whole.width_up_to(bounded[..end].trim_end().len()) <= room);
        // Where the cut changes the shapes beside it, as in scripts whose letters join, the line may come out wider than
        // its parts were: then a grapheme less. None at all leaves the ellipsis alone.
        for _attempt in 0..CUTS_MAX {
            let Some(end) = ends.pop().filter(|&end| end > 0) else { break };
            let line = self.line(&format!("{}…", bounded[..end].trim_end()), style);
            if line.width <= width_max {
                return line;
            }
        }
        self.line("…", style)
    }

    /// Draws a line with its origin at `x` on the baseline `y`.
    pub(super) fn draw(self, line: &Line, pixels: &mut Pixmap, x: f32, y: f32, colour: Rgb) {
        let places: Vec<PhysicalGlyph> = line.glyphs.iter().map(|glyph| glyph.physical((x, y), 1.0)).collect();
        let known: Vec<_> = {
            let mut shaped = shaped();
            places.iter().map(|place| shaped.glyphs.get(&place.cache_key)).collect()
        };
        for (place, known) in places.iter().zip(known) {
            if let Some(image) = known.unwrap_or_else(|| new_image(place.cache_key)) {
                draw_glyph(place, &image, pixels, colour);
            }
        }
    }
}

/// Whether the font has it in colours of its own.
fn is_coloured(glyph: &LayoutGlyph) -> bool {
    let key = glyph.physical((0.0, 0.0), 1.0).cache_key;
    let known = shaped().glyphs.get(&key);
    let image = known.unwrap_or_else(|| new_image(key));
    glyph.glyph_id != NO_GLYPH && image.is_some_and(|image| image.content == SwashContent::Color)
}

fn new_image(key: CacheKey) -> Option<Arc<SwashImage>> {
    let image = with_pen(|pen| pen.image(key));
    shaped().glyphs.put(key, image.clone());
    image
}

/// The line that is kept under `key`, or else `new`.
fn kept(key: LineKey, new: impl FnOnce() -> Arc<Line>) -> Arc<Line> {
    let known = shaped().lines.get(&key);
    known.unwrap_or_else(|| {
        let line = new();
        shaped().lines.put(key, Arc::clone(&line));
        line
    })
}

fn draw_glyph(glyph: &PhysicalGlyph, image: &SwashImage, pixels: &mut Pixmap, colour: Rgb) {
    let (left, top) = (glyph.x + image.placement.left, glyph.y - image.placement.top);
    let width = image.placement.width as usize;
    let channels = match image.content {
        SwashContent::Mask => 1,
        SwashContent::Color | SwashContent::SubpixelMask => 4,
    };
    for (i, pixel) in image.data.chunks_exact(channels).enumerate() {
        let at = |origin: i32, offset: usize| origin.checked_add_unsigned(u32::try_from(offset).ok()?);
        let place = at(left, i % width.max(1)).zip(at(top, i / width.max(1)));
        let Some((x, y)) = place else { continue };
        match *pixel {
            [coverage] => over(pixels, x, y, colour, coverage),
            [red, green, blue, alpha] => {
                over(pixels, x, y, Rgb(u32::from_be_bytes([0, red, green, blue])), alpha);
            }
            _ => {}
        }
    }
}

/// One pixel of `colour` at `coverage` over what is there; nothing outside.
fn over(pixels: &mut Pixmap, x: i32, y: i32, colour: Rgb, coverage: u8) {
    let (width, height) = (pixels.width(), pixels.height());
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    if x >= width || y >= height || coverage == 0 {
        return;
    }
    let pixel = &mut pixels.pixels_mut()[y as usize * width as usize + x as usize];
    let mix = |under: u8, over: u8| {
        let sum = u32::from(over) * u32::from(coverage) + u32::from(under) * u32::from(255 - coverage);
        u8::try_from((2 * sum + 255) / 510).unwrap_or(255)
    };
    let [red, green, blue] = colour.channels();
    let alpha = mix(pixel.alpha(), 255);
    // Rounding may leave a channel one above alpha, which premultiplied colours do not allow.
    let channel = |under: u8, over: u8| mix(under, over).min(alpha);
    let mixed = PremultipliedColorU8::from_rgba(
        channel(pixel.red(), red),
        channel(pixel.green(), green),
        channel(pixel.blue(), blue),
        alpha,
    );
    *pixel = mixed.unwrap_or(*pixel);
}

/// At most [`CHARS_MAX`] characters of it, cut between graphemes where it can be, and whether any are gone. Controls
/// (among them those that turn the writing direction, with which one name could pose as another) become spaces.
fn bounded(text: &str) -> (String, bool) {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let mut taken: String = text.trim().chars().take(CHARS_MAX + 1).collect();
    let cut = taken.chars().count() > CHARS_MAX;
    if cut && let Some((last, _)) = taken.grapheme_indices(true).next_back().filter(|&(last, _)| last > 0) {
        taken.truncate(last);
    } else if cut {
        taken.pop();
    }
    (taken.chars().map(|c| if steers(c) { ' ' } else { c }).collect(), cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { size: 20.0, bold: false };

    #[test]
    fn digits_of_both_weights_have_one_width() {
        for bold in [false, true] {
            let style = Style { bold, ..STYLE };
            let widths: Vec<f32> = ('0'..='9').map(|digit| lettering().line(&digit.to_string(), style).width).collect();
            assert!(widths.iter().all(|&width| width > 0.0 && width.to_bits() == widths[0].to_bits()), "{widths:?}");
        }
    }

    #[test]
    fn a_long_text_ends_with_an_ellipsis_within_the_width() {
        let text = "A nickname that goes on and on and on";
        let whole = lettering().line(text, STYLE);
        let line = lettering().line_within(text, STYLE, 150.0);
        assert!(whole.width > 150.0 && line.width <= 150.0 && line.width > 130.0, "{} {}", whole.width, line.width);
        let ellipsis = lettering().line("…", STYLE).glyphs[0].glyph_id;
        assert_eq!(line.glyphs.last().map(|glyph| glyph.glyph_id), Some(ellipsis));
        assert_eq!(lettering().line_within(text, STYLE, whole.width).glyphs.len(), whole.glyphs.len());
    }

    #[test]
    fn as_much_stays_as_fits_and_none_in_no_room() {
        for text in ["A nickname that goes on and on and on", "Эй, кто там идёт по улице?", "WAVAWAVAWAVAWAVA To. Yo."]
        {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let cut = |end: usize| lettering().line(&format!("{}…", text[..end].trim_end()), STYLE).width;
            for width in [3_u8, 20, 40, 77, 100, 141] {
                let width = f32::from(width);
                let line = lettering().line_within(text, STYLE, width);
                // The search over every cut, each shaped by itself; kerning beside the cut may cost one grapheme.
                let best = ends.iter().rposition(|&end| cut(end) <= width).unwrap_or(0);
                let near = [best, best.saturating_sub(1)].map(|at| cut(ends[at]).to_bits());
                assert!(near.contains(&line.width.to_bits()), "{text} in {width}: {}", line.width);
                assert!(line.width <= width || width < 20.0);
            }
        }
    }

    #[test]
    fn an_ellipsis_never_splits_a_grapheme() {
        // Each letter carries two marks of its own: whatever the width, whole triples are left.
        let text = "e\u{301}\u{323}".repeat(40);
        for width in 20..200u8 {
            let line = lettering().line_within(&text, STYLE, f32::from(width));
            let end = line.glyphs.iter().map(|glyph| glyph.start).max().unwrap();
            assert_eq!(end % "e\u{301}\u{323}".len(), 0, "{width}");
        }
    }

    #[test]
    fn hostile_texts_are_bounded_and_never_panic() {
        let marks = "\u{301}".repeat(100_000);
        let texts = ["", " ", "\0\n\r\t", "\u{202E}abc\u{2029}x", "👩‍👩‍👧‍👦", "日本語", "שלום", "\u{FFFD}\u{10FFFF}", &marks];
        for text in texts {
            let line = lettering().line_within(text, STYLE, 100.0);
            let mut pixels = Pixmap::new(30, 10).unwrap();
            lettering().draw(&line, &mut pixels, -5.0, 9.0, Rgb(0xFFFFFF));
        }
        assert!(bounded(&marks).0.chars().count() <= CHARS_MAX);
    }

    #[test]
    fn a_character_without_a_glyph_leaves_a_mark() {
        let line = lettering().line("日", STYLE);
        let mut pixels = Pixmap::new(30, 30).unwrap();
        lettering().draw(&line, &mut pixels, 2.0, 24.0, Rgb(0xFFFFFF));
        assert!(pixels.pixels().iter().any(|pixel| pixel.alpha() > 128));
    }

    #[test]
    fn a_character_without_a_glyph_is_told_once_and_others_never() {
        // The fonts are one for the process: other tests meet characters too, but not these.
        lettering().line("Ada é ф \u{13000}\u{13001}", STYLE);
        let told = shaped().unknown.take();
        assert!(told.contains(&'\u{13000}') && told.contains(&'\u{13001}'), "{told:?}");
        assert!(!told.iter().any(|character| "Ada éф".contains(*character)), "{told:?}");
        lettering().line("Ada \u{13000}", Style { bold: true, ..STYLE });
        assert!(!shaped().unknown.take().contains(&'\u{13000}'));
    }
}
