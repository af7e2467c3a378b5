//! `/v1/lives`: create, list, get, end.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::answers::{Created, Done};
use super::ask::{asked, done};
use super::auth::Bearer;
use super::body::Strict;
use super::cases::Case;
use super::draining::Open;
use super::may::{Acting, Looking, Watching};
use super::object::Object;
use super::problem::Problem;
use super::query::StrictQuery;
use super::state::ApiState;
use crate::live::answer::LiveInfo;
use crate::live::command::LiveEndReason;
use crate::live::{Command, LiveId, UserId};

/// A live to create.
// As the caller writes it: limits are the rules' business (`live`), shapes this one's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateLive {
    /// Its id, chosen by the caller.
    #[schemars(with = "LiveId")]
    pub(super) live_id: String,
    /// Shown name, at most 100 bytes. Default: "".
    #[schemars(length(max = 100), example = &"Alice live")]
    pub(super) live_name: Option<String>,
    /// Whose live it is. Default: the token's user; only an admin names another.
    pub(super) owner: Option<Object<OwnerIn>>,
    /// A word to all, at most 100 bytes. Default: "".
    #[schemars(length(max = 100), example = &"back at nine")]
    pub(super) notice: Option<String>,
    /// Whether the list shows it and anybody may watch. Default: true.
    #[schemars(example = true)]
    pub(super) is_public_visible: Option<bool>,
    /// Whether it has seats at all. Default: true.
    #[schemars(example = true)]
    pub(super) is_seat_enabled: Option<bool>,
    /// Whether the owner stays on seat 0. Default: true.
    #[schemars(example = true)]
    pub(super) keep_owner_on_seat: Option<bool>,
    /// Seats, the owner's among them: 1 to 50. Default: as many as the template shows (9, 7 or 4), 10 in a voice room.
    #[schemars(range(min = 1, max = 50), example = 9)]
    pub(super) max_seat_count: Option<u64>,
    /// How seats are taken. Default: apply.
    pub(super) seat_mode: Option<SeatModeIn>,
    /// How its seats are laid out while it is in no connection and has no regions of its own. Default:
    /// videoDynamicGrid9Seats.
    pub(super) seat_template: Option<SeatTemplateIn>,
    /// Address of a picture for the list, at most 200 bytes. Default: "".
    #[schemars(length(max = 200), example = &"")]
    pub(super) cover_url: Option<String>,
    /// Address of a picture, at most 200 bytes. Default: "".
    #[schemars(length(max = 200), example = &"")]
    pub(super) background_url: Option<String>,
    /// At most 3, each at most 100 bytes. Default: none.
    #[schemars(length(max = 3), example = ["music"])]
    pub(super) category_list: Option<Vec<String>>,
    /// The business's own number. Default: 0.
    #[schemars(example = 0)]
    pub(super) activity_status: Option<i64>,
    /// The business's own: at most 10 keys of at most 50 bytes, values of at most 2048 bytes. Default: none.
    #[schemars(extend("maxProperties" = 10))]
    pub(super) meta_data: Option<BTreeMap<String, String>>,
    /// What the server draws into the picture. Default: all.
    pub(super) overlays: Option<Object<OverlaysIn>>,
}

/// Who owns the live. Absent: the token's user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "OwnerInput")]
pub(super) struct OwnerIn {
    /// The user's id.
    #[schemars(with = "UserId")]
    pub(super) user_id: String,
    /// Shown name, at most 100 bytes.
    #[schemars(length(max = 100), example = &"Alice")]
    pub(super) user_name: Option<String>,
    /// Address of a picture, at most 500 bytes; "" for none.
    #[schemars(length(max = 500), example = &"")]
    pub(super) avatar_url: Option<String>,
}

/// How seats are taken.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SeatModeInput")]
pub(super) enum SeatModeIn {
    /// By anybody.
    Free,
    /// After the owner's consent.
    Apply,
}

