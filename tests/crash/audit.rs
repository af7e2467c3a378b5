//! What the server has said, and what it must therefore still know.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use costage::client::{BackendError, Method};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::house::{House, PATIENCE};
use crate::load::{Notes, Score};
use crate::receiver::Receiver;

/// Pairs of lives that battle, the first half of them for a few seconds at a time.
const PAIRS: usize = 4;
const SHORT_SECONDS: u64 = 5;
const LONG_SECONDS: u64 = 86_400;
/// How late an end may be, ms; beyond that it must be over when the server is asked first.
const END_LATE_MS: u64 = 500;

/// Whether something was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sure {
    Yes,
    /// The server died over it: it may have happened or not.
    Unknown,
}

struct Battle {
    id: String,
    users: [String; 2],
    end: u64,
    over: bool,
}

/// Everything that was said.
#[derive(Default)]
pub(crate) struct Books {
    pub(crate) round: u32,
    /// By pair, the running one last.
    battles: Vec<Vec<Battle>>,
    scores: BTreeMap<String, Score>,
    /// Keys that have not been looked at since they were answered.
    fresh: Vec<String>,
    lives: BTreeMap<String, (Sure, Option<Sure>)>,
    fresh_lives: Vec<String>,
    /// What the locks were last known to be: nothing where that is not known.
    locks: BTreeMap<(String, u32), Option<bool>>,
}

impl Books {
    /// Each pair has a battle that goes on.
    pub(crate) async fn open_battles(&mut self, house: &House, dice: &mut Dice) {
        if self.battles.is_empty() {
            for pair in 0..PAIRS {
                let [a, b] = pair_of(pair);
                house.backend.create_live(&a, &a).await.unwrap();
                house.backend.create_live(&b, &b).await.unwrap();
                house.backend.connect(&a, &b).await.unwrap();
                self.battles.push(Vec::new());
            }
            for number in 0..2 {
                house.backend.create_live(&self.own_live(number), "own").await.unwrap();
            }
        }
        let now = house.time().await;
        for (pair, battles) in self.battles.iter_mut().enumerate() {
            if battles.last().is_some_and(|battle| battle.end > now + 100) {
                continue;
            }
            if let Some(last) = battles.last() {
                let began = Instant::now();
                while house.get(&format!("/v1/battles/{}", last.id)).await["status"] != json!("ended") {
                    assert!(began.elapsed() < PATIENCE, "a battle does not end");
                }
            }
            let users = pair_of(pair);
            let short = SHORT_SECONDS + u64::from(dice.below(3));
            let seconds = if pair < PAIRS / 2 { short } else { LONG_SECONDS };
            let body = json!({"userIds": [&users[1]], "durationSeconds": seconds, "needResponse": false});
            let path = format!("/v1/lives/{}/battles", users[0]);
            let started = house.backend.ask(Method::POST, &path, Some(body), None).await.unwrap();
            let (id, end) = (started["battleId"].as_str().unwrap().to_owned(), started["endTime"].as_u64().unwrap());
            battles.push(Battle { id, users, end, over: false });
        }
    }

    /// Where scores go.
    pub(crate) fn targets(&self) -> Vec<(String, [String; 2])> {
        let running = self.battles.iter().filter_map(|battles| battles.last());
        running.map(|battle| (battle.id.clone(), battle.users.clone())).collect()
    }

    /// The live whose seats a worker locks.
    pub(crate) fn own_live(&self, number: u32) -> String {
        format!("own{number}")
    }

    pub(crate) fn note(&mut self, notes: Notes) {
        for score in notes.scores {
            self.fresh.push(score.key.clone());
            assert!(self.scores.insert(score.key.clone(), score).is_none(), "keys are unique");
        }
        for (live, created, ended) in notes.lives {
            self.fresh_lives.push(live.clone());
            self.lives.insert(live, (created, ended));
        }
        for (live, seat, lock, sure) in notes.locks {
            self.locks.insert((live, seat), (sure == Sure::Yes).then_some(lock));
        }
    }

    /// Asks for all that was answered in the last life of the server.
    pub(crate) async fn audit(&mut self, house: &House) {
        self.audit_battles(house).await;
        for key in std::mem::take(&mut self.fresh) {
            let score = &self.scores[&key];
            if let Some(seq) = score.answers.first() {
                assert_eq!(answered(house, score).await, Some(*seq), "{score:?} was answered, and is not what it was");
            }
        }
        for live in std::mem::take(&mut self.fresh_lives) {
            let there = house.backend.ask(Method::GET, &format!("/v1/lives/{live}"), None, None).await;
            let there = match there {
                Ok(_) => true,
                Err(BackendError::Refused { status: 404, .. }) => false,
                Err(error) => panic!("{error}"),
            };
            match self.lives[&live] {
                (Sure::Yes, None) => assert!(there, "{live} was created, and is gone"),
                (Sure::Yes, Some(Sure::Yes)) => assert!(!there, "{live} was ended, and is back"),
                (Sure::Yes, Some(Sure::Unknown)) | (Sure::Unknown, _) => {}
            }
        }
        for number in 0..2 {
            let own = self.own_live(number);
            let seats = house.get(&format!("/v1/lives/{own}/seats")).await;
            for seat in seats["seatList"].as_array().or(seats.as_array()).expect("a list of seats") {
                let index = u32::try_from(seat["index"].as_u64().unwrap()).unwrap();
                if let Some(Some(locked)) = self.locks.get(&(own.clone(), index)) {
                    assert_eq!(seat["isLocked"], json!(locked), "seat {index} of {own}");
                }
            }
        }
    }

