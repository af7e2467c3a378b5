//! Why the machine refuses.

use costage::live::Refusal as Why;
use costage::live::command::SeatRequestKind;
use costage::live::refusal::MetaDataFault;

use super::Numbers;
use crate::said::{Case, Refusal};

impl Numbers {
    pub(crate) fn refusal<'a>(&mut self, why: &'a Why) -> Refusal<'a> {
        let about = |case, about| Refusal { case, about, number: 0 };
        let at = |case, about, number: u64| Refusal { case, about, number };
        let kind = |kind: &SeatRequestKind| u64::from(*kind == SeatRequestKind::Application);
        match why {
            Why::Invalid { field, .. } => about(Case::Invalid, field),
            Why::InvalidRegion { index, field, .. } => {
                at(Case::Invalid, field, u64::try_from(*index).expect("few regions"))
            }
            Why::MetaData { fault } => match fault {
                MetaDataFault::Keys { .. } => about(Case::MetaKeys, ""),
                MetaDataFault::ValueSize { key, .. } => about(Case::MetaValue, key),
                MetaDataFault::KeySize { key } => about(Case::MetaKey, key),
            },
            Why::NoSuchLive { live } => about(Case::NoSuchLive, live.as_str()),
            Why::LiveExists { live, same_owner } => {
                about(if *same_owner { Case::LiveExistsYours } else { Case::LiveExists }, live.as_str())
            }
            Why::NotOwner { live } => about(Case::NotOwner, live.as_str()),
            Why::NotLive { live, .. } => about(Case::NotLive, live.as_str()),
            Why::HostNotLive { user, .. } => about(Case::HostNotLive, user.as_str()),
            Why::NoSuchHost { user, .. } => about(Case::NoSuchHost, user.as_str()),
            Why::NotOnStage { user, .. } => about(Case::NotOnStage, user.as_str()),
            Why::NoSuchRequest { from, .. } => about(Case::NoSuchRequest, from.as_str()),
            Why::NotConnected { live } => about(Case::NotConnected, live.as_str()),
            Why::AlreadyConnected { live } => about(Case::AlreadyConnected, live.as_str()),
            Why::RequestPending { live } => about(Case::RequestPending, live.as_str()),
            Why::ConnectedElsewhere { live } => about(Case::ConnectedElsewhere, live.as_str()),
            Why::ConnectionFull { .. } => about(Case::ConnectionFull, ""),
            Why::TooManyRequests { live, .. } => about(Case::TooManyRequests, live.as_str()),
            Why::UserConnectedTwice { user } => about(Case::UserConnectedTwice, user.as_str()),
            Why::SeatLocked { index } => at(Case::SeatLocked, "", (*index).into()),
            Why::SeatOccupied { index, user } => at(Case::SeatOccupied, user.as_str(), (*index).into()),
            Why::AlreadyQueued { user, kind: which } => at(Case::AlreadyQueued, user.as_str(), kind(which)),
            Why::AlreadySeated { user, index } => at(Case::AlreadySeated, user.as_str(), (*index).into()),
            Why::NotQueued { user, kind: which } => at(Case::NotQueued, user.as_str(), kind(which)),
            Why::SeatsFull { .. } => about(Case::SeatsFull, ""),
            Why::NotSeated { index } => at(Case::NotSeated, "", (*index).into()),
            Why::UserNotSeated { user } => about(Case::NotSeated, user.as_str()),
            Why::AlreadyOnSeat { user, index } => at(Case::AlreadyOnSeat, user.as_str(), (*index).into()),
            Why::NoSeats { live } => about(Case::NoSeats, live.as_str()),
            Why::SeatListEmpty { live } => about(Case::SeatListEmpty, live.as_str()),
            Why::OwnerSeat { live } => about(Case::OwnerSeat, live.as_str()),
            Why::OwnerStays { live } => about(Case::OwnerStays, live.as_str()),
            Why::SeatNeedsConsent { live } => about(Case::SeatNeedsConsent, live.as_str()),
            Why::SeatForbidden { .. } => about(Case::SeatForbidden, ""),
            Why::DeviceLocked { index, device } => at(Case::DeviceLocked, device, (*index).into()),
            Why::DeviceClosedByUser { index, device } => at(Case::DeviceClosedByUser, device, (*index).into()),
            Why::TooManySeatRequests { live } => about(Case::TooManySeatRequests, live.as_str()),
            battle => self.battle_refusal(battle),
        }
    }

    fn battle_refusal<'a>(&mut self, why: &'a Why) -> Refusal<'a> {
        let about = |case, about| Refusal { case, about, number: 0 };
        let mut of = |case, about, battle| {
            let number = u64::try_from(self.number(battle)).expect("few battles");
            Refusal { case, about, number }
        };
        match why {
            Why::NoSuchBattle { .. } => about(Case::NoSuchBattle, ""),
            Why::NoBattle { live } => about(Case::NoBattle, live.as_str()),
            Why::NotInConnection { user } => about(Case::NotInConnection, user.as_str()),
            Why::AlreadyInBattle { live } => about(Case::AlreadyInBattle, live.as_str()),
            Why::NotInBattle { battle, user } => of(Case::NotInBattle, user.as_str(), *battle),
            Why::BattleEnded { end_time, .. } | Why::BattleOver { end_time, .. } => {
                Refusal { case: Case::BattleEnded, about: "", number: end_time.0 }
            }
            Why::NoValidLive { battle } => of(Case::NoValidLive, "", *battle),
            Why::BattlePending { live } => about(Case::BattlePending, live.as_str()),
            Why::HostGone { live } => about(Case::HostGone, live.as_str()),
            Why::InBattleAlready { battle, user } => of(Case::InBattleAlready, user.as_str(), *battle),
            Why::BattleNotStarted { battle } => of(Case::BattleNotStarted, "", *battle),
            Why::KeyReused { key } => about(Case::KeyReused, key.as_str()),
            Why::ScoreOutOfRange { user, .. } => about(Case::ScoreOutOfRange, user.as_str()),
            Why::GiftWithoutRule { gift, .. } => about(Case::GiftWithoutRule, gift),
            _ => about(Case::Other, ""),
        }
    }
}
