//! Players are told of a picture beside it what events tell, with the numbers of the events.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use costage::client::whep::Viewer;
use costage::client::{Audience, Seen};
use costage_media::codec::sei;
use costage_media::frame::PictureRef;
use serde_json::{Value, json};

use crate::PATIENCE;
use crate::drawn::News;
use crate::house::house;

/// The messages of a stream, in their order, and whether parameter sets came before, as they do with a keyframe.
#[derive(Clone, Default)]
struct Messages {
    found: Arc<Mutex<Vec<(Value, bool)>>>,
    /// A message that comes in fragments (RFC 6184 §5.8), so far.
    parts: Vec<u8>,
    /// The packet before had parameter sets.
    keyframe: bool,
}

impl Audience for Messages {
    fn packet(&mut self, payload: &[u8]) {
        let whole = match payload {
            [indicator, header, piece @ ..] if indicator & 0x1f == 28 && header & 0x1f == sei::NAL_TYPE => {
                if header & 0x80 != 0 {
                    self.parts = vec![sei::NAL_TYPE];
                }
                self.parts.extend_from_slice(piece);
                if header & 0x40 != 0 { std::mem::take(&mut self.parts) } else { return }
            }
            whole => whole.to_vec(),
        };
        if let Some(data) = sei::data(&whole) {
            let message = serde_json::from_slice(&data).expect("JSON");
            self.found.lock().expect("no viewer panics").push((message, self.keyframe));
        }
        self.keyframe = whole[0] & 0x1f == 24;
    }

    fn picture(&mut self, _: PictureRef<'_>, _: &Seen) {}
}

impl Messages {
    /// The first message that is as wanted.
    async fn find(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let there = async {
            loop {
                let found = self.found.lock().expect("no viewer panics").iter().find(|(it, _)| wanted(it)).cloned();
                if let Some((found, _)) = found {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, there).await.unwrap_or_else(|_| panic!("{what}: not told in {:?}", self.found))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn layout_scores_and_speakers_go_with_the_picture_under_the_numbers_of_their_events() {
    let house = house().await;
    let backend = &house.backend;
    let hosts = [house.host(0, "a", 30.0).await, house.host(1, "b", 29.95).await];
    let mut news = News::of(&house, "a");
    news.next("snapshot").await;
    backend.connect("a", "b").await.expect("both are live");
    let layout = news.next("onSeatLayoutChanged").await;
    let messages = Messages::default();
    let viewer = Viewer::watch(&backend.whep("a"), None, Arc::clone(&house.clock), Box::new(messages.clone())).await;
    let viewer = viewer.expect("a is live");

    let first =
        messages.find("a layout", |it| it["layout"]["regions"].as_array().is_some_and(|it| it.len() == 2)).await;
    assert_eq!(first["layout"], layout["data"], "the same numbers");
    assert_eq!(first["battles"], json!([]));
    assert!(first["events"]["a"].as_u64() >= layout["seq"].as_u64(), "{first} {layout}");
    messages.find("a speaker", |it| it["speakers"].as_array().is_some_and(|all| !all.is_empty())).await;

    let battle = backend.start_battle("a", &["b"], Duration::from_secs(300)).await.expect("they are connected");
    let end = messages.find("a battle", |it| it["battles"][0]["battleId"] == json!(battle)).await;
    assert_eq!(end["battles"][0]["endTime"], news.next("onBattleStarted").await["data"]["endTime"]);
    for (turn, scores) in [[100, 0], [100, 30]].into_iter().enumerate() {
        let points = [("a", scores[0]), ("b", scores[1])];
        backend.set_scores(&battle, &points, &format!("score-{turn}")).await.expect("the battle runs");
        let changed = news.next("onBattleScoreChanged").await;
        let told = messages.find("a score", |it| it["battles"][0]["scores"] == changed["data"]["scores"]).await;
        assert_eq!(told["events"]["a"], changed["seq"], "{told} {changed}");
        assert_eq!(told.get("layout"), None, "what has not changed is not told again");
    }
    viewer.close().await;
    for (message, keyframe) in messages.found.lock().expect("no viewer panics").iter() {
        let whole = ["events", "layout", "battles", "speakers"].iter().all(|part| message.get(part).is_some());
        assert!(whole || !keyframe, "a keyframe tells all: {message}");
    }
    for host in hosts {
        host.close().await;
    }
    tokio::time::timeout(PATIENCE, house.shut_down()).await.expect("nothing is left to wait for");
}
