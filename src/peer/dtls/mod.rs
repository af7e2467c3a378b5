//! DTLS 1.2 (RFC 6347) with SRTP keys (RFC 5764), in both roles.

mod admission;
mod asleep;
mod client_hello;
mod identity;
mod link;
mod record;

pub(crate) use client_hello::HelloReader;
pub(crate) use identity::Identity;
pub(crate) use link::{Link, LinkEvent, Preference};
