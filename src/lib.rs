//! costage: a real-time media mixing server, SFU and MCU in one process.
//!
//! Layers, arrows only downward: [`app`] (L5) → [`api`], [`avatar`], [`peer`], [`store`], [`webhook`], [`client`] (L4) → [`engine`],
//! [`outgoing`] (L3) → [`live`] (L2) → `costage_media` (L1, L0).
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod avatar;
pub mod client;
pub mod engine;
pub mod live;
pub mod outgoing;
pub mod peer;
pub mod store;
pub mod webhook;
