//! What the machine tells.

use costage::live::event::{Audience, BattleAsk, LeaveReason, SeatEvent, SeatReason};
use costage::live::{Event as Told, LiveId, WallMs};

use super::Numbers;
use super::things::{host, layout, person, points, seats, settings, verdict, wish};
use crate::said::{Ask, Event, Left, Notice, Readers, Why};

impl Numbers {
    pub(crate) fn notice<'a>(
        &mut self,
        at: WallMs,
        lives: &'a [LiveId],
        audience: &'a Audience,
        told: &'a Told,
    ) -> Notice<'a> {
        let mut lives: Vec<&str> = lives.iter().map(|live| live.as_str()).collect();
        lives.sort_unstable();
        let readers = match audience {
            Audience::Everyone => Readers::Everyone,
            Audience::Host => Readers::Host,
            Audience::User(user) => Readers::User(user.as_str()),
        };
        Notice { at: at.0, lives, readers, event: self.event(told) }
    }

    fn event<'a>(&mut self, told: &'a Told) -> Event<'a> {
        match told {
            Told::CoHostRequestReceived { inviter, extension_info, template, expire_time } => Event::RequestReceived {
                inviter: host(inviter),
                extension: extension_info,
                template: template.0.id().into(),
                expires: expire_time.0,
            },
            Told::CoHostRequestCancelled { inviter, invitee } => {
                Event::RequestCancelled { inviter: host(inviter), invitee: host(invitee) }
            }
            Told::CoHostRequestAccepted { invitee } => Event::RequestAccepted { invitee: host(invitee) },
            Told::CoHostRequestRejected { inviter, invitee } => {
                Event::RequestRejected { inviter: host(inviter), invitee: host(invitee) }
            }
            Told::CoHostRequestTimeout { inviter, invitee } => {
                Event::RequestTimeout { inviter: host(inviter), invitee: host(invitee) }
            }
            Told::CoHostUserJoined { user } => Event::UserJoined { user: host(user) },
            Told::CoHostUserLeft { user, reason } => Event::UserLeft { user: host(user), reason: left(*reason) },
            Told::SeatLayoutChanged(changed) => Event::Layout(layout(changed)),
            Told::LiveInfoChanged { live, changed } => {
                Event::LiveChanged { live: live.live_id.as_str(), settings: settings(live), changed: changed.clone() }
            }
            Told::LiveEnded { live_id, reason, reason_code, .. } => {
                assert_eq!(reason.code(), *reason_code);
                Event::LiveEnded { live: live_id.as_str(), reason: reason.code().into() }
            }
            Told::Seat(event) => seat_event(event),
            of_a_battle => self.battle_event(of_a_battle),
        }
    }

    fn battle_event<'a>(&mut self, told: &'a Told) -> Event<'a> {
        match told {
            Told::BattleRequestReceived {
                battle_id,
                inviter,
                invitee,
                duration_seconds,
                extension_info,
                expire_time,
            } => {
                let ask = Ask { battle: self.number(*battle_id), inviter: host(inviter), invitee: host(invitee) };
                let (seconds, expires) = (*duration_seconds, expire_time.0);
                Event::BattleReceived { ask, seconds, extension: extension_info, expires }
            }
            Told::BattleRequestCancelled(ask) => Event::BattleCancelled(self.ask(ask)),
            Told::BattleRequestTimeout(ask) => Event::BattleTimeout(self.ask(ask)),
            Told::BattleRequestAccept(ask) => Event::BattleAccept(self.ask(ask)),
            Told::BattleRequestReject(ask) => Event::BattleReject(self.ask(ask)),
            Told::UserJoinBattle { battle_id, user } => {
                Event::BattleJoined { battle: self.number(*battle_id), user: host(user) }
            }
            Told::BattleStarted {
                battle_id,
                inviter,
                invitees,
                duration_seconds,
                start_time,
                end_time,
                extension_info,
                scores,
            } => Event::BattleStarted {
                battle: self.number(*battle_id),
                hosts: std::iter::once(inviter).chain(invitees).map(host).collect(),
                seconds: *duration_seconds,
                start: start_time.0,
                end: end_time.0,
                extension: extension_info,
                scores: points(scores),
            },
            Told::BattleScoreChanged { battle_id, scores } => {
                Event::ScoreChanged { battle: self.number(*battle_id), scores: points(scores) }
            }
            Told::UserExitBattle { battle_id, user } => {
                Event::BattleExit { battle: self.number(*battle_id), user: host(user) }
            }
            Told::BattleEnded { battle_id, reason, reason_code, end_time, result } => {
                assert_eq!(reason.code(), *reason_code);
                let (battle, reason) = (self.number(*battle_id), reason.code().into());
                Event::BattleEnded { battle, reason, end: end_time.0, verdict: result.as_ref().map(verdict) }
            }
            Told::BattlePunishmentStarted { battle_id, punishment_seconds, start_time, end_time } => {
                let (battle, seconds) = (self.number(*battle_id), *punishment_seconds);
                Event::PunishmentStarted { battle, seconds, start: start_time.0, end: end_time.0 }
            }
            Told::BattlePunishmentEnded { battle_id } => Event::PunishmentEnded { battle: self.number(*battle_id) },
            other => unreachable!("{other:?} is about no battle"),
        }
    }

    fn ask<'a>(&mut self, ask: &'a BattleAsk) -> Ask<'a> {
        Ask { battle: self.number(ask.battle_id), inviter: host(&ask.inviter), invitee: host(&ask.invitee) }
    }
}

