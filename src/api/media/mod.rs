//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-04): offers in, answers out, and the sessions between.
//!
//! | request | `/whip/{liveId}`, `…/seats/{index}` | `/whep/{liveId}`, `…/hosts/{userId}`, `…/return` | sessions `/whip/sessions/{secret}`, `/whep/sessions/{secret}` |
//! |---|---|---|---|
//! | POST | 201 | 201 | |
//! | PATCH | | | 204 trickle, 200 ICE restart |
//! | DELETE | | | 200 |
//! | GET | 204 | 204 | 204 |
//! | HEAD | 200 | 200 | 204 |
//! | OPTIONS | 200 | 200 | 200 |
//!
//! Never 406, and never 400 for a viewer's offer: players read the first as a counter-offer (WHEP) or as "no audio", the
//! second as a wish that the server offers.

mod described;
mod endpoint;
mod seat;
mod session;

use super::openapi::{Methods, Routes, patch, post};

/// The routes of both protocols.
pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/whip/{live}", with_looks(post(endpoint::publish)))
        .route("/whep/{live}", with_looks(post(endpoint::play)))
        .route("/whip/{live}/seats/{index}", with_looks(post(seat::publish)))
        .route("/whep/{live}/hosts/{user}", with_looks(post(endpoint::play_host)))
        .route("/whep/{live}/return", with_looks(post(endpoint::play_return)))
        .route("/whip/sessions/{secret}", session_routes())
        .route("/whep/sessions/{secret}", session_routes())
}

fn with_looks(methods: Methods) -> Methods {
    methods.get(endpoint::look).head(endpoint::discover).options(endpoint::options).fallback(endpoint::other_method)
}

fn session_routes() -> Methods {
    let methods = patch(session::trickle).delete(session::close).options(session::options);
    methods.get(session::look).fallback(session::other_method)
}
