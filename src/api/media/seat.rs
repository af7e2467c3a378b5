//! Guests publish from their seats.

use axum::extract::State;

use super::super::ask::asked;
use super::super::auth::Bearer;
use super::super::body;
use super::super::cases::Case;
use super::super::draining::Open;
use super::super::problem::Problem;
use super::super::query::Segments;
use super::super::refusals::Protocol;
use super::super::seats_into::seat_index;
use super::super::state::ApiState;
use super::described::{Begun, Offer};
use super::endpoint::{SDP, live_of, open, publish_as_host};
use crate::engine::Role;
use crate::live::Command;

/// The seat on which the owner publishes, as by `/whip/{liveId}`.
const OWNER_SEAT: u64 = 0;

/// Whoever sits there, with a token of any role but audience that names the live; an admin for that one. Who sits there is asked after the
/// offer was read, so that a slow one does not publish from a seat that was left meanwhile.
pub(super) async fn publish(
    _: Open,
    State(state): State<ApiState>,
    bearer: Bearer,
    Segments((live, index)): Segments<(String, String)>,
    Offer(request): Offer,
) -> Result<Begun, Problem> {
    let live = live_of(&live)?;
    let index = seat_index(&index)?;
    if index == OWNER_SEAT {
        return publish_as_host(&state, &bearer, live, request).await;
    }
    bearer.principal.may_sit(&live)?;
    let offer = body::text(request, SDP, Case::MalformedOffer).await?;
    let user = (!bearer.principal.is_admin()).then(|| bearer.principal.user.clone());
    let publish = asked!(state, Command::PublishFromSeat { live, index, user } => Publish);
    open(&state, Protocol::Whip, Role::Host { source: publish.source }, Some(&bearer), &offer)
}
