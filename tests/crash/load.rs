//! What is asked of the server while it lives: scores, each sent one to five times at once, and commands.

use std::time::Duration;

use costage::client::{Backend, BackendError, Method};
use serde_json::{Value, json};

use crate::books::{Books, Sure};
use crate::dice::Dice;
use crate::house::House;

/// Workers that post scores, and that give commands.
const SCORERS: u32 = 6;
const COMMANDERS: u32 = 2;
/// As which one request is sent at most.
const COPIES_MAX: u32 = 5;

/// What one worker knows after the server's death.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) scores: Vec<Score>,
    /// Lives that were created, and whether they were ended since.
    pub(crate) lives: Vec<(String, Sure, Option<Sure>)>,
    /// Seats of the worker's live that were locked or unlocked, in order: live, seat, locked.
    pub(crate) locks: Vec<(String, u32, bool, Sure)>,
}

/// A change of scores that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Score {
    pub(crate) battle: String,
    pub(crate) user: String,
    pub(crate) value: u64,
    pub(crate) key: String,
    pub(crate) fate: Fate,
}

/// What became of it, as far as anybody was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nobody answered: it may be counted or not.
    Open,
    /// It is counted, and this is the whole answer: all that is ever answered to it.
    Counted(Value),
    /// It came after the end, and is not counted.
    Late,
}

/// Everybody works until the server is dead.
pub(crate) async fn during(house: &mut House, books: &mut Books, dice: &mut Dice, lives_for: Duration) {
    let mut tasks = Vec::new();
    for number in 0..SCORERS {
        let (backend, targets, dice) = (house.backend.apart().unwrap(), books.targets(), dice.split());
        let prefix = format!("{}-{number}", books.round);
        tasks.push(tokio::spawn(score(backend, targets, dice, prefix)));
    }
    for number in 0..COMMANDERS {
        let (backend, dice) = (house.backend.apart().unwrap(), dice.split());
        let prefix = format!("r{}w{number}", books.round);
        tasks.push(tokio::spawn(command(backend, books.own_live(number), dice, prefix)));
    }
    tokio::time::sleep(lives_for).await;
    // In the middle of it all. The workers end by themselves when nobody answers any more.
    house.kill();
    for task in tasks {
        books.note(task.await.unwrap());
    }
    books.round += 1;
}

/// The same request, one to five times at once.
pub(crate) async fn send_copies(backend: &Backend, score: &Score, dice: &mut Dice) -> Vec<Fate> {
    let copies = (0..=dice.below(COPIES_MAX)).map(|_| {
        let (backend, score) = (backend.clone(), score.clone());
        tokio::spawn(async move { send(&backend, &score).await })
    });
    let mut fates = Vec::new();
    for copy in copies.collect::<Vec<_>>() {
        fates.push(copy.await.unwrap());
    }
    fates
}

/// Sends it, whatever was sent before.
pub(crate) async fn send(backend: &Backend, score: &Score) -> Fate {
    let Score { battle, user, value, key, .. } = score;
    let body = json!({"op": "add", "scores": [{"userId": user, "value": value}], "source": {"reference": key}});
    let path = format!("/v1/battles/{battle}/scores");
    match backend.ask(Method::POST, &path, Some(body), Some(key)).await {
        Ok(answer) => Fate::Counted(answer),
        Err(BackendError::Unreachable { .. }) => Fate::Open,
        Err(BackendError::Refused { code: Some(100_421), .. }) => Fate::Late,
        Err(error) => panic!("refused: {error}"),
    }
}

/// What all copies of one request say together: one thing, or nothing.
pub(crate) fn agreed(key: &str, fates: &[Fate]) -> Fate {
    let mut answered = fates.iter().filter(|fate| **fate != Fate::Open);
    let first = answered.next().unwrap_or(&Fate::Open);
    assert!(answered.all(|fate| fate == first), "one key, two answers: {key}: {fates:?}");
    first.clone()
}

/// Whether it was answered: a refusal is none of those that are expected here.
fn sure(outcome: &Result<Value, BackendError>) -> Sure {
    match outcome {
        Ok(_) => Sure::Yes,
        Err(BackendError::Unreachable { .. }) => Sure::Unknown,
        Err(error) => panic!("refused: {error}"),
    }
}

async fn score(backend: Backend, targets: Vec<(String, [String; 2])>, mut dice: Dice, prefix: String) -> Notes {
    let mut notes = Notes::default();
    loop {
        let (battle, users) = &targets[dice.below(u32::try_from(targets.len()).unwrap()) as usize];
        let (battle, user) = (battle.clone(), users[dice.below(2) as usize].clone());
        let (value, key) = (u64::from(1 + dice.below(100)), format!("{prefix}-{}", notes.scores.len()));
        let mut score = Score { battle, user, value, key, fate: Fate::Open };
        let fates = send_copies(&backend, &score, &mut dice).await;
        score.fate = agreed(&score.key, &fates);
        notes.scores.push(score);
        if fates.contains(&Fate::Open) {
            return notes;
        }
    }
}

pub(crate) async fn create(backend: &Backend, live: &str) -> Result<Value, BackendError> {
    let body = json!({"liveId": live, "owner": {"userId": live}});
    backend.ask(Method::POST, "/v1/lives", Some(body), None).await
}

pub(crate) async fn end(backend: &Backend, live: &str) -> Result<Value, BackendError> {
    backend.ask(Method::DELETE, &format!("/v1/lives/{live}"), None, None).await
}

pub(crate) async fn lock(backend: &Backend, live: &str, seat: u32, lock: bool) -> Result<Value, BackendError> {
    let path = format!("/v1/lives/{live}/seats/{seat}/{}", if lock { "lock" } else { "unlock" });
    backend.ask(Method::POST, &path, Some(json!({})), None).await
}

/// Lives come and go, and seats are locked and unlocked.
async fn command(backend: Backend, own: String, mut dice: Dice, prefix: String) -> Notes {
    let mut notes = Notes::default();
    loop {
        let live = format!("{prefix}n{}", notes.lives.len());
        let created = sure(&create(&backend, &live).await);
        notes.lives.push((live.clone(), created, None));
        if created == Sure::Unknown {
            return notes;
        }
        let (seat, wish) = (1 + dice.below(8), dice.below(2) == 0);
        let locked = sure(&lock(&backend, &own, seat, wish).await);
        notes.locks.push((own.clone(), seat, wish, locked));
        if locked == Sure::Unknown {
            return notes;
        }
        // Few stay: after a thousand kills still far less than a server may hold.
        if dice.below(16) > 0 {
            let ended = sure(&end(&backend, &live).await);
            notes.lives.last_mut().unwrap().2 = Some(ended);
            if ended == Sure::Unknown {
                return notes;
            }
        }
    }
}
