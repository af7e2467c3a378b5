//! Creating, ending and listing lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::{Answer, LivePage};
use super::command::{LiveEndReason, NewLive};
use super::effect::Effect;
use super::event::{Event, LeaveReason};
use super::fact::Fact;
use super::ids::LiveId;
use super::lives::Lives;
use super::refusal::{MetaDataFault, Refusal};
use super::rules::{
    LIST_COUNT, LIVES_MAX, META_DATA_KEY_BYTES_MAX, META_DATA_KEYS_MAX, META_DATA_VALUE_BYTES_MAX, short, within,
};
use super::state::{Live, Presence, Socket};
use super::time::WallMs;

impl Lives {
    pub(super) fn create_live(&mut self, now: WallMs, new: NewLive) -> Result<Answer, Refusal> {
        check(&new)?;
        if let Some(existing) = self.state.lives.get(&new.live_id) {
            let same_owner = existing.owner() == &new.owner.user_id;
            return Err(Refusal::LiveExists { live: new.live_id, same_owner });
        }
        let too_many = Refusal::TooManyLives { max: LIVES_MAX };
        if self.state.lives.len() >= LIVES_MAX {
            return Err(too_many);
        }
        let serial = self.state.counters.next_serial().ok_or(too_many)?;
        let id = new.live_id.clone();
        let live = Live {
            info: Arc::new(new),
            created: now,
            serial,
            presence: Presence::Never,
            socket: Socket::Never,
            left: false,
            spared_until: WallMs(0),
            solo: None,
            custom: None,
            connection: None,
            battle: None,
            judged: None,
        };
        self.record(Fact::LiveCreated(Arc::new(self.info_of(&live))));
        self.state.lives.insert(id.clone(), live);
        self.state.serials.insert(serial, id.clone());
        self.open_seats(&id);
        self.find_live(&id)
    }

    /// Ends a live: battle left first, then the connection, then the live.
    pub(super) fn end_live(
        &mut self,
        now: WallMs,
        id: &LiveId,
        reason: LiveEndReason,
        message: &str,
    ) -> Result<Answer, Refusal> {
        // The feed ends before the stage that it shows, the source after the last picture that names it.
        let feed = self.live(id)?.feed();
        self.effect(Effect::EndFeed(feed));
        self.leave_connection(now, id, LeaveReason::LiveEnded);
        self.withdraw_requests(now, id);
        let guests = self.close_seats(id);
        self.forget_closed(id);
        let live = self.state.lives.remove(id).expect("looked up above; leaving removes no live");
        self.state.serials.remove(&live.serial);
        if let Some(stage) = live.solo {
            self.effect(Effect::EndStage(stage));
        }
        self.effect(Effect::EndSource(live.source()));
        self.dismiss(&guests);
        self.record(Fact::LiveEnded { live: id.clone(), reason, at: now });
        let (reason_code, message) = (reason.code(), message.to_owned());
        self.notify(now, vec![id.clone()], Event::LiveEnded { live_id: id.clone(), reason, reason_code, message });
        Ok(Answer::Done)
    }

    pub(super) fn list_lives(&self, cursor: &str, count: Option<u64>) -> Result<Answer, Refusal> {
        self.page(cursor, count, |live| live.info.is_public_visible)
    }

    /// A page of the lives that are `wanted`, newest first.
    pub(super) fn page(
        &self,
        cursor: &str,
        count: Option<u64>,
        wanted: impl Fn(&Live) -> bool,
    ) -> Result<Answer, Refusal> {
        let count = within("count", count, LIST_COUNT)?;
        let before = match cursor {
            "" => u32::MAX,
            text => text.parse().map_err(|_| Refusal::Invalid {
                field: "cursor",
                detail: "must be empty or the cursor of the page before".to_owned(),
            })?,
        };
        let older = self.state.serials.range(..before).rev();
        let lives = older.filter_map(|(_, id)| self.state.lives.get(id));
        let mut found = lives.filter(|live| wanted(live)).peekable();
        let (mut lives, mut last) = (Vec::new(), 0);
        while let Some(live) = found.next_if(|_| u64::try_from(lives.len()).is_ok_and(|len| len < count)) {
            lives.push(self.info_of(live));
            last = live.serial;
        }
        let cursor = if found.peek().is_some() { last.to_string() } else { String::new() };
        Ok(Answer::Lives(LivePage { lives, cursor }))
    }
}

/// The limits of a live's fields, at its creation and at each change.
pub(super) fn check(new: &NewLive) -> Result<(), Refusal> {
    short("liveName", &new.live_name, 100)?;
    short("owner.userName", &new.owner.user_name, 100)?;
    short("owner.avatarUrl", &new.owner.avatar_url, 500)?;
    short("notice", &new.notice, 100)?;
    short("coverUrl", &new.cover_url, 200)?;
    short("backgroundUrl", &new.background_url, 200)?;
    within("maxSeatCount", Some(new.max_seat_count), (1, 9, 50))?;
    if new.category_list.len() > 3 {
        let detail = format!("at most 3, found {}", new.category_list.len());
        return Err(Refusal::Invalid { field: "categoryList", detail });
    }
    for category in &new.category_list {
        short("categoryList", category, 100)?;
    }
    check_meta_data(&new.meta_data).map_err(|fault| Refusal::MetaData { fault })
}

fn check_meta_data(data: &BTreeMap<String, String>) -> Result<(), MetaDataFault> {
    if data.len() > META_DATA_KEYS_MAX {
        return Err(MetaDataFault::Keys { found: data.len() });
    }
    for (key, value) in data {
        if key.is_empty() || key.len() > META_DATA_KEY_BYTES_MAX {
            return Err(MetaDataFault::KeySize { key: key.clone() });
        }
        if value.len() > META_DATA_VALUE_BYTES_MAX {
            return Err(MetaDataFault::ValueSize { key: key.clone(), found: value.len() });
        }
    }
    Ok(())
}
