//! How pictures look where nobody's media is, as it stands in the configuration.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use costage_media::mix::{Colours, Rgb};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Colours, corners, background. Read at a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThemeConfig {
    /// Outside all tiles. Default "#121316".
    pub background: HexColour,
    /// A PNG, JPEG or WebP that is there instead, cut to cover the canvas. Default "": none.
    pub background_image: PathBuf,
    /// A tile without picture, a seat of voices. Default "#1F2024".
    pub tile: HexColour,
    /// An empty seat's disc and edge. Default "#2B2D33".
    pub empty_seat: HexColour,
    /// Its number or lock. Default "#8A8F99".
    pub seat_number: HexColour,
    /// Behind names, ranks and the countdown. Default "#22262E".
    pub pill: HexColour,
    /// What is written there. Default "#FFFFFF".
    pub text: HexColour,
    /// The left side of a battle's bar. Default "#1C66E5".
    pub left: HexColour,
    /// The right side. Default "#F15065".
    pub right: HexColour,
    /// The best rank, and who won. Default "#FFC53D".
    pub winner: HexColour,
    /// Who lost. Default "#565C68".
    pub loser: HexColour,
    /// Where nobody won. Default "#3F87AE".
    pub draw: HexColour,
    /// The countdown's last seconds. Default "#E5352B".
    pub last_seconds: HexColour,
    /// The line around the avatar of who is heard. Default "#C4F8DA".
    pub ring: HexColour,
    /// What grows around it with the voice. Default "#3DD68C".
    pub halo: HexColour,
    /// Family that text is written in, of a font that is built in or that `fonts` brings. Default "": Noto Sans.
    pub font: String,
    /// Radius of tiles' corners, pixels of a canvas 720 wide; 0 to 360. Default 0: square.
    pub corner_radius: usize,
}

impl Default for ThemeConfig {
    fn default() -> Self {
        let own = Colours::OWN;
        let hex = |Rgb(colour)| HexColour(colour);
        Self {
            background: hex(own.background),
            background_image: PathBuf::new(),
            tile: hex(own.tile),
            empty_seat: hex(own.empty_seat),
            seat_number: hex(own.seat_number),
            pill: hex(own.pill),
            text: hex(own.text),
            left: hex(own.left),
            right: hex(own.right),
            winner: hex(own.winner),
            loser: hex(own.loser),
            draw: hex(own.draw),
            last_seconds: hex(own.last_seconds),
            ring: hex(own.ring),
            halo: hex(own.halo),
            font: String::new(),
            corner_radius: 0,
        }
    }
}

impl ThemeConfig {
    /// As the mixer takes them.
    pub fn colours(&self) -> Colours {
        let rgb = |HexColour(colour)| Rgb(colour);
        Colours {
            background: rgb(self.background),
            tile: rgb(self.tile),
            empty_seat: rgb(self.empty_seat),
            seat_number: rgb(self.seat_number),
            pill: rgb(self.pill),
            text: rgb(self.text),
            left: rgb(self.left),
            right: rgb(self.right),
            winner: rgb(self.winner),
            loser: rgb(self.loser),
            draw: rgb(self.draw),
            last_seconds: rgb(self.last_seconds),
            ring: rgb(self.ring),
            halo: rgb(self.halo),
        }
    }

    /// Where the background is read from, when anywhere.
    pub fn background_path(&self) -> Option<&std::path::Path> {
        (!self.background_image.as_os_str().is_empty()).then_some(&*self.background_image)
    }
}

/// `0xRRGGBB`, written "#RRGGBB".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HexColour(u32);

impl fmt::Display for HexColour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:06X}", self.0)
    }
}

impl FromStr for HexColour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits =
            text.strip_prefix('#').filter(|it| it.len() == 6 && it.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let colour = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        colour.map(Self).ok_or_else(|| format!("a colour is written \"#RRGGBB\", as \"#1C66E5\"; found {text:?}"))
    }
}

impl Serialize for HexColour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HexColour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::{Config, Sources};

    #[test]
    fn colours_come_from_file_environment_and_flags_and_go_to_the_mixer() {
        let config: Config = toml::from_str("[theme]\nleft = \"#00aaFF\"\ncorner_radius = 24\n").unwrap();
        assert_eq!(config.theme.colours(), Colours { left: Rgb(0x00AAFF), ..Colours::OWN });
        assert!(config.to_toml().unwrap().contains("left = \"#00AAFF\""));
        let environment = vec![("COSTAGE_THEME_PILL".to_owned(), "#010203".to_owned())];
        let flags = vec![("theme.corner_radius".to_owned(), "12".to_owned())];
        let config = Sources { environment, flags, ..Sources::default() }.load(true).unwrap();
        assert_eq!((config.theme.colours().pill, config.theme.corner_radius), (Rgb(0x010203), 12));
        assert_eq!(ThemeConfig::default().colours(), Colours::OWN);
    }

    #[test]
    fn what_is_no_colour_or_radius_is_refused_by_its_key_with_how_it_is_written() {
        for text in ["red", "#FFF", "#12345G", "1C66E5", "#1C66E5FF", "", "#+12345"] {
            let flags = vec![("theme.left".to_owned(), text.to_owned())];
            let fault = Sources { flags, ..Sources::default() }.load(true).unwrap_err().to_string();
            assert!(fault.starts_with("theme.left=") && fault.contains("written \"#RRGGBB\""), "{fault}");
        }
        let fault = toml::from_str::<Config>("[theme]\nright = \"blue\"\n").unwrap_err().to_string();
        assert!(fault.contains("right = \"blue\"") && fault.contains("#RRGGBB"), "{fault}");
        let flags = vec![("theme.corner_radius".to_owned(), "999".to_owned())];
        let fault = Sources { flags, ..Sources::default() }.load(true).unwrap_err().to_string();
        assert_eq!(fault, "theme.corner_radius: must be 0 to 360, found 999");
        assert!(toml::from_str::<Config>("[theme]\ncolour = \"#000000\"\n").is_err());
    }
}
