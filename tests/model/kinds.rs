//! Names of what may happen, to be counted.

use crate::command::{Command, Layout, Policy, Reply, SeatAsk};
use crate::rules::Due;
use crate::said::{Event, Left, Why};

/// What has no name, and should not happen.
pub(crate) const UNKNOWN: &str = "unknown";

/// Declares names, and which value has which.
macro_rules! kinds {
    ($(#[$doc:meta])* $all:ident $of:ident($type:ty) { $($pattern:pat => $name:literal,)* }) => {
        $(#[$doc])*
        pub(crate) const $all: &[&str] = &[$($name,)*];

        pub(crate) fn $of(value: $type) -> &'static str {
            match value {
                $($pattern => $name,)*
                #[allow(unreachable_patterns, reason = "where the names above are all there are")]
                _ => UNKNOWN,
            }
        }
    };
}

kinds! {
    /// Commands and questions.
    COMMANDS command(&Command) {
        Command::Create(..) => "create",
        Command::Update { .. } => "update",
        Command::End { .. } => "end",
        Command::FindLive(..) => "find live",
        Command::List { .. } => "list",
        Command::Candidates { .. } => "candidates",
        Command::Request { .. } => "request",
        Command::Accept { .. } => "accept",
        Command::Reject { .. } => "reject",
        Command::Cancel { .. } => "cancel",
        Command::Exit(..) => "exit",
        Command::KickOut(..) => "kick out",
        Command::FindCoHost(..) => "find co host",
        Command::Seat { ask: SeatAsk::Take { .. }, .. } => "seat take",
        Command::Seat { ask: SeatAsk::Leave { .. }, .. } => "seat leave",
        Command::Seat { ask: SeatAsk::Lock { .. }, .. } => "seat lock",
        Command::Seat { ask: SeatAsk::Unlock { .. }, .. } => "seat unlock",
        Command::Seat { ask: SeatAsk::Kick { .. }, .. } => "seat kick",
        Command::Seat { ask: SeatAsk::Move { policy: Policy::Abort, .. }, .. } => "move abort",
        Command::Seat { ask: SeatAsk::Move { policy: Policy::Replace, .. }, .. } => "move replace",
        Command::Seat { ask: SeatAsk::Move { policy: Policy::Swap, .. }, .. } => "move swap",
        Command::Seat { ask: SeatAsk::Device { open: true, .. }, .. } => "open device",
        Command::Seat { ask: SeatAsk::Device { open: false, .. }, .. } => "close device",
        Command::Seat { ask: SeatAsk::Apply(..), .. } => "seat apply",
        Command::Seat { ask: SeatAsk::Invite(..), .. } => "seat invite",
        Command::Seat { ask: SeatAsk::Answer { application: true, reply: Reply::Accept, .. }, .. } => "accept application",
        Command::Seat { ask: SeatAsk::Answer { application: true, reply: Reply::Reject, .. }, .. } => "reject application",
        Command::Seat { ask: SeatAsk::Answer { application: true, reply: Reply::Cancel, .. }, .. } => "cancel application",
        Command::Seat { ask: SeatAsk::Answer { application: false, reply: Reply::Accept, .. }, .. } => "accept invitation",
        Command::Seat { ask: SeatAsk::Answer { application: false, reply: Reply::Reject, .. }, .. } => "reject invitation",
        Command::Seat { ask: SeatAsk::Answer { application: false, reply: Reply::Cancel, .. }, .. } => "cancel invitation",
        Command::FindSeats(..) => "find seats",
        Command::FindWishes(..) => "find wishes",
        Command::FindLayout(..) => "find layout",
        Command::Layout { layout: Layout::Template(_), .. } => "layout",
        Command::Layout { layout: Layout::Regions(_), .. } => "regions",
        Command::CheckLayout { .. } => "check layout",
        Command::PreviewLayout { .. } => "preview layout",
        Command::Preview { .. } => "preview",
        Command::Battle(..) => "battle",
        Command::AcceptBattle { .. } => "accept battle",
        Command::RejectBattle { .. } => "reject battle",
        Command::CancelBattle { .. } => "cancel battle",
        Command::ExitBattle { .. } => "exit battle",
        Command::Rematch { .. } => "rematch",
        Command::FindBattle(..) => "find battle",
        Command::FindBattleOf(..) => "find battle of",
        Command::Score { .. } => "score",
        Command::Gift { .. } => "gift",
        Command::Ledger { .. } => "ledger",
        Command::SetGifts(..) => "set gifts",
        Command::Publish { .. } => "publish",
        Command::PublishFromSeat { .. } => "publish from seat",
        Command::Watch(..) => "watch",
        Command::WatchHost { .. } => "watch host",
        Command::WatchReturn { .. } => "watch return",
        Command::Media { .. } => "media",
        Command::Socket { .. } => "socket",
    }
}

kinds! {
    /// Events.
    EVENTS event(&Event<'_>) {
        Event::RequestReceived { .. } => "request received",
        Event::RequestCancelled { .. } => "request cancelled",
        Event::RequestAccepted { .. } => "request accepted",
        Event::RequestRejected { .. } => "request rejected",
        Event::RequestTimeout { .. } => "request timeout",
        Event::UserJoined { .. } => "user joined",
        Event::UserLeft { reason: Left::Exit, .. } => "user left exit",
        Event::UserLeft { reason: Left::Disconnected, .. } => "user left disconnected",
        Event::UserLeft { reason: Left::Kicked, .. } => "user left kicked",
        Event::UserLeft { reason: Left::LiveEnded, .. } => "user left live ended",
        Event::Layout(..) => "layout",
        Event::BattleReceived { .. } => "battle received",
        Event::BattleCancelled(..) => "battle cancelled",
        Event::BattleTimeout(..) => "battle timeout",
        Event::BattleAccept(..) => "battle accept",
        Event::BattleReject(..) => "battle reject",
        Event::BattleJoined { .. } => "battle joined",
        Event::BattleStarted { .. } => "battle started",
        Event::ScoreChanged { .. } => "score changed",
        Event::BattleExit { .. } => "battle exit",
        Event::BattleEnded { reason: 0, .. } => "battle ended time over",
        Event::BattleEnded { reason: 1, .. } => "battle ended all left",
        Event::BattleEnded { reason: 2, .. } => "battle ended never started",
        Event::PunishmentStarted { .. } => "punishment started",
        Event::PunishmentEnded { .. } => "punishment ended",
        Event::LiveChanged { .. } => "live changed",
        Event::LiveEnded { reason: 1, .. } => "live ended by host",
        Event::LiveEnded { reason: 2, .. } => "live ended by server",
        Event::Seats { why: Why::Taken, .. } => "seats taken",
        Event::Seats { why: Why::Left, .. } => "seats left",
        Event::Seats { why: Why::Kicked, .. } => "seats kicked",
        Event::Seats { why: Why::Locked, .. } => "seats locked",
        Event::Seats { why: Why::Unlocked, .. } => "seats unlocked",
        Event::Seats { why: Why::Moved, .. } => "seats moved",
        Event::Seats { why: Why::Device, .. } => "seats device",
        Event::Seats { why: Why::Layout, .. } => "seats layout",
        Event::Seats { why: Why::Joined, .. } => "seats joined",
        Event::Seats { why: Why::Disconnected, .. } => "seats disconnected",
        Event::Applied(..) => "applied",
        Event::ApplicationCancelled { .. } => "application cancelled",
        Event::ApplicationProcessed { .. } => "application processed",
        Event::ApplicationResponded { .. } => "application responded",
        Event::ApplicationNoResponse { reason: 0, .. } => "application no response timeout",
        Event::ApplicationNoResponse { reason: 1, .. } => "application no response already seated",
        Event::Invited { .. } => "invited",
        Event::InvitationCancelled { .. } => "invitation cancelled",
        Event::InvitationResponded { .. } => "invitation responded",
        Event::InvitationNoResponse { reason: 0, .. } => "invitation no response timeout",
        Event::InvitationNoResponse { reason: 1, .. } => "invitation no response already seated",
        Event::KickedOff { why: Why::Kicked, .. } => "kicked off kicked",
        Event::KickedOff { why: Why::Locked, .. } => "kicked off locked",
        Event::KickedOff { why: Why::Replaced, .. } => "kicked off replaced",
        Event::KickedOff { why: Why::Layout, .. } => "kicked off layout",
        Event::MicrophoneOpened { .. } => "microphone opened",
        Event::MicrophoneClosed { .. } => "microphone closed",
        Event::CameraOpened { .. } => "camera opened",
        Event::CameraClosed { .. } => "camera closed",
    }
}

kinds! {
    /// Deadlines.
    DEADLINES due(Due) {
        Due::ScoresTold(_) => "scores told",
        Due::BattleEnds(_) => "battle ends",
        Due::BattleRequestExpires(_) => "battle request expires",
        Due::PunishmentEnds(_) => "punishment ends",
        Due::RequestExpires(_) => "request expires",
        Due::SeatRequestExpires(..) => "seat request expires",
        Due::HostGraceEnds(_) => "host grace ends",
        Due::GuestGraceEnds(..) => "guest grace ends",
        Due::LiveIdles(_) => "live idles",
    }
}

/// Other steps.
pub(crate) const STEPS: &[&str] = &["wait", "late", "restart", "reseed", "lost"];
