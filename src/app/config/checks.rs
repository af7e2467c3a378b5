//! What a configuration must hold beyond its types. Each fault names the key and the fix.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use thiserror::Error;

use super::super::{logging, signing};
use super::values::Algorithm;
use super::{Config, IceServer};

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key}: {fix}")]
pub struct Fault {
    /// The key, as in the file.
    pub key: String,
    /// What is wanted, and what was found.
    pub fix: String,
}

pub(super) fn fault(key: impl Into<String>, fix: impl Into<String>) -> Fault {
    Fault { key: key.into(), fix: fix.into() }
}

pub(super) fn within<T: PartialOrd + std::fmt::Display>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), Fault> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(fault(key, format!("must be {} to {}, found {value}", range.start(), range.end())))
}

impl Config {
    /// Checks everything; the first fault is answered. In dev mode keys may be missing: one is made.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn validate(&self, dev: bool) -> Result<(), Fault> {
        self.validate_access(dev)?;
        self.validate_values()
    }

    /// Checks each value, but not whether a server would start with them: a configuration without keys, or one for
    /// others than this machine, is shown too.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn validate_values(&self) -> Result<(), Fault> {
        self.validate_http()?;
        self.validate_media()?;
        within("host_grace_seconds", self.host_grace_seconds, 1..=3_600)?;
        within("restart_grace_seconds", self.restart_grace_seconds, 1..=3_600)?;
        within("live_idle_seconds", self.live_idle_seconds, 10..=604_800)?;
        within("drain_seconds", self.drain_seconds, 0..=86_400)?;
        within("limits.sessions", self.limits.sessions, 1..=100_000)?;
        within("limits.event_sockets", self.limits.event_sockets, 1..=100_000)?;
        within("limits.connections", self.limits.connections, 1..=100_000)?;
        self.validate_gifts()?;
        self.endpoints()?;
        self.allowed_avatar_hosts()?;
        within("theme.corner_radius", self.theme.corner_radius, 0..=360)?;
        within("limits.token_requests", self.limits.token_requests, 1..=1_000_000)?;
        within("limits.admin_token_requests", self.limits.admin_token_requests, 1..=1_000_000)?;
        self.metrics_address()?;
        logging::filter(&self.log_level).map_err(|fix| fault("log_level", fix))?;
        Ok(())
    }

    /// Where `/metrics` is served; `None` when switched off.
    ///
    /// # Errors
    /// When it is no address.
    pub fn metrics_address(&self) -> Result<Option<SocketAddr>, Fault> {
        if self.metrics_listen.is_empty() {
            return Ok(None);
        }
        let refused =
            || fault("metrics_listen", format!("must be ADDRESS:PORT or \"\", found {:?}", self.metrics_listen));
        self.metrics_listen.parse().map(Some).map_err(|_| refused())
    }

    fn validate_access(&self, dev: bool) -> Result<(), Fault> {
        if dev && !self.listen.ip().is_loopback() {
            return Err(fault(
                "listen",
                format!(
                    "is {}, but whoever reaches a server in dev mode may do everything: listen on 127.0.0.1 or [::1], or \
                     start without --dev and with keys",
                    self.listen
                ),
            ));
        }
        if self.keys.is_empty() && !dev {
            return Err(fault(
                "keys",
                "at least one key is needed to check tokens: add [[keys]] with id and secret to the configuration file, \
                 or set COSTAGE_KEYS=id=secret, or start with --dev",
            ));
        }
        Ok(())
    }

    fn validate_http(&self) -> Result<(), Fault> {
        for key in &self.keys {
            let name = format!("keys (id {:?})", key.id);
            if key.id.is_empty() || key.id.len() > KEY_ID_BYTES_MAX {
                return Err(fault("keys", format!("an id has 1 to {KEY_ID_BYTES_MAX} bytes, found {:?}", key.id)));
            }
            match key.algorithm {
                Algorithm::Hs256 if key.secret.is_empty() || !key.public_key.is_empty() => {
                    return Err(fault(name, "algorithm HS256 needs `secret` and no `public_key`"));
                }
                Algorithm::EdDsa if key.public_key.is_empty() || !key.secret.is_empty() => {
                    return Err(fault(name, "algorithm EdDSA needs `public_key` and no `secret`"));
                }
                Algorithm::Hs256 | Algorithm::EdDsa => {}
            }
        }
        signing::ready(self.keys.iter(), &self.token_audience).map_err(|refused| fault("keys", refused.to_string()))?;
        for origin in self.allowed_origins.iter().filter(|origin| *origin != "*") {
            let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if rest.is_none_or(|rest| rest.is_empty() || rest.contains('/')) {
                let fix = format!("an origin is \"*\" or SCHEME://HOST[:PORT] without a path, found {origin:?}");
                return Err(fault("allowed_origins", fix));
            }
        }
        self.ice_servers.iter().try_for_each(validate_ice_server)
    }

    fn validate_media(&self) -> Result<(), Fault> {
        for (what, value) in [("width", self.canvas.width), ("height", self.canvas.height)] {
            within(&format!("canvas ({what})"), value, 64..=1920)?;
            if value % 2 != 0 {
                return Err(fault(
                    format!("canvas ({what})"),
                    format!("must be even, found {value}: take {} or {}", value - 1, value + 1),
                ));
            }
        }
        within("max_fps", self.max_fps, 1..=60)?;
        within("bitrate_bps", self.bitrate_bps, 100_000..=20_000_000)?;
        within("host_bitrate_bps", self.host_bitrate_bps, 100_000..=50_000_000)?;
        within("packet_threads", self.packet_threads, 0..=64)?;
        within("mix_threads", self.mix_threads, 0..=64)
    }
}

