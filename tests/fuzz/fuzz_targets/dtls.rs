//! See `costage::peer::fuzz::dtls`.
#![no_main]

use costage::peer::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::dtls(std::time::Instant::now(), data));
