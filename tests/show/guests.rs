//! A guest who publishes from a seat: its tile is in the picture where the layout says, and its voice in the sound, alone and
//! through a connection, unless it is muted.

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use costage::client::performance::Voice;
use costage::client::whep::Viewer;
use costage::client::{Audience, Seen};
use costage_media::frame::{AudioBlock, PictureRef};
use reqwest::Method;
use serde_json::{Value, json};

use crate::PATIENCE;
use crate::drawn::Grey;
use crate::house::{House, house};

/// Luma of the pictures of live a's host, of its guest, and of live b's host. An avatar's tile is 42.
pub(crate) const LUMA: [u8; 3] = [200, 120, 80];
pub(crate) const AVATAR: u8 = 42;
/// Encoding and scaling change an even grey by less.
const BLUR: u8 = 12;
/// Pixels from a tile's upper right corner to where it is looked: clear of nickname and initials.
const INSIDE: usize = 8;
/// Their voices, Hz: whole cycles in 20 ms, so that one does not show in another's measure.
pub(crate) const TONES: [f32; 3] = [500.0, 1_200.0, 800.0];
const AMPLITUDE: f32 = 0.2;
/// A voice is heard above this, and not below that.
const HEARD: f32 = 0.05;
const UNHEARD: f32 = 0.005;
/// So many blocks in a row: half a second.
const BLOCKS: usize = 25;

/// A tone without end.
pub(crate) struct Tone(pub(crate) f32);

impl Voice for Tone {
    fn speak(&mut self, first: u64, block: &mut AudioBlock) {
        for (at, pair) in (first..).zip(block.0.chunks_exact_mut(2)) {
            #[allow(clippy::cast_precision_loss, reason = "below a second")]
            let into = (at % 48_000) as f32 / 48_000.0;
            pair.fill(AMPLITUDE * (TAU * self.0 * into).sin());
        }
    }
}

/// Amplitude of a tone in the left channel of a block.
fn level(block: &AudioBlock, hz: f32) -> f32 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, pair) in block.0.chunks_exact(2).enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "below 960")]
        let angle = TAU * hz * n as f32 / 48_000.0;
        re += pair[0] * angle.cos();
        im += pair[0] * angle.sin();
    }
    re.hypot(im) * 2.0 / 960.0
}

#[derive(Default)]
struct Impression {
    luma: Vec<u8>,
    width: usize,
    levels: VecDeque<[f32; 3]>,
}

/// What a viewer sees and hears now.
#[derive(Clone, Default)]
pub(crate) struct Senses(Arc<Mutex<Impression>>);

impl Audience for Senses {
    fn picture(&mut self, picture: PictureRef<'_>, _: &Seen) {
        let rows = picture.y.data.chunks(picture.y.stride).take(picture.y.height);
        let mut impression = self.0.lock().expect("no viewer panics");
        impression.luma = rows.flat_map(|row| &row[..picture.y.width]).copied().collect();
        impression.width = picture.y.width;
    }

    fn sound(&mut self, block: &AudioBlock, _: &Seen) {
        let levels = &mut self.0.lock().expect("no viewer panics").levels;
        levels.push_back(TONES.map(|hz| level(block, hz)));
        if levels.len() > BLOCKS {
            levels.pop_front();
        }
    }
}

impl Senses {
    pub(crate) async fn of(house: &House, live: &str) -> (Self, Viewer) {
        let senses = Self::default();
        let (feed, clock) = (house.backend.whep(live), Arc::clone(&house.clock));
        let viewer = Viewer::watch(&feed, None, clock, Box::new(senses.clone())).await.expect("it is live");
        (senses, viewer)
    }

