//! An avatar, uploaded or fetched, is in the picture that viewers get: instead of the initials, and another one at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use costage::client::synthetic::{Beeps, TestCard};
use costage::client::whep::Viewer;
use costage::client::{Audience, Seen};
use costage_media::frame::PictureRef;
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::house::{House, house, house_with};
use crate::{CANVAS, PATIENCE, SOURCE};

/// Luma on the disc of the avatar, beside where initials are, and near the canvas's corner.
struct Looks(watch::Sender<(u8, u8)>);

impl Audience for Looks {
    fn picture(&mut self, picture: PictureRef<'_>, _: &Seen) {
        let luma = |x: usize, y: usize| picture.y.data[y * picture.y.stride + x];
        // The disc is 40 % of the shorter side wide.
        let disc = luma(CANVAS.width / 2 - CANVAS.width / 6, CANVAS.height / 2);
        self.0.send_replace((disc, luma(20, 20)));
    }
}

/// A PNG of an even grey.
fn grey(value: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 40, 30);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&[value; 1_200])).expect("a small picture");
    file
}

/// Luma of a tile without picture, and by how much encoding changes an even grey.
const NO_PICTURE: u8 = 43;
const BLUR: u8 = 8;

async fn sees(seen: &mut watch::Receiver<(u8, u8)>, what: &str, wanted: u8) {
    let is = |(disc, corner): &(u8, u8)| disc.abs_diff(wanted) < BLUR && corner.abs_diff(NO_PICTURE) < BLUR;
    let waited = tokio::time::timeout(PATIENCE, seen.wait_for(is)).await.map(|seen| seen.map(|seen| *seen));
    assert!(matches!(waited, Ok(Ok(_))), "{what}: {:?}", *seen.borrow());
}

/// Somebody who watches, and what they see.
async fn watched(house: &House) -> (Viewer, watch::Receiver<(u8, u8)>) {
    let (sender, seen) = watch::channel((0, 0));
    let feed = house.backend.whep("ada");
    let viewer = Viewer::watch(&feed, None, Arc::clone(&house.clock), Box::new(Looks(sender)));
    (viewer.await.expect("a public live"), seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_avatar_reaches_a_running_picture_at_once() {
    let house = house().await;
    let host = house.host(0, "ada", 30.0).await;
    let (viewer, mut seen) = watched(&house).await;
    house.avatar("ada", grey(255)).await;
    let path = "/v1/lives/ada/seats/0/camera-off";
    house.backend.ask(Method::POST, path, Some(json!({})), None).await.expect("the backend may");
    sees(&mut seen, "the picture that was there before the camera was closed", 235).await;
    house.avatar("ada", grey(0)).await;
    sees(&mut seen, "another one, uploaded while it is shown", 16).await;
    viewer.close().await;
    host.close().await;
    house.shut_down().await;
}

/// Serves `body` at any path, and says how often it was asked.
async fn served(body: Vec<u8>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (address, asked) = (listener.local_addr().expect("it is bound"), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    let answer = move || {
        count.fetch_add(1, Ordering::SeqCst);
        let body = body.clone();
        async move { body }
    };
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avatar_at_an_address_reaches_a_running_picture_and_an_uploaded_one_wins() {
    let (address, asked) = served(grey(255)).await;
    let house = house_with(|config| config.avatars.allow_private = vec![address.to_string()]).await;
    let owner = json!({"userId": "ada", "userName": "Ada", "avatarUrl": format!("http://{address}/ada.png")});
    let live = json!({"liveId": "ada", "owner": owner});
    house.backend.ask(Method::POST, "/v1/lives", Some(live), None).await.expect("a new live");
    let whip = house.backend.whip("ada");
    let host = house.publisher(&whip, 30.0, &mut TestCard::new(0, SOURCE, 60), Box::new(Beeps::new(0))).await;
    let (viewer, mut seen) = watched(&house).await;
    let path = "/v1/lives/ada/seats/0/camera-off";
    house.backend.ask(Method::POST, path, Some(json!({})), None).await.expect("the backend may");
    sees(&mut seen, "the picture at avatarUrl", 235).await;
    house.avatar("ada", grey(0)).await;
    sees(&mut seen, "the one that was uploaded", 16).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1, "once, whatever was changed since");
    viewer.close().await;
    host.close().await;
    house.shut_down().await;
}
