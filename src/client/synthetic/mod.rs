//! Synthetic hosts: drawn, not filmed, and sung, not spoken, so that a demo needs no camera and a bench knows the truth
//! of every pixel and sample.
//!
//! | | pictures | sound |
//! |---|---|---|
//! | demo | [`Presenter`]: a stylised host, told apart by colour theme | [`Melody`]: a phrase of notes, in time with the lips |
//! | bench | [`TestCard`]: moving shapes, a numbered [`barcode`], a flash | [`Beeps`]: one with each flash |

pub mod barcode;
mod beeps;
mod brush;
mod melody;
mod presenter;
mod test_card;
mod theme;

pub use beeps::{BEEP, Beeps, beep_hz};
pub use melody::{Melody, VOICE_PEAK};
pub use presenter::Presenter;
pub use test_card::{FLASH_EVERY, TestCard, flash_level};
pub use theme::Theme;