    /// Battles have their own ends, are not over before, and over when those have passed.
    async fn audit_battles(&mut self, house: &House) {
        for battle in self.battles.iter_mut().flatten().filter(|battle| !battle.over) {
            let before = house.time().await;
            let seen = house.get(&format!("/v1/battles/{}", battle.id)).await;
            let after = house.time().await;
            assert_eq!(seen["endTime"], json!(battle.end), "the end of {} has moved", battle.id);
            battle.over = seen["status"] == json!("ended");
            assert!(battle.over || before < battle.end + END_LATE_MS, "{} should have ended: {seen}", battle.id);
            assert!(!battle.over || after >= battle.end, "{} has ended too early: {seen}", battle.id);
        }
    }

    /// The short ones end, each at its time.
    pub(crate) async fn audit_battles_that_end(&mut self, house: &House) {
        let shorts = |books: &Self| books.battles[..PAIRS / 2].iter().flatten().any(|battle| !battle.over);
        let began = Instant::now();
        while shorts(self) {
            self.audit_battles(house).await;
            assert!(began.elapsed() < PATIENCE, "battles do not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every live that was created was told of by one id.
    pub(crate) fn audit_webhooks(&self, receiver: &Receiver) {
        let told = receiver.ids_by_subject();
        for (live, (created, ended)) in &self.lives {
            let ids = |kind: &str| told.get(&(kind.to_owned(), live.clone())).map_or(0, Vec::len);
            let (of_creation, of_end) = (ids("live.created"), ids("live.ended"));
            assert!(of_creation <= 1 && of_end <= 1, "{live}: {of_creation} and {of_end} ids");
            assert!(*created == Sure::Unknown || of_creation == 1, "nobody was told that {live} was created");
            assert!(*ended != Some(Sure::Yes) || of_end == 1, "nobody was told that {live} has ended");
        }
        for battle in self.battles.iter().flatten() {
            let ids = |kind: &str| told.get(&(kind.to_owned(), battle.id.clone())).map_or(0, Vec::len);
            assert_eq!(ids("battle.started"), 1, "the start of {}", battle.id);
            assert_eq!(ids("battle.ended"), usize::from(battle.over), "the end of {}", battle.id);
        }
    }

    /// Whether as many creations, ends and battles have been told of as were answered.
    pub(crate) fn are_told(&self, receiver: &Receiver) -> bool {
        let told = receiver.ids_by_subject();
        let is_told = |kind: &str, of: &String| told.contains_key(&(kind.to_owned(), of.clone()));
        let lives = self.lives.iter().all(|(live, (created, ended))| {
            (*created == Sure::Unknown || is_told("live.created", live))
                && (*ended != Some(Sure::Yes) || is_told("live.ended", live))
        });
        lives && self.battles.iter().flatten().all(|it| !it.over || is_told("battle.ended", &it.id))
    }

    /// The ledger on disk, read without the server: whole, balanced, with each answered key once.
    pub(crate) fn audit_ledger(&self, house: &House) {
        house.said(&["ledger", "verify"]);
        house.said(&["ledger", "balance"]);
        let mut rows: BTreeMap<String, Value> = BTreeMap::new();
        for line in house.said(&["ledger", "export"]).lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            if row["rows"].is_number() {
                continue; // the last line, which counts them
            }
            let key = row["idempotencyKey"].as_str().unwrap().to_owned();
            assert!(self.scores.contains_key(&key), "{key} was never sent");
            assert!(rows.insert(key.clone(), row).is_none(), "{key} is counted twice");
        }
        for score in self.scores.values() {
            let row = rows.get(&score.key);
            assert!(row.is_some() || score.answers.is_empty(), "{score:?} was answered, and is lost");
            if let Some(row) = row {
                let wanted = json!({&score.user: score.value});
                assert_eq!((&row["scores"], &row["battleId"]), (&wanted, &json!(score.battle)), "{row}");
                assert!(score.answers.first().is_none_or(|seq| row["battleSeq"] == json!(seq)), "{row}");
            }
        }
    }
}

/// The answer to the same request once more.
async fn answered(house: &House, score: &Score) -> Option<u64> {
    let Score { battle, user, value, key, .. } = score;
    let body = json!({"op": "add", "scores": [{"userId": user, "value": value}], "source": {"reference": key}});
    let path = format!("/v1/battles/{battle}/scores");
    let answer = house.backend.ask(Method::POST, &path, Some(body), Some(key)).await;
    answer.ok().and_then(|answer| answer["ledgerSeq"].as_u64())
}

fn pair_of(pair: usize) -> [String; 2] {
    [format!("p{pair}a"), format!("p{pair}b")]
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answered = self.scores.values().filter(|score| !score.answers.is_empty()).count();
        let (scores, battles) = (self.scores.len(), self.battles.iter().map(Vec::len).sum::<usize>());
        write!(f, "{answered} of {scores} scores answered, {} lives, {battles} battles", self.lives.len())
    }
}
