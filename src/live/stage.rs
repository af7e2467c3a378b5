//! From lives and connections to pictures: which stage shows what, and who is heard there.
//!
//! | | in the picture, in the order of places | heard beside |
//! |---|---|---|
//! | a live alone | its host, then its guests by seat, to the template's last place | further guests |
//! | a connection | the host of each live, in the order of joining | all guests |
//!
//! Guests sit there with or without media: the tile is an avatar before any comes, and when it is lost.

use costage_media::scene::{Scene, ScoreBar, SourceId, Template, Tile, Voice};

use super::answer::{CanvasSize, DeviceStatus, Layout, SeatRegion};
use super::command::User;
use super::effect::Effect;
use super::event::Event;
use super::ids::{ConnectionId, LiveId, StageId, UserId};
use super::lives::Lives;
use super::seat::{OWNER_SEAT, Sitter};
use super::state::{Connection, Live};
use super::time::WallMs;

/// Somebody in the picture.
struct Place {
    live: LiveId,
    seat: u32,
    user: UserId,
    tile: Tile,
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
        self.effect(Effect::Stage { stage, scene });
        self.effect(Effect::Route { feed, stage });
    }

    /// The connection's program follows what has changed.
    pub(super) fn restage(&mut self, id: ConnectionId) {
        let Some(connection) = self.state.connections.get(&id) else { return };
        let (stage, scene) = (connection.stage, self.connection_scene(connection));
        self.effect(Effect::Stage { stage, scene });
    }

    /// What the viewers of `live` see follows what has changed of it: nothing before it has something to show.
    pub(super) fn restage_live(&mut self, id: &LiveId) {
        let Some(live) = self.state.lives.get(id) else { return };
        match (live.connection, live.solo) {
            (Some(connection), _) => self.restage(connection),
            (None, Some(stage)) => {
                let scene = self.solo_scene(id);
                self.effect(Effect::Stage { stage, scene });
            }
            (None, None) => {}
        }
    }

    pub(super) fn solo_scene(&self, id: &LiveId) -> Scene {
        let names = self.state.lives.get(id).is_some_and(|live| live.info.overlays.names);
        let template = Template::HostDynamicGrid;
        let (places, voices) = self.cast(id, template);
        let tiles = places.into_iter().map(|place| place.tile).collect();
        Scene { canvas: self.rules.canvas, template, tiles, voices, score_bar: None, names }
    }

    /// One picture serves all lives of a connection, so an overlay is drawn when all of them want it.
    pub(super) fn connection_scene(&self, connection: &Connection) -> Scene {
        let lives: Vec<_> = connection.members.iter().filter_map(|id| self.state.lives.get(id)).collect();
        let (places, voices) = match connection.members.first() {
            Some(member) => self.cast(member, connection.template),
            None => (Vec::new(), Vec::new()),
        };
        Scene {
            canvas: connection.template.canvas(self.rules.canvas),
            template: connection.template,
            tiles: places.into_iter().map(|place| place.tile).collect(),
            voices,
            score_bar: self.score_bar(&lives),
            names: lives.iter().all(|live| live.info.overlays.names),
        }
    }

    /// Exactly two connected, and both in the battle, of whom one may have left it: the bar stays until the end.
    fn score_bar(&self, lives: &[&Live]) -> Option<ScoreBar> {
        let [left, right] = lives else { return None };
        if !(left.info.overlays.battle && right.info.overlays.battle) {
            return None;
        }
        let battle = self.state.battles.get(&left.battle.or(right.battle)?).filter(|battle| battle.is_running())?;
        let score = |live: &Live| {
            let own = battle.members.iter().find(|member| member.host.live_id == live.info.live_id);
            own.map(|member| member.score)
        };
        Some(ScoreBar { left: score(left)?, right: score(right)? })
    }

    /// Where everybody stands in what the viewers of `live` see.
    pub(super) fn layout(&self, live: &LiveId) -> Layout {
        let connection = self.state.lives.get(live).and_then(|live| live.connection);
        let template = connection.and_then(|id| self.state.connections.get(&id)).map(|connection| connection.template);
        let template = template.unwrap_or(Template::HostDynamicGrid);
        let canvas = template.canvas(self.rules.canvas);
        let (places, _) = self.cast(live, template);
        let regions = template.regions(canvas, places.len());
        let regions = places.into_iter().zip(regions).map(|(place, region)| SeatRegion {
            live_id: place.live,
            seat_index: place.seat,
            user_id: place.user,
            x: region.rect.x,
            y: region.rect.y,
            w: region.rect.w,
            h: region.rect.h,
            z: region.z,
        });
        Layout {
            template_id: template.id(),
            canvas: CanvasSize { w: canvas.width, h: canvas.height },
            regions: regions.collect(),
        }
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
    fn cast(&self, live: &LiveId, template: Template) -> (Vec<Place>, Vec<Voice>) {
        let members = self.members_of(live);
        let mut places: Vec<Place> =
            members.iter().filter_map(|id| Some(self.host_place(self.state.lives.get(id)?))).collect();
        let free = if let [_alone] = &members[..] { template.capacity() - places.len() } else { 0 };
        let guests = members.iter().flat_map(|id| self.guests(id).map(move |guest| (id, guest)));
        let mut voices = Vec::new();
        for (place, (id, (seat, sitter, source))) in guests.enumerate() {
            if place < free {
                let (live, user, tile) =
                    (id.clone(), sitter.user.user_id.clone(), tile(source, &sitter.user, Some(sitter)));
                places.push(Place { live, seat, user, tile });
            } else {
                voices.push(Voice { source, muted: sitter.microphone != DeviceStatus::Opened });
            }
        }
        (places, voices)
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
    fn host_place(&self, live: &Live) -> Place {
        let seat = self.state.seating.seat(&live.info.live_id, OWNER_SEAT);
        let tile = tile(live.source(), &live.info.owner, seat.sitter.as_ref());
        Place { live: live.info.live_id.clone(), seat: OWNER_SEAT, user: live.owner().clone(), tile }
    }
}

/// A user, whose camera and microphone are as on the seat. One that sends no picture or no voice at all is known to the
/// engine.
fn tile(source: SourceId, user: &User, sitter: Option<&Sitter>) -> Tile {
    let name = if user.user_name.is_empty() { user.user_id.to_string() } else { user.user_name.clone() };
    let open = |status: fn(&Sitter) -> DeviceStatus| sitter.is_none_or(|sitter| status(sitter) == DeviceStatus::Opened);
    let (camera, muted) = (open(|it| it.camera), !open(|it| it.microphone));
    Tile { source, user: user.user_id.to_string(), avatar: None, name, camera, muted, region: None }
}
