//! `PATCH /v1/lives/{liveId}`: only what is named changes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::asked;
use super::body::Strict;
use super::lives::{LiveOut, OverlaysIn, SeatModeIn, SeatTemplateIn};
use super::may::Acting;
use super::object::Object;
use super::problem::Problem;
use super::state::ApiState;
use crate::live::command::{LiveChange, OverlaysChange, SeatMode, SeatTemplate};
use crate::live::{Command, LiveId};

/// What to change. `liveId` and `owner` are not among it: they never change. `null` is as if it were not named.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChangeLive {
    /// Shown name, at most 100 bytes.
    #[schemars(length(max = 100), example = &"Alice live")]
    live_name: Option<String>,
    /// A word to all, at most 100 bytes.
    #[schemars(length(max = 100), example = &"back at nine")]
    notice: Option<String>,
    /// Whether the list shows it and anybody may watch.
    #[schemars(example = true)]
    is_public_visible: Option<bool>,
    /// Whether it has seats at all.
    #[schemars(example = true)]
    is_seat_enabled: Option<bool>,
    /// Whether the owner stays on seat 0.
    #[schemars(example = true)]
    keep_owner_on_seat: Option<bool>,
    /// Seats, the owner's among them: 1 to 50.
    #[schemars(range(min = 1, max = 50), example = 9)]
    max_seat_count: Option<u64>,
    /// How seats are taken.
    seat_mode: Option<SeatModeIn>,
    /// How its seats are laid out while it is in no connection and has no regions of its own.
    seat_template: Option<SeatTemplateIn>,
    /// Address of a picture for the list, at most 200 bytes.
    #[schemars(length(max = 200), example = &"")]
    cover_url: Option<String>,
    /// Address of a picture, at most 200 bytes.
    #[schemars(length(max = 200), example = &"")]
    background_url: Option<String>,
    /// At most 3, each at most 100 bytes; the whole list.
    #[schemars(length(max = 3), example = ["music"])]
    category_list: Option<Vec<String>>,
    /// The business's own number.
    #[schemars(example = 0)]
    activity_status: Option<i64>,
    /// The business's own: at most 10 keys of at most 50 bytes, values of at most 2048 bytes; the whole map.
    #[schemars(extend("maxProperties" = 10))]
    meta_data: Option<BTreeMap<String, String>>,
    /// What the server draws into the picture.
    overlays: Option<Object<OverlaysIn>>,
}

impl From<(LiveId, ChangeLive)> for LiveChange {
    fn from((live, change): (LiveId, ChangeLive)) -> Self {
        let overlays = change.overlays.map(|Object(overlays)| OverlaysChange {
            names: overlays.names,
            battle: overlays.battle,
            container: overlays.container,
        });
        Self {
            live,
            live_name: change.live_name,
            notice: change.notice,
            is_public_visible: change.is_public_visible,
            is_seat_enabled: change.is_seat_enabled,
            keep_owner_on_seat: change.keep_owner_on_seat,
            max_seat_count: change.max_seat_count,
            seat_mode: change.seat_mode.map(SeatMode::from),
            seat_template: change.seat_template.map(SeatTemplate::from),
            cover_url: change.cover_url,
            background_url: change.background_url,
            category_list: change.category_list,
            activity_status: change.activity_status,
            meta_data: change.meta_data,
            overlays: overlays.unwrap_or_default(),
        }
    }
}

pub(super) async fn change(
    State(state): State<ApiState>,
    host: Acting,
    Strict(body): Strict<ChangeLive>,
) -> Result<Json<LiveOut>, Problem> {
    let change = LiveChange::from((host.live(), body));
    let live = asked!(state, Command::UpdateLive(Box::new(change)) => Live);
    Ok(Json(LiveOut::from(state.counted(*live))))
}
