//! A disk on which nothing can be kept: full, or broken. Scores and commands are refused, nothing of them is seen or told,
//! what needs no disk goes on; and when the disk is well again, all of it goes through once.

use std::time::Duration;

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use crate::disk::{Ill, now_us};
use crate::house::Answered;
use crate::receiver::{Heard, read_events};
use crate::seat::Seat;
use crate::show::{Post, Show};

/// How long it lasts.
const LASTS: Duration = Duration::from_secs(2);
/// A refusal comes at once; a busy machine takes its time.
const REFUSED_WITHIN: Duration = Duration::from_secs(2);
/// Senders of scores, and how long each rests.
const SENDERS: usize = 4;
const REST: Duration = Duration::from_millis(60);
/// More than all the others together: whoever has it has nearly all of the bar.
const PRIZE: u64 = 1_000;
/// By how many samples the bar's end may look different from frame to frame.
const BAR_BLUR: usize = 2;
/// A battle whose end falls into the outage.
const SHORT: Duration = Duration::from_secs(5);
/// Before its end, the disk falls ill.
const AHEAD: Duration = Duration::from_millis(800);

fn assert_not_kept(answered: &Answered) {
    assert_eq!((answered.status, answered.kind.as_str()), (503, "application/problem+json"), "{answered:?}");
    let problem = &answered.body;
    assert_eq!((&problem["type"], &problem["code"]), (&json!("urn:costage:not-stored"), &json!(900_503)));
    assert!(problem["detail"].as_str().unwrap().contains("could not be stored"), "{problem}");
    assert_eq!(answered.retry_after, Some(2), "{answered:?}");
    assert!(answered.took() < REFUSED_WITHIN, "{answered:?}");
}

impl Show {
    /// An outage into which the end of another battle falls.
    pub(crate) async fn outage_at_an_end(&mut self, ill: Ill, favourite: &'static str) {
        let bystanders = read_events(&self.house, "c").await;
        let short = self.house.backend.start_battle("c", &["d"], SHORT).await.unwrap();
        tokio::time::sleep(SHORT - AHEAD).await;
        let healed = self.outage(ill, favourite).await;
        self.assert_end_is_told_once(&short, &bystanders, healed).await;
    }

    /// One outage from its beginning to its end, and when that was. `favourite` gets the prize.
    pub(crate) async fn outage(&mut self, ill: Ill, favourite: &'static str) -> u64 {
        let round = format!("{ill:?}");
        let answered_before = self.sums();
        let begun = now_us();
        self.house.disk.fall_ill(ill);
        let ends = tokio::time::Instant::now() + LASTS;
        let senders = (0..SENDERS).map(|sender| self.send_in_vain(format!("{round}-{sender}"), favourite, ends));
        let late = format!("late-{round}");
        let (posts, ()) = join(join_all(senders), self.look_around(&late)).await;
        let posts: Vec<Post> = posts.into_iter().flatten().collect();
        let ended = now_us();
        self.assert_nothing_told(begun);
        self.assert_bar_still(begun, ended);
        self.assert_undisturbed(begun, ended, &round);
        assert_eq!(self.sums(), answered_before);

        self.house.disk.get_well();
        let healed = now_us();
        self.send_again(&posts, ended).await;
        assert_eq!(self.house.ask(Method::POST, "/v1/lives", Some(live(&late)), None).await.status, 201);
        self.receiver.heard.first(ended, "live.created", |data| data["liveId"] == json!(late)).await;
        assert_eq!(self.receiver.heard.count("live.created", "liveId", &late), 1);
        healed
    }

    /// Sends scores until `ends`; none is taken.
    async fn send_in_vain(&self, prefix: String, user: &'static str, ends: tokio::time::Instant) -> Vec<Post> {
        let mut posts = Vec::new();
        while tokio::time::Instant::now() < ends {
            let post = Post { user, value: PRIZE, key: format!("{prefix}-{}", posts.len()) };
            assert_not_kept(&self.post(&post).await);
            posts.push(post);
            tokio::time::sleep(REST).await;
        }
        posts
    }

    /// Commands are refused; questions, viewers and readers of events are not, and see what is kept.
    async fn look_around(&self, late: &str) {
        assert_not_kept(&self.house.ask(Method::POST, "/v1/lives", Some(live(late)), None).await);
        assert_not_kept(&self.house.ask(Method::POST, "/v1/lives/a/seats/3/lock", Some(json!({})), None).await);
        assert_eq!(self.house.get(&format!("/v1/lives/{late}")).await.status, 404);
        for path in ["/healthz", "/v1/time", "/v1/lives", "/v1/lives/a", "/v1/lives/a/co-host", "/v1/lives/a/seats"] {
            let answered = self.house.get(path).await;
            assert_eq!(answered.status, 200, "{path}: {answered:?}");
        }
        for _ in 0..10 {
            self.assert_sums().await;
        }
        let newcomer = read_events(&self.house, "b").await;
        let snapshot = newcomer.first(0, "snapshot", |_| true).await;
        assert_eq!(snapshot.data["battle"]["scores"], self.sums());
        Seat::take(&self.house, "b").await.viewer.close().await;
    }

    /// No event and no webhook since the disk fell ill.
    fn assert_nothing_told(&self, begun: u64) {
        for told in [&self.events, &self.receiver.heard] {
            let told = told.since(begun);
            assert!(told.is_empty(), "nothing was kept, but this was told: {told:?}");
        }
    }

    fn assert_bar_still(&self, begun: u64, ended: u64) {
        let blue: Vec<usize> = self.seat.shots(begun, ended).iter().map(|shot| shot.blue).collect();
        let (least, most) = (blue.iter().min().unwrap(), blue.iter().max().unwrap());
        assert!(most - least <= BAR_BLUR, "the bar moved from {least} to {most}");
    }

    /// Every refused post twice at once, as an impatient client would: each counts once.
    async fn send_again(&self, posts: &[Post], ended: u64) {
        let before = self.seat.shots(0, ended).last().unwrap().blue;
        for post in posts {
            let (one, other) = join(self.post(post), self.post(post)).await;
            assert_eq!((one.status, other.status), (200, 200), "{one:?} {other:?}");
        }
        self.assert_sums().await;
        let sums = self.sums();
        self.events.first(ended, "onBattleScoreChanged", |data| data["scores"] == sums).await;
        tokio::time::sleep(crate::show::SETTLED).await;
        let after = self.seat.shots(0, now_us()).last().unwrap().blue;
        assert!(before.abs_diff(after) > 10 * BAR_BLUR, "the bar shows it now: {before} → {after}");
    }

    /// The battle that ended meanwhile: told after all, once, and with the end that it had.
    async fn assert_end_is_told_once(&self, short: &str, bystanders: &Heard, healed: u64) {
        let is = |data: &Value| data["battleId"] == json!(short);
        let ended = bystanders.first(0, "onBattleEnded", is).await;
        assert!(ended.at > healed, "told {} us before it could be kept", healed - ended.at);
        let hook = self.receiver.heard.first(healed, "battle.ended", is).await;
        assert!(hook.data["endTime"].as_u64().unwrap() * 1_000 < healed, "its own end: {hook:?}");
        assert!(ended.at - healed < 2_000_000, "{} us after the disk was well", ended.at - healed);
        assert_eq!(self.receiver.heard.count("battle.ended", "battleId", short), 1);
        assert_eq!(bystanders.count("onBattleEnded", "battleId", short), 1);
    }
}

fn live(id: &str) -> Value {
    json!({"liveId": id, "owner": {"userId": id}})
}
