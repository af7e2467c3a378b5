//! What a viewer costs the real server while there, and that nothing of it stays: memory and file descriptors are flat.
//!
//! ```text
//! our host ──WHIP──▶ costage serve --dev ──WHEP──▶ 100 viewers that stay, then 1,000 that come and go
//!                      ▲ /proc: VmRSS, fd
//! ```

#![cfg(target_os = "linux")]

#[path = "peer/client.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "viewers only play, the peer tests use the rest; a test may panic")]
mod client;
#[path = "interop/server.rs"]
#[allow(dead_code, reason = "one request is enough here; interop uses the rest")]
mod server;

use std::cell::Cell;
use std::collections::VecDeque;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use costage::app::clock::SystemClock;
use costage::client::performance::{Performance, Rate, Start};
use costage::client::synthetic::{Beeps, TestCard};
use costage::client::video_loop::{LoopConfig, VideoLoop};
use costage::client::whip::Host;
use costage::engine::{Clock, Epoch};
use costage_media::codec::opus;
use costage_media::frame::Size;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use client::{Client, Way};
use server::Server;

/// Viewers that stay. With the host they fill the server, so that a session that is not forgotten is one too many.
const VIEWERS: usize = 100;
/// Viewers that come and go before the first measurement, so that caches and thread stacks are there.
const FIRST: usize = 10;
/// Viewers that come and go before the second.
const WARM_UP: usize = 200;
/// Viewers that come and go between the second measurement and the third.
const JOINS: usize = 1_000;
/// Handshakes at once.
const BATCH: usize = 20;
/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);
/// Resident memory counts as settled when this many looks, 20 ms apart, …
const LOOKS: usize = 50;
/// … differ by no more than this.
const SETTLED_KB: u64 = 128;

/// What a viewer who stays may cost, kB of resident memory: the goal. Measured 26.
const VIEWER_KB_MAX: u64 = 32;
/// What 1,000 viewers may leave behind in all, kB of resident memory: the allocator's unrest. Sixty sessions would be more.
const REMAINS_KB_MAX: u64 = 2_048;

const SOURCE: Size = Size { width: 320, height: 180 };

/// A server that has room for hosts and [`VIEWERS`], and makes a feed that 100 clients on the same two cores can take.
struct House {
    server: Server,
    runtime: Runtime,
    http: reqwest::Client,
}

struct Viewer {
    client: Client,
    resource: String,
}

impl House {
    fn open() -> Self {
        // One place in eight is kept for hosts.
        let sessions = format!("limits.sessions={}", VIEWERS + VIEWERS / 7);
        let feed = ["--canvas", "360x640", "--max-fps", "10", "--bitrate-bps", "200000"];
        let server = Server::start_as(&[&["serve", "--dev", "--memory", "--set", &sessions], &feed[..]].concat());
        let runtime = Runtime::new().expect("a runtime");
        // A connection for each request: one that is kept is a descriptor of the server's.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("an HTTP client");
        Self { server, runtime, http }
    }

    /// A host who publishes a test card.
    fn host(&self) -> Host {
        let owner = json!({"userId": "a", "userName": "a"});
        let live = json!({"liveId": "a", "liveName": "a", "owner": owner, "isPublicVisible": true});
        self.server.admin("POST", "/v1/lives", &live).expect_status(201);
        let tokens = self.server.admin("GET", "/demo/tokens.json?live=a", &Value::Null).expect_status(200);
        let token = tokens["host"].as_str().expect("dev mode gives a host token");
        let rate = Rate::new(10.0);
        let config = LoopConfig { size: SOURCE, rate, frames: 20, keyframe_every: 10, bitrate_bps: 200_000 };
        let video = VideoLoop::encode(&config, &mut TestCard::new(0, SOURCE, 20), &mut || ()).expect("a loop");
        let encoder = Box::new(opus::Encoder::new(64_000).expect("Opus"));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        self.runtime.block_on(async {
            let mut host = Host::connect(&self.server.url("/whip/a"), Some(token)).await.expect("WHIP");
            let instant = clock.now();
            let start = Start { instant, ntp: Epoch::start(&*clock).ntp(instant), offset: 0 };
            let performance = Performance::new(start, rate, video, Box::new(Beeps::new(0)), encoder);
            host.perform(clock, performance, None);
            host
        })
    }

    /// One viewer, when the first pictures have come; or the status of the refusal.
    async fn join(http: reqwest::Client, feed: String) -> Result<Viewer, StatusCode> {
        let client = Client::new(Way::In).await;
        let offer = http.post(&feed).header(CONTENT_TYPE, "application/sdp").body(client.offer().await);
        let answer = offer.send().await.expect("the server answers");
        if answer.status() != StatusCode::CREATED {
            client.close().await;
            return Err(answer.status());
        }
        let location = answer.headers()[LOCATION].to_str().expect("a path").to_owned();
        let resource = answer.url().join(&location).expect("a URL").into();
        client.answer(answer.text().await.expect("an answer")).await;
        client.connected().await;
        client.received(3).await;
        Ok(Viewer { client, resource })
    }

