//! What no type can say: what an operation is for, and which rules may refuse it.
//!
//! A route without a line here, or a line without a route, fails a test; so does a refusal that a test meets and no line has.

mod battles;
mod lives;
mod media;
mod seats;

use super::super::cases::Case;

/// One operation's words.
pub(super) struct Text {
    pub(super) method: &'static str,
    /// As the route table writes it.
    pub(super) path: &'static str,
    /// Its name in generated clients.
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    /// Refusals by the rules, beside those that the handler's types know.
    pub(super) refusals: &'static [Case],
}

/// Groups, in the order of a reader.
pub(super) const TAGS: [(&str, &str); 8] = [
    ("lives", "A live is one host's room."),
    ("seats", "Numbered places in a live from which users publish; the owner sits on seat 0."),
    ("co-host", "A connection is 2 to 9 lives whose hosts share one picture and one sound."),
    ("layout", "Where everybody stands in the picture."),
    ("battle", "A timed contest between hosts of one connection."),
    ("events", "What happens, as it happens."),
    ("media", "Publishing by WHIP (RFC 9725), playing by WHEP."),
    ("other", "The server itself."),
];

const fn text(method: &'static str, path: &'static str, id: &'static str, tag: &'static str) -> Text {
    Text { method, path, id, tag, summary: "", description: "", refusals: &[] }
}

impl Text {
    const fn says(self, summary: &'static str, description: &'static str) -> Self {
        Self { summary, description, ..self }
    }

    const fn refuses(self, refusals: &'static [Case]) -> Self {
        Self { refusals, ..self }
    }
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Text> {
    lives::TEXTS.iter().chain(seats::TEXTS).chain(battles::TEXTS).chain(media::TEXTS)
}

/// The words of this operation.
pub(super) fn of(method: &str, path: &str) -> Option<&'static Text> {
    all().find(|text| text.method == method && text.path == path)
}
