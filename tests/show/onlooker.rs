//! A host watched alone: what it sends arrives untouched, whatever else is done with it.

use super::{PATIENCE, SOURCE, house};
use costage::client::performance::Rate;
use costage::client::synthetic::{Beeps, TestCard};
use costage::client::video_loop::{LoopConfig, VideoLoop};
use costage::client::whep::Viewer;
use costage::client::{Audience, Seen};
use costage_media::frame::{AudioBlock, PictureRef};
use costage_media::jitter::h264::Depacketiser;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// One keyframe in ten seconds: who sees a picture much earlier has had one made.
const FPS: f64 = 15.0;
const FRAMES: usize = 150;

/// What a loop's pictures are as access units.
type Units = BTreeSet<Vec<u8>>;

fn video(place: usize) -> (VideoLoop, Units) {
    let rate = Rate::new(FPS);
    let config = LoopConfig { size: SOURCE, rate, frames: FRAMES, keyframe_every: FRAMES, bitrate_bps: 300_000 };
    let video = VideoLoop::encode(&config, &mut TestCard::new(place, SOURCE, FRAMES), &mut || ()).expect("a loop");
    let mut depacketiser = Depacketiser::new();
    let units = (0..video.len()).map(|position| {
        for (payload, _) in video.frame(position).fragments.iter() {
            depacketiser.push(payload).expect("our own packets");
        }
        depacketiser.finish().expect("whole").expect("a picture").data
    });
    let units = units.collect();
    (video, units)
}

/// What a viewer has received: how many access units of each of two hosts.
#[derive(Debug, Clone, Default)]
struct Received {
    units: [usize; 2],
    /// Whether the first one of each was a keyframe.
    began: [Option<bool>; 2],
    /// Access units that neither has sent.
    foreign: usize,
    blocks: usize,
}

struct Eyes {
    sent: Arc<[Units; 2]>,
    received: watch::Sender<Received>,
}

impl Audience for Eyes {
    fn unit(&mut self, data: &[u8], keyframe: bool) {
        let of = self.sent.iter().position(|units| units.contains(data));
        self.received.send_modify(|received| match of {
            Some(of) => {
                received.units[of] += 1;
                received.began[of].get_or_insert(keyframe);
            }
            None => received.foreign += 1,
        });
    }

    fn picture(&mut self, _: PictureRef<'_>, _: &Seen) {}

    fn sound(&mut self, _: &AudioBlock, _: &Seen) {
        self.received.send_modify(|received| received.blocks += 1);
    }
}

async fn until(seen: &mut watch::Receiver<Received>, what: &str, enough: impl FnMut(&Received) -> bool) {
    let waited = tokio::time::timeout(PATIENCE, seen.wait_for(enough)).await.is_ok_and(|waited| waited.is_ok());
    assert!(waited, "{what}: {:?}", *seen.borrow());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_alone_is_forwarded_as_it_was_sent_through_connection_and_takeover() {
    let house = house().await;
    let ((first, first_units), (second, second_units)) = (video(0), video(1));
    let sent = Arc::new([first_units, second_units]);
    house.backend.create_live("u", "u").await.expect("a new live");
    let rate = Rate::new(FPS);
    let host = house.performer(&house.backend.whip("u"), rate, first, Box::new(Beeps::new(0))).await;
    let endpoint = format!("{}/hosts/u", house.backend.whep("u"));
    let watch = async || {
        let (received, seen) = watch::channel(Received::default());
        let eyes = Eyes { sent: Arc::clone(&sent), received };
        let viewer = Viewer::watch(&endpoint, None, Arc::clone(&house.clock), Box::new(eyes)).await;
        (viewer.expect("it publishes"), seen)
    };

    let (viewer, mut seen) = watch().await;
    until(&mut seen, "the host's own pictures and sound", |now| now.units[0] >= 10 && now.blocks >= 10).await;
    let other = house.host(2, "v", 30.0).await;
    house.backend.connect("u", "v").await.expect("both are live");
    let before = seen.borrow().units[0];
    until(&mut seen, "the same in a connection", |now| now.units[0] >= before + 20).await;

    let came = Instant::now();
    let (late, mut late_seen) = watch().await;
    until(&mut late_seen, "a keyframe for who comes later", |now| now.units[0] >= 1).await;
    assert!(came.elapsed() < Duration::from_secs(5), "it was asked for: {:?}", came.elapsed());
    assert_eq!(late_seen.borrow().began[0], Some(true));
    late.close().await;

    let successor = house.performer(&house.backend.whip("u"), rate, second, Box::new(Beeps::new(1))).await;
    until(&mut seen, "the host's next session", |now| now.units[1] >= 10).await;
    let received = seen.borrow().clone();
    assert_eq!((received.foreign, received.began), (0, [Some(true), Some(true)]), "{received:?}");
    assert_eq!(viewer.figures().undecodable, 0, "{:?}", viewer.figures());

    for gone in [host, successor, other] {
        gone.close().await;
    }
    viewer.close().await;
    tokio::time::timeout(PATIENCE, house.shut_down()).await.expect("nothing is left to wait for");
}
