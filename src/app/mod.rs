//! Wiring: configuration, clock, signals, the commands of the binary.
