//! The rules of lives, connections and battles, on virtual time: one test a rule, and random commands against what must
//! always hold.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test's panic is its failure")]

mod aftermath;
mod battles;
mod challenges;
mod co_hosting;
mod connections;
mod gifts;
mod lives;
mod presence;
mod random;
mod random_seats;
mod seat_requests;
mod seats;
mod updates;
mod world;
