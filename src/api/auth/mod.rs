//! Who is asking, and may they: bearer tokens (JWT), what they allow, a brake on guessing, and how often a token may ask.

mod attempts;
mod bearer;
mod principal;
mod quotas;
mod token;

pub use attempts::Attempts;
pub(super) use bearer::{Bearer, address, from_subprotocols};
pub(super) use principal::{Owner, Principal};
pub use quotas::{Quotas, Rates};
pub use token::{Audience, Claims, KeyRefused, Keys, Refused, Role, SECRET_BYTES_MIN, Verifying};