fn validate_ice_server(server: &IceServer) -> Result<(), Fault> {
    let known = ["stun:", "turn:", "turns:"].into_iter().any(|scheme| server.url.starts_with(scheme));
    if !known {
        return Err(fault(
            "ice_servers",
            format!("url must begin with stun:, turn: or turns:, found {:?}", server.url),
        ));
    }
    // They go into quoted strings of a Link header, which OBS splits at every comma.
    let texts = [server.url.as_str(), &server.username, server.credential.reveal()];
    let bad = |byte: u8| !(b'!'..=b'~').contains(&byte) || b"\"\\,<>;".contains(&byte);
    if texts.iter().any(|text| text.bytes().any(bad)) {
        return Err(fault("ice_servers", "url, username and credential may not have blanks or any of \" \\ , < > ;"));
    }
    Ok(())
}

/// Longest key id, bytes; it travels in each token.
const KEY_ID_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::{CanvasSize, KeyConfig, Secret};

    fn faulty(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        config.validate(true).expect_err("a fault").key
    }

    #[test]
    fn dev_mode_is_refused_beyond_loopback() {
        let open = Config { listen: "0.0.0.0:8080".parse().unwrap(), ..Config::default() };
        assert_eq!(open.validate(true).unwrap_err().key, "listen");
        let own = Config { listen: "[::1]:8080".parse().unwrap(), ..Config::default() };
        assert_eq!(own.validate(true), Ok(()));
    }

    #[test]
    fn missing_key_is_refused_unless_dev() {
        let fault = Config::default().validate(false).unwrap_err();
        assert_eq!(fault.key, "keys");
        assert!(fault.fix.contains("--dev") && fault.fix.contains("[[keys]]"), "{fault}");
        assert_eq!(Config::default().validate(true), Ok(()));
    }

    #[test]
    fn every_fault_names_its_key() {
        assert_eq!(faulty(|config| config.max_fps = 61), "max_fps");
        assert_eq!(faulty(|config| config.max_fps = 0), "max_fps");
        assert_eq!(faulty(|config| config.bitrate_bps = 1), "bitrate_bps");
        assert_eq!(faulty(|config| config.canvas = CanvasSize { width: 721, height: 1280 }), "canvas (width)");
        assert_eq!(faulty(|config| config.canvas = CanvasSize { width: 720, height: 4000 }), "canvas (height)");
        assert_eq!(faulty(|config| config.metrics_listen = "9090".into()), "metrics_listen");
        assert_eq!(faulty(|config| config.log_level = "info,=,".into()), "log_level");
        assert_eq!(faulty(|config| config.allowed_origins = vec!["example.com".into()]), "allowed_origins");
        assert_eq!(faulty(|config| config.live_idle_seconds = 1), "live_idle_seconds");
        assert_eq!(faulty(|config| config.limits.sessions = 0), "limits.sessions");
    }

    #[test]
    fn an_odd_canvas_is_refused_with_the_sizes_beside_it() {
        let odd = Config { canvas: CanvasSize { width: 720, height: 1279 }, ..Config::default() };
        let said = odd.validate(true).unwrap_err().to_string();
        assert_eq!(said, "canvas (height): must be even, found 1279: take 1278 or 1280");
    }

    #[test]
    fn key_needs_what_its_algorithm_needs() {
        let key = |algorithm, secret: &str, public_key: &str| {
            let (secret, public_key) = (Secret::new(secret), public_key.to_owned());
            KeyConfig { id: "k".into(), algorithm, secret, public_key }
        };
        assert_eq!(faulty(|config| config.keys = vec![key(Algorithm::Hs256, "", "")]), "keys (id \"k\")");
        assert_eq!(faulty(|config| config.keys = vec![key(Algorithm::EdDsa, "s", "x")]), "keys (id \"k\")");
        assert_eq!(faulty(|config| config.keys = vec![key(Algorithm::Hs256, "too short", "")]), "keys");
        assert_eq!(faulty(|config| config.keys = vec![key(Algorithm::EdDsa, "", "too short")]), "keys");
        let twice = vec![key(Algorithm::Hs256, &"x".repeat(32), ""); 2];
        assert_eq!(faulty(|config| config.keys = twice), "keys");
    }

    #[test]
    fn ice_server_cannot_break_a_header() {
        let server = |url: &str, credential: &str| IceServer {
            url: url.into(),
            username: String::new(),
            credential: Secret::new(credential),
        };
        assert_eq!(validate_ice_server(&server("turn:host:3478?transport=udp", "p")), Ok(()));
        for (url, credential) in [("http://x", "p"), ("turn:x", "a,b"), ("turn:x>", "p"), ("turn:x", "a\r\nb")] {
            assert!(validate_ice_server(&server(url, credential)).is_err(), "{url} {credential}");
        }
    }
}
