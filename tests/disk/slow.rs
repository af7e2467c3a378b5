//! A disk whose syncs take half a second, or do not return at all.

use std::time::Duration;

use futures_util::future::{join_all, join3};
use reqwest::Method;
use serde_json::{Value, json};

use crate::burst::{Answer, Burst};
use crate::disk::{Ill, Sync, now_us};
use crate::house::Answered;
use crate::receiver::{Heard, read_events};
use crate::show::{Post, SETTLED, Show};

const SYNC_MS: i32 = 500;
const SYNC: Duration = Duration::from_millis(500);
/// Two syncs of a commit and the one that runs, and what a busy machine adds.
const ANSWERED_WITHIN: Duration = Duration::from_secs(4);
/// A battle whose end falls among the slow syncs: the shortest there is.
const SHORT: Duration = Duration::from_secs(5);
/// An end waits for the commit that runs when it is due, and for its own: one sync of the log each.
const COMMITS_MAX: usize = 2;
/// What asks nobody but the HTTP server is not slower than this.
const AT_ONCE: Duration = Duration::from_millis(400);
const LASTS: Duration = Duration::from_secs(3);
const SENDERS: usize = 6;
/// By how much the times of frames, which their clocks tell, may differ from ours.
const BLUR_US: u64 = 20_000;
/// More requests than may wait for a disk (1,024, and 256 under way).
const CROWD: usize = 1_500;
/// Of them at least so many are refused.
const REFUSED_MIN: usize = CROWD - 1_024 - 256;
/// What 1,500 connections and waiting requests may cost, KiB.
const CROWD_KIB_MAX: u64 = 64 * 1_024;

/// When what was asked and answered was on disk: the end of the last sync between both.
fn kept_at(answered: &Answered, syncs: &[Sync]) -> u64 {
    let within = |sync: &&Sync| sync.begun >= answered.sent && sync.ended <= answered.at && !sync.failed;
    let last = syncs.iter().filter(within).map(|sync| sync.ended).max();
    last.unwrap_or_else(|| panic!("answered before any sync was done: {answered:?}; {syncs:?}"))
}

impl Show {
    /// Half a second for each sync: answers, events, webhooks and pictures come, all of them after it.
    pub(crate) async fn slow(&mut self) {
        tokio::time::sleep(SETTLED).await;
        let bystanders = read_events(&self.house, "c").await;
        let short = self.house.backend.start_battle("c", &["d"], SHORT).await.unwrap();
        self.house.disk.fall_ill(Ill::Slow(SYNC_MS));
        let begun = now_us();
        self.one_by_one().await;
        let ends = tokio::time::Instant::now() + LASTS;
        let senders = join_all((0..SENDERS).map(|sender| self.keep_sending(sender, ends)));
        let before = self.sums()["a"].as_u64().unwrap();
        let (posts, reads, health) =
            join3(senders, self.keep_reading("/v1/lives/a/battle", ends), self.keep_reading("/healthz", ends)).await;
        let end = self.assert_end_is_told_in_time(&short, &bystanders, begun).await;
        let ended = now_us();
        assert!((begun..ended).contains(&end), "the battle has not ended among slow syncs");
        self.house.disk.get_well();
        let posts: Vec<Answered> = posts.into_iter().flatten().collect();
        let slowest = posts.iter().map(Answered::took).max().unwrap();
        println!("disk: slow: {} posts up to {slowest:?}, reads {reads:?}, health {health:?}", posts.len());
        assert!(slowest < ANSWERED_WITHIN && reads < ANSWERED_WITHIN, "{slowest:?}, {reads:?}");
        assert!(health < AT_ONCE + self.seat.course(begun, ended).own, "{health:?}");
        self.assert_totals_after_their_syncs(begun, before, &posts);
        self.assert_undisturbed(begun, ended, "slow");
    }

    /// One score, and one live: each waits for its own sync, and so do the event, the picture, the webhook.
    async fn one_by_one(&self) {
        let before = self.seat.shots(0, now_us()).last().unwrap().blue;
        let post = Post { user: "a", value: 1_000_000, key: "slow-one".to_owned() };
        let answered = self.post(&post).await;
        assert_eq!(answered.status, 200, "{answered:?}");
        assert!(answered.took() >= SYNC, "{answered:?}");
        let kept = kept_at(&answered, &self.house.disk.syncs());
        let event = self.events.first(answered.sent, "onBattleScoreChanged", |_| true).await;
        assert!(event.at >= kept, "an event {} us before its commit", kept - event.at);
        tokio::time::sleep(SETTLED).await;
        let shots = self.seat.shots(answered.sent, now_us());
        let moved = shots.iter().find(|shot| shot.blue.abs_diff(before) > 2).expect("the bar moves");
        assert!(moved.composed + BLUR_US >= kept, "a picture {} us before its commit", kept - moved.composed);
        let answer_to_event = event.at.abs_diff(answered.at);
        println!(
            "disk: slow: kept {} us after it was asked, answer and event {answer_to_event} us apart, picture {} us after the commit",
            kept - answered.sent,
            moved.composed.saturating_sub(kept)
        );

        let body = json!({"liveId": "slow", "owner": {"userId": "slow"}});
        let answered = self.house.ask(Method::POST, "/v1/lives", Some(body), None).await;
        assert_eq!(answered.status, 201, "{answered:?}");
        let kept = kept_at(&answered, &self.house.disk.syncs());
        let hook = self.receiver.heard.first(answered.sent, "live.created", |data| data["liveId"] == "slow").await;
        assert!(hook.at >= kept, "a webhook {} us before its commit", kept - hook.at);
    }

