//! `costage bench`: measures the server as it is, over real WebRTC, from outside.
mod beep;
mod percentiles;
mod process;
mod tiles;
mod trace;
