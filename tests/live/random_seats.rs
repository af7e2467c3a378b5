//! The seats' part of the random test.

use std::collections::BTreeSet;
use std::time::Duration;

use costage::live::command::{
    By, Device, MovePolicy, SeatAction, SeatCommand, SeatReply, SeatRequestKind, SeatWish, User,
};
use costage::live::{Answer, Command, UserId};
use proptest::prelude::*;

use crate::seats::{guest, wish};
use crate::world::{World, host_of, live};

/// Few enough that they meet.
const GUESTS: [&str; 5] = ["g0", "g1", "g2", "g3", "g4"];

/// Something about the seats of a live: who asks (0 the backend, 1 the owner, then guests), what, about whom, where.
#[derive(Debug, Clone)]
pub(crate) struct SeatStep {
    by: usize,
    what: usize,
    whom: usize,
    index: u64,
    flag: bool,
    number: u64,
}

pub(crate) fn seat_step() -> impl Strategy<Value = SeatStep> {
    let parts = (0..2 + GUESTS.len(), 0..12_usize, 0..=GUESTS.len(), 0..11_u64, any::<bool>(), 0..6_u64);
    parts.prop_map(|(by, what, whom, index, flag, number)| SeatStep { by, what, whom, index, flag, number })
}

pub(crate) fn command(of: &str, step: SeatStep) -> Command {
    let by = match step.by {
        0 => By::Backend,
        1 => By::Owner,
        guest => By::Guest(UserId::new(GUESTS[guest - 2]).unwrap()),
    };
    let user = match GUESTS.get(step.whom) {
        Some(name) => guest(name),
        None => User { user_id: host_of(of), user_name: String::new(), avatar_url: String::new() },
    };
    let kind = if step.flag { SeatRequestKind::Application } else { SeatRequestKind::Invitation };
    let asked = || SeatWish {
        index: step.flag.then_some(step.index),
        timeout: Some(Duration::from_secs(step.number)),
        user: user.clone(),
        ..wish("g0", None)
    };
    let index = step.index;
    let action = match step.what {
        0 | 1 => SeatAction::Take { index, user },
        2 => SeatAction::Leave { index },
        3 if step.flag => SeatAction::Lock { index },
        3 => SeatAction::Unlock { index },
        4 => SeatAction::Kick { index },
        5 | 6 => {
            let policies = [MovePolicy::AbortWhenOccupied, MovePolicy::ForceReplace, MovePolicy::SwapPosition];
            let policy = policies[usize::try_from(step.number % 3).unwrap()];
            SeatAction::Move { user: user.user_id, to: index, policy }
        }
        7 => {
            let device = if step.number.is_multiple_of(2) { Device::Microphone } else { Device::Camera };
            SeatAction::Device { index, device, open: step.flag }
        }
        8 => SeatAction::Apply(asked()),
        9 => SeatAction::Invite(asked()),
        _ => {
            let replies = [SeatReply::Accept, SeatReply::Accept, SeatReply::Reject, SeatReply::Cancel];
            let reply = replies[usize::try_from(step.number % 4).unwrap()];
            SeatAction::Answer { kind, user: user.user_id, reply }
        }
    };
    Command::Seat(Box::new(SeatCommand { live: live(of), by, action }))
}

/// What must hold of the seats of a live that is there.
pub(crate) fn check(world: &mut World, name: &str) {
    let view = world.machine.view(&live(name)).unwrap();
    let (own, others): (Vec<_>, Vec<_>) = view.seat_list.iter().partition(|seat| seat.live_id == live(name));
    assert_eq!(own.len(), 9);
    let connected: BTreeSet<_> = view.co_host.connected.iter().filter(|other| **other != live(name)).collect();
    assert_eq!(others.iter().map(|seat| &seat.live_id).collect::<BTreeSet<_>>(), connected);
    assert_eq!(others.len(), 9 * connected.len());
    let sitting: Vec<_> = own.iter().filter_map(|seat| seat.user_info.as_ref()).map(|it| &it.user.user_id).collect();
    let users: BTreeSet<_> = sitting.iter().collect();
    assert_eq!(users.len(), sitting.len(), "a user has one seat in a live");
    assert!(own[0].user_info.as_ref().is_some_and(|it| it.user.user_id == host_of(name)), "the owner stays");
    assert!(own.iter().all(|seat| !(seat.is_locked && seat.user_info.is_some())), "on a locked seat nobody sits");
    let requests = view.seat_requests.applicants.iter().chain(&view.seat_requests.invitees);
    let asked: Vec<_> = requests.map(|request| &request.user.user_id).collect();
    let once: BTreeSet<_> = asked.iter().collect();
    assert_eq!(once.len(), asked.len(), "one request a user");
    assert!(asked.iter().all(|user| !users.contains(user)), "who sits waits for no seat");
    let found = world.ask(Command::FindSeats(live(name)));
    assert!(matches!(found, Ok(Answer::Seats(seats)) if seats == view.seat_list));
}
