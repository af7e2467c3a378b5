//! Dev mode: what to open, and with which tokens, printed.

use super::config::KeyConfig;
use super::server::Running;
use crate::api::DEV_TOKEN_SECONDS;
use crate::api::auth::{Claims, Role};

/// What a person needs to begin: addresses, key and tokens.
///
/// # Errors
/// When no HS256 key is configured.
pub fn banner(server: &Running, key: Option<&KeyConfig>) -> anyhow::Result<String> {
    let url = server.url();
    let admin = token(server, Role::Admin, "admin")?;
    let host = token(server, Role::Host, "alice")?;
    let guest = token(server, Role::Guest, "guest")?;
    let viewer = token(server, Role::Audience, "viewer")?;
    let key = key.map_or(String::new(), |key| format!("  key       {} = {} (HS256)\n", key.id, key.secret.reveal()));
    Ok(format!(
        "\nDevelopment mode: whoever reaches {url} may do everything.\n\n\
         \x20 watch     {url}/\n\
         \x20 publish   {url}/publish/a   (and /publish/b; play at {url}/play/a)\n\
         \x20 console   {url}/console?live=a   (and ?live=b in another window; &as=admin acts as the backend)\n\
         {key}\
         \x20 admin     {admin}\n\
         \x20 host      {host}\n\
         \x20 guest     {guest}\n\
         \x20 viewer    {viewer}\n\n\
         \x20 curl -H \"Authorization: Bearer {admin}\" {url}/v1/lives\n\n"
    ))
}

/// A token of this server for any live, good for a working day.
///
/// # Errors
/// When no HS256 key is configured.
pub fn token(server: &Running, role: Role, user: &str) -> anyhow::Result<String> {
    let exp = server.clock().wall_ms() / 1000 + DEV_TOKEN_SECONDS;
    let claims = Claims { sub: user.into(), name: None, role, live: "*".into(), exp, nbf: None, aud: None };
    Ok(server.keys().mint(&claims)?)
}
