//! A host in a process of its own: publishes a test card, and holds an event socket where it is told to.

use std::env::var;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use costage::app::clock::SystemClock;
use costage::client::performance::{Performance, Rate, Start};
use costage::client::synthetic::{Beeps, TestCard};
use costage::client::video_loop::{LoopConfig, VideoLoop};
use costage::client::whip::Host;
use costage::engine::{Clock, Epoch};
use costage_media::codec::opus;
use costage_media::frame::Size;

use crate::house;

const URL: &str = "VANISH_URL";
const USER: &str = "VANISH_USER";
const SOCKET: &str = "VANISH_SOCKET";
const ON_AIR: &str = "on air";
const SOURCE: Size = Size { width: 160, height: 90 };

/// A host's process; killed when dropped.
pub(crate) struct Actor(Child);

impl Actor {
    /// Starts it and waits until it is on air. Its live has its name.
    pub(crate) fn start(url: &str, user: &str, socket: bool) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "host_process", "--nocapture"])
            .env(URL, url)
            .env(USER, user)
            .env(SOCKET, if socket { "yes" } else { "" })
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let there = lines.by_ref().map_while(Result::ok).any(|line| line.contains(ON_AIR));
        assert!(there, "{user} did not get on air");
        // Nobody reads any more; it writes no more.
        Self(child)
    }

    /// SIGKILL: no goodbye.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // One that was killed is gone already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What the child does, for ever.
pub(crate) fn perform_if_asked() {
    let (Ok(url), Ok(user)) = (var(URL), var(USER)) else { return };
    let socket = var(SOCKET).is_ok_and(|wish| !wish.is_empty());
    tokio::runtime::Runtime::new().unwrap().block_on(perform(&url, &user, socket));
}

async fn perform(url: &str, user: &str, socket: bool) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let token = house::token(user, user);
    let mut host = Host::connect(&format!("{url}/whip/{user}"), Some(&token)).await.unwrap();
    let rate = Rate::new(15.0);
    let config = LoopConfig { size: SOURCE, rate, frames: 30, keyframe_every: 30, bitrate_bps: 100_000 };
    let video = VideoLoop::encode(&config, &mut TestCard::new(0, SOURCE, 30), &mut || ()).unwrap();
    let instant = clock.now();
    let start = Start { instant, ntp: Epoch::start(&*clock).ntp(instant), offset: 0 };
    let encoder = Box::new(opus::Encoder::new(32_000).unwrap());
    host.perform(Arc::clone(&clock), Performance::new(start, rate, video, Box::new(Beeps::new(0)), encoder), None);
    let events = socket.then(|| house::socket(url, user));
    let mut out = std::io::stdout();
    writeln!(out, "{ON_AIR}").unwrap();
    out.flush().unwrap();
    if let Some(mut events) = events {
        // Reading is what answers pings.
        std::thread::spawn(move || while events.read().is_ok() {});
    }
    std::future::pending().await
}
