//! What the picture of a live would be: as it is, or with another template or number of hosts. Nothing changes.

use costage_media::scene::{Scene, SourceId, Template, Tile};

use super::answer::Answer;
use super::command::PreviewWish;
use super::layout::template;
use super::lives::Lives;
use super::refusal::Refusal;

impl Lives {
    /// The scene that `wish` asks for: who is there, in the order of places, then made-up hosts to the number wished for. A
    /// template that has too few places for the connected lives is refused as choosing it would be, unless the number of
    /// hosts is wished for too.
    pub(super) fn preview(&self, wish: &PreviewWish) -> Result<Answer, Refusal> {
        let live = self.live(&wish.live)?;
        let connection = live.connection.and_then(|id| self.state.connections.get(&id));
        let mut scene = connection.map_or_else(|| self.solo_scene(&wish.live), |it| self.connection_scene(it));
        if let Some(other) = &wish.template {
            scene = self.scene_in(&wish.live, template(other).map_err(of_the_query)?, &scene);
        }
        let places = scene.template.capacity();
        match wish.hosts {
            Some(hosts) => seat(&mut scene, hosts, places)?,
            None if self.members_of(&wish.live).len() > places => return Err(Refusal::ConnectionFull { places }),
            None if scene.template == Template::Custom => {}
            None => scene.tiles.truncate(places),
        }
        Ok(Answer::Scene(Box::new(scene)))
    }
}

/// As many hosts as that: who is there first.
fn seat(scene: &mut Scene, hosts: u64, places: usize) -> Result<(), Refusal> {
    let wanted = usize::try_from(hosts).ok().filter(|hosts| (1..=places).contains(hosts));
    let wanted = wanted.ok_or_else(|| {
        let detail = format!("1 to {places} with this template, found {hosts}");
        Refusal::Invalid { field: "hosts", detail }
    })?;
    scene.tiles.truncate(wanted);
    for number in scene.tiles.len() + 1..=wanted {
        // No host has these numbers: they are counted up from 1.
        let source = SourceId(u32::MAX - u32::try_from(number).unwrap_or(0));
        scene.tiles.push(Tile { source, name: format!("Host {number}"), camera: true, ..Tile::default() });
    }
    Ok(())
}

/// The query calls it otherwise than bodies do.
fn of_the_query(refusal: Refusal) -> Refusal {
    if let Refusal::Invalid { field: "layoutTemplate", detail } = &refusal {
        return Refusal::Invalid { field: "template", detail: detail.clone() };
    }
    refusal
}
