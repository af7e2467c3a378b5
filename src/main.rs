//! The `costage` binary; everything is in the library.

fn main() {}
