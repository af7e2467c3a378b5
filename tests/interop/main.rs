//! Proof with a client nobody here wrote: headless Chromium publishes twice and plays once through the pages of a real
//! server, and the test looks at what arrives: pixels, tones, freezes.
//!
//! ```text
//! Chromium: /publish/a ──WHIP──▶ costage serve --dev ──WHEP──▶ Chromium: /play/a ──▶ canvas, WebAudio ──▶ here
//!           /publish/b ──WHIP──▶        ▲ REST: connect, battle, score, part
//! ```
//!
//! Chromium is driven over its DevTools protocol. On failure, pictures of all pages lie in `target/tmp/interop/`.

mod chromium;
mod console;
mod devtools;
mod freezes;
mod picture;
mod server;
mod sound;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use chromium::{Browser, Page};
use picture::{Rgb, Spot, Viewer};
use server::Server;

/// Two test pictures that nobody confuses, nor with the score bar's blue and red.
const ALICE: Host = Host { live: "a", user: "alice", hue: 120.0, tone_hz: 440.0 };
const BOB: Host = Host { live: "b", user: "bob", hue: 285.0, tone_hz: 1000.0 };

/// What our test picture's oscillator puts out: −12 dBFS peak.
const TONE_DBFS: f64 = -12.0;
/// The issue's tolerance for the voices' level.
const TONE_TOLERANCE_DB: f64 = 2.0;
/// Setting up WebRTC, on a slow machine with cold caches.
const PATIENCE: Duration = Duration::from_secs(30);

// hostDynamicGrid on 720×1280 (layouts): two tiles of 360×644 at y 276, the score bar 36 high above them.
const TILE_LEFT_X: usize = 0;
const TILE_RIGHT_X: usize = 360;
const TILE_Y: usize = 276;
/// A row of the bar above its numbers.
const BAR_ROW_Y: usize = 243;
const CANVAS_WIDTH: usize = 720;
const BAR_LEFT: Rgb = Rgb(0x1C, 0x66, 0xE5);
const BAR_RIGHT: Rgb = Rgb(0xF1, 0x50, 0x65);
/// Chroma has half the resolution, and the encoder softens edges.
const BAR_TOLERANCE_PX: usize = 8;

/// One browser at a time: two on two cores would measure each other.
static STAGE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    // A test that failed leaves nothing behind that the next one needs.
    STAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
struct Host {
    live: &'static str,
    user: &'static str,
    hue: f64,
    tone_hz: f64,
}

impl Host {
    /// What the test picture is filled with.
    fn ground(self) -> Rgb {
        Rgb::of_hsl(self.hue, 0.65, 0.42)
    }
}

/// A quiet corner of a tile: below the countdown that lies over its top edge, beside disc and text of the test picture, above
/// the nickname.
fn corner_of_tile(tile_x: usize) -> Spot {
    Spot { x: tile_x + 20, y: TILE_Y + 50, width: 32, height: 32 }
}

/// Quiet corners of a picture that fills the canvas, outside both tiles of the grid.
const SOLO_TOP: Spot = Spot { x: 600, y: 100, width: 32, height: 32 };
const SOLO_BOTTOM: Spot = Spot { x: 600, y: 1100, width: 32, height: 32 };

fn create_live(server: &Server, host: Host) {
    let owner = json!({"userId": host.user, "userName": host.user});
    let live = json!({"liveId": host.live, "liveName": host.live, "owner": owner, "isPublicVisible": true});
    server.admin("POST", "/v1/lives", &live).expect_status(201);
}

/// Whether a page's session is in this state, as JavaScript.
fn is_state(state: &str) -> String {
    format!("document.querySelector('#state').dataset.state === '{state}'")
}

/// Opens the publish page with a test picture; it asks the server in dev mode for its token and goes live at once.
fn publish<'a>(browser: &'a Browser, server: &Server, host: Host) -> Page<'a> {
    let (hue, tone) = (host.hue, host.tone_hz);
    let wish = format!("source=test&go=1&size=360x640&hue={hue}&tone={tone}");
    let page = browser.open(&format!("publish-{}", host.live), &server.url(&format!("/publish/{}?{wish}", host.live)));
    page.wait_for(&is_state("connected"), PATIENCE);
    page
}

/// Connects the two lives and starts a battle without asking; returns the battle's id.
fn connect_and_battle(server: &Server) -> String {
    let target = json!({"targetLiveIds": [BOB.live], "layoutTemplate": "hostDynamicGrid", "timeoutSeconds": 30});
    server.admin("POST", "/v1/lives/a/co-host/requests", &target).expect_status(200);
    server.admin("POST", "/v1/lives/b/co-host/requests/a/accept", &json!({})).expect_status(200);
    let battle = json!({"userIds": [BOB.user], "durationSeconds": 300, "needResponse": false, "timeoutSeconds": 0});
    let started = server.admin("POST", "/v1/lives/a/battles", &battle).expect_status(201);
    started["battleId"].as_str().expect("a battle has an id").to_owned()
}

