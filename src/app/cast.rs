//! Synthetic hosts for demo and bench: their loops are encoded first, then they enter one after the other.

use crate::client::Backend;
use crate::client::performance::{Performance, Rate, Start, Voice};
use crate::client::video_loop::{LoopConfig, Scenery, VideoLoop};
use crate::client::whip::{Host, Witness};
use crate::engine::{Clock, Epoch};
use anyhow::Context;
use costage_media::codec::opus;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

/// Bitrate of a synthetic host's voice, bits per second.
const VOICE_BPS: u32 = 64_000;
/// From "connected" to the first frame: time enough to get going.
const LEAD: Duration = Duration::from_millis(20);
/// From there until the server knows, too. It takes milliseconds.
const ON_AIR_WITHIN: Duration = Duration::from_secs(5);

/// What one host brings along.
pub(super) struct Part {
    /// The host's live, and its user id.
    pub(super) live: String,
    /// As the picture shows it.
    pub(super) name: String,
    pub(super) rate: Rate,
    pub(super) video: VideoLoop,
    pub(super) voice: Box<dyn Voice>,
    /// Where its RTP timestamps start.
    pub(super) offset: u32,
    pub(super) witness: Option<Witness>,
}

/// Encodes one loop for each scenery, all at the same time.
///
/// # Errors
/// When the encoder refuses the size.
pub(super) async fn rehearse(
    config: LoopConfig,
    sceneries: Vec<Box<dyn Scenery>>,
    bar: &ProgressBar,
) -> anyhow::Result<Vec<VideoLoop>> {
    bar.set_length((sceneries.len() * config.frames) as u64);
    let encode = |mut scenery: Box<dyn Scenery>| {
        let bar = bar.clone();
        tokio::task::spawn_blocking(move || VideoLoop::encode(&config, &mut *scenery, &mut || bar.inc(1)))
    };
    let encoding: Vec<_> = sceneries.into_iter().map(encode).collect();
    let mut loops = Vec::with_capacity(encoding.len());
    for each in encoding {
        loops.push(each.await.context("a thread that encodes a loop has ended early")??);
    }
    Ok(loops)
}

/// Creates the host's live, publishes to it over WHIP and starts to perform.
///
/// # Errors
/// When the server refuses the live or the session, or cannot be reached.
pub(super) async fn enter(backend: &Backend, clock: &Arc<dyn Clock>, part: Part) -> anyhow::Result<Host> {
    backend.create_live(&part.live, &part.name).await?;
    publish(backend, clock, part).await
}

/// Publishes to the host's live, which is there, and starts to perform; there is something to watch when this returns.
///
/// # Errors
/// When the server refuses the session, does not say in time that the live is published, or cannot be reached.
pub(super) async fn publish(backend: &Backend, clock: &Arc<dyn Clock>, part: Part) -> anyhow::Result<Host> {
    let Part { live, name, rate, video, voice, offset, witness } = part;
    let mut host = Host::connect(&backend.whip(&live), Some(backend.token()))
        .await
        .with_context(|| format!("{name} cannot publish"))?;
    let encoder = opus::Encoder::new(VOICE_BPS).context("no Opus encoder")?;
    let epoch = Epoch::start(&**clock);
    let instant = clock.now() + LEAD;
    let start = Start { instant, ntp: epoch.ntp(instant), offset };
    host.perform(Arc::clone(clock), Performance::new(start, rate, video, voice, Box::new(encoder)), witness);
    match backend.until_publishing(&live, ON_AIR_WITHIN).await {
        Ok(()) => Ok(host),
        Err(error) => {
            host.close().await;
            Err(error).with_context(|| format!("{name} is not on air"))
        }
    }
}

/// A progress bar on stderr, only where a person looks at it.
pub(super) fn progress(task: &'static str) -> ProgressBar {
    let bar = ProgressBar::hidden();
    if std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}%");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    }
    bar.set_message(task);
    bar
}
