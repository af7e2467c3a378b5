//! Which number a producer and a feed have: each is made of what it carries, so that every thread knows it without asking.
//!
//! ```text
//! producer   program of a stage      0 │ 0      │ stage          feed   of a live       0 │ serial
//!            one session of a host   1 │ 0      │ session               of one host     1 │ source
//!            sound without a source  2 │ source │ stage                 of a listener   2 │ source
//! ```

use super::peer::SessionKey;
use crate::live::StageId;
use costage_media::forward::{FeedId, ProducerId};
use costage_media::scene::SourceId;

/// What a producer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    /// Picture and sound of a stage.
    Program(StageId),
    /// What a host sends, untouched.
    Session(SessionKey),
    /// The sound of a stage without this source.
    Return(StageId, SourceId),
}

const SESSION: u128 = 1;
const RETURN: u128 = 2;

/// The producer of a stage's program.
pub(super) fn program(stage: StageId) -> ProducerId {
    ProducerId(stage.0.into())
}

/// The producer of what a host sends in one session. Another session is another producer: its numbers begin anew.
pub(super) fn session(key: SessionKey) -> ProducerId {
    ProducerId(SESSION << 96 | u128::from(key.0))
}

/// The producer of a stage's sound without that of `source`.
pub(super) fn return_of(stage: StageId, source: SourceId) -> ProducerId {
    ProducerId(RETURN << 96 | u128::from(source.0) << 64 | u128::from(stage.0))
}

/// The least producer of a stage's sound without somebody: those of programs and sessions come before it.
pub(super) fn first_return() -> ProducerId {
    return_of(StageId(0), SourceId(0))
}

/// The feed of a host who hears the others.
pub(super) fn return_feed(source: SourceId) -> FeedId {
    FeedId(2 << 32 | u64::from(source.0))
}

/// The feed of one host, untouched.
pub(super) fn host_feed(source: SourceId) -> FeedId {
    FeedId(1 << 32 | u64::from(source.0))
}

/// What `producer` carries.
pub(super) fn carries(producer: ProducerId) -> Carries {
    let low = u64::try_from(producer.0 & u128::from(u64::MAX)).expect("masked to 64 bits");
    match producer.0 >> 96 {
        SESSION => Carries::Session(SessionKey(low)),
        RETURN..=u128::MAX => {
            let source = u32::try_from(producer.0 >> 64 & u128::from(u32::MAX)).expect("masked to 32 bits");
            Carries::Return(StageId(low), SourceId(source))
        }
        _ => Carries::Program(StageId(low)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn producers_and_feeds_of_different_kinds_never_share_a_number() {
        for number in [0, 1, u64::MAX] {
            assert_eq!(carries(program(StageId(number))), Carries::Program(StageId(number)));
            assert_eq!(carries(session(SessionKey(number))), Carries::Session(SessionKey(number)));
            for source in [SourceId(0), SourceId(u32::MAX)] {
                let producer = return_of(StageId(number), source);
                assert_eq!(carries(producer), Carries::Return(StageId(number), source));
                assert!(producer >= first_return() && first_return() > session(SessionKey(number)));
            }
        }
        let serials = [0, 1, u32::MAX];
        let feeds = |serial: u32| [FeedId(serial.into()), host_feed(SourceId(serial)), return_feed(SourceId(serial))];
        let all: std::collections::BTreeSet<FeedId> = serials.iter().flat_map(|serial| feeds(*serial)).collect();
        assert_eq!(all.len(), 9);
    }
}
