//! See `costage_media::codec::fuzz::decoder`.
#![no_main]

use costage_media::codec::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::decoder(data));
