//! From lives and connections to pictures: which stage shows what, and who is heard there.
//!
//! | | in the picture, in the order of places | heard beside |
//! |---|---|---|
//! | a live alone | its host, then its guests by seat, to the template's last place | further guests |
//! | the same, its template fixed | each of its seats in its own place, empty or not, to the template's last | further guests |
//! | the same, its template of voices | a cell for each of its seats, without pictures | who sits there |
//! | a connection | the host of each live, in the order of joining | all guests |
//! | hostStaticVoice6v6 | a cell for each seat of both lives, to the sixth, without pictures | who sits on these |
//! | regions of one's own | who sits on the seats that these name | everybody else |
//!
//! Guests sit there with or without media: the tile is an avatar before any comes, and when it is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use costage_media::frame::Size;
use costage_media::scene::{Battle, Cell, CellSitter, Region, Scene, Sei, SourceId, Template, Tile, Voice};
use serde::Serialize;

use super::answer::{DeviceStatus, Layout, SeatRegion};
use super::command::User;
use super::custom::Custom;
use super::effect::Effect;
use super::event::Event;
use super::ids::{BattleId, ConnectionId, LiveId, StageId, UserId};
use super::lives::Lives;
use super::seat::{OWNER_SEAT, Sitter};
use super::state::{Connection, Live};
use super::time::WallMs;

/// Somebody on a seat.
struct Somebody {
    live: LiveId,
    seat: u32,
    user: UserId,
    tile: Tile,
}

/// A place of the picture, and who has it.
struct Place {
    live: LiveId,
    seat: u32,
    region: Region,
    /// Whether anybody may sit down there.
    locked: bool,
    who: Option<Somebody>,
}

/// Who is seen and heard on a stage.
struct Cast {
    template: Template,
    places: Vec<Place>,
    /// Who is heard alone.
    beside: Vec<Somebody>,
}

impl Lives {
    pub(super) fn new_stage(&mut self) -> StageId {
        self.state.counters.stage += 1;
        StageId(self.state.counters.stage)
    }

    /// `live` gets a stage of its own, and its viewers go there.
    pub(super) fn go_solo(&mut self, id: &LiveId) {
        let stage = self.new_stage();
        let Some(live) = self.state.lives.get_mut(id) else { return };
        live.solo = Some(stage);
        let feed = live.feed();
        let scene = self.solo_scene(id);
        self.effect(Effect::Stage { stage, scene, lives: vec![id.clone()] });
        self.effect(Effect::Route { feed, stage });
    }

    /// The connection's program follows what has changed.
    pub(super) fn restage(&mut self, id: ConnectionId) {
        let Some(connection) = self.state.connections.get(&id) else { return };
        let (stage, scene, lives) = (connection.stage, self.connection_scene(connection), connection.members.clone());
        self.effect(Effect::Stage { stage, scene, lives });
    }

    /// What the viewers of `live` see follows what has changed of it: nothing before it has something to show.
    pub(super) fn restage_live(&mut self, id: &LiveId) {
        let Some(live) = self.state.lives.get(id) else { return };
        match (live.connection, live.solo) {
            (Some(connection), _) => self.restage(connection),
            (None, Some(stage)) => {
                let (scene, lives) = (self.solo_scene(id), vec![id.clone()]);
                self.effect(Effect::Stage { stage, scene, lives });
            }
            (None, None) => {}
        }
    }

    fn solo_scene(&self, id: &LiveId) -> Scene {
        self.scene(std::slice::from_ref(id), self.cast(id))
    }

    fn connection_scene(&self, connection: &Connection) -> Scene {
        let first = connection.members.first().expect("a connection has members");
        self.scene(&connection.members, self.cast(first))
    }

    /// What the viewers of `live` would see with this layout.
    pub(super) fn scene_with(&self, live: &LiveId, template: Template, custom: Option<&Custom>) -> Scene {
        let members = self.members_of(live);
        let cast = self.cast_with(&members, template, custom);
        self.scene(&members, cast)
    }

    /// That template, with nobody in it.
    pub(super) fn scene_of_nobody(&self, template: Template) -> Scene {
        self.scene(&[], self.cast_with(&[], template, None))
    }

    /// One picture serves all lives of a connection, so an overlay is drawn when all of them want it.
    fn scene(&self, members: &[LiveId], cast: Cast) -> Scene {
        let lives: Vec<_> = members.iter().filter_map(|id| self.state.lives.get(id)).collect();
        let names = lives.iter().all(|live| live.info.overlays.names);
        let sei = self.rules.sei.then(|| Box::new(self.sei(&lives, &cast)));
        Scene { sei, ..cast.scene(self.rules.canvas, self.contest(&lives), names) }
    }

