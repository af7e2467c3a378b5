//! WHIP, WHEP, and the server itself.

use super::super::super::cases::Case;
use super::{Text, text};

const MEDIA: &str = "media";
const LOOK: (&str, &str) = ("Is there an endpoint", "RFC 9725 §4.");
const DISCOVER: (&str, &str) = ("Is this an endpoint of media", "How players find out.");
const OPTIONS: (&str, &str) = ("What may be posted", "RFC 9725 §4.2; also the CORS preflight.");
const SESSION_LOOK: (&str, &str) = ("Is the session there", "");
const SESSION_OPTIONS: (&str, &str) = ("What may be patched", "");
const TRICKLE: (&str, &str) = (
    "Trickle candidates, or restart ICE",
    "`If-Match` is the ETag of the ICE session; a fragment with new credentials restarts ICE (RFC 8840, RFC 9725 §4.3).",
);
const CLOSE: (&str, &str) =
    ("End the session", "The token of the offer again; what was opened with the token in the address needs none.");

const PATCHED: &[Case] =
    &[Case::SessionNotFound, Case::Forbidden, Case::MalformedFragment, Case::EtagMissing, Case::EtagStale];
const ENDED: &[Case] = &[Case::SessionNotFound, Case::Forbidden];

const fn said(text: Text, words: (&'static str, &'static str)) -> Text {
    text.says(words.0, words.1)
}

