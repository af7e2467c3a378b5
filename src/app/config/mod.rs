//! The configuration: one strict struct, every key with its unit and its default.
//!
//! Later sources win: defaults → file (TOML) → environment (`COSTAGE_…`) → flags; then [`Config::validate`]. Unknown keys,
//! unknown `COSTAGE_…` variables and values out of range stop the start and say what to change; only what Kubernetes sets
//! for a Service named `costage` (`COSTAGE_SERVICE_HOST`, `COSTAGE_PORT=tcp://…`) is passed over, which the log says once.
//! `costage.sample.toml` shows every key; a test holds it to this file.

mod avatars;
mod checks;
mod gifts;
mod http;
mod nearest;
mod service_links;
mod sources;
mod theme;
mod values;
mod webhooks;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use avatars::AvatarConfig;
pub use checks::Fault;
pub use gifts::{GiftPoints, GiftTier};
pub use sources::{SourceFault, Sources};
pub use theme::{HexColour, ThemeConfig};
pub use values::{Algorithm, CanvasSize, IceServer, KeyConfig, LogFormat, Secret, Simd, ViewerTokenRule};
pub use webhooks::{WebhookConfig, WebhookSecret};

/// Everything that an operator may set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address of HTTP and WebSocket. Default 127.0.0.1:8080: put a TLS proxy in front before opening it to others.
    pub listen: SocketAddr,
    /// Origins whose pages may call, "*" for any. Default ["*"]: tokens travel in headers, cookies are not used.
    pub allowed_origins: Vec<String>,
    /// Keys that tokens are signed with, at most 16. Default none; required without `--dev`.
    pub keys: Vec<KeyConfig>,
    /// The `aud` that each token must name. Default "": tokens must name none.
    pub token_audience: String,
    /// Whether watching a public live needs a token: "optional" (default) or "required".
    pub viewer_tokens: ViewerTokenRule,
    /// STUN and TURN servers told to WHIP and WHEP clients. Default none.
    pub ice_servers: Vec<IceServer>,

    /// Directory where lives, battles and scores are kept, made when it is not there; one server has it at a time. Default
    /// "costage-data", in the working directory; "" keeps nothing. `--memory` is short for that. (`costage demo`: default "".)
    pub data_dir: PathBuf,

    /// UDP port of all media sessions, IPv4 and IPv6. Default 8081; 0 takes a free one.
    pub media_udp_port: u16,
    /// Local addresses offered to clients. Default []: those of all interfaces.
    pub media_addresses: Vec<IpAddr>,
    /// Addresses at which a NAT makes the media port reachable; offered first. Default [].
    pub public_addresses: Vec<IpAddr>,
    /// Offer loopback addresses too, for clients on this machine. Default false.
    pub media_loopback: bool,

    /// Size of every mixed picture, "WIDTHxHEIGHT" in pixels, both even, 64 to 1920. Default "720x1280".
    pub canvas: CanvasSize,
    /// Mixed frames a second, at most; 1 to 60. Default 30.
    pub max_fps: u32,
    /// Video bit rate of each mix, bits a second; 100000 to 20000000. Default 2500000.
    pub bitrate_bps: u32,
    /// What a host may send, bits a second, told to it by REMB; 100000 to 50000000. Default 6000000.
    pub host_bitrate_bps: u32,
    /// Whether mixed pictures carry layout, scores and speakers as SEI messages, for native players. Default true.
    pub sei: bool,
    /// Fonts for what the built-in ones (Latin, Greek, Cyrillic, Arabic, Hebrew, Thai) lack, in this order: font files, folders
    /// of them, or "auto" for the system's Noto Sans CJK and Noto Color Emoji. Default ["auto"]. They stay in memory.
    pub fonts: Vec<String>,
    /// SIMD level: "auto" (default), "avx512", "avx2", "neon" or "scalar". May lower what the CPU has, never raise it.
    pub simd: Simd,
    /// Threads that send and receive packets; 0 (default) means one per core, at most 64.
    pub packet_threads: u32,
    /// Threads that decode, mix and encode; 0 (default) means one per core, at most 64.
    pub mix_threads: u32,

    /// How long a host's media and event socket may both be gone before it has left, seconds; 1 to 3600. Default 10.
    pub host_grace_seconds: u64,
    /// How long hosts have to come back after a restart of the server, seconds; 1 to 3600. Default 60.
    pub restart_grace_seconds: u64,
    /// How long a live may be without its host's media before the server ends it, seconds; 10 to 604800. Default 600.
    pub live_idle_seconds: u64,
    /// How long a shutdown waits for sessions to end by themselves, seconds; 0 to 86400. Default 10.
    pub drain_seconds: u64,

    /// Address of `/metrics`. Default "127.0.0.1:9090"; "" for none. Not for the public.
    pub metrics_listen: String,
    /// Form of log lines: "text" (default; coloured on a terminal) or "json".
    pub log_format: LogFormat,
    /// What is logged: error, warn, info (default), debug, trace, or a filter such as "info,costage::peer=debug".
    pub log_level: String,
    /// File for one CSV line per source frame with its latencies by stage. Default "": none. Grows without bound.
    pub trace_file: PathBuf,

    /// Points for each unit of a gift's value, by tier. Default none. In the file only; read again without a restart.
    pub gift_tiers: Vec<GiftTier>,
    /// Fixed points of single gifts, before the tiers. Default none. In the file only; read again without a restart.
    pub gift_points: Vec<GiftPoints>,

    /// Who is told by webhook, at most 32. Default none. Read again without a restart.
    pub webhooks: Vec<WebhookConfig>,
    /// Secrets of webhooks that do not stand beside their addresses. Default none. Read again without a restart.
    pub webhook_secrets: Vec<WebhookSecret>,

    /// How pictures look where nobody's media is.
    pub theme: ThemeConfig,
    /// Avatars that lie at users' `avatarUrl`.
    pub avatars: AvatarConfig,
    /// Bounds of what clients may use.
    pub limits: Limits,
}

