//! Where facts are kept.

pub mod memory;

pub use memory::Memory;
