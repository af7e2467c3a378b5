//! Two hosts on air in a battle when the server is killed. Who publishes again within `restart_grace` is where it was, whether that
//! is at once or longer after than `host_grace`, and who watches again sees both. Who does not come back has left, by
//! the rules: first the battle, then the connection; of two that leaves none, and who stayed has won.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use costage::app::clock::SystemClock;
use costage::client::event_socket::EventSocket;
use costage::client::performance::{Performance, Rate, Start};
use costage::client::synthetic::Beeps;
use costage::client::video_loop::{LoopConfig, Scenery, VideoLoop};
use costage::client::whep::Viewer;
use costage::client::whip::Host;
use costage::client::{Audience, Seen};
use costage::engine::{Clock, Epoch};
use costage_media::codec::opus;
use costage_media::frame::{AudioBlock, I420, PictureRef, Size};
use serde_json::{Value, json};

use crate::house::{House, PATIENCE};
use crate::receiver::Receiver;
use crate::{TURN, deliveries};

/// Hosts, their lives and the luma of their pictures; under an avatar it is 42.
const HOSTS: [(&str, u8); 2] = [("a", 200), ("b", 120)];
/// Encoding and scaling change an even grey by less.
const LUMA_BLUR: u8 = 12;
const SOURCE: Size = Size { width: 160, height: 90 };
/// Shorter than it takes the late one to come back.
const HOST_GRACE: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_millis(2_000);
const RESTART_GRACE: Duration = Duration::from_secs(4);
/// How late a deadline may fire, and be told of.
const DUE: Duration = Duration::from_millis(1_000);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// An even grey, a little different from frame to frame so that each is sent.
struct Grey(u8);

impl Scenery for Grey {
    fn draw(&mut self, position: usize, picture: &mut I420) {
        let [luma, ..] = picture.planes_mut();
        luma.fill(self.0 + u8::from(position.is_multiple_of(2)));
    }
}

/// Publishes as `HOSTS[index]`.
async fn publish(house: &House, index: usize) -> Host {
    let (live, luma) = HOSTS[index];
    let (clock, rate): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), Rate::new(15.0));
    let config = LoopConfig { size: SOURCE, rate, frames: 30, keyframe_every: 30, bitrate_bps: 150_000 };
    let video = VideoLoop::encode(&config, &mut Grey(luma), &mut || ()).unwrap();
    let mut host = Host::connect(&house.backend.whip(live), Some(house.backend.token())).await.unwrap();
    let instant = clock.now();
    let start = Start { instant, ntp: Epoch::start(&*clock).ntp(instant), offset: 0 };
    let (voice, encoder) = (Box::new(Beeps::new(index)), Box::new(opus::Encoder::new(32_000).unwrap()));
    host.perform(clock, Performance::new(start, rate, video, voice, encoder), None);
    house.backend.until_publishing(live, PATIENCE).await.unwrap();
    host
}

/// A picture's size, and its luma row by row.
type Picture = (Size, Vec<u8>);

/// The last picture that was decoded.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Option<Picture>>>);

impl Audience for Screen {
    fn picture(&mut self, picture: PictureRef<'_>, _: &Seen) {
        let (width, rows) = (picture.y.width, picture.y.data.chunks(picture.y.stride));
        let luma = rows.take(picture.y.height).flat_map(|row| row[..width].to_vec()).collect();
        *self.0.lock().unwrap() = Some((Size { width, height: picture.y.height }, luma));
    }

    fn sound(&mut self, _: &AudioBlock, _: &Seen) {}
}

impl Screen {
    /// Whether a picture has come that shows exactly these hosts, each in the middle of its region.
    fn shows(&self, layout: &Value, hosts: &[usize]) -> bool {
        let screen = self.0.lock().unwrap();
        let Some((size, luma)) = &*screen else { return false };
        let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let canvas = [&layout["canvas"]["w"], &layout["canvas"]["h"]].map(number);
        assert_eq!(canvas, [size.width, size.height], "{layout}");
        let regions = layout["regions"].as_array().unwrap();
        let is_there = |index: &usize| {
            let (live, wanted) = HOSTS[*index];
            let region = regions.iter().find(|region| region["liveId"] == live).unwrap();
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| number(&region[key]));
            luma[(y + h / 2) * size.width + x + w / 2].abs_diff(wanted) <= LUMA_BLUR
        };
        assert_eq!(regions.len(), hosts.len(), "{layout}");
        hosts.iter().all(is_there)
    }
}

