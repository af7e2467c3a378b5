//! What every handler is given.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::auth::{Attempts, Keys, Quotas};
use super::drawing::Drawing;
use super::figures::Figures;
use super::host_sockets::HostSockets;
use crate::engine::control::ControlHandle;
use crate::engine::{Books, Clock, Pictures, Signalling, Viewers};
use crate::live::answer::LiveInfo;

/// Everything that the routes need; cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    /// The way to the control thread.
    pub control: ControlHandle,
    /// The way to media sessions.
    pub signalling: Arc<dyn Signalling>,
    /// Verifies tokens.
    pub keys: Arc<Keys>,
    /// What the configuration says about HTTP.
    pub settings: Arc<Settings>,
    /// Live figures for the demo page; without them the route is not there.
    pub figures: Option<Arc<dyn Figures>>,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// The brake on guessing.
    pub attempts: Arc<Attempts>,
    /// How often a token may ask.
    pub quotas: Arc<Quotas>,
    /// Whether the server is going down.
    pub going: Going,
    /// Places for event sockets: as many as there may be at once.
    pub sockets: Sockets,
    /// How many viewers each feed has.
    pub viewers: Arc<Viewers>,
    /// Avatars that come in, previews that go out.
    pub pictures: Arc<dyn Pictures>,
    /// Places for making them.
    pub drawing: Drawing,
    /// What operators are told of commits and webhooks.
    pub books: Arc<Books>,
}

impl ApiState {
    /// The live with its viewers, whom the rules do not know.
    pub(super) fn counted(&self, live: LiveInfo) -> LiveInfo {
        LiveInfo { viewer_count: self.viewers.of(live.feed), ..live }
    }
}

/// Places for event sockets. Some are kept for hosts and backends, whom no crowd of viewers may lock out.
#[derive(Clone, Debug)]
pub struct Sockets {
    max: usize,
    all: Arc<Semaphore>,
    /// Those of `all` that anybody may have.
    common: Arc<Semaphore>,
    /// Which hosts have one open.
    pub(super) hosts: HostSockets,
}

/// The part of all places that only hosts of the live and admins get.
const RESERVED_PART: usize = 8;

impl Sockets {
    /// `max` places, an eighth of them for hosts and admins.
    #[must_use]
    pub fn new(max: usize) -> Self {
        let common = max - max / RESERVED_PART;
        Self {
            max,
            all: Arc::new(Semaphore::new(max)),
            common: Arc::new(Semaphore::new(common)),
            hosts: HostSockets::default(),
        }
    }

    /// A place until it is dropped; `None` when there is none. An insider may have any.
    pub(super) fn take(&self, insider: bool) -> Option<SocketPlace> {
        // Whoever finds a common place takes that one, so that the reserve is there when it is needed.
        let common = Arc::clone(&self.common).try_acquire_owned().ok();
        if common.is_none() && !insider {
            return None;
        }
        let any = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(SocketPlace { _any: any, _common: common })
    }

    /// Returns when every event socket has ended.
    pub async fn ended(&self) {
        let all = u32::try_from(self.max).unwrap_or(u32::MAX);
        // An error would mean that the semaphore was closed; nobody does.
        drop(self.all.acquire_many(all).await);
    }
}

/// A place of one event socket.
#[derive(Debug)]
pub(super) struct SocketPlace {
    _any: OwnedSemaphorePermit,
    _common: Option<OwnedSemaphorePermit>,
}

/// The part of the configuration that HTTP needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether watching a public live needs a token.
    pub viewer_tokens: ViewerTokens,
    /// Origins whose pages may call, for `Access-Control-Allow-Origin`; `*` for any.
    pub allowed_origins: Vec<String>,
    /// `Link` values of the 201, one per ICE server (RFC 9725 §4.6), ready to send. Empty: no header.
    pub ice_server_links: Vec<String>,
    /// Dev mode: tokens are given away at `/demo/tokens.json`.
    pub dev: bool,
    /// Version and capabilities of this build, for `/healthz`.
    pub version: String,
}

/// Whether watching a public live needs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewerTokens {
    /// Public lives may be watched by anybody.
    Optional,
    /// Every viewer needs one.
    Required,
}

/// How far a shutdown has come; `app` moves it forward, handlers look.
#[derive(Clone, Debug)]
pub struct Going(Arc<watch::Sender<Stage>>);

/// The stages of a shutdown, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Serving.
    #[default]
    Up,
    /// Not ready, no new sessions; old ones go on.
    Draining,
    /// Everything that is still open is being closed.
    Closing,
}

impl Default for Going {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Up)))
    }
}

impl Going {
    /// Moves forward; going back is ignored.
    pub fn to(&self, stage: Stage) {
        self.0.send_if_modified(|now| {
            let forward = *now < stage;
            *now = stage.max(*now);
            forward
        });
    }

    /// Where it stands.
    pub fn stage(&self) -> Stage {
        *self.0.borrow()
    }

    /// Returns once `stage` is reached.
    pub async fn reached(&self, stage: Stage) {
        let mut receiver = self.0.subscribe();
        // An error would mean that the sender is gone; `self` holds it.
        let _ = receiver.wait_for(|now| *now >= stage).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shutdown_never_goes_back() {
        let going = Going::default();
        going.to(Stage::Closing);
        going.to(Stage::Draining);
        assert_eq!(going.stage(), Stage::Closing);
        going.reached(Stage::Draining).await;
    }
}
