//! From packets in any order to access units and blocks of sound in order.

mod playout;

pub use playout::{CONCEAL_SAMPLES_MAX, PLAYOUT_DELAY, Playout, PlayoutStats, Pull, Step, TRIM_MAX};
