//! Dev mode: a key made on the spot, and what to open, printed.

use anyhow::Context;

use super::config::{Algorithm, KeyConfig, Secret};
use super::server::Server;
use crate::api::auth::Role;

/// A key for this run: 32 random bytes in hexadecimal.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_key() -> anyhow::Result<KeyConfig> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok().context("the system gives no randomness")?;
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (id, public_key) = ("dev".to_owned(), String::new());
    Ok(KeyConfig { id, algorithm: Algorithm::Hs256, secret: Secret::new(secret), public_key })
}

/// A seed.
///
/// # Errors
/// When the system gives no randomness.
pub fn random() -> anyhow::Result<u64> {
    let mut bytes = [0_u8; 8];
    aws_lc_rs::rand::fill(&mut bytes).ok().context("the system gives no randomness")?;
    Ok(u64::from_le_bytes(bytes))
}

/// What a person needs to begin: addresses, key and tokens.
///
/// # Errors
/// When no HS256 key is configured.
pub fn banner(server: &Server, key: Option<&KeyConfig>) -> anyhow::Result<String> {
    let url = server.url();
    let admin = server.token(Role::Admin, "admin", "*")?;
    let host = server.token(Role::Host, "alice", "*")?;
    let viewer = server.token(Role::Audience, "viewer", "*")?;
    let key = key.map_or(String::new(), |key| format!("  key       {} = {} (HS256)\n", key.id, key.secret.reveal()));
    Ok(format!(
        "\nDevelopment mode: whoever reaches {url} may do everything.\n\n\
         \x20 watch     {url}/\n\
         \x20 publish   {url}/publish/a   (and /publish/b; play at {url}/play/a)\n\
         {key}\
         \x20 admin     {admin}\n\
         \x20 host      {host}\n\
         \x20 viewer    {viewer}\n\n\
         \x20 curl -H \"Authorization: Bearer {admin}\" {url}/v1/lives\n"
    ))
}
