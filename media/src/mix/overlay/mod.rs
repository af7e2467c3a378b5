//! What lies over the tiles: rasterised once per change into YUV with alpha, blended into every frame.
//!
//! The only folder that names cosmic-text and tiny-skia. Everything here may allocate: it runs when a name, a score or
//! a state changes, never per frame. What a scene brings is drawn where scenes are made ([`prepare()`]), not where they are
//! mixed: there it is found (`drawn.rs`).

mod avatar;
mod cell;
mod colour;
mod drawn;
mod fonts;
mod label;
mod lettering;
mod lock;
mod microphone;
mod patch;
mod plate;
mod prepare;
mod ring;
mod score;
mod shaped;
mod unknown;
mod vacancy;

pub(super) use avatar::{avatar, avatar_place, portrait};
pub(super) use cell::{CellStyle, cell};
pub use colour::Rgb;
pub(crate) use colour::Yuv;
pub use fonts::{FontFile, FontsRefused, bring_fonts};
pub(super) use label::{RECONNECTING, nickname, notice};
pub use lettering::{has_letters, warm};
pub(super) use patch::{Layer, Patch};
pub(super) use plate::{Reading, badge, countdown, opening, outcome};
pub use prepare::prepare;
pub(super) use ring::{Rings, ring_square};
pub(super) use score::{BattleBar, share};
pub use unknown::unknown_characters;
pub(super) use vacancy::vacancy;
