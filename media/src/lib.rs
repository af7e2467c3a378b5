//! The media core of costage: everything that touches a packet, a picture or a sound, as pure functions and
//! sans-IO state machines.
//!
//! | folder | layer | holds |
//! |---|---|---|
//! | [`time`], [`packet`], [`frame`] | L0 | plain data: clocks, RTP views, planes, audio blocks |
//! | [`kernel`] | L0 | pixel and sample loops; the scalar is the specification |
//! | [`scene`] | L1 | what a picture should be |
//! | [`forward`] | L1 | one producer, many consumers |
//! | [`jitter`] | L1 | reorder, depacketise, play out |
//! | [`mix`] | L1 | paint on arrival, encode when due, sum the voices |
//! | [`codec`] | L1 | openh264, opus, and images: the only foreign code |
//!
//! **Invariant:** nothing here reads a clock, opens a socket or spawns a thread; time is an argument.
//! **Invariant:** nothing here names tokio, axum, rtc or webrtc.
//! **Invariant:** `unsafe` stands only in `kernel` and `codec`.
#![deny(unsafe_code)]

pub mod codec;
pub mod forward;
pub mod frame;
pub mod jitter;
pub mod kernel;
pub mod mix;
pub mod packet;
pub mod scene;
pub mod time;
