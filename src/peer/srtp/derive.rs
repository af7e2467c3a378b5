//! Session keys from master keys (RFC 3711 §4.3, RFC 7714 §11).

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;

/// RFC 3711 §4.3.2, table 1: what a derived key is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Label {
    /// Encryption of RTP.
    RtpEncryption = 0x00,
    /// The salt of RTP.
    RtpSalt = 0x02,
}

/// The first `N ≤ 32` bytes of the AES-CM key stream for a label, with a key derivation rate of 0.
///
/// RFC 7714 §11: a 96-bit master salt is padded with 16 zero bits to the 112 that the function wants.
pub(crate) fn derive<const N: usize>(key: &[u8], salt: &[u8; 12], label: Label) -> Result<[u8; N], Unspecified> {
    // RFC 3711 §4.3.3: IV = (master_salt XOR label · 2^48) · 2^16, so that the label meets byte 7.
    let mut iv = [0; 16];
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label as u8;
    let key = EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, key)?)?;
    let mut stream = [0; N];
    key.less_safe_encrypt(&mut stream, EncryptionContext::Iv128(FixedLength::from(iv)))?;
    Ok(stream)
}
