//! Sealing packets into a send batch.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use bytes::BytesMut;
use rtc::rtp;
use rtc::shared::marshal::Unmarshal;
use rtc::srtp::context::Context;
use rtc::srtp::protection_profile::ProtectionProfile;
use thiserror::Error;

use super::SrtpKeys;
use super::derive::{Label, derive};

/// Bytes of the RTP headers we write: no CSRC, no extensions.
pub(crate) const RTP_HEADER_BYTES: usize = 12;

/// The fields of an outgoing RTP header (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RtpHeader {
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
}

impl RtpHeader {
    fn bytes(self) -> [u8; RTP_HEADER_BYTES] {
        let mut bytes = [0; RTP_HEADER_BYTES];
        bytes[0] = 0x80;
        bytes[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        bytes[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        bytes
    }
}

/// A packet could not be sealed, or keys could not be used; it is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("SRTP refuses to seal")]
pub(crate) struct SealError;

/// The sending half of a session's keys.
///
/// **Invariant (the nonce rule):** callers never seal two different packets with one (SSRC, roll-over counter, sequence
/// number): under GCM that would reveal the authentication key (RFC 7714 §8.1). `Sending` keeps it.
pub(crate) struct Sealer {
    rtp: RtpSealer,
    rtcp: Context,
}

enum RtpSealer {
    /// AES-128-GCM, straight into the batch.
    Gcm { key: Box<LessSafeKey>, salt: [u8; 12] },
    /// AES-CM with HMAC-SHA1, for peers without GCM. Counts the roll-overs itself, as the receiver does.
    Context(Box<Context>),
}

impl Sealer {
    /// The sending half of `keys`.
    ///
    /// # Errors
    /// When the keys have not the profile's lengths.
    pub(crate) fn new(keys: &SrtpKeys) -> Result<Self, SealError> {
        let context = || {
            let (key, salt) = (&keys.keys.local_master_key, &keys.keys.local_master_salt);
            Context::new(key, salt, keys.profile, None, None, keys.crypto.crypto()).map_err(|_| SealError)
        };
        let rtp = if matches!(keys.profile, ProtectionProfile::AeadAes128Gcm) {
            gcm(&keys.keys.local_master_key, &keys.keys.local_master_salt)?
        } else {
            RtpSealer::Context(Box::new(context()?))
        };
        Ok(Self { rtp, rtcp: context()? })
    }

    /// Appends one sealed packet to `batch`: header, `prefix` and `payload`. On an error the batch is as before.
    ///
    /// `roll_over` is the roll-over counter of the packet's own sequence number.
    ///
    /// # Errors
    /// When the cipher refuses, which it does for packets beyond its limits only.
    pub(crate) fn seal_rtp(
        &mut self,
        batch: &mut Vec<u8>,
        header: RtpHeader,
        roll_over: u32,
        prefix: &[u8],
        payload: &[u8],
    ) -> Result<(), SealError> {
        let start = batch.len();
        batch.extend_from_slice(&header.bytes());
        batch.extend_from_slice(prefix);
        batch.extend_from_slice(payload);
        let sealed = self.rtp.seal(batch, start, header, roll_over);
        if sealed.is_err() {
            batch.truncate(start);
        }
        sealed
    }

    /// Seals one compound RTCP packet.
    ///
    /// # Errors
    /// When it is shorter than a header with an SSRC.
    pub(crate) fn seal_rtcp(&mut self, plain: &[u8]) -> Result<BytesMut, SealError> {
        self.rtcp.encrypt_rtcp(plain).map_err(|_| SealError)
    }
}

fn gcm(master_key: &[u8], master_salt: &[u8]) -> Result<RtpSealer, SealError> {
    let master_salt = master_salt.try_into().map_err(|_| SealError)?;
    let key = derive(master_key, master_salt, Label::RtpEncryption).map_err(|_| SealError)?;
    let salt = derive(master_key, master_salt, Label::RtpSalt).map_err(|_| SealError)?;
    RtpSealer::gcm(key, salt)
}

impl RtpSealer {
    fn gcm(session_key: [u8; 16], salt: [u8; 12]) -> Result<Self, SealError> {
        let key = UnboundKey::new(&AES_128_GCM, &session_key).map_err(|_| SealError)?;
        Ok(Self::Gcm { key: Box::new(LessSafeKey::new(key)), salt })
    }

    /// Seals what stands in the batch from `start` on.
    fn seal(&mut self, batch: &mut Vec<u8>, start: usize, header: RtpHeader, roll_over: u32) -> Result<(), SealError> {
        match self {
            Self::Gcm { key, salt } => {
                let (aad, body) = batch[start..].split_at_mut(RTP_HEADER_BYTES);
                let nonce = Nonce::assume_unique_for_key(nonce(salt, header, roll_over));
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(&*aad), body).map_err(|_| SealError)?;
                batch.extend_from_slice(tag.as_ref());
                Ok(())
            }
            Self::Context(context) => seal_by_context(context, batch, start),
        }
    }
}

/// RFC 7714 §8.1: two zero bytes, SSRC, roll-over counter and sequence number, XORed with the salt.
fn nonce(salt: &[u8; 12], header: RtpHeader, roll_over: u32) -> [u8; 12] {
    let mut nonce = *salt;
    let fields = [&header.ssrc.to_be_bytes()[..], &roll_over.to_be_bytes()[..], &header.sequence.to_be_bytes()[..]];
    for (byte, field) in nonce[2..].iter_mut().zip(fields.into_iter().flatten()) {
        *byte ^= field;
    }
    nonce
}

fn seal_by_context(context: &mut Context, batch: &mut Vec<u8>, start: usize) -> Result<(), SealError> {
    let header = rtp::Header::unmarshal(&mut &batch[start..]).map_err(|_| SealError)?;
    let sealed = context.encrypt_rtp_with_header(&batch[start..], &header).map_err(|_| SealError)?;
    batch.truncate(start);
    batch.extend_from_slice(&sealed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
        digits.chunks(2).map(byte).collect()
    }

    /// RFC 7714 §16.1.1
    #[test]
    fn the_rfc_7714_packet_is_sealed_to_the_rfcs_bytes() {
        let key = bytes("00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f").try_into().expect("16 bytes");
        let salt = bytes("51 75 69 64 20 70 72 6f 20 71 75 6f").try_into().expect("12 bytes");
        let header = RtpHeader {
            marker: false,
            payload_type: 0x40,
            sequence: 0xf17b,
            timestamp: 0x8041_f8d3,
            ssrc: 0x5501_a0b2,
        };
        let plain = bytes(
            "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573",
        );
        assert_eq!(header.bytes(), plain[..12]);
        assert_eq!(nonce(&salt, header, 0), bytes("51 75 3c 65 80 c2 72 6f 20 71 84 14")[..]);
        let mut batch = plain;
        RtpSealer::gcm(key, salt).expect("a key").seal(&mut batch, 0, header, 0).expect("seals");
        let wanted = bytes(
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833
             899d7f27 beb16a91 52cf765e e4390cce",
        );
        assert_eq!(batch, wanted);
    }
}
