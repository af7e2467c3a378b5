//! Changing a live: what is named, and nothing else.

use std::sync::Arc;

use costage_media::scene::SourceId;

use super::answer::Answer;
use super::command::{LiveChange, NewLive, Overlays};
use super::event::Event;
use super::fact::Fact;
use super::lives::Lives;
use super::refusal::Refusal;
use super::room::check;
use super::time::WallMs;

impl Lives {
    /// The same limits as at the creation. Who changes nothing is answered, and nobody is told. Turning `isPublicVisible`
    /// off takes the live out of the list and away from new viewers without a token; who watches already goes on.
    pub(super) fn update_live(&mut self, now: WallMs, change: LiveChange) -> Result<Answer, Refusal> {
        let id = change.live.clone();
        let before = Arc::clone(&self.live(&id)?.info);
        let after = changed(&before, change);
        check(&after)?;
        let fields = differing(&before, &after);
        if fields.is_empty() {
            return self.find_live(&id);
        }
        let layout = self.layout(&id);
        let live = self.state.lives.get_mut(&id).expect("looked up above");
        live.info = Arc::new(after.clone());
        let info = self.info_of(self.live(&id)?);
        self.record(Fact::LiveChanged(Arc::new(info)));
        let gone = self.fit_seats(now, &before, &after);
        // A seat that was there says whether its camera is open; without seats every camera is. And a lock goes with its seat.
        if ["overlays", "isSeatEnabled", "maxSeatCount", "seatTemplate"].iter().any(|shown| fields.contains(shown)) {
            self.restage_live(&id);
        }
        self.dismiss(&gone);
        self.tell_layout_unless(now, &id, &layout);
        self.notify(now, vec![id.clone()], Event::LiveInfoChanged { live: Box::new(after), changed: fields });
        self.find_live(&id)
    }

    /// Who sits where there is no seat any more leaves it. That seats are switched on or off as a whole, onLiveInfoChanged says;
    /// the sources that this ends are answered.
    fn fit_seats(&mut self, now: WallMs, before: &NewLive, after: &NewLive) -> Vec<SourceId> {
        match (before.is_seat_enabled, after.is_seat_enabled) {
            (true, false) => return self.close_seats(&after.live_id),
            (false, true) => self.open_seats(&after.live_id),
            (true, true) if after.max_seat_count < before.max_seat_count => {
                let first = u32::try_from(after.max_seat_count).expect("checked: at most 50");
                self.take_seats_away_from(now, &after.live_id, first);
            }
            (true, true) | (false, false) => {}
        }
        Vec::new()
    }
}

fn changed(before: &NewLive, change: LiveChange) -> NewLive {
    let before = before.clone();
    let overlays = Overlays {
        names: change.overlays.names.unwrap_or(before.overlays.names),
        battle: change.overlays.battle.unwrap_or(before.overlays.battle),
        container: change.overlays.container.unwrap_or(before.overlays.container),
    };
    NewLive {
        live_id: before.live_id,
        live_name: change.live_name.unwrap_or(before.live_name),
        owner: before.owner,
        notice: change.notice.unwrap_or(before.notice),
        is_public_visible: change.is_public_visible.unwrap_or(before.is_public_visible),
        is_seat_enabled: change.is_seat_enabled.unwrap_or(before.is_seat_enabled),
        keep_owner_on_seat: change.keep_owner_on_seat.unwrap_or(before.keep_owner_on_seat),
        max_seat_count: change.max_seat_count.unwrap_or(before.max_seat_count),
        seat_mode: change.seat_mode.unwrap_or(before.seat_mode),
        seat_template: change.seat_template.unwrap_or(before.seat_template),
        cover_url: change.cover_url.unwrap_or(before.cover_url),
        background_url: change.background_url.unwrap_or(before.background_url),
        category_list: change.category_list.unwrap_or(before.category_list),
        activity_status: change.activity_status.unwrap_or(before.activity_status),
        meta_data: change.meta_data.unwrap_or(before.meta_data),
        overlays,
    }
}

/// The fields that differ, as the interface names them.
fn differing(before: &NewLive, after: &NewLive) -> Vec<&'static str> {
    let differs = [
        ("liveName", before.live_name != after.live_name),
        ("notice", before.notice != after.notice),
        ("isPublicVisible", before.is_public_visible != after.is_public_visible),
        ("isSeatEnabled", before.is_seat_enabled != after.is_seat_enabled),
        ("keepOwnerOnSeat", before.keep_owner_on_seat != after.keep_owner_on_seat),
        ("maxSeatCount", before.max_seat_count != after.max_seat_count),
        ("seatMode", before.seat_mode != after.seat_mode),
        ("seatTemplate", before.seat_template != after.seat_template),
        ("coverUrl", before.cover_url != after.cover_url),
        ("backgroundUrl", before.background_url != after.background_url),
        ("categoryList", before.category_list != after.category_list),
        ("activityStatus", before.activity_status != after.activity_status),
        ("metaData", before.meta_data != after.meta_data),
        ("overlays", before.overlays != after.overlays),
    ];
    differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}
