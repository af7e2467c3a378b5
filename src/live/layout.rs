//! Layouts: templates of connections, which there are, and changing them.

use std::sync::Arc;

use costage_media::scene::Template;

use super::answer::{Answer, Layout, SeatRegion};
use super::command::{LayoutWish, NewLive, SeatTemplate, TemplateRef};
use super::custom::{Custom, CustomRegion};
use super::event::Event;
use super::fact::Fact;
use super::ids::{ConnectionId, LiveId};
use super::lives::Lives;
use super::refusal::Refusal;
use super::state::Connection;
use super::time::WallMs;

impl Lives {
    /// What a connection of `live` has or would have: what is wished for, or else what it has, or else the first one.
    pub(super) fn template_of(&self, live: &LiveId, wish: Option<Template>) -> Template {
        let connection = self.state.lives.get(live).and_then(|live| live.connection);
        let connection = connection.and_then(|id| self.state.connections.get(&id));
        wish.or(connection.map(|connection| connection.template)).unwrap_or(Template::HostDynamicGrid)
    }

    /// Any connected host changes the layout for all, unless it has too few places. A live alone has regions of its own, or a
    /// template of its seats.
    pub(super) fn choose_layout(&mut self, now: WallMs, live: &LiveId, wish: &LayoutWish) -> Result<Answer, Refusal> {
        let connection = self.live(live)?.connection;
        let (template, custom) = match (wish, connection) {
            (LayoutWish::Template(wish), Some(_)) => (shared(wish)?, None),
            (LayoutWish::Template(wish), None) => (template(wish)?, None),
            (LayoutWish::Regions(wishes), _) => (Template::Custom, Some(self.check_regions(Some(live), wishes)?)),
        };
        match (connection, SeatTemplate::of(template)) {
            (Some(id), _) => self.lay_out(now, id, template, custom)?,
            (None, _) if custom.is_some() => self.lay_out_alone(now, live, custom),
            (None, Some(seats)) => self.lay_out_seats(now, live, seats),
            (None, None) => return Err(Refusal::NotConnected { live: live.clone() }),
        }
        self.find_layout(live)
    }

    fn lay_out(
        &mut self,
        now: WallMs,
        id: ConnectionId,
        template: Template,
        custom: Option<Custom>,
    ) -> Result<(), Refusal> {
        let connection = self.state.connections.get(&id).expect("named by its member");
        let (members, places) = (connection.members.clone(), template.capacity());
        if members.len() > places {
            return Err(Refusal::ConnectionFull { places });
        }
        // Choosing what is there already is done at once, and nobody need hear of it.
        if (connection.template, &connection.custom) == (template, &custom) {
            return Ok(());
        }
        let connection = self.state.connections.get_mut(&id).expect("looked up above");
        (connection.template, connection.custom) = (template, custom.clone());
        self.record(Fact::LayoutChosen { connection: id, template, custom, at: now });
        self.fit_seats_to_layout(now, &members, template);
        self.restage(id);
        self.tell_layout(now, &members);
        Ok(())
    }

    fn lay_out_alone(&mut self, now: WallMs, live: &LiveId, custom: Option<Custom>) {
        if self.state.lives.get(live).is_none_or(|live| live.custom == custom) {
            return;
        }
        let found = self.state.lives.get_mut(live).expect("looked up above");
        found.custom.clone_from(&custom);
        self.record(Fact::LiveLayoutChosen { live: live.clone(), custom, at: now });
        self.restage_live(live);
        self.tell_layout(now, std::slice::from_ref(live));
    }

    /// The template of the live's seats, in place of regions of its own: as changing the live would.
    fn lay_out_seats(&mut self, now: WallMs, id: &LiveId, seats: SeatTemplate) {
        let Some(live) = self.state.lives.get(id) else { return };
        if live.info.seat_template == seats {
            return self.lay_out_alone(now, id, None);
        }
        let (info, had_regions) = (NewLive { seat_template: seats, ..(*live.info).clone() }, live.custom.is_some());
        let live = self.state.lives.get_mut(id).expect("looked up above");
        (live.info, live.custom) = (Arc::new(info.clone()), None);
        if had_regions {
            self.record(Fact::LiveLayoutChosen { live: id.clone(), custom: None, at: now });
        }
        self.tell_seat_template(now, id, info);
    }

