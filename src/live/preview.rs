//! What the picture of a live would be: as it is, or with another template or number of hosts, or with a layout that was not
//! chosen yet. Nothing changes.

use costage_media::scene::{Scene, Template};

use super::answer::Answer;
use super::command::{LayoutWish, PreviewWish};
use super::custom::Custom;
use super::ids::LiveId;
use super::layout::template;
use super::lives::Lives;
use super::refusal::Refusal;
use super::stand_ins;
use super::time::WallMs;

impl Lives {
    /// The scene that `wish` asks for: who is there, in the order of places (or of regions of one's own), then made-up hosts
    /// to the number wished for. A template that has too few places for the connected lives is refused as choosing it would
    /// be, unless the number of hosts is wished for too.
    pub(super) fn preview(&self, wish: &PreviewWish) -> Result<Answer, Refusal> {
        self.live(&wish.live)?;
        let (chosen, custom) = match &wish.template {
            Some(other) => (template(other).map_err(of_the_query)?, None),
            None => self.layout_of(&wish.live),
        };
        let lives = chosen.capacity();
        if wish.hosts.is_none() && self.members_of(&wish.live).len() > lives {
            return Err(Refusal::ConnectionFull { places: lives });
        }
        let mut scene = self.scene_with(&wish.live, chosen, custom);
        if let Some(hosts) = wish.hosts {
            let wanted = check_hosts(hosts, chosen, custom)?;
            stand_ins::fill(&mut scene, custom, wanted);
        }
        Ok(Answer::Scene(Box::new(scene)))
    }

    /// The scene that choosing `wish` would make, with somebody in each of its places: made-up hosts where nobody is, so
    /// everywhere when no live is named.
    ///
    /// # Errors
    /// As choosing it, or checking it.
    pub(super) fn preview_layout(
        &mut self,
        now: WallMs,
        live: Option<&LiveId>,
        wish: &LayoutWish,
    ) -> Result<Answer, Refusal> {
        let scene = match live {
            Some(live) => self.rehearse(|lives| {
                lives.choose_layout(now, live, wish)?;
                let (chosen, custom) = lives.layout_of(live);
                Ok(full(lives.scene_with(live, chosen, custom), custom))
            })?,
            None => {
                let (chosen, custom) = self.layout_by_itself(wish)?;
                full(self.scene_of_nobody(chosen), custom.as_ref())
            }
        };
        Ok(Answer::Scene(Box::new(scene)))
    }
}

/// Somebody in each place.
fn full(mut scene: Scene, custom: Option<&Custom>) -> Scene {
    let places = places(scene.template, custom);
    stand_ins::fill(&mut scene, custom, places);
    scene
}

fn places(chosen: Template, custom: Option<&Custom>) -> usize {
    custom.map_or(chosen.places(), |custom| custom.len())
}

/// As many as there are places for.
fn check_hosts(hosts: u64, chosen: Template, custom: Option<&Custom>) -> Result<usize, Refusal> {
    let places = places(chosen, custom);
    usize::try_from(hosts).ok().filter(|hosts| (1..=places).contains(hosts)).ok_or_else(|| {
        let with = if custom.is_some() { "these regions" } else { "this template" };
        Refusal::Invalid { field: "hosts", detail: format!("1 to {places} with {with}, found {hosts}") }
    })
}

/// The query calls it otherwise than bodies do.
fn of_the_query(refusal: Refusal) -> Refusal {
    if let Refusal::Invalid { field: "layoutTemplate", detail } = &refusal {
        return Refusal::Invalid { field: "template", detail: detail.clone() };
    }
    refusal
}
