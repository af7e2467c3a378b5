//! What a kill cut off is sent again after the restart with the same key, as a client does that got no answer. Then there is
//! nothing left of which nobody knows whether it happened.

use std::collections::BTreeMap;

use costage::client::BackendError;
use tokio::task::JoinSet;

use crate::books::{Books, Sure};
use crate::dice::Dice;
use crate::house::House;
use crate::load::{self, Fate, Score};

/// Requests that are under way at once.
const AT_ONCE: usize = 6;

impl Books {
    pub(crate) async fn send_again(&mut self, house: &House, dice: &mut Dice) {
        let open = self.fresh.iter().filter(|key| self.scores[*key].fate == Fate::Open);
        let open: Vec<Score> = open.map(|key| self.scores[key].clone()).collect();
        for score in open {
            let fates = load::send_copies(&house.backend, &score, dice).await;
            let fate = load::agreed(&score.key, &fates);
            assert!(!fates.contains(&Fate::Open), "{score:?} is not answered, and nobody was killed");
            self.again += 1;
            self.scores.get_mut(&score.key).expect("it is known").fate = fate;
        }
        for live in &self.fresh_lives {
            let (created, ended) = self.lives.get_mut(live).expect("it is known");
            if *created == Sure::Unknown {
                is_so(live, load::create(&house.backend, live).await, 409);
                *created = Sure::Yes;
            }
            if *ended == Some(Sure::Unknown) {
                is_so(live, load::end(&house.backend, live).await, 404);
                *ended = Some(Sure::Yes);
            }
        }
        for ((live, seat), (lock, sure)) in self.locks.iter_mut().filter(|(_, (_, sure))| *sure == Sure::Unknown) {
            load::lock(&house.backend, live, *seat, *lock).await.unwrap();
            *sure = Sure::Yes;
        }
    }

    /// Everything that was answered in the last life is asked once more, and must be answered alike.
    pub(crate) async fn ask_once_more(&mut self, house: &House) {
        let mut waiting: Vec<Score> = self.fresh.drain(..).map(|key| self.scores[&key].clone()).collect();
        let (mut asked, mut answers) = (JoinSet::new(), BTreeMap::new());
        loop {
            while asked.len() < AT_ONCE
                && let Some(score) = waiting.pop()
            {
                let backend = house.backend.clone();
                asked.spawn(async move { (load::send(&backend, &score).await, score) });
            }
            let Some(answer) = asked.join_next().await else { break };
            let (fate, score) = answer.unwrap();
            answers.insert(score.key.clone(), (fate, score));
        }
        for (fate, score) in answers.into_values() {
            match (&score.fate, &fate) {
                (before, now) if before == now => {}
                (Fate::Late, Fate::Counted(_)) => self.findings.doubled(&format!("{score:?} is {fate:?}")),
                (_, _) => self.findings.lost(&format!("{score:?} is {fate:?}")),
            }
        }
    }
}

/// It was done now, or the server says with this status that it had been done before.
fn is_so<T>(live: &str, outcome: Result<T, BackendError>, done_before: u16) {
    match outcome {
        Ok(_) => {}
        Err(BackendError::Refused { status, .. }) if status == done_before => {}
        Err(error) => panic!("{live}: {error}"),
    }
}