/// Bounds of what clients may use; a request beyond one is refused with 503, or 429 where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Media sessions at once, hosts and viewers; 1 to 100000. Default 4000.
    pub sessions: usize,
    /// Event sockets at once; 1 to 100000. Default 10000.
    pub event_sockets: usize,
    /// HTTP connections at once, event sockets not among them; 1 to 100000. Default 5000.
    pub connections: usize,
    /// Requests a second of one token of a host, guest or viewer, on average; 1 to 1000000. Default 100. Beyond it: 429.
    pub token_requests: u32,
    /// The same of one token of the backend (role admin); 1 to 1000000. Default 20000.
    pub admin_token_requests: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            allowed_origins: vec!["*".to_owned()],
            keys: Vec::new(),
            token_audience: String::new(),
            viewer_tokens: ViewerTokenRule::Optional,
            ice_servers: Vec::new(),
            data_dir: PathBuf::from("costage-data"),
            media_udp_port: 8081,
            media_addresses: Vec::new(),
            public_addresses: Vec::new(),
            media_loopback: false,
            canvas: CanvasSize { width: 720, height: 1280 },
            max_fps: 30,
            bitrate_bps: 2_500_000,
            host_bitrate_bps: 6_000_000,
            sei: true,
            fonts: vec!["auto".to_owned()],
            simd: Simd::Auto,
            packet_threads: 0,
            mix_threads: 0,
            host_grace_seconds: 10,
            restart_grace_seconds: 60,
            live_idle_seconds: 600,
            drain_seconds: 10,
            metrics_listen: "127.0.0.1:9090".to_owned(),
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
            trace_file: PathBuf::new(),
            gift_tiers: Vec::new(),
            gift_points: Vec::new(),
            webhooks: Vec::new(),
            webhook_secrets: Vec::new(),
            theme: ThemeConfig::default(),
            avatars: AvatarConfig::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 4_000,
            event_sockets: 10_000,
            connections: 5_000,
            token_requests: 100,
            admin_token_requests: 20_000,
        }
    }
}

