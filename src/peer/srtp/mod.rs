//! SRTP and SRTCP (RFC 3711, RFC 7714): keys of a session, one half each way.

mod derive;
mod digest;
mod inbound;
mod seal;

use std::sync::Arc;

use rtc::crypto::RTCCryptoProvider;
use rtc::shared::error::Error;
use rtc::srtp::config::{Config, SessionKeys};
use rtc::srtp::protection_profile::ProtectionProfile;

pub(crate) use digest::SentDigests;
pub(crate) use inbound::{Inbound, SSRCS_MAX};
pub(crate) use seal::{RtpHeader, Sealer};

/// The keys that a DTLS handshake left (RFC 5764 §4.2).
pub(crate) struct SrtpKeys {
    /// The negotiated protection.
    pub(crate) profile: ProtectionProfile,
    /// Master keys and salts of both directions.
    pub(crate) keys: SessionKeys,
    /// Where ciphers come from.
    pub(crate) crypto: Arc<dyn RTCCryptoProvider>,
}

impl SrtpKeys {
    /// Bytes of keying material that a profile needs.
    pub(crate) fn material_bytes(profile: ProtectionProfile) -> usize {
        Config { profile, ..Config::default() }.keying_material_len()
    }

    /// Splits the exported keying material.
    ///
    /// # Errors
    /// When it has not [`SrtpKeys::material_bytes`].
    pub(crate) fn split(
        profile: ProtectionProfile,
        material: &[u8],
        we_are_client: bool,
        crypto: Arc<dyn RTCCryptoProvider>,
    ) -> Result<Self, Error> {
        let mut config = Config { profile, ..Config::default() };
        config.set_session_keys_from_keying_material(material, we_are_client)?;
        Ok(Self { profile, keys: config.keys, crypto })
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
