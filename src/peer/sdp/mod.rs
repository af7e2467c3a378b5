//! Offer and answer (RFC 8866, RFC 9429), answer-only: we never offer.
//!
//! [`offer`] reads what a client wrote, [`plan`] decides what we take of it, [`answer`] writes that down.

pub(crate) mod answer;
pub(crate) mod fingerprint;
pub(crate) mod fragment;
pub(crate) mod h264;
mod not_sdp;
pub(crate) mod offer;
pub(crate) mod plan;

pub(crate) use answer::Local;
pub(crate) use fragment::Fragment;
pub(crate) use offer::Offer;
pub(crate) use plan::{KeyframeRequest, Plan, Side, Stream};
