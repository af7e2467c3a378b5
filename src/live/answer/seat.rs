//! Answers about seats.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::command::User;
use super::super::ids::{LiveId, UserId};
use super::super::time::WallMs;

/// One seat. A list of a live in a connection holds the other lives' seats too, told apart by `live_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatInfo {
    /// Its live.
    pub live_id: LiveId,
    /// Its number; the owner sits on 0.
    #[schemars(range(max = 49), example = 1)]
    pub index: u32,
    /// Whether nobody may sit there.
    pub is_locked: bool,
    /// Who sits there.
    pub user_info: Option<SeatUser>,
}

/// A user on a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatUser {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The seat's live.
    pub live_id: LiveId,
    /// Owner or guest.
    pub role: SeatRole,
    /// Whether it speaks, and who closed it if not.
    pub microphone_status: DeviceStatus,
    /// Whether the user may open it.
    pub allow_open_microphone: bool,
    /// Whether it is seen, and who closed it if not.
    pub camera_status: DeviceStatus,
    /// Whether the user may open it.
    pub allow_open_camera: bool,
}

/// What a user on a seat is in the live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SeatRole {
    /// Whose live it is.
    Owner,
    /// Anybody else.
    Guest,
}

/// State of a microphone or a camera (TUIDeviceStatus). A user sits down with both opened: whether anything is really
/// sent, its media says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeviceStatus {
    /// 0 in the product.
    Opened,
    /// 1: by the user, who may open it again.
    ClosedBySelf,
    /// 2: by the owner or the backend, who must unlock it before the user may open it again.
    ClosedByAdmin,
}

/// Who waits for a seat, and who is asked to take one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatRequests {
    /// Those who applied, by userId.
    pub applicants: Vec<SeatRequest>,
    /// Those who are invited, by userId.
    pub invitees: Vec<SeatRequest>,
}

impl SeatRequests {
    /// Leaves what is `user`'s own, for those who do not manage the live.
    pub fn keep_only(&mut self, user: Option<&UserId>) {
        let own = |request: &SeatRequest| Some(&request.user.user_id) == user;
        self.applicants.retain(own);
        self.invitees.retain(own);
    }
}

/// A pending application or invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatRequest {
    /// Who is to sit down.
    #[serde(flatten)]
    pub user: User,
    /// The live.
    pub live_id: LiveId,
    /// Where; −1 for any free seat.
    #[schemars(range(min = -1, max = 49))]
    pub seat_index: i64,
    /// As given with the request; at most 2048 bytes.
    #[schemars(length(max = 2_048), example = &"")]
    pub extension_info: String,
    /// When it expires; null: never.
    pub expire_time: Option<WallMs>,
}
