//! Battles, scores, gifts, the ledger.

use super::super::super::cases::Case;
use super::{Text, text};

const BATTLE: &str = "battle";

pub(super) const TEXTS: &[Text] = &[
    text("POST", "/v1/lives/{live}/battles", "requestBattle", BATTLE)
        .says(
            "Ask for a battle, or start one",
            "With `needResponse` false it starts at once; otherwise when every user asked has answered or timed out and at least one \
            accepted. An admin may ask for any live.",
        )
        .refuses(&[
            Case::NotInConnection, Case::AlreadyInBattle, Case::BattlePending, Case::HostGone, Case::NotConnected,
            Case::NoValidLive,
        ]),
    text("GET", "/v1/lives/{live}/battle", "findBattleOfLive", BATTLE)
        .says("The battle of a live", "The one it is in, or else the one that goes on in its connection. Pending ones are shown to hosts and admins only.")
        .refuses(&[Case::BattleNotFound]),
    text("GET", "/v1/battles/{battle}", "findBattle", BATTLE)
        .says("Look at a battle", "Pending, running or ended. The last 1 000 ended ones are kept.")
        .refuses(&[Case::BadRequest, Case::BattleNotFound]),
    text("POST", "/v1/battles/{battle}/accept", "acceptBattle", BATTLE)
        .says("Agree to a battle", "A host for itself; an admin says for whom (`userId`).")
        .refuses(&[
            Case::Forbidden, Case::BattleNotFound, Case::NotInBattle, Case::AlreadyInBattle, Case::BattleEnded,
            Case::NotInConnection,
        ]),
    text("POST", "/v1/battles/{battle}/reject", "rejectBattle", BATTLE)
        .says("Refuse a battle", "Or take one's own agreement back before it starts. A host for itself; an admin says for whom.")
        .refuses(&[Case::Forbidden, Case::BattleNotFound, Case::NotInBattle, Case::AlreadyInBattle, Case::BattleEnded]),
    text("POST", "/v1/battles/{battle}/cancel", "cancelBattle", BATTLE)
        .says("Take requests for a battle back", "By the inviter or an admin: those of the named users, all that are pending when none is named.")
        .refuses(&[Case::Forbidden, Case::BattleNotFound, Case::NotInBattle, Case::BattleRunning, Case::BattleEnded]),
    text("POST", "/v1/battles/{battle}/exit", "exitBattle", BATTLE)
        .says("Leave a battle", "The others play on to its end; who left ranks last. A host for itself; an admin says for whom.")
        .refuses(&[Case::Forbidden, Case::BattleNotFound, Case::NotInBattle, Case::BattleEnded]),
    text("POST", "/v1/battles/{battle}/rematch", "rematch", BATTLE)
        .says("Repeat a battle", "With the same hosts and the same settings, once it has ended.")
        .refuses(&[
            Case::LiveNotFound, Case::Forbidden, Case::BattleNotFound, Case::NotInBattle, Case::AlreadyInBattle, Case::BattlePending,
            Case::BattleNotStarted, Case::NoValidLive, Case::NotInConnection, Case::HostGone, Case::NotConnected,
        ]),
    text("POST", "/v1/battles/{battle}/scores", "changeScores", BATTLE)
        .says("Change scores", "For admins. All of it happens or nothing. A request received before the battle's end counts.")
        .refuses(SCORES),
    text("POST", "/v1/battles/{battle}/gifts", "postGift", BATTLE)
        .says("Turn a gift into points", "For admins, by the gift table of the configuration.")
        .refuses(GIFTS),
    text("GET", "/v1/battles/{battle}/ledger", "ledger", BATTLE)
        .says("The ledger of a battle", "For admins: each accepted change of scores, oldest first, in pages.")
        .refuses(&[Case::Forbidden, Case::BattleNotFound, Case::NotRead]),
];

const SCORES: &[Case] = &[
    Case::Forbidden,
    Case::BattleNotFound,
    Case::NotInBattle,
    Case::BattleNotStarted,
    Case::BattleEnded,
    Case::ScoreOutOfRange,
    Case::LedgerFull,
    Case::NotRead,
];

const GIFTS: &[Case] = &[
    Case::Forbidden,
    Case::BattleNotFound,
    Case::NotInBattle,
    Case::BattleNotStarted,
    Case::BattleEnded,
    Case::ScoreOutOfRange,
    Case::LedgerFull,
    Case::NotRead,
    Case::GiftWithoutRule,
];
