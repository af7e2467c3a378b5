//! Battles that are asked for: accepted, rejected, cancelled, not answered in time.

use super::battles::NEVER_STARTED;
use super::{
    Allowed, Battle, Config, Fighter, Link, Live, Model, Outcome, Stage, number, refuse, refuse_at, short, within,
};
use crate::command::BattleWish;
use crate::said::{Answer, Ask, Asked, Case, Event, Refusal};
use crate::twist::Twist;
use crate::words::Text;

/// The product's answer codes.
const SUCCESS: u64 = 0;
const ROOM_NOT_EXIST: u64 = 1;
const BATTLING: u64 = 2;
const BATTLING_OTHER_ROOM: u64 = 3;
const ROOM_EXIT: u64 = 4;
const RETRY: u64 = 5;

impl Model {
    pub(super) fn request_battle(&mut self, wish: &BattleWish) -> Outcome {
        let config = check(wish)?;
        let inviter = self.known(wish.live)?;
        if wish.users.contains(&inviter.owner.id) {
            return refuse(Case::Invalid, "userIds");
        }
        let together = self.together(wish.live);
        let mut asked = Vec::new();
        for user in &wish.users {
            let of = |live: &&Live| live.owner.id == *user;
            let host = self.lives.iter().filter(|live| together.contains(&live.id)).find(of);
            // Who has a live elsewhere is named by mistake; who has none any more does not spoil the others' battle.
            if host.is_none() && self.lives.iter().any(|live| of(&live)) {
                return refuse(Case::NotInConnection, user);
            }
            asked.push(host);
        }
        let Some(connection) = self.connection_of(wish.live) else {
            return refuse(Case::NotInConnection, wish.users[0]);
        };
        if let Some(battle) = self.battle_of(wish.live) {
            return Err(busy(battle, wish.live));
        }
        let codes: Vec<u64> =
            asked.iter().map(|host| host.map_or(ROOM_NOT_EXIST, |host| self.judge(inviter, host))).collect();
        let fighter = |live: &Live, asked| Fighter { host: live.host(), score: 0, left: false, asked };
        let mut fighters = vec![fighter(inviter, false)];
        fighters.extend(
            asked
                .iter()
                .zip(&codes)
                .filter(|(_, code)| **code == SUCCESS)
                .map(|(host, _)| fighter(host.expect("it can be asked"), true)),
        );
        if fighters.len() < 2 {
            return match (asked[0], codes[0]) {
                (None, _) => refuse(Case::NotInConnection, wish.users[0]),
                (Some(host), ROOM_EXIT) => refuse(Case::HostGone, host.id),
                (Some(host), _) => Err(busy(self.battle_of(host.id).expect("it is in one"), host.id)),
            };
        }
        let connection = connection.number;
        let id = self.add_battle(config, connection, fighters);
        let battle = self.battle(id).expect("just made");
        let pending = matches!(battle.stage, Stage::Pending);
        Ok(Answer::BattleRequested(Asked {
            battle: id,
            started: !pending,
            start: battle.start,
            end: (!pending).then_some(battle.end),
            expires: pending.then_some(battle.end),
            results: wish.users.iter().copied().zip(codes).collect(),
        }))
    }

    fn add_battle(&mut self, config: Config, connection: u32, fighters: Vec<Fighter>) -> usize {
        self.battles_ever += 1;
        let id = self.battles_ever;
        self.battles.push(Battle {
            number: id,
            connection,
            config,
            fighters,
            stage: Stage::Pending,
            start: None,
            end: self.now + 1_000 * config.timeout.unwrap_or(0),
            told: None,
            untold: false,
            punishment_end: None,
            rows: Vec::new(),
        });
        if config.timeout.is_none() {
            self.start_battle(id);
        } else {
            let battle = self.battle(id).expect("just made").clone();
            for fighter in &battle.fighters[1..] {
                let (seconds, extension, expires) = (config.seconds, config.extension, battle.end);
                let ask = battle.ask(fighter);
                self.tell(vec![fighter.host.live], Event::BattleReceived { ask, seconds, extension, expires });
            }
        }
        id
    }

