//! `/v1/lives/{liveId}/co-host`: invite, accept, reject, cancel, leave, look.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::ask::{ask, unexpected};
use super::auth::Bearer;
use super::body::Strict;
use super::ids::live_id;
use super::may;
use super::problem::Problem;
use super::query::Segments;
use super::refusals::target_problem;
use super::state::ApiState;
use crate::live::answer::TargetResult;
use crate::live::command::ConnectionRequest;
use crate::live::{Answer, Command};

/// An invitation, as the caller writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestConnection {
    pub(super) target_live_ids: Vec<String>,
    pub(super) layout_template: Option<TemplateIn>,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) extension_info: Option<String>,
}

/// A template by name or by number.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "layoutTemplate must be a template's name or number")]
pub(super) enum TemplateIn {
    Id(u64),
    Name(String),
}

/// A command without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Serialize)]
struct Requested {
    results: Vec<TargetResult>,
}

pub(super) async fn request(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(live): Segments<String>,
    Strict(body): Strict<RequestConnection>,
) -> Result<Response, Problem> {
    let live = live_id("liveId", &live)?;
    let request = ConnectionRequest::try_from((live.clone(), body))?;
    may::host(&state, &bearer, &live).await?;
    let Answer::Requested(results) = ask(&state, Command::RequestConnection(request)).await? else {
        return Err(unexpected());
    };
    match results.as_slice() {
        // With a single target that failed, the problem's code says why.
        [only] => match target_problem(only) {
            Some(problem) => Err(problem),
            None => Ok(Json(Requested { results }).into_response()),
        },
        _ => Ok(Json(Requested { results }).into_response()),
    }
}

pub(super) async fn accept(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments((live, from)): Segments<(String, String)>,
    Strict(Nothing {}): Strict<Nothing>,
) -> Result<Response, Problem> {
    let (live, from) = (live_id("liveId", &live)?, live_id("fromLiveId", &from)?);
    may::host(&state, &bearer, &live).await?;
    let Answer::Connected(connected) = ask(&state, Command::AcceptConnection { live, from }).await? else {
        return Err(unexpected());
    };
    Ok(Json(connected).into_response())
}

pub(super) async fn reject(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments((live, from)): Segments<(String, String)>,
    Strict(Nothing {}): Strict<Nothing>,
) -> Result<Response, Problem> {
    let (live, from) = (live_id("liveId", &live)?, live_id("fromLiveId", &from)?);
    may::host(&state, &bearer, &live).await?;
    done(ask(&state, Command::RejectConnection { live, from }).await?)
}

pub(super) async fn cancel(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments((live, to)): Segments<(String, String)>,
    Strict(Nothing {}): Strict<Nothing>,
) -> Result<Response, Problem> {
    let (live, to) = (live_id("liveId", &live)?, live_id("toLiveId", &to)?);
    may::host(&state, &bearer, &live).await?;
    done(ask(&state, Command::CancelConnection { live, to }).await?)
}

pub(super) async fn exit(
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments(live): Segments<String>,
) -> Result<Response, Problem> {
    let live = live_id("liveId", &live)?;
    may::host(&state, &bearer, &live).await?;
    done(ask(&state, Command::ExitConnection { live }).await?)
}

/// The connection. Pending invitations are between hosts: only they (and the backend) are shown them.
pub(super) async fn find(
    State(state): State<ApiState>,
    bearer: Option<Bearer>,
    Segments(live): Segments<String>,
) -> Result<Response, Problem> {
    let live = live_id("liveId", &live)?;
    let info = may::watch(&state, bearer.as_ref(), &live).await?;
    let insider = bearer.as_ref().is_some_and(|bearer| may::acts_for(bearer, &info));
    let Answer::CoHost(mut co_host) = ask(&state, Command::FindCoHost(live)).await? else { return Err(unexpected()) };
    if !insider {
        co_host.invitees.clear();
        co_host.applicant = None;
    }
    Ok(Json(co_host).into_response())
}

fn done(answer: Answer) -> Result<Response, Problem> {
    let Answer::Done = answer else { return Err(unexpected()) };
    Ok(StatusCode::NO_CONTENT.into_response())
}
