//! Who is asking, and may they: bearer tokens (JWT), what they allow, and a brake on guessing.

mod attempts;
mod bearer;
mod principal;
mod token;

pub use attempts::Attempts;
pub(super) use bearer::{Bearer, address, from_subprotocols};
pub(super) use principal::{Owner, Principal};
pub use token::{Audience, Claims, KeyRefused, Keys, Refused, Role, SECRET_BYTES_MIN, Verifying};
