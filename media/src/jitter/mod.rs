//! From packets in any order to access units and blocks of sound in order.

#[doc(hidden)]
pub mod fuzz;
pub mod h264;
mod input;
mod playout;
mod ring;
mod sync;

pub use input::{AccessUnit, KEYFRAME_NEEDED_INTERVAL, VideoEvent, VideoInput};
pub use playout::{CONCEAL_SAMPLES_MAX, PLAYOUT_DELAY, Playout, PlayoutStats, Pull, Step};
pub use ring::{Arrival, GAP_DEADLINE, JUMP_MAX, Ordered, RING_PACKETS_MAX, ReorderRing};
pub use sync::{SyncTrim, TRIM_MAX};
