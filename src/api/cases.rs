//! The one table from a refusal to its HTTP status, numeric code and stable type.
//!
//! Codes below 900000 are the product's own. Where it has none, the code is 900000 + the status, so that no number is
//! invented twice. Which error of the inside is which row stands in [`super::refusals`].

use axum::http::StatusCode;

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// HTTP status.
    pub status: StatusCode,
    /// Numeric code of the product.
    pub code: u32,
    /// Last part of `type`, after `urn:costage:`.
    pub slug: &'static str,
    /// The same for every occurrence (RFC 9457 §3.1.4).
    pub title: &'static str,
}

macro_rules! cases {
    ($($case:ident $status:ident $code:literal $slug:literal $title:literal;)*) => {
        /// What went wrong. Stable: clients key on `type` (the slug) or `code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Case {
            $(#[doc = $title] $case,)*
        }

        impl Case {
            /// Every case, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$case,)*];

            /// Its line of the table.
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$case => Row {
                        status: StatusCode::$status,
                        code: $code,
                        slug: $slug,
                        title: $title,
                    },)*
                }
            }
        }
    };
}

cases! {
    // HTTP
    BadRequest BAD_REQUEST 100_002 "bad-request" "The request is not understood";
    Unauthorized UNAUTHORIZED 900_401 "unauthorized" "A valid token is needed";
    Forbidden FORBIDDEN 100_006 "forbidden" "The token does not allow this";
    RouteNotFound NOT_FOUND 900_404 "route-not-found" "No such route";
    MethodNotAllowed METHOD_NOT_ALLOWED 900_405 "method-not-allowed" "Not with this method";
    RequestTimeout REQUEST_TIMEOUT 900_408 "request-timeout" "The request took too long to arrive";
    BodyTooLarge PAYLOAD_TOO_LARGE 900_413 "body-too-large" "The body is too large";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE 900_415 "unsupported-media-type" "Not with this Content-Type";
    UnusablePicture UNPROCESSABLE_ENTITY 900_422 "unusable-picture" "The picture cannot be used";
    UpgradeRequired UPGRADE_REQUIRED 900_426 "upgrade-required" "A WebSocket is needed";
    TooManyRequests TOO_MANY_REQUESTS 900_429 "too-many-requests" "Too many requests";
    Internal INTERNAL_SERVER_ERROR 100_001 "internal" "An error inside the server";
    Draining SERVICE_UNAVAILABLE 900_503 "draining" "The server is shutting down";
    Overloaded SERVICE_UNAVAILABLE 900_503 "overloaded" "The server is busy";
    NotStored SERVICE_UNAVAILABLE 900_503 "not-stored" "It could not be stored, and is not in force";
    NotRead SERVICE_UNAVAILABLE 900_503 "not-read" "What is kept of it cannot be read";
    // Media
    MalformedOffer BAD_REQUEST 900_400 "malformed-offer" "The session description is malformed";
    MalformedViewerOffer UNPROCESSABLE_ENTITY 900_422 "malformed-viewer-offer" "The session description is malformed";
    MalformedFragment BAD_REQUEST 900_400 "malformed-fragment" "The trickle fragment is malformed";
    UnusableOffer UNPROCESSABLE_ENTITY 900_422 "unusable-offer" "The offer cannot be served as it is";
    NoCommonCodec UNPROCESSABLE_ENTITY 900_422 "no-common-codec" "The offer has no codec of this server";
    SessionNotFound NOT_FOUND 900_404 "session-not-found" "No such media session";
    NotLive CONFLICT 900_409 "not-live" "Nothing is live there yet";
    HostNotFound NOT_FOUND 100_005 "host-not-found" "The user does not publish there";
    PublisherBusy CONFLICT 100_006 "not-the-owner" "The live belongs to another user";
    EtagMissing PRECONDITION_REQUIRED 900_428 "if-match-missing" "If-Match is missing";
    EtagStale PRECONDITION_FAILED 900_412 "etag-stale" "The ETag is of an earlier ICE session";
    TooManySessions SERVICE_UNAVAILABLE 900_503 "too-many-sessions" "The server has no place for another session";
    // Lives
    LiveNotFound NOT_FOUND 100_004 "live-not-found" "No such live";
    LiveIdTaken CONFLICT 100_003 "live-id-taken" "The liveId is taken";
    LiveIdYours CONFLICT 100_010 "live-id-yours" "The liveId is taken by the same user";
    TooManyLives SERVICE_UNAVAILABLE 100_013 "too-many-lives" "The server has no place for another live";
    MetaDataKeys UNPROCESSABLE_ENTITY 100_500 "meta-data-keys" "metaData has too many keys";
    MetaDataValue UNPROCESSABLE_ENTITY 100_501 "meta-data-value" "A value of metaData is too long";
    MetaDataKey UNPROCESSABLE_ENTITY 100_504 "meta-data-key" "A key of metaData is too long or empty";
    // Connections
    RequestNotFound NOT_FOUND 100_400 "request-not-found" "No such pending request";
    NotConnected CONFLICT 100_400 "not-connected" "The live is in no connection";
    AlreadyConnected CONFLICT 100_401 "already-connected" "The live is already connected";
    ConnectionPending CONFLICT 100_402 "connection-pending" "A connection request is pending";
    ConnectedElsewhere CONFLICT 100_403 "connected-elsewhere" "The live is busy with other lives";
    ConnectionFull CONFLICT 100_404 "connection-full" "The connection has no place left";
    ConnectionTooOften TOO_MANY_REQUESTS 100_405 "connection-too-often" "Too many connection requests";
    UserConnectedTwice CONFLICT 100_002 "user-connected-twice" "The user is already in the connection";
    // Seats
    SeatLocked CONFLICT 100_200 "seat-locked" "The seat is locked";
    SeatOccupied CONFLICT 100_201 "seat-occupied" "The seat is taken";
    SeatQueued CONFLICT 100_202 "seat-request-pending" "An application or invitation is pending already";
    AlreadySeated CONFLICT 100_203 "already-seated" "The user sits already";
    SeatNotQueued NOT_FOUND 100_204 "seat-request-not-found" "No such pending application or invitation";
    SeatsFull CONFLICT 100_205 "seats-full" "All seats are taken";
    NotSeated CONFLICT 100_206 "not-seated" "The user is not on that seat";
    AlreadyOnSeat CONFLICT 100_210 "already-on-that-seat" "The user is on that seat already";
    NoSeats CONFLICT 100_211 "no-seats" "The live has no seats";
    SeatListEmpty NOT_FOUND 100_251 "seat-list-empty" "The seat list is empty";
    OwnerSeat CONFLICT 100_006 "seat-of-the-owner" "The seat is the owner's";
    OwnerStays CONFLICT 100_006 "owner-stays-on-seat" "The owner stays on its seat";
    SeatNeedsConsent FORBIDDEN 100_006 "seat-needs-consent" "The seat needs the owner's consent";
    DeviceLocked CONFLICT 100_006 "device-locked" "The owner has closed the microphone or camera";
    DeviceClosedByUser CONFLICT 100_006 "device-closed-by-user" "The user has closed the microphone or camera";
    SeatTooOften TOO_MANY_REQUESTS 900_429 "seat-requests-too-many" "Too many requests for seats are pending";
    // Battles
    BattleNotFound NOT_FOUND 100_411 "battle-not-found" "No such battle";
    NotInConnection CONFLICT 100_414 "not-in-connection" "The user is not in the connection";
    NotInBattle UNPROCESSABLE_ENTITY 100_414 "not-in-battle" "The user is not in the battle";
    AlreadyInBattle CONFLICT 100_415 "already-in-battle" "The live is already in a battle";
    NoValidLive CONFLICT 100_412 "no-valid-live" "No live of the battle exists any more";
    BattlePending CONFLICT 100_416 "battle-pending" "A battle request is pending";
    HostGone CONFLICT 100_412 "host-gone" "The host is gone for the moment";
    BattleRunning CONFLICT 100_419 "already-in-this-battle" "The user is already in the battle";
    BattleNotStarted CONFLICT 100_420 "battle-not-started" "The battle has not started";
    BattleEnded CONFLICT 100_421 "battle-ended" "The battle has ended";
    KeyReused UNPROCESSABLE_ENTITY 100_002 "idempotency-key-reused" "The idempotency key was used with other content";
    ScoreOutOfRange UNPROCESSABLE_ENTITY 100_002 "score-out-of-range" "A score would leave its range";
    GiftWithoutRule UNPROCESSABLE_ENTITY 100_002 "gift-without-rule" "The gift table has no points for the gift";
    LedgerFull SERVICE_UNAVAILABLE 100_013 "ledger-full" "The ledger is full";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_its_own_type_and_an_error_status() {
        let slugs: BTreeSet<_> = Case::ALL.iter().map(|case| case.row().slug).collect();
        assert_eq!(slugs.len(), Case::ALL.len());
        for case in Case::ALL {
            assert!(case.row().status.is_client_error() || case.row().status.is_server_error(), "{case:?}");
        }
    }

    #[test]
    fn own_codes_are_900000_plus_the_status() {
        for row in Case::ALL.iter().map(|case| case.row()).filter(|row| row.code >= 900_000) {
            assert_eq!(row.code, 900_000 + u32::from(row.status.as_u16()), "{}", row.slug);
        }
    }

    #[test]
    fn no_case_answers_406_because_players_read_it_as_a_counter_offer() {
        assert!(Case::ALL.iter().all(|case| case.row().status != StatusCode::NOT_ACCEPTABLE));
    }
}
