//! See `costage::peer::fuzz::rtp_rtcp`.
#![no_main]

use costage::peer::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::rtp_rtcp(std::time::Instant::now(), data));
