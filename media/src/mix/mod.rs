//! The MCU plane: paint on arrival, encode when due, sum the voices.

mod audio;
mod audio_source;
mod canvas;
mod corners;
mod count;
mod limiter;
mod loudness;
mod overlay;
pub mod pacing;
mod plane;
mod preview;
mod program;
mod scaler;
mod slide;
mod speaking;
mod still;
mod teller;
#[cfg(test)]
mod testing;
mod theme;
mod tile;
mod video;
mod way;

pub use audio::{AudioMixer, LISTENERS_MAX, MixedAudio, SOUND_BITRATE_BPS, SoundStats};
pub use audio_source::AudioSource;
pub use canvas::Canvas;
pub use loudness::Loudness;
pub use overlay::{FontFile, FontsRefused, Rgb, bring_fonts, has_letters, prepare, unknown_characters, warm};
pub use preview::{avatar_picture, covering, preview};
pub use program::{Produced, Program, ProgramConfig};
pub use scaler::placed;
pub use theme::{Colours, Theme, TooLate, bring_theme};
pub use video::{MOTION, VideoMixer};
