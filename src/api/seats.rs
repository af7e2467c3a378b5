//! `/v1/lives/{liveId}/seats`, `/seat-applications`, `/seat-invitations`: who sits where, and who asks to.
//!
//! Every command needs a token that names the live (admins' name them all). Which of them a guest, the owner or an admin
//! may give, the rules say.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::Made;
use super::ask::{asked, done};
use super::body::Strict;
use super::co_host::Nothing;
use super::draining::Open;
use super::ids::user_id;
use super::may::{Present, Watching};
use super::openapi::{Methods, Routes, get, post};
use super::problem::Problem;
use super::query::Segments;
use super::seats_into::{seat_index, wish};
use super::state::ApiState;
use crate::live::answer::{SeatInfo, SeatRequest, SeatRequests};
use crate::live::command::{Device, SeatAction, SeatReply, SeatRequestKind, SeatWish};
use crate::live::{Command, UserId};

/// Who sits down. Absent: the token's user.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sitting {
    /// Who; only an admin names another than the token's user.
    #[schemars(with = "Option<UserId>", example = &"gil")]
    pub(super) user_id: Option<String>,
    /// Shown name, at most 100 bytes; the token's own name comes before it.
    #[schemars(length(max = 100), example = &"Gil")]
    pub(super) user_name: Option<String>,
    /// Address of a picture, at most 500 bytes; "" for none.
    #[schemars(length(max = 500), example = &"")]
    pub(super) avatar_url: Option<String>,
}

/// Who moves where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Moving {
    /// Who moves.
    #[schemars(with = "UserId")]
    pub(super) user_id: String,
    /// Where to.
    #[schemars(range(max = 49), example = 2)]
    pub(super) seat_index: u64,
    /// What happens to whoever sits there. Default: abortWhenOccupied.
    pub(super) policy: Option<PolicyIn>,
}

/// A policy by name or by number: abortWhenOccupied (0), forceReplace (1), swapPosition (2).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "policy must be abortWhenOccupied (0), forceReplace (1) or swapPosition (2)")]
#[schemars(rename = "MovePolicyInput")]
pub(super) enum PolicyIn {
    /// By number.
    Number(#[schemars(range(max = 2), example = 0)] u64),
    /// By name.
    Name(#[schemars(extend("enum" = ["abortWhenOccupied", "forceReplace", "swapPosition"]))] String),
}

/// An application for a seat or an invitation to one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SeatWish")]
pub(super) struct Wish {
    /// Who is to sit down. Default, of an application: the token's user.
    #[schemars(with = "Option<UserId>", example = &"gil")]
    pub(super) user_id: Option<String>,
    /// Shown name, at most 100 bytes.
    #[schemars(length(max = 100), example = &"Gil")]
    pub(super) user_name: Option<String>,
    /// Address of a picture, at most 500 bytes; "" for none.
    #[schemars(length(max = 500), example = &"")]
    pub(super) avatar_url: Option<String>,
    /// Which seat; -1, or absent, for any free one.
    #[schemars(range(min = -1, max = 49), example = -1)]
    pub(super) seat_index: Option<i64>,
    /// How long it waits for an answer, seconds: 0 (for ever) to 86 400. Default: 30.
    #[schemars(range(max = 86_400), example = 30)]
    pub(super) timeout_seconds: Option<u64>,
    /// Handed on unread; at most 2048 bytes.
    #[schemars(length(max = 2_048), example = &"")]
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

/// The seats of a live and of those connected with it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SeatList")]
struct SeatListOut {
    /// By live and number.
    seat_list: Vec<SeatInfo>,
}

/// Pending applications for seats of a live.
#[derive(Serialize, JsonSchema)]
struct Applicants {
    /// By userId.
    applicants: Vec<SeatRequest>,
}

/// Pending invitations to seats of a live.
#[derive(Serialize, JsonSchema)]
struct Invitees {
    /// By userId.
    invitees: Vec<SeatRequest>,
}

pub(super) fn routes() -> Routes {
    let seat = |word: &str| format!("/v1/lives/{{live}}/seats/{{index}}/{word}");
    let device = |device, open| move |index| SeatAction::Device { index, device, open };
    Routes::new()
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
fn on_seat(action: impl Fn(u64) -> SeatAction + Clone + Send + Sync + 'static) -> Methods {
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
fn answers(folder: &str, kind: SeatRequestKind) -> Routes {
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
    Routes::new()
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
    open: Open,
    state: State<ApiState>,
    caller: Present,
    body: Strict<Wish>,
) -> Result<Made<SeatRequest>, Problem> {
    ask_for_seat(open, state, caller, body, SeatAction::Apply).await
}

async fn invite(
    open: Open,
    state: State<ApiState>,
    caller: Present,
    body: Strict<Wish>,
) -> Result<Made<SeatRequest>, Problem> {
    ask_for_seat(open, state, caller, body, SeatAction::Invite).await
}

/// An application or an invitation; which, `action` says.
async fn ask_for_seat(
    _: Open,
    State(state): State<ApiState>,
    caller: Present,
    Strict(body): Strict<Wish>,
    action: fn(SeatWish) -> SeatAction,
) -> Result<Made<SeatRequest>, Problem> {
    let wish = wish(body, caller.principal())?;
    Ok(Made(*asked!(state, caller.asks(action(wish)) => SeatRequest)))
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
