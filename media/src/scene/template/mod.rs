//! Layout templates: pixel geometry for a canvas of 720×1280 (portrait) or 1280×720 (landscape), scaled to any other.
//!
//! | file | holds |
//! |---|---|
//! | `grid` | hostDynamicGrid, videoFixedGrid9Seats, hostVoiceConnection |
//! | `float` | hostDynamic1v6, videoFixedFloat7Seats |
//! | `landscape` | videoLandscape4Seats, HostVideoLandscapeFixed2Seats |
//! | `voice` | hostStaticVoice6v6, audioSalon, karaoke |
//!
//! Dynamic templates have places for who is there; in fixed ones each seat has its own place, and is drawn empty too.

mod float;
mod grid;
mod landscape;
#[cfg(test)]
mod tests;
mod voice;

use super::{Proportion, Region};
use crate::frame::Size;

/// A way to lay out tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// One to nine in a grid that grows with their number: hosts, or a host and guests (videoDynamicGrid9Seats).
    HostDynamicGrid,
    /// One on the whole canvas, and up to six in windows above: hosts, or a host and guests (videoDynamicFloat7Seats).
    HostDynamic1v6,
    /// One to nine hosts of voice rooms, each in a cell of the same size.
    HostVoiceConnection,
    /// Two teams of six seats each, in cells without pictures.
    HostStaticVoice6v6,
    /// Two hosts side by side in landscape.
    HostVideoLandscapeFixed2Seats,
    /// A host and guests in nine cells of the same size, each seat in its own.
    VideoFixedGrid9Seats,
    /// A host on the whole canvas, and six seats in windows above, each in its own.
    VideoFixedFloat7Seats,
    /// A host and up to three guests in landscape, laid out by their number.
    VideoLandscape4Seats,
    /// All seats of a voice room, to 50, in cells without pictures.
    AudioSalon,
    /// The same of a room for singing.
    Karaoke,
    /// Each tile where its own region says; chosen by those, never by name.
    Custom,
}

/// `x y w h` on the canvas that a template is written for.
type Cell = [usize; 4];

/// The canvas that most layouts are written for.
const PORTRAIT: Size = Size { width: 720, height: 1280 };
/// The canvas of landscape layouts.
const LANDSCAPE: Size = Size { width: 1280, height: 720 };

impl Template {
    /// Every template that may be chosen by name.
    pub const ALL: [Self; 10] = [
        Self::HostDynamicGrid,
        Self::HostDynamic1v6,
        Self::HostVoiceConnection,
        Self::HostStaticVoice6v6,
        Self::HostVideoLandscapeFixed2Seats,
        Self::VideoFixedGrid9Seats,
        Self::VideoFixedFloat7Seats,
        Self::VideoLandscape4Seats,
        Self::AudioSalon,
        Self::Karaoke,
    ];

    /// Seats of each live that hostStaticVoice6v6 has cells for (KSGConnectMaxSeatCount).
    pub const TEAM_SEATS: u32 = 6;

    /// The number that clients know it by.
    #[must_use]
    pub fn id(self) -> u32 {
        match self {
            Self::HostDynamicGrid => 600,
            Self::HostDynamic1v6 => 601,
            Self::HostVoiceConnection => 2,
            Self::HostStaticVoice6v6 => 1,
            Self::HostVideoLandscapeFixed2Seats => 400,
            Self::VideoFixedGrid9Seats => 800,
            Self::VideoFixedFloat7Seats => 801,
            Self::VideoLandscape4Seats => 200,
            Self::AudioSalon => 70,
            Self::Karaoke => 50,
            Self::Custom => 1000,
        }
    }

