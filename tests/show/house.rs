//! A whole server in the test's own process, and hosts for it.

use costage::api::auth::{Claims, Role};
use costage::app::clock::SystemClock;
use costage::app::config::{CanvasSize, Config};
use costage::app::metrics::Metrics;
use costage::app::{metrics, server};
use costage::client::Backend;
use costage::client::performance::{Performance, Rate, Start, Voice};
use costage::client::synthetic::{Beeps, TestCard};
use costage::client::video_loop::{LoopConfig, Scenery, VideoLoop};
use costage::client::whip::Host;
use costage::engine::{Clock, Epoch};
use costage_media::codec::opus;
use std::sync::{Arc, OnceLock};

use super::{PATIENCE, SOURCE};

pub(crate) struct House {
    server: server::Running,
    pub(crate) backend: Backend,
    pub(crate) clock: Arc<dyn Clock>,
}

/// One server each; they share the figures of the process.
pub(crate) async fn house() -> House {
    house_with(|_| ()).await
}

/// One whose configuration is changed first.
pub(crate) async fn house_with(change: impl FnOnce(&mut Config)) -> House {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    let mut config = Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        media_udp_port: 0,
        media_loopback: true,
        metrics_listen: String::new(),
        canvas: CanvasSize { width: 360, height: 640 },
        drain_seconds: 0,
        data_dir: std::path::PathBuf::new(),
        ..Config::default()
    };
    change(&mut config);
    let metrics = METRICS.get_or_init(|| metrics::install().expect("nobody else installs any"));
    let server = server::start(&config, true, metrics).await.expect("loopback has free ports");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let exp = clock.wall_ms() / 1_000 + 600;
    let claims =
        Claims { sub: "test".into(), name: None, role: Role::Admin, live: "*".into(), exp, nbf: None, aud: None };
    let token = server.keys().mint(&claims).expect("dev mode has a key");
    let backend = Backend::new(&server.url(), &token).expect("its own URL");
    House { server, backend, clock }
}

impl House {
    /// `viewerCount` of a live.
    pub(crate) async fn viewers(&self, live: &str) -> u64 {
        let answer = reqwest::get(format!("{}/v1/lives/{live}", self.server.url())).await.expect("it is served");
        let live: serde_json::Value = answer.json().await.expect("JSON");
        live["viewerCount"].as_u64().expect("a number")
    }

    /// Uploads a PNG as this user's avatar.
    pub(crate) async fn avatar(&self, user: &str, png: Vec<u8>) {
        let request = reqwest::Client::new().put(format!("{}/v1/users/{user}/avatar", self.server.url()));
        let request = request.bearer_auth(self.backend.token()).header("content-type", "image/png").body(png);
        let answer = request.send().await.expect("it is served");
        assert_eq!(answer.status(), 204);
    }

    /// A host who publishes a test card.
    pub(crate) async fn host(&self, place: usize, live: &str, fps: f64) -> Host {
        self.host_of(place, live, fps, &mut TestCard::new(place, SOURCE, 60)).await
    }

    /// A host who publishes what `scenery` draws.
    pub(crate) async fn host_of(&self, place: usize, live: &str, fps: f64, scenery: &mut dyn Scenery) -> Host {
        self.backend.create_live(live, live).await.expect("a new live");
        self.publisher(&self.backend.whip(live), fps, scenery, Box::new(Beeps::new(place))).await
    }

    /// Somebody who publishes to this WHIP endpoint what `scenery` draws and `voice` says.
    pub(crate) async fn publisher(
        &self,
        endpoint: &str,
        fps: f64,
        scenery: &mut dyn Scenery,
        voice: Box<dyn Voice>,
    ) -> Host {
        let rate = Rate::new(fps);
        let config = LoopConfig { size: SOURCE, rate, frames: 60, keyframe_every: 30, bitrate_bps: 300_000 };
        let video = VideoLoop::encode(&config, scenery, &mut || ()).expect("a loop");
        self.performer(endpoint, rate, video, voice).await
    }

    /// Somebody who publishes this to a WHIP endpoint; there is something to watch when this returns.
    pub(crate) async fn performer(&self, endpoint: &str, rate: Rate, video: VideoLoop, voice: Box<dyn Voice>) -> Host {
        let mut host = Host::connect(endpoint, Some(self.backend.token())).await.expect("WHIP");
        let instant = self.clock.now();
        let start = Start { instant, ntp: Epoch::start(&*self.clock).ntp(instant), offset: 0 };
        let encoder = Box::new(opus::Encoder::new(64_000).expect("Opus"));
        let performance = Performance::new(start, rate, video, voice, encoder);
        host.perform(Arc::clone(&self.clock), performance, None);
        let live = endpoint.strip_prefix(&self.backend.whip("")).and_then(|path| path.split('/').next());
        self.backend.until_publishing(live.expect("an own endpoint"), PATIENCE).await.expect("it is connected");
        host
    }

    /// A token of the owner of a live, who is called as the live is.
    pub(crate) fn token_of(&self, live: &str) -> String {
        let exp = self.clock.wall_ms() / 1_000 + 600;
        let claims =
            Claims { sub: live.into(), name: None, role: Role::Host, live: live.into(), exp, nbf: None, aud: None };
        self.server.keys().mint(&claims).expect("dev mode has a key")
    }

    /// Ends the server; nothing is left to wait for.
    pub(crate) async fn shut_down(self) {
        self.server.shut_down().await;
    }

    /// The event address of a live.
    pub(crate) fn events(&self, live: &str) -> String {
        format!("{}/v1/lives/{live}/events", self.server.url().replace("http://", "ws://"))
    }
}
