//! Routes of the interface that are not built yet: each answers 501 and says so. Nothing here pretends.

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::Method;
use axum::routing::{MethodFilter, any, on};

use super::cases::Case;
use super::problem::{Problem, escaped};
use super::state::ApiState;

/// What is on the interface's page and missing here, by path; what each will be.
const LATER: &[(&[Method], &str, &str)] = &[
    (&[Method::PATCH], "/v1/lives/{live}", "updating a live"),
    (&[Method::PUT], "/v1/users/{user}/avatar", "avatars"),
    (&[Method::GET], "/v1/lives/{live}/seats", "seats"),
    (&[Method::POST], "/v1/lives/{live}/seats/move", "seats"),
    (&[Method::POST], "/v1/lives/{live}/seats/{index}/{action}", "seats"),
    (&[Method::GET, Method::POST], "/v1/lives/{live}/seat-applications", "seat applications"),
    (&[Method::POST], "/v1/lives/{live}/seat-applications/{user}/{action}", "seat applications"),
    (&[Method::GET, Method::POST], "/v1/lives/{live}/seat-invitations", "seat invitations"),
    (&[Method::POST], "/v1/lives/{live}/seat-invitations/{user}/{action}", "seat invitations"),
    (&[Method::GET], "/v1/lives/{live}/co-host/candidates", "the list of candidates for a connection"),
    (&[Method::PUT], "/v1/lives/{live}/layout", "choosing a layout"),
    (&[Method::POST], "/v1/layouts/validate", "custom layouts"),
    (&[Method::GET], "/v1/lives/{live}/preview.png", "previews"),
    (&[Method::POST], "/v1/battles/{battle}/accept", "invitations to a battle"),
    (&[Method::POST], "/v1/battles/{battle}/reject", "invitations to a battle"),
    (&[Method::POST], "/v1/battles/{battle}/cancel", "invitations to a battle"),
    (&[Method::POST], "/v1/battles/{battle}/exit", "leaving a battle alone"),
    (&[Method::POST], "/v1/battles/{battle}/rematch", "rematches"),
    (&[Method::POST], "/v1/battles/{battle}/gifts", "gifts"),
    (&[Method::GET], "/v1/battles/{battle}/ledger", "the ledger"),
    (&[Method::GET], "/openapi.json", "the OpenAPI document"),
];

/// All of them.
pub(super) fn routes() -> Router<ApiState> {
    LATER.iter().fold(Router::new(), |router, (methods, path, what)| {
        methods.iter().fold(router, |router, method| {
            let filter = MethodFilter::try_from(method.clone()).expect("the table names standard methods only");
            router.route(path, on(filter, move |method, uri| refuse(method, uri, what)))
        })
    })
}

async fn refuse(method: Method, OriginalUri(uri): OriginalUri, what: &'static str) -> Problem {
    not_built(&method, uri.path(), what)
}

fn not_built(method: &Method, path: &str, what: &str) -> Problem {
    let detail =
        format!("{method} {}: {what} is part of the interface, but this version does not have it yet", escaped(path));
    Problem::new(Case::NotBuilt, detail)
}

/// A path of the media table that is missing as a whole.
pub(super) fn missing(what: &'static str) -> axum::routing::MethodRouter<ApiState> {
    any(move |method, uri| refuse(method, uri, what))
}
