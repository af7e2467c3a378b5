//! Certificate fingerprints (RFC 8122): what ties the DTLS peer to the one who signalled.

use std::fmt;

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};

/// A hash that we can compute. Weaker ones (sha-1, md5) prove nothing and are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hash {
    /// sha-256
    Sha256,
    /// sha-384
    Sha384,
    /// sha-512
    Sha512,
}

impl Hash {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        }
    }
}

/// The value of an `a=fingerprint` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) hash: Hash,
    digest: Vec<u8>,
}

impl Fingerprint {
    /// Of a certificate in DER.
    pub(crate) fn of(hash: Hash, certificate: &[u8]) -> Self {
        Self { hash, digest: digest::digest(hash.algorithm(), certificate).as_ref().to_vec() }
    }

    /// Parses `sha-256 AB:CD:…`. `Ok(None)`: a hash that we do not use.
    ///
    /// # Errors
    /// When the digest is not of the hash's length in hexadecimal pairs.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, String> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().unwrap_or("").to_ascii_lowercase();
        let Some(hash) = [Hash::Sha256, Hash::Sha384, Hash::Sha512].into_iter().find(|hash| hash.name() == name) else {
            return Ok(None);
        };
        let digest: Option<Vec<u8>> = words.next().unwrap_or("").split(':').map(byte).collect();
        let length = hash.algorithm().output_len();
        match digest {
            Some(digest) if digest.len() == length => Ok(Some(Self { hash, digest })),
            Some(_) | None => Err(format!("a=fingerprint:{name} needs {length} hexadecimal pairs with colons")),
        }
    }

    /// Whether a certificate is the one that these fingerprints describe.
    ///
    /// RFC 8122 §5: where several hashes are given, the strongest that we know decides; one of its fingerprints must match.
    pub(crate) fn any_matches(fingerprints: &[Self], certificate: &[u8]) -> bool {
        let Some(strongest) = fingerprints.iter().map(|fingerprint| fingerprint.hash).max() else { return false };
        let found = Self::of(strongest, certificate);
        fingerprints.contains(&found)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.hash.name())?;
        for (index, byte) in self.digest.iter().enumerate() {
            write!(formatter, "{}{byte:02X}", if index == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

fn byte(pair: &str) -> Option<u8> {
    (pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .then(|| u8::from_str_radix(pair, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_survives_writing_and_reading_in_either_case() {
        for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let fingerprint = Fingerprint::of(hash, b"certificate");
            let text = fingerprint.to_string();
            assert_eq!(Fingerprint::parse(&text), Ok(Some(fingerprint.clone())));
            assert_eq!(Fingerprint::parse(&text.to_lowercase()), Ok(Some(fingerprint)));
        }
    }

    #[test]
    fn the_strongest_hash_decides() {
        let right = |hash| Fingerprint::of(hash, b"right");
        let wrong = |hash| Fingerprint::of(hash, b"wrong");
        assert!(Fingerprint::any_matches(&[right(Hash::Sha256)], b"right"));
        assert!(Fingerprint::any_matches(&[wrong(Hash::Sha256), right(Hash::Sha512)], b"right"));
        assert!(!Fingerprint::any_matches(&[right(Hash::Sha256), wrong(Hash::Sha512)], b"right"));
        assert!(!Fingerprint::any_matches(&[], b"right"));
    }

    #[test]
    fn unknown_hashes_are_passed_over_and_broken_digests_refused() {
        assert_eq!(Fingerprint::parse("sha-1 AA:BB"), Ok(None));
        for broken in ["sha-256", "sha-256 AA", "sha-256 AA:B", "sha-256 +1:+2", "sha-256 éé:é"] {
            assert!(Fingerprint::parse(broken).is_err(), "{broken}");
        }
    }
}
