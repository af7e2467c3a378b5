//! Questions: pages of lists, what is whose, who may publish and watch.

use super::{Link, Live, Model, Outcome, layouts, refuse, within};
use crate::command::{Command, Cursor, Wish};
use crate::said::{Answer, Case, Refusal};
use crate::twist::Twist;
use crate::words::Text;

impl Model {
    pub(super) fn answer(&self, question: &Command) -> Outcome {
        match question {
            Command::FindLive(live) => self.known(live).map(|live| Answer::Live(self.seen(live.id))),
            Command::List { cursor, count } => self.page(*cursor, *count, |live| live.settings.public),
            Command::Candidates { live, cursor, count } => {
                self.known(live)?;
                self.page(*cursor, *count, |other| {
                    let free = other.media == Link::Here && self.connection_of(other.id).is_none();
                    let listed = other.settings.public || self.twist == Some(Twist::HiddenCandidates);
                    free && listed && other.id != *live
                })
            }
            Command::FindCoHost(live) => self.known(live).map(|live| Answer::CoHost(self.co_host(live.id))),
            Command::FindSeats(live) => {
                self.known(live)?;
                let seats = self.seat_list(live);
                if seats.is_empty() { refuse(Case::SeatListEmpty, live) } else { Ok(Answer::Seats(seats)) }
            }
            Command::FindWishes(live) => self.known(live).map(|live| Answer::Wishes(live.wishes())),
            Command::FindLayout(live) => self.known(live).map(|live| Answer::Layout(self.layout(live.id))),
            Command::Preview { live, template, hosts } => self.preview(live, *template, *hosts),
            Command::FindBattle(battle) => self.battle_seen(*battle),
            Command::FindBattleOf(live) => self.find_battle_of(live),
            Command::Ledger { battle, cursor, count } => self.ledger(*battle, *cursor, *count),
            Command::Publish { live, user } => {
                let live = self.known(live)?;
                if live.owner.id == *user { Ok(Answer::Publish(live.serial)) } else { refuse(Case::NotOwner, live.id) }
            }
            Command::PublishFromSeat { live, index, user } => self.publish_from_seat(live, *index, *user),
            Command::Watch(live) => self.on_air(live).map(Answer::Watch),
            Command::WatchHost { live, user } => {
                let live = self.known(live)?;
                match live.publisher(user) {
                    Some((number, Link::Here)) => Ok(Answer::Host(number)),
                    Some(_) => refuse(Case::HostNotLive, user),
                    None => refuse(Case::NoSuchHost, user),
                }
            }
            Command::WatchReturn { live, user } => match self.known(live)?.publisher(user) {
                Some((number, _)) => self.on_air(live).map(|feed| Answer::Return(feed, number)),
                None => refuse(Case::NotOnStage, user),
            },
            command => unreachable!("{command:?} is no question"),
        }
    }

    /// Who is there, in order, and made-up hosts up to the number wished for.
    fn preview(&self, live: Text, template: Option<Wish>, hosts: Option<u64>) -> Outcome {
        self.known(live)?;
        let (template, own) = match template {
            None => self.shown_layout(live),
            Some(wish) => {
                let found = layouts::find(wish)
                    .map_err(|why| if why.case == Case::Invalid { Refusal { about: "template", ..why } } else { why });
                (found?, None)
            }
        };
        let places = layouts::capacity(template);
        if hosts.is_none() && self.together(live).len() > places {
            return refuse(Case::ConnectionFull, "");
        }
        if hosts.is_some() && (template == layouts::VOICES || own.is_some()) {
            return refuse(Case::Invalid, "hosts");
        }
        let mut picture = self.drawn_as(live, template, own);
        let there = picture.tiles.len();
        let wanted = match hosts {
            None => there,
            Some(hosts) => usize::try_from(within("hosts", hosts, 1, places as u64)?).expect("at most fifty"),
        };
        picture.tiles.truncate(wanted);
        if hosts.is_some() {
            picture.contest.sides.truncate(wanted);
        }
        Ok(Answer::Preview(picture, wanted.saturating_sub(there)))
    }

    /// The serial of a live whose viewers see anybody.
    fn on_air(&self, live: Text) -> super::Allowed<u32> {
        let serial = self.known(live)?.serial;
        let publishes = |live: &Text| self.live(live).is_some_and(Live::is_published);
        if self.together(live).iter().any(publishes) { Ok(serial) } else { refuse(Case::NotLive, live) }
    }

    /// Newest first. The cursor is empty at first and when done.
    fn page(&self, cursor: Cursor, count: Option<u64>, wanted: impl Fn(&Live) -> bool) -> Outcome {
        let count = within("count", count.unwrap_or(20), 1, 100)?;
        let before = start(cursor)?;
        let mut lives: Vec<_> = self.lives.iter().filter(|live| wanted(live)).collect();
        lives.sort_by_key(|live| std::cmp::Reverse(live.serial));
        lives.retain(|live| before.is_none_or(|before| u64::from(live.serial) < before));
        let more = lives.len() as u64 > count;
        lives.truncate(usize::try_from(count).expect("at most 100"));
        let next = lives.last().filter(|_| more).map(|live| live.serial.into());
        Ok(Answer::Lives(lives.into_iter().map(|live| self.seen(live.id)).collect(), next))
    }

    /// Rows in the order in which they were made.
    fn ledger(&self, id: usize, cursor: Cursor, count: Option<u64>) -> Outcome {
        let count = within("count", count.unwrap_or(20), 1, 100)?;
        let after = start(cursor)?.unwrap_or(0);
        let mut rows: Vec<_> = (1..).zip(&self.known_battle(id)?.rows).map(|(number, row)| row.seen(number)).collect();
        rows.retain(|row| row.number > after);
        let more = rows.len() as u64 > count;
        rows.truncate(usize::try_from(count).expect("at most 100"));
        let next = rows.last().filter(|_| more).map(|row| row.number);
        Ok(Answer::Ledger(id, rows, next))
    }

    /// The battle that it is in or asked to; else the one that it is punished after.
    fn find_battle_of(&self, live: Text) -> Outcome {
        self.known(live)?;
        let connection = self.connection_of(live).map(|connection| connection.number);
        let punished = || {
            let own = self.battles.iter().filter(|battle| Some(battle.connection) == connection);
            let mut own =
                own.filter(|battle| battle.fighters.iter().any(|it| it.host.live == live && self.is_still(it)));
            own.find(|battle| battle.punishment_end.is_some())
        };
        match self.battle_of(live).or_else(punished) {
            Some(battle) => Ok(Answer::Battle(Box::new(battle.seen()))),
            None => refuse(Case::NoBattle, live),
        }
    }
}

fn start(cursor: Cursor) -> super::Allowed<Option<u64>> {
    match cursor {
        Cursor::Start => Ok(None),
        Cursor::After(number) => Ok(Some(number)),
        Cursor::Nonsense => refuse(Case::Invalid, "cursor"),
    }
}
