//! `PUT /v1/users/{userId}/avatar`: the picture that is drawn for a user who sends none.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use costage_media::codec::photo::{PhotoKind, PhotoRefused};
use serde_json::json;

use super::answers::Done;
use super::ask::unexpected;
use super::auth::Bearer;
use super::body::{Cap, read_at_most};
use super::cases::Case;
use super::ids::user_id;
use super::openapi::{Sketch, Takes};
use super::problem::{Problem, quoted};
use super::query::Segments;
use super::refusals::BUSY_SECONDS;
use super::state::ApiState;
use crate::engine::AvatarRefused;
use crate::live::UserId;

/// The user of the path, and a caller who may act for it: that user with any token of its own, or an admin.
pub(super) struct Oneself(UserId);

impl FromRequestParts<ApiState> for Oneself {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let bearer = <Bearer as FromRequestParts<ApiState>>::from_request_parts(parts, state).await?;
        let Segments(user) = Segments::<String>::from_request_parts(parts, state).await?;
        let user = user_id("userId", &user)?;
        if bearer.principal.is_admin() || bearer.principal.user == user {
            return Ok(Self(user));
        }
        let detail = format!("the token is not of user {user}; only that user or an admin sets its avatar");
        Err(Problem::new(Case::Forbidden, detail))
    }
}

impl Takes for Oneself {
    fn describe(sketch: &mut Sketch<'_>) {
        Bearer::describe(sketch);
        Segments::<String>::describe(sketch);
        sketch.may(&[Case::BadRequest, Case::Forbidden]);
    }
}

/// A request that carries a picture. It is read after it is known that the caller may ask at all.
pub(super) struct Photo(Request);

impl FromRequest<ApiState> for Photo {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &ApiState) -> Result<Self, Infallible> {
        Ok(Self(request))
    }
}

impl Takes for Photo {
    fn describe(sketch: &mut Sketch<'_>) {
        let schema = json!({"type": "string", "format": "binary", "maxLength": PHOTO_CAP.bytes, "examples": ["…"],
            "description": "A picture of at most 4 MiB that does not move."});
        sketch.body_of(&PhotoKind::ALL.map(PhotoKind::media_type), &schema);
        let refused = [Case::RequestTimeout, Case::BodyTooLarge, Case::UnsupportedMediaType, Case::UnusablePicture];
        sketch.may(&refused);
    }
}

pub(super) async fn set(
    State(state): State<ApiState>,
    Oneself(user): Oneself,
    Photo(request): Photo,
) -> Result<Done, Problem> {
    let kind = kind_of(request.headers())?;
    let place = state.drawing.upload()?;
    let headers = request.headers().clone();
    let bytes = read_at_most(request.into_body(), &headers, PHOTO_CAP).await?;
    let turn = state.drawing.decode().await;
    let pictures = Arc::clone(&state.pictures);
    let decoded = tokio::task::spawn_blocking(move || {
        let set = pictures.set_avatar(&user, kind, &bytes);
        // Given back when it is done, also when the caller has hung up.
        drop((turn, place));
        set
    });
    match decoded.await {
        Ok(set) => set.map(|()| Done).map_err(Problem::from),
        Err(panicked) => {
            tracing::error!(%panicked, "decoding an avatar");
            Err(unexpected())
        }
    }
}

/// What the body is said to be.
fn kind_of(headers: &HeaderMap) -> Result<PhotoKind, Problem> {
    let found = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let essence = found.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let kind = PhotoKind::ALL.into_iter().find(|kind| kind.media_type().eq_ignore_ascii_case(essence));
    kind.ok_or_else(|| {
        let wanted = PhotoKind::ALL.map(PhotoKind::media_type).join(", ");
        let found = found.map_or_else(|| "none".to_owned(), |found| quoted(&found));
        Problem::new(Case::UnsupportedMediaType, format!("send `Content-Type` as one of {wanted}; found {found}"))
    })
}

impl From<AvatarRefused> for Problem {
    fn from(refused: AvatarRefused) -> Self {
        let case = match &refused {
            AvatarRefused::Photo(PhotoRefused::OtherKind { .. }) => Case::UnsupportedMediaType,
            AvatarRefused::Photo(
                PhotoRefused::TooLarge { .. }
                | PhotoRefused::TooManyScans { .. }
                | PhotoRefused::TooMuchLossless { .. }
                | PhotoRefused::Animated
                | PhotoRefused::Damaged,
            ) => Case::UnusablePicture,
            AvatarRefused::Full => Case::Overloaded,
        };
        let problem = Self::new(case, refused.to_string());
        if problem.status() == 503 { problem.retry_after(BUSY_SECONDS) } else { problem }
    }
}

/// A photo of a phone fits; and a slow sender holds no place for long.
const PHOTO_CAP: Cap = Cap { bytes: 4 << 20, within: Duration::from_secs(5) };

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn three_kinds_are_taken_whatever_their_letters() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            kind_of(&headers).map_err(|problem| problem.status().as_u16())
        };
        assert_eq!(with("image/png"), Ok(PhotoKind::Png));
        assert_eq!(with("Image/JPEG; q=1"), Ok(PhotoKind::Jpeg));
        assert_eq!(with("image/webp"), Ok(PhotoKind::WebP));
        for other in ["image/gif", "image/svg+xml", "application/json", ""] {
            assert_eq!(with(other), Err(415), "{other}");
        }
        let none = kind_of(&HeaderMap::new()).unwrap_err();
        assert!(none.detail.ends_with("found none"), "{}", none.detail);
    }
}
