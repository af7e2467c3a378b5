//! Avatars that lie at users' `avatarUrl`.

use serde::{Deserialize, Serialize};

use super::Config;
use super::checks::{Fault, fault, within};
use crate::outgoing::AllowedHost;

/// Whether and from where avatars are fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AvatarConfig {
    /// Whether they are fetched. Default true: users expect their avatars, and only public addresses are asked.
    pub fetch: bool,
    /// Hosts, "HOST" or "HOST:PORT", that may be at addresses that are not public, at most 64. Default [].
    pub allow_private: Vec<String>,
}

impl Default for AvatarConfig {
    fn default() -> Self {
        Self { fetch: true, allow_private: Vec::new() }
    }
}

/// Hosts that are named: a store of pictures has a few.
const HOSTS_MAX: usize = 64;

impl Config {
    /// The hosts that avatars may be fetched from whatever their address is.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    pub fn allowed_avatar_hosts(&self) -> Result<Vec<AllowedHost>, Fault> {
        let key = "avatars.allow_private";
        let hosts = &self.avatars.allow_private;
        within(key, hosts.len(), 0..=HOSTS_MAX)?;
        hosts.iter().map(|host| host.parse().map_err(|unfit| fault(key, format!("{unfit}")))).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::app::config::Sources;

    #[test]
    fn hosts_come_from_file_environment_and_flags_and_are_refused_by_their_key() {
        let environment = vec![("COSTAGE_AVATARS_FETCH".to_owned(), "false".to_owned())];
        let flags = vec![("avatars.allow_private".to_owned(), "media.internal,10.0.0.7:9000".to_owned())];
        let config = Sources { environment, flags, ..Sources::default() }.load(true).unwrap();
        assert!(!config.avatars.fetch);
        assert_eq!(config.allowed_avatar_hosts().unwrap().len(), 2);
        let flags = vec![("avatars.allow_private".to_owned(), "10.0.0.0/8".to_owned())];
        let fault = Sources { flags, ..Sources::default() }.load(true).unwrap_err().to_string();
        assert!(fault.starts_with("avatars.allow_private: \"10.0.0.0/8\" is no host: write HOST"), "{fault}");
    }
}
