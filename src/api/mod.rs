//! HTTP: WHIP, WHEP, REST, event sockets, pages.
//!
//! | file | holds |
//! |---|---|
//! | [`state`] | what handlers are given |
//! | [`cases`], [`problem`], `refusals` | the one table of errors, and the document that carries a row |
//! | [`auth`] | tokens, roles, the brake on guessing |
//! | `media/` | WHIP and WHEP |
//! | `lives`, `live_change`, `seats`, `co_host`, `layout`, `battles` and their `*_into` | REST: request types, and their way into `live`'s own |
//! | `gifts` | gifts to score, the ledger |
//! | `avatar`, `preview`, `drawing` | pictures in and out, and how many at a time; no pixel is touched here |
//! | `storage` | what is kept and how far webhooks have got, for operators |
//! | `battle_steps` | a battle's accept, reject, cancel, exit, rematch |
//! | `openapi/` | the document of all routes, made of the types above; `answers`, `key`, `object`: types it needs |
//! | `events`, `host_sockets` | the event socket, and which hosts hold one open |
//! | `draining` | what a server that goes down takes no more: 503 |
//! | `pages`, [`figures`], `dev` | the pages and what they need |
//!
//! **Invariant:** nothing is decided here that the rules of the product decide (`live`); here is decided who may ask.
//! **Invariant:** every refusal is a problem document.

pub mod auth;
pub mod cases;
pub mod figures;
pub mod problem;
pub mod state;

mod answers;
mod ask;
mod avatar;
mod battle_steps;
mod battles;
mod battles_into;
mod body;
mod co_host;
mod co_host_into;
mod dev;
mod draining;
mod drawing;
mod edge;
mod events;
mod gifts;
mod host_sockets;
mod ids;
mod key;
mod layout;
mod layout_into;
mod listen;
mod live_change;
mod lives;
mod lives_into;
mod may;
mod media;
mod object;
mod openapi;
mod pages;
mod places;
mod plain;
mod preview;
mod query;
mod refusals;
mod seats;
mod seats_into;
mod stalled;
mod storage;

pub use dev::DEV_TOKEN_SECONDS;
pub use drawing::Drawing;
pub use listen::{metrics_router, serve};
pub use state::{ApiState, Going, Settings, Sockets, Stage, ViewerTokens};

pub use axum::Router;

use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get as page;
use tower_http::catch_panic::CatchPanicLayer;

use cases::Case;
use openapi::{Routes, get, post, put};
use problem::{Problem, escaped};

/// All routes of the public listener.
pub fn router(state: ApiState) -> Router {
    let shared = documented().into_router();
    let shared = shared.method_not_allowed_fallback(other_method).fallback(unknown);
    let shared = shared.layer(from_fn_with_state(state.clone(), edge::cors));
    let own = pages::routes()
        .route("/demo/figures.json", page(figures::figures))
        .route("/demo/tokens.json", page(dev::tokens))
        .method_not_allowed_fallback(other_method);
    let all = shared.merge(own).layer(CatchPanicLayer::custom(edge::on_panic));
    all.layer(from_fn(edge::count)).with_state(state)
}

/// The routes of the interface; pages and what only they use are none.
fn documented() -> Routes {
    rest().merge(media::routes())
}

fn rest() -> Routes {
    Routes::new()
        .route("/healthz", get(plain::health))
        .route("/openapi.json", get(openapi::served))
        .route("/v1/time", get(plain::time))
        .route("/v1/storage", get(storage::find))
        .route("/v1/lives", get(lives::list).post(lives::create))
        .route("/v1/lives/{live}", get(lives::find).patch(live_change::change).delete(lives::end))
        .route("/v1/lives/{live}/layout", get(layout::find).put(layout::choose))
        .route("/v1/lives/{live}/preview.png", get(preview::draw))
        .route("/v1/users/{user}/avatar", put(avatar::set))
        .route("/v1/layouts/validate", post(layout::validate))
        .route("/v1/layouts/preview.png", post(layout::draw))
        .route("/v1/lives/{live}/events", get(events::socket))
        .route("/v1/lives/{live}/co-host", get(co_host::find).delete(co_host::exit))
        .route("/v1/lives/{live}/co-host/candidates", get(co_host::candidates))
        .route("/v1/lives/{live}/co-host/requests", post(co_host::request))
        .route("/v1/lives/{live}/co-host/requests/{other}/accept", post(co_host::accept))
        .route("/v1/lives/{live}/co-host/requests/{other}/reject", post(co_host::reject))
        .route("/v1/lives/{live}/co-host/requests/{other}/cancel", post(co_host::cancel))
        .merge(seats::routes())
        .route("/v1/lives/{live}/battles", post(battles::request))
        .route("/v1/lives/{live}/battle", get(battles::find_of_live))
        .route("/v1/battles/{battle}", get(battles::find))
        .route("/v1/battles/{battle}/accept", post(battle_steps::accept))
        .route("/v1/battles/{battle}/reject", post(battle_steps::reject))
        .route("/v1/battles/{battle}/cancel", post(battle_steps::cancel))
        .route("/v1/battles/{battle}/exit", post(battle_steps::exit))
        .route("/v1/battles/{battle}/rematch", post(battle_steps::rematch))
        .route("/v1/battles/{battle}/gifts", post(gifts::post))
        .route("/v1/battles/{battle}/ledger", get(gifts::ledger))
        .route("/v1/battles/{battle}/scores", post(battles::score))
}

async fn unknown(method: Method, uri: Uri) -> Problem {
    Problem::new(Case::RouteNotFound, format!("{method} {} is no route of this server", escaped(uri.path())))
}

async fn other_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}; the `Allow` header lists what it takes", escaped(uri.path()));
    Problem::new(Case::MethodNotAllowed, detail)
}
