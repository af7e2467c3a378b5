//! `/v1/lives/{liveId}/layout`: where everybody stands in the picture, and how that is to be.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ask::asked;
use super::body::Strict;
use super::cases::Case;
use super::co_host::TemplateIn;
use super::may::{Acting, Watching};
use super::problem::Problem;
use super::state::ApiState;
use crate::live::Command;
use crate::live::answer::Layout;
use crate::live::command::TemplateRef;

/// What the layout is to be.
// A template, or regions of one's own (not built yet).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChooseLayout {
    /// The template.
    layout_template: Option<TemplateIn>,
    /// Regions of one's own: not built yet, answered with 501.
    #[schemars(with = "Option<Vec<serde_json::Value>>", extend("x-not-built" = true))]
    regions: Option<Vec<IgnoredAny>>,
}

pub(super) async fn find(State(state): State<ApiState>, viewer: Watching) -> Result<Json<Layout>, Problem> {
    Ok(Json(asked!(state, Command::FindLayout(viewer.live()) => Layout)))
}

pub(super) async fn choose(
    State(state): State<ApiState>,
    host: Acting,
    Strict(body): Strict<ChooseLayout>,
) -> Result<Json<Layout>, Problem> {
    if body.regions.is_some() {
        let detail = "`regions`: custom layouts are part of the interface, but this version does not have them yet";
        return Err(Problem::new(Case::NotBuilt, detail));
    }
    let Some(template) = body.layout_template.map(TemplateRef::from) else {
        return Err(Problem::new(Case::BadRequest, "`layoutTemplate` is missing; name a template or its number"));
    };
    Ok(Json(asked!(state, Command::ChooseLayout { live: host.live(), template } => Layout)))
}
