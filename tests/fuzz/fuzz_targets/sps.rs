//! See `costage_media::jitter::fuzz::sps`.
#![no_main]

use costage_media::jitter::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::sps(data));
