//! The same for what is asked about seats.

use std::time::Duration;

use costage::live::command::{
    By as Asker, Device, MovePolicy, SeatAction, SeatReply, SeatRequestKind, SeatWish as Wish,
};

use super::commands::{user, user_id};
use crate::command::{By, Policy, Reply, SeatAsk, SeatWish};

pub(super) fn seat(by: By, ask: &SeatAsk) -> (Asker, SeatAction) {
    let by = match by {
        By::Backend => Asker::Backend,
        By::Owner => Asker::Owner,
        By::Guest(guest) => Asker::Guest(user_id(guest)),
    };
    let action = match ask {
        SeatAsk::Take { index, user: who } => SeatAction::Take { index: *index, user: user(who) },
        SeatAsk::Leave { index } => SeatAction::Leave { index: *index },
        SeatAsk::Lock { index } => SeatAction::Lock { index: *index },
        SeatAsk::Unlock { index } => SeatAction::Unlock { index: *index },
        SeatAsk::Kick { index } => SeatAction::Kick { index: *index },
        SeatAsk::Move { user, to, policy } => {
            let policy = match policy {
                Policy::Abort => MovePolicy::AbortWhenOccupied,
                Policy::Replace => MovePolicy::ForceReplace,
                Policy::Swap => MovePolicy::SwapPosition,
            };
            SeatAction::Move { user: user_id(user), to: *to, policy }
        }
        SeatAsk::Device { index, microphone, open } => {
            let device = if *microphone { Device::Microphone } else { Device::Camera };
            SeatAction::Device { index: *index, device, open: *open }
        }
        SeatAsk::Apply(asked) => SeatAction::Apply(wish(asked)),
        SeatAsk::Invite(asked) => SeatAction::Invite(wish(asked)),
        SeatAsk::Answer { application, user, reply } => {
            let kind = if *application { SeatRequestKind::Application } else { SeatRequestKind::Invitation };
            let reply = match reply {
                Reply::Accept => SeatReply::Accept,
                Reply::Reject => SeatReply::Reject,
                Reply::Cancel => SeatReply::Cancel,
            };
            SeatAction::Answer { kind, user: user_id(user), reply }
        }
    };
    (by, action)
}

fn wish(wish: &SeatWish) -> Wish {
    Wish {
        user: user(&wish.user),
        index: wish.index,
        timeout: wish.seconds.map(Duration::from_secs),
        extension_info: wish.extension.to_owned(),
    }
}
