//! The MCU plane: paint on arrival, encode when due, sum the voices.

mod audio;
mod audio_source;
mod limiter;
pub mod pacing;

pub use audio::{AudioMixer, MixedAudio, SOUND_BITRATE_BPS};
pub use audio_source::AudioSource;