    /// The end of a battle waits for its own commit, and for no more than the one that runs when it is due: told by event and
    /// webhook, not before. When it was due.
    async fn assert_end_is_told_in_time(&self, battle: &str, bystanders: &Heard, begun: u64) -> u64 {
        let is = |data: &Value| data["battleId"] == json!(battle);
        let event = bystanders.first(begun, "onBattleEnded", is).await;
        let hook = self.receiver.heard.first(begun, "battle.ended", is).await;
        // The server's time is the system's, which nobody sets meanwhile.
        let due = hook.data["endTime"].as_u64().unwrap() * 1_000;
        let syncs = self.house.disk.syncs();
        // Its commit cannot have begun before.
        let kept = syncs.iter().find(|sync| sync.begun >= due && !sync.failed).expect("a sync after the end").ended;
        for (what, told) in [("event", &event), ("webhook", &hook)] {
            assert!(told.at >= kept, "{what} of an end {} us before its commit", kept - told.at);
        }
        let within = |from: u64| syncs.iter().filter(move |sync| sync.ended > from && sync.ended <= event.at);
        // Where the log is copied into the file, both are synced once more, and then the log as it begins anew.
        let copied = within(due - 4 * u64::from(SYNC_MS.unsigned_abs()) * 1_000)
            .filter(|sync| sync.file == "costage.db")
            .count();
        let waited = within(due).filter(|sync| sync.file != "costage.db").count();
        assert!(waited <= COMMITS_MAX + 2 * copied, "told after {waited} syncs of the log, {copied} of the file");
        let own = self.seat.course(due, hook.at).own;
        let [told, hooked] = [&event, &hook].map(|told| Duration::from_micros(told.at.saturating_sub(due)));
        let synced = Duration::from_micros(within(due).map(|sync| sync.ended - sync.begun.max(due)).sum());
        println!(
            "disk: slow: a battle's end {told:?} after it was due, {hooked:?} by webhook; {waited} commits took {synced:?}; standstill {own:?}"
        );
        assert!(told < synced + AT_ONCE + own, "{told:?} after it was due, of which syncs took {synced:?}");
        assert!(hooked < ANSWERED_WITHIN + own, "by webhook {hooked:?} after it was due");
        due
    }

    async fn keep_sending(&self, sender: usize, ends: tokio::time::Instant) -> Vec<Answered> {
        let mut all = Vec::new();
        while tokio::time::Instant::now() < ends {
            let post = Post { user: "a", value: 1, key: format!("slow-{sender}-{}", all.len()) };
            let answered = self.post(&post).await;
            assert_eq!(answered.status, 200, "{answered:?}");
            all.push(answered);
        }
        all
    }

    /// The longest answer.
    async fn keep_reading(&self, path: &str, ends: tokio::time::Instant) -> Duration {
        let mut longest = Duration::ZERO;
        while tokio::time::Instant::now() < ends {
            let answered = self.house.get(path).await;
            assert_eq!(answered.status, 200, "{answered:?}");
            longest = longest.max(answered.took());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        longest
    }

    /// No total that was told counts a post whose sync had not returned.
    fn assert_totals_after_their_syncs(&self, begun: u64, before: u64, posts: &[Answered]) {
        let syncs = self.house.disk.syncs();
        let kept: Vec<u64> = posts.iter().map(|answered| kept_at(answered, &syncs)).collect();
        let totals = self.events.since(begun).into_iter().filter(|told| told.kind == "onBattleScoreChanged");
        for told in totals {
            let on_disk = before + kept.iter().filter(|kept| **kept <= told.at).count() as u64;
            let total = told.data["scores"]["a"].as_u64().unwrap();
            assert!(total <= on_disk, "{total} points were told when {on_disk} were on disk");
        }
    }

    /// No sync returns: what waits is bounded, more is refused at once; and nothing that waits is told.
    pub(crate) async fn hang(&mut self) {
        tokio::time::sleep(SETTLED).await;
        let memory = self.house.memory_kib();
        let begun = now_us();
        self.house.disk.fall_ill(Ill::Hangs);
        let mut waiting = Burst::send(&self.house, &self.scores(), "b", "crowd", CROWD).await;
        let refused = waiting.answers(REFUSED_MIN, SETTLED).await;
        assert!(refused.iter().all(Answer::is_refused_as_busy), "{:?}", refused.first());
        let health = self.house.get("/healthz").await;
        assert!(health.status == 200 && health.took() < AT_ONCE * 2, "{health:?}");
        tokio::time::sleep(SETTLED).await;
        let grown = self.house.memory_kib().saturating_sub(memory);
        println!("disk: hangs: {} refused, {} wait, {grown} KiB more", refused.len(), waiting.len());
        assert!(grown < CROWD_KIB_MAX, "{grown} KiB more");
        let told = self.events.since(begun);
        assert!(told.is_empty(), "{told:?}");
        self.assert_undisturbed(begun, now_us(), "hangs");
        self.house.disk.get_well();
        let count = waiting.len();
        for answer in waiting.answers(count, Duration::ZERO).await {
            assert_eq!(answer.status, 200, "who waited was taken: {answer:?}");
            let post = Post { user: "b", value: 1, key: answer.key };
            self.count(&post, answer.body["ledgerSeq"].as_u64().unwrap());
        }
        self.assert_sums().await;
    }
}
