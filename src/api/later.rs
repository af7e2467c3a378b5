//! Routes of the interface that are not built yet: each answers 501 and says so. Nothing here pretends.

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::Method;
use axum::routing::{MethodFilter, on, post};

use super::cases::Case;
use super::problem::{Problem, escaped};
use super::state::ApiState;

/// What is on the interface's page and missing here, by path; what each will be.
const LATER: &[(&[Method], &str, &str)] = &[
    (&[Method::PUT], "/v1/users/{user}/avatar", "setting an avatar"),
    (&[Method::GET], "/v1/lives/{live}/seats", "a live's seating"),
    (&[Method::POST], "/v1/lives/{live}/seats/move", "a live's seating"),
    (&[Method::GET, Method::POST], "/v1/lives/{live}/seat-applications", "applying for a seat"),
    (&[Method::GET, Method::POST], "/v1/lives/{live}/seat-invitations", "inviting to a seat"),
    (&[Method::POST], "/v1/layouts/validate", "checking a layout"),
    (&[Method::GET], "/v1/lives/{live}/preview.png", "a preview"),
    (&[Method::POST], "/v1/battles/{battle}/rematch", "a rematch"),
    (&[Method::POST], "/v1/battles/{battle}/exit", "leaving a battle alone"),
    (&[Method::POST], "/v1/battles/{battle}/gifts", "posting gifts"),
    (&[Method::GET], "/v1/battles/{battle}/ledger", "the ledger"),
    (&[Method::GET], "/openapi.json", "the OpenAPI document"),
    (&[Method::POST], "/whip/{live}/seats/{index}", "publishing from a seat"),
    (&[Method::POST], "/whep/{live}/hosts/{user}", "the feed of a single host"),
    (&[Method::POST], "/whep/{live}/return", "the feed without the caller's own sound"),
];

/// The same, for paths that end in one of several words: all are posted to.
const LATER_ACTIONS: &[(&str, &[&str], &str)] = &[
    (
        "/v1/lives/{live}/seats/{index}",
        &["take", "leave", "lock", "unlock", "kick", "mute", "unmute", "camera-on", "camera-off"],
        "a live's seating",
    ),
    ("/v1/lives/{live}/seat-applications/{user}", ANSWERS, "applying for a seat"),
    ("/v1/lives/{live}/seat-invitations/{user}", ANSWERS, "inviting to a seat"),
    ("/v1/battles/{battle}", ANSWERS, "inviting to a battle"),
];

/// What an invitation can be answered with, and taken back.
const ANSWERS: &[&str] = &["accept", "reject", "cancel"];

/// All of them.
pub(super) fn routes() -> Router<ApiState> {
    let router = LATER.iter().fold(Router::new(), |router, (methods, path, what)| {
        methods.iter().fold(router, |router, method| {
            let filter = MethodFilter::try_from(method.clone()).expect("the table names standard methods only");
            router.route(path, on(filter, move |method, uri| refuse(method, uri, what)))
        })
    });
    LATER_ACTIONS.iter().fold(router, |router, (folder, actions, what)| {
        actions.iter().fold(router, |router, action| {
            router.route(&format!("{folder}/{action}"), post(move |method, uri| refuse(method, uri, what)))
        })
    })
}

async fn refuse(method: Method, OriginalUri(uri): OriginalUri, what: &'static str) -> Problem {
    let path = escaped(uri.path());
    let detail = format!("{method} {path}: {what} is part of the interface, but this version does not have it yet");
    Problem::new(Case::NotBuilt, detail)
}
