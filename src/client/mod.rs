//! Our own WHIP and WHEP clients, on the webrtc crate: the hosts of the demo, the peers of benches and tests.
//!
//! ```text
//! synthetic pictures ─▶ VideoLoop ─▶ Performance ─▶ whip::Host ══▶ server ══▶ whep::Viewer ─▶ Audience
//! synthetic voices   ──────────────▶      │ sender reports tie both kinds to one clock
//! ```

pub mod backend;
pub mod chain;
pub mod event_socket;
mod freeze;
pub mod news;
pub mod performance;
mod receiving;
mod session;
mod signal;
pub mod synthetic;
mod tap;
mod unroll;
pub mod video_loop;
pub mod whep;
pub mod whip;

pub use backend::{Backend, BackendError, Method};
pub use receiving::{Audience, Seen, ViewerFigures};
pub use session::OpenError;
pub use signal::SignalError;