    /// Waits until `wanted` are the tiles of the layout, in its order, and each tone is heard or not.
    pub(crate) async fn until(&self, house: &House, live: &str, what: &str, wanted: &[u8], heard: [bool; 3]) {
        let layout = house.backend.ask(Method::GET, &format!("/v1/lives/{live}/layout"), None, None).await;
        let regions = layout.expect("it has one")["regions"].as_array().expect("a list").clone();
        assert_eq!(regions.len(), wanted.len(), "{what}: {regions:?}");
        let there = async {
            while !(self.sees(&regions, wanted) && self.hears(heard)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, there).await;
        let levels = self.0.lock().expect("no viewer panics").levels.back().copied();
        assert!(waited.is_ok(), "{what}: tiles {:?} for {wanted:?}, tones {levels:?}", self.tiles(&regions));
    }

    fn tiles(&self, regions: &[Value]) -> Vec<u8> {
        let Impression { luma, width, .. } = &*self.0.lock().expect("no viewer panics");
        let corner = |region: &Value| {
            let number = |name: &str| usize::try_from(region[name].as_u64().expect("pixels")).expect("pixels");
            let (x, y) = (number("x") + number("w") - INSIDE, number("y") + INSIDE);
            luma.get(y * width + x).copied().unwrap_or_default()
        };
        regions.iter().map(corner).collect()
    }

    fn sees(&self, regions: &[Value], wanted: &[u8]) -> bool {
        self.tiles(regions).iter().zip(wanted).all(|(seen, wanted)| seen.abs_diff(*wanted) <= BLUR)
    }

    fn hears(&self, wanted: [bool; 3]) -> bool {
        let levels = &self.0.lock().expect("no viewer panics").levels;
        let is = |level: f32, wanted: bool| if wanted { level > HEARD } else { level < UNHEARD };
        levels.len() == BLOCKS
            && levels.iter().all(|block| block.iter().zip(wanted).all(|(level, wanted)| is(*level, wanted)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_seen_beside_the_host_and_heard_alone_and_through_a_connection_and_not_when_muted() {
    let house = house().await;
    let backend = &house.backend;
    let command = async |path: &str, body: Value| {
        backend.ask(Method::POST, &format!("/v1/lives/{path}"), Some(body), None).await.expect("an admin may");
    };
    let mut publishers = Vec::new();
    for (live, place) in [("a", 0), ("b", 2)] {
        backend.create_live(live, live).await.expect("a new live");
        let (endpoint, voice) = (backend.whip(live), Box::new(Tone(TONES[place])));
        publishers.push(house.publisher(&endpoint, 30.0, &mut Grey(LUMA[place]), voice).await);
    }
    let (own, viewer) = Senses::of(&house, "a").await;
    command("a/seats/2/take", json!({"userId": "gil"})).await;
    own.until(&house, "a", "a guest without media", &[LUMA[0], AVATAR], [true, false, false]).await;
    let seat = format!("{}/seats/2", backend.whip("a"));
    publishers.push(house.publisher(&seat, 30.0, &mut Grey(LUMA[1]), Box::new(Tone(TONES[1]))).await);
    own.until(&house, "a", "a guest beside the host", &[LUMA[0], LUMA[1]], [true, true, false]).await;

    let (others, other_viewer) = Senses::of(&house, "b").await;
    backend.connect("a", "b").await.expect("both are live");
    for (senses, live) in [(&own, "a"), (&others, "b")] {
        senses.until(&house, live, "a guest in a connection", &[LUMA[0], LUMA[2]], [true; 3]).await;
    }
    command("a/seats/2/mute", json!({})).await;
    others.until(&house, "b", "a muted guest", &[LUMA[0], LUMA[2]], [true, false, true]).await;
    backend.part("b").await.expect("they are connected");
    own.until(&house, "a", "the own grid again", &[LUMA[0], LUMA[1]], [true, false, false]).await;
    command("a/seats/2/camera-off", json!({})).await;
    own.until(&house, "a", "a camera that is closed", &[LUMA[0], AVATAR], [true, false, false]).await;
    command("a/seats/2/kick", json!({})).await;
    own.until(&house, "a", "the host alone", &[LUMA[0]], [true, false, false]).await;
    let guest = publishers.pop().expect("the last one");
    tokio::time::timeout(PATIENCE, guest.ended()).await.expect("who is removed publishes no more");

    guest.close().await;
    viewer.close().await;
    other_viewer.close().await;
    for publisher in publishers {
        publisher.close().await;
    }
    tokio::time::timeout(PATIENCE, house.shut_down()).await.expect("nothing is left to wait for");
}
