//! costage: a real-time media mixing server, SFU and MCU in one process.
//!
//! Layers, arrows only downward: [`app`] (L5) → [`api`], [`peer`], [`store`], [`webhook`], [`client`] (L4) → [`engine`] (L3) →
//! [`live`] (L2) → `costage_media` (L1, L0).
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod client;
pub mod engine;
pub mod live;
pub mod peer;
pub mod store;
pub mod webhook;
