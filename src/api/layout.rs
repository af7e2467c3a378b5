//! `/v1/lives/{liveId}/layout`, `/v1/layouts/validate` and `/v1/layouts/preview.png`: where everybody stands in the picture,
//! how that is to be, whether it could be so, and what it would look like.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::asked;
use super::auth::Bearer;
use super::body::Strict;
use super::co_host::TemplateIn;
use super::ids::live_id;
use super::may::{Acting, Watching, act_for};
use super::object::Object;
use super::preview::{Png, drawn};
use super::problem::Problem;
use super::state::ApiState;
use crate::live::answer::Layout;
use crate::live::command::LayoutWish;
use crate::live::{Command, LiveId};

/// What the layout is to be: a template, or regions of one's own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(example = with_regions())]
pub(super) struct ChooseLayout {
    /// The template. Not beside `regions`.
    pub(super) layout_template: Option<TemplateIn>,
    /// Regions of one's own: who has none is heard and not seen. Not beside `layoutTemplate`.
    #[schemars(length(min = 1, max = 25))]
    pub(super) regions: Option<Vec<Object<RegionIn>>>,
}

/// A layout that might be chosen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(example = for_live())]
pub(super) struct ValidateLayout {
    /// For whom it would be: what it needs of this live's connection is checked too. Without it, the layout by itself.
    #[schemars(with = "Option<LiveId>")]
    live_id: Option<String>,
    /// The template. Not beside `regions`.
    layout_template: Option<TemplateIn>,
    /// Regions of one's own. Not beside `layoutTemplate`.
    #[schemars(length(min = 1, max = 25))]
    regions: Option<Vec<Object<RegionIn>>>,
}

/// A rectangle of the picture, in pixels of the server's own canvas, whatever template is shown now: `regionsCanvas` of `GET
/// …/layout`. Odd edges are rounded down to even. Regions may overlap when they have different `z`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RegionInput")]
pub(super) struct RegionIn {
    /// Left edge.
    #[schemars(range(min = 0, max = 1_904), example = 0)]
    pub(super) x: u64,
    /// Upper edge.
    #[schemars(range(min = 0, max = 1_904), example = 0)]
    pub(super) y: u64,
    /// Width, at least 16; it ends on the canvas.
    #[schemars(range(min = 16, max = 1_920), example = 720)]
    pub(super) w: u64,
    /// Height, at least 16; it ends on the canvas.
    #[schemars(range(min = 16, max = 1_920), example = 640)]
    pub(super) h: u64,
    /// Higher is nearer. Default: 0.
    #[schemars(range(min = 0, max = 1_000), example = 0)]
    #[serde(default)]
    pub(super) z: u64,
    /// How the picture fills it. Default: cover.
    #[serde(default)]
    pub(super) fit: FitIn,
    /// How round its corners are, pixels, at most half of the shorter side. Default: 0.
    #[schemars(range(min = 0, max = 960), example = 24)]
    #[serde(default)]
    pub(super) corner_radius: u64,
    /// Who is shown.
    pub(super) source: Object<SourceIn>,
}

/// A seat of the live or of one connected with it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RegionSource")]
pub(super) struct SourceIn {
    /// Its live.
    #[schemars(with = "LiveId")]
    pub(super) live_id: String,
    /// Its number; the host's is 0, which is the default.
    #[schemars(range(min = 0, max = 49), example = 0)]
    #[serde(default)]
    pub(super) seat_index: u64,
}

/// How a picture fills a region of another shape.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "FitInput")]
pub(super) enum FitIn {
    /// All of the region; what of the picture sticks out is cut off.
    #[default]
    Cover,
    /// All of the picture.
    Contain,
    /// All of both: the picture is distorted.
    Fill,
}

/// Two lives above each other.
fn with_regions() -> serde_json::Value {
    serde_json::json!({"regions": [
        {"x": 0, "y": 0, "w": 720, "h": 640, "z": 0, "fit": "cover", "cornerRadius": 24,
            "source": {"liveId": "a", "seatIndex": 0}},
    ]})
}

fn for_live() -> serde_json::Value {
    let mut example = with_regions();
    example["liveId"] = "a".into();
    example
}

pub(super) async fn find(State(state): State<ApiState>, viewer: Watching) -> Result<Json<Layout>, Problem> {
    Ok(Json(asked!(state, Command::FindLayout(viewer.live()) => Layout)))
}

pub(super) async fn choose(
    State(state): State<ApiState>,
    host: Acting,
    Strict(body): Strict<ChooseLayout>,
) -> Result<Json<Layout>, Problem> {
    let layout = body.try_into()?;
    Ok(Json(asked!(state, Command::ChooseLayout { live: host.live(), layout } => Layout)))
}

/// Answers and refuses as choosing would, and chooses nothing.
pub(super) async fn validate(
    State(state): State<ApiState>,
    bearer: Bearer,
    Strict(body): Strict<ValidateLayout>,
) -> Result<Json<Layout>, Problem> {
    let (live, layout) = body.by(&state, &bearer).await?;
    Ok(Json(asked!(state, Command::CheckLayout { live, layout } => Layout)))
}

/// Draws what choosing it would show, with somebody in each place, and chooses nothing.
pub(super) async fn draw(
    State(state): State<ApiState>,
    bearer: Bearer,
    Strict(body): Strict<ValidateLayout>,
) -> Result<Png, Problem> {
    let (live, layout) = body.by(&state, &bearer).await?;
    let scene = asked!(state, Command::PreviewLayout { live, layout } => Scene);
    drawn(&state, *scene).await
}

impl ValidateLayout {
    /// For whom, if anybody, on whose behalf this caller may act; and what.
    async fn by(self, state: &ApiState, bearer: &Bearer) -> Result<(Option<LiveId>, LayoutWish), Problem> {
        let Self { live_id: named, layout_template, regions } = self;
        let live = named.map(|named| live_id("liveId", &named)).transpose()?;
        let layout = ChooseLayout { layout_template, regions }.try_into()?;
        if let Some(live) = &live {
            act_for(state, bearer, live).await?;
        }
        Ok((live, layout))
    }
}