    fn tell_seat_template(&mut self, now: WallMs, id: &LiveId, info: NewLive) {
        let Some(live) = self.state.lives.get(id) else { return };
        let fact = Fact::LiveChanged(Arc::new(self.info_of(live)));
        self.record(fact);
        self.restage_live(id);
        self.tell_layout(now, std::slice::from_ref(id));
        let changed = Event::LiveInfoChanged { live: Box::new(info), changed: vec!["seatTemplate"] };
        self.notify(now, vec![id.clone()], changed);
    }

    /// As choosing it, and as if nothing had been chosen.
    pub(super) fn check_layout(
        &mut self,
        now: WallMs,
        live: Option<&LiveId>,
        wish: &LayoutWish,
    ) -> Result<Answer, Refusal> {
        if let Some(live) = live {
            return self.rehearse(|lives| lives.choose_layout(now, live, wish));
        }
        let (template, custom) = self.layout_by_itself(wish)?;
        let region = |it: &CustomRegion| SeatRegion::of(it.live.clone(), it.seat, None, it.region);
        let regions = custom.iter().flat_map(|custom| custom.iter().map(region)).collect();
        Ok(Answer::Layout(Layout::of(template, self.rules.canvas, regions)))
    }

    /// What is wished for where nobody is named for whom.
    pub(super) fn layout_by_itself(&self, wish: &LayoutWish) -> Result<(Template, Option<Custom>), Refusal> {
        Ok(match wish {
            LayoutWish::Template(wish) => (template(wish)?, None),
            LayoutWish::Regions(wishes) => (Template::Custom, Some(self.check_regions(None, wishes)?)),
        })
    }

    /// What the viewers of `live` see: the connection's, or its own while it is alone.
    pub(super) fn layout_of(&self, live: &LiveId) -> (Template, Option<&Custom>) {
        let Some(live) = self.state.lives.get(live) else { return (Template::HostDynamicGrid, None) };
        match (live.connection.and_then(|id| self.state.connections.get(&id)), &live.custom) {
            (Some(connection), _) => (connection.template, connection.custom.as_ref()),
            (None, Some(custom)) => (Template::Custom, Some(custom)),
            (None, None) => (live.info.seat_template.layout(), None),
        }
    }
}

impl Connection {
    /// A live has left: nothing of it is shown any more. Where no region is left, everybody is in hostDynamicGrid.
    pub(super) fn forget_regions_of(&mut self, live: &LiveId) {
        let Some(custom) = &self.custom else { return };
        let kept: Custom = custom.iter().filter(|region| region.live != *live).cloned().collect();
        if kept.is_empty() {
            (self.template, self.custom) = (Template::HostDynamicGrid, None);
        } else {
            self.custom = Some(kept);
        }
    }
}

/// The template of that name or number, when there is one. The two of seats that are drawn as hosts are go by both names.
pub(super) fn template(wish: &TemplateRef) -> Result<Template, Refusal> {
    let known = Template::ALL.into_iter().find(|known| match wish {
        TemplateRef::Name(name) => {
            known.name() == name || SeatTemplate::of(*known).is_some_and(|seats| seats.name() == name)
        }
        TemplateRef::Id(id) => u64::from(known.id()) == *id,
    });
    known.ok_or_else(|| refused(format!("unknown; use {}", named(Template::ALL.into_iter()))))
}

/// The same of one that connected lives may have together.
pub(super) fn shared(wish: &TemplateRef) -> Result<Template, Refusal> {
    let may_be = |template: &Template| template.capacity() > 1;
    template(wish).and_then(|template| {
        if may_be(&template) {
            return Ok(template);
        }
        let others = named(Template::ALL.into_iter().filter(may_be));
        Err(refused(format!("{} lays out the seats of a live that is alone; use {others}", template.name())))
    })
}

fn refused(detail: String) -> Refusal {
    Refusal::Invalid { field: "layoutTemplate", detail }
}

fn named(templates: impl Iterator<Item = Template>) -> String {
    templates.map(|it| format!("\"{}\" ({})", it.name(), it.id())).collect::<Vec<_>>().join(" or ")
}
