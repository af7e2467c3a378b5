//! `/v1/lives/{liveId}/seats`, `/seat-applications`, `/seat-invitations`: who sits where, and who asks to.
//!
//! Every command needs a token that names the live (admins' name them all). Which of them a guest, the owner or an admin
//! may give, the rules say.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get, post};
use serde::{Deserialize, Serialize};

use super::ask::{asked, done};
use super::body::Strict;
use super::co_host::Nothing;
use super::draining::Open;
use super::ids::user_id;
use super::may::{Present, Watching};
use super::problem::Problem;
use super::query::Segments;
use super::seats_into::{seat_index, wish};
use super::state::ApiState;
use crate::live::Command;
use crate::live::answer::{SeatInfo, SeatRequest, SeatRequests};
use crate::live::command::{Device, SeatAction, SeatReply, SeatRequestKind};

/// Who sits down, as the caller writes it. Absent: the token's user.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sitting {
    pub(super) user_id: Option<String>,
    pub(super) user_name: Option<String>,
    pub(super) avatar_url: Option<String>,
}

/// Who moves where.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Moving {
    pub(super) user_id: String,
    pub(super) seat_index: u64,
    pub(super) policy: Option<PolicyIn>,
}

/// A policy by name or by number.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "policy must be abortWhenOccupied (0), forceReplace (1) or swapPosition (2)")]
pub(super) enum PolicyIn {
    Number(u64),
    Name(String),
}

/// An application or an invitation, as the caller writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wish {
    pub(super) user_id: Option<String>,
    pub(super) user_name: Option<String>,
    pub(super) avatar_url: Option<String>,
    pub(super) seat_index: Option<i64>,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) extension_info: Option<String>,
}

/// The seat of the path.
#[derive(Debug, Deserialize)]
struct OnSeat {
    index: String,
}