impl Config {
    /// The effective configuration as TOML, secrets hidden (`costage config print`).
    ///
    /// # Errors
    /// When a value cannot be written as TOML; none can be such.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Where the state is kept, when anywhere.
    pub fn data_path(&self) -> Option<&std::path::Path> {
        (!self.data_dir.as_os_str().is_empty()).then_some(&*self.data_dir)
    }

    /// Where the trace of frames goes, when anywhere.
    pub fn trace_path(&self) -> Option<&std::path::Path> {
        (!self.trace_file.as_os_str().is_empty()).then_some(&*self.trace_file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../costage.sample.toml");
    const SOURCE: &str = include_str!("mod.rs");

    fn keys_of(table: &toml::Table, prefix: &str, out: &mut Vec<String>) {
        for (key, value) in table {
            match value.as_table() {
                Some(inner) => keys_of(inner, &format!("{prefix}{key}."), out),
                None => out.push(format!("{prefix}{key}")),
            }
        }
    }

    fn all_keys() -> Vec<String> {
        let table = toml::Table::try_from(Config::default()).unwrap();
        let mut keys = Vec::new();
        keys_of(&table, "", &mut keys);
        keys
    }

    #[test]
    fn sample_parses_and_shows_the_defaults() {
        let sample: Config = toml::from_str(SAMPLE).unwrap();
        assert_eq!(sample, Config::default());
    }

    #[test]
    fn sample_mentions_every_key() {
        for key in all_keys() {
            let last = key.rsplit('.').next().unwrap();
            let shows = |line: &&str| {
                let line = line.trim_start_matches("# ");
                line.starts_with(&format!("{last} =")) || line == format!("[[{last}]]")
            };
            let line = SAMPLE.lines().find(shows);
            assert!(line.is_some(), "costage.sample.toml does not show `{key}`");
        }
        for key in ["id", "algorithm", "secret", "public_key", "url", "username", "credential"] {
            assert!(SAMPLE.contains(&format!("{key} =")), "costage.sample.toml does not show `{key}` of a list");
        }
    }

    #[test]
    fn commented_lists_of_the_sample_parse_when_uncommented() {
        let lists: String = SAMPLE
            .lines()
            .skip_while(|line| *line != "# [[keys]]")
            .map(|line| match line.strip_prefix("# ").filter(|line| line.starts_with("[[") || line.contains(" = ")) {
                Some(setting) => format!("{setting}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        let config: Config = toml::from_str(&lists).unwrap();
        assert_eq!((config.keys.len(), config.ice_servers.len()), (2, 2));
        assert_eq!(config.validate(false), Ok(()));
    }

    #[test]
    fn every_key_is_documented_with_its_default() {
        let fields: Vec<&str> = SOURCE.lines().collect();
        for (index, line) in fields.iter().enumerate().filter(|(_, line)| line.starts_with("    pub ")) {
            if line.contains("fn ") || ["limits:", "avatars:", "theme:"].iter().any(|table| line.contains(table)) {
                continue;
            }
            assert!(fields[index - 1].contains("efault"), "{line} has no default in its doc");
        }
    }

    #[test]
    fn printed_configuration_hides_secrets_and_parses() {
        let config = Config {
            keys: vec![KeyConfig {
                id: "k".into(),
                algorithm: Algorithm::Hs256,
                secret: Secret::new("very secret very secret very secret"),
                public_key: String::new(),
            }],
            ..Config::default()
        };
        let text = config.to_toml().unwrap();
        assert!(!text.contains("very secret"), "{text}");
        assert!(!format!("{config:?}").contains("very secret"));
        assert!(toml::from_str::<Config>(&text).is_ok());
    }
}
