//! Signatures of the Standard Webhooks specification, 1.0.0
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, "Signature scheme").

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// Bytes of a shared secret ("Between 24 bytes (192 bits) and 64 bytes (512 bits)").
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Bytes of an Ed25519 secret key: the seed alone, or with the public key behind it.
const ED25519_SEED_BYTES: usize = 32;

/// What an event is signed with.
pub enum SigningKey {
    /// `whsec_`: HMAC-SHA-256 with a secret that the receiver has too.
    Shared(Box<hmac::Key>),
    /// `whsk_`: Ed25519; the receiver has the public key, `whpk_`.
    Pair(Box<Ed25519KeyPair>),
}

/// A secret that is none. Never says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SecretFault {
    /// Another beginning.
    #[error("a secret begins with whsec_ (shared) or whsk_ (Ed25519)")]
    Prefix,
    /// The receiver's half.
    #[error("whpk_ is the public key, which the receiver needs; give its whsk_ here")]
    Public,
    /// Not base64.
    #[error("what follows whsec_ or whsk_ must be base64 (RFC 4648 §4)")]
    Base64,
    /// Too short or too long.
    #[error("a whsec_ secret has 24 to 64 bytes before base64, found {found}; make one with: openssl rand -base64 32")]
    Length {
        /// Bytes.
        found: usize,
    },
    /// No Ed25519 key.
    #[error("a whsk_ key has 32 bytes (the seed), or 64 (with its own public key behind it), before base64")]
    Pair,
}

impl SigningKey {
    /// Reads a secret as the specification writes it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, SecretFault> {
        if text.starts_with("whpk_") {
            return Err(SecretFault::Public);
        }
        let bytes = |encoded: &str| STANDARD.decode(encoded).map_err(|_| SecretFault::Base64);
        if let Some(encoded) = text.strip_prefix("whsec_") {
            let secret = bytes(encoded)?;
            if !SECRET_BYTES.contains(&secret.len()) {
                return Err(SecretFault::Length { found: secret.len() });
            }
            return Ok(Self::Shared(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &secret))));
        }
        let secret = bytes(text.strip_prefix("whsk_").ok_or(SecretFault::Prefix)?)?;
        let (seed, public) = secret.split_at_checked(ED25519_SEED_BYTES).ok_or(SecretFault::Pair)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SecretFault::Pair)?;
        if public.is_empty() || public == pair.public_key().as_ref() {
            Ok(Self::Pair(Box::new(pair)))
        } else {
            Err(SecretFault::Pair)
        }
    }

    /// The signature of an attempt, as the header has it.
    fn sign(&self, signed: &[u8]) -> String {
        match self {
            Self::Shared(key) => format!("v1,{}", STANDARD.encode(hmac::sign(key, signed))),
            Self::Pair(pair) => format!("v1a,{}", STANDARD.encode(pair.sign(signed))),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared(_) => f.write_str("Shared(hidden)"),
            Self::Pair(_) => f.write_str("Pair(hidden)"),
        }
    }
}

/// The header `webhook-signature` of an attempt: one signature for each key, so that keys can be changed while a receiver
/// knows only the old or only the new one. `seconds` since 1970 is when the attempt is made, the header `webhook-timestamp`.
#[must_use]
pub fn signatures(keys: &[SigningKey], id: &str, seconds: u64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let all: Vec<_> = keys.iter().map(|key| key.sign(signed.as_bytes())).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    fn key(text: &str) -> SigningKey {
        SigningKey::parse(text).unwrap()
    }

    /// From the project's own libraries: rust/src/lib.rs (`test_sign`), and the others' `sign function works`
    /// (javascript, python, go, ruby, php, java, csharp).
    #[test]
    fn signatures_are_those_of_the_published_vectors() {
        let rust = key("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = signatures(&[rust], "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signed, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");

        let others = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = r#"{"test": 2432232314}"#;
        let signed = signatures(&[others], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /// The project publishes no vector of v1a that names its key; the key and its public half are RFC 8032 §7.1, TEST 1.
    #[test]
    fn asymmetric_signatures_verify_with_the_public_key() {
        let seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
        let public = STANDARD.decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").unwrap();
        let signed = signatures(&[key(&format!("whsk_{seed}"))], "msg_1", 7, "{}");
        let signature = STANDARD.decode(signed.strip_prefix("v1a,").unwrap()).unwrap();
        UnparsedPublicKey::new(&ED25519, &public).verify(b"msg_1.7.{}", &signature).unwrap();
        let both = [STANDARD.decode(seed).unwrap(), public].concat();
        let whole = key(&format!("whsk_{}", STANDARD.encode(&both)));
        assert_eq!(signatures(&[whole], "msg_1", 7, "{}"), signed, "Ed25519 is deterministic");
        let empty = key(&format!("whsk_{seed}")).sign(b"");
        let wanted = "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==";
        assert_eq!(empty, format!("v1a,{wanted}"), "RFC 8032 TEST 1");
    }

    #[test]
    fn while_keys_change_each_signs() {
        let keys = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"];
        let keys = keys.map(|secret| key(&format!("whsec_{secret}")));
        let signed = signatures(&keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        let signed: Vec<_> = signed.split(' ').collect();
        assert_eq!(signed.len(), 2);
        assert_eq!(signed[0], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(signed[1].starts_with("v1,") && signed[1] != signed[0]);
    }

    #[test]
    fn a_secret_that_is_none_is_refused_without_saying_it() {
        let secret = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        let fault = |text: &str| SigningKey::parse(text).unwrap_err();
        assert!(SigningKey::parse(&secret(24)).is_ok() && SigningKey::parse(&secret(64)).is_ok());
        assert_eq!(fault(&secret(23)), SecretFault::Length { found: 23 });
        assert_eq!(fault(&secret(65)), SecretFault::Length { found: 65 });
        assert_eq!(fault("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), SecretFault::Prefix);
        assert_eq!(fault("whsec_not base64"), SecretFault::Base64);
        assert_eq!(fault("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), SecretFault::Public);
        assert_eq!(fault(&format!("whsk_{}", STANDARD.encode([1; 31]))), SecretFault::Pair);
        assert_eq!(fault(&format!("whsk_{}", STANDARD.encode([1; 64]))), SecretFault::Pair);
        assert_eq!(format!("{:?}", key(&secret(24))), "Shared(hidden)");
    }
}
