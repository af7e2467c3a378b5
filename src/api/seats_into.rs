//! From a request about seats to the rules' own types.

use std::time::Duration;

use super::auth::Principal;
use super::cases::Case;
use super::ids::user_id;
use super::problem::{Problem, quoted};
use super::seats::{Moving, PolicyIn, Sitting, Wish};
use crate::live::command::{MovePolicy, SeatAction, SeatWish, User};

/// A seat's number in a path.
///
/// # Errors
/// 400 that names the field.
pub(super) fn seat_index(text: &str) -> Result<u64, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        let detail = format!("`seatIndex` must be a seat's number, 0 or more; found {}", quoted(text));
        Problem::new(Case::BadRequest, detail)
    })
}

impl Sitting {
    /// The user that the body names, else the caller. The name of a token is better than what its bearer writes.
    ///
    /// # Errors
    /// 400 for an id that is none, and for an admin who names nobody.
    pub(super) fn into_user(self, caller: &Principal) -> Result<User, Problem> {
        let user = match self.user_id {
            Some(text) => user_id("userId", &text)?,
            None if caller.is_admin() => {
                let detail = "`userId` is missing: an admin acts for a user, and names who it is";
                return Err(Problem::new(Case::BadRequest, detail));
            }
            None => caller.user.clone(),
        };
        let own_name = caller.name.clone().filter(|_| !caller.is_admin() && user == caller.user);
        Ok(User {
            user_name: own_name.or(self.user_name).unwrap_or_default(),
            avatar_url: self.avatar_url.unwrap_or_default(),
            user_id: user,
        })
    }
}

impl TryFrom<Moving> for SeatAction {
    type Error = Problem;

    fn try_from(moving: Moving) -> Result<Self, Problem> {
        let user = user_id("userId", &moving.user_id)?;
        let policy = moving.policy.map_or(Ok(MovePolicy::AbortWhenOccupied), MovePolicy::try_from)?;
        Ok(Self::Move { user, to: moving.seat_index, policy })
    }
}

impl TryFrom<PolicyIn> for MovePolicy {
    type Error = Problem;

    fn try_from(policy: PolicyIn) -> Result<Self, Problem> {
        let unknown = |found: String| {
            let wanted = "`policy` must be abortWhenOccupied (0), forceReplace (1) or swapPosition (2)";
            Problem::new(Case::BadRequest, format!("{wanted}; found {found}"))
        };
        match policy {
            PolicyIn::Number(0) => Ok(Self::AbortWhenOccupied),
            PolicyIn::Number(1) => Ok(Self::ForceReplace),
            PolicyIn::Number(2) => Ok(Self::SwapPosition),
            PolicyIn::Number(other) => Err(unknown(other.to_string())),
            PolicyIn::Name(name) => match name.as_str() {
                "abortWhenOccupied" => Ok(Self::AbortWhenOccupied),
                "forceReplace" => Ok(Self::ForceReplace),
                "swapPosition" => Ok(Self::SwapPosition),
                other => Err(unknown(quoted(other))),
            },
        }
    }
}

/// An application or invitation; seat −1 is any free one, as in the product.
///
/// # Errors
/// 400 that names the field.
pub(super) fn wish(wish: Wish, caller: &Principal) -> Result<SeatWish, Problem> {
    let Wish { user_id, user_name, avatar_url, seat_index, timeout_seconds, extension_info } = wish;
    let index = match seat_index {
        None | Some(-1) => None,
        Some(index) => Some(u64::try_from(index).map_err(|_| {
            let detail = format!("`seatIndex` must be -1 (any free seat) or a seat's number; found {index}");
            Problem::new(Case::BadRequest, detail)
        })?),
    };
    Ok(SeatWish {
        user: Sitting { user_id, user_name, avatar_url }.into_user(caller)?,
        index,
        timeout: timeout_seconds.map(Duration::from_secs),
        extension_info: extension_info.unwrap_or_default(),
    })
}
