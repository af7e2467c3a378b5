//! How the picture looks where nobody's media is: colours, corners, what is behind the tiles. One for the process, as fonts are.

use std::sync::OnceLock;

use thiserror::Error;

use super::canvas::Canvas;
use super::overlay::{Rgb, Yuv};
use crate::frame::{I420, Size};
use crate::scene::{Proportion, Rect, Region, SourceId};

/// Everything that an operator may choose. The default is the product's own look.
#[derive(Debug, Clone, Default)]
pub struct Theme {
    /// Of what is painted in one.
    pub colours: Colours,
    /// Radius of the corners of tiles that name none of their own: pixels of a canvas 720 wide. Those that fill the canvas stay
    /// square.
    pub corner_radius: usize,
    /// What is behind the tiles, a picture for each size of canvas; on another size it is the colour.
    pub backgrounds: Vec<I420>,
}

/// Colours by what they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// Outside all tiles.
    pub background: Rgb,
    /// A tile without picture, a seat of voices.
    pub tile: Rgb,
    /// The disc of an empty seat, and the edge around it.
    pub empty_seat: Rgb,
    /// Its number, or its lock.
    pub seat_number: Rgb,
    /// Behind names, ranks and the countdown; parts of the picture are seen through it.
    pub pill: Rgb,
    /// Names, numbers, ranks.
    pub text: Rgb,
    /// The left side of a battle's bar.
    pub left: Rgb,
    /// The right side.
    pub right: Rgb,
    /// The best rank, and who won.
    pub winner: Rgb,
    /// Who lost.
    pub loser: Rgb,
    /// Where nobody won.
    pub draw: Rgb,
    /// The countdown in its last seconds.
    pub last_seconds: Rgb,
    /// The line around the avatar of who is heard.
    pub ring: Rgb,
    /// What grows around that with the voice.
    pub halo: Rgb,
}

impl Colours {
    /// The product's own; the background is darker than a tile, so that a tile is seen to be one.
    pub const OWN: Self = Self {
        background: Rgb(0x121316),
        tile: Rgb(0x1F2024),
        empty_seat: Rgb(0x2B2D33),
        seat_number: Rgb(0x8A8F99),
        pill: Rgb(0x22262E),
        text: Rgb(0xFFFFFF),
        left: Rgb(0x1C66E5),
        right: Rgb(0xF15065),
        winner: Rgb(0xFFC53D),
        loser: Rgb(0x565C68),
        draw: Rgb(0x3F87AE),
        last_seconds: Rgb(0xE5352B),
        ring: Rgb(0xC4F8DA),
        halo: Rgb(0x3DD68C),
    };
}

impl Default for Colours {
    fn default() -> Self {
        Self::OWN
    }
}

/// Something was drawn already: what it looks like is decided before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a picture was drawn already")]
pub struct TooLate;

static THEME: OnceLock<(Theme, Vec<Canvas>)> = OnceLock::new();

/// Chooses the look of all pictures. Once, before anything is drawn.
///
/// # Errors
/// [`TooLate`] after the first picture, or the second time.
pub fn bring_theme(theme: Theme) -> Result<(), TooLate> {
    THEME.set(ready(theme)).map_err(|_| TooLate)
}

/// Pictures become canvases, which are copied from.
fn ready(mut theme: Theme) -> (Theme, Vec<Canvas>) {
    let backgrounds = std::mem::take(&mut theme.backgrounds).into_iter().map(Canvas::of).collect();
    (theme, backgrounds)
}

fn chosen() -> &'static (Theme, Vec<Canvas>) {
    THEME.get_or_init(|| ready(Theme::default()))
}

/// The colours that were chosen.
pub(super) fn colours() -> &'static Colours {
    &chosen().0.colours
}

/// A tile without picture.
pub(super) fn no_picture() -> Yuv {
    colours().tile.yuv()
}

impl Canvas {
    /// A canvas on which there is nothing.
    pub(super) fn bare(size: Size) -> Self {
        let mut canvas = Self::new(size, colours().background.yuv());
        if let Some(picture) = background(canvas.size()) {
            canvas.clone_from(picture);
        }
        canvas
    }

    /// Nothing is at `rect` any more.
    pub(super) fn lay_bare(&mut self, rect: Rect) {
        match background(self.size()) {
            Some(picture) => self.copy(picture, rect),
            None => self.fill(rect, colours().background.yuv()),
        }
    }
}

fn background(size: Size) -> Option<&'static Canvas> {
    chosen().1.iter().find(|picture| picture.size() == size)
}

/// `places` with the corners of the theme, on a canvas of this size.
pub(super) fn rounded(
    places: Vec<(SourceId, Region)>,
    canvas: Size,
    proportion: Proportion,
) -> Vec<(SourceId, Region)> {
    corners_of(places, canvas, proportion.length(chosen().0.corner_radius))
}

fn corners_of(places: Vec<(SourceId, Region)>, canvas: Size, radius: usize) -> Vec<(SourceId, Region)> {
    if radius == 0 {
        return places;
    }
    let round = |(source, region): (SourceId, Region)| {
        let corner_radius = match region.corner_radius {
            0 if region.rect.size() != canvas => radius,
            own => own,
        };
        (source, Region { corner_radius, ..region })
    };
    places.into_iter().map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tiles_are_round_but_who_fills_the_canvas_and_who_has_a_radius_of_its_own() {
        let canvas = Size { width: 720, height: 1280 };
        let place = |i: u32, [x, y, w, h]: [usize; 4], corner_radius| {
            (SourceId(i), Region { corner_radius, ..Region::plain(Rect { x, y, w, h }, 0) })
        };
        let radii = |places: &[(SourceId, Region)], radius| {
            let rounded = corners_of(places.to_vec(), canvas, radius);
            rounded.iter().map(|(_, region)| region.corner_radius).collect::<Vec<_>>()
        };
        let two = [place(0, [0, 276, 360, 644], 0), place(1, [360, 276, 360, 644], 8)];
        assert_eq!(radii(&two, 24), [24, 8], "one has a radius of its own");
        assert_eq!(radii(&two, 0), [0, 8]);
        assert_eq!(radii(&[place(0, [0, 0, 720, 1_280], 0)], 24), [0], "it fills the canvas");
        let above =
            [place(0, [0, 0, 720, 1_280], 0), place(1, [560, 88, 144, 176], 0), place(2, [560, 272, 144, 176], 4)];
        assert_eq!(radii(&above, 24), [0, 24, 4], "windows lie above another");
    }
}