    /// The name that clients know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HostDynamicGrid => "hostDynamicGrid",
            Self::HostDynamic1v6 => "hostDynamic1v6",
            Self::HostVoiceConnection => "hostVoiceConnection",
            Self::HostStaticVoice6v6 => "hostStaticVoice6v6",
            Self::HostVideoLandscapeFixed2Seats => "HostVideoLandscapeFixed2Seats",
            Self::VideoFixedGrid9Seats => "videoFixedGrid9Seats",
            Self::VideoFixedFloat7Seats => "videoFixedFloat7Seats",
            Self::VideoLandscape4Seats => "videoLandscape4Seats",
            Self::AudioSalon => "audioSalon",
            Self::Karaoke => "karaoke",
            Self::Custom => "custom",
        }
    }

    /// The most lives that it has room for; 1: it lays out the seats of a live alone.
    #[must_use]
    pub fn capacity(self) -> usize {
        match self {
            Self::HostDynamicGrid | Self::HostVoiceConnection | Self::Custom => 9,
            Self::HostDynamic1v6 => 7,
            Self::HostStaticVoice6v6 | Self::HostVideoLandscapeFixed2Seats => 2,
            Self::VideoFixedGrid9Seats
            | Self::VideoFixedFloat7Seats
            | Self::VideoLandscape4Seats
            | Self::AudioSalon
            | Self::Karaoke => 1,
        }
    }

    /// The most places that it has; none of its own when each is where it is asked for.
    #[must_use]
    pub fn places(self) -> usize {
        match self {
            Self::HostDynamicGrid | Self::HostVoiceConnection | Self::VideoFixedGrid9Seats => 9,
            Self::HostDynamic1v6 | Self::VideoFixedFloat7Seats => 7,
            Self::HostStaticVoice6v6 => 12,
            Self::HostVideoLandscapeFixed2Seats => 2,
            Self::VideoLandscape4Seats => 4,
            Self::AudioSalon | Self::Karaoke => voice::SALON_SEATS,
            Self::Custom => 0,
        }
    }

    /// Whether each seat has a place of its own, drawn empty while nobody sits there.
    #[must_use]
    pub fn has_empty_places(self) -> bool {
        match self {
            Self::HostStaticVoice6v6
            | Self::VideoFixedGrid9Seats
            | Self::VideoFixedFloat7Seats
            | Self::AudioSalon
            | Self::Karaoke => true,
            Self::HostDynamicGrid
            | Self::HostDynamic1v6
            | Self::HostVoiceConnection
            | Self::HostVideoLandscapeFixed2Seats
            | Self::VideoLandscape4Seats
            | Self::Custom => false,
        }
    }

    /// Whether its places are cells of who is heard there, and nobody's picture is shown.
    #[must_use]
    pub fn is_of_voices(self) -> bool {
        match self {
            Self::HostStaticVoice6v6 | Self::AudioSalon | Self::Karaoke => true,
            Self::HostDynamicGrid
            | Self::HostDynamic1v6
            | Self::HostVoiceConnection
            | Self::HostVideoLandscapeFixed2Seats
            | Self::VideoFixedGrid9Seats
            | Self::VideoFixedFloat7Seats
            | Self::VideoLandscape4Seats
            | Self::Custom => false,
        }
    }

    /// The canvas that it is written for.
    fn design(self) -> Size {
        match self {
            Self::HostDynamicGrid
            | Self::HostDynamic1v6
            | Self::HostVoiceConnection
            | Self::HostStaticVoice6v6
            | Self::VideoFixedGrid9Seats
            | Self::VideoFixedFloat7Seats
            | Self::AudioSalon
            | Self::Karaoke
            | Self::Custom => PORTRAIT,
            Self::HostVideoLandscapeFixed2Seats | Self::VideoLandscape4Seats => LANDSCAPE,
        }
    }

    /// The canvas that it is drawn on where `configured` is what the operator chose: the same, but a landscape template
    /// lays a portrait canvas on its side, with the same number of pixels. A portrait template on a landscape canvas
    /// stands in its middle: that is what was asked for.
    #[must_use]
    pub fn canvas(self, configured: Size) -> Size {
        let Size { width, height } = configured;
        if self.design() == LANDSCAPE && width < height { Size { width: height, height: width } } else { configured }
    }

    /// How the canvas that it is written for becomes `canvas`.
    #[must_use]
    pub fn proportion(self, canvas: Size) -> Proportion {
        Proportion::of(self.design(), canvas)
    }

    /// Where each of `places` places is on `canvas`; at most as many as the template has. Places are who is there, or where
    /// it [has empty places](Template::has_empty_places) the seats. Of hostStaticVoice6v6 the first live's six stand before the
    /// second's.
    #[must_use]
    pub fn regions(self, canvas: Size, places: usize) -> Vec<Region> {
        let proportion = self.proportion(canvas);
        let cells = self.cells(places).into_iter().take(places).enumerate();
        cells.map(|(i, cell)| Region::plain(proportion.rect(cell), self.z(i))).collect()
    }

    /// Each place on the canvas that it is written for, when there are so many.
    fn cells(self, places: usize) -> Vec<Cell> {
        match self {
            Self::HostDynamicGrid => grid::growing(places),
            Self::HostVoiceConnection | Self::VideoFixedGrid9Seats => grid::nine(),
            Self::HostDynamic1v6 | Self::VideoFixedFloat7Seats => float::seven(),
            Self::HostStaticVoice6v6 => voice::teams(),
            Self::AudioSalon | Self::Karaoke => voice::salon(places),
            Self::HostVideoLandscapeFixed2Seats => landscape::halves(),
            Self::VideoLandscape4Seats => landscape::growing(places),
            Self::Custom => Vec::new(),
        }
    }

    /// How far a place lies above others: higher lies nearer.
    pub(super) fn z(self, place: usize) -> u32 {
        match self {
            Self::HostDynamic1v6 | Self::VideoFixedFloat7Seats => float::z(place),
            Self::HostDynamicGrid
            | Self::HostVoiceConnection
            | Self::HostStaticVoice6v6
            | Self::HostVideoLandscapeFixed2Seats
            | Self::VideoFixedGrid9Seats
            | Self::VideoLandscape4Seats
            | Self::AudioSalon
            | Self::Karaoke
            | Self::Custom => 0,
        }
    }
}
