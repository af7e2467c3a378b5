//! Rules that are wrong on purpose: a comparison that cannot tell them from the right ones would be worth nothing.

/// One wrong rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twist {
    /// Anybody may sit on seat 0.
    GuestsOnSeatZero,
    /// Whoever sits on a seat stays there when it is locked.
    LockingKeepsTheSitter,
    /// Policy swapPosition removes who is met.
    SwapReplaces,
    /// Unlocking a microphone opens it.
    UnlockingOpens,
    /// Two who ask each other are not connected.
    CrossingRequestsWait,
    /// Connections have a place less.
    OnePlaceLess,
    /// A new layout is drawn and nobody is told.
    LayoutIsNotTold,
    /// A battle that was asked for does not start with two.
    TwoAreTooFew,
    /// endConnectionAfter is not carried out.
    NobodyParts,
    /// Who left a battle is ranked by its points.
    WhoLeftMayWin,
    /// Taking away more points than there are leaves none.
    ScoresStopAtZero,
    /// A tier begins above its value.
    TiersBeginAbove,
    /// After a restart the ordinary grace holds.
    NoRestartGrace,
    /// A request that is not answered counts as rejected.
    TimeoutsAreRejections,
    /// Lives that are not public are candidates.
    HiddenCandidates,
    /// Guests of connected lives are not heard.
    ConnectedGuestsAreSilent,
    /// Who is moved publishes from the seat that it left.
    SourcesStayWithSeats,
    /// No time is shown while a punishment goes on.
    PunishmentIsNotCounted,
    /// The last scores go with the result, though the punishment goes on.
    LastScoresOutlastNothing,
    /// Who leaves a connection takes the last scores along.
    LastScoresGoAlong,
    /// Who left a battle shares the draw of those who stayed.
    LeaversDraw,
    /// A live that another user has made since is still the one that fought.
    AnybodyOfThatLive,
    /// Of a fixed layout only those seats are drawn that somebody sits on.
    EmptySeatsAreNotDrawn,
    /// A template that a live alone chooses as its layout leaves that of its seats as it is.
    ChoosingAloneIsForgotten,
}

impl Twist {
    /// All of them.
    pub(crate) const ALL: [Self; 24] = [
        Self::GuestsOnSeatZero,
        Self::LockingKeepsTheSitter,
        Self::SwapReplaces,
        Self::UnlockingOpens,
        Self::CrossingRequestsWait,
        Self::OnePlaceLess,
        Self::LayoutIsNotTold,
        Self::TwoAreTooFew,
        Self::NobodyParts,
        Self::WhoLeftMayWin,
        Self::ScoresStopAtZero,
        Self::TiersBeginAbove,
        Self::NoRestartGrace,
        Self::TimeoutsAreRejections,
        Self::HiddenCandidates,
        Self::ConnectedGuestsAreSilent,
        Self::SourcesStayWithSeats,
        Self::PunishmentIsNotCounted,
        Self::LastScoresOutlastNothing,
        Self::LastScoresGoAlong,
        Self::LeaversDraw,
        Self::AnybodyOfThatLive,
        Self::EmptySeatsAreNotDrawn,
        Self::ChoosingAloneIsForgotten,
    ];
}
