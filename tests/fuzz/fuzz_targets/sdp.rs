//! See `costage::peer::fuzz::sdp`.
#![no_main]

use costage::peer::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::sdp(data));