fn score(server: &Server, battle: &str, alice: u64, bob: u64) {
    let scores = json!([{"userId": ALICE.user, "value": alice}, {"userId": BOB.user, "value": bob}]);
    let gift =
        json!({"op": "set", "scores": scores, "source": {"giftId": "rocket", "senderId": "u1", "reference": "1"}});
    let key = format!("score-{alice}-{bob}");
    server.admin_once(&key, "POST", &format!("/v1/battles/{battle}/scores"), &gift).expect_status(200);
}

/// How many pixels of the bar's row are blue.
fn bar_boundary(row: &[Rgb]) -> usize {
    row.iter().filter(|pixel| pixel.distance(BAR_LEFT) < pixel.distance(BAR_RIGHT)).count()
}

fn is_bar(row: &[Rgb]) -> bool {
    let near = |pixel: &Rgb| pixel.distance(BAR_LEFT).min(pixel.distance(BAR_RIGHT)) < 60.0;
    row.iter().filter(|pixel| near(pixel)).count() > CANVAS_WIDTH * 9 / 10
}

fn wait_for_bar_at(viewer: &Viewer<'_>, boundary: usize) {
    let row = Spot { x: 0, y: BAR_ROW_Y, width: CANVAS_WIDTH, height: 1 };
    viewer.wait_until(&format!("the score bar at {boundary}"), PATIENCE, || {
        let pixels = viewer.read(row);
        let at = bar_boundary(&pixels);
        let good = is_bar(&pixels) && at.abs_diff(boundary) <= BAR_TOLERANCE_PX;
        good.then_some(()).ok_or_else(|| format!("bar {}, boundary {at}", is_bar(&pixels)))
    });
}

/// What the host's page drew there, not only something like it.
fn wait_for_ground(viewer: &Viewer<'_>, what: &str, spot: Spot, host: Host) {
    let wanted = host.ground();
    viewer.wait_until(what, PATIENCE, || {
        let colour = picture::mean(&viewer.read(spot));
        colour.is_near(wanted).then_some(()).ok_or_else(|| format!("{colour:?}, drawn {wanted:?}"))
    });
    let colour = picture::mean(&viewer.read(spot));
    eprintln!("{what}: {colour:?}, drawn {wanted:?}, apart {:.1}", colour.distance(wanted));
}

/// The disc of a test picture goes round its middle: the same place must change from frame to frame.
fn assert_moves(viewer: &Viewer<'_>, what: &str, tile_x: usize) {
    let middle = Spot { x: tile_x + 40, y: TILE_Y + 180, width: 280, height: 280 };
    let first = viewer.read(middle);
    viewer.wait_until(what, PATIENCE, || {
        let now = viewer.read(middle);
        let changed = first.iter().zip(&now).filter(|(before, after)| before.distance(**after) > 60.0).count();
        (changed > 500).then_some(()).ok_or_else(|| format!("{changed} pixels changed"))
    });
}

fn assert_voice(samples: &[f64], host: Host) {
    let level = sound::tone_dbfs(samples, host.tone_hz);
    eprintln!("{} Hz of {}: {level:.2} dBFS", host.tone_hz, host.user);
    assert!(
        (level - TONE_DBFS).abs() <= TONE_TOLERANCE_DB,
        "the {} Hz voice of {} is at {level:.2} dBFS; {TONE_DBFS} ± {TONE_TOLERANCE_DB} was sent",
        host.tone_hz,
        host.user
    );
}

