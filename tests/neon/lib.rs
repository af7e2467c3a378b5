//! The kernels of `costage-media`, under its name, without what needs C: see `run` beside this.
#![allow(missing_docs, reason = "nobody reads its documents")]

#[path = "../../media/src/frame/mod.rs"]
pub mod frame;
#[path = "../../media/src/kernel/mod.rs"]
pub mod kernel;
