//! Structured logs on standard error: text for people, JSON for machines; colours only on a terminal.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::config::{Config, LogFormat};

/// Starts logging. Standard output stays free for what commands answer.
///
/// # Errors
/// When the filter is none (validated before), or logging was started already.
pub fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log_level))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        // NO_COLOR is a promise to users (no-color.org).
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            builder.with_ansi(colours).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("logging was started already: {error}"))
}

/// The WebRTC crates say at info and warn what each connection does as a matter of course. `log_level` comes after this and
/// may ask for more: "info,rtc=debug". Targets match by their beginning, so `rtc` is `rtc_ice` and `rtc_dtls` too.
const QUIET: &str = "rtc=error,webrtc=error";
