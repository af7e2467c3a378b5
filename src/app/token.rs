//! `costage token`: mints a token with the configured key.

use std::io::Write;

use anyhow::Context;

use super::clock::SystemClock;
use super::config::{Algorithm, Fault, SourceFault};
use super::settings::Settings;
use super::signing;
use crate::api::auth::{Claims, Role};
use crate::engine::Clock;

/// What the token says.
#[derive(Clone, Debug, clap::Args)]
pub struct TokenArgs {
    /// What the user may do
    #[arg(long, value_enum)]
    pub role: RoleArg,
    /// userId (`sub`)
    #[arg(long, value_name = "USER")]
    pub user: String,
    /// Name, as the picture shows it
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// liveId that it is for, or * for any; a viewer of public lives needs none
    #[arg(long, value_name = "LIVE", default_value = "")]
    pub live: String,
    /// How long it lasts: seconds, or with a unit: 90m, 12h, 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    pub ttl: u64,
    /// Where the key stands.
    #[command(flatten)]
    pub settings: Settings,
}

/// The roles, as flags name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RoleArg {
    /// The business backend: any live, and scores
    Admin,
    /// Owns lives and publishes in them
    Host,
    /// Takes a seat in a host's live
    Guest,
    /// Watches
    Audience,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Host => Self::Host,
            RoleArg::Guest => Self::Guest,
            RoleArg::Audience => Self::Audience,
        }
    }
}

/// Prints a token on standard output, and nothing else.
///
/// # Errors
/// Without an HS256 key, or when the configuration or an argument does not fit.
pub fn run(args: &TokenArgs) -> anyhow::Result<()> {
    let config = args.settings.look()?;
    if !config.keys.iter().any(|key| key.algorithm == Algorithm::Hs256) {
        return Err(SourceFault::from(no_key()).into());
    }
    let keys = signing::keys(&config, false)?;
    let now_ms = SystemClock.wall_ms();
    let exp = (now_ms / 1000).saturating_add(args.ttl);
    let (sub, live) = (args.user.clone(), args.live.clone());
    let claims = Claims { sub, name: args.name.clone(), role: args.role.into(), live, exp, nbf: None, aud: None };
    let token = keys.mint(&claims)?;
    // What the server would refuse must not be handed out.
    keys.verify(now_ms, &token).context("the token would be refused")?;
    writeln!(std::io::stdout(), "{token}").context("cannot print")
}

fn no_key() -> Fault {
    let fix = "a token is signed with an HS256 key, and none is configured: set COSTAGE_KEYS=id=secret, as the server has \
         it, or name its file with --config; a server started with --dev prints tokens of its own";
    Fault { key: "keys".to_owned(), fix: fix.to_owned() }
}

/// `3600`, `60m`, `12h`, `7d`.
fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3_600),
        Some((at, 'd')) => (&text[..at], 86_400),
        Some(_) | None => (text, 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    seconds.filter(|seconds| (1..=TTL_SECONDS_MAX).contains(seconds)).ok_or_else(|| {
        format!("wanted 1 s to {} days, as 3600, 90m, 12h or 7d; found {text:?}", TTL_SECONDS_MAX / 86_400)
    })
}

/// Longest life of a minted token, seconds: ten years; nothing revokes a token but its key's removal.
const TTL_SECONDS_MAX: u64 = 3_650 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(["90", "90s", "2m", "12h", "7d"].map(seconds), [Ok(90), Ok(90), Ok(120), Ok(43_200), Ok(604_800)]);
        for bad in ["", "0", "h", "1w", "-1", "4000d", "99999999999999999999d", "1é"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
