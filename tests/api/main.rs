//! The HTTP side over real sockets: routes, statuses, tokens, events. Control thread, engine and sessions are the real
//! ones; what is not here is a browser (`tests/interop`).
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

mod bad_input;
mod battle_steps;
mod battles;
mod co_host;
mod contract;
mod drain;
mod edge;
mod events;
mod everything;
mod full;
mod gifts;
mod house;
mod layouts;
mod live_change;
mod lives;
mod pictures;
mod presence;
mod refusals;
mod seats;
mod slow;
mod storage;
mod tokens;
mod whep;
mod whip;
mod whip_seats;
