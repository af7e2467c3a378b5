//! Microphones and cameras of users on seats.
//!
//! ```text
//!            by the user                     by owner or backend
//!  Opened ◄──────────────► ClosedBySelf ◄──── unlocks ── ClosedByAdmin
//!    └────────── closes ──────────┴──────────────────────────▲
//! ```
//! The policy is unlockOnly: nobody's microphone or camera is opened by another. The owner undoes what it closed, and
//! then the user opens it.

use super::super::answer::{Answer, DeviceStatus};
use super::super::command::{Device, User};
use super::super::event::{SeatEvent, SeatReason};
use super::super::lives::Lives;
use super::super::refusal::Refusal;
use super::{Asked, Change};

/// DeviceControlPolicy unlockOnly.
const UNLOCK_ONLY: u32 = 1;

impl Lives {
    /// What is so already stays so, and nobody is told.
    pub(super) fn switch_device(
        &mut self,
        asked: &Asked,
        index: u64,
        device: Device,
        open: bool,
    ) -> Result<Answer, Refusal> {
        let index = self.seat_index(&asked.live, index)?;
        let mut seat = self.state.seating.seat(&asked.live, index);
        let sitter = seat.sitter.as_mut().ok_or(Refusal::NotSeated { index })?;
        let user = (*sitter.user).clone();
        let own = self.is_self(asked, &user.user_id);
        if !own {
            asked.must_manage("switching another user's microphone or camera")?;
        }
        let status = sitter.device(device);
        let next = if own { by_user(*status, open) } else { by_manager(*status, open) };
        let next = next.map_err(|closed| match closed {
            Closed::ByAdmin => Refusal::DeviceLocked { index, device: word(device) },
            Closed::ByUser => Refusal::DeviceClosedByUser { index, device: word(device) },
        })?;
        if next == *status {
            return Ok(Answer::Done);
        }
        *status = next;
        self.state.seating.put(&asked.live, index, seat);
        if !own {
            // Kept beside the seat: leaving it, or its live doing without seats for a while, opens nothing.
            let owner = self.live(&asked.live)?.owner().clone();
            let closed = next == DeviceStatus::ClosedByAdmin;
            self.state.seating.close(&asked.live, &owner, &user.user_id, device, closed);
        }
        self.seats_changed(asked.now, &asked.live, Change::of(SeatReason::Device, vec![index]));
        if !own {
            self.tell_seat(asked.now, &asked.live, told(device, open, user));
        }
        Ok(Answer::Done)
    }
}

/// Who closed what cannot be opened.
enum Closed {
    ByAdmin,
    ByUser,
}

fn by_user(status: DeviceStatus, open: bool) -> Result<DeviceStatus, Closed> {
    match (status, open) {
        (DeviceStatus::ClosedByAdmin, true) => Err(Closed::ByAdmin),
        (DeviceStatus::ClosedByAdmin, false) => Ok(DeviceStatus::ClosedByAdmin),
        (DeviceStatus::Opened | DeviceStatus::ClosedBySelf, true) => Ok(DeviceStatus::Opened),
        (DeviceStatus::Opened | DeviceStatus::ClosedBySelf, false) => Ok(DeviceStatus::ClosedBySelf),
    }
}

fn by_manager(status: DeviceStatus, open: bool) -> Result<DeviceStatus, Closed> {
    match (status, open) {
        (_, false) => Ok(DeviceStatus::ClosedByAdmin),
        (DeviceStatus::ClosedByAdmin, true) => Ok(DeviceStatus::ClosedBySelf),
        (DeviceStatus::Opened, true) => Ok(DeviceStatus::Opened),
        (DeviceStatus::ClosedBySelf, true) => Err(Closed::ByUser),
    }
}

fn word(device: Device) -> &'static str {
    match device {
        Device::Microphone => "microphone",
        Device::Camera => "camera",
    }
}

fn told(device: Device, open: bool, guest: User) -> SeatEvent {
    match (device, open) {
        (Device::Microphone, true) => SeatEvent::MicrophoneOpened { guest, policy: UNLOCK_ONLY },
        (Device::Microphone, false) => SeatEvent::MicrophoneClosed { guest },
        (Device::Camera, true) => SeatEvent::CameraOpened { guest, policy: UNLOCK_ONLY },
        (Device::Camera, false) => SeatEvent::CameraClosed { guest },
    }
}
