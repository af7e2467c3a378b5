//! The MCU plane: paint on arrival, encode when due, sum the voices.

mod canvas;
mod overlay;
mod scaler;
mod slide;
mod tile;
mod video;

pub use canvas::Canvas;
pub use video::VideoMixer;