    /// What players are told of it. The numbers of events are not known here.
    fn sei(&self, lives: &[&Live], cast: &Cast) -> Sei {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Told {
            battle_id: BattleId,
            end_time: WallMs,
            scores: BTreeMap<UserId, u64>,
        }
        let json = |value: serde_json::Result<String>| Arc::from(value.expect("texts, numbers, and maps by texts"));
        let running: BTreeSet<_> = lives.iter().filter_map(|live| self.running_battle(live)).collect();
        let battles = running.into_iter().filter_map(|id| self.state.battles.get(&id).map(|battle| (id, battle)));
        let battles =
            battles.map(|(battle_id, battle)| Told { battle_id, end_time: battle.end, scores: battle.scores() });
        let somebody = cast.places.iter().filter_map(|place| place.who.as_ref()).chain(&cast.beside);
        Sei {
            events: Arc::from("{}"),
            layout: json(serde_json::to_string(&cast.layout(self.rules.canvas))),
            battles: json(serde_json::to_string(&battles.collect::<Vec<_>>())),
            users: somebody.map(|it| (it.tile.source, json(serde_json::to_string(&it.user)))).collect(),
        }
    }

    /// Where everybody stands in what the viewers of `live` see.
    pub(super) fn layout(&self, live: &LiveId) -> Layout {
        self.cast(live).layout(self.rules.canvas)
    }

    /// Tells `lives`, which all see the same picture, its layout.
    pub(super) fn tell_layout(&mut self, now: WallMs, lives: &[LiveId]) {
        if let Some(first) = lives.first() {
            let layout = self.layout(first);
            self.notify(now, lives.to_vec(), Event::SeatLayoutChanged(layout));
        }
    }

    /// The same, unless it is as it was: seats were taken or left that have no place in it.
    pub(super) fn tell_layout_unless(&mut self, now: WallMs, live: &LiveId, before: &Layout) {
        if self.state.lives.get(live).is_some() && self.layout(live) != *before {
            self.tell_layout(now, &self.members_of(live));
        }
    }

    /// Who is in the picture that `live` has, in the order of places, and who is heard beside them.
    fn cast(&self, live: &LiveId) -> Cast {
        let (template, custom) = self.layout_of(live);
        self.cast_with(&self.members_of(live), template, custom)
    }

    fn cast_with(&self, members: &[LiveId], template: Template, custom: Option<&Custom>) -> Cast {
        let mut everybody = self.everybody(members);
        let mut take = |live: &LiveId, seat: u32| {
            let index = everybody.iter().position(|it| it.live == *live && it.seat == seat)?;
            Some(everybody.remove(index))
        };
        let canvas = template.canvas(self.rules.canvas);
        let wanted: Vec<(LiveId, u32, Region)> = if let Some(custom) = custom {
            custom.iter().map(|it| (it.live.clone(), it.seat, it.region)).collect()
        } else {
            let seats = self.seats_shown(members, template);
            let regions = template.regions(canvas, seats.iter().map(|(.., place)| place + 1).max().unwrap_or(0));
            let region = |place: usize| regions.get(place).copied();
            seats.into_iter().filter_map(|(live, seat, place)| Some((live, seat, region(place)?))).collect()
        };
        let place = |(live, seat, region): (LiveId, u32, Region)| {
            let who = take(&live, seat);
            let locked = self.state.seating.seat(&live, seat).locked;
            Place { live, seat, region, locked, who }
        };
        let places = wanted.into_iter().map(place).collect();
        Cast { template, places, beside: everybody }
    }

    /// The seats that a template has places for, and in which of them each is; in the order of these.
    fn seats_shown(&self, members: &[LiveId], template: Template) -> Vec<(LiveId, u32, usize)> {
        if template.has_empty_places() {
            let team = if template.capacity() > 1 { Template::TEAM_SEATS as usize } else { template.places() };
            let teams = members.iter().take(template.capacity()).enumerate();
            return teams
                .flat_map(|(i, live)| {
                    self.own_places(live, team).map(move |(seat, at)| (live.clone(), seat, i * team + at))
                })
                .collect();
        }
        let mut seats: Vec<_> = members.iter().map(|live| (live.clone(), OWNER_SEAT)).collect();
        if let [alone] = members {
            seats.extend(self.guests(alone).map(|(seat, ..)| (alone.clone(), seat)));
        }
        let places = seats.into_iter().take(template.places()).enumerate();
        places.map(|(place, (live, seat))| (live, seat, place)).collect()
    }

