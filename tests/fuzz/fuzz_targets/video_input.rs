//! See `costage_media::jitter::fuzz::video_input`.
#![no_main]

use std::time::Instant;

use costage_media::jitter::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::video_input(Instant::now(), data));