    async fn leave(http: reqwest::Client, viewer: Viewer) {
        let answer = http.delete(&viewer.resource).send().await.expect("the server answers");
        assert!(answer.status().is_success(), "{}", answer.status());
        viewer.client.close().await;
    }

    /// `count` viewers, [`BATCH`] at a time.
    fn join_all(&self, count: usize) -> Vec<Viewer> {
        let mut viewers = Vec::new();
        while viewers.len() < count {
            let joining: JoinSet<_> = self.runtime.block_on(async {
                let batch = BATCH.min(count - viewers.len());
                (0..batch).map(|_| Self::join(self.http.clone(), self.server.url("/whep/a"))).collect()
            });
            let joined = self.runtime.block_on(joining.join_all());
            viewers.extend(joined.into_iter().map(|viewer| viewer.expect("there is room")));
        }
        viewers
    }

    fn leave_all(&self, viewers: Vec<Viewer>) {
        self.runtime.block_on(async {
            let leaving: JoinSet<()> = viewers.into_iter().map(|one| Self::leave(self.http.clone(), one)).collect();
            leaving.join_all().await;
        });
        self.wait_for_viewers(0);
    }

    /// `count` viewers come and go, [`BATCH`] at a time.
    fn come_and_go(&self, count: usize) {
        for _ in 0..count / BATCH {
            self.leave_all(self.join_all(BATCH));
        }
        self.leave_all(self.join_all(count % BATCH));
    }

    fn wait_for_viewers(&self, wanted: usize) {
        self.server.wait_until(&format!("{wanted} viewers"), PATIENCE, || {
            let figures = self.server.admin("GET", "/demo/figures.json", &Value::Null).expect_status(200);
            figures["viewers"].as_u64() == u64::try_from(wanted).ok()
        });
    }

    /// Resident memory once it has settled, kB.
    fn settled_kb(&self) -> u64 {
        let looks = Cell::new(VecDeque::new());
        self.server.wait_until("memory settles", PATIENCE, || {
            let mut seen: VecDeque<u64> = looks.take();
            if seen.len() == LOOKS {
                seen.pop_front();
            }
            seen.push_back(resident_kb(self.server.id()));
            let (least, most) = (seen.iter().min().copied(), seen.iter().max().copied());
            let settled =
                seen.len() == LOOKS && most.zip(least).is_some_and(|(most, least)| most - least <= SETTLED_KB);
            looks.set(seen);
            settled
        });
        looks.take().into_iter().max().expect("there were looks")
    }

    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.server.id())).expect("our child's").count()
    }
}

fn resident_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("our child's");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

#[test]
fn memory_and_descriptors_stay_flat_while_viewers_come_and_go() {
    let house = House::open();
    let host = house.host();
    // Nothing is live before the host's first picture.
    house.server.wait_until("the feed", PATIENCE, || {
        match house.runtime.block_on(House::join(house.http.clone(), house.server.url("/whep/a"))) {
            Ok(viewer) => {
                house.leave_all(vec![viewer]);
                true
            }
            Err(status) => {
                assert_eq!(status, StatusCode::CONFLICT, "not live yet");
                false
            }
        }
    });
    house.come_and_go(FIRST);

    let alone = house.settled_kb();
    let viewers = house.join_all(VIEWERS);
    house.wait_for_viewers(VIEWERS);
    let full = house.settled_kb();
    let each = full.saturating_sub(alone) / u64::try_from(VIEWERS).expect("few");
    println!("{VIEWERS} viewers: {alone} kB → {full} kB, {each} kB each");
    assert!(each <= VIEWER_KB_MAX, "{each} kB a viewer: {alone} kB → {full} kB");
    house.leave_all(viewers);

    house.come_and_go(WARM_UP);
    let (before, descriptors) = (house.settled_kb(), house.descriptors());
    house.come_and_go(JOINS);
    house.server.wait_until("as many descriptors as before", PATIENCE, || house.descriptors() == descriptors);
    let after = house.settled_kb();
    println!("{JOINS} joins and leaves: {before} kB → {after} kB, {descriptors} descriptors");
    assert!(after <= before + REMAINS_KB_MAX, "{before} kB → {after} kB");

    // There is room for exactly as many as at first: of all sessions, the host's alone is left.
    let viewers = house.join_all(VIEWERS);
    let refused = house.runtime.block_on(House::join(house.http.clone(), house.server.url("/whep/a"))).err();
    assert_eq!(refused, Some(StatusCode::SERVICE_UNAVAILABLE), "the server is full");
    house.leave_all(viewers);
    house.runtime.block_on(host.close());
    house.server.stop();
}
