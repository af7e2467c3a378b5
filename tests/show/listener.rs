//! Hosts who listen to the others: each hears everybody but itself, through all that lives do together.

use super::{PATIENCE, SOURCE, house};
use costage::client::performance::{Rate, Voice};
use costage::client::synthetic::TestCard;
use costage::client::video_loop::{LoopConfig, VideoLoop};
use costage::client::whep::Viewer;
use costage::client::{Audience, Seen};
use costage_media::frame::{AudioBlock, PictureRef};
use std::f32::consts::TAU;
use std::sync::Arc;
use tokio::sync::watch;

/// What the hosts sound, Hz: whole cycles in a window.
const TONES: [u16; 2] = [440, 1_000];
const AMPLITUDE: f32 = 0.2;
/// Frames that are looked at together: 200 ms.
const WINDOW: usize = 9_600;
/// Windows in a row that must sound the same: a second.
const STEADY: u32 = 5;

struct Tone(u16);

impl Voice for Tone {
    fn speak(&mut self, first: u64, block: &mut AudioBlock) {
        for (at, pair) in (first..).zip(block.0.chunks_exact_mut(2)) {
            let at = f32::from(u16::try_from(at % 48_000).expect("below 48,000"));
            pair.fill(AMPLITUDE * (TAU * f32::from(self.0) * at / 48_000.0).sin());
        }
    }
}

/// Which of the tones are heard, and for how many windows that has been so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Heard {
    tones: [bool; 2],
    windows: u32,
    pictures: u32,
}

struct Ear {
    samples: Vec<f32>,
    heard: watch::Sender<Heard>,
}

fn amplitude(hz: u16, samples: &[f32]) -> f32 {
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (at, sample) in (0..48_000_u16).zip(samples) {
        let (s, c) = (TAU * f32::from(hz) * f32::from(at) / 48_000.0).sin_cos();
        sine += sample * s;
        cosine += sample * c;
    }
    2.0 * f32::hypot(sine, cosine) / f32::from(u16::try_from(samples.len()).expect("a window"))
}

impl Audience for Ear {
    fn picture(&mut self, _: PictureRef<'_>, _: &Seen) {
        self.heard.send_modify(|heard| heard.pictures += 1);
    }

    fn sound(&mut self, block: &AudioBlock, _: &Seen) {
        self.samples.extend(block.0.chunks_exact(2).map(|frame| frame[0]));
        if self.samples.len() < WINDOW {
            return;
        }
        let levels = TONES.map(|hz| amplitude(hz, &self.samples[..WINDOW]));
        self.samples.clear();
        let clear = levels.iter().all(|level| *level > AMPLITUDE / 2.0 || *level < AMPLITUDE / 100.0);
        let tones = levels.map(|level| level > AMPLITUDE / 2.0);
        self.heard.send_modify(|heard| {
            let same = clear && heard.tones == tones;
            (heard.tones, heard.windows) = (tones, if same { heard.windows + 1 } else { u32::from(clear) });
        });
    }
}

async fn until(ear: &mut watch::Receiver<Heard>, what: &str, tones: [bool; 2]) {
    ear.borrow_and_update();
    let enough = |heard: &Heard| heard.tones == tones && heard.windows >= STEADY && heard.pictures > 0;
    let waited = tokio::time::timeout(PATIENCE, ear.wait_for(enough)).await.is_ok_and(|waited| waited.is_ok());
    assert!(waited, "{what}: {:?}", *ear.borrow());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_hears_the_others_and_not_itself_alone_connected_and_parted() {
    let house = house().await;
    let mut hosts = Vec::new();
    for (place, live) in ["p", "q"].into_iter().enumerate() {
        house.backend.create_live(live, live).await.expect("a new live");
        let rate = Rate::new(15.0);
        let config = LoopConfig { size: SOURCE, rate, frames: 30, keyframe_every: 30, bitrate_bps: 200_000 };
        let video = VideoLoop::encode(&config, &mut TestCard::new(place, SOURCE, 30), &mut || ()).expect("a loop");
        hosts.push(house.performer(&house.backend.whip(live), rate, video, Box::new(Tone(TONES[place]))).await);
    }
    let listen = async |endpoint: String, token: &str| {
        let (heard, ear) = watch::channel(Heard::default());
        let audience = Box::new(Ear { samples: Vec::new(), heard });
        let viewer = Viewer::watch(&endpoint, Some(token), Arc::clone(&house.clock), audience).await;
        (viewer.expect("it publishes"), ear)
    };
    let owner = house.token_of("p");
    let (p, mut at_p) = listen(format!("{}/return", house.backend.whep("p")), &owner).await;
    let (q, mut at_q) = listen(format!("{}/return", house.backend.whep("q")), house.backend.token()).await;
    let (feed, mut at_feed) = listen(house.backend.whep("p"), &owner).await;

    for (times, what) in ["alone", "parted"].into_iter().enumerate() {
        until(&mut at_p, what, [false, false]).await;
        until(&mut at_q, what, [false, false]).await;
        until(&mut at_feed, what, [true, false]).await;
        if times == 1 {
            break;
        }
        house.backend.connect("p", "q").await.expect("both are live");
        until(&mut at_p, "p hears q alone", [false, true]).await;
        until(&mut at_q, "q hears p alone", [true, false]).await;
        until(&mut at_feed, "viewers hear both", [true, true]).await;
        house.backend.part("q").await.expect("they are connected");
    }
    for viewer in [p, q, feed] {
        let figures = viewer.figures();
        assert_eq!((figures.undecodable, figures.concealed), (0, 0), "{figures:?}");
        viewer.close().await;
    }
    for host in hosts {
        host.close().await;
    }
    tokio::time::timeout(PATIENCE, house.shut_down()).await.expect("nothing is left to wait for");
}
