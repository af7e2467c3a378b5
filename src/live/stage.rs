//! From lives and connections to pictures: which stage shows what.

use costage_media::scene::{Scene, ScoreBar, Template, Tile};

use super::answer::{CanvasSize, DeviceStatus, Layout, SeatRegion};
use super::effect::Effect;
use super::event::Event;
use super::ids::{ConnectionId, LiveId, StageId};
use super::lives::Lives;
use super::seat::{OWNER_SEAT, Sitter};
use super::state::{Connection, Live};
use super::time::WallMs;

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
        let live = self.state.lives.get(id);
        let names = live.is_some_and(|live| live.info.overlays.names);
        let tiles = live.map(|live| self.tile(live)).into_iter().collect();
        Scene { canvas: self.rules.canvas, template: Template::HostDynamicGrid, tiles, score_bar: None, names }
    }

    /// One picture serves all lives of a connection, so an overlay is drawn when all of them want it.
    pub(super) fn connection_scene(&self, connection: &Connection) -> Scene {
        let lives: Vec<_> = connection.members.iter().filter_map(|id| self.state.lives.get(id)).collect();
        Scene {
            canvas: self.rules.canvas,
            template: connection.template,
            tiles: lives.iter().map(|live| self.tile(live)).collect(),
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
        let canvas = self.rules.canvas;
        let members = self.members_of(live);
        let regions = template.regions(canvas, members.len());
        let lives = members.iter().filter_map(|id| self.state.lives.get(id));
        let regions = lives.zip(regions).map(|(live, region)| SeatRegion {
            live_id: live.info.live_id.clone(),
            seat_index: 0,
            user_id: live.owner().clone(),
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

    /// A live's host, whose camera and microphone are as on seat 0. One that sends no picture or no voice at all is
    /// known to the engine. A host without its seat goes on being shown: a live is its host's.
    fn tile(&self, live: &Live) -> Tile {
        let owner = &live.info.owner;
        let name = if owner.user_name.is_empty() { owner.user_id.to_string() } else { owner.user_name.clone() };
        let seat = self.state.seating.seat(&live.info.live_id, OWNER_SEAT);
        let open = |status: fn(&Sitter) -> DeviceStatus| {
            seat.sitter.as_ref().is_none_or(|sitter| status(sitter) == DeviceStatus::Opened)
        };
        Tile {
            source: live.source(),
            user: owner.user_id.to_string(),
            avatar: None,
            name,
            camera: open(|it| it.camera),
            muted: !open(|it| it.microphone),
        }
    }
}
