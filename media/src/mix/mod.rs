//! The MCU plane: paint on arrival, encode when due, sum the voices.

pub mod pacing;
