//! Questions: pages of lists, what is whose, who may publish and watch.

use super::{Link, Live, Model, Outcome, layouts, refuse, within};
use crate::command::{Command, Cursor, Layout, Wish};
use crate::said::{Answer, Case, Refusal};
use crate::twist::Twist;
use crate::words::{Contest, Picture, Text};

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
        if hosts.is_none() && self.together(live).len() > layouts::capacity(template) {
            return refuse(Case::ConnectionFull, "");
        }
        let picture = self.drawn_as(live, template, own);
        let Some(hosts) = hosts else { return Ok(Answer::Preview(picture, 0)) };
        let most = own.map_or(layouts::most_places(template), <[_]>::len);
        let wanted = within("hosts", hosts, 1, most as u64)? as usize;
        Ok(filled(picture, wanted))
    }

    /// The picture that choosing it would make, with somebody in each place; of nobody who is there when no live is named.
    pub(super) fn preview_layout(&self, live: Option<Text>, wish: &Layout) -> Outcome {
        if let Some(live) = live {
            let mut after = self.clone();
            after.choose_layout(live, wish)?;
            let (template, own) = after.shown_layout(live);
            let most = own.map_or(layouts::most_places(template), <[_]>::len);
            return Ok(filled(after.drawn_as(live, template, own), most));
        }
        let Answer::Layout(seen) = self.check_layout(None, wish)? else { unreachable!("it is checked") };
        let most = layouts::most_places(seen.template).max(seen.places.len());
        let nobody = Picture {
            template: seen.template,
            canvas: seen.canvas,
            tiles: Vec::new(),
            regions: Vec::new(),
            cells: Vec::new(),
            voices: Vec::new(),
            names: true,
            contest: Contest::default(),
        };
        Ok(filled(nobody, most))
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

/// So many places taken: in a line, or on seats, or in regions of one's own, which say nothing of a battle's sides.
fn filled(mut picture: Picture<'static>, wanted: usize) -> Answer<'static> {
    if layouts::fixed(picture.template) {
        return seated(picture, wanted);
    }
    let there = picture.tiles.len();
    picture.tiles.truncate(wanted);
    picture.regions.truncate(wanted);
    if picture.template != super::arranging::CUSTOM {
        picture.contest.sides.truncate(wanted);
    }
    Answer::Preview(picture, wanted.saturating_sub(there))
}

/// So many seats taken. Made-up hosts are not in it, but the seats that they have are not empty.
fn seated(mut picture: Picture<'static>, wanted: usize) -> Answer<'static> {
    let (template, teams) = (picture.template, picture.template == layouts::VOICES);
    let there = if teams { 12 } else { picture.tiles.len() + picture.cells.len() };
    let places = layouts::places(template, there.max(wanted));
    let (tiles, regions, cells) = (picture.tiles, picture.regions, picture.cells);
    (picture.tiles, picture.regions, picture.cells) = (Vec::new(), Vec::new(), Vec::new());
    let (mut taken, mut empty) = (0, Vec::new());
    for (i, place) in places.into_iter().enumerate() {
        let seat = if teams { i % 6 } else { i } as u64;
        if let Some(at) = regions.iter().position(|region| region.0 == place) {
            taken += 1;
            if taken <= wanted {
                picture.tiles.push(tiles[at]);
                picture.regions.push(regions[at]);
            } else {
                empty.push((picture.cells.len(), false));
                picture.cells.push((seat, place, false, None));
            }
            continue;
        }
        let known = cells.iter().find(|cell| if teams { cell.1 == place } else { cell.0 == seat });
        let (locked, mut sitter) = known.map_or((false, None), |cell| (cell.2, cell.3));
        taken += usize::from(sitter.is_some());
        sitter = sitter.filter(|_| taken <= wanted);
        if sitter.is_none() {
            empty.push((picture.cells.len(), locked));
        }
        picture.cells.push((seat, place, locked, sitter));
    }
    let made_up = wanted.saturating_sub(taken);
    if !layouts::only_voices(template) {
        // Who is made up sits on the free ones first.
        empty.sort_by_key(|(_, locked)| *locked);
        let mut filled: Vec<usize> = empty.into_iter().take(made_up).map(|(at, _)| at).collect();
        filled.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
        for at in filled {
            picture.cells.remove(at);
        }
    }
    Answer::Preview(picture, made_up)
}

fn start(cursor: Cursor) -> super::Allowed<Option<u64>> {
    match cursor {
        Cursor::Start => Ok(None),
        Cursor::After(number) => Ok(Some(number)),
        Cursor::Nonsense => refuse(Case::Invalid, "cursor"),
    }
}
