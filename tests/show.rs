//! Our own hosts and viewer against the whole server: real HTTP, real WebRTC, real codecs, on loopback and free ports.
//!
//! What is asserted is what is seen and heard, never how fast: waits end when it has happened, or fail after a minute.

use costage::api::auth::{Claims, Role};
use costage::app::clock::SystemClock;
use costage::app::config::{CanvasSize, Config};
use costage::app::{metrics, server};
use costage::client::performance::{Performance, Rate, Start};
use costage::client::synthetic::{Beeps, TestCard, barcode};
use costage::client::video_loop::{LoopConfig, VideoLoop};
use costage::client::whep::{Viewer, WatchError};
use costage::client::whip::Host;
use costage::client::{Audience, Backend, OpenError, Seen, SignalError};
use costage::engine::{Clock, Epoch};
use costage_media::codec::opus;
use costage_media::frame::{AudioBlock, PictureRef, Size};
use costage_media::scene::{Rect, Template};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const SOURCE: Size = Size { width: 320, height: 180 };
const CANVAS: Size = Size { width: 360, height: 640 };
/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the viewer has seen since its counters were last looked at.
#[derive(Debug, Clone, Copy, Default)]
struct Sight {
    /// Pictures in which the live's own host filled the canvas.
    alone: u32,
    /// Pictures in which both tiles showed a number.
    together: u32,
    /// Blocks of sound that were not silent.
    loud: u32,
    last_timestamp: u64,
    /// A picture that was not newer than the one before.
    went_back: bool,
}

struct Eyes(watch::Sender<Sight>);

impl Audience for Eyes {
    fn picture(&mut self, picture: PictureRef<'_>, seen: &Seen) {
        let reads = |tile: Rect| barcode::read(picture, tile, SOURCE).is_some();
        let tiles = |places| Template::HostDynamicGrid.regions(CANVAS, places).into_iter().map(|region| region.rect);
        let (alone, together) = (tiles(1).all(reads), tiles(2).all(reads));
        self.0.send_modify(|sight| {
            sight.alone += u32::from(alone);
            sight.together += u32::from(together);
            sight.went_back |= seen.timestamp <= sight.last_timestamp;
            sight.last_timestamp = seen.timestamp;
        });
    }

    fn sound(&mut self, block: &AudioBlock, _: &Seen) {
        let loud = block.0.iter().any(|sample| sample.abs() > 0.1);
        self.0.send_modify(|sight| sight.loud += u32::from(loud));
    }
}

struct House {
    server: server::Running,
    backend: Backend,
    clock: Arc<dyn Clock>,
}

async fn house() -> House {
    let config = Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        media_udp_port: 0,
        media_loopback: true,
        metrics_listen: String::new(),
        canvas: CanvasSize { width: 360, height: 640 },
        drain_seconds: 0,
        ..Config::default()
    };
    let metrics = metrics::install().expect("one server in this process");
    let server = server::start(&config, true, &metrics).await.expect("loopback has free ports");
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
    async fn viewers(&self, live: &str) -> u64 {
        let answer = reqwest::get(format!("{}/v1/lives/{live}", self.server.url())).await.expect("it is served");
        let live: serde_json::Value = answer.json().await.expect("JSON");
        live["viewerCount"].as_u64().expect("a number")
    }

    /// A host who publishes a test card.
    async fn host(&self, place: usize, live: &str, fps: f64) -> Host {
        self.backend.create_live(live, live).await.expect("a new live");
        let mut host = Host::connect(&self.backend.whip(live), Some(self.backend.token())).await.expect("WHIP");
        let rate = Rate::new(fps);
        let config = LoopConfig { size: SOURCE, rate, frames: 60, keyframe_every: 30, bitrate_bps: 300_000 };
        let video = VideoLoop::encode(&config, &mut TestCard::new(place, SOURCE, 60), &mut || ()).expect("a loop");
        let instant = self.clock.now();
        let start = Start { instant, ntp: Epoch::start(&*self.clock).ntp(instant), offset: 0 };
        let encoder = Box::new(opus::Encoder::new(64_000).expect("Opus"));
        let performance = Performance::new(start, rate, video, Box::new(Beeps::new(place)), encoder);
        host.perform(Arc::clone(&self.clock), performance, None);
        host
    }
}

/// Waits until `enough` is true of what has been seen from now on.
async fn see(sight: &mut watch::Receiver<Sight>, what: &str, enough: fn(Sight, Sight) -> bool) {
    let before = *sight.borrow();
    let seen = matches!(tokio::time::timeout(PATIENCE, sight.wait_for(|now| enough(before, *now))).await, Ok(Ok(_)));
    assert!(seen, "not seen: {what}; {before:?} → {:?}", *sight.borrow());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_keeps_its_connection_while_lives_connect_and_part() {
    let house = house().await;
    let backend = &house.backend;

    let feed = backend.whep("a");
    let nobody = Eyes(watch::Sender::default());
    let refused = Viewer::watch(&feed, None, Arc::clone(&house.clock), Box::new(nobody)).await;
    let refused = refused.err().expect("there is no such live");
    assert!(
        matches!(&refused, WatchError::Open(OpenError::Signal(SignalError::Refused { status: 404, .. }))),
        "{refused}"
    );

    let hosts = [house.host(0, "a", 30.0).await, house.host(1, "b", 29.95).await];
    let (eyes, mut sight) = watch::channel(Sight::default());
    let viewer = Viewer::watch(&feed, None, Arc::clone(&house.clock), Box::new(Eyes(eyes))).await;
    let viewer = viewer.expect("a is live");
    see(&mut sight, "the host alone", |before, now| now.alone >= before.alone + 10).await;
    see(&mut sight, "a beep", |before, now| now.loud > before.loud).await;
    assert_eq!((house.viewers("a").await, house.viewers("b").await), (1, 0));

    backend.connect("a", "b").await.expect("both are live");
    see(&mut sight, "both hosts", |before, now| now.together >= before.together + 30).await;
    see(&mut sight, "beeps in the mix", |before, now| now.loud >= before.loud + 5).await;

    backend.part("b").await.expect("they are connected");
    see(&mut sight, "the host alone again", |before, now| now.alone >= before.alone + 10).await;

    let figures = viewer.figures();
    assert!(!sight.borrow().went_back, "timestamps rise over every switch");
    assert_eq!((figures.undecodable, figures.concealed), (0, 0), "{figures:?}");
    assert_eq!((house.viewers("a").await, house.viewers("b").await), (1, 0), "each counts where it watches");
    viewer.close().await;
    let left = async {
        while house.viewers("a").await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, left).await.expect("who has left is not counted");
    for host in hosts {
        host.close().await;
    }
    tokio::time::timeout(PATIENCE, house.server.shut_down()).await.expect("nothing is left to wait for");
}