    fn judge(&self, inviter: &Live, host: &Live) -> u64 {
        match self.battle_of(host.id) {
            Some(battle) if matches!(battle.stage, Stage::Running) && battle.end <= self.now => RETRY,
            Some(battle) if battle.fighters.iter().any(|it| it.host.user.id == inviter.owner.id) => BATTLING,
            Some(_) => BATTLING_OTHER_ROOM,
            None if matches!(host.media, Link::Lost(_)) => ROOM_EXIT,
            None => SUCCESS,
        }
    }

    /// The battle that a live is in, or has asked for, or is asked to.
    pub(crate) fn battle_of(&self, live: &str) -> Option<&Battle> {
        let open = self.battles.iter().filter(|battle| !matches!(battle.stage, Stage::Ended(..)));
        open.into_iter().find(|battle| battle.fighters.iter().any(|it| it.host.live == live && !it.left))
    }

    /// A fighter of a battle that has not started.
    fn pending_fighter(&self, id: usize, user: Text) -> Allowed<(&Battle, Fighter)> {
        let battle = self.known_battle(id)?;
        battle.check_not_over()?;
        let Some(fighter) = battle.fighter(user) else { return refuse_at(Case::NotInBattle, user, number(id)) };
        if matches!(battle.stage, Stage::Running) {
            return refuse(Case::AlreadyInBattle, fighter.host.live);
        }
        Ok((battle, fighter))
    }

    /// Accepting again, or as the inviter, is accepting.
    pub(super) fn accept_battle(&mut self, id: usize, user: Text) -> Outcome {
        let (battle, fighter) = self.pending_fighter(id, user)?;
        if self.now >= battle.end {
            return refuse_at(Case::BattleEnded, "", battle.end);
        }
        if fighter.asked {
            let (ask, inviter) = (battle.ask(&fighter), battle.fighters[0].host.live);
            let found = self.battle_mut(id).fighters.iter_mut().find(|it| it.host.user.id == user);
            found.expect("found above").asked = false;
            self.tell(vec![inviter], Event::BattleAccept(ask));
            self.tell(self.audience(id), Event::BattleJoined { battle: id, user: fighter.host });
            self.resolve(id);
        }
        self.battle_seen(id)
    }

    /// Until it starts, who has accepted may change its mind.
    pub(super) fn reject_battle(&mut self, id: usize, user: Text) -> Outcome {
        let (battle, fighter) = self.pending_fighter(id, user)?;
        if battle.fighters[0].host == fighter.host {
            return refuse(Case::Invalid, "userId");
        }
        self.drop_fighter(id, fighter, Event::BattleReject);
        self.resolve(id);
        self.battle_seen(id)
    }

    /// Takes back requests that are not answered: those to these users, or all.
    pub(super) fn cancel_battle(&mut self, id: usize, users: Option<&[Text]>) -> Outcome {
        let battle = self.known_battle(id)?;
        battle.check_not_over()?;
        let mut meant = Vec::new();
        if let Some(users) = users {
            check_users(users)?;
            for user in users {
                match battle.fighter(user).filter(|fighter| !fighter.left) {
                    None => return refuse_at(Case::NotInBattle, user, number(id)),
                    Some(fighter) if !fighter.asked => return refuse_at(Case::InBattleAlready, user, number(id)),
                    Some(fighter) => meant.push(fighter),
                }
            }
        } else if matches!(battle.stage, Stage::Running) {
            return refuse_at(Case::InBattleAlready, battle.fighters[0].host.user.id, number(id));
        } else {
            meant = battle.unanswered();
        }
        for fighter in meant {
            self.drop_fighter(id, fighter, Event::BattleCancelled);
        }
        self.resolve(id);
        self.battle_seen(id)
    }

    pub(super) fn time_out_battle(&mut self, id: usize) {
        for fighter in self.battle(id).expect("it is due").unanswered() {
            self.drop_fighter(id, fighter, Event::BattleTimeout);
        }
        self.resolve(id);
    }

