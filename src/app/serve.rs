//! `costage serve`.

use std::io::Write;

use anyhow::Context;

use super::config::Config;
use super::server::Server;
use super::settings::Settings;
use super::{dev, logging, shutdown};

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
/// When the server cannot be started.
pub async fn run(mut config: Config, with_dev: bool) -> anyhow::Result<()> {
    logging::start(&config)?;
    if with_dev && config.keys.is_empty() {
        config.keys.push(dev::new_key()?);
    }
    let server = Server::start(&config, with_dev).await?;
    tracing::info!(http = %server.address(), media_udp_port = config.media_udp_port, "serving");
    if with_dev {
        let banner = dev::banner(&server, config.keys.first())?;
        // A closed standard output is no reason not to serve.
        drop(std::io::stdout().write_all(banner.as_bytes()));
    }
    let signal = shutdown::signal().await.context("cannot listen for signals")?;
    tracing::info!(signal, "ending");
    shutdown::end_at_next_signal();
    server.stop().await?;
    tracing::info!("ended");
    Ok(())
}
