//! Wiring: configuration, clock, signals, the commands of the binary.

pub mod clock;
pub mod samples;
