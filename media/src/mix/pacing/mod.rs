//! When to encode: as soon as something changed, as often as allowed, and where that is seldom, at the moment that
//! keeps the tiles freshest. No tick runs freely here.

mod bucket;
mod cadence;
mod keyframes;
mod pacer;

pub use bucket::TokenBucket;
pub use keyframes::{KEYFRAMES_APART, KeyframeMerge};
pub use pacer::{Pacer, SOURCES_MAX};
