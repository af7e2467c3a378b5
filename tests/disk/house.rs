//! A real server process on a disk of the test's, two hosts on air, and what is asked of it over HTTP.

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use costage::api::auth::{Claims, Keys, Role, Verifying};
use costage::app::clock::SystemClock;
use costage::client::Backend;
use costage::client::performance::{Performance, Rate, Start, Voice};
use costage::client::video_loop::{LoopConfig, Scenery, VideoLoop};
use costage::client::whip::Host;
use costage::engine::{Clock, Epoch};
use costage_media::codec::opus;
use costage_media::frame::{AudioBlock, I420, Size};
use reqwest::Method;
use serde_json::Value;

use crate::disk::{Disk, now_us};
use crate::receiver::Receiver;

/// How long anything may take before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const KEY_ID: &str = "disk";
const SECRET: &str = "a-secret-of-the-disk-tests-alone-and-long";
const SOURCE: Size = Size { width: 160, height: 90 };

pub(crate) struct House {
    server: Option<Child>,
    folder: PathBuf,
    pub(crate) disk: Disk,
    pub(crate) url: String,
    pub(crate) backend: Backend,
    pub(crate) clock: Arc<dyn Clock>,
    http: reqwest::Client,
    spoken: Spoken,
}

/// What a request was answered with, and when.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) sent: u64,
    pub(crate) at: u64,
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) retry_after: Option<u32>,
    pub(crate) body: Value,
}

impl Answered {
    pub(crate) fn took(&self) -> Duration {
        Duration::from_micros(self.at - self.sent)
    }
}

/// An even grey, a little different from frame to frame so that each is sent.
struct Grey(u8);

impl Scenery for Grey {
    fn draw(&mut self, position: usize, picture: &mut I420) {
        let [luma, ..] = picture.planes_mut();
        luma.fill(self.0 + u8::from(position.is_multiple_of(2)));
    }
}

/// A tone without a pause: whatever is silent is missing. So many samples are one wave; each host has its own, for equal ones
/// may cancel each other out. Notes when each block of it was made, which is when it is sent.
struct Tone(u8, Spoken);

/// When any host has spoken a block, in order.
type Spoken = Arc<Mutex<Vec<u64>>>;

impl Voice for Tone {
    fn speak(&mut self, first: u64, block: &mut AudioBlock) {
        self.1.lock().unwrap().push(now_us());
        for (at, frame) in (first..).zip(block.0.chunks_exact_mut(2)) {
            let turn = f32::from(u8::try_from(at % u64::from(self.0)).unwrap()) / f32::from(self.0);
            frame.fill(0.2 * (std::f32::consts::TAU * turn).sin());
        }
    }
}

impl House {
    pub(crate) async fn open(receiver: &Receiver) -> Self {
        let folder = std::env::temp_dir().join(format!("costage-disk-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // As the kernel names its files.
        let folder = folder.canonicalize().unwrap();
        std::fs::write(folder.join("costage.toml"), receiver.config()).unwrap();
        let disk = Disk::new(&folder);
        let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let udp = UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_costage"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COSTAGE_")) {
            command.env_remove(name);
        }
        let log = File::create(folder.join("log")).unwrap();
        let server = command
            .args(["serve", "--config"])
            .arg(folder.join("costage.toml"))
            .arg("--data-dir")
            .arg(disk.data())
            .envs(disk.environment())
            .env("COSTAGE_LISTEN", format!("127.0.0.1:{http}"))
            .env("COSTAGE_MEDIA_UDP_PORT", udp.to_string())
            .env("COSTAGE_MEDIA_LOOPBACK", "true")
            .env("COSTAGE_METRICS_LISTEN", "")
            .env("COSTAGE_CANVAS", "360x640")
            .env("COSTAGE_KEYS", format!("{KEY_ID}={SECRET}"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{http}");
        let backend = Backend::new(&url, &token()).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let mut house =
            Self { server: Some(server), folder, disk, url, backend, clock, http, spoken: Spoken::default() };
        let began = Instant::now();
        while !house.backend.is_up().await {
            let ended = house.server.as_mut().unwrap().try_wait().unwrap();
            assert_eq!(ended, None, "the server ended at once; see {}", house.folder.display());
            assert!(began.elapsed() < PATIENCE, "the server does not come up; see {}", house.folder.display());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        house
    }

    /// A host who publishes a grey picture and a tone; its live has its name.
    pub(crate) async fn host(&self, live: &str, fps: f64, luma: u8, wave: u8) -> Host {
        self.backend.create_live(live, live).await.unwrap();
        let rate = Rate::new(fps);
        let config = LoopConfig { size: SOURCE, rate, frames: 30, keyframe_every: 30, bitrate_bps: 150_000 };
        let video = VideoLoop::encode(&config, &mut Grey(luma), &mut || ()).unwrap();
        let mut host = Host::connect(&self.backend.whip(live), Some(self.backend.token())).await.unwrap();
        let instant = self.clock.now();
        let start = Start { instant, ntp: Epoch::start(&*self.clock).ntp(instant), offset: 0 };
        let encoder = Box::new(opus::Encoder::new(32_000).unwrap());
        host.perform(
            Arc::clone(&self.clock),
            Performance::new(start, rate, video, Box::new(Tone(wave, Arc::clone(&self.spoken))), encoder),
            None,
        );
        self.backend.until_publishing(live, PATIENCE).await.unwrap();
        host
    }

    /// The longest time in a while in which no host spoke: this process was late then, whose hosts they are, and what the server
    /// did not get it cannot mix.
    pub(crate) fn unspoken(&self, from: u64, to: u64) -> Duration {
        let spoken = self.spoken.lock().unwrap();
        // From the last block before to the first one after.
        let begin = spoken.partition_point(|at| *at < from).saturating_sub(1);
        let end = (spoken.partition_point(|at| *at <= to) + 1).min(spoken.len());
        let longest = spoken[begin..end].windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max();
        Duration::from_micros(longest.unwrap_or(u64::MAX))
    }

    /// Any request. The connection must hold; what is answered is looked at by the caller.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>, key: Option<&str>) -> Answered {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(self.backend.token());
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let sent = now_us();
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (status, kind) = (answer.status().as_u16(), header("content-type").unwrap_or_default());
        let retry_after = header("retry-after").map(|seconds| seconds.parse().unwrap());
        let body = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
        Answered { sent, at: now_us(), status, kind, retry_after, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.ask(Method::GET, path, None, None).await
    }

    /// Memory that the server has, KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        let process = self.server.as_ref().unwrap().id();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// SIGTERM, and its end.
    pub(crate) fn stop(&mut self) {
        let mut server = self.server.take().unwrap();
        assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
        assert!(server.wait().unwrap().success(), "see {}", self.folder.display());
    }

    /// What a command of costage says of the data.
    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_costage"));
        let output = command.args(arguments).arg("--data").arg(self.disk.data()).stdin(Stdio::null()).output().unwrap();
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {words}{}", String::from_utf8_lossy(&output.stderr));
        words
    }
}

fn token() -> String {
    let keys = Keys::new(vec![(KEY_ID.to_owned(), Verifying::Hs256(SECRET.as_bytes().to_vec()))], None).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (sub, live) = ("backend".to_owned(), "*".to_owned());
    keys.mint(&Claims { sub, name: None, role: Role::Admin, live, exp: now + 600, nbf: None, aud: None }).unwrap()
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            drop(server.kill());
            drop(server.wait());
        }
        // What went wrong is looked at; what did not is gone.
        if !std::thread::panicking() {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}
