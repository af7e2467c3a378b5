//! `GET /v1/lives/{liveId}/preview.png`: the picture of a live as it would be drawn, without anybody's media.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use costage_media::scene::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::{asked, unexpected};
use super::may::Watching;
use super::openapi::{Answers, Sketch};
use super::problem::Problem;
use super::query::StrictQuery;
use super::state::ApiState;
use crate::live::Command;
use crate::live::command::{PreviewWish, TemplateRef};

/// `?template=&hosts=`, and the token's place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// Another template than the live has, by name or number. Default: the one it has.
    #[schemars(example = &"hostDynamicGrid")]
    template: Option<String>,
    /// Another number of hosts than are there: 1 to the template's places, or to the number of regions of one's own. Default: those who are there.
    #[schemars(range(min = 1, max = 50), example = 4)]
    hosts: Option<u64>,
    // It is read before, wherever it stands.
    #[serde(default, rename = "token")]
    #[schemars(skip)]
    _token: Option<String>,
}

/// A picture.
pub(super) struct Png(Vec<u8>);

impl IntoResponse for Png {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, PNG), (header::CACHE_CONTROL, "no-store")];
        (headers, self.0).into_response()
    }
}

impl Answers for Png {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.text_answer(200, "The picture, as large as the canvas.", PNG, "…");
        sketch.answer_header(200, "Cache-Control", true, ("It is old at once.", "no-store"));
    }
}

pub(super) async fn draw(
    State(state): State<ApiState>,
    viewer: Watching,
    StrictQuery(wish): StrictQuery<Wish>,
) -> Result<Png, Problem> {
    let template = wish.template.map(by_name_or_number);
    let wish = PreviewWish { live: viewer.live(), template, hosts: wish.hosts };
    let scene = asked!(state, Command::Preview(wish) => Scene);
    drawn(&state, *scene).await
}

/// As a PNG, when there is a place to draw it.
pub(super) async fn drawn(state: &ApiState, scene: Scene) -> Result<Png, Problem> {
    let place = state.drawing.preview()?;
    let (pictures, now) = (Arc::clone(&state.pictures), state.clock.now());
    let drawn = tokio::task::spawn_blocking(move || {
        let drawn = pictures.preview(now, scene);
        // Given back when it is done, also when the caller has hung up.
        drop(place);
        drawn
    });
    match drawn.await {
        Ok(Ok(png)) => Ok(Png(png)),
        Ok(Err(error)) => {
            tracing::error!(%error, "drawing a preview");
            Err(unexpected())
        }
        Err(panicked) => {
            tracing::error!(%panicked, "drawing a preview");
            Err(unexpected())
        }
    }
}

fn by_name_or_number(text: String) -> TemplateRef {
    text.parse().map_or(TemplateRef::Name(text), TemplateRef::Id)
}

const PNG: &str = "image/png";
