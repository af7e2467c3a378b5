//! What is drawn follows what is true: whatever an event tells is in the picture within two output frames of it, and the
//! regions that are told are those that are drawn. Frames and events are compared by the server's own clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use costage::client::video_loop::Scenery;
use costage::client::whep::Viewer;
use costage::client::{Audience, Seen};
use costage_media::frame::{I420, PictureRef, Size};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::connect;

use crate::house::{House, house};
use crate::{CANVAS, PATIENCE};

/// Luma of the hosts' pictures. Around them the canvas is 31, under an avatar 42.
pub(crate) const LUMA: [u8; 2] = [200, 120];
/// Encoding and scaling change an even grey by less.
pub(crate) const LUMA_BLUR: u8 = 12;
/// Samples of chroma in the bar's row that are the left side's blue (U about 195) or the right one's red (about 112; grey is 128).
const BLUE_U: u8 = 154;
const RED_U: u8 = 120;
/// A row of the bar above its numbers, in the picture of half the design's size.
const BAR_ROW: usize = 243 / 2;
/// Pixels between an edge and where it is looked, on either side of it.
const BESIDE: usize = 6;
/// From 1900 to 1970, seconds (RFC 5905).
const NTP_TO_UNIX: u64 = 2_208_988_800;
/// How long a result is shown, and then some.
const RESULT: Duration = Duration::from_millis(5_500);

/// A spot of a plate, beside what is written on it, in the picture of half the design's size.
struct Spot {
    x: usize,
    y: usize,
    luma: u8,
}

/// Over the first host's picture, whose luma is 200.
const OPENING: Spot = Spot { x: 128, y: 298, luma: 78 };
/// Under the bar, half of the last ten seconds bright.
const COUNTDOWN: Spot = Spot { x: 152, y: 149, luma: 78 };
/// In the first tile, and in the second.
const DEFEAT: Spot = Spot { x: 46, y: 298, luma: 100 };
const VICTORY: Spot = Spot { x: 226, y: 298, luma: 183 };

impl Spot {
    fn is_drawn(&self, shown: &Shown) -> bool {
        shown.luma(self.x, self.y).abs_diff(self.luma) <= LUMA_BLUR
    }

    /// Plates are darker than the picture under them, whether they flash or not.
    fn is_dark(&self, shown: &Shown) -> bool {
        shown.luma(self.x, self.y) <= self.luma + 50
    }
}

/// Slides and moving tiles are over by then.
pub(crate) const SETTLED: Duration = Duration::from_millis(1_200);

/// An even grey, a little different from frame to frame so that each is sent.
pub(crate) struct Grey(pub(crate) u8);

impl Scenery for Grey {
    fn draw(&mut self, position: usize, picture: &mut I420) {
        let [luma, ..] = picture.planes_mut();
        luma.fill(self.0 + u8::from(position.is_multiple_of(2)));
    }
}

/// What one decoded picture shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// When the server composed it, ms since 1970.
    pub(crate) at: u64,
    pub(crate) size: Size,
    luma: Vec<u8>,
    /// Samples of the bar's row that are blue, and red.
    bar: (usize, usize),
}

impl Shown {
    pub(crate) fn luma(&self, x: usize, y: usize) -> u8 {
        self.luma[y * self.size.width + x]
    }

    /// Whether this host is seen there.
    pub(crate) fn shows(&self, host: usize, x: usize, y: usize) -> bool {
        self.luma(x, y).abs_diff(LUMA[host]) <= LUMA_BLUR
    }

    fn has_bar(&self) -> bool {
        self.bar.0 + self.bar.1 > CANVAS.width / 2 * 9 / 10
    }
}

#[derive(Clone, Default)]
pub(crate) struct Film(Arc<Mutex<Vec<Shown>>>);

impl Audience for Film {
    fn picture(&mut self, picture: PictureRef<'_>, seen: &Seen) {
        let Some(captured) = seen.captured else { return };
        let at = ((captured.0 >> 32) - NTP_TO_UNIX) * 1_000 + (((captured.0 & 0xffff_ffff) * 1_000) >> 32);
        let rows = picture.y.data.chunks(picture.y.stride).take(picture.y.height);
        let luma = rows.flat_map(|row| &row[..picture.y.width]).copied().collect();
        let row = &picture.u.data[BAR_ROW / 2 * picture.u.stride..][..picture.u.width];
        let count = |is: fn(u8) -> bool| row.iter().filter(|u| is(**u)).count();
        let bar = (count(|u| u > BLUE_U), count(|u| u < RED_U));
        self.0.lock().expect("no viewer panics").push(Shown { at, size: picture.size(), luma, bar });
    }
}

