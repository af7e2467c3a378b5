//! The templates of a live's seats on the real server: each seat is where the layout says, with its guest's picture or empty.

use reqwest::Method;
use serde_json::{Value, json};

use crate::PATIENCE;
use crate::drawn::Grey;
use crate::guests::{AVATAR, LUMA, Senses, TONES, Tone};
use crate::house::house;

#[tokio::test(flavor = "multi_thread")]
async fn seats_are_seen_where_their_template_has_them_through_every_change() {
    const BOTH: [bool; 3] = [true, true, false];
    const HOST: [bool; 3] = [true, false, false];
    let (host, guest, empty) = (LUMA[0], LUMA[1], AVATAR);
    let house = house().await;
    let backend = &house.backend;
    let post = async |path: &str, body: Value| {
        backend.ask(Method::POST, &format!("/v1/lives/a/{path}"), Some(body), None).await.expect("an admin may");
    };
    let choose = async |template: &str| {
        let body = json!({"layoutTemplate": template});
        backend.ask(Method::PUT, "/v1/lives/a/layout", Some(body), None).await.expect("it is alone");
    };
    backend.create_live("a", "a").await.expect("a new live");
    choose("videoFixedFloat7Seats").await;
    let mut publishers =
        vec![house.publisher(&backend.whip("a"), 30.0, &mut Grey(LUMA[0]), Box::new(Tone(TONES[0]))).await];
    let (seen, viewer) = Senses::of(&house, "a").await;
    seen.until(&house, "a", "empty windows over the host", &[host, empty, empty, empty, empty, empty, empty], HOST)
        .await;
    post("seats/3/take", json!({"userId": "gil"})).await;
    let seat = format!("{}/seats/3", backend.whip("a"));
    publishers.push(house.publisher(&seat, 30.0, &mut Grey(LUMA[1]), Box::new(Tone(TONES[1]))).await);
    seen.until(&house, "a", "a guest in a window", &[host, empty, empty, guest, empty, empty, empty], BOTH).await;
    post("seats/move", json!({"userId": "gil", "seatIndex": 6})).await;
    seen.until(&house, "a", "the guest in another", &[host, empty, empty, empty, empty, empty, guest], BOTH).await;
    choose("videoFixedGrid9Seats").await;
    let nine = [host, empty, empty, empty, empty, empty, guest, empty, empty];
    seen.until(&house, "a", "nine cells", &nine, BOTH).await;
    choose("videoLandscape4Seats").await;
    seen.until(&house, "a", "two in landscape", &[host, guest], BOTH).await;
    choose("audioSalon").await;
    seen.until(&house, "a", "voices without pictures", &[empty; 9], BOTH).await;
    choose("videoFixedGrid9Seats").await;
    seen.until(&house, "a", "pictures again", &nine, BOTH).await;
    post("seats/6/kick", json!({})).await;
    let alone = [host, empty, empty, empty, empty, empty, empty, empty, empty];
    seen.until(&house, "a", "the host among empty seats", &alone, HOST).await;

    let figures = viewer.figures();
    assert_eq!(figures.undecodable, 0, "{figures:?}");
    viewer.close().await;
    for publisher in publishers {
        publisher.close().await;
    }
    tokio::time::timeout(PATIENCE, house.shut_down()).await.expect("nothing is left to wait for");
}
