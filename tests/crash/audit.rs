//! Whether the server still knows what it said.

use std::collections::BTreeMap;

use costage::client::{BackendError, Method};
use serde_json::{Value, json};

use crate::books::{self, Books, Sure};
use crate::house::House;
use crate::load::Fate;
use crate::receiver::Receiver;

impl Books {
    /// Asks for all that was answered in the last life of the server, or since.
    pub(crate) async fn audit(&mut self, house: &House) {
        self.ask_once_more(house).await;
        self.audit_battles(house).await;
        for live in std::mem::take(&mut self.fresh_lives) {
            let there = house.backend.ask(Method::GET, &format!("/v1/lives/{live}"), None, None).await;
            let there = match there {
                Ok(_) => true,
                Err(BackendError::Refused { status: 404, .. }) => false,
                Err(error) => panic!("{error}"),
            };
            match self.lives[&live].1 {
                None => assert!(there, "{live} was created, and is gone"),
                Some(_) => assert!(!there, "{live} was ended, and is back"),
            }
        }
        for number in 0..2 {
            let own = self.own_live(number);
            let seats = house.get(&format!("/v1/lives/{own}/seats")).await;
            for seat in seats["seatList"].as_array().or(seats.as_array()).expect("a list of seats") {
                let index = u32::try_from(seat["index"].as_u64().unwrap()).unwrap();
                if let Some((locked, _)) = self.locks.get(&(own.clone(), index)) {
                    assert_eq!(seat["isLocked"], json!(locked), "seat {index} of {own}");
                }
            }
        }
    }

    /// Battles have their own ends, are not over before, and have the scores that were answered, no more and no less.
    async fn audit_battles(&mut self, house: &House) {
        let sums = self.sums();
        for battle in self.battles.iter_mut().flatten().filter(|battle| !battle.over) {
            let seen = house.get(&format!("/v1/battles/{}", battle.id)).await;
            let after = house.time().await;
            let ended = seen["status"] == json!("ended");
            if seen["endTime"] != json!(battle.end) || (ended && after < battle.end) {
                self.findings
                    .wrong_end(&format!("{} was to end at {}, and it is {after}: {seen}", battle.id, battle.end));
            }
            battle.over = ended;
            for user in &battle.users {
                let wanted = sums.get(&(battle.id.clone(), user.clone())).copied().unwrap_or_default();
                let has = seen["scores"][user].as_u64().unwrap();
                let what = format!("{user} has {has} points in {} and was told of {wanted}", battle.id);
                match has.cmp(&wanted) {
                    std::cmp::Ordering::Less => self.findings.lost(&what),
                    std::cmp::Ordering::Equal => {}
                    std::cmp::Ordering::Greater => self.findings.doubled(&what),
                }
            }
        }
    }

    /// Every live that was created, every end of one, every connection and battle was told of by one id, and what was told last
    /// of a seat is what it was asked to be.
    pub(crate) fn audit_webhooks(&self, receiver: &Receiver) {
        let told = receiver.ids_by_subject();
        let ids = |kind: &str, of: &String| told.get(&(kind.to_owned(), of.clone())).map_or(0, Vec::len);
        for (live, (_, ended)) in &self.lives {
            let wanted = (1, usize::from(ended.is_some()));
            assert_eq!((ids("live.created", live), ids("live.ended", live)), wanted, "ids of {live}");
        }
        for battle in self.battles.iter().flatten() {
            let wanted = (1, usize::from(battle.over));
            assert_eq!((ids("battle.started", &battle.id), ids("battle.ended", &battle.id)), wanted, "{battle:?}");
        }
        for pair in 0..self.battles.len() {
            let [inviter, _] = books::pair_of(pair);
            assert_eq!(ids("coHost.connected", &inviter), 1, "ids of the connection of {inviter}");
        }
        let told = receiver.locks();
        for ((live, seat), (locked, _)) in &self.locks {
            // Of a seat that was only ever asked to be what it was, nothing is told.
            assert_eq!(told.get(&(live.clone(), *seat)).copied().unwrap_or(false), *locked, "seat {seat} of {live}");
        }
    }

    /// Whether all that must be told of has been.
    pub(crate) fn are_told(&self, receiver: &Receiver) -> bool {
        let told = receiver.ids_by_subject();
        let is_told = |kind: &str, of: &String| told.contains_key(&(kind.to_owned(), of.clone()));
        let lives = self.lives.iter().all(|(live, (_, ended))| {
            is_told("live.created", live) && (ended.is_none() || is_told("live.ended", live))
        });
        let locks = receiver.locks();
        let seats = self.locks.iter().all(|(seat, (locked, _))| locks.get(seat).copied().unwrap_or(false) == *locked);
        let battles = self.battles.iter().flatten();
        lives
            && seats
            && battles
                .into_iter()
                .all(|it| is_told("battle.started", &it.id) && (!it.over || is_told("battle.ended", &it.id)))
    }

    /// The ledger on disk, read without the server: whole, balanced, each answered key once, and no other.
    pub(crate) fn audit_ledger(&mut self, house: &House) {
        house.said(&["ledger", "verify"]);
        house.said(&["ledger", "balance"]);
        let mut rows: BTreeMap<String, Value> = BTreeMap::new();
        for line in house.said(&["ledger", "export"]).lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            if row["rows"].is_number() {
                continue; // the last line, which counts them
            }
            let key = row["idempotencyKey"].as_str().unwrap().to_owned();
            if !self.scores.contains_key(&key) {
                self.findings.doubled(&format!("{key} was never sent: {row}"));
            }
            if rows.insert(key.clone(), row).is_some() {
                self.findings.doubled(&format!("{key} is counted twice"));
            }
        }
        for score in self.scores.values() {
            match (&score.fate, rows.get(&score.key)) {
                (Fate::Counted(answer), Some(row)) => {
                    let found = ["scores", "battleId", "battleId", "battleSeq", "totals"].map(|name| &row[name]);
                    let [scores, battle] = [json!({&score.user: score.value}), json!(score.battle)];
                    let told = ["battleId", "ledgerSeq", "scores"].map(|name| &answer[name]);
                    if found != [&scores, &battle, told[0], told[1], told[2]] {
                        self.findings.lost(&format!("{score:?} is kept as {row}"));
                    }
                }
                (Fate::Counted(_), None) => self.findings.lost(&format!("{score:?} is not in the ledger")),
                (Fate::Late, Some(row)) => self.findings.doubled(&format!("{score:?} was refused, and is kept: {row}")),
                (Fate::Late, None) => {}
                (Fate::Open, _) => panic!("{score:?} was never answered"),
            }
        }
    }

    /// Whether there is nothing of which nobody knows whether it happened.
    pub(crate) fn is_sure(&self) -> bool {
        let lives = self
            .lives
            .values()
            .all(|(created, ended)| *created == Sure::Yes && ended.is_none_or(|ended| ended == Sure::Yes));
        lives && self.locks.values().all(|(_, sure)| *sure == Sure::Yes)
    }
}
