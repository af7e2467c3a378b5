//! Structured logs on standard error: text for people, JSON for machines; colours only on a terminal.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

use super::config::{Config, LogFormat};

/// Starts logging. Standard output stays free for what commands answer.
///
/// # Errors
/// When the filter is none (validated before), or logging was started already.
pub fn start(config: &Config) -> anyhow::Result<()> {
    let filter = filter(&config.log_level).map_err(|fix| anyhow::anyhow!("log_level: {fix}"))?;
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Json => registry().with(filter).with(layer.json().flatten_event(true)).try_init(),
        // NO_COLOR is a promise to users (no-color.org): any value but the empty one.
        LogFormat::Text => {
            let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let colours = std::io::stderr().is_terminal() && !plain;
            registry().with(filter).with(layer.with_ansi(colours)).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("logging was started already: {error}"))
}

/// The filter that `log_level` means: a level, or a list of levels and `TARGET=LEVEL` with commas. Targets match by their
/// beginning, so `costage::peer` is `costage::peer::ice` too.
///
/// # Errors
/// What is wanted and what was found. A bare word that is no level is refused, not taken for a target: it is a typing
/// error, as a rule, and would switch everything else off.
pub fn filter(log_level: &str) -> Result<Targets, String> {
    let mut parts = log_level.split(',').map(str::trim);
    parts.try_fold(Targets::new().with_targets(QUIET), |filter, part| {
        let (target, level) = part.split_once('=').map_or((None, part), |(target, level)| (Some(target), level));
        // The empty text would parse, as ERROR.
        let level: LevelFilter = level.parse().ok().filter(|_| !level.is_empty()).ok_or_else(|| fix(part))?;
        match target {
            None => Ok(filter.with_default(level)),
            Some("") => Err(fix(part)),
            Some(target) => Ok(filter.with_target(target, level)),
        }
    })
}

fn fix(found: &str) -> String {
    format!(
        "wanted error, warn, info, debug, trace or off, or TARGET=LEVEL as info,costage::peer=debug; found {found:?}"
    )
}

/// The WebRTC crates say at info and warn what each connection does as a matter of course. `log_level` comes after this and
/// may ask for more: "info,rtc=debug". `rtc` is `rtc_ice` and `rtc_dtls` too.
const QUIET: [(&str, LevelFilter); 2] = [("rtc", LevelFilter::ERROR), ("webrtc", LevelFilter::ERROR)];

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn webrtc_crates_are_quiet_until_asked() {
        let filter = |text: &str| filter(text).unwrap();
        assert!(filter("info").would_enable("costage::live", &Level::INFO));
        assert!(!filter("info").would_enable("costage::live", &Level::DEBUG));
        assert!(!filter("trace").would_enable("rtc_ice::agent", &Level::WARN));
        assert!(filter("info,rtc=debug").would_enable("rtc_ice::agent", &Level::DEBUG));
        assert!(filter(" warn , costage::peer=debug").would_enable("costage::peer::ice", &Level::DEBUG));
    }

    #[test]
    fn what_is_no_level_is_refused_and_repeated() {
        for bad in ["loud", "", "info,", "info,=debug", "costage=loud", "info,a=b=c"] {
            assert!(filter(bad).unwrap_err().contains("TARGET=LEVEL"), "{bad}");
        }
        assert!(filter("info,loud").unwrap_err().ends_with("found \"loud\""));
    }
}
