//! What was asked and what was answered: what the server must therefore still know.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use costage::client::Method;
use serde_json::json;

use crate::dice::Dice;
use crate::ends::Ends;
use crate::house::House;
use crate::load::{Fate, Notes, Score};
use crate::receiver::Receiver;

/// Pairs of lives that battle for a few seconds at a time, and pairs whose battle outlives the test.
const SHORT_PAIRS: usize = 8;
const LONG_PAIRS: usize = 2;
const SHORT_SECONDS: u64 = 5;
const LONG_SECONDS: u64 = 86_400;

/// Whether something was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sure {
    Yes,
    /// The server died over it: it may have happened or not.
    Unknown,
}

#[derive(Debug)]
pub(crate) struct Battle {
    pub(crate) id: String,
    pub(crate) users: [String; 2],
    /// When it must end, ms of the server's time; a long one does not.
    pub(crate) end: u64,
    pub(crate) short: bool,
    /// It was seen to be over.
    pub(crate) over: bool,
}

/// What was found wrong. Each is printed at once; a run goes on, and fails at its end.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) lost: u32,
    pub(crate) doubled: u32,
    pub(crate) wrong_ends: u32,
}

impl Findings {
    pub(crate) fn lost(&mut self, what: &str) {
        println!("crash: LOST: {what}");
        self.lost += 1;
    }

    pub(crate) fn doubled(&mut self, what: &str) {
        println!("crash: DOUBLED: {what}");
        self.doubled += 1;
    }

    pub(crate) fn wrong_end(&mut self, what: &str) {
        println!("crash: WRONG END: {what}");
        self.wrong_ends += 1;
    }
}

/// Everything that was said.
#[derive(Default)]
pub(crate) struct Books {
    pub(crate) round: u32,
    /// By pair, the running one last.
    pub(crate) battles: Vec<Vec<Battle>>,
    pub(crate) scores: BTreeMap<String, Score>,
    /// Keys that have not been looked at since they were sent.
    pub(crate) fresh: Vec<String>,
    /// Scores that nobody answered before they were sent again.
    pub(crate) again: u32,
    pub(crate) lives: BTreeMap<String, (Sure, Option<Sure>)>,
    pub(crate) fresh_lives: Vec<String>,
    /// What the locks were last asked to be, and whether they surely are.
    pub(crate) locks: BTreeMap<(String, u32), (bool, Sure)>,
    pub(crate) ends: Ends,
    pub(crate) findings: Findings,
}

impl Books {
    /// The lives that stay, in connections of two; and those whose seats are locked.
    pub(crate) async fn open_lives(&mut self, house: &House) {
        for pair in 0..SHORT_PAIRS + LONG_PAIRS {
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

    /// Each pair battles; where the webhook of the last battle's end has come, anew.
    pub(crate) async fn open_battles(&mut self, house: &House, receiver: &Receiver, dice: &mut Dice) {
        for (pair, battles) in self.battles.iter_mut().enumerate() {
            if battles.last().is_some_and(|battle| receiver.end(&battle.id).is_none()) {
                continue;
            }
            let (users, short) = (pair_of(pair), pair < SHORT_PAIRS);
            let seconds = if short { SHORT_SECONDS + u64::from(dice.below(3)) } else { LONG_SECONDS };
            // Half of them are asked for, and agreed to.
            let asked = dice.below(2) == 0;
            let timeout = if asked { 10 } else { 0 };
            let body = json!({"userIds": [&users[1]], "durationSeconds": seconds, "needResponse": asked, "timeoutSeconds": timeout});
            let path = format!("/v1/lives/{}/battles", users[0]);
            let mut battle = house.backend.ask(Method::POST, &path, Some(body), None).await.unwrap();
            let id = battle["battleId"].as_str().unwrap().to_owned();
            if asked {
                let (path, body) = (format!("/v1/battles/{id}/accept"), json!({"userId": &users[1]}));
                house.backend.ask(Method::POST, &path, Some(body), None).await.unwrap();
                battle = house.get(&format!("/v1/battles/{id}")).await;
            }
            let end = battle["endTime"].as_u64().unwrap();
            battles.push(Battle { id, users, end, short, over: false });
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
            self.locks.insert((live, seat), (lock, sure));
        }
    }

    /// What the scores of battles must be that were not seen to be over, once everything was answered.
    pub(crate) fn sums(&self) -> BTreeMap<(String, String), u64> {
        let open = self.battles.iter().flatten().filter(|battle| !battle.over);
        let open: BTreeSet<&String> = open.map(|battle| &battle.id).collect();
        let counted = |score: &&Score| matches!(score.fate, Fate::Counted(_)) && open.contains(&score.battle);
        let mut sums = BTreeMap::new();
        for score in self.scores.values().filter(counted) {
            *sums.entry((score.battle.clone(), score.user.clone())).or_default() += score.value;
        }
        sums
    }
}

/// The lives of a pair, the inviter first.
pub(crate) fn pair_of(pair: usize) -> [String; 2] {
    [format!("p{pair}a"), format!("p{pair}b")]
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = self.scores.values().filter(|score| matches!(score.fate, Fate::Counted(_))).count();
        let late = self.scores.values().filter(|score| score.fate == Fate::Late).count();
        let (sent, again) = (self.scores.len(), self.again);
        let battles = self.battles.iter().map(Vec::len).sum::<usize>();
        write!(
            f,
            "{} of {sent} scores answered ({counted} counted, {late} refused after the end; {again} of them only when sent \
             again after a kill), {} lives, {battles} battles",
            counted + late,
            self.lives.len()
        )
    }
}
