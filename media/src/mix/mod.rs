//! The MCU plane: paint on arrival, encode when due, sum the voices.

mod audio;
mod audio_source;
mod limiter;
#[cfg(test)]
mod testing;

pub use audio::{AudioMixer, MixedAudio, SOUND_BITRATE_BPS};
pub use audio_source::AudioSource;
