//! The flags that change the configuration, the same for every command that reads it.

use std::path::PathBuf;

use super::config::{Config, SourceFault, Sources};

/// Where the configuration comes from, and what is changed for this run. Also by environment: COSTAGE_ and the key.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub struct Settings {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "COSTAGE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address of HTTP and WebSocket [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Where lives, battles and scores are kept [default: costage-data; of costage demo: nowhere]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// Keep nothing: lives, battles and scores end with the process; for trying
    #[arg(long, conflicts_with = "data_dir")]
    pub memory: bool,
    /// UDP port of all media sessions; 0 takes a free one [default: 8081]
    #[arg(long, value_name = "PORT")]
    pub media_udp_port: Option<String>,
    /// Address at which a NAT makes the media port reachable; again for more
    #[arg(long, value_name = "IP")]
    pub public_address: Vec<String>,
    /// Size of the mixed picture, pixels [default: 720x1280]
    #[arg(long, value_name = "WxH")]
    pub canvas: Option<String>,
    /// Mixed frames a second, at most; 1 to 60 [default: 30]
    #[arg(long, value_name = "FPS")]
    pub max_fps: Option<String>,
    /// Video bit rate of each mix, bits a second [default: 2500000]
    #[arg(long, value_name = "BPS")]
    pub bitrate_bps: Option<String>,
    /// SIMD level: auto, avx512, avx2, neon or scalar; lowers, never raises [default: auto]
    #[arg(long, value_name = "LEVEL")]
    pub simd: Option<String>,
    /// How long a shutdown waits for sessions to end, seconds [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub drain_seconds: Option<String>,
    /// Address of /metrics; "" for none [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// Whether watching a public live needs a token: optional or required [default: optional]
    #[arg(long, value_name = "RULE")]
    pub viewer_tokens: Option<String>,
    /// Form of log lines: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// What is logged: error, warn, info, debug, trace, or a filter [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log_level: Option<String>,
    /// File for one CSV line per source frame with its latencies by stage
    #[arg(long, value_name = "FILE")]
    pub trace_file: Option<String>,
    /// Any key of the configuration, as --set limits.sessions=100; again for more
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("wanted KEY=VALUE, as --set max_fps=60")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

impl Settings {
    /// The configuration that file, environment and these flags make.
    ///
    /// # Errors
    /// See [`SourceFault`].
    pub fn load(&self, dev: bool) -> Result<Config, SourceFault> {
        self.sources().load(dev)
    }

    /// The same for a show, which keeps nothing unless it is told where.
    ///
    /// # Errors
    /// See [`SourceFault`].
    pub fn load_for_show(&self) -> Result<Config, SourceFault> {
        Sources { defaults: vec![("data_dir", "")], ..self.sources() }.load(true)
    }

    /// The same, to be looked at: a configuration that no server would start with yet, as one without keys, is fine.
    ///
    /// # Errors
    /// See [`SourceFault`].
    pub fn look(&self) -> Result<Config, SourceFault> {
        self.sources().look()
    }

    /// Says which variables of the environment were passed over. Once, when logging has been started.
    pub fn tell_what_is_passed_over(&self) {
        let sources = self.sources();
        let variables = sources.service_links();
        if !variables.is_empty() {
            tracing::info!(
                variables = variables.join(" "),
                "passed over: set by Kubernetes for a Service named costage"
            );
        }
    }

    fn sources(&self) -> Sources {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with("COSTAGE_"))?;
            // A value that is not UTF-8 fits no key: the replacement character is refused by its parser or shown.
            Some((name, value.to_string_lossy().into_owned()))
        });
        Sources {
            file: self.config.clone(),
            environment: environment.collect(),
            flags: self.flags(),
            defaults: Vec::new(),
        }
    }

    /// Key and text of each flag given, `--set` last.
    fn flags(&self) -> Vec<(String, String)> {
        let public = (!self.public_address.is_empty()).then(|| self.public_address.join(","));
        let data_dir = if self.memory { Some(String::new()) } else { self.data_dir.clone() };
        let given = [
            ("listen", &self.listen),
            ("data_dir", &data_dir),
            ("media_udp_port", &self.media_udp_port),
            ("public_addresses", &public),
            ("canvas", &self.canvas),
            ("max_fps", &self.max_fps),
            ("bitrate_bps", &self.bitrate_bps),
            ("simd", &self.simd),
            ("drain_seconds", &self.drain_seconds),
            ("metrics_listen", &self.metrics_listen),
            ("viewer_tokens", &self.viewer_tokens),
            ("log_format", &self.log_format),
            ("log_level", &self.log_level),
            ("trace_file", &self.trace_file),
        ];
        let given = given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
        given.chain(self.set.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn flags_become_keys_and_set_comes_last() {
        let line = [
            "x",
            "--max-fps",
            "60",
            "--public-address",
            "192.0.2.1",
            "--public-address",
            "192.0.2.2",
            "--set",
            "limits.sessions=9",
            "--set",
            "max_fps=50",
            "--memory",
        ];
        let flags = Line::try_parse_from(line).unwrap().settings.flags();
        let wanted = [
            ("data_dir", ""),
            ("public_addresses", "192.0.2.1,192.0.2.2"),
            ("max_fps", "60"),
            ("limits.sessions", "9"),
            ("max_fps", "50"),
        ];
        assert_eq!(flags, wanted.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let config = Sources { flags, ..Sources::default() }.load(true).unwrap();
        assert_eq!((config.max_fps, config.limits.sessions, config.public_addresses.len()), (50, 9, 2));
    }
}
