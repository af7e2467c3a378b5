//! Avatars that users name by address (`avatarUrl`) are fetched, for pictures that show them.
//!
//! ```text
//! scene ─▶ engine: known? ─▶ Fetcher (bounded queue) ─▶ outgoing: few bytes, soon, public ─▶ decoded on a worker ─▶ engine
//! ```
//! Whoever names an address is not trusted, and neither is what lies there: [`FETCH_BOUNDS`], the bounds of
//! [`costage_media::codec::photo`], and where requests may go ([`crate::outgoing`]).
//!
//! **Invariant:** nobody waits for an avatar: until it is there, and where it never comes, initials are drawn.

mod fetcher;

pub use fetcher::{FETCH_BOUNDS, Fetcher, Queue};
