//! Microphones and cameras: users open and close their own; who manages closes them, and unlocks what it has closed.

use super::{Model, Outcome, refuse_at};
use crate::command::By;
use crate::said::{Answer, Case, Event, Why};
use crate::twist::Twist;
use crate::words::{Device, Text};

impl Model {
    pub(super) fn switch(&mut self, id: Text, by: By, index: u64, microphone: bool, open: bool) -> Outcome {
        let at = self.check_index(id, index)?;
        let Some(mut sitter) = self.known(id)?.seats[at].sitter else { return refuse_at(Case::NotSeated, "", index) };
        let own = self.is_self(id, by, sitter.user.id);
        if !own {
            super::seats::check_manages(by)?;
        }
        let device = if microphone { &mut sitter.microphone } else { &mut sitter.camera };
        let word = if microphone { "microphone" } else { "camera" };
        let was = *device;
        *device = match (own, open, was) {
            (true, true, Device::ClosedByAdmin) => return refuse_at(Case::DeviceLocked, word, index),
            (true, false, Device::ClosedByAdmin) => Device::ClosedByAdmin,
            (true, true, _) => Device::Open,
            (true, false, _) => Device::ClosedBySelf,
            (false, false, _) => Device::ClosedByAdmin,
            (false, true, Device::ClosedByAdmin) if self.twist == Some(Twist::UnlockingOpens) => Device::Open,
            (false, true, Device::ClosedByAdmin) => Device::ClosedBySelf,
            (false, true, Device::Open) => Device::Open,
            (false, true, Device::ClosedBySelf) => return refuse_at(Case::DeviceClosedByUser, word, index),
        };
        if *device == was {
            return Ok(Answer::Done);
        }
        self.live_mut(id).seats[at].sitter = Some(sitter);
        if !own {
            let by_admin = |device| device == Device::ClosedByAdmin;
            let row = (sitter.user.id, by_admin(sitter.microphone), by_admin(sitter.camera));
            let closed = &mut self.live_mut(id).closed;
            closed.retain(|(user, ..)| *user != sitter.user.id);
            closed.push(row);
        }
        self.tell_seats(id, Why::Device, &[at], vec![], vec![]);
        if !own {
            let guest = sitter.user;
            let event = match (microphone, open) {
                (true, true) => Event::MicrophoneOpened { guest },
                (true, false) => Event::MicrophoneClosed { guest },
                (false, true) => Event::CameraOpened { guest },
                (false, false) => Event::CameraClosed { guest },
            };
            self.tell(vec![id], event);
        }
        Ok(Answer::Done)
    }
}
