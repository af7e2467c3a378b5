//! Answers of more than a body. The document describes operations by them (`openapi/answers`).

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// 204.
pub(super) struct Done;

/// 201 with the address of what was created.
pub(super) struct Created<T> {
    pub(super) location: String,
    pub(super) body: T,
}

/// 201 of something that has no address of its own.
pub(super) struct Made<T>(pub(super) T);

/// 200 with something that is old at once: caches keep it not.
pub(super) struct Fresh<T>(pub(super) T);

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.location)], Json(self.body)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Made<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Fresh<T> {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "no-store")], Json(self.0)).into_response()
    }
}
