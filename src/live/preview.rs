//! What the picture of a live would be: as it is, or with another template or number of hosts. Nothing changes.

use costage_media::scene::{Scene, Side, SourceId, Template, Tile};

use super::answer::Answer;
use super::command::PreviewWish;
use super::layout::template;
use super::lives::Lives;
use super::refusal::Refusal;

impl Lives {
    /// The scene that `wish` asks for: who is there, in the order of places, then made-up hosts to the number wished for. A
    /// template that has too few places for the connected lives is refused as choosing it would be, unless the number of
    /// hosts is wished for too. Cells and regions of one's own are seats', so no other number of hosts fits them.
    pub(super) fn preview(&self, wish: &PreviewWish) -> Result<Answer, Refusal> {
        self.live(&wish.live)?;
        let (chosen, custom) = match &wish.template {
            Some(other) => (template(other).map_err(of_the_query)?, None),
            None => self.layout_of(&wish.live),
        };
        let places = chosen.capacity();
        if wish.hosts.is_none() && self.members_of(&wish.live).len() > places {
            return Err(Refusal::ConnectionFull { places });
        }
        let mut scene = self.scene_with(&wish.live, chosen, custom);
        if let Some(hosts) = wish.hosts {
            has_tiles_for_hosts(chosen)?;
            seat(&mut scene, hosts, places)?;
        }
        Ok(Answer::Scene(Box::new(scene)))
    }
}

/// A layout whose tiles are hosts' may be looked at with more or fewer of them.
fn has_tiles_for_hosts(chosen: Template) -> Result<(), Refusal> {
    match chosen {
        Template::HostDynamicGrid
        | Template::HostVoiceConnection
        | Template::HostDynamic1v6
        | Template::HostVideoLandscapeFixed2Seats
        | Template::VideoLandscape4Seats => Ok(()),
        Template::HostStaticVoice6v6
        | Template::VideoFixedGrid9Seats
        | Template::VideoFixedFloat7Seats
        | Template::AudioSalon
        | Template::Karaoke
        | Template::Custom => {
            let detail =
                format!("{} shows seats, whoever sits there; leave it out, or name another template", chosen.name());
            Err(Refusal::Invalid { field: "hosts", detail })
        }
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
    scene.battle.sides.truncate(wanted);
    for number in scene.tiles.len() + 1..=wanted {
        // No host has these numbers: they are counted up from 1.
        let source = SourceId(u32::MAX - u32::try_from(number).unwrap_or(0));
        scene.tiles.push(Tile { source, name: format!("Host {number}"), camera: true, ..Tile::default() });
        scene.battle.sides.push(Side { source, standing: None, verdict: None });
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
