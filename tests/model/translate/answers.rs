//! What the machine answers.

use costage::live::answer::{
    Answer as Given, BattleRequested, BattleStatus, LedgerPage, LedgerRow, LivePage, Scored as ScoredInfo,
};
use costage::live::command::ScoreOp;

use super::things;
use super::{Clock, Numbers};
use crate::said::{Answer, Asked, Scored};
use crate::words::{Picture, RowSeen};

impl Numbers {
    pub(crate) fn answer<'a>(&mut self, clock: Clock, given: &'a Given) -> Answer<'a> {
        match given {
            Given::Done => Answer::Done,
            Given::Live(live) => Answer::Live(things::live(live)),
            Given::Lives(LivePage { lives, cursor }) => {
                Answer::Lives(lives.iter().map(things::live).collect(), next(cursor))
            }
            Given::Requested(results) => {
                let results = results.iter().map(|it| (it.live_id.as_str(), it.code.code().into()));
                Answer::Requested(results.collect())
            }
            Given::Connected(it) => {
                let lives = it.connected.iter().map(|live| live.as_str()).collect();
                Answer::Connected(lives, it.template.0.id().into())
            }
            Given::CoHost(it) => Answer::CoHost(things::co_host(it)),
            Given::Seat(seat) => Answer::Seat(things::seat(seat)),
            Given::Seats(seats) => Answer::Seats(things::seats(seats)),
            Given::SeatRequest(wish) => Answer::Wish(things::wish(wish)),
            Given::SeatRequests(all) => Answer::Wishes(things::wishes(all)),
            Given::Layout(layout) => Answer::Layout(things::layout(layout)),
            Given::Scene(scene) => {
                let mut picture = things::picture(clock, scene);
                // Their numbers are not those of lives, which are counted up from 1.
                let is_real = |serial: u32| serial < u32::MAX / 2;
                let everybody =
                    |it: &Picture<'_>| it.tiles.len() + it.cells.iter().filter(|cell| cell.3.is_some()).count();
                let all = everybody(&picture);
                if picture.regions.len() == picture.tiles.len() {
                    let mut real = picture.tiles.iter().map(|tile| is_real(tile.0));
                    picture.regions.retain(|_| real.next().expect("as many"));
                }
                picture.tiles.retain(|tile| is_real(tile.0));
                picture.cells.iter_mut().for_each(|cell| cell.3 = cell.3.filter(|sitter| is_real(sitter.0)));
                picture.contest.sides.retain(|(serial, ..)| is_real(*serial));
                let made_up = all - everybody(&picture);
                Answer::Preview(picture, made_up)
            }
            Given::BattleRequested(it) => Answer::BattleRequested(self.asked(it)),
            Given::Battle(battle) => Answer::Battle(Box::new(things::battle(self, battle))),
            Given::Scored(it) => Answer::Scored(self.scored(it)),
            Given::Gifted(it) => Answer::Gifted(self.scored(&it.scored), it.points),
            Given::Ledger(LedgerPage { battle_id, rows, cursor }) => {
                Answer::Ledger(self.number(*battle_id), rows.iter().map(row).collect(), next(cursor))
            }
            Given::Publish(it) => Answer::Publish(it.source.0),
            Given::Watch(feed) => Answer::Watch(u32::try_from(feed.0).expect("a serial")),
            Given::Host(source) => Answer::Host(source.0),
            Given::Return(it) => Answer::Return(u32::try_from(it.feed.0).expect("a serial"), it.source.0),
        }
    }

    fn asked<'a>(&mut self, it: &'a BattleRequested) -> Asked<'a> {
        Asked {
            battle: self.number(it.battle_id),
            started: it.status == BattleStatus::Started,
            start: it.start_time.map(|at| at.0),
            end: it.end_time.map(|at| at.0),
            expires: it.expire_time.map(|at| at.0),
            results: it.results.iter().map(|it| (it.user_id.as_str(), it.code.code().into())).collect(),
        }
    }

    fn scored<'a>(&mut self, it: &'a ScoredInfo) -> Scored<'a> {
        Scored { battle: self.number(it.battle_id), scores: things::points(&it.scores), number: it.ledger_seq }
    }
}

/// A cursor names the last line of its page.
fn next(cursor: &str) -> Option<u64> {
    if cursor.is_empty() {
        None
    } else {
        Some(cursor.parse().expect("a cursor is a number, as the next page needs it"))
    }
}

fn row(row: &LedgerRow) -> RowSeen<'_> {
    let gift = row.gift.as_ref();
    RowSeen {
        number: row.ledger_seq,
        at: row.score_time.0,
        key: &row.idempotency_key,
        set: row.op == ScoreOp::Set,
        scores: row.scores.iter().map(|it| (it.user_id.as_str(), it.value)).collect(),
        sender: &row.source.sender_id,
        gift: gift.map(|it| (it.receiver.as_str(), &*it.gift_id, it.count, it.value)),
        totals: things::points(&row.totals),
    }
}
