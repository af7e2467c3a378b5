//! The rules of lives, connections and battles, on virtual time: one test a rule. Random commands against all rules at
//! once are in `tests/model`.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test's panic is its failure")]

mod aftermath;
mod answered;
mod battles;
mod callbacks;
mod challenges;
mod co_hosting;
mod connections;
mod contests;
mod gifts;
mod guests;
mod layouts;
mod lives;
mod onlooking;
mod presence;
mod previews;
mod seat_requests;
mod seat_templates;
mod seats;
mod shelf;
mod updates;
mod world;