/// The user of the path.
#[derive(Debug, Deserialize)]
struct OfUser {
    user: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SeatListOut {
    seat_list: Vec<SeatInfo>,
}

#[derive(Serialize)]
struct Applicants {
    applicants: Vec<SeatRequest>,
}

#[derive(Serialize)]
struct Invitees {
    invitees: Vec<SeatRequest>,
}

pub(super) fn routes() -> Router<ApiState> {
    let seat = |word: &str| format!("/v1/lives/{{live}}/seats/{{index}}/{word}");
    let device = |device, open| move |index| SeatAction::Device { index, device, open };
    Router::new()
        .route("/v1/lives/{live}/seats", get(list))
        .route("/v1/lives/{live}/seats/move", post(change))
        .route(&seat("take"), post(take))
        .route(&seat("leave"), on_seat(|index| SeatAction::Leave { index }))
        .route(&seat("lock"), on_seat(|index| SeatAction::Lock { index }))
        .route(&seat("unlock"), on_seat(|index| SeatAction::Unlock { index }))
        .route(&seat("kick"), on_seat(|index| SeatAction::Kick { index }))
        .route(&seat("mute"), on_seat(device(Device::Microphone, false)))
        .route(&seat("unmute"), on_seat(device(Device::Microphone, true)))
        .route(&seat("camera-on"), on_seat(device(Device::Camera, true)))
        .route(&seat("camera-off"), on_seat(device(Device::Camera, false)))
        .route("/v1/lives/{live}/seat-applications", get(applicants).post(apply))
        .route("/v1/lives/{live}/seat-invitations", get(invitees).post(invite))
        .merge(answers("seat-applications", SeatRequestKind::Application))
        .merge(answers("seat-invitations", SeatRequestKind::Invitation))
}

/// Commands about one seat that need nothing but its number.
fn on_seat(action: impl Fn(u64) -> SeatAction + Clone + Send + Sync + 'static) -> MethodRouter<ApiState> {
    post(
        async move |State(state): State<ApiState>,
                    caller: Present,
                    Segments(OnSeat { index }): Segments<OnSeat>,
                    Strict(Nothing {}): Strict<Nothing>| {
            let command = caller.asks(action(seat_index(&index)?));
            done(&state, command).await
        },
    )
}

/// Accept, reject and cancel.
fn answers(folder: &str, kind: SeatRequestKind) -> Router<ApiState> {
    let path = |word: &str| format!("/v1/lives/{{live}}/{folder}/{{user}}/{word}");
    let accept = async move |_: Open,
                             State(state): State<ApiState>,
                             caller: Present,
                             Segments(OfUser { user }): Segments<OfUser>,
                             Strict(Nothing {}): Strict<Nothing>| {
        let action = SeatAction::Answer { kind, user: user_id("userId", &user)?, reply: SeatReply::Accept };
        seat(&state, caller.asks(action)).await
    };
    let other = |reply| {
        post(
            async move |State(state): State<ApiState>,
                        caller: Present,
                        Segments(OfUser { user }): Segments<OfUser>,
                        Strict(Nothing {}): Strict<Nothing>| {
                let action = SeatAction::Answer { kind, user: user_id("userId", &user)?, reply };
                done(&state, caller.asks(action)).await
            },
        )
    };
    Router::new()
        .route(&path("accept"), post(accept))
        .route(&path("reject"), other(SeatReply::Reject))
        .route(&path("cancel"), other(SeatReply::Cancel))
}

/// Asks for something that is answered with the seat on which the user sits then.
async fn seat(state: &ApiState, command: Command) -> Result<Json<SeatInfo>, Problem> {
    Ok(Json(*asked!(*state, command => Seat)))
}

async fn list(State(state): State<ApiState>, viewer: Watching) -> Result<Json<SeatListOut>, Problem> {
    let seat_list = asked!(state, Command::FindSeats(viewer.live()) => Seats);
    Ok(Json(SeatListOut { seat_list }))
}

async fn take(
    _: Open,
    State(state): State<ApiState>,
    caller: Present,
    Segments(OnSeat { index }): Segments<OnSeat>,
    Strict(body): Strict<Sitting>,
) -> Result<Json<SeatInfo>, Problem> {
    let (index, user) = (seat_index(&index)?, body.into_user(caller.principal())?);
    seat(&state, caller.asks(SeatAction::Take { index, user })).await
}

async fn change(
    State(state): State<ApiState>,
    caller: Present,
    Strict(body): Strict<Moving>,
) -> Result<Json<SeatInfo>, Problem> {
    seat(&state, caller.asks(SeatAction::try_from(body)?)).await
}

async fn apply(
    _: Open,
    State(state): State<ApiState>,
    caller: Present,
    Strict(body): Strict<Wish>,
) -> Result<(StatusCode, Json<SeatRequest>), Problem> {
    let wish = wish(body, caller.principal())?;
    let request = asked!(state, caller.asks(SeatAction::Apply(wish)) => SeatRequest);
    Ok((StatusCode::CREATED, Json(*request)))
}

async fn invite(
    _: Open,
    State(state): State<ApiState>,
    caller: Present,
    Strict(body): Strict<Wish>,
) -> Result<(StatusCode, Json<SeatRequest>), Problem> {
    let wish = wish(body, caller.principal())?;
    let request = asked!(state, caller.asks(SeatAction::Invite(wish)) => SeatRequest);
    Ok((StatusCode::CREATED, Json(*request)))
}

async fn applicants(State(state): State<ApiState>, viewer: Watching) -> Result<Json<Applicants>, Problem> {
    Ok(Json(Applicants { applicants: requests(&state, viewer).await?.applicants }))
}

async fn invitees(State(state): State<ApiState>, viewer: Watching) -> Result<Json<Invitees>, Problem> {
    Ok(Json(Invitees { invitees: requests(&state, viewer).await?.invitees }))
}

/// Those of the whole live for its host and admins; for others their own.
async fn requests(state: &ApiState, viewer: Watching) -> Result<SeatRequests, Problem> {
    let (insider, user) = (viewer.insider, viewer.user.clone());
    let mut requests = asked!(*state, Command::FindSeatRequests(viewer.live()) => SeatRequests);
    if !insider {
        requests.keep_only(user.as_ref());
    }
    Ok(requests)
}
