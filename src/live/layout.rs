//! Templates of connections: which there are, and changing them.

use costage_media::scene::Template;

use super::answer::Answer;
use super::command::TemplateRef;
use super::fact::Fact;
use super::ids::LiveId;
use super::lives::Lives;
use super::refusal::Refusal;
use super::time::WallMs;

/// The product's connection templates that this version does not draw yet, by name and number.
const TEMPLATES_LATER: [(&str, u64); 1] = [("hostStaticVoice6v6", 1)];

impl Lives {
    /// What a connection of `live` has or would have: what is wished for, or else what it has, or else the first one.
    pub(super) fn template_of(&self, live: &LiveId, wish: Option<Template>) -> Template {
        let connection = self.state.lives.get(live).and_then(|live| live.connection);
        let connection = connection.and_then(|id| self.state.connections.get(&id));
        wish.or(connection.map(|connection| connection.template)).unwrap_or(Template::HostDynamicGrid)
    }

    /// Any connected host changes the template for all, unless it has too few places. A host alone has the whole canvas,
    /// which every grid of one is: it may choose what it has, and nothing else until layouts of single lives are drawn.
    pub(super) fn choose_layout(&mut self, now: WallMs, live: &LiveId, wish: &TemplateRef) -> Result<Answer, Refusal> {
        let connection = self.live(live)?.connection;
        let template = template(wish)?;
        let Some(id) = connection else {
            if template == Template::HostDynamicGrid {
                return self.find_layout(live);
            }
            return Err(Refusal::NotConnected { live: live.clone() });
        };
        let members = self.members_of(live);
        let places = template.capacity();
        if members.len() > places {
            return Err(Refusal::ConnectionFull { places });
        }
        let connection = self.state.connections.get_mut(&id).expect("named by its member");
        // Choosing what is there already is done at once, and nobody need hear of it.
        if std::mem::replace(&mut connection.template, template) != template {
            self.record(Fact::LayoutChosen { connection: id, template, at: now });
            self.fit_seats_to_layout(now, &members, template);
            self.restage(id);
            self.tell_layout(now, &members);
        }
        self.find_layout(live)
    }
}

/// The template of that name or number, when it is one that is drawn.
pub(super) fn template(wish: &TemplateRef) -> Result<Template, Refusal> {
    let known = Template::ALL.into_iter().find(|known| match wish {
        TemplateRef::Name(name) => known.name() == name,
        TemplateRef::Id(id) => u64::from(known.id()) == *id,
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let later = TEMPLATES_LATER.iter().find(|(name, id)| match wish {
        TemplateRef::Name(wish) => wish == name,
        TemplateRef::Id(wish) => wish == id,
    });
    Err(match later {
        Some((name, _)) => Refusal::NotImplemented { what: format!("layoutTemplate {name}") },
        None => {
            let known = Template::ALL.map(|known| format!("\"{}\" ({})", known.name(), known.id()));
            Refusal::Invalid { field: "layoutTemplate", detail: format!("unknown; use {}", known.join(" or ")) }
        }
    })
}
