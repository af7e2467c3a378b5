//! Battles: asked for, answered, scored, left, repeated.

use super::{Draw, Step, names};
use crate::command::{BattleWish, Command, Gift, Table};
use crate::rules::{Battle, Model, Stage};
use crate::words::Text;

/// Keys of changes: few, so that they are used again.
const KEYS: [Text; 6] = ["k0", "k1", "k2", "k3", "k4", "k5"];
/// Who gives.
const SENDERS: [Text; 6] = ["", "s0", "s1", "s2", "s3", "s4"];
/// 2^53 − 1.
const MOST: i64 = (1 << 53) - 1;

impl Draw {
    /// The number of a battle: one of the last, mostly.
    pub(super) fn battle(&mut self, model: &Model) -> usize {
        if self.dice.percent(90) {
            model.battles_ever.saturating_sub(self.index(3))
        } else {
            self.index(model.battles_ever + 2)
        }
    }

    pub(super) fn battles(&mut self, model: &Model) -> Command {
        if model.battles.is_empty() || self.dice.percent(15) {
            if self.dice.percent(2) {
                return Command::SetGifts(self.table());
            }
            return self.request_battle(model);
        }
        let open: Vec<usize> =
            model.battles.iter().filter(|it| !matches!(it.stage, Stage::Ended(..))).map(|it| it.number).collect();
        let number = if self.dice.percent(75) { self.one_of(&open) } else { None };
        let number = number.unwrap_or_else(|| self.battle(model));
        match model.battle(number) {
            Some(battle) => self.about(battle),
            None => Command::AcceptBattle { battle: number, user: names::host_of(self.lives[0]) },
        }
    }

    fn about(&mut self, battle: &Battle) -> Command {
        let number = battle.number;
        let any = self.fighter(battle);
        match battle.stage {
            Stage::Pending => {
                let asked: Vec<Text> = battle.fighters.iter().filter(|it| it.asked).map(|it| it.host.user.id).collect();
                let user = if self.dice.percent(80) { self.one_of(&asked).unwrap_or(any) } else { any };
                match self.dice.below(16) {
                    0..9 => Command::AcceptBattle { battle: number, user },
                    9 | 10 => Command::RejectBattle { battle: number, user },
                    11 => Command::CancelBattle { battle: number, users: None },
                    12 => Command::CancelBattle { battle: number, users: Some(self.users(user)) },
                    13 => Command::ExitBattle { battle: number, user: any },
                    14 => Command::Rematch { battle: number, user: Some(any) },
                    _ => self.points(battle),
                }
            }
            Stage::Running => match self.dice.below(20) {
                0 | 1 => Command::ExitBattle { battle: number, user: any },
                2 => match self.dice.below(4) {
                    0 => Command::AcceptBattle { battle: number, user: any },
                    1 => Command::RejectBattle { battle: number, user: any },
                    2 => Command::CancelBattle { battle: number, users: Some(vec![any]) },
                    _ => Command::Rematch { battle: number, user: Some(any) },
                },
                _ => self.points(battle),
            },
            Stage::Ended(..) => match self.dice.below(12) {
                0 => Command::ExitBattle { battle: number, user: any },
                1 => Command::AcceptBattle { battle: number, user: any },
                2 => Command::CancelBattle { battle: number, users: None },
                3..8 => {
                    let user = if self.dice.coin() { Some(any) } else { None };
                    Command::Rematch { battle: number, user }
                }
                _ => self.points(battle),
            },
        }
    }

    /// One of its hosts, rarely somebody else.
    fn fighter(&mut self, battle: &Battle) -> Text {
        if self.dice.percent(3) {
            return names::host_of(self.dice.pick(self.lives));
        }
        battle.fighters[self.index(battle.fighters.len())].host.user.id
    }

    fn users(&mut self, user: Text) -> Vec<Text> {
        let other = names::host_of(self.dice.pick(self.lives));
        match self.dice.below(8) {
            0 => vec![],
            1 => vec![user, user],
            2 | 3 => vec![user, other],
            _ => vec![user],
        }
    }

    fn request_battle(&mut self, model: &Model) -> Command {
        let live = self.member(model);
        let others: Vec<Text> = model.together(live).into_iter().filter(|other| *other != live).collect();
        let count = self.dice.weighted(&[(4, 1), (4, 2), (2, 3), (3, 8)]);
        let user = |live: Text| model.live(live).map_or(names::host_of(live), |live| live.owner.id);
        let mut users: Vec<Text> = self.dice.some(&others, count).into_iter().map(user).collect();
        if users.is_empty() || self.dice.percent(4) {
            users.push(names::host_of(self.dice.pick(self.lives)));
        }
        let (need_response, timeout) = self.dice.weighted(&[
            (8, (Some(false), None)),
            (4, (Some(false), Some(0))),
            (8, (Some(true), Some(20))),
            (3, (Some(true), Some(0))),
            (3, (None, None)),
            (1, (None, Some(0))),
            (1, (Some(false), Some(5))),
        ]);
        let seconds = self.dice.weighted(&[(5, Some(5)), (5, Some(30)), (3, None), (1, Some(86_400))]);
        let seconds = if self.dice.percent(1) { self.dice.pick(&[Some(4), Some(86_401)]) } else { seconds };
        let punishment = self.dice.weighted(&[(6, 0), (6, 10), (1, 3_600)]);
        Command::Battle(Box::new(BattleWish {
            live,
            users,
            seconds,
            need_response,
            timeout: if self.dice.percent(1) { Some(121) } else { timeout },
            extension: self.extension(),
            punishment: if self.dice.percent(1) { 3_601 } else { punishment },
            part_after: self.dice.percent(25),
        }))
    }

