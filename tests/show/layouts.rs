//! Layouts in which hosts lie above each other, stand where somebody wants them, or lie on a canvas on its side: told and
//! drawn alike, on the real server.

use std::sync::Arc;

use costage::client::whep::Viewer;
use costage_media::frame::Size;
use reqwest::Method;
use serde_json::{Value, json};

use crate::drawn::{Film, Grey, LUMA, News, SETTLED, Shown, assert_drawn};
use crate::house::{House, house};
use crate::{CANVAS, PATIENCE};

/// The canvas on its side.
const LANDSCAPE: Size = Size { width: CANVAS.height, height: CANVAS.width };
/// Luma of the canvas beside a picture that is shown whole.
const BESIDE_LUMA: u8 = 42;

/// Two connected hosts, whoever watches the first, and its events.
struct Scene {
    house: House,
    film: Film,
    news: News,
}

impl Scene {
    /// Asks for a layout of the connection; the event that tells of it.
    async fn choose(&mut self, layout: Value) -> Value {
        let answer = self.house.backend.ask(Method::PUT, "/v1/lives/b/layout", Some(layout), None).await;
        let answer = answer.expect("any connected host may");
        let told = self.news.next("onSeatLayoutChanged").await;
        assert_eq!(told["data"], answer, "what is answered is what is told");
        told
    }

    /// The same, and what is seen when nothing moves any more.
    async fn chosen(&mut self, layout: Value) -> (Value, Shown) {
        let told = self.choose(layout).await;
        tokio::time::sleep(SETTLED).await;
        (told["data"].clone(), self.film.last())
    }

    /// Pictures from the event on: none is broken, and each of the new size has both hosts in their places.
    async fn assert_cut(&mut self, layout: Value, size: Size) {
        let told = self.choose(layout).await;
        let at = told["serverTime"].as_u64().expect("events carry it");
        let after = self.film.after(at, 40).await;
        let first = after.iter().position(|shown| shown.size == size).expect("the new size is seen");
        assert!(first <= 2, "the new size is picture {first} after its event");
        for shown in &after[first..] {
            assert_eq!(shown.size, size, "there is no way back");
            let middle = size.height / 2;
            let seen = [0, 1].map(|host| shown.shows(host, size.width / 4 + host * size.width / 2, middle));
            assert_eq!(seen, [true; 2], "{} ms after the event", shown.at - at);
        }
        assert_drawn(after.last().expect("forty"), &told["data"]["regions"]);
    }
}

fn region(live: &str, [x, y, w, h]: [u32; 4], more: &Value) -> Value {
    let mut region = json!({"x": x, "y": y, "w": w, "h": h, "source": {"liveId": live}});
    let more = more.as_object().expect("further fields").clone();
    region.as_object_mut().expect("an object").extend(more);
    region
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_layout_tells_is_drawn_above_below_round_and_on_its_side() {
    let house = house().await;
    let hosts =
        [house.host_of(0, "a", 30.0, &mut Grey(LUMA[0])).await, house.host_of(1, "b", 29.95, &mut Grey(LUMA[1])).await];
    let film = Film::default();
    let clock = Arc::clone(&house.clock);
    let viewer = Viewer::watch(&house.backend.whep("a"), None, clock, Box::new(film.clone())).await;
    let viewer = viewer.expect("a is live");
    film.after(0, 10).await;
    let mut news = News::of(&house, "a");
    news.next("snapshot").await;
    house.backend.connect("a", "b").await.expect("both are live");
    news.next("onSeatLayoutChanged").await;
    let mut scene = Scene { house, film, news };

    let (layout, shown) = scene.chosen(json!({"layoutTemplate": "hostDynamic1v6"})).await;
    assert_eq!((&layout["regions"][1]["z"], &layout["regions"][1]["x"]), (&json!(1), &json!(280)));
    assert_drawn(&shown, &layout["regions"]);

    let above = json!({"z": 1, "fit": "fill", "cornerRadius": 12});
    let regions = json!([region("a", [0, 0, 360, 480], &json!({})), region("b", [121, 301, 200, 300], &above)]);
    let (layout, shown) = scene.chosen(json!({"regions": regions})).await;
    assert_eq!((&layout["templateId"], &layout["regions"][1]["x"]), (&json!(1000), &json!(120)), "down to even");
    assert_drawn(&shown, &layout["regions"]);
    assert!(shown.shows(0, 121, 301) && !shown.shows(1, 319, 599), "its corners are round, above the other and beside");

    let alone = json!([region("a", [0, 0, 360, 640], &json!({"fit": "contain"}))]);
    let (layout, shown) = scene.chosen(json!({"regions": alone})).await;
    assert_eq!(layout["regions"].as_array().map(Vec::len), Some(1), "the other is heard and not seen");
    let beside = [100, 200, 440, 560].map(|y| shown.luma(180, y).abs_diff(BESIDE_LUMA) <= 4);
    assert_eq!((beside, shown.shows(0, 180, 320), shown.shows(0, 4, 230)), ([true; 4], true, true));

    // Who was heard alone is seen again from its next keyframe on, which comes once a second.
    scene.chosen(json!({"layoutTemplate": 600})).await;
    scene.assert_cut(json!({"layoutTemplate": 400}), LANDSCAPE).await;
    scene.assert_cut(json!({"layoutTemplate": 600}), CANVAS).await;

    let figures = viewer.figures();
    assert_eq!(figures.undecodable, 0, "{figures:?}");
    viewer.close().await;
    for host in hosts {
        host.close().await;
    }
    tokio::time::timeout(PATIENCE, scene.house.shut_down()).await.expect("nothing is left to wait for");
}