/// Comes to watch `live`, and sees these hosts in the end.
async fn assert_seen(house: &House, live: &str, hosts: &[usize]) {
    let screen = Screen::default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let viewer = Viewer::watch(&house.backend.whep(live), None, clock, Box::new(screen.clone())).await.unwrap();
    let layout = house.get(&format!("/v1/lives/{live}/layout")).await;
    let began = Instant::now();
    while !screen.shows(&layout, hosts) {
        assert!(began.elapsed() < PATIENCE, "{hosts:?} are not seen in {live}: {layout}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    viewer.close().await;
}

async fn connected(house: &House, live: &str) -> Value {
    house.get(&format!("/v1/lives/{live}/co-host")).await["connected"].clone()
}

/// What must not change, whoever is away for a while.
async fn standing(house: &House, battle: &str) -> [Value; 4] {
    let seen = house.get(&format!("/v1/battles/{battle}")).await;
    let users = seen["users"].as_array().unwrap().iter().map(|user| json!([user["userId"], user["left"]]));
    let users = users.collect::<Vec<_>>();
    let what = ["battleId", "status", "startTime", "endTime", "scores"].map(|key| seen[key].clone());
    [json!(what), json!(users), connected(house, "a").await, connected(house, "b").await]
}

/// A server with short graces, on a media port that stays the same; both hosts' lives.
async fn open(receiver: &Receiver) -> House {
    let udp = std::net::UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let environment = [
        ("COSTAGE_MEDIA_UDP_PORT", udp.to_string().into()),
        ("COSTAGE_CANVAS", "360x640".into()),
        ("COSTAGE_HOST_GRACE_SECONDS", HOST_GRACE.as_secs().to_string().into()),
        ("COSTAGE_RESTART_GRACE_SECONDS", RESTART_GRACE.as_secs().to_string().into()),
    ];
    let mut house = House::build("hosts", receiver, &environment);
    house.start().await;
    for (live, _) in HOSTS {
        house.backend.create_live(live, live).await.unwrap();
    }
    house
}

/// Kills the server and starts it again; the hosts' sessions are gone with it.
async fn restart(house: &mut House, hosts: [Host; 2]) {
    house.kill();
    for host in hosts {
        host.close().await;
    }
    house.start().await;
}

/// Until so long after the server was there again.
async fn until(house: &House, after: Duration) {
    tokio::time::sleep_until((house.life().ready + after).into()).await;
}

/// What is told in a live from now on, up to an event of this type.
async fn events_until(mut socket: EventSocket, last: &str) -> Vec<String> {
    let mut types = Vec::new();
    while types.last().is_none_or(|kind| kind != last) {
        let text = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an event").unwrap();
        let event: Value = serde_json::from_str(&text).unwrap();
        types.push(event["type"].as_str().unwrap().to_owned());
    }
    types
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_hosts_are_back_within_restart_grace_and_who_is_not_has_left() {
    let _turn = TURN.lock().await;
    let receiver = Receiver::start().await;
    let mut house = open(&receiver).await;
    let hosts = [publish(&house, 0).await, publish(&house, 1).await];
    house.backend.connect("a", "b").await.unwrap();
    let battle = house.backend.start_battle("a", &["b"], Duration::from_secs(600)).await.unwrap();
    house.backend.add_score(&battle, "a", 70, "before").await.unwrap();
    assert_seen(&house, "b", &[0, 1]).await;
    let before = standing(&house, &battle).await;
    assert_eq!(before[2..], [json!(["a", "b"]), json!(["a", "b"])]);

    restart(&mut house, hosts).await;
    let b = publish(&house, 1).await;
    until(&house, LATE).await;
    assert_eq!(standing(&house, &battle).await, before, "one is back, the other is waited for");
    let a = publish(&house, 0).await;
    assert_seen(&house, "a", &[0, 1]).await;
    until(&house, RESTART_GRACE + DUE).await;
    assert_eq!(standing(&house, &battle).await, before, "both are back, and the time to come back is over");
    assert_seen(&house, "b", &[0, 1]).await;
    assert!(receiver.all().iter().all(|told| told.body["type"] != "coHost.left"), "nobody has left");

    house.backend.add_score(&battle, "b", 90, "between").await.unwrap();
    let before = standing(&house, &battle).await;
    restart(&mut house, [a, b]).await;
    let socket = EventSocket::open(&house.backend.events("b")).await.unwrap();
    let b = publish(&house, 1).await;
    until(&house, LATE).await;
    assert_eq!(standing(&house, &battle).await, before, "longer than host_grace");
    let left = receiver.first("coHost.left", |_| true).await;
    assert_eq!(left.body["data"], json!({"liveId": "a", "reason": "disconnected", "connected": []}));
    let life = house.life().clone();
    let (earliest, latest) = (life.spawned + RESTART_GRACE, life.ready + RESTART_GRACE + DUE);
    assert!((earliest..latest).contains(&left.came), "{:?} after the start", left.came - life.spawned);
    let told = events_until(socket, "onCoHostUserLeft").await;
    assert!(told.iter().any(|kind| kind == "onUserExitBattle"), "first the battle, then the connection: {told:?}");
    let ended = receiver.first("battle.ended", |_| true).await;
    assert_eq!(
        ended.body["data"]["reason"],
        json!("allMemberExit"),
        "no connection is left to battle in: {}",
        ended.body
    );
    assert_eq!(ended.body["data"]["result"]["winners"], json!(["b"]), "who stayed has won: {}", ended.body);
    let wanted = standing(&house, &battle).await;
    let [what, was] = [&wanted[0], &before[0]].map(|what| what.as_array().unwrap());
    assert_eq!((&what[1], &what[4]), (&json!("ended"), &was[4]), "with the scores that it had");
    assert_eq!(wanted[1..], [json!([["a", true], ["b", false]]), json!([]), json!([])]);
    assert_seen(&house, "b", &[1]).await;

    // Who comes later has its own live as it was, and nothing else.
    let a = publish(&house, 0).await;
    assert_seen(&house, "a", &[0]).await;
    assert_eq!(standing(&house, &battle).await, wanted);
    let kinds = deliveries::audit(&house, &receiver).await;
    for kind in ["host.online", "host.offline", "coHost.connected", "coHost.left", "battle.started", "battle.ended"] {
        assert!(kinds.contains_key(kind), "{kind} is among {kinds:?}");
    }
    for host in [a, b] {
        host.close().await;
    }
    house.stop();
    house.said(&["ledger", "verify"]);
}
