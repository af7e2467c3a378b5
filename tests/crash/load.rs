//! What is asked of the server while it lives: scores, each sent one to five times at once, and commands.

use std::time::Duration;

use costage::client::{Backend, BackendError, Method};
use serde_json::{Value, json};

use crate::audit::{Books, Sure};
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
    /// Numbers of the ledger in the answers; none when nobody answered.
    pub(crate) answers: Vec<u64>,
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
        let user = users[dice.below(2) as usize].clone();
        let (value, key) = (u64::from(1 + dice.below(100)), format!("{prefix}-{}", notes.scores.len()));
        let body = json!({"op": "add", "scores": [{"userId": user, "value": value}], "source": {"reference": key}});
        let path = format!("/v1/battles/{battle}/scores");
        let copies = (0..=dice.below(COPIES_MAX)).map(|_| {
            let (backend, path, body, key) = (backend.clone(), path.clone(), body.clone(), key.clone());
            tokio::spawn(async move { backend.ask(Method::POST, &path, Some(body), Some(&key)).await })
        });
        let (mut answers, mut dead, mut over) = (Vec::new(), false, false);
        for copy in copies.collect::<Vec<_>>() {
            match copy.await.unwrap() {
                Ok(answer) => answers.push(answer["ledgerSeq"].as_u64().unwrap()),
                Err(BackendError::Unreachable { .. }) => dead = true,
                // A battle of a few seconds.
                Err(BackendError::Refused { code: Some(100_421), .. }) => over = true,
                Err(error) => panic!("refused: {error}"),
            }
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "one key, two answers: {answers:?}");
        if !over || !answers.is_empty() {
            notes.scores.push(Score { battle: battle.clone(), user, value, key, answers });
        }
        if dead {
            return notes;
        }
    }
}

/// Lives come and go, and seats are locked and unlocked.
async fn command(backend: Backend, own: String, mut dice: Dice, prefix: String) -> Notes {
    let mut notes = Notes::default();
    loop {
        let live = format!("{prefix}n{}", notes.lives.len());
        let owner = json!({"userId": live});
        let body = json!({"liveId": live, "owner": owner});
        let created = sure(&backend.ask(Method::POST, "/v1/lives", Some(body), None).await);
        notes.lives.push((live.clone(), created, None));
        if created == Sure::Unknown {
            return notes;
        }
        let (seat, lock) = (1 + dice.below(8), dice.below(2) == 0);
        let path = format!("/v1/lives/{own}/seats/{seat}/{}", if lock { "lock" } else { "unlock" });
        let locked = sure(&backend.ask(Method::POST, &path, Some(json!({})), None).await);
        notes.locks.push((own.clone(), seat, lock, locked));
        if locked == Sure::Unknown {
            return notes;
        }
        // Few stay: after a thousand kills still far less than a server may hold.
        if dice.below(16) > 0 {
            let ended = sure(&backend.ask(Method::DELETE, &format!("/v1/lives/{live}"), None, None).await);
            notes.lives.last_mut().unwrap().2 = Some(ended);
            if ended == Sure::Unknown {
                return notes;
            }
        }
    }
}
