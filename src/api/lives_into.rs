//! From a request to the rules' own type.

use super::auth::Principal;
use super::ids::{live_id, user_id};
use super::lives::{CreateLive, OwnerIn, SeatModeIn, SeatTemplateIn};
use super::object::Object;
use super::problem::Problem;
use crate::live::command::{NewLive, Overlays, SeatMode, SeatTemplate, User};

impl CreateLive {
    /// The command; what is absent gets the interface's default, an absent owner is the caller.
    ///
    /// # Errors
    /// 400 for ids that are none.
    pub(super) fn into_command(self, caller: &Principal) -> Result<NewLive, Problem> {
        let owner = match self.owner {
            Some(Object(owner)) => User::try_from(owner)?,
            None => User {
                user_id: caller.user.clone(),
                user_name: caller.name.clone().unwrap_or_default(),
                avatar_url: String::new(),
            },
        };
        let default = NewLive::new(live_id("liveId", &self.live_id)?, owner);
        let overlays = self.overlays.map_or(default.overlays, |Object(overlays)| Overlays {
            names: overlays.names.unwrap_or(default.overlays.names),
            battle: overlays.battle.unwrap_or(default.overlays.battle),
            container: overlays.container.unwrap_or(default.overlays.container),
        });
        let seat_template = self.seat_template.map_or(default.seat_template, SeatTemplate::from);
        Ok(NewLive {
            live_name: self.live_name.unwrap_or(default.live_name),
            notice: self.notice.unwrap_or(default.notice),
            is_public_visible: self.is_public_visible.unwrap_or(default.is_public_visible),
            is_seat_enabled: self.is_seat_enabled.unwrap_or(default.is_seat_enabled),
            keep_owner_on_seat: self.keep_owner_on_seat.unwrap_or(default.keep_owner_on_seat),
            max_seat_count: self.max_seat_count.unwrap_or_else(|| seat_template.seats()),
            seat_mode: self.seat_mode.map_or(default.seat_mode, SeatMode::from),
            seat_template,
            cover_url: self.cover_url.unwrap_or(default.cover_url),
            background_url: self.background_url.unwrap_or(default.background_url),
            category_list: self.category_list.unwrap_or(default.category_list),
            activity_status: self.activity_status.unwrap_or(default.activity_status),
            meta_data: self.meta_data.unwrap_or(default.meta_data),
            overlays,
            ..NewLive::new(default.live_id, default.owner)
        })
    }
}

impl TryFrom<OwnerIn> for User {
    type Error = Problem;

    fn try_from(owner: OwnerIn) -> Result<Self, Problem> {
        Ok(Self {
            user_id: user_id("owner.userId", &owner.user_id)?,
            user_name: owner.user_name.unwrap_or_default(),
            avatar_url: owner.avatar_url.unwrap_or_default(),
        })
    }
}

impl From<SeatModeIn> for SeatMode {
    fn from(mode: SeatModeIn) -> Self {
        match mode {
            SeatModeIn::Free => Self::Free,
            SeatModeIn::Apply => Self::Apply,
        }
    }
}

impl From<SeatTemplateIn> for SeatTemplate {
    fn from(template: SeatTemplateIn) -> Self {
        match template {
            SeatTemplateIn::VideoDynamicGrid9Seats => Self::VideoDynamicGrid9Seats,
            SeatTemplateIn::VideoDynamicFloat7Seats => Self::VideoDynamicFloat7Seats,
            SeatTemplateIn::VideoFixedGrid9Seats => Self::VideoFixedGrid9Seats,
            SeatTemplateIn::VideoFixedFloat7Seats => Self::VideoFixedFloat7Seats,
            SeatTemplateIn::VideoLandscape4Seats => Self::VideoLandscape4Seats,
            SeatTemplateIn::AudioSalon => Self::AudioSalon,
            SeatTemplateIn::Karaoke => Self::Karaoke,
        }
    }
}
