//! `costage serve`.

use std::io::Write;

use anyhow::Context;

use super::config::Config;
use super::settings::Settings;
use super::shutdown::Signals;
use super::{about, dev, logging, metrics, reload, server, signing};

/// How to serve.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Development mode: make a key, print it with tokens and addresses, give the pages tokens
    #[arg(long)]
    pub dev: bool,
    /// The configuration.
    #[command(flatten)]
    pub settings: Settings,
}

/// Serves until a signal.
///
/// # Errors
/// When the server cannot be started, or one of its threads has ended by a defect.
pub async fn run(mut config: Config, settings: Settings, with_dev: bool) -> anyhow::Result<()> {
    logging::start(&config)?;
    settings.tell_what_is_passed_over();
    let signals = Signals::listen().context("cannot listen for signals")?;
    about::announce(&about::version(about::kernels(config.simd).level()));
    if with_dev && config.keys.is_empty() {
        config.keys.push(signing::dev_key()?);
    }
    let metrics = metrics::install()?;
    let server = server::start(&config, with_dev, &metrics).await?;
    tracing::info!(http = server.url(), media_port = server.media_port(), "serving");
    if with_dev {
        let banner = dev::banner(&server, config.keys.first())?;
        // A closed standard output is no reason not to serve.
        drop(std::io::stdout().write_all(banner.as_bytes()));
    }
    let webhooks = server.webhooks();
    let set = move |endpoints| webhooks.set(endpoints);
    let reloading = tokio::spawn(reload::run(settings, with_dev, server.control().clone(), set));
    let signal = server.while_whole(signals.first()).await?;
    tracing::info!(signal, "ending");
    reloading.abort();
    server.shut_down().await;
    tracing::info!("ended");
    Ok(())
}
