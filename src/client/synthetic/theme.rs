//! What tells one synthetic host from another at a glance.

use super::brush::Colour;

/// Colours of one host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    /// Top left and bottom right of the backdrop.
    pub(super) backdrop: [Colour; 2],
    pub(super) accent: Colour,
    pub(super) shirt: Colour,
    pub(super) skin: Colour,
    pub(super) hair: Colour,
    pub(super) long_hair: bool,
}

impl Theme {
    /// The theme of the host at `place`; after the last one they start again. The first two match the sides of the
    /// score bar.
    #[must_use]
    pub fn of(place: usize) -> Self {
        THEMES[place % THEMES.len()]
    }
}

const THEMES: [Theme; 5] = [
    theme([0x0b1f4d, 0x2f8fd6], 0x5fd4ff, 0x1c66e5, 0xf2c6a0, 0x3a2418, true),
    theme([0x4a0f2e, 0xf58a4b], 0xffd166, 0xf15065, 0xc98a5e, 0x17110f, false),
    theme([0x06352f, 0x58b368], 0xc8f169, 0x1d8a6a, 0xf0c9ab, 0x8a4b1f, true),
    theme([0x2a1250, 0xa060d8], 0xf2b8ff, 0x6a3fc4, 0x8d5a3b, 0x0f0b0a, false),
    theme([0x3d2a05, 0xe0b040], 0xfff0a8, 0x9a6a12, 0xe8b48c, 0x5a3010, true),
];

const fn theme(backdrop: [u32; 2], accent: u32, shirt: u32, skin: u32, hair: u32, long_hair: bool) -> Theme {
    Theme {
        backdrop: [Colour::rgb(backdrop[0]), Colour::rgb(backdrop[1])],
        accent: Colour::rgb(accent),
        shirt: Colour::rgb(shirt),
        skin: Colour::rgb(skin),
        hair: Colour::rgb(hair),
        long_hair,
    }
}
