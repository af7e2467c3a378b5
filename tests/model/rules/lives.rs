//! Lives: created, changed, ended.

use super::{Allowed, Link, Live, Model, Outcome, Seat, Sitting, refuse, short, within};
use crate::command::{Field, NewLive};
use crate::said::{Answer, Case, Event, Left, Why};
use crate::words::{Person, Settings, Text};

impl Model {
    pub(super) fn create(&mut self, new: &NewLive) -> Outcome {
        check_person("owner.userName", "owner.avatarUrl", &new.owner)?;
        check(&new.settings)?;
        if let Some(other) = self.live(new.live) {
            let yours = other.owner.id == new.owner.id;
            return refuse(if yours { Case::LiveExistsYours } else { Case::LiveExists }, new.live);
        }
        self.serials_ever += 1;
        self.lives.push(Live {
            id: new.live,
            serial: self.serials_ever,
            owner: new.owner,
            settings: new.settings.clone(),
            created: self.now,
            media: Link::Never,
            socket: Link::Never,
            gone: false,
            spared: 0,
            seats: Vec::new(),
            pending: Vec::new(),
            closed: Vec::new(),
            shown: false,
            judged: None,
            own: None,
        });
        self.furnish(new.live);
        Ok(Answer::Live(self.seen(new.live)))
    }

    /// Only the named fields change; who changes nothing tells nobody.
    pub(super) fn update(&mut self, id: Text, fields: &[Field]) -> Outcome {
        let before = self.known(id)?.settings.clone();
        let mut after = before.clone();
        fields.iter().for_each(|field| set(&mut after, field));
        check(&after)?;
        let changed = differences(&before, &after);
        if changed.is_empty() {
            return Ok(Answer::Live(self.seen(id)));
        }
        let layout = self.layout(id);
        self.live_mut(id).settings = after.clone();
        if before.seats && after.seats {
            self.fit_seats(id, after.seat_count);
        } else if before.seats != after.seats {
            self.live_mut(id).pending.clear();
            self.furnish(id);
        }
        self.tell_new_layout(id, &layout);
        self.tell(vec![id], Event::LiveChanged { live: id, settings: after, changed });
        Ok(Answer::Live(self.seen(id)))
    }

    /// The seats of a live that begins to have them, its owner on the first; or none.
    fn furnish(&mut self, id: Text) {
        let live = self.live_mut(id);
        let count =
            if live.settings.seats { usize::try_from(live.settings.seat_count).expect("at most 50") } else { 0 };
        live.seats = vec![Seat { locked: false, sitter: None }; count];
        let closed = live.closed_to(live.owner.id);
        if let Some(first) = live.seats.first_mut() {
            first.sitter = Some(Sitting::new(live.owner, 0, closed));
        }
    }

    /// More seats are free ones; who sits where there is no seat any more leaves it.
    fn fit_seats(&mut self, id: Text, count: u64) {
        let count = usize::try_from(count).expect("at most 50");
        let beyond: Vec<u64> = (count..self.live_mut(id).seats.len()).map(|index| index as u64).collect();
        self.live_mut(id).seats.iter_mut().skip(count).for_each(|seat| seat.locked = false);
        self.remove_sitters(id, &beyond, Why::Layout);
        self.live_mut(id).seats.resize(count, Seat { locked: false, sitter: None });
    }

    /// The battle is left first, then the connection; then requests are over, and the live.
    pub(super) fn end(&mut self, id: Text, by_server: bool) -> Outcome {
        self.known(id)?;
        self.leave(id, Left::LiveEnded);
        self.withdraw_requests(id);
        self.lives.retain(|live| live.id != id);
        self.tell(vec![id], Event::LiveEnded { live: id, reason: if by_server { 2 } else { 1 } });
        Ok(Answer::Done)
    }
}

fn set(settings: &mut Settings<'static>, field: &Field) {
    match field {
        Field::Name(name) => settings.name = name,
        Field::Notice(notice) => settings.notice = notice,
        Field::Public(public) => settings.public = *public,
        Field::Seats(seats) => settings.seats = *seats,
        Field::KeepOwner(keep) => settings.keep_owner = *keep,
        Field::SeatCount(count) => settings.seat_count = *count,
        Field::Free(free) => settings.free = *free,
        Field::Template(template) => settings.template = template,
        Field::Cover(cover) => settings.cover = cover,
        Field::Background(background) => settings.background = background,
        Field::Categories(categories) => settings.categories.clone_from(categories),
        Field::Activity(activity) => settings.activity = *activity,
        Field::Meta(meta) => settings.meta.clone_from(meta),
        Field::Overlay(which, drawn) => settings.overlays[*which] = *drawn,
    }
}

fn differences(before: &Settings<'_>, after: &Settings<'_>) -> Vec<Text> {
    let mut changed = Vec::new();
    let mut note = |field: Text, differs: bool| {
        if differs {
            changed.push(field);
        }
    };
    note("liveName", before.name != after.name);
    note("notice", before.notice != after.notice);
    note("isPublicVisible", before.public != after.public);
    note("isSeatEnabled", before.seats != after.seats);
    note("keepOwnerOnSeat", before.keep_owner != after.keep_owner);
    note("maxSeatCount", before.seat_count != after.seat_count);
    note("seatMode", before.free != after.free);
    note("seatTemplate", before.template != after.template);
    note("coverUrl", before.cover != after.cover);
    note("backgroundUrl", before.background != after.background);
    note("categoryList", before.categories != after.categories);
    note("activityStatus", before.activity != after.activity);
    note("metaData", before.meta != after.meta);
    note("overlays", before.overlays != after.overlays);
    changed
}

/// liveName and notice to 100 bytes, addresses of pictures to 200, 3 categories, 50 seats, 10 keys of 50 bytes with
/// values of 2 KB.
fn check(settings: &Settings<'static>) -> Allowed {
    short("liveName", settings.name, 100)?;
    short("notice", settings.notice, 100)?;
    short("coverUrl", settings.cover, 200)?;
    short("backgroundUrl", settings.background, 200)?;
    within("maxSeatCount", settings.seat_count, 1, 50)?;
    if settings.categories.len() > 3 {
        return refuse(Case::Invalid, "categoryList");
    }
    settings.categories.iter().try_for_each(|category| short("categoryList", category, 100))?;
    if settings.meta.len() > 10 {
        return refuse(Case::MetaKeys, "");
    }
    for (key, value) in &settings.meta {
        if key.is_empty() || key.len() > 50 {
            return refuse(Case::MetaKey, key);
        }
        if value.len() > 2_048 {
            return refuse(Case::MetaValue, key);
        }
    }
    Ok(())
}

/// Names to 100 bytes, addresses of pictures of users to 500.
pub(super) fn check_person(name: Text, avatar: Text, person: &Person<'static>) -> Allowed {
    short(name, person.name, 100)?;
    short(avatar, person.avatar, 500)
}