    /// The seats of a live that have a place of their own among `most`. A live without seats has its host's.
    fn own_places(&self, live: &LiveId, most: usize) -> impl Iterator<Item = (u32, usize)> + use<> {
        (0..self.seat_count(live).max(1)).zip(0..most)
    }

    /// The hosts of these lives, then their guests.
    fn everybody(&self, members: &[LiveId]) -> Vec<Somebody> {
        let hosts = members.iter().filter_map(|id| Some(self.host_of(self.state.lives.get(id)?)));
        let guest = |live: &LiveId, (seat, sitter, source): (u32, &Sitter, SourceId)| {
            let tile = tile(source, &sitter.user, Some(sitter));
            Somebody { live: live.clone(), seat, user: sitter.user.user_id.clone(), tile }
        };
        let guests = members.iter().flat_map(|id| self.guests(id).map(move |it| guest(id, it)));
        hosts.chain(guests).collect()
    }

    /// The guests of a live, by seat.
    fn guests(&self, live: &LiveId) -> impl Iterator<Item = (u32, &Sitter, SourceId)> {
        self.state.seating.of(live).filter_map(|(index, seat)| {
            let sitter = seat.sitter.as_ref()?;
            Some((index, sitter, sitter.source?))
        })
    }

    /// A live's host, whose camera and microphone are as on seat 0. A host without its seat goes on being shown: a live is
    /// its host's.
    fn host_of(&self, live: &Live) -> Somebody {
        let seat = self.state.seating.seat(&live.info.live_id, OWNER_SEAT);
        let mut tile = tile(live.source(), &live.info.owner, seat.sitter.as_ref());
        // Also without its seat.
        let closed = self.state.seating.closed(&live.info.live_id, live.owner());
        (tile.camera, tile.muted) = (tile.camera && !closed.camera, tile.muted || closed.microphone);
        Somebody { live: live.info.live_id.clone(), seat: OWNER_SEAT, user: live.owner().clone(), tile }
    }
}

impl Cast {
    /// Where everybody stands, as clients are told.
    fn layout(&self, configured: Size) -> Layout {
        let region = |place: &Place| {
            let user = place.who.as_ref().map(|somebody| somebody.user.clone());
            SeatRegion::of(place.live.clone(), place.seat, user, place.region)
        };
        Layout::of(self.template, configured, self.places.iter().map(region).collect())
    }

    /// As it is drawn and heard.
    fn scene(self, configured: Size, battle: Battle, names: bool) -> Scene {
        let Self { template, places, beside } = self;
        let voice = |Somebody { tile: Tile { source, camera, muted, .. }, .. }: &Somebody| Voice {
            source: *source,
            camera: *camera,
            muted: *muted,
        };
        let mut voices: Vec<_> = beside.iter().map(voice).collect();
        let (mut tiles, mut cells) = (Vec::new(), Vec::new());
        if template.is_of_voices() {
            let seated = places.iter().filter_map(|place| place.who.as_ref()).map(voice);
            voices = seated.chain(voices).collect();
            cells = places.into_iter().map(Place::cell).collect();
        } else {
            let fixed = template.has_empty_places();
            let own = |region| (fixed || template == Template::Custom).then_some(region);
            for Place { live, seat, region, locked, who } in places {
                match who {
                    Some(somebody) => tiles.push(Tile { region: own(region), ..somebody.tile }),
                    None if fixed => cells.push(Place { live, seat, region, locked, who: None }.cell()),
                    None => {}
                }
            }
        }
        Scene { canvas: template.canvas(configured), template, tiles, voices, cells, battle, names, sei: None }
    }
}

impl Place {
    fn cell(self) -> Cell {
        let sitter = self.who.map(|Somebody { tile: Tile { source, user, avatar_url, name, muted, .. }, .. }| {
            CellSitter { source, user, avatar_url, avatar: None, name, muted }
        });
        Cell { seat: self.seat, locked: self.locked, rect: self.region.rect, sitter }
    }
}

/// A user, whose camera and microphone are as on the seat. One that sends no picture or no voice at all is known to the
/// engine.
fn tile(source: SourceId, user: &User, sitter: Option<&Sitter>) -> Tile {
    let name = if user.user_name.is_empty() { user.user_id.to_string() } else { user.user_name.clone() };
    let open = |status: fn(&Sitter) -> DeviceStatus| sitter.is_none_or(|sitter| status(sitter) == DeviceStatus::Opened);
    let (camera, muted) = (open(|it| it.camera), !open(|it| it.microphone));
    let (user, avatar_url) = (user.user_id.to_string(), user.avatar_url.clone());
    Tile { source, user, avatar_url, avatar: None, name, camera, muted, region: None }
}
