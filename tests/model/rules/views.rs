//! What clients see.

use super::arranging::Arranged;
use super::{Battle, Live, Model, Row, Stage, layouts};
use crate::twist::Twist;
use crate::words::{
    BattleSeen, CoHostSeen, FighterSeen, Host, LiveSeen, Picture, RowSeen, SeatSeen, Status, Text, View, WishesSeen,
};

impl Model {
    pub(crate) fn view(&self, id: Text) -> View<'static> {
        let own = self.battle_of(id);
        let pending = own.filter(|battle| matches!(battle.stage, Stage::Pending));
        View {
            live: self.seen(id),
            co_host: self.co_host(id),
            battle: self.battle_shown(id).map(Battle::seen),
            battle_request: pending.map(Battle::seen),
            layout: self.layout(id),
            seats: self.seat_list(id),
            wishes: self.live(id).expect("it is listed").wishes(),
        }
    }

    /// The battle that it fights in; else the one that the first of its connection fights in; else the first that hosts
    /// of its connection are punished after.
    fn battle_shown(&self, id: Text) -> Option<&Battle> {
        let connection = self.connection_of(id)?;
        let fights = |live: &str| self.running_of(live).and_then(|battle| self.battle(battle));
        let punished = || {
            let own = self.battles.iter().filter(|battle| battle.connection == connection.number);
            own.into_iter().find(|battle| battle.punishment_end.is_some())
        };
        fights(id).or_else(|| connection.members.iter().find_map(|member| fights(member))).or_else(punished)
    }

    pub(super) fn seen(&self, id: Text) -> LiveSeen<'static> {
        let live = self.live(id).expect("looked up before");
        LiveSeen {
            live: id,
            owner: live.owner,
            settings: live.settings.clone(),
            created: live.created,
            publishing: live.media == super::Link::Here,
            serial: live.serial,
        }
    }

    pub(super) fn co_host(&self, id: Text) -> CoHostSeen<'static> {
        let host = |live: Text| self.live(live).expect("it is connected or asked").host();
        let hosts = |lives: &[Text]| -> Vec<Host<'static>> { lives.iter().copied().map(host).collect() };
        let connected = self.connection_of(id).map_or_else(Vec::new, |connection| connection.members.clone());
        CoHostSeen {
            hosts: hosts(&connected),
            connected,
            template: self.shown_layout(id).0,
            invitees: hosts(&self.asked_by(id)),
            applicant: self.request_to(id).map(|request| host(request.from)),
        }
    }

    /// Its own seats, then those of the lives with it.
    pub(super) fn seat_list(&self, id: Text) -> Vec<SeatSeen<'static>> {
        let mut seats = self.seats_of(id);
        for other in self.together(id).into_iter().filter(|other| *other != id) {
            seats.extend(self.seats_of(other));
        }
        seats
    }

    /// What its viewers see, once it has something to show. Points that are not told yet may be drawn or not.
    pub(crate) fn picture(&self, id: Text) -> Option<Picture<'static>> {
        self.live(id).filter(|live| live.shown)?;
        let (template, own) = self.shown_layout(id);
        Some(self.drawn_as(id, template, own))
    }

    /// The same of a live that is there, whether it has begun or not, in this layout.
    pub(super) fn drawn_as(&self, id: Text, template: u64, own: Option<&[Arranged]>) -> Picture<'static> {
        let together = self.together(id);
        let lives: Vec<_> = together.iter().map(|live| self.live(live).expect("a member exists")).collect();
        let tile = |live: &&Live| {
            let (camera, muted) = live.tile_devices();
            (live.serial, live.named(), camera, muted)
        };
        let hosts = lives.iter().map(|live| ((live.id, 0), tile(live)));
        let guest = |live: &Live| -> Vec<_> {
            live.guests().into_iter().map(|(seat, guest)| ((live.id, seat), guest.tile())).collect()
        };
        let mut people: Vec<_> = hosts.chain(lives.iter().flat_map(|live| guest(live))).collect();
        let layout = self.layout_as(id, template, own);
        let (mut tiles, mut regions, mut cells, mut seated) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for place in layout.places {
            let found = people.iter().position(|(seat, _)| *seat == (place.live, place.seat));
            let who = found.map(|found| people.remove(found).1);
            let of = lives.iter().find(|live| live.id == place.live);
            let row = of.and_then(|live| live.seats.get(usize::try_from(place.seat).expect("at most 50")));
            let locked = row.is_some_and(|seat| seat.locked);
            if layouts::only_voices(template) {
                let sitter = who.map(|(serial, name, _, muted)| (serial, name, muted));
                cells.push((place.seat, place.place, locked, sitter));
                seated.extend(who);
            } else if let Some(who) = who {
                tiles.push(who);
                let region = (place.place, place.z, place.fit, place.radius);
                regions.extend((own.is_some() || layouts::fixed(template)).then_some(region));
            } else if layouts::fixed(template) {
                cells.push((place.seat, place.place, locked, None));
            }
        }
        let guests_are_silent = self.twist == Some(Twist::ConnectedGuestsAreSilent);
        let beside = people.into_iter().filter(|((_, seat), _)| *seat == 0 || !guests_are_silent).map(|(_, who)| who);
        let voices = seated.into_iter().chain(beside).map(|(serial, _, _, muted)| (serial, muted)).collect();
        Picture {
            template,
            canvas: layout.canvas,
            tiles,
            regions,
            cells,
            voices,
            names: lives.iter().all(|live| live.settings.overlays[0]),
            contest: self.contest(&lives),
        }
    }

    /// Whether points of this live's battle have changed since they were told.
    pub(crate) fn has_untold_points(&self, id: &str) -> bool {
        let together = self.connection_of(id).map_or(&[][..], |connection| &connection.members);
        together.iter().any(|live| self.battle_of(live).is_some_and(|battle| battle.untold))
    }
}