#[test]
fn two_browsers_battle_in_one_picture_while_a_third_watches() {
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    create_live(&server, ALICE);
    create_live(&server, BOB);

    // The viewer is early: 409 with Retry-After, said in words, tried again until the host is there.
    let play = browser.open_with("play-a", &server.url("/play/a"), sound::LISTEN);
    play.wait_for(&is_state("waiting"), PATIENCE);
    let alice = publish(&browser, &server, ALICE);
    let bob = publish(&browser, &server, BOB);
    play.wait_for(&is_state("connected"), PATIENCE);
    let viewer = Viewer::new(&play);
    wait_for_ground(&viewer, "alice alone, top", SOLO_TOP, ALICE);
    wait_for_ground(&viewer, "alice alone, bottom", SOLO_BOTTOM, ALICE);
    let watched = [&play, &alice, &bob];
    watched.into_iter().for_each(freezes::watch);
    freezes::assert_none(&play, &watched, "before anything happened");
    let connection = play.number("document.querySelector('#stats').dataset.connections");

    let battle = connect_and_battle(&server);
    wait_for_ground(&viewer, "alice's tile", corner_of_tile(TILE_LEFT_X), ALICE);
    wait_for_ground(&viewer, "bob's tile", corner_of_tile(TILE_RIGHT_X), BOB);
    freezes::assert_none(&play, &watched, "when they connected");
    assert_moves(&viewer, "alice's disc moving", TILE_LEFT_X);
    assert_moves(&viewer, "bob's disc moving", TILE_RIGHT_X);
    wait_for_bar_at(&viewer, CANVAS_WIDTH / 2);
    score(&server, &battle, 300, 100);
    wait_for_bar_at(&viewer, CANVAS_WIDTH * 3 / 4);
    score(&server, &battle, 300, 900);
    wait_for_bar_at(&viewer, CANVAS_WIDTH / 4);

    let samples = sound::record(&play);
    assert_voice(&samples, ALICE);
    assert_voice(&samples, BOB);
    play.screenshot();
    freezes::assert_none(&play, &watched, "during the battle");

    // They part; the same connection shows alice alone again.
    server.admin("DELETE", "/v1/lives/b/co-host", &json!({})).expect_success();
    wait_for_ground(&viewer, "alice alone again, top", SOLO_TOP, ALICE);
    wait_for_ground(&viewer, "alice alone again, bottom", SOLO_BOTTOM, ALICE);
    let samples = sound::record(&play);
    assert_voice(&samples, ALICE);
    let stranger = sound::tone_dbfs(&samples, BOB.tone_hz);
    assert!(stranger < -50.0, "bob has left, yet his voice is at {stranger:.1} dBFS");

    freezes::assert_none(&play, &watched, "when they parted");
    let connections = play.number("document.querySelector('#stats').dataset.connections");
    assert_eq!(connections, connection, "the viewer had to connect anew");

    // A page that closes says so: the server knows at once that bob is off the air.
    bob.close();
    server.wait_until("bob is off the air", Duration::from_secs(3), || {
        server.admin("GET", "/v1/lives/b", &json!(null)).expect_status(200)["isPublishing"] == json!(false)
    });
    assert_eq!(alice.text("document.querySelector('#state').dataset.state"), "connected");
    server.stop();
}

#[test]
fn the_demo_shows_a_battle_and_its_figures_on_the_first_page() {
    let _alone = alone();
    let server = Server::start_as(&["demo"]);
    let browser = Browser::launch();
    let page = browser.open("demo", &server.url("/"));
    page.wait_for(&is_state("connected"), PATIENCE);
    let viewer = Viewer::new(&page);
    let row = Spot { x: 0, y: BAR_ROW_Y, width: CANVAS_WIDTH, height: 1 };
    viewer.wait_until("the score bar", PATIENCE, || {
        let pixels = viewer.read(row);
        is_bar(&pixels).then_some(()).ok_or_else(|| format!("{:?}", picture::mean(&pixels)))
    });
    let before = bar_boundary(&viewer.read(row));
    viewer.wait_until("gifts moving the bar", PATIENCE, || {
        let now = bar_boundary(&viewer.read(row));
        (now.abs_diff(before) > BAR_TOLERANCE_PX).then_some(()).ok_or_else(|| format!("{before} then {now}"))
    });
    for figure in ["p50", "p95", "fps", "bitrate", "viewers"] {
        page.wait_for(
            &format!("parseFloat(document.querySelector('[data-figure={figure}]').textContent) > 0"),
            PATIENCE,
        );
    }
    page.wait_for("document.querySelectorAll('#legend li').length === 6", PATIENCE);
    page.screenshot();
    assert_eq!(page.complaints(), Vec::<String>::new());
    server.stop();
}

#[test]
fn a_visitor_takes_over_a_live_of_the_demo_and_its_host_comes_back_afterwards() {
    const VISITOR: Host = Host { live: "luna", user: "luna", hue: 120.0, tone_hz: 440.0 };
    let _alone = alone();
    let server = Server::start_as(&["demo"]);
    let browser = Browser::launch();
    let connected = || {
        let co_host = server.admin("GET", "/v1/lives/luna/co-host", &json!(null)).expect_status(200);
        co_host["connected"] == json!(["luna", "kai"])
    };
    server.wait_until("luna and kai battle", PATIENCE, || server.has_said("battle started"));
    assert!(connected());
    let page = browser.open("demo-visited", &server.url("/"));
    page.wait_for(&is_state("connected"), PATIENCE);
    let viewer = Viewer::new(&page);

    let visitor = publish(&browser, &server, VISITOR);
    wait_for_ground(&viewer, "the visitor in luna's tile", corner_of_tile(TILE_LEFT_X), VISITOR);
    server.wait_until("the demo has noticed", Duration::from_secs(5), || server.has_said("session has ended"));
    // Three of the looks after which luna would come back if nobody published.
    visitor.evaluate("new Promise((done) => setTimeout(done, 3000))");
    assert_eq!(
        visitor.text("document.querySelector('#state').dataset.state"),
        "connected",
        "the visitor is left alone"
    );
    assert!(!server.has_said("the host is back"));

    visitor.evaluate("document.querySelector('#go').click()");
    visitor.wait_for(&is_state("closed"), PATIENCE);
    server.wait_until("luna is back", Duration::from_secs(8), || server.has_said("the host is back"));
    viewer.wait_until("luna in her tile", PATIENCE, || {
        let colour = picture::mean(&viewer.read(corner_of_tile(TILE_LEFT_X)));
        (!colour.is_near(VISITOR.ground())).then_some(()).ok_or_else(|| format!("still {colour:?}"))
    });
    assert!(connected(), "the lives stay connected over a visit");
    assert_eq!(visitor.failed_requests(), Vec::<String>::new(), "the DELETE found its session");
    assert_eq!(visitor.complaints(), Vec::<String>::new());
    server.stop();
}

