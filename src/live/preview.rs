//! What the picture of a live would be: as it is, or with another template or number of hosts. Nothing changes.

use costage_media::scene::Template;

use super::answer::Answer;
use super::command::PreviewWish;
use super::layout::template;
use super::lives::Lives;
use super::refusal::Refusal;
use super::stand_ins;

impl Lives {
    /// The scene that `wish` asks for: who is there, in the order of places, then made-up hosts to the number wished for. A
    /// template that has too few places for the connected lives is refused as choosing it would be, unless the number of
    /// hosts is wished for too. Regions of one's own are seats', so no other number of hosts fits them.
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
            let wanted = check_hosts(chosen, hosts)?;
            if chosen.has_empty_places() {
                stand_ins::seat(&mut scene, wanted);
            } else {
                stand_ins::line_up(&mut scene, wanted);
            }
        }
        Ok(Answer::Scene(Box::new(scene)))
    }
}

/// As many as the template has places for.
fn check_hosts(chosen: Template, hosts: u64) -> Result<usize, Refusal> {
    let places = chosen.places();
    if places == 0 {
        let name = chosen.name();
        let detail = format!("{name} shows the seats that it names; leave it out, or name another template");
        return Err(Refusal::Invalid { field: "hosts", detail });
    }
    usize::try_from(hosts).ok().filter(|hosts| (1..=places).contains(hosts)).ok_or_else(|| {
        let detail = format!("1 to {places} with this template, found {hosts}");
        Refusal::Invalid { field: "hosts", detail }
    })
}

/// The query calls it otherwise than bodies do.
fn of_the_query(refusal: Refusal) -> Refusal {
    if let Refusal::Invalid { field: "layoutTemplate", detail } = &refusal {
        return Refusal::Invalid { field: "template", detail: detail.clone() };
    }
    refusal
}
