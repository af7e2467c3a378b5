//! Two hosts on air in a battle, a viewer, an event socket, a receiver of webhooks; and what was answered to scores.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use costage::client::whip::Host;
use costage_media::jitter::PLAYOUT_DELAY;
use reqwest::Method;
use serde_json::{Value, json};

use crate::disk::now_us;
use crate::house::{Answered, House};
use crate::receiver::{Heard, Receiver, read_events};
use crate::seat::{Course, Seat};

/// Slides of the bar, moving tiles and told totals are over by then.
pub(crate) const SETTLED: Duration = Duration::from_millis(1_200);
/// Longest that picture or sound may be missing beyond what this process itself stood still: less than one slow sync.
const GAP_MAX: Duration = Duration::from_millis(400);

/// Hosts speak a block at a time.
const SPOKEN_EVERY: Duration = Duration::from_millis(20);
/// What is heard was spoken at most so long before: packing, playout, what is concealed, and mixing.
const HEARD_WITHIN_US: u64 = 400_000;

/// A change of scores: points for a host, by a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) user: &'static str,
    pub(crate) value: u64,
    pub(crate) key: String,
}

pub(crate) struct Show {
    pub(crate) house: House,
    pub(crate) receiver: Receiver,
    pub(crate) seat: Seat,
    pub(crate) events: Heard,
    pub(crate) battle: String,
    hosts: [Host; 2],
    /// Every post that was answered 2xx, by its key, and its number in the battle's ledger.
    taken: Mutex<BTreeMap<String, (Post, u64)>>,
    usual: Option<Course>,
}

impl Show {
    pub(crate) async fn begin() -> Self {
        let receiver = Receiver::start().await;
        let house = House::open(&receiver).await;
        assert!(!house.disk.syncs().is_empty(), "the shim is not loaded: is the binary linked statically?");
        let hosts = [house.host("a", 15.0, 200, 48).await, house.host("b", 14.0, 120, 32).await];
        house.backend.connect("a", "b").await.unwrap();
        for live in ["c", "d"] {
            house.backend.create_live(live, live).await.unwrap();
        }
        house.backend.connect("c", "d").await.unwrap();
        let battle = house.backend.start_battle("a", &["b"], Duration::from_secs(600)).await.unwrap();
        let seat = Seat::take(&house, "a").await;
        seat.note_standstills();
        let events = read_events(&house, "a").await;
        let (taken, usual) = (Mutex::default(), None);
        Self { house, receiver, seat, events, battle, hosts, taken, usual }
    }

    /// Sends it; an answer of 2xx counts from then on.
    pub(crate) async fn post(&self, post: &Post) -> Answered {
        let source = json!({"reference": post.key});
        let body = json!({"op": "add", "scores": [{"userId": post.user, "value": post.value}], "source": source});
        let answered = self.house.ask(Method::POST, &self.scores(), Some(body), Some(&post.key)).await;
        if answered.status == 200 {
            self.count(post, answered.body["ledgerSeq"].as_u64().unwrap());
        }
        answered
    }

    /// It was answered 2xx, as this row of the battle's ledger.
    pub(crate) fn count(&self, post: &Post, seq: u64) {
        let before = self.taken.lock().unwrap().insert(post.key.clone(), (post.clone(), seq));
        assert!(before.is_none_or(|before| before == (post.clone(), seq)), "one key, two changes: {post:?}");
    }

    pub(crate) fn scores(&self) -> String {
        format!("/v1/battles/{}/scores", self.battle)
    }

    /// What has been answered in all, as the API shows scores.
    pub(crate) fn sums(&self) -> Value {
        let taken = self.taken.lock().unwrap();
        let sum = |user: &str| taken.values().filter(|(post, _)| post.user == user).map(|(post, _)| post.value).sum();
        let sums: [u64; 2] = ["a", "b"].map(sum);
        json!({"a": sums[0], "b": sums[1]})
    }