impl Film {
    pub(crate) fn last(&self) -> Shown {
        self.0.lock().expect("no viewer panics").last().expect("it has begun").clone()
    }

    /// The first pictures composed after `at`, when there are `count`. An event's time and a frame's are whole ms, so that
    /// what has the same one may be older.
    pub(crate) async fn after(&self, at: u64, count: usize) -> Vec<Shown> {
        let there = async {
            loop {
                let film = self.0.lock().expect("no viewer panics").clone();
                let after: Vec<Shown> = film.into_iter().filter(|shown| shown.at > at).take(count).collect();
                if after.len() == count {
                    return after;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, there).await.expect("the viewer's picture goes on")
    }
}

/// A live's events, read on a thread of their own.
pub(crate) struct News(tokio::sync::mpsc::UnboundedReceiver<Value>);

impl News {
    pub(crate) fn of(house: &House, live: &str) -> Self {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let (mut socket, _) = connect(house.events(live)).expect("a public live's events");
        std::thread::spawn(move || {
            while let Ok(message) = socket.read() {
                let Ok(text) = message.to_text() else { continue };
                // Pings are no JSON; at the test's end nobody listens.
                drop(serde_json::from_str(text).map(|event: Value| sender.send(event)));
            }
        });
        Self(receiver)
    }

    /// The next event of this type.
    pub(crate) async fn next(&mut self, wanted: &str) -> Value {
        let next = async {
            loop {
                let event = self.0.recv().await.expect("the socket stays open");
                if event["type"] == json!(wanted) {
                    return event;
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap_or_else(|_| panic!("no {wanted}"))
    }
}

/// The second picture after the event shows it, if not the first.
async fn assert_follows(film: &Film, event: &Value, what: &str, shows: impl Fn(&Shown) -> bool) {
    let at = event["serverTime"].as_u64().expect("events carry it");
    let first = film.after(at, 2).await;
    let told = |shown: &Shown| (shown.at - at, shown.bar, shown.luma(CANVAS.width / 2, 4));
    let seen: Vec<_> = first.iter().map(told).collect();
    assert!(
        first.iter().any(&shows),
        "{what}: not in two frames of its event; (ms after it, bar, luma on top) {seen:?}"
    );
}

/// The host's picture reaches each edge of its region, and ends there. None that lies above hides where it is looked.
pub(crate) fn assert_drawn(shown: &Shown, regions: &Value) {
    let regions = regions.as_array().expect("regions are a list");
    let number = |region: &Value, name: &str| {
        usize::try_from(region[name].as_u64().unwrap_or_else(|| panic!("{name} of {region}"))).expect("pixels")
    };
    for region in regions {
        let wanted = if region["liveId"] == json!("a") { LUMA[0] } else { LUMA[1] };
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|name| number(region, name));
        let is_there = |x: usize, y: usize| shown.luma(x, y).abs_diff(wanted) <= LUMA_BLUR;
        let (right, bottom, middle_x, middle_y) = (x + w, y + h, x + w / 2, y + h / 2);
        // The nickname lies at the bottom left.
        let inside = [
            (x + BESIDE, middle_y),
            (right - BESIDE, middle_y),
            (middle_x, y + BESIDE),
            (right - BESIDE, bottom - BESIDE),
        ];
        for (x, y) in inside {
            assert!(is_there(x, y), "inside {region} at {x},{y}: {}", shown.luma(x, y));
        }
        let outside = [
            (x.checked_sub(BESIDE), Some(middle_y)),
            (Some(right + BESIDE), Some(middle_y)),
            (Some(right - BESIDE), Some(bottom + BESIDE)),
            (Some(middle_x), y.checked_sub(BESIDE + 20)),
        ];
        for (x, y) in outside {
            let Some((x, y)) = x.zip(y).filter(|(x, y)| *x < shown.size.width && *y < shown.size.height) else {
                continue;
            };
            assert!(!is_there(x, y), "outside {region} at {x},{y}: {}", shown.luma(x, y));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_event_tells_is_in_the_picture_within_two_frames_where_it_says() {
    let house = house().await;
    let backend = &house.backend;
    let hosts =
        [house.host_of(0, "a", 30.0, &mut Grey(LUMA[0])).await, house.host_of(1, "b", 29.95, &mut Grey(LUMA[1])).await];
    let film = Film::default();
    let viewer = Viewer::watch(&backend.whep("a"), None, Arc::clone(&house.clock), Box::new(film.clone())).await;
    let viewer = viewer.expect("a is live");
    film.after(0, 30).await;
    let mut news = News::of(&house, "a");
    news.next("snapshot").await;
    // Alone, the host's picture covers the canvas up to its top.
    let on_top = |shown: &Shown| shown.luma(CANVAS.width / 2, 4);
    assert!(on_top(&film.last()).abs_diff(LUMA[0]) <= LUMA_BLUR, "{}", on_top(&film.last()));

    backend.connect("a", "b").await.expect("both are live");
    let layout = news.next("onSeatLayoutChanged").await;
    assert_follows(&film, &layout, "a connection", |shown| on_top(shown).abs_diff(LUMA[0]) > LUMA_BLUR).await;
    tokio::time::sleep(SETTLED).await;
    assert_drawn(&film.last(), &layout["data"]["regions"]);

    let battle = backend.start_battle("a", &["b"], Duration::from_secs(5)).await.expect("they are connected");
    let started = news.next("onBattleStarted").await;
    assert_follows(&film, &started, "a start", |shown| OPENING.is_dark(shown) && COUNTDOWN.is_dark(shown)).await;
    backend.set_scores(&battle, &[("b", 7)], "short").await.expect("the battle runs");
    tokio::time::sleep(SETTLED).await;
    let last = film.last();
    assert!(COUNTDOWN.is_dark(&last) && !OPENING.is_dark(&last), "VS is shown for a second");
    let ended = news.next("onBattleEnded").await;
    assert_eq!(ended["data"]["result"]["winners"], json!(["b"]));
    let result = |shown: &Shown| DEFEAT.is_drawn(shown) && VICTORY.is_drawn(shown) && shown.has_bar();
    assert_follows(&film, &ended, "a result", result).await;
    tokio::time::sleep(RESULT).await;
    let last = film.last();
    assert!(!DEFEAT.is_drawn(&last) && !VICTORY.is_drawn(&last) && !COUNTDOWN.is_dark(&last), "a result is no more");
    assert!(!last.has_bar(), "nor are its scores");

    let battle = backend.start_battle("a", &["b"], Duration::from_secs(300)).await.expect("they are connected");
    let started = news.next("onBattleStarted").await;
    assert_follows(&film, &started, "a battle", Shown::has_bar).await;
    for (turn, scores) in [[100, 0], [0, 100], [300, 100]].into_iter().enumerate() {
        tokio::time::sleep(SETTLED).await;
        let before = film.last().bar.0;
        let scores = [("a", scores[0]), ("b", scores[1])];
        backend.set_scores(&battle, &scores, &format!("score-{turn}")).await.expect("the battle runs");
        let changed = news.next("onBattleScoreChanged").await;
        assert_follows(&film, &changed, "a score", |shown| shown.bar.0.abs_diff(before) >= 2).await;
    }
    tokio::time::sleep(SETTLED).await;
    let share = film.last().bar.0 * 100 / (CANVAS.width / 2);
    assert!(share.abs_diff(75) <= 3, "300 to 100: {share} % of the bar");

    let voice = json!({"layoutTemplate": "hostVoiceConnection"});
    backend.ask(Method::PUT, "/v1/lives/b/layout", Some(voice), None).await.expect("any connected host may");
    let layout = news.next("onSeatLayoutChanged").await;
    let left_bottom = |shown: &Shown| shown.luma(CANVAS.width / 2 - BESIDE, 420);
    assert_follows(&film, &layout, "a layout", |shown| left_bottom(shown).abs_diff(LUMA[0]) > LUMA_BLUR).await;
    tokio::time::sleep(SETTLED).await;
    assert_drawn(&film.last(), &layout["data"]["regions"]);

    for host in ["a", "b"] {
        let exit = json!({"userId": host});
        backend.ask(Method::POST, &format!("/v1/battles/{battle}/exit"), Some(exit), None).await.expect("it runs");
    }
    let ended = news.next("onBattleEnded").await;
    assert_follows(&film, &ended, "an end", |shown| !shown.has_bar()).await;

    backend.part("b").await.expect("they are connected");
    let layout = news.next("onSeatLayoutChanged").await;
    let grows = |shown: &Shown| shown.luma(CANVAS.width / 6, 270).abs_diff(LUMA[0]) <= LUMA_BLUR;
    assert_follows(&film, &layout, "parting", grows).await;
    tokio::time::sleep(SETTLED).await;
    assert_drawn(&film.last(), &layout["data"]["regions"]);

    viewer.close().await;
    for host in hosts {
        host.close().await;
    }
    tokio::time::timeout(PATIENCE, house.shut_down()).await.expect("nothing is left to wait for");
}
