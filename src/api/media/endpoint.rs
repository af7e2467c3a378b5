//! The endpoints: an offer becomes a session.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;

use super::super::answers::Done;
use super::super::ask::asked;
use super::super::auth::Bearer;
use super::super::body;
use super::super::cases::Case;
use super::super::draining::Open;
use super::super::may;
use super::super::problem::{Problem, quoted};
use super::super::query::Segments;
use super::super::refusals::{Protocol, offer_problem};
use super::super::state::ApiState;
use super::described::{Accepts, Begun, Endpoint, Offer};
use crate::engine::{Opened, Role};
use crate::live::answer::Return;
use crate::live::{Command, LiveId, UserId};

/// What endpoints take and give.
pub(super) const SDP: &str = "application/sdp";

pub(super) async fn publish(
    _: Open,
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(live): Segments<String>,
    Offer(request): Offer,
) -> Result<Begun, Problem> {
    publish_as_host(&state, &bearer, live_of(&live)?, request).await
}

pub(super) async fn publish_as_host(
    state: &ApiState,
    bearer: &Bearer,
    live: LiveId,
    request: Request,
) -> Result<Begun, Problem> {
    let info = may::publish(state, bearer, &live).await?;
    let offer = body::text(request, SDP, Case::MalformedOffer).await?;
    // An admin publishes for the owner, so the question of another user's live does not arise.
    let user = if bearer.principal.is_admin() { info.live.owner.user_id } else { bearer.principal.user.clone() };
    let publish = asked!(*state, Command::Publish { live, user } => Publish);
    let role = Role::Host { source: publish.source };
    open(state, Protocol::Whip, role, Some(bearer), &offer)
}

pub(super) async fn play(
    _: Open,
    State(state): State<ApiState>,
    bearer: Option<Bearer>,
    Segments(live): Segments<String>,
    Offer(request): Offer,
) -> Result<Begun, Problem> {
    let live = live_of(&live)?;
    may::watch(&state, bearer.as_ref(), &live).await?;
    let offer = body::text(request, SDP, Case::MalformedViewerOffer).await?;
    let feed = asked!(state, Command::Watch { live } => Watch);
    open(&state, Protocol::Whep, Role::Viewer { feed }, bearer.as_ref(), &offer)
}

pub(super) async fn play_host(
    _: Open,
    State(state): State<ApiState>,
    bearer: Option<Bearer>,
    Segments((live, user)): Segments<(String, String)>,
    Offer(request): Offer,
) -> Result<Begun, Problem> {
    let live = live_of(&live)?;
    may::watch(&state, bearer.as_ref(), &live).await?;
    let user = user_of(&user)?;
    let offer = body::text(request, SDP, Case::MalformedViewerOffer).await?;
    let source = asked!(state, Command::WatchHost { live, user } => Host);
    open(&state, Protocol::Whep, Role::Onlooker { source }, bearer.as_ref(), &offer)
}

pub(super) async fn play_return(
    _: Open,
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(live): Segments<String>,
    Offer(request): Offer,
) -> Result<Begun, Problem> {
    let live = live_of(&live)?;
    let user = may::listen(&state, &bearer, &live).await?;
    let offer = body::text(request, SDP, Case::MalformedViewerOffer).await?;
    let Return { feed, source } = asked!(state, Command::WatchReturn { live, user } => Return);
    open(&state, Protocol::Whep, Role::Listener { feed, source }, Some(&bearer), &offer)
}

pub(super) fn open(
    state: &ApiState,
    protocol: Protocol,
    role: Role,
    bearer: Option<&Bearer>,
    offer: &str,
) -> Result<Begun, Problem> {
    let owner = Bearer::owner(bearer).to_text();
    match state.signalling.open(state.clock.now(), role, owner, offer) {
        Ok(opened) => Ok(created(state, protocol, opened)),
        Err(refused) => Err(offer_problem(protocol, &refused)),
    }
}

fn created(state: &ApiState, protocol: Protocol, opened: Opened) -> Begun {
    let folder = match protocol {
        Protocol::Whip => "whip",
        Protocol::Whep => "whep",
    };
    // A string body has a known length: axum sends Content-Length, which ffmpeg needs.
    let headers = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, format!("/{folder}/sessions/{}", opened.secret)),
        (header::ETAG, opened.etag),
    ];
    let mut response = (StatusCode::CREATED, headers, opened.answer).into_response();
    // One header per server: OBS splits a joined one at every comma.
    for link in state.settings.ice_server_links.iter().filter_map(|link| HeaderValue::from_str(link).ok()) {
        response.headers_mut().append(header::LINK, link);
    }
    Begun(response)
}

/// A path that cannot name a live names none: 404, because 400 has a meaning of its own to players.
pub(super) fn live_of(text: &str) -> Result<LiveId, Problem> {
    LiveId::new(text)
        .map_err(|fault| Problem::new(Case::LiveNotFound, format!("no live is called {}: it {fault}", quoted(text))))
}

/// The same for a user.
fn user_of(text: &str) -> Result<UserId, Problem> {
    UserId::new(text)
        .map_err(|fault| Problem::new(Case::HostNotFound, format!("no user is called {}: it {fault}", quoted(text))))
}

/// GET: 2xx without content, RFC 9725 §4.
pub(super) async fn look() -> Done {
    Done
}

/// HEAD: how a player finds out that this is a WHEP (or WHIP) endpoint, WHEP draft §4.
pub(super) async fn discover() -> Endpoint {
    Endpoint
}

/// OPTIONS: what may be posted, RFC 9725 §4.2. The CORS headers are added to every answer, the ICE servers to none here.
pub(super) async fn options() -> Accepts<false> {
    Accepts { allow: ALLOWED }
}

/// PUT, PATCH, DELETE of an endpoint.
pub(super) async fn other_method() -> Problem {
    Problem::new(Case::MethodNotAllowed, "POST an SDP offer here; PATCH and DELETE go to the Location of its answer")
        .allow(ALLOWED)
}

const ALLOWED: &str = "POST, GET, HEAD, OPTIONS";