fn left(reason: LeaveReason) -> Left {
    match reason {
        LeaveReason::Exit => Left::Exit,
        LeaveReason::Disconnected => Left::Disconnected,
        LeaveReason::Kicked => Left::Kicked,
        LeaveReason::LiveEnded => Left::LiveEnded,
    }
}

fn why(reason: SeatReason) -> Why {
    match reason {
        SeatReason::Taken => Why::Taken,
        SeatReason::Left => Why::Left,
        SeatReason::Kicked => Why::Kicked,
        SeatReason::Locked => Why::Locked,
        SeatReason::Unlocked => Why::Unlocked,
        SeatReason::Moved => Why::Moved,
        SeatReason::Replaced => Why::Replaced,
        SeatReason::Device => Why::Device,
        SeatReason::Layout => Why::Layout,
        SeatReason::Joined => Why::Joined,
        SeatReason::Disconnected => Why::Disconnected,
    }
}

fn seat_event(event: &SeatEvent) -> Event<'_> {
    match event {
        SeatEvent::ListChanged { live_id, reason, seat_list, seated_list, left_list } => Event::Seats {
            live: live_id.as_str(),
            why: why(*reason),
            seats: seats(seat_list),
            seated: seated_list.iter().map(person).collect(),
            left: left_list.iter().map(person).collect(),
        },
        SeatEvent::ApplicationReceived { guest } => Event::Applied(wish(guest)),
        SeatEvent::ApplicationCancelled { guest } => Event::ApplicationCancelled { guest: person(guest) },
        SeatEvent::ApplicationProcessed { guest, host: of, is_accept } => {
            Event::ApplicationProcessed { guest: person(guest), host: host(of), accept: *is_accept }
        }
        SeatEvent::ApplicationResponded { guest, host: of, is_accept } => {
            Event::ApplicationResponded { guest: person(guest), host: host(of), accept: *is_accept }
        }
        SeatEvent::ApplicationNoResponse { guest, reason, reason_code } => {
            assert_eq!(reason.code(), *reason_code);
            Event::ApplicationNoResponse { guest: person(guest), reason: reason.code().into() }
        }
        SeatEvent::InvitationReceived { host: of, guest } => Event::Invited { host: host(of), wish: wish(guest) },
        SeatEvent::InvitationCancelled { host: of, guest } => {
            Event::InvitationCancelled { host: host(of), guest: person(guest) }
        }
        SeatEvent::InvitationResponded { guest, is_accept } => {
            Event::InvitationResponded { guest: person(guest), accept: *is_accept }
        }
        SeatEvent::InvitationNoResponse { guest, reason, reason_code } => {
            assert_eq!(reason.code(), *reason_code);
            Event::InvitationNoResponse { guest: person(guest), reason: reason.code().into() }
        }
        SeatEvent::KickedOff { seat_index, host: of, guest, reason } => {
            let (index, why) = ((*seat_index).into(), why(*reason));
            Event::KickedOff { index, host: host(of), guest: person(guest), why }
        }
        SeatEvent::MicrophoneOpened { guest, policy } => {
            assert_eq!(*policy, 1, "unlockOnly");
            Event::MicrophoneOpened { guest: person(guest) }
        }
        SeatEvent::MicrophoneClosed { guest } => Event::MicrophoneClosed { guest: person(guest) },
        SeatEvent::CameraOpened { guest, policy } => {
            assert_eq!(*policy, 1, "unlockOnly");
            Event::CameraOpened { guest: person(guest) }
        }
        SeatEvent::CameraClosed { guest } => Event::CameraClosed { guest: person(guest) },
    }
}
