//! `PATCH /v1/lives/{liveId}`: only what is named changes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::ask::asked;
use super::body::Strict;
use super::lives::{LiveOut, OverlaysIn, SeatModeIn};
use super::may::Acting;
use super::problem::Problem;
use super::state::ApiState;
use crate::live::command::{LiveChange, OverlaysChange, SeatMode};
use crate::live::{Command, LiveId};

/// What to change. `liveId` and `owner` are not among it: they never change. `null` is as if it were not named.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChangeLive {
    live_name: Option<String>,
    notice: Option<String>,
    is_public_visible: Option<bool>,
    is_seat_enabled: Option<bool>,
    keep_owner_on_seat: Option<bool>,
    max_seat_count: Option<u64>,
    seat_mode: Option<SeatModeIn>,
    seat_template: Option<String>,
    cover_url: Option<String>,
    background_url: Option<String>,
    category_list: Option<Vec<String>>,
    activity_status: Option<i64>,
    meta_data: Option<BTreeMap<String, String>>,
    overlays: Option<OverlaysIn>,
}

impl From<(LiveId, ChangeLive)> for LiveChange {
    fn from((live, change): (LiveId, ChangeLive)) -> Self {
        let overlays = change.overlays.map(|overlays| OverlaysChange {
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
            seat_template: change.seat_template,
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
