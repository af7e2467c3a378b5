//! The demo's two hosts: they enter, and come back after a visitor has taken over a live from the page and left again.

use super::super::cast::{self, Part};
use crate::client::performance::Rate;
use crate::client::synthetic::{Melody, Presenter};
use crate::client::video_loop::{LoopConfig, Scenery, VideoLoop};
use crate::client::whip::Host;
use crate::client::{Backend, BackendError};
use crate::engine::Clock;
use costage_media::frame::Size;
use std::sync::Arc;
use std::time::Duration;

/// Live id, also the user's, and name.
pub(super) const HOSTS: [(&str, &str); 2] = [("luna", "Luna"), ("kai", "Kai")];
/// Pictures in a loop: six seconds, as long as the voices' phrase.
const LOOP_FRAMES: usize = 180;
/// Pictures a second.
const FPS: f64 = 30.0;
/// What a phone with a good network sends at 720p.
const BITRATE_BPS: u32 = 2_000_000;
const SIZE: Size = Size { width: 1280, height: 720 };
/// Between two looks whether a visitor has left: the place is empty for little longer, and filled again well within
/// `host_grace_seconds`. A visitor who is still connecting counts as publishing and is not disturbed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// One of [`HOSTS`], with what it performs.
pub(super) struct SyntheticHost {
    place: usize,
    video: VideoLoop,
    /// Whether this run created the live, and so ends it.
    live_is_ours: bool,
    host: Option<Host>,
}

/// The hosts with their loops, before they have entered.
///
/// # Errors
/// When the encoder refuses.
pub(super) async fn rehearse() -> anyhow::Result<Vec<SyntheticHost>> {
    let (rate, keyframe_every) = (Rate::new(FPS), 60);
    let config = LoopConfig { size: SIZE, rate, frames: LOOP_FRAMES, keyframe_every, bitrate_bps: BITRATE_BPS };
    let sceneries =
        (0..HOSTS.len()).map(|place| Box::new(Presenter::new(place, SIZE, LOOP_FRAMES)) as Box<dyn Scenery>).collect();
    let bar = cast::progress("Two hosts get ready");
    let loops = cast::rehearse(config, sceneries, &bar).await?;
    bar.finish_and_clear();
    let host = |(place, video)| SyntheticHost { place, video, live_is_ours: false, host: None };
    Ok(loops.into_iter().enumerate().map(host).collect())
}

impl SyntheticHost {
    fn live(&self) -> &'static str {
        HOSTS[self.place].0
    }

    fn name(&self) -> &'static str {
        HOSTS[self.place].1
    }

    /// Creates its live and publishes.
    ///
    /// # Errors
    /// When the live exists already, or the server refuses or is gone.
    pub(super) async fn enter(&mut self, backend: &Backend, clock: &Arc<dyn Clock>) -> anyhow::Result<()> {
        backend.create_live(self.live(), self.name()).await?;
        self.live_is_ours = true;
        self.publish(backend, clock).await
    }

    async fn publish(&mut self, backend: &Backend, clock: &Arc<dyn Clock>) -> anyhow::Result<()> {
        let part = Part {
            live: self.live().to_owned(),
            name: self.name().to_owned(),
            rate: Rate::new(FPS),
            video: self.video.clone(),
            voice: Box::new(Melody::new(self.place)),
            offset: crate::client::whip::random(),
            witness: None,
        };
        self.host = Some(cast::publish(backend, clock, part).await?);
        Ok(())
    }

    /// Never returns: whenever its session has ended, it waits until nobody publishes its live, and publishes again.
    pub(super) async fn stay(&mut self, backend: &Backend, clock: &Arc<dyn Clock>) {
        loop {
            if let Some(host) = &self.host {
                host.ended().await;
                tracing::warn!(
                    live = self.live(),
                    "a host's session has ended; the show goes on, it comes back when nobody else publishes its live"
                );
            }
            if let Some(host) = self.host.take() {
                host.close().await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            match backend.is_publishing(self.live()).await {
                Ok(false) => match self.publish(backend, clock).await {
                    Ok(()) => tracing::info!(live = self.live(), "the host is back"),
                    Err(error) => tracing::warn!(live = self.live(), %error, "the host cannot come back yet"),
                },
                Ok(true) => {}
                Err(error) => tracing::debug!(live = self.live(), %error, "no look at the live"),
            }
        }
    }

    /// Leaves, and ends its live if this run created it.
    pub(super) async fn leave(self, backend: &Backend) {
        let (live, ours) = (self.live(), self.live_is_ours);
        if let Some(host) = self.host {
            host.close().await;
        }
        let ended: Result<(), BackendError> = if ours { backend.end_live(live).await } else { Ok(()) };
        if let Err(error) = ended {
            tracing::debug!(%error, "live not ended");
        }
    }
}
