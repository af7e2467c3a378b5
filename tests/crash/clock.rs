//! A system's clock that is set by an hour, forward and back, while a battle counts down: while the server runs, and while it is
//! down. Neither the countdown nor the end moves. The clock is a shim in C that is preloaded into the server's process.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::house::{House, Life};
use crate::receiver::Receiver;
use crate::{TURN, deliveries};

const SHIM: &str = include_str!("clock.c");
const HOUR: i64 = 3_600;
const BATTLE_SECONDS: u64 = 7;
/// By how much the server's time may differ from a clock that nobody sets: requests take some on a busy machine.
const BLUR_MS: u64 = 150;
/// How late an end may be told of.
const LATE_MAX: Duration = Duration::from_millis(500);

/// The server's system clock.
struct Clock(File);

impl Clock {
    /// A right one, and what the server's process needs in its environment.
    fn make(folder: &Path) -> (Self, [(&'static str, std::ffi::OsString); 2]) {
        std::fs::create_dir_all(folder).unwrap();
        let (source, shim, control) = (folder.join("clock.c"), folder.join("clock.so"), folder.join("control"));
        std::fs::write(&source, SHIM).unwrap();
        let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        let made = cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&shim).arg(&source).status();
        assert!(made.expect("a C compiler, as for the build").success(), "the shim does not compile");
        let clock = Self(File::create(&control).unwrap());
        clock.set(0);
        (clock, [("LD_PRELOAD", shim.into()), ("CLOCK_CONTROL", control.into())])
    }

    /// So many seconds ahead of the right time.
    fn set(&self, ahead: i64) {
        self.0.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
    }
}

/// A battle that counts down, as it was when it began.
struct Countdown {
    first: Life,
    battle: String,
    end: u64,
}

impl Countdown {
    /// By the server's time, and by what it says of the battle, it is as late as it is by a clock that nobody sets.
    async fn assert_goes_on(&self, house: &House, when: &str) {
        let told = house.time().await;
        let off = Instant::now().saturating_duration_since(self.first.when(told));
        let early = self.first.when(told).saturating_duration_since(Instant::now());
        let off = u64::try_from(off.max(early).as_millis()).unwrap();
        assert!(off <= BLUR_MS, "{when}: the server's time is {off} ms off");
        let seen = house.get(&format!("/v1/battles/{}", self.battle)).await;
        assert_eq!((&seen["endTime"], &seen["status"]), (&json!(self.end), &json!("started")), "{when}: {seen}");
    }
}

fn system_seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

/// By how many seconds the system's clock is set for the server: signatures of webhooks go by it.
async fn set_by(house: &House, receiver: &Receiver, live: &str) -> i64 {
    house.backend.create_live(live, live).await.unwrap();
    let told = receiver.first("live.created", |data: &Value| data["liveId"] == live).await;
    i64::try_from(told.sent_seconds).unwrap() - system_seconds()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_an_hour_changes_no_countdown_whether_the_server_is_up_or_down() {
    let _turn = TURN.lock().await;
    let folder = std::env::temp_dir().join(format!("costage-clock-{}", std::process::id()));
    let (clock, environment) = Clock::make(&folder);
    let receiver = Receiver::start().await;
    let mut house = House::build("clock", &receiver, &environment);
    house.start().await;
    for live in ["a", "b"] {
        house.backend.create_live(live, live).await.unwrap();
    }
    house.backend.connect("a", "b").await.unwrap();
    let battle = house.backend.start_battle("a", &["b"], Duration::from_secs(BATTLE_SECONDS)).await.unwrap();
    let end = house.get(&format!("/v1/battles/{battle}")).await["endTime"].as_u64().unwrap();
    let countdown = Countdown { first: house.life().clone(), battle, end };
    countdown.assert_goes_on(&house, "at first").await;

    // Forward while it runs; what it is then, it stays across a kill.
    clock.set(HOUR);
    countdown.assert_goes_on(&house, "an hour forward").await;
    let off = set_by(&house, &receiver, "forward").await - HOUR;
    assert!(off.abs() <= 5, "the clock is not set: is the binary linked statically? {off} s");
    house.backend.add_score(&countdown.battle, "a", 7, "forward").await.unwrap();
    house.kill();
    house.start().await;
    countdown.assert_goes_on(&house, "killed an hour ahead").await;

    // Back by two hours while it is down.
    house.kill();
    clock.set(-HOUR);
    house.start().await;
    countdown.assert_goes_on(&house, "set back while it was down").await;
    assert!((set_by(&house, &receiver, "back").await + HOUR).abs() <= 5);

    // And forward again while nobody asks for anything.
    clock.set(0);
    let due = countdown.first.when(end);
    assert!(Instant::now() < due, "the machine is too slow for this test");
    tokio::time::sleep_until((due + LATE_MAX * 2).into()).await;
    let told = receiver.end(&countdown.battle).expect("it has ended by itself");
    let late = told.came.saturating_duration_since(due);
    assert!(told.came + Duration::from_millis(BLUR_MS) >= due, "{:?} early", due - told.came);
    assert!(late <= LATE_MAX + Duration::from_millis(BLUR_MS), "{late:?} late");
    assert_eq!(told.body["data"]["endTime"], json!(end));
    println!("crash: an hour forward and back: an end told {} ms after it was due", late.as_millis());
    deliveries::audit(&house, &receiver).await;
    house.stop();
    house.said(&["ledger", "verify"]);
    drop(house);
    std::fs::remove_dir_all(&folder).unwrap();
}
