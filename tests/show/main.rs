//! Our own hosts and viewer against the whole server: real HTTP, real WebRTC, real codecs, on loopback and free ports.
//!
//! What is asserted is what is seen and heard, never how fast: waits end when it has happened, or fail after a minute.

mod avatars;
mod drawn;
mod guests;
mod house;
mod layouts;
mod listener;
mod onlooker;
mod sei;
mod templates;

use costage::client::synthetic::barcode;
use costage::client::whep::{Viewer, WatchError};
use costage::client::{Audience, OpenError, Seen, SignalError};
use costage_media::frame::{AudioBlock, PictureRef, Size};
use costage_media::scene::{Rect, Template};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

use house::house;

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
    tokio::time::timeout(PATIENCE, house.shut_down()).await.expect("nothing is left to wait for");
}
