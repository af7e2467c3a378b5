//! Keys and randomness: what the configuration names, made ready, and what dev mode makes on the spot.

use anyhow::Context;

use super::config::{Algorithm, Config, KeyConfig, Secret};
use crate::api::auth::{KeyRefused, Keys, Verifying};
use crate::live::Seed;

/// The configured keys, ready to verify and sign. In dev mode a key is made where none is configured.
///
/// # Errors
/// When a key is too short, no key, or there twice.
pub fn keys(config: &Config, dev: bool) -> anyhow::Result<Keys> {
    let made = if dev && config.keys.is_empty() { Some(dev_key()?) } else { None };
    ready(config.keys.iter().chain(&made), &config.token_audience).context("keys in the configuration")
}

/// Keys as the configuration writes them, ready to verify and sign; with `audience` other than "" for that one alone.
///
/// # Errors
/// When a key is too short, no key, or there twice.
pub fn ready<'a>(keys: impl Iterator<Item = &'a KeyConfig>, audience: &str) -> Result<Keys, KeyRefused> {
    let keys = keys.map(|key| {
        let verifying = match key.algorithm {
            Algorithm::Hs256 => Verifying::Hs256(key.secret.reveal().as_bytes().to_vec()),
            Algorithm::EdDsa => Verifying::EdDsa(key.public_key.clone()),
        };
        (key.id.clone(), verifying)
    });
    let audience = Some(audience.to_owned()).filter(|audience| !audience.is_empty());
    Keys::new(keys.collect(), audience)
}

/// A key for this run: 32 random bytes in hexadecimal.
///
/// # Errors
/// When the system gives no randomness.
pub fn dev_key() -> anyhow::Result<KeyConfig> {
    let secret: String = bytes::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let (id, public_key) = ("dev".to_owned(), String::new());
    Ok(KeyConfig { id, algorithm: Algorithm::Hs256, secret: Secret::new(secret), public_key })
}

/// A number.
///
/// # Errors
/// When the system gives no randomness.
pub fn random() -> anyhow::Result<u64> {
    Ok(u64::from_le_bytes(bytes()?))
}

/// Where ids come from: 256 random bits.
///
/// # Errors
/// When the system gives no randomness.
pub fn seed() -> anyhow::Result<Seed> {
    Ok(Seed::new(bytes()?))
}

/// Random bytes.
///
/// # Errors
/// When the system gives no randomness.
pub fn bytes<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).ok().context("the system gives no randomness")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dev_mode_makes_a_key_and_others_need_one() {
        assert_ne!(dev_key().unwrap(), dev_key().unwrap());
        assert_ne!(seed().unwrap(), seed().unwrap());
        let config = Config::default();
        assert!(keys(&config, true).is_ok());
        let none = keys(&config, false).unwrap();
        assert!(none.verify(0, "a.b.c").is_err());
    }
}
