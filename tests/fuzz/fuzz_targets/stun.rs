//! See `costage::peer::fuzz::stun`.
#![no_main]

use costage::peer::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::stun(std::time::Instant::now(), data));
