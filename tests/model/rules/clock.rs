//! What falls due, and what happens then.

use super::battles::TIME_OVER;
use super::{Model, Stage, scores, seats};
use crate::twist::Twist;
use crate::words::Text;

/// A deadline. Among those of the same moment the first in this order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    ScoresTold(usize),
    BattleEnds(usize),
    BattleRequestExpires(usize),
    PunishmentEnds(usize),
    RequestExpires(Text),
    SeatRequestExpires(Text, Text),
    HostGraceEnds(Text),
    GuestGraceEnds(Text, Text),
    LiveIdles(Text),
}

impl Model {
    /// All that will fall due, in no order.
    fn deadlines(&self) -> impl Iterator<Item = (u64, Due)> {
        let battles = self.battles.iter().flat_map(|battle| {
            let id = battle.number;
            let told = battle.told.filter(|_| battle.untold).map(|told| told + scores::TOLD_EVERY_MS);
            match battle.stage {
                Stage::Pending => [Some((battle.end, Due::BattleRequestExpires(id))), None],
                Stage::Running => [Some((battle.end, Due::BattleEnds(id))), told.map(|at| (at, Due::ScoresTold(id)))],
                Stage::Ended(..) => [battle.punishment_end.map(|at| (at, Due::PunishmentEnds(id))), None],
            }
        });
        let requests = self.requests.iter().map(|request| (request.expires, Due::RequestExpires(request.to)));
        let seats = self.lives.iter().flat_map(|live| {
            let timed = live.pending.iter().filter_map(|it| Some((it.expires?, it.user.id)));
            timed.map(|(at, user)| (at, Due::SeatRequestExpires(live.id, user)))
        });
        let hosts = self.lives.iter().flat_map(|live| {
            let grace = live.grace_ends(self.twist).map(|at| (at, Due::HostGraceEnds(live.id)));
            [grace, live.idle_ends().map(|at| (at, Due::LiveIdles(live.id)))]
        });
        let guests = self.lives.iter().flat_map(|live| {
            let graces = live.guest_graces(self.twist).into_iter();
            graces.map(|(at, guest)| (at, Due::GuestGraceEnds(live.id, guest)))
        });
        battles.flatten().chain(requests).chain(seats).chain(hosts.flatten()).chain(guests)
    }

    /// The next one.
    pub(crate) fn next_due(&self) -> Option<(u64, Due)> {
        self.deadlines().min()
    }

    /// Lets happen what is due, the earliest first, and says what it was.
    pub(crate) fn fire(&mut self) -> Vec<Due> {
        let mut fired = Vec::new();
        while let Some((_, due)) = self.next_due().filter(|(at, _)| *at <= self.now) {
            fired.push(due);
            match due {
                Due::ScoresTold(battle) => self.tell_scores(battle),
                Due::BattleEnds(battle) => {
                    self.end_battle(battle, TIME_OVER);
                    self.part_after(battle);
                }
                Due::BattleRequestExpires(battle) => self.time_out_battle(battle),
                Due::PunishmentEnds(battle) => {
                    self.end_punishment(battle);
                    self.part_after(battle);
                }
                Due::RequestExpires(to) if self.twist == Some(Twist::TimeoutsAreRejections) => {
                    self.reject_request_to(to);
                }
                Due::RequestExpires(to) => self.time_out_request(to),
                Due::SeatRequestExpires(live, user) => self.drop_pending(live, user, seats::TIMEOUT),
                Due::HostGraceEnds(live) => self.lose_host(live),
                Due::GuestGraceEnds(live, guest) => self.lose_guest(live, guest),
                Due::LiveIdles(live) => drop(self.end(live, true)),
            }
        }
        fired
    }
}