impl Live {
    pub(super) fn wishes(&self) -> WishesSeen<'static> {
        let of = |application: bool| {
            let own = self.pending.iter().filter(|pending| pending.application == application);
            let mut own: Vec<_> = own.map(|pending| pending.seen(self.id)).collect();
            own.sort_by_key(|wish| wish.user.id);
            own
        };
        (of(true), of(false))
    }
}

impl Battle {
    pub(crate) fn seen(&self) -> BattleSeen<'static> {
        let (status, reason, verdict) = match &self.stage {
            Stage::Pending => (Status::Pending, None, None),
            Stage::Running => (Status::Started, None, None),
            Stage::Ended(reason, verdict) => (Status::Ended, Some(*reason), verdict.clone()),
        };
        let pending = status == Status::Pending;
        let fighter =
            |it: &super::Fighter| FighterSeen { host: it.host, score: it.score, left: it.left, pending: it.asked };
        BattleSeen {
            battle: self.number,
            status,
            inviter: self.fighters[0].host.user.id,
            seconds: self.config.seconds,
            need_response: self.config.timeout.is_some(),
            punishment_seconds: self.config.punishment,
            part_after: self.config.part_after,
            extension: self.config.extension,
            start: self.start,
            end: (!pending).then_some(self.end),
            expires: pending.then_some(self.end),
            punishment_end: self.punishment_end,
            fighters: self.fighters.iter().map(fighter).collect(),
            scores: self.points(),
            reason,
            verdict,
        }
    }
}

impl Row {
    pub(super) fn seen(&self, number: u64) -> RowSeen<'static> {
        RowSeen {
            number,
            at: self.at,
            key: self.key,
            set: self.set,
            scores: self.scores.clone(),
            sender: self.sender,
            gift: self.gift.map(|gift| (gift.receiver, gift.gift, gift.count, gift.value)),
            totals: self.totals.clone(),
        }
    }
}