    /// A host leaves a battle that has not started: without its inviter there is none.
    pub(super) fn withdraw(&mut self, id: usize, live: Text) {
        let battle = self.battle(id).expect("it is in one").clone();
        if battle.fighters[0].host.live == live {
            for fighter in battle.fighters.into_iter().skip(1) {
                self.drop_fighter(id, fighter, Event::BattleCancelled);
            }
        } else {
            let fighter = battle.fighters.into_iter().find(|it| it.host.live == live).expect("it is in it");
            self.drop_fighter(id, fighter, Event::BattleReject);
        }
        self.resolve(id);
    }

    /// Who asked and who was asked are told; and who heard that it joined hears that it left.
    fn drop_fighter(&mut self, id: usize, fighter: Fighter, event: fn(Ask<'static>) -> Event<'static>) {
        let audience = self.audience(id);
        let battle = self.battle_mut(id);
        battle.fighters.retain(|it| it.host != fighter.host);
        let inviter = battle.fighters[0].host;
        self.tell(vec![inviter.live, fighter.host.live], event(Ask { battle: id, inviter, invitee: fighter.host }));
        if !fighter.asked {
            self.tell(audience, Event::BattleExit { battle: id, user: fighter.host });
        }
    }

    /// When all have answered it starts with those who accepted, or never.
    fn resolve(&mut self, id: usize) {
        let battle = self.battle(id).expect("looked up before");
        let too_few = self.twist == Some(Twist::TwoAreTooFew) && battle.fighters.len() < 3;
        if battle.fighters.iter().any(|fighter| fighter.asked) {
            return;
        }
        if battle.fighters.len() > 1 && !too_few {
            self.start_battle(id);
        } else {
            self.end_unstarted(id);
        }
    }

    fn end_unstarted(&mut self, id: usize) {
        let now = self.now;
        let battle = self.battle_mut(id);
        (battle.stage, battle.end) = (Stage::Ended(NEVER_STARTED, None), now);
        let inviter = battle.fighters[0].host.live;
        self.keep_ended(id);
        self.tell(vec![inviter], Event::BattleEnded { battle: id, reason: NEVER_STARTED, end: now, verdict: None });
    }
}

impl Battle {
    fn ask(&self, fighter: &Fighter) -> Ask<'static> {
        Ask { battle: self.number, inviter: self.fighters[0].host, invitee: fighter.host }
    }

    /// Who has not answered, in the order of lives.
    fn unanswered(&self) -> Vec<Fighter> {
        let mut unanswered: Vec<_> = self.fighters.iter().copied().filter(|fighter| fighter.asked).collect();
        unanswered.sort_by_key(|fighter| fighter.host.live);
        unanswered
    }
}

/// Why a live cannot be asked.
fn busy(battle: &Battle, live: Text) -> Refusal<'static> {
    let case = if matches!(battle.stage, Stage::Pending) { Case::BattlePending } else { Case::AlreadyInBattle };
    super::refusal(case, live)
}

fn check_users(users: &[Text]) -> Allowed {
    let twice = (1..users.len()).any(|i| users[..i].contains(&users[i]));
    if users.is_empty() || users.len() > 8 || twice { refuse(Case::Invalid, "userIds") } else { Ok(()) }
}

/// Durations 5 to 86 400, punishments to 3 600, timeouts 1 to 120. Unset needResponse: true but for a timeout of 0.
fn check(wish: &BattleWish) -> Allowed<Config> {
    let seconds = within("durationSeconds", wish.seconds.unwrap_or(300), 5, 86_400)?;
    within("punishmentSeconds", wish.punishment, 0, 3_600)?;
    short("extensionInfo", wish.extension, 2_048)?;
    check_users(&wish.users)?;
    let timeout = match (wish.need_response, wish.timeout.unwrap_or(30), wish.timeout.is_some()) {
        (Some(false), 1.., true) => return refuse(Case::Invalid, "timeoutSeconds"),
        (Some(false), ..) | (None, 0, _) => None,
        (Some(true), 0, _) => Some(30),
        (Some(true) | None, timeout, _) => Some(within("timeoutSeconds", timeout, 1, 120)?),
    };
    let BattleWish { extension, punishment, part_after, .. } = *wish;
    Ok(Config { seconds, timeout, extension, punishment, part_after })
}