    /// The battle as the server has it: what was answered, no more and no less.
    pub(crate) async fn assert_sums(&self) {
        let answer = self.house.get(&format!("/v1/battles/{}", self.battle)).await;
        assert_eq!((answer.status, &answer.body["scores"]), (200, &self.sums()), "{answer:?}");
    }

    /// A disk without fault, under load: what is usual.
    pub(crate) async fn go_on_well(&mut self, round: &str) {
        let begun = now_us();
        for turn in 0..30 {
            let user = if turn % 2 == 0 { "a" } else { "b" };
            let answered = self.post(&Post { user, value: 10, key: format!("{round}-{turn}") }).await;
            assert_eq!(answered.status, 200, "{answered:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.assert_sums().await;
        tokio::time::sleep(SETTLED).await;
        let sums = self.sums();
        self.events.first(begun, "onBattleScoreChanged", |data| data["scores"] == sums).await;
        let course = self.seat.course(begun, now_us());
        println!("disk: well ({round}): {course:?}");
        match &self.usual {
            Some(_) => self.assert_undisturbed(begun, now_us(), round),
            None => self.usual = Some(course),
        }
    }

    /// Pictures and sound came as they do when the disk is well.
    pub(crate) fn assert_undisturbed(&self, from: u64, to: u64, when: &str) {
        let (course, usual) = (self.seat.course(from, to), self.usual.as_ref().expect("it began well"));
        println!("disk: {when}: {course:?}");
        let gap_max = GAP_MAX + course.own;
        assert!(course.picture_gap < gap_max && course.sound_gap < gap_max, "{when}: {course:?}");
        // What stood still here is sent late, and not all of it.
        let share = 0.85 - course.own.as_secs_f64() / Duration::from_micros(to - from).as_secs_f64();
        assert!(course.fps > usual.fps * share, "{when}: {course:?}, usually {usual:?}");
        assert!(course.blocks_per_second > usual.blocks_per_second * share, "{when}: {course:?}, usually {usual:?}");
        self.assert_heard(&course, when);
    }

    /// No sound is missing, but where the hosts sent none for longer than the server can wait: they are this process', which may
    /// stand still on a busy machine. On a quiet one they never do.
    fn assert_heard(&self, course: &Course, when: &str) {
        let mut missing = Vec::new();
        for at in &course.silent {
            let from = at.saturating_sub(HEARD_WITHIN_US);
            let own = self.house.unspoken(from, *at).max(self.seat.course(from, *at).own);
            println!("disk: {when}: a silent block at {at}; its hosts, or all of this process, had paused for {own:?}");
            if own < SPOKEN_EVERY + PLAYOUT_DELAY {
                missing.push((*at, own));
            }
        }
        assert!(missing.is_empty(), "{when}: silent though spoken: {missing:?}; {course:?}");
    }

    /// Everybody leaves, the server ends; then the books are read without it.
    pub(crate) async fn end(mut self) {
        self.assert_sums().await;
        let figures = self.seat.viewer.figures();
        println!("disk: {figures:?}");
        // All that the server sent of sound came, and all that came of pictures was whole.
        assert_eq!((figures.undecodable, figures.concealed), (0, 0), "{figures:?}");
        self.seat.viewer.close().await;
        for host in self.hosts {
            host.close().await;
        }
        self.house.stop();
        println!("disk: {}", self.house.said(&["ledger", "verify"]).trim());
        self.house.said(&["ledger", "balance"]);
        let taken = self.taken.into_inner().unwrap();
        let mut rows = 0;
        for line in self.house.said(&["ledger", "export"]).lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            if row["rows"].is_number() {
                continue; // the last line, which counts them
            }
            let Some((post, seq)) = taken.get(row["idempotencyKey"].as_str().unwrap()) else {
                panic!("nobody was told of {row}")
            };
            assert_eq!((&row["scores"], &row["battleSeq"]), (&json!({post.user: post.value}), &json!(seq)), "{row}");
            rows += 1;
        }
        assert_eq!(rows, taken.len(), "each answered key is there once, and no other");
    }
}