    /// A battle is over, but not closed yet, when one who is connected asks for another with one of its hosts.
    pub(super) fn overtime(&mut self, model: &Model) -> Option<Step> {
        let running: Vec<&Battle> =
            model.battles.iter().filter(|battle| matches!(battle.stage, Stage::Running)).collect();
        let battle = self.one_of(&running)?;
        let host = battle.fighters.iter().find(|fighter| !fighter.left)?.host;
        let free = |live: &Text| model.battle_of(live).is_none();
        let free: Vec<Text> = model.together(host.live).into_iter().filter(free).collect();
        let [live, other, ..] = free[..] else { return None };
        self.queue.push(Step::Ask(Command::Battle(Box::new(BattleWish {
            live,
            users: vec![host.user.id, model.live(other)?.owner.id],
            seconds: None,
            need_response: Some(false),
            timeout: None,
            extension: "",
            punishment: 0,
            part_after: false,
        }))));
        Some(Step::Late(battle.end.saturating_sub(model.now).max(1)))
    }

    /// New points, or once more what was posted before.
    fn points(&mut self, battle: &Battle) -> Command {
        if !battle.rows.is_empty() && self.dice.percent(12) {
            let row = &battle.rows[self.index(battle.rows.len())];
            return match row.gift {
                Some(gift) => Command::Gift { battle: battle.number, key: row.key, gift },
                None => Command::Score {
                    battle: battle.number,
                    key: row.key,
                    set: row.set,
                    scores: row.scores.iter().rev().copied().collect(),
                    sender: row.sender,
                },
            };
        }
        // A key that is new, mostly.
        let fresh: Vec<Text> = names::crowd()
            .iter()
            .copied()
            .filter(|key| battle.rows.iter().all(|row| row.key != *key))
            .take(1)
            .collect();
        let key = if self.dice.percent(80) { self.one_of(&fresh).unwrap_or("k0") } else { self.dice.pick(&KEYS) };
        let sender = self.dice.pick(&SENDERS);
        let sender = if self.dice.below(400) == 0 { names::long(201) } else { sender };
        if self.dice.percent(30) {
            let gift = self.gift(battle, sender);
            return Command::Gift { battle: battle.number, key, gift };
        }
        let count = self.dice.weighted(&[(10, 1), (6, 2), (2, 3)]);
        let users: Vec<Text> = battle.fighters.iter().map(|it| it.host.user.id).collect();
        let mut users = self.dice.some(&users, count);
        match self.dice.below(60) {
            0 => users.push(names::host_of(self.dice.pick(self.lives))),
            1 => users.clear(),
            _ => {}
        }
        let scores = users.into_iter().map(|user| (user, self.value())).collect();
        Command::Score { battle: battle.number, key, set: self.dice.percent(15), scores, sender }
    }

    fn value(&mut self) -> i64 {
        let small = i64::try_from(self.dice.below(300)).expect("small");
        self.dice.weighted(&[
            (20, small),
            (4, 100),
            (3, -small),
            (1, MOST),
            (1, MOST - 50),
            (1, i64::MIN),
            (1, i64::MAX),
        ])
    }

    fn gift(&mut self, battle: &Battle, sender: Text) -> Gift {
        let bad = self.dice.percent(3);
        Gift {
            receiver: self.fighter(battle),
            gift: if bad {
                self.dice.pick(&["", names::long(201)])
            } else {
                self.dice.pick(&["rocket", "rose", "cat"])
            },
            count: self.dice.weighted(&[(20, 1), (6, 3), (1, 1_000_000), (1, if bad { 0 } else { 2 })]),
            value: self.dice.weighted(&[
                (2, 0),
                (6, 1),
                (6, 99),
                (6, 100),
                (3, 1_000),
                (1, 1 << 52),
                (1, if bad { 1 << 53 } else { 7 }),
            ]),
            sender,
        }
    }

    /// The table that the guides use, or another.
    pub(super) fn table(&mut self) -> Table {
        match self.dice.below(8) {
            0 => Table::default(),
            1 => Table { fixed: vec![("rose", 3)], tiers: vec![(100, 2)] },
            2 => Table { fixed: vec![], tiers: vec![(0, 1), (99, u64::MAX)] },
            _ => Table { fixed: vec![("rocket", 500)], tiers: vec![(1, 5), (100, 8), (1_000, 12)] },
        }
    }
}