#[test]
fn a_hidden_picture_gives_way_to_the_avatar_and_comes_back() {
    /// Behind the disc with the host's initial (layouts).
    const AVATAR_GROUND: Rgb = Rgb(0x1F, 0x20, 0x24);
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    create_live(&server, ALICE);
    let alice = publish(&browser, &server, ALICE);
    let play = browser.open("play-hidden", &server.url("/play/a"));
    play.wait_for(&is_state("connected"), PATIENCE);
    let viewer = Viewer::new(&play);
    wait_for_ground(&viewer, "alice", SOLO_TOP, ALICE);
    alice.evaluate("document.querySelector('#picture').click()");
    viewer.wait_until("the avatar", PATIENCE, || {
        let colour = picture::mean(&viewer.read(SOLO_TOP));
        colour.is_near(AVATAR_GROUND).then_some(()).ok_or_else(|| format!("{colour:?}"))
    });
    assert_eq!(alice.text("document.querySelector('#state').dataset.state"), "connected", "her voice goes on");
    alice.evaluate("document.querySelector('#picture').click()");
    wait_for_ground(&viewer, "alice again", SOLO_TOP, ALICE);
    assert_eq!(alice.complaints(), Vec::<String>::new());
    server.stop();
}

#[test]
fn a_host_without_a_camera_or_a_token_is_told_so_in_words() {
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    create_live(&server, ALICE);

    let page = browser.open("wrong-token", &server.url("/publish/a?token=not.a.token&source=test&size=64x64&go=1"));
    page.wait_for(&is_state("failed"), PATIENCE);
    let words = page.text("document.querySelector('#trouble').textContent");
    assert!(words.len() > 20 && words.to_lowercase().contains("token"), "{words:?}");

    // It may come yet, so the page goes on trying, and says why.
    let page = browser.open("no-such-live", &server.url("/play/nowhere"));
    page.wait_for(&is_state("waiting"), PATIENCE);
    let words = page.text("document.querySelector('#trouble').textContent");
    assert!(words.to_lowercase().contains("live"), "{words:?}");
    server.stop();
}

#[test]
fn pages_come_back_when_a_session_has_ended_and_a_host_that_was_taken_over_stays_away() {
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    create_live(&server, ALICE);
    let first = publish(&browser, &server, ALICE);
    let play = browser.open("play-a", &server.url("/play/a"));
    play.wait_for(&is_state("connected"), PATIENCE);

    // The backend ends the live: both sessions end with it, both pages say so and try again. In dev mode the host's page
    // makes the live anew.
    server.admin("DELETE", "/v1/lives/a", &json!(null)).expect_status(204);
    for page in [&first, &play] {
        page.wait_for(&is_state("waiting"), PATIENCE);
    }
    for page in [&first, &play] {
        page.wait_for(&is_state("connected"), PATIENCE);
    }

    let second = publish(&browser, &server, ALICE);
    first.wait_for(&is_state("failed"), PATIENCE);
    let words = first.text("document.querySelector('#trouble').textContent");
    assert!(words.contains("another place"), "{words:?}");
    assert_eq!(second.text("document.querySelector('#state').dataset.state"), "connected");
    server.stop();
}

#[test]
fn pages_fit_a_phone_and_throw_nothing() {
    let _alone = alone();
    let server = Server::start();
    let browser = Browser::launch();
    create_live(&server, ALICE);
    for (name, path) in
        [("index", "/"), ("publish", "/publish/a?source=test"), ("play", "/play/a"), ("console", "/console?live=a")]
    {
        let page = browser.open(&format!("phone-{name}"), &server.url(path));
        page.resize(390, 844);
        page.wait_for("document.readyState === 'complete'", PATIENCE);
        let overflow = page.number("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(overflow, 0.0, "{path} is wider than a phone");
        page.screenshot();
        assert_eq!(page.complaints(), Vec::<String>::new(), "{path} complains in the console");
    }
    server.stop();
}
