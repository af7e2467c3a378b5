//! A real server whose disk is full, broken, slow, or does not answer at all, while two hosts battle and a viewer watches:
//! nothing leaves the server before its transaction is on disk, what cannot be kept is refused, and media goes on.
//!
//! The disk is the kernel's, with a shim before it (`shim.c`) that the test compiles and preloads into the server; no rights
//! are needed for that, and the server is the binary as it is.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]
#![allow(clippy::print_stdout, reason = "figures, for who asks with --nocapture")]

mod burst;
mod disk;
mod house;
mod outage;
mod receiver;
mod seat;
mod show;
mod slow;

use disk::Ill;
use show::Show;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_or_is_slow_disturbs_no_media_and_nothing_is_told_before_it_is_kept() {
    costage::app::open_files::raise_limit();
    let mut show = Show::begin().await;
    show.go_on_well("first").await;
    show.outage_at_an_end(Ill::Full, "a").await;
    show.outage(Ill::Broken, "b").await;
    show.slow().await;
    show.hang().await;
    show.go_on_well("last").await;
    show.end().await;
}
