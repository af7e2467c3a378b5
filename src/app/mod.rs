//! Wiring: configuration, clock, signals, the commands of the binary.

pub mod bench;
mod cast;
pub mod clock;
pub mod demo;
pub mod samples;
