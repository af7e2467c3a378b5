//! Our own WHIP and WHEP clients, on the webrtc crate: the hosts of the demo, the peers of benches and tests.

mod session;
mod signal;
mod tap;
