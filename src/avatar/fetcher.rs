//! A queue of addresses, and who works it off.

use std::sync::Arc;
use std::time::Duration;

use costage_media::codec::photo::PhotoKind;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};

use crate::engine::{AvatarFetcher, AvatarRefused, Fetched, Wanted};
use crate::outgoing::{Bounds, GetFault, Getter};

/// What an avatar may be: as much as one that is uploaded.
pub const FETCH_BOUNDS: Bounds = Bounds { bytes_max: 4 << 20, within: Duration::from_secs(5) };

/// Addresses that wait; beyond it they are forgotten, and wanted again by the next picture that could show them.
const QUEUE_MAX: usize = 256;

/// Requests at once, 4 MiB each at most.
const FETCHES_MAX: usize = 4;

/// Of these, how many are decoded at once, 64 MiB each at most.
const DECODES_MAX: usize = 1;

/// Characters of a reason in the log.
const REASON_CHARS_MAX: usize = 300;

/// Fetches avatars. Dropped, it ends, and what is under way with it.
#[must_use = "dropping it ends it"]
pub struct Fetcher {
    queue: Queue,
    task: JoinHandle<()>,
}

/// The way to a fetcher.
#[derive(Debug, Clone)]
pub struct Queue(mpsc::Sender<Wanted>);

/// Makes the client, when the first avatar is wanted: it reads the system's certificates.
type MakeGetter = Box<dyn FnOnce() -> Result<Getter, GetFault> + Send>;

impl Fetcher {
    /// Starts it; in a runtime of tokio. `getter` is made when it is needed first.
    pub fn start(getter: impl FnOnce() -> Result<Getter, GetFault> + Send + 'static, wall: Arc<dyn Fetched>) -> Self {
        // A counter that is not there before it is 1 has never risen, to Prometheus.
        OUTCOMES.into_iter().for_each(|outcome| counter(outcome).increment(0));
        let (queue, wanted) = mpsc::channel(QUEUE_MAX);
        Self { queue: Queue(queue), task: tokio::spawn(work(wanted, Box::new(getter), wall)) }
    }

    /// The way to it.
    #[must_use]
    pub fn queue(&self) -> Queue {
        self.queue.clone()
    }
}

impl AvatarFetcher for Queue {
    fn fetch(&self, wanted: Wanted) -> bool {
        let taken = self.0.try_send(wanted).is_ok();
        if !taken {
            count("dropped");
        }
        taken
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why somebody has initials.
#[derive(Debug, Error)]
enum Missed {
    #[error(transparent)]
    Get(#[from] GetFault),
    #[error("it begins like none of PNG, JPEG and WebP")]
    Kind,
    #[error(transparent)]
    Refused(#[from] AvatarRefused),
    #[error("it could not be decoded: a defect")]
    Defect,
}

impl Missed {
    /// How it is counted: whether it may be another time, or is as it should not be.
    fn word(&self) -> &'static str {
        match self {
            Self::Get(GetFault::Status(_) | GetFault::TooSlow(_) | GetFault::Failed(_)) | Self::Defect => "failed",
            Self::Get(
                GetFault::Url
                | GetFault::Login
                | GetFault::NotPublic(_)
                | GetFault::Redirect(_)
                | GetFault::TooLong(_)
                | GetFault::Unfit,
            )
            | Self::Kind
            | Self::Refused(_) => "refused",
        }
    }
}

async fn work(mut wanted: mpsc::Receiver<Wanted>, getter: MakeGetter, wall: Arc<dyn Fetched>) {
    let Some(mut next) = wanted.recv().await else { return };
    let made = tokio::task::spawn_blocking(getter).await;
    let getter = Arc::new(made.unwrap_or_else(|error| Err(GetFault::Failed(error.to_string()))));
    let (places, decodes) = (Arc::new(Semaphore::new(FETCHES_MAX)), Arc::new(Semaphore::new(DECODES_MAX)));
    // They end with this.
    let mut under_way = JoinSet::new();
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("nobody closes it");
        let (getter, decodes, wall) = (Arc::clone(&getter), Arc::clone(&decodes), Arc::clone(&wall));
        under_way.spawn(async move {
            fetch(&next, &getter, &decodes, wall).await;
            drop(place);
        });
        while let Some(ended) = under_way.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "fetching an avatar");
            }
        }
        match wanted.recv().await {
            Some(other) => next = other,
            None => return,
        }
    }
}

/// One address, from the look-up of its name to the picture on the wall.
async fn fetch(wanted: &Wanted, getter: &Result<Getter, GetFault>, decodes: &Semaphore, wall: Arc<dyn Fetched>) {
    match brought(wanted, getter, decodes, &wall).await {
        Ok(()) => {
            count("fetched");
            tracing::debug!(user = wanted.user, "avatar fetched");
        }
        Err(missed) => {
            count(missed.word());
            // Of the address only what a server's operator needs: the rest may be secret, and the user has it.
            let reason: String = missed.to_string().chars().take(REASON_CHARS_MAX).collect();
            if wall.missed(&wanted.url) {
                tracing::info!(user = wanted.user, reason, "no avatar at the avatarUrl: initials are drawn");
            } else {
                tracing::debug!(user = wanted.user, reason, "no avatar at the avatarUrl, still");
            }
        }
    }
}

async fn brought(
    wanted: &Wanted,
    getter: &Result<Getter, GetFault>,
    decodes: &Semaphore,
    wall: &Arc<dyn Fetched>,
) -> Result<(), Missed> {
    let getter = getter.as_ref().map_err(GetFault::clone)?;
    let got = getter.get(&wanted.url, |head| PhotoKind::of(head).is_some()).await;
    let bytes = got.map_err(|fault| if fault == GetFault::Unfit { Missed::Kind } else { Missed::Get(fault) })?;
    let kind = PhotoKind::of(&bytes).ok_or(Missed::Kind)?;
    let _turn = decodes.acquire().await;
    let (wall, url) = (Arc::clone(wall), wanted.url.clone());
    let hung = tokio::task::spawn_blocking(move || wall.found(&url, kind, &bytes)).await;
    hung.map_err(|_| Missed::Defect)?.map_err(Missed::Refused)
}

fn count(outcome: &'static str) {
    counter(outcome).increment(1);
}

fn counter(outcome: &'static str) -> metrics::Counter {
    metrics::counter!("costage_avatar_fetches_total", "outcome" => outcome)
}

/// What may become of an avatar that was wanted.
const OUTCOMES: [&str; 4] = ["fetched", "refused", "failed", "dropped"];

#[cfg(test)]
mod tests;