/// The template of a live's seats. In a connection the connection's layout is shown instead.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SeatTemplateInput")]
pub(super) enum SeatTemplateIn {
    /// 600: who is there, in a grid that grows; nine at most.
    VideoDynamicGrid9Seats,
    /// 601: the host on the whole canvas, who else is there in windows above; seven at most.
    VideoDynamicFloat7Seats,
    /// 800: as many seats as the live has (`maxSeatCount`), nine at most, in a grid, empty ones drawn too.
    VideoFixedGrid9Seats,
    /// 801: the host on the whole canvas, the live's other seats (`maxSeatCount`) in windows above, six at most, empty ones
    /// drawn too.
    VideoFixedFloat7Seats,
    /// 200: who is there, in landscape; four at most.
    VideoLandscape4Seats,
    /// 70: all seats of a voice room, in five columns without pictures.
    AudioSalon,
    /// 50: the same of a room for singing.
    Karaoke,
}

/// Which overlays the server draws; absent ones stay as they are, on at first. Lives that are connected have one picture: what
/// one of them has switched off is off for all, for as long as they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OverlaysInput")]
pub(super) struct OverlaysIn {
    /// Nicknames.
    #[schemars(example = true)]
    pub(super) names: Option<bool>,
    /// Score bar, countdown, ranks, results.
    #[schemars(example = true)]
    pub(super) battle: Option<bool>,
    /// What of a battle lies over all tiles together: bar, countdown, "VS", results of teams.
    #[schemars(example = true)]
    pub(super) container: Option<bool>,
}

/// `?cursor=&count=`, and the token's place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Where to go on: "" first, then what the page before answered, until that is "".
    #[serde(default)]
    #[schemars(example = &"")]
    pub(super) cursor: String,
    /// How many at most, 1 to 100. Default: 20.
    #[schemars(range(min = 1, max = 100), example = 20)]
    pub(super) count: Option<u64>,
    #[serde(default, rename = "token")]
    #[schemars(skip)]
    _token: Option<String>,
}

/// A live with the addresses of its media.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Live")]
pub(super) struct LiveOut {
    #[serde(flatten)]
    live: LiveInfo,
    /// Where its host publishes.
    #[schemars(example = &"/whip/a")]
    whip_url: String,
    /// Where its feed is played.
    #[schemars(example = &"/whep/a")]
    whep_url: String,
}

impl From<LiveInfo> for LiveOut {
    fn from(live: LiveInfo) -> Self {
        // Every character that an id may have stands in a path as it is (RFC 3986 §3.3).
        let id = &live.live.live_id;
        let (whip_url, whep_url) = (format!("/whip/{id}"), format!("/whep/{id}"));
        Self { live, whip_url, whep_url }
    }
}

/// A page of the list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LivePage")]
pub(super) struct PageOut {
    /// Newest first.
    lives: Vec<LiveOut>,
    /// For the next page; "" when this was the last.
    #[schemars(example = &"")]
    cursor: String,
}

pub(super) async fn create(
    _: Open,
    State(state): State<ApiState>,
    bearer: Bearer,
    Strict(body): Strict<CreateLive>,
) -> Result<Created<LiveOut>, Problem> {
    let new = body.into_command(&bearer.principal)?;
    bearer.principal.may_host(&new.live_id)?;
    if !bearer.principal.is_admin() && new.owner.user_id != bearer.principal.user {
        let detail = "`owner.userId` must be the token's user; only an admin creates lives for others";
        return Err(Problem::new(Case::Forbidden, detail));
    }
    let live = asked!(state, Command::CreateLive(Box::new(new)) => Live);
    let location = format!("/v1/lives/{}", live.live.live_id);
    Ok(Created { location, body: LiveOut::from(*live) })
}

pub(super) async fn list(
    _: Looking,
    State(state): State<ApiState>,
    StrictQuery(page): StrictQuery<Page>,
) -> Result<Json<PageOut>, Problem> {
    let found = asked!(state, Command::ListLives { cursor: page.cursor, count: page.count } => Lives);
    let lives = found.lives.into_iter().map(|live| LiveOut::from(state.counted(live))).collect();
    Ok(Json(PageOut { lives, cursor: found.cursor }))
}

pub(super) async fn find(viewer: Watching) -> Json<LiveOut> {
    Json(LiveOut::from(viewer.info))
}

pub(super) async fn end(State(state): State<ApiState>, host: Acting) -> Result<Done, Problem> {
    let by_host = host.info.live.owner.user_id == host.bearer.principal.user;
    let reason = if by_host { LiveEndReason::EndedByHost } else { LiveEndReason::EndedByServer };
    done(&state, Command::EndLive { live: host.live(), reason }).await
}