pub(super) const TEXTS: &[Text] = &[
    text("POST", "/whip/{live}", "publish", MEDIA)
        .says("Publish as the host of a live", "WHIP. A second offer of the same user takes over. H.264 and Opus.")
        .refuses(&[
            Case::Forbidden, Case::LiveNotFound, Case::PublisherBusy, Case::MalformedOffer, Case::UnusableOffer,
            Case::NoCommonCodec, Case::TooManySessions,
        ]),
    said(text("GET", "/whip/{live}", "lookAtPublishing", MEDIA), LOOK),
    said(text("HEAD", "/whip/{live}", "discoverPublishing", MEDIA), DISCOVER),
    said(text("OPTIONS", "/whip/{live}", "optionsOfPublishing", MEDIA), OPTIONS),
    text("POST", "/whip/{live}/seats/{index}", "publishFromSeat", MEDIA)
        .says(
            "Publish from a seat",
            "WHIP, with a token of whoever sits there, or an admin's for that one; seat 0 is the host's. The session goes on with \
            the user who is moved to another seat, and ends when the user leaves it. A second offer of the same user takes over.",
        )
        .refuses(&[
            Case::BadRequest, Case::Forbidden, Case::LiveNotFound, Case::NotSeated, Case::SeatsFull, Case::NoSeats,
            Case::PublisherBusy, Case::MalformedOffer, Case::UnusableOffer, Case::NoCommonCodec, Case::TooManySessions,
        ]),
    said(text("GET", "/whip/{live}/seats/{index}", "lookAtPublishingFromSeat", MEDIA), LOOK),
    said(text("HEAD", "/whip/{live}/seats/{index}", "discoverPublishingFromSeat", MEDIA), DISCOVER),
    said(text("OPTIONS", "/whip/{live}/seats/{index}", "optionsOfPublishingFromSeat", MEDIA), OPTIONS),
    text("POST", "/whep/{live}", "play", MEDIA)
        .says(
            "Play a live's feed",
            "WHEP. The address is the same alone, in a connection and in a battle. Before anybody publishes: 409 with Retry-After.",
        )
        .refuses(&[
            Case::Forbidden, Case::LiveNotFound, Case::NotLive, Case::MalformedViewerOffer, Case::UnusableOffer,
            Case::NoCommonCodec, Case::TooManySessions,
        ]),
    said(text("GET", "/whep/{live}", "lookAtPlaying", MEDIA), LOOK),
    said(text("HEAD", "/whep/{live}", "discoverPlaying", MEDIA), DISCOVER),
    said(text("OPTIONS", "/whep/{live}", "optionsOfPlaying", MEDIA), OPTIONS),
    said(text("PATCH", "/whip/sessions/{secret}", "tricklePublishing", MEDIA), TRICKLE).refuses(PATCHED),
    said(text("DELETE", "/whip/sessions/{secret}", "endPublishing", MEDIA), CLOSE).refuses(ENDED),
    said(text("GET", "/whip/sessions/{secret}", "lookAtPublishingSession", MEDIA), SESSION_LOOK).refuses(&[Case::SessionNotFound]),
    said(text("OPTIONS", "/whip/sessions/{secret}", "optionsOfPublishingSession", MEDIA), SESSION_OPTIONS),
    said(text("PATCH", "/whep/sessions/{secret}", "tricklePlaying", MEDIA), TRICKLE).refuses(PATCHED),
    said(text("DELETE", "/whep/sessions/{secret}", "endPlaying", MEDIA), CLOSE).refuses(ENDED),
    said(text("GET", "/whep/sessions/{secret}", "lookAtPlayingSession", MEDIA), SESSION_LOOK).refuses(&[Case::SessionNotFound]),
    said(text("OPTIONS", "/whep/sessions/{secret}", "optionsOfPlayingSession", MEDIA), SESSION_OPTIONS),
    text("POST", "/whep/{live}/hosts/{user}", "playHost", MEDIA)
        .says(
            "Play a single host, untouched",
            "WHEP. What a host or a guest on a seat sends is forwarded as it came: its H.264 and its Opus, neither decoded nor \
            encoded again, and nobody else, also in a connection; nothing of a camera or a microphone that is closed on its seat. A viewer who comes gets a keyframe; a host who comes back by \
            another session goes on in the same one. The answer names, of the H.264 formats that are offered with \
            packetization-mode 1, the one that fits the host's profile best; an offer without that profile is taken all the \
            same. While the host does not publish: 409 with Retry-After.",
        )
        .refuses(&[
            Case::Forbidden, Case::LiveNotFound, Case::HostNotFound, Case::NotLive, Case::MalformedViewerOffer,
            Case::UnusableOffer, Case::NoCommonCodec, Case::TooManySessions,
        ]),
    said(text("GET", "/whep/{live}/hosts/{user}", "lookAtPlayingHost", MEDIA), LOOK),
    said(text("HEAD", "/whep/{live}/hosts/{user}", "discoverPlayingHost", MEDIA), DISCOVER),
    said(text("OPTIONS", "/whep/{live}/hosts/{user}", "optionsOfPlayingHost", MEDIA), OPTIONS),
    text("POST", "/whep/{live}/return", "playReturn", MEDIA)
        .says(
            "Hear the others: the feed without one's own sound",
            "WHEP, for who is heard in the live: its owner, a guest on a seat, or an admin in the owner's place. The picture is the feed's; the sound \
            is everybody on the stage but the caller. Alone that is silence, and the others are heard as soon as they come, in the \
            same session. A guest's ends when it leaves the seat. Before anybody publishes: 409 with Retry-After.",
        )
        .refuses(&[
            Case::Forbidden, Case::LiveNotFound, Case::NotLive, Case::MalformedViewerOffer, Case::UnusableOffer,
            Case::NoCommonCodec, Case::TooManySessions,
        ]),
    said(text("GET", "/whep/{live}/return", "lookAtPlayingReturn", MEDIA), LOOK),
    said(text("HEAD", "/whep/{live}/return", "discoverPlayingReturn", MEDIA), DISCOVER),
    said(text("OPTIONS", "/whep/{live}/return", "optionsOfPlayingReturn", MEDIA), OPTIONS),
    text("GET", "/v1/time", "time", "other")
        .says("The server's time", "On the line that battles and events count by; clients count down from it."),
    text("GET", "/v1/storage", "storage", "other")
        .says(
            "What is kept, and what waits",
            "For admins: the last commit, what failed, the ledger's head, and how far webhooks have got with each endpoint. Commits are as of now, \
            webhooks as of `webhooks.lookTime`, at most some seconds ago. It waits for no disk, so it is answered also when the disk is.",
        )
        .refuses(&[Case::Forbidden]),
    text("GET", "/healthz", "health", "other")
        .says("Is the server ready", "503 from the first moment of a shutdown, so that a balancer looks elsewhere."),
    text("GET", "/openapi.json", "openapi", "other").says("This document", ""),
];
